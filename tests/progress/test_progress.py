"""Progress in Python: shown in terminals and notebooks once work takes some time, and not elsewhere."""

from __future__ import annotations

import io
import subprocess
import sys
import time
import types
import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

import taizhang as tz
from taizhang.observer import Silent
from taizhang.plan.search import SearchProgress
from taizhang.progress import display as display_module
from taizhang.progress import switch as switch_module
from taizhang.progress import views
from taizhang.progress.display import ProgressDisplay, shows_progress
from taizhang.progress.line import ProgressState, progress_line
from taizhang.progress.switch import is_shown, place, set_progress
from taizhang.progress.views import LinesView, NotebookView, TerminalView, progress_html

BELL = tz.Circuit(2).h(0).cx(0, 1)


class Recorder:
    """A view that records the states it would show."""

    def __init__(self, state):
        self.state, self.events, self.states = state, [], []

    def start(self):
        self.events.append("start")
        self.update()

    def update(self):
        self.states.append(self.state())

    def stop(self):
        self.events.append("stop")


@pytest.fixture
def recorded(monkeypatch):
    views_made = []

    def view_of(where, state):
        views_made.append(Recorder(state))
        return views_made[-1]

    monkeypatch.setattr(views, "view_of", view_of)
    monkeypatch.setattr(display_module, "place", lambda: "notebook")
    return views_made


@pytest.fixture(autouse=True)
def default_switch(monkeypatch):
    monkeypatch.delenv("TAIZHANG_PROGRESS", raising=False)
    yield
    set_progress(None)


@given(
    st.builds(
        ProgressState,
        doing=st.sampled_from(["Contracting", "Searching for a plan", "Running"]),
        seconds=st.floats(0, 1e7),
        seconds_left=st.none() | st.floats(0, 1e7),
        fraction=st.none() | st.floats(-1, 2),
        remark=st.sampled_from(["", "1 of 65,536 slices", "best plan 10^15.66 multiply-adds"]),
    ),
    st.integers(1, 200),
)
def test_progress_fits_one_line_of_any_width(state, width):
    line = progress_line(state, width)
    assert len(line) <= width
    assert "\n" not in line
    if width >= 60:
        assert line.startswith(state.doing)
        assert state.times in line


@pytest.mark.parametrize("width", [20, 60, 80, 120])
def test_a_terminal_shows_one_line(width):
    output = io.StringIO()
    console = Console(file=output, force_terminal=True, width=width, color_system=None)
    state = ProgressState(doing="Searching for a plan", seconds=3, seconds_left=17, fraction=0.1, remark="x" * 40)
    view = TerminalView(lambda: state, console)
    view.start()
    assert max(len(line.split("\r")[-1]) for line in output.getvalue().splitlines()) < width + 10
    assert output.getvalue().count("\n") == 0
    view.stop()
    assert "Searching" in output.getvalue()


def test_two_bars_on_one_terminal_do_not_fail():
    console = Console(file=io.StringIO(), force_terminal=True)
    first, second = (TerminalView(lambda: ProgressState(doing="x", seconds=1), console) for _ in range(2))
    first.start()
    second.start()
    second.stop()
    first.stop()


def test_a_notebook_shows_a_bar(monkeypatch):
    shown = []
    handle = types.SimpleNamespace(update=shown.append)
    module = types.SimpleNamespace(HTML=str, display=lambda html, display_id: (shown.append(html), handle)[1])
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(display=module))
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    view = NotebookView(lambda: ProgressState(doing="Contracting", seconds=1, fraction=0.25, remark="a < b & c"))
    view.start()
    view.update()
    view.stop()
    assert shown[-1] == ""
    assert ElementTree.fromstring(shown[0]).find("progress").get("value") == "0.2500"
    assert "a &lt; b &amp; c" in shown[0]


def test_progress_of_unknown_length_is_html():
    root = ElementTree.fromstring(progress_html(ProgressState(doing="Verifying", seconds=1)))
    assert root.find("progress").get("value") is None


def test_logs_get_a_line_for_each_stage(capsys):
    doing = ["Searching for a plan"]
    view = LinesView(lambda: ProgressState(doing=doing[0], seconds=1))
    view.start()
    for _ in range(100):
        view.update()
    doing[0] = "Contracting"
    view.update()
    assert capsys.readouterr().err.splitlines() == ["Searching for a plan  1.0 s", "Contracting  1.0 s"]


def test_a_call_that_asks_for_progress_shows_it(recorded):
    assert abs(tz.amplitude(BELL, "00", progress=True, trials=1)) ** 2 == pytest.approx(0.5)
    assert [view.events for view in recorded] == [["start", "stop"]]
    assert {"Building the network", "Contracting"} <= {state.doing for state in recorded[0].states}


@pytest.mark.parametrize(
    "call",
    [
        lambda: tz.amplitudes(BELL, ["00"], progress=True),
        lambda: tz.amplitude_batch(BELL, "00", open_qubits=1, progress=True),
        lambda: tz.choose_open_qubits(BELL, 1, progress=True),
        lambda: tz.plan(BELL, progress=True),
        lambda: tz.profile(BELL, "00", progress=True),
        lambda: tz.sample(BELL, 3, progress=True),
        lambda: tz.xeb(BELL, ["00"], progress=True),
        lambda: tz.marginal_probabilities(BELL, [0], progress=True),
        lambda: tz.reduced_density_matrix(BELL, [0], progress=True),
        lambda: tz.state_vector(BELL, progress=True),
    ],
)
def test_every_function_that_computes_shows_progress(recorded, call):
    call()
    assert [view.events for view in recorded] == [["start", "stop"]]


def test_runs_show_progress(recorded, tmp_path):
    tz.run(tz.grid_circuit(3, 3, 8, seed=1), ["0" * 9], directory=tmp_path / "run", trials=1, progress=True)
    assert "Running" in {state.doing for state in recorded[0].states}
    tz.verify(tmp_path / "run", progress=True)
    assert recorded[1].states[0].doing == "Preparing"
    assert [view.events for view in recorded] == [["start", "stop"]] * 2


def test_samples_drawn_later_show_progress_while_they_are_drawn(recorded):
    run = tz.sample_run(BELL, 10, progress=True)
    assert [view.events for view in recorded] == [["start", "stop"]]
    for _ in run:
        assert all(view.events == ["start", "stop"] for view in recorded)
    assert len(recorded) > 1


def test_nothing_is_shown_by_default_outside_terminals_and_notebooks(recorded):
    tz.amplitude(BELL, "00")
    assert recorded == []


@pytest.mark.parametrize(("seconds", "shown"), [(0.0, 0), (2.5, 1)])
def test_work_over_two_seconds_is_shown(recorded, monkeypatch, seconds, shown):
    set_progress(True)
    now = [100.0]
    monkeypatch.setattr(display_module, "time", types.SimpleNamespace(monotonic=lambda: now[0]))

    @shows_progress
    def work(*, observer: Silent | None = None, progress: bool | None = None) -> None:
        observer.stage("plan")
        now[0] += seconds
        search = {"log10_multiply_adds": 12.0, "width": 20.0, "num_sliced": 0, "trials_done": 3}
        observer.searching(SearchProgress(**search, seconds=seconds, seconds_left=10.0))
        observer.stage("run")
        observer.predicted(10.0)
        observer.contracting(3, 12)

    work()
    assert len(recorded) == shown
    if shown:
        assert recorded[0].states[0].remark == "best plan 10^12.00 multiply-adds"
        assert recorded[0].states[-1].fraction == 0.25
        assert recorded[0].states[-1].seconds_left == pytest.approx(10.0)


def test_a_terminal_shows_work_that_reports_nothing(recorded, monkeypatch):
    monkeypatch.setattr(display_module, "QUIET_SECONDS", 0.05)
    with ProgressDisplay("terminal", delay=0.05):
        time.sleep(0.3)
    assert [view.events for view in recorded] == [["start", "stop"]]
    with ProgressDisplay("terminal", delay=30.0):
        pass
    assert len(recorded) == 1


def test_a_display_is_removed_when_the_work_fails(recorded):
    with pytest.raises(tz.CircuitError):
        tz.amplitude(BELL, "0", progress=True)
    assert [view.events for view in recorded] == [["start", "stop"]]


def test_an_observer_replaces_the_bar_unless_both_are_requested(recorded):
    class Stages(Silent):
        def __init__(self):
            self.names = []

        def stage(self, name):
            self.names.append(name)

    set_progress(True)
    alone, beside = Stages(), Stages()
    tz.amplitude(BELL, "00", observer=alone)
    assert recorded == []
    tz.amplitude(BELL, "00", observer=beside, progress=True)
    assert len(recorded) == 1
    assert alone.names == beside.names != []


def test_the_switch_and_the_environment_and_the_call_decide_in_this_order(monkeypatch):
    monkeypatch.setattr(switch_module, "place", lambda: "terminal")
    assert is_shown(None)
    monkeypatch.setenv("TAIZHANG_PROGRESS", "0")
    assert not is_shown(None)
    set_progress(True)
    assert is_shown(None)
    set_progress(False)
    assert not is_shown(None)
    assert is_shown(True)
    set_progress(None)
    monkeypatch.delenv("TAIZHANG_PROGRESS")
    assert not is_shown(False)
    monkeypatch.setattr(switch_module, "place", lambda: "lines")
    assert not is_shown(None)


def test_places_are_recognised(monkeypatch):
    assert place() == "lines"
    monkeypatch.setattr(sys, "stderr", types.SimpleNamespace(isatty=lambda: True))
    monkeypatch.setenv("TERM", "xterm")
    assert place() == "terminal"
    monkeypatch.setenv("TERM", "dumb")
    assert place() == "lines"
    kernel = types.SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: kernel))
    assert place() == "notebook"
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=object))
    assert place() == "lines"


def test_wrong_values_are_reported():
    with pytest.raises(tz.UsageError, match="progress must be True, False or None, got 'yes'"):
        tz.amplitude(BELL, "00", progress="yes")
    with pytest.raises(tz.UsageError, match="progress must be True, False or None, got 1"):
        set_progress(1)


def test_progress_costs_no_import_where_it_is_not_shown():
    code = "import sys, taizhang as tz; tz.amplitude(tz.Circuit(1), '0'); assert 'rich' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_planner_shows_its_search(recorded):
    tz.Planner(progress=True, trials=2)([{"a", "b"}, {"b", "c"}, {"c", "d"}], {"a", "d"}, dict.fromkeys("abcd", 8))
    assert [view.events for view in recorded] == [["start", "stop"]]
    assert "Searching for a plan" in {state.doing for state in recorded[0].states}


def test_nested_calls_show_nothing(recorded):
    @shows_progress
    def outer(*, progress: bool | None = None) -> None:
        tz.amplitude(BELL, "00", progress=True)

    outer(progress=True)
    assert len(recorded) == 1


def test_what_is_no_observer_is_refused():
    with pytest.raises(tz.UsageError, match=r"observer must have the methods stage, .*, got an int"):
        tz.amplitude(tz.Circuit(1), "0", observer=3)

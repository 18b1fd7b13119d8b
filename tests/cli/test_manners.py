"""General behaviour of the command line: help, misspelt words, quiet and verbose, completion, progress that fits."""

import io
import re
import subprocess

import pytest
from click.shell_completion import BashComplete
from rich.console import Console

import taizhang as tz
from taizhang.cli.command_table import COMMANDS
from taizhang.cli.failure import InterruptedWorkError, UnwrittenResultError, exit_status, sentence
from taizhang.cli.live_display import LiveDisplay, LiveLine, one_line
from taizhang.cli.main import taizhang_command
from taizhang.errors import StoppedError
from taizhang.plan.search import SearchInterrupted, SearchProgress


@pytest.mark.parametrize("words", [(), ("random",)])
def test_a_group_alone_prints_its_help(run, words):
    done = run(*words)
    assert (done.status, done.err) == (0, "")
    assert done.out == run(*words, "--help").out
    assert len(done.out.splitlines()) > 5


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("amplitde", "c.qasm"), "there is no command 'amplitde'; did you mean 'amplitude'?"),
        (("smaple",), "there is no command 'smaple'; did you mean 'sample'?"),
        (("verfy", "RUN"), "there is no command 'verfy'; did you mean 'verify'?"),
        (("random", "sycamor"), "there is no command 'sycamor'; did you mean 'sycamore'?"),
        (("qqq",), "there is no command 'qqq'; the commands are inspect, "),
        (("amplitude", "c.qasm", "0", "--sed", 3), "No such option '--sed'; did you mean '--seed'?"),
        (("plan", "c.qasm", "--treads", 3), "No such option '--treads'; did you mean one of '--threads', '--trials'?"),
    ],
)
def test_a_misspelt_word_is_answered_with_the_one_that_is_meant(run, words, said):
    done = run(*words)
    assert (done.status, done.out, len(done.err.splitlines())) == (2, "", 1)
    assert done.err.startswith(f"taizhang: {said}")


def test_version_has_a_short_option(run):
    assert run("-V").out == run("--version").out == f"taizhang {tz.__version__}\n"


def test_quick_work_shows_its_plan_only_if_asked(run, circuit_file):
    words = ("amplitude", circuit_file, "0" * 9, "--trials", 1)
    quick = run(*words)
    assert (quick.status, quick.err, len(quick.out.splitlines())) == (0, "", 1)
    notes = run(*words, "-v").err
    assert "Plan for" in notes
    assert re.search(r"peak memory .*iB .*iB", notes)


def test_quiet_leaves_the_result_and_nothing_else(run, circuit_file):
    words = ("sample", circuit_file, "--shots", 4, "--seed", 1)
    loud, quiet = run(*words), run(*words, "-q")
    assert quiet.out == loud.out
    assert loud.err
    assert quiet.err == ""


def completions(*words: str) -> list[tuple[str, str]]:
    complete = BashComplete(taizhang_command, {}, "taizhang", "_TAIZHANG_COMPLETE")
    return [(item.type, item.value) for item in complete.get_completions(list(words[:-1]), words[-1])]


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (("amplitude", "ci"), "file"),
        (("amplitude", "c.qasm", "00", "--plan", "p"), "file"),
        (("plan", "c.qasm", "-o", "p"), "file"),
        (("contract", "n.json", "a"), "file"),
        (("xeb", "c.qasm", "s"), "file"),
        (("plan", "c.qasm", "--plot", "p"), "file"),
        (("resume", "R"), "dir"),
        (("run", "c.qasm", "00", "--directory", "R"), "dir"),
    ],
)
def test_the_shell_completes_names_of_files_and_folders(words, kind):
    assert completions(*words) == [(kind, words[-1])]


def test_the_shell_completes_commands_and_options():
    assert ("plain", "amplitude") in completions("ampl")
    assert ("plain", "--plan-time") in completions("plan", "--plan-")
    assert ("plain", "gate-by-gate") in completions("sample", "c.qasm", "--method", "gate")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_for_a_shell_is_printed(run, shell):
    done = run("completion", shell)
    assert done.status == 0
    assert "_TAIZHANG_COMPLETE" in done.out
    if shell == "bash":
        subprocess.run(["bash", "-n"], input=done.out, text=True, check=True)


def console(width: int) -> Console:
    return Console(record=True, width=width, file=io.StringIO(), force_terminal=True)


SEARCH = SearchProgress(
    log10_multiply_adds=9.8, width=26.0, num_sliced=12, trials_done=3, seconds=3.0, seconds_left=17.0
)


def stages(display: LiveDisplay):
    """Everything that a display may show."""
    for name in ("read", "build", "plan", "measure", "run"):
        display.stage(name)
        yield name
    display.stage("plan")
    display.searching(SEARCH)
    yield "search"
    display.stage("run")
    display.predicted(3e9)
    yield "predicted"
    display.contracting(12_345, 1_073_741_824)
    display.remark("12 of 30 bitstrings, linear XEB 0.9812 ± 0.0123 so far")
    yield "contracting"
    display.predicted(0.0)
    display.contracting(0, 1)
    yield "late"


@pytest.mark.parametrize("width", [20, 40, 60, 80, 120, 200])
def test_progress_takes_one_line_at_any_width(width):
    terminal = console(width)
    display = LiveDisplay(terminal)
    for _ in stages(display):
        drawn = terminal.render_lines(display._drawn(), pad=False)
        assert len(drawn) == 1
        assert sum(segment.cell_length for segment in drawn[0]) < width


def test_what_stands_furthest_to_the_right_is_left_out_first():
    def line(width: int) -> str:
        display = LiveDisplay(console(width))
        display.stage("plan")
        display.searching(SEARCH)
        return display.line(width - 2).plain

    assert re.fullmatch(
        r"Searching ━{24} .*, 17 s left  10\^9.80 multiply-adds, width 26, 12 indices sliced", line(120)
    )
    assert re.fullmatch(r"Searching ━{24} .*, 17 s left  10\^9.80 multiply-adds", line(80))
    assert re.fullmatch(r"Searching .*, 17 s left  10\^9.80 multiply-adds", line(60))
    assert re.fullmatch(r"Searching ━{8} .*, 17 s left|Searching .*, 17 s left", line(40))
    assert line(12).startswith("Searching")


@pytest.mark.parametrize("width", [30, 60, 80, 120])
def test_progress_of_a_run_takes_one_line_and_keeps_its_bar(width):
    terminal = console(width)
    display = LiveLine(terminal)
    display.show(
        1,
        65_536,
        ["1 of 65,536 pieces", "12 min 3 s ± 5 s left", "3.2 pieces a second", "2 workers", "partial sum +1e-9"],
    )
    drawn = terminal.render_lines(display._drawn(), pad=False)
    assert len(drawn) == 1
    assert sum(segment.cell_length for segment in drawn[0]) < width
    text = "".join(segment.text for segment in drawn[0])
    assert "Running" in text
    assert width < 60 or ("━" in text and "1 of 65,536 pieces" in text)


def test_a_line_of_no_width_is_no_error():
    assert one_line(0, "Searching", 0.5, ["much"]).cell_len <= 1


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_help_keeps_to_the_width_of_the_terminal(run, name, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    shown = run(name, "--help")
    assert shown.status == 0
    assert max(map(len, shown.out.splitlines())) <= 80


def test_plans_print_within_eighty_columns(circuit_file):
    small = tz.plan(tz.read_circuit(circuit_file), trials=1)
    large = tz.plan(tz.grid_circuit(10, 10, 40, seed=1), trials=1, width=8, threads=1)
    for plan in (small, large):
        assert max(map(len, str(plan).splitlines())) <= 80


def test_what_was_wrong_is_said_with_what_to_do(run, tmp_path, circuit_file):
    missing = run("inspect", tmp_path / "none.qsim")
    assert missing.err.endswith("none.qsim: the file cannot be read: No such file or directory; check its name\n")
    assert run("amplitude", circuit_file, "0000").err.startswith("taizhang: the bitstring has 4 characters")
    assert "bitstring number 2 has 4 characters" in run("amplitude", circuit_file, "0" * 9, "0000").err
    for words in (("status", tmp_path), ("resume", tmp_path), ("verify", tmp_path), ("report", tmp_path)):
        assert run(*words).status == 2
    swapped = run("xeb", circuit_file, circuit_file)
    assert (swapped.status, swapped.out) == (2, "")
    assert (
        "line 1: the bitstring has 1 characters, but the circuit has 9 qubits; give one for each qubit; a file of"
        in swapped.err
    )
    full = run("run", circuit_file, "0" * 9, "--directory", tmp_path)
    assert (full.status, full.out) == (2, "")
    assert "is not empty; give a directory that is new or empty" in full.err
    assert "-1 is not in the range" in run("random", "sycamore", "--cycles", -1, "-o", tmp_path / "c.qsim").err


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (KeyboardInterrupt(), 130),
        (SearchInterrupted(None, 1.0), 130),
        (InterruptedWorkError("stopped after 1.5 s"), 130),
        (StoppedError("the contraction was stopped"), 130),
        (tz.RunStoppedError("stopped: 1 of 2 pieces"), 130),
        (tz.RunFolderError("not a run folder"), 2),
        (tz.MissingPackageError("drawing needs matplotlib"), 2),
        (tz.MemoryLimitError("too much"), 1),
        (UnwrittenResultError("the disk is full"), 1),
    ],
)
def test_each_way_of_ending_has_its_status_and_one_sentence(error, status):
    assert exit_status(error) == status
    assert "inside taizhang" not in sentence(error)


def test_help_is_a_word_as_well(run):
    assert run("help").out == run("--help").out
    assert run("help", "plan").out == run("plan", "--help").out

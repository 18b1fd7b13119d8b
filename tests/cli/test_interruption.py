"""Interruptions of long commands, each in its own process."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import taizhang as tz
from taizhang.network.network_file import write_arrays

pytestmark = pytest.mark.skipif(os.name != "posix", reason="on this system: signals are sent as on POSIX systems")


def prompt_seconds() -> float:
    """The time allowed to end: a second, on a busy machine proportionally longer."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


ANY_TIME = ("--time-limit", "1000000000d")


@pytest.fixture(autouse=True)
def heeded_interrupts():
    """Restores interrupts: tests started in the background may ignore them, and children would inherit that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="module")
def circuit_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("long") / "grid.qsim"
    tz.write_circuit(tz.grid_circuit(7, 7, 40, seed=1), path)
    return path


@pytest.fixture(scope="module")
def plan_file(circuit_file):
    """A plan that takes far more than minutes to run, in little memory, from a quick search."""
    plan = tz.plan(tz.read_circuit(circuit_file), trials=1, width=22, memory="2GiB", threads=1)
    assert plan.predicted_seconds > 60
    path = circuit_file.with_name("plan.json")
    plan.save(path)
    return path


def interrupted(*words: object, after: float, folder: Path, number: int = signal.SIGINT) -> tuple[int, str, str, float]:
    """Starts `taizhang` and interrupts it; returns status, outputs and the seconds it took to end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "taizhang", *map(str, words)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        time.sleep(after)
        assert process.poll() is None, process.stderr.read()
        sent = time.monotonic()
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
        return process.returncode, out, err, time.monotonic() - sent
    finally:
        process.kill()


def assert_ended_cleanly(ended: tuple[int, str, str, float], folder: Path, before: set[Path], advice: str) -> None:
    status, out, err, seconds = ended
    assert (status, out) == (130, "")
    assert len(err.splitlines()) == 1
    assert err.startswith("taizhang: interrupted after ")
    assert f" of work; nothing of it is kept; {advice}" in err
    assert seconds < prompt_seconds()
    assert set(folder.rglob("*")) == before


def test_an_amplitude_is_interrupted_while_it_runs(circuit_file, plan_file, tmp_path):
    words = ["amplitude", circuit_file, "0" * 49, "--plan", plan_file, "-o", tmp_path / "amplitudes.npy"]
    ended = interrupted(*words, *ANY_TIME, after=5.0, folder=tmp_path)
    assert_ended_cleanly(ended, tmp_path, set(), f"to keep such work: taizhang run {circuit_file} … --directory RUN")


def test_a_contraction_is_interrupted_while_it_runs(circuit_file, plan_file, tmp_path):
    network = tz.AmplitudeNetwork(tz.read_circuit(circuit_file))
    arrays, _ = network.arrays_for("0" * 49)
    tz.write_network(network.shape, tmp_path / "n.json")
    write_arrays(tz.TensorNetwork.from_shape(network.shape, arrays), tmp_path / "n.npz")
    before = set(tmp_path.rglob("*"))
    words = ["contract", tmp_path / "n.json", tmp_path / "n.npz", "--plan", plan_file, "-o", tmp_path / "value.npy"]
    ended = interrupted(*words, *ANY_TIME, after=5.0, folder=tmp_path)
    assert_ended_cleanly(ended, tmp_path, before, "to do such work in parts: taizhang contract ")


def test_a_search_that_is_interrupted_keeps_its_best_plan(circuit_file, tmp_path):
    words = ["plan", circuit_file, "--plan-time", "60s", "--width", 26, "-o", tmp_path / "plan.json", "--json"]
    status, out, err, seconds = interrupted(*words, after=5.0, folder=tmp_path)
    assert status == 130
    assert seconds < prompt_seconds()
    assert re.fullmatch(rf"taizhang: stopped after .* of 1 min 0 s; {tmp_path}/plan.json holds the best so far\n", err)
    assert json.loads(out)["num_slices"] == tz.Plan.load(tmp_path / "plan.json").num_slices


@pytest.mark.parametrize(
    ("command", "rest", "number"),
    [
        ("amplitude", ("0" * 49,), signal.SIGINT),
        ("sample", ("--shots", 3, "--method", "frugal"), signal.SIGTERM),
    ],
)
def test_work_does_not_begin_after_an_interrupted_search(circuit_file, tmp_path, command, rest, number):
    words = [command, circuit_file, *rest, "--plan-time", "60s", "--memory", "2GiB", *ANY_TIME]
    status, out, err, seconds = interrupted(*words, after=4.0, folder=tmp_path, number=number)
    assert (status, out) == (130, "")
    assert re.fullmatch(r"taizhang: interrupted after .* of searching for a plan; the best plan so far, .*\n", err)
    assert seconds < prompt_seconds()
    assert not list(tmp_path.iterdir())


def test_a_run_interrupted_while_it_is_planned_goes_on_with_its_plan(circuit_file, tmp_path):
    words = ["run", circuit_file, "0" * 49, "--directory", "RUN", "--plan-time", "60s", "--memory", "2GiB", *ANY_TIME]
    status, out, err, seconds = interrupted(*words, after=5.0, folder=tmp_path)
    assert (status, out) == (130, "")
    assert "'RUN' keeps the best plan so far, with which the same command goes on" in err
    assert seconds < prompt_seconds()
    plan = tz.Plan.load(tmp_path / "RUN" / "plan-so-far.json")
    with pytest.raises(tz.RunFolderError, match="repeat the command that makes the run"):
        tz.status(tmp_path / "RUN")
    again = [sys.executable, "-m", "taizhang", *map(str, words), "--prepare"]
    subprocess.run(again, cwd=tmp_path, check=True, timeout=120)
    assert tz.Plan.load(tmp_path / "RUN" / "plan-0.json").tree == plan.tree
    assert not (tmp_path / "RUN" / "plan-so-far.json").exists()


@pytest.mark.parametrize("after", [0.02, 0.08, 0.15, 0.3, 0.5])
def test_an_interrupt_in_the_first_moments_shows_no_traceback(circuit_file, tmp_path, after):
    words = ["plan", circuit_file, "--plan-time", "60s"]
    started = "import sys, time; sys.argv = ['taizhang', *sys.argv[1:]]; from taizhang.__main__ import main; "
    started += "print('begun', flush=True); main()"
    process = subprocess.Popen(
        [sys.executable, "-c", started, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout.readline() == "begun\n"
        time.sleep(after)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 130
    assert len(err.splitlines()) == 1
    assert err.startswith(("taizhang: interrupted", "taizhang: stopped after"))


def test_python_raises_keyboard_interrupt_with_the_best_plan(circuit_file):
    circuit = tz.read_circuit(circuit_file)
    timer = threading.Timer(2.0, signal.raise_signal, (signal.SIGINT,))
    timer.start()
    with pytest.raises(KeyboardInterrupt) as caught:
        tz.amplitude(circuit, "0" * 49, plan_time="60s", memory="2GiB", time_limit="1000000000d")
    assert caught.value.plan.cost.peak_bytes < 2 << 30

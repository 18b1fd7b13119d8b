"""Runs of minutes in processes of their own, interrupted as a person does it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import taizhang as tz
from taizhang.network.network_file import write_arrays

pytestmark = pytest.mark.skipif(os.name != "posix", reason="on this system: signals are sent as on POSIX systems")


def prompt_seconds() -> float:
    """A person waits a second at most; on a machine that is busy with other work, in proportion longer."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


ANY_TIME = ("--time-limit", "1000000000d")


@pytest.fixture(autouse=True)
def heeded_interrupts():
    """Whoever started the tests in the background may have had interrupts ignored, which children would inherit."""
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
    """A plan of far more than minutes, in a little memory, quickly found."""
    plan = tz.plan(tz.read_circuit(circuit_file), trials=1, width=22, memory="2GiB", threads=1)
    assert plan.predicted_seconds > 60
    path = circuit_file.with_name("plan.json")
    plan.save(path)
    return path


def interrupted(*words: object, after: float, folder: Path) -> tuple[int, str, str, float]:
    """Starts `taizhang`, sends an interrupt; gives status, outputs and the seconds it took to end."""
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
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        return process.returncode, out, err, time.monotonic() - sent
    finally:
        process.kill()


def assert_ended_cleanly(ended: tuple[int, str, str, float], folder: Path, before: set[Path]) -> None:
    status, out, err, seconds = ended
    assert (status, out) == (130, "")
    assert err.strip() == "taizhang: interrupted; nothing was left behind"
    assert seconds < prompt_seconds()
    assert set(folder.rglob("*")) == before


def test_an_amplitude_is_interrupted_while_it_runs(circuit_file, plan_file, tmp_path):
    words = ["amplitude", circuit_file, "0" * 49, "--plan", plan_file, "-o", tmp_path / "amplitudes.npy"]
    ended = interrupted(*words, *ANY_TIME, after=5.0, folder=tmp_path)
    assert_ended_cleanly(ended, tmp_path, set())


def test_a_contraction_is_interrupted_while_it_runs(circuit_file, plan_file, tmp_path):
    network = tz.AmplitudeNetwork(tz.read_circuit(circuit_file))
    arrays, _ = network.arrays_for("0" * 49)
    tz.write_network(network.shape, tmp_path / "n.json")
    write_arrays(tz.TensorNetwork.from_shape(network.shape, arrays), tmp_path / "n.npz")
    before = set(tmp_path.rglob("*"))
    words = ["contract", tmp_path / "n.json", tmp_path / "n.npz", "--plan", plan_file, "-o", tmp_path / "value.npy"]
    ended = interrupted(*words, *ANY_TIME, after=5.0, folder=tmp_path)
    assert_ended_cleanly(ended, tmp_path, before)


def test_a_search_that_is_interrupted_keeps_its_best_plan(circuit_file, tmp_path):
    words = ["plan", circuit_file, "--plan-time", "60s", "--width", 26, "-o", tmp_path / "plan.json", "--json"]
    status, out, _, seconds = interrupted(*words, after=5.0, folder=tmp_path)
    assert status == 0
    assert seconds < prompt_seconds()
    assert json.loads(out)["num_slices"] == tz.Plan.load(tmp_path / "plan.json").num_slices

"""Runs of expectation values: whatever happens to workers, they end with the bits of this process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import distributed
import numpy as np
import pytest
from tests.runs.test_workers import start_worker

import taizhang as tz
from taizhang.circuit.observable import Observable
from taizhang.observer import Silent
from taizhang.runs.report.report import report_of
from taizhang.runs.report.status import status_of
from taizhang.runs.run import Workforce, complete_run
from taizhang.runs.start import start_run
from taizhang.runs.verify import verify
from taizhang.runs.workers.shared_folder import SharedFolder
from taizhang.tasks.expectation import ExpectationTask

MEMORY = 1 << 30
OBSERVABLES = tuple(
    map(Observable, ["Z0 Z1 - 0.5 X4 + 2", " + ".join(f"{q + 1} Z{q}" for q in range(9)), "X0 Y1 Z2", "1"])
)


@pytest.fixture
def task():
    return ExpectationTask(circuit=tz.grid_circuit(3, 3, 8, seed=5), observables=OBSERVABLES)


@pytest.fixture
def undisturbed(task):
    return tz.expectation(task.circuit, OBSERVABLES, trials=1, threads=1, memory="8GiB")


@pytest.fixture
def folder(tmp_path, task, settings):
    return start_run(tmp_path / "run", task, settings)


def values_of(folder, **workforce):
    return folder.assembly().plain(complete_run(folder, Workforce(memory_bytes=MEMORY, **workforce)))


@pytest.mark.parametrize("workforce", [{"threads": 1}, {"threads": 2}, {"threads": 2, "processes": 2}])
def test_threads_and_processes_give_the_same_bits(folder, undisturbed, workforce):
    assert values_of(folder, **workforce).tobytes() == undisturbed.tobytes()


def test_two_workers_of_a_dask_cluster_give_the_same_bits(folder, undisturbed):
    options = {"dashboard_address": None, "processes": False}
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, **options) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        assert values_of(folder, threads=1, cluster=client).tobytes() == undisturbed.tobytes()


def test_a_killed_process_leaves_what_is_done_and_the_run_goes_on(tmp_path, folder, undisturbed):
    script = """
import os, signal, sys
from taizhang.observer import Silent
from taizhang.runs.folder import RunFolder
from taizhang.runs.run import Workforce, complete_run

class Killer(Silent):
    def running(self, progress):
        if progress.done:
            os.kill(os.getpid(), signal.SIGKILL)

complete_run(RunFolder.open(sys.argv[1]), Workforce(threads=1, memory_bytes=1 << 30), Killer())
"""
    killed = subprocess.run([sys.executable, "-c", script, str(folder.path)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert values_of(folder, threads=1).tobytes() == undisturbed.tobytes()


def test_a_killed_worker_is_replaced(folder, undisturbed):
    killed = set()

    class Killer(Silent):
        def running(self, progress):
            shared = SharedFolder(folder.path, folder.manifest)
            for name, heartbeat in shared.workers().items():
                if not killed and heartbeat["pid"] != os.getpid():
                    killed.add(name)
                    os.kill(heartbeat["pid"], signal.SIGKILL)

    answer = complete_run(folder, Workforce(threads=2, memory_bytes=2 * MEMORY, processes=2), Killer())
    assert killed
    assert folder.assembly().plain(answer).tobytes() == undisturbed.tobytes()


def test_workers_alone_finish_it(folder, undisturbed):
    worker = start_worker(folder)
    _, message = worker.communicate(timeout=60)
    assert worker.returncode == 0, message
    assert values_of(folder, threads=1).tobytes() == undisturbed.tobytes()


def test_status_verification_and_report_say_what_it_is(folder, undisturbed):
    values_of(folder, threads=1)
    assert "4 expectation values of 12 Pauli products" in folder.assembly().description()
    assert "complete" in str(status_of(folder))
    checked = verify(folder, pieces=3, seed=0, precise=True, threads=1, memory_bytes=MEMORY)
    assert "the same bits" in str(checked)
    shown = report_of(folder, kept=False)
    assert "4 expectation values of 12 Pauli products" in shown
    assert f"{undisturbed[0]:.10g}" in shown


def test_values_that_are_known_without_work_are_a_run_as_well(tmp_path, settings):
    task = ExpectationTask(circuit=tz.Circuit(2).h(0).cx(0, 1), observables=(Observable("X0 X1 - 2 Z0"),))
    folder = start_run(tmp_path / "known", task, settings)
    np.testing.assert_array_equal(values_of(folder, threads=1), [1.0])

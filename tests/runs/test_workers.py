import os
import signal
import subprocess
import sys
import time
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import distributed
import pytest
from tests.runs.conftest import same_bits

from taizhang.errors import NumericalError, RunError
from taizhang.runs.folder import RunFolder
from taizhang.runs.job import PieceRunner
from taizhang.runs.piece_set import PieceSet
from taizhang.runs.report.status import status_of
from taizhang.runs.run import Workforce, continue_run
from taizhang.runs.scheduler import Scheduler
from taizhang.runs.values import values_of
from taizhang.runs.workers.shared_folder import SharedFolder

MEMORY = 1 << 30


def start_worker(folder, *options):
    command = [sys.executable, "-m", "taizhang", "work", str(folder.path), "--threads", "1", "--memory", "1GiB"]
    return subprocess.Popen([*command, *options], stderr=subprocess.PIPE)


def test_processes_of_this_machine_give_the_same_bits(make_folder, undisturbed):
    folder = make_folder()
    values = continue_run(folder, Workforce(threads=2, memory_bytes=2 * MEMORY, processes=2))
    assert same_bits(values[0][0, 0], undisturbed)
    assert not list((folder.path / "inbox").iterdir())


def test_workers_alone_finish_a_run_and_one_of_them_coordinates(make_folder, undisturbed):
    folder = make_folder()
    workers = [start_worker(folder) for _ in range(2)]
    for worker in workers:
        _, message = worker.communicate(timeout=60)
        assert worker.returncode == 0, message
    assert same_bits(values_of(folder)[0][0, 0], undisturbed)


def test_a_worker_that_cannot_start_reports_why(make_folder):
    folder = make_folder()
    (folder.path / "plan-0.json").rename(folder.path / "kept")
    worker = start_worker(folder)
    _, message = worker.communicate(timeout=60)
    assert worker.returncode == 1
    assert b"plan-0.json' is missing" in message


@pytest.mark.parametrize("kind", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_an_executor_gives_the_same_bits(make_folder, undisturbed, kind):
    options = {"mp_context": get_context("spawn")} if kind is ProcessPoolExecutor else {}
    with kind(2, **options) as executor:
        values = continue_run(make_folder(), Workforce(threads=1, memory_bytes=MEMORY, executor=executor))
    assert same_bits(values[0][0, 0], undisturbed)


class Unreliable:
    """An executor that fails at times, and whose calls end in another order."""

    num_workers = 7

    def __init__(self):
        self._calls = 0
        self._waiting = []

    def submit(self, function, /, *arguments):
        self._calls += 1
        future = Future()
        if self._calls % 11 == 5:
            future.set_exception(ConnectionResetError("the worker went away"))
            return future
        self._waiting.append((future, function, arguments))
        if len(self._waiting) > 3 or self._calls > 40:
            while self._waiting:
                future_, function_, arguments_ = self._waiting.pop()
                future_.set_result(function_(*arguments_))
        return future


def test_an_executor_that_fails_at_times_gives_the_same_bits(make_folder, undisturbed):
    values = continue_run(make_folder(), Workforce(threads=1, memory_bytes=MEMORY, executor=Unreliable()))
    assert same_bits(values[0][0, 0], undisturbed)


def test_an_executor_must_report_its_workers(make_folder):
    with pytest.raises(RunError, match="workers="):
        continue_run(make_folder(), Workforce(threads=1, memory_bytes=MEMORY, executor=object()))


def test_a_dask_cluster_gives_the_same_bits(make_folder, undisturbed):
    options = {"dashboard_address": None, "processes": False}
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, **options) as cluster:
        with distributed.Client(cluster, set_as_default=False) as client:
            values = continue_run(make_folder(), Workforce(threads=1, memory_bytes=MEMORY, cluster=client))
        assert same_bits(values[0][0, 0], undisturbed)
        workforce = Workforce(threads=1, memory_bytes=MEMORY, cluster=cluster.scheduler_address)
        assert same_bits(continue_run(make_folder(name="again"), workforce)[0][0, 0], undisturbed)


def test_a_scheduler_that_does_not_answer_is_reported(make_folder):
    workforce = Workforce(threads=1, memory_bytes=MEMORY, cluster="tcp://127.0.0.1:1")
    with pytest.raises(RunError, match="no Dask scheduler answers at 'tcp://127"):
        continue_run(make_folder(), workforce)


def test_killed_workers_are_replaced_and_nothing_is_lost(make_folder, undisturbed):
    folder = make_folder(slices_per_piece=1)
    killed = set()

    class Killer:
        def running(self, progress):
            shared = SharedFolder(folder.path, folder.manifest)
            for name, heartbeat in shared.workers().items():
                if name not in killed and len(killed) < 3 and heartbeat["holds"]:
                    killed.add(name)
                    os.kill(heartbeat["pid"], signal.SIGKILL)

    values = continue_run(folder, Workforce(threads=2, memory_bytes=2 * MEMORY, processes=2), observer=Killer())
    assert same_bits(values[0][0, 0], undisturbed)


def test_a_silent_worker_loses_its_lease(make_folder, undisturbed):
    folder = make_folder(slices_per_piece=1)
    worker = start_worker(folder)
    shared = SharedFolder(folder.path, folder.manifest)
    # It coordinates the run, as the only worker, until it is killed.
    deadline = time.monotonic() + 30
    while not (folder.path / "coordinator.json").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    worker.kill()
    worker.communicate()
    silent = "nobody-1"
    shared.write_heartbeat(silent, beat=1, capacity=2, workers=1, holds=[])
    heartbeat = (folder.path / "workers" / f"{silent}.json").read_text().replace(f'"pid": {os.getpid()}', '"pid": 1')
    (folder.path / "workers" / f"{silent}.json").write_text(heartbeat)
    values = continue_run(folder, Workforce(threads=1, memory_bytes=MEMORY, lease_seconds=1.0))
    assert same_bits(values[0][0, 0], undisturbed)


def test_damaged_results_are_computed_again(make_folder, undisturbed):
    folder = make_folder(slices_per_piece=1)
    for piece in range(3):
        (folder.path / "inbox" / f"{piece}.stranger").write_bytes(os.urandom(64))
    (folder.path / "inbox" / "999999.stranger").write_bytes(b"x" * 64)
    (folder.path / "inbox" / "readme").write_text("not a piece")
    values = continue_run(folder, Workforce(threads=1, memory_bytes=MEMORY))
    assert same_bits(values[0][0, 0], undisturbed)


def test_sums_submitted_without_a_coordinator_are_used(make_folder, undisturbed, workforce):
    folder = make_folder(slices_per_piece=1)
    other = make_folder(slices_per_piece=1, name="other")
    shared = SharedFolder(folder.path, folder.manifest)
    runner = PieceRunner(folder.job(), threads=1, memory_bytes=MEMORY)
    total = runner.compute(folder.manifest.layout.piece(5))
    shared.submit_sum("somebody", 5, total, 1.0)
    # The same file in another run is refused: its checksum includes the identity of the run.
    (other.path / "inbox" / "5.somebody").write_bytes((folder.path / "inbox" / "5.somebody").read_bytes())
    for run in (folder, other):
        assert same_bits(continue_run(run, workforce)[0][0, 0], undisturbed)
    assert status_of(RunFolder.open(folder.path)).workers_seen["somebody"]["pieces"] == 1
    if other.manifest.identity != folder.manifest.identity:
        assert status_of(other).workers_seen["somebody"]["pieces"] == 0


def test_the_scheduler_assigns_slow_pieces_again_at_the_end():
    scheduler = Scheduler(PieceSet([range(3)]))
    scheduler.typical_seconds = 1.0
    assert scheduler.take(2, now=0.0) == [0, 1]
    assert scheduler.take(9, now=1.0) == [2]
    assert scheduler.take(9, now=5.0) == []
    assert scheduler.take(9, now=10.5, held={0}) == [1]
    assert scheduler.take(9, now=10.5) == [0]
    assert scheduler.finish(0)
    assert not scheduler.finish(0)
    scheduler.requeue([0, 1])
    assert scheduler.missing.take(9) == [1]


def test_a_piece_that_cannot_be_done_ends_the_run():
    scheduler = Scheduler(PieceSet([range(3)]))
    for _ in range(7):
        scheduler.take(1, now=0.0)
        scheduler.fail(0, OSError("no"))
    scheduler.take(1, now=0.0)
    with pytest.raises(RunError, match="failed 8 times"):
        scheduler.fail(0, OSError("no"))
    scheduler.fail(2, RunError("too little memory"))
    scheduler.fail(2, RunError("too little memory"))
    with pytest.raises(RunError, match="too little memory"):
        scheduler.fail(2, RunError("too little memory"))
    with pytest.raises(NumericalError):
        scheduler.fail(1, NumericalError("slice 3 gave a NaN"))

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
from taizhang.runs.piece_set import PieceSet
from taizhang.runs.report.status import status_of
from taizhang.runs.run import Workforce, go_on
from taizhang.runs.scheduler import Scheduler
from taizhang.runs.values import values_of
from taizhang.runs.workers.shared_folder import SharedFolder

MEMORY = 1 << 30


def start_worker(folder, *options):
    command = [sys.executable, "-m", "taizhang", "work", str(folder.path), "--threads", "1", "--memory", "1GiB"]
    return subprocess.Popen([*command, *options], stderr=subprocess.PIPE)


def test_processes_of_this_machine_give_the_same_bits(make_folder, undisturbed):
    folder = make_folder()
    values = go_on(folder, Workforce(threads=2, memory_bytes=2 * MEMORY, processes=2))
    assert same_bits(values[0][0, 0], undisturbed)
    assert not list((folder.path / "inbox").iterdir())


def test_workers_alone_finish_a_run_and_one_of_them_coordinates(make_folder, undisturbed):
    folder = make_folder()
    workers = [start_worker(folder) for _ in range(2)]
    for worker in workers:
        _, told = worker.communicate(timeout=60)
        assert worker.returncode == 0, told
    assert same_bits(values_of(folder)[0][0, 0], undisturbed)


def test_a_worker_told_to_end_does_so_with_its_exit_status(make_folder):
    folder = make_folder()
    (folder.path / "plan-0.json").rename(folder.path / "kept")
    worker = start_worker(folder)
    _, told = worker.communicate(timeout=60)
    assert worker.returncode == 1
    assert b"plan-0.json' is missing" in told


@pytest.mark.parametrize("kind", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_an_executor_gives_the_same_bits(make_folder, undisturbed, kind):
    options = {"mp_context": get_context("spawn")} if kind is ProcessPoolExecutor else {}
    with kind(2, **options) as executor:
        values = go_on(make_folder(), Workforce(threads=1, memory_bytes=MEMORY, executor=executor))
    assert same_bits(values[0][0, 0], undisturbed)


class Unreliable:
    """An executor that fails now and then, and whose calls end in another order."""

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


def test_an_executor_that_fails_now_and_then_gives_the_same_bits(make_folder, undisturbed):
    values = go_on(make_folder(), Workforce(threads=1, memory_bytes=MEMORY, executor=Unreliable()))
    assert same_bits(values[0][0, 0], undisturbed)


def test_an_executor_has_to_tell_its_workers(make_folder):
    with pytest.raises(RunError, match="workers="):
        go_on(make_folder(), Workforce(threads=1, memory_bytes=MEMORY, executor=object()))


def test_a_dask_cluster_gives_the_same_bits(make_folder, undisturbed):

    options = {"dashboard_address": None, "processes": False}
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, **options) as cluster:
        with distributed.Client(cluster, set_as_default=False) as client:
            values = go_on(make_folder(), Workforce(threads=1, memory_bytes=MEMORY, cluster=client))
        assert same_bits(values[0][0, 0], undisturbed)
        workforce = Workforce(threads=1, memory_bytes=MEMORY, cluster=cluster.scheduler_address)
        assert same_bits(go_on(make_folder(name="again"), workforce)[0][0, 0], undisturbed)


def test_a_scheduler_that_does_not_answer_is_told(make_folder):
    workforce = Workforce(threads=1, memory_bytes=MEMORY, cluster="tcp://127.0.0.1:1")
    with pytest.raises(RunError, match="no Dask scheduler answers at 'tcp://127"):
        go_on(make_folder(), workforce)


def test_killed_workers_are_replaced_and_nothing_is_lost(make_folder, undisturbed):
    folder = make_folder(slices_per_piece=1)
    folder_crew_seen = set()

    class Killer:
        def progress(self, progress):
            shared = SharedFolder(folder.path, folder.manifest)
            for name, told in shared.workers().items():
                if name not in folder_crew_seen and len(folder_crew_seen) < 3 and told["holds"]:
                    folder_crew_seen.add(name)
                    os.kill(told["pid"], signal.SIGKILL)

    values = go_on(folder, Workforce(threads=2, memory_bytes=2 * MEMORY, processes=2), watcher=Killer())
    assert same_bits(values[0][0, 0], undisturbed)


def test_a_worker_that_stands_still_loses_its_lease(make_folder, undisturbed):
    folder = make_folder(slices_per_piece=1)
    asleep = start_worker(folder)
    shared = SharedFolder(folder.path, folder.manifest)
    # It coordinates the run, as the only one; SIGSTOP makes it silent with the lock in its hand.
    deadline = time.monotonic() + 30
    while not (folder.path / "coordinator.json").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    asleep.kill()
    asleep.communicate()
    silent = "nobody-1"
    shared.say_hello(silent, beat=1, capacity=2, workers=1, holds=[])
    told = (folder.path / "workers" / f"{silent}.json").read_text().replace(f'"pid": {os.getpid()}', '"pid": 1')
    (folder.path / "workers" / f"{silent}.json").write_text(told)
    values = go_on(folder, Workforce(threads=1, memory_bytes=MEMORY, lease_seconds=1.0))
    assert same_bits(values[0][0, 0], undisturbed)


def test_damaged_results_are_computed_again(make_folder, undisturbed):
    folder = make_folder(slices_per_piece=1)
    for piece in range(3):
        (folder.path / "inbox" / f"{piece}.stranger").write_bytes(os.urandom(64))
    (folder.path / "inbox" / "999999.stranger").write_bytes(b"x" * 64)
    (folder.path / "inbox" / "readme").write_text("not a piece")
    values = go_on(folder, Workforce(threads=1, memory_bytes=MEMORY))
    assert same_bits(values[0][0, 0], undisturbed)


def test_results_handed_in_while_nobody_coordinated_are_taken(make_folder, undisturbed, workforce):
    folder = make_folder(slices_per_piece=1)
    other = make_folder(slices_per_piece=1, name="other")
    shared = SharedFolder(folder.path, folder.manifest)
    from taizhang.runs.job import PieceRunner  # noqa: PLC0415

    runner = PieceRunner(folder.job(), threads=1, memory_bytes=MEMORY)
    total = runner.compute(folder.manifest.layout.piece(5))
    shared.hand_in("somebody", 5, total, 1.0)
    # The same file in another run is refused: its checksum is chained with the identity of the run.
    (other.path / "inbox" / "5.somebody").write_bytes((folder.path / "inbox" / "5.somebody").read_bytes())
    for one in (folder, other):
        assert same_bits(go_on(one, workforce)[0][0, 0], undisturbed)
    assert status_of(RunFolder.open(folder.path)).workers_seen["somebody"]["pieces"] == 1
    if other.manifest.identity != folder.manifest.identity:
        assert status_of(other).workers_seen["somebody"]["pieces"] == 0


def test_the_dealer_gives_slow_pieces_to_others_at_the_end():
    scheduler = Scheduler(PieceSet([range(3)]))
    scheduler.typical_seconds = 1.0
    assert scheduler.take(2, now=0.0) == [0, 1]
    assert scheduler.take(9, now=1.0) == [2]
    assert scheduler.take(9, now=5.0) == []
    assert scheduler.take(9, now=10.5, held={0}) == [1]
    assert scheduler.take(9, now=10.5) == [0]
    assert scheduler.finish(0)
    assert not scheduler.finish(0)
    scheduler.give_back([0, 1])
    assert scheduler.missing.take(9) == [1]


def test_a_piece_that_cannot_be_done_ends_the_run():
    scheduler = Scheduler(PieceSet([range(3)]))
    for _ in range(7):
        scheduler.take(1, now=0.0)
        scheduler.failed(0, OSError("no"))
    scheduler.take(1, now=0.0)
    with pytest.raises(RunError, match="failed 8 times"):
        scheduler.failed(0, OSError("no"))
    scheduler.failed(2, RunError("too little memory"))
    scheduler.failed(2, RunError("too little memory"))
    with pytest.raises(RunError, match="too little memory"):
        scheduler.failed(2, RunError("too little memory"))
    with pytest.raises(NumericalError):
        scheduler.failed(1, NumericalError("slice 3 gave a NaN"))

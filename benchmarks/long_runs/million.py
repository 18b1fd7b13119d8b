"""A million pieces: resuming them, and thousands of workers."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil

import taizhang as tz
from benchmarks.long_runs.cases import TAIZHANG, Row, make_run, scratch
from taizhang.runs.coordinator import Coordinator
from taizhang.runs.folder import RunFolder
from taizhang.runs.ledger import Ledger
from taizhang.runs.lock import CoordinatorLock
from taizhang.runs.partial_sum import PartialSum
from taizhang.runs.sum_tree import SumTree
from taizhang.runs.values import values_of
from taizhang.runs.workers.executor_pool import ExecutorPool
from taizhang.runs.workers.remote import Answer


def resume_million(quick: bool) -> list[Row]:
    """Time until a run of 10^6 pieces resumes."""
    with scratch() as path:
        folder = million(path / "run")
        layout = folder.manifest.layout
        tree, chance = SumTree(layout.parts_of), random.Random(5)
        one = PartialSum(mantissas=np.array([[0.25 + 0.5j]]), exponents=np.array([3]))
        scattered = sorted(chance.sample(range(700_001, layout.num_pieces), 10_000))
        with Ledger(folder.ledger_path, folder.manifest, write=True) as ledger:
            changes = [tree.insert(0, number, one) for number in range(700_001)]
            ledger.commit([*changes, *(tree.insert(0, number, one) for number in scattered)])
        started = time.perf_counter()
        command = [*TAIZHANG, "resume", str(folder.path), "--threads", "1"]
        process = subprocess.Popen(command, stderr=subprocess.PIPE)
        written = 0  # the first time the session is recorded, then pieces
        last = folder.ledger_path.stat().st_mtime_ns
        while written < 2 and time.perf_counter() - started < 60:
            time.sleep(0.005)
            now = folder.ledger_path.stat().st_mtime_ns
            written, last = written + (now != last), now
        first = time.perf_counter() - started
        cpu = sum(psutil.Process(process.pid).cpu_times()[:2])
        process.terminate()
        process.communicate()
        empty = time.perf_counter()
        subprocess.run([*TAIZHANG, "--version"], check=True, stdout=subprocess.DEVNULL)
        empty = time.perf_counter() - empty
        started = time.perf_counter()
        lock = CoordinatorLock(folder.path)
        folder.job()
        with Coordinator(RunFolder.open(folder.path), lock):
            opened = time.perf_counter() - started
        lock.release("stopped")
        figure = f"opened in {opened:.2f} s, first new piece committed {first:.2f} s after the command began (of which "
        figure += f"{empty:.2f} s are what any command takes; {cpu:.2f} s of CPU), "
        figure += f"ledger of {folder.ledger_path.stat().st_size >> 10} KiB, "
        figure += f"{len(tree.nodes):,} sums"
        return [(f"resume of {layout.num_pieces:,} pieces, 710,001 done", figure, "2 s")]


def million(path: Path) -> RunFolder:
    """A run of 2^20 pieces of one slice of almost no work each."""
    circuit = tz.grid_circuit(4, 4, 24, seed=5)
    plan = tz.plan(circuit, trials=1, seed=1)
    names = plan.shape.index_names[::2][:20]
    plan = tz.Plan.from_ssa_path(plan.shape, plan.tree.ssa_path, names)
    return make_run((circuit, plan, "0" * 16), path, 1)


class Simulated:
    """An executor of many workers that compute nothing, finish out of order and sometimes fail."""

    def __init__(self, workers: int, failures: float, content: bytes) -> None:
        self.num_workers = workers
        self._chance, self._failures, self._content = random.Random(6), failures, content
        self._waiting: list[tuple[Any, int]] = []
        self.failed = 0

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Any:
        """Takes a call; calls are done in batches, in random order."""
        future: Any = SimulatedFuture()
        self._waiting.append((future, arguments[1]))
        return future

    def advance(self) -> None:
        """Ends half of the calls, in random order."""
        self._chance.shuffle(self._waiting)
        half = len(self._waiting) // 2 + 1
        ending, self._waiting = self._waiting[:half], self._waiting[half:]
        for future, piece in ending:
            if self._chance.random() < self._failures:
                self.failed += 1
                future.end(ConnectionResetError("gone"))
            else:
                future.end(Answer(piece, self._content, 1.0, f"worker-{piece % self.num_workers}"))


class SimulatedFuture:
    """The minimal future of `Simulated`."""

    def __init__(self) -> None:
        self._answer: Any = None
        self._function: Any = None

    def result(self) -> Any:
        """The answer, or raises it."""
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer

    def add_done_callback(self, function: Callable[[Any], object]) -> None:
        """Keeps the function."""
        self._function = function

    def cancel(self) -> None:
        """Does nothing."""

    def end(self, answer: Any) -> None:
        """The call is done."""
        self._answer = answer
        self._function(self)


def simulated(quick: bool) -> list[Row]:
    """10,000 workers, 10^6 pieces, some of which fail."""
    with scratch() as path:
        folder = million(path / "run")
        count = folder.manifest.layout.num_pieces
        content = PartialSum(mantissas=np.array([[0.25 + 0.5j]]), exponents=np.array([3])).to_bytes()
        executor = Simulated(10_000, 0.01, content)
        outside = 0.0
        lock = CoordinatorLock(folder.path)
        job = folder.job()
        started, cpu = time.perf_counter(), time.process_time()
        with Coordinator(folder, lock, observer=None) as coordinator:
            pool = ExecutorPool(job, executor, workers=10_000, wake=coordinator.wake)
            gathered = pool.outcomes

            def advanced() -> Any:
                nonlocal outside
                began = time.perf_counter()
                executor.advance()
                outside += time.perf_counter() - began
                return gathered()

            pool.outcomes = advanced  # type: ignore[method-assign]
            coordinator.add(pool)
            coordinator.run()
        spent, busy = time.perf_counter() - started, time.process_time() - cpu
        total = values_of(folder)[0][0, 0] / 2.0 ** int(folder.exponents()[0])
        exact = total == count * (0.25 + 0.5j) * 8
        figure = f"{1e3 * (spent - outside) / count:.3f} ms a piece ({spent:.0f} s in all, {busy:.0f} s of CPU), "
        figure += f"{executor.failed:,} failures, {'sum exact' if exact else 'SUM WRONG'}"
        return [(f"simulated: 10,000 workers, {count:,} pieces, 1 % failing", figure, "below 1 ms a piece")]

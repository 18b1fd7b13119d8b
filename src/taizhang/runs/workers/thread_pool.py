"""A worker pool of threads of this process."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence

from taizhang._resources import available_memory
from taizhang.errors import MemoryLimitError, StoppedError
from taizhang.execute.native_backend import NativeProgram
from taizhang.execute.slice_sums import SliceSums
from taizhang.runs.job import Job, PieceRunner
from taizhang.runs.pieces import Layout
from taizhang.runs.workers.pool import Done, Lost, Outcome, Slots

SECONDS_TO_END = 30.0
"""How long `close` waits for threads to leave their pieces."""


class ThreadPool:
    """Computes pieces in threads of this process.

    Args:
        job: The job.
        threads: Threads to use in all.
        memory_bytes: Memory to use in all.
        name: Name of this worker.
        wake: Called, from any thread, when there are new outcomes.

    Raises:
        RunError: This machine cannot compute the bits of the run.
        MemoryLimitError: Not even one piece fits in the memory.
    """

    def __init__(self, job: Job, *, threads: int, memory_bytes: int, name: str, wake: Callable[[], None]) -> None:
        compiled = job.compile()
        self._layout = job.manifest.layout
        self.workers, threads_each = shares(compiled, self._layout, threads=threads, memory_bytes=memory_bytes)
        self._runner = PieceRunner(
            job, threads=threads_each, memory_bytes=memory_bytes // self.workers, compiled=compiled
        )
        self._name = name
        self._wake = wake
        self._stopping = threading.Event()
        self._queue: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        self._new: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        self.held: set[int] = set()
        self._claimed: list[int] = []
        self.pieces_done = 0
        self._dropped: set[int] = set()
        self._threads = [
            threading.Thread(target=self._work, name=f"piece-{number}", daemon=True) for number in range(self.workers)
        ]
        for thread in self._threads:
            thread.start()

    def slots(self) -> Sequence[Slots]:
        """The slots of this process: for each thread a piece that is computed and one that waits."""
        return [Slots(name=self._name, free=2 * self.workers - len(self.held), held=self.held)]

    def assign(self, slots: Slots, pieces: Sequence[int]) -> None:
        """Puts pieces into the queue of the threads."""
        for piece in pieces:
            self.held.add(piece)
            self._queue.put(piece)

    def outcomes(self) -> Sequence[Outcome]:
        """The outcomes since the last call."""
        outcomes: list[Outcome] = []
        while True:
            try:
                outcome = self._new.get_nowait()
            except queue.Empty:
                return outcomes
            self.held.difference_update([outcome.piece] if isinstance(outcome, Done) else outcome.pieces)
            self.pieces_done += isinstance(outcome, Done)
            outcomes.append(outcome)

    def drop(self, pieces: Sequence[int]) -> None:
        """Stops work on pieces that are not needed any more."""
        self._dropped.update(piece for piece in pieces if piece in self.held)

    def mark_committed(self, pieces: Sequence[int]) -> None:
        """Stops work on committed pieces, which others have done."""
        if self.held:
            self.drop(pieces)

    def take_claimed(self) -> Sequence[int]:
        """The pieces that it had when a coordinator adopted it."""
        claimed, self._claimed = self._claimed, []
        return claimed

    def adopt(self, wake: Callable[[], None]) -> None:
        """Joins a coordinator of this process, with the pieces it has."""
        self._wake = wake
        self._claimed = sorted(self.held)

    def num_waiting(self) -> int:
        """Number of pieces that wait for a thread."""
        return self._queue.qsize()

    def num_workers(self) -> int:
        """Number of threads that compute pieces."""
        return self.workers

    def close(self) -> None:
        """Drops all pieces and ends the threads."""
        self._stopping.set()
        for _ in self._threads:
            self._queue.put(None)
        deadline = time.monotonic() + SECONDS_TO_END
        for thread in self._threads:
            thread.join(max(deadline - time.monotonic(), 0.0))

    def _work(self) -> None:
        while (number := self._queue.get()) is not None and not self._stopping.is_set():
            self._new.put(self._outcome_of(number))
            self._wake()

    def _outcome_of(self, number: int) -> Outcome:
        started = time.perf_counter()

        def should_stop() -> bool:
            return self._stopping.is_set() or number in self._dropped

        try:
            if should_stop():
                raise StoppedError("dropped")
            total = self._runner.compute(self._layout.piece(number), should_stop=should_stop)
        except StoppedError:
            self._dropped.discard(number)
            return Lost(pieces=(number,), worker=self._name)
        except Exception as error:
            return Lost(pieces=(number,), worker=self._name, error=error)
        return Done(piece=number, total=total, worker=self._name, seconds=time.perf_counter() - started)


def shares(compiled: Sequence[NativeProgram], layout: Layout, *, threads: int, memory_bytes: int) -> tuple[int, int]:
    """Number of pieces to compute at once, as many as fit in the memory, and number of threads of each.

    Raises:
        MemoryLimitError: Not even one fits.
    """
    firsts = [layout.piece(number) for number in layout.first_pieces()]
    for workers in range(min(threads, layout.num_pieces), 0, -1):
        try:
            for piece in firsts:
                sums = SliceSums(compiled[piece.plan], threads=threads // workers, memory_bytes=memory_bytes // workers)
                sums.peak_bytes(piece.slices)
        except MemoryLimitError:
            if workers == 1:
                raise
        else:
            return workers, threads // workers
    return 1, threads


def share_of_memory(pieces_at_once: int) -> int:
    """Bytes for each of several pieces computed at once on this machine; a fifth of the free memory is left free."""
    return int(0.8 * available_memory()) // max(pieces_at_once, 1)

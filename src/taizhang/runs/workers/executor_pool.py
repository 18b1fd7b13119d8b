"""A worker pool on an executor: of `concurrent.futures`, of `mpi4py.futures`, or any object with their `submit`.

Executors do not show which worker runs a call. So a worker that receives a piece of a run it has not seen returns no
sum, and the piece is submitted again together with the job.
"""

from __future__ import annotations

import queue
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from taizhang.errors import RunError
from taizhang.runs.job import Job
from taizhang.runs.partial_sum import PartialSum
from taizhang.runs.workers.pool import Done, Lost, Outcome, Slots
from taizhang.runs.workers.remote import Answer, compute_piece

NAME = "executor"


class Future(Protocol):
    """What `submit` returns."""

    def result(self) -> Any:
        """Returns what the call returned, or raises what it raised."""

    def add_done_callback(self, function: Callable[[Any], object]) -> object:
        """Registers a function to call when the call is done."""

    def cancel(self) -> object:
        """Cancels the call if it has not started."""


class Executor(Protocol):
    """Runs calls elsewhere."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future:
        """Submits a call."""


class ExecutorPool:
    """Computes pieces with an executor. The executor is not shut down.

    Args:
        job: The job.
        executor: The executor.
        workers: Number of calls it runs at once; by default as the executor reports it.
        wake: Called, from any thread, when there are new outcomes.

    Raises:
        RunError: The number of workers was not given, and the executor does not report it.
    """

    def __init__(self, job: Job, executor: Executor, *, workers: int | None = None, wake: Callable[[], None]) -> None:
        self._job = job
        self._executor = executor
        self._workers = workers or workers_of(executor)
        self._wake = wake
        self._bytes: bytes | None = None
        self._identity = job.manifest.identity
        self._futures: dict[Any, int] = {}
        self._new: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def slots(self) -> Sequence[Slots]:
        """The slots of the whole executor: for each worker one call that runs and one that waits."""
        return [Slots(name=NAME, free=2 * self._workers - len(self._futures))]

    def assign(self, slots: Slots, pieces: Sequence[int]) -> None:
        """Submits pieces."""
        for piece in pieces:
            self._submit(piece, with_job=False)

    def _submit(self, piece: int, *, with_job: bool) -> None:
        if with_job and self._bytes is None:
            self._bytes = self._job.to_bytes()
        content = self._bytes if with_job else None
        try:
            future = self._executor.submit(compute_piece, self._identity, piece, self._workers, content)
        except RuntimeError as error:
            raise RunError(
                f"the executor accepts no more work ({error}); go on with a new one: what is done is committed"
            ) from error
        self._futures[future] = piece
        future.add_done_callback(self._on_done)

    def _on_done(self, future: Any) -> None:
        self._new.put(future)
        self._wake()

    def outcomes(self) -> Sequence[Outcome]:
        """The outcomes of the calls that have ended."""
        outcomes: list[Outcome] = []
        while True:
            try:
                future = self._new.get_nowait()
            except queue.Empty:
                return outcomes
            piece = self._futures.pop(future)
            outcome = self._outcome(piece, future)
            if outcome is None:  # the worker does not have the job
                self._submit(piece, with_job=True)
            else:
                outcomes.append(outcome)

    def _outcome(self, piece: int, future: Any) -> Outcome | None:
        try:
            answer: Answer = future.result()
        except Exception as error:
            return Lost(pieces=(piece,), worker=NAME, error=error)
        if answer.content is None:
            return None
        manifest = self._job.manifest
        total = PartialSum.from_bytes(answer.content, shape=manifest.shape_of(manifest.layout.piece(piece).group))
        return Done(piece=piece, total=total, worker=answer.worker, seconds=answer.seconds)

    def mark_committed(self, pieces: Sequence[int]) -> None:
        """Does nothing."""

    def take_claimed(self) -> Sequence[int]:
        """Returns nothing: calls do not survive their coordinator."""
        return ()

    def num_workers(self) -> int:
        """Workers of the executor that have work."""
        return min(self._workers, len(self._futures))

    def close(self) -> None:
        """Cancels the calls that have not started."""
        for future in list(self._futures):
            future.cancel()


def workers_of(executor: object) -> int:
    """Number of workers of an executor.

    Raises:
        RunError: The executor does not report it.
    """
    for name in ("num_workers", "_max_workers"):
        count = getattr(executor, name, None)
        if isinstance(count, int) and count > 0:
            return count
    raise RunError(f"{type(executor).__name__} does not report its number of workers; give it as workers=")

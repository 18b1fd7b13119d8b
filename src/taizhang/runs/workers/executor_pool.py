"""A pool that is an executor: of `concurrent.futures`, of `mpi4py.futures`, or anything with their `submit`.

Executors know neither who their workers are nor what these have, so a worker that is given a piece of a run it has not
seen says so, and is then sent the job with the piece.
"""

from __future__ import annotations

import queue
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from taizhang.errors import RunError
from taizhang.runs.job import Job
from taizhang.runs.partial_sum import PartialSum
from taizhang.runs.workers.pool import Done, Lost, Outcome, Place
from taizhang.runs.workers.remote import Answer, compute_piece

NAME = "executor"


class Future(Protocol):
    """What `submit` gives."""

    def result(self) -> Any:
        """What the call gave, or raises what it raised."""

    def add_done_callback(self, function: Callable[[Any], object]) -> object:
        """Has a function called when the call is done."""

    def cancel(self) -> object:
        """Takes the call back if it has not begun."""


class Executor(Protocol):
    """What runs calls elsewhere."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future:
        """Has a call made."""


class ExecutorPool:
    """Computes pieces with an executor. The executor is not shut down.

    Args:
        job: The job.
        executor: The executor.
        workers: How many calls it makes at once; asked from the executor by default.
        ring: Called, from any thread, when there is something new.

    Raises:
        RunError: The number of workers was not given, and the executor does not tell it.
    """

    def __init__(self, job: Job, executor: Executor, *, workers: int | None = None, ring: Callable[[], None]) -> None:
        self._job = job
        self._executor = executor
        self._workers = workers or workers_of(executor)
        self._ring = ring
        self._bytes: bytes | None = None
        self._identity = job.manifest.identity
        self._futures: dict[Any, int] = {}
        self._new: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def places(self) -> Sequence[Place]:
        """The executor as a whole, which has as many calls waiting as it has workers."""
        return [Place(name=NAME, free=2 * self._workers - len(self._futures))]

    def give(self, place: Place, pieces: Sequence[int]) -> None:
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
                f"the executor takes no more work ({error}); go on with a new one: what is done is committed"
            ) from error
        self._futures[future] = piece
        future.add_done_callback(self._finished)

    def _finished(self, future: Any) -> None:
        self._new.put(future)
        self._ring()

    def outcomes(self) -> Sequence[Outcome]:
        """What the executor has done."""
        found: list[Outcome] = []
        while True:
            try:
                future = self._new.get_nowait()
            except queue.Empty:
                return found
            piece = self._futures.pop(future)
            outcome = self._outcome(piece, future)
            if outcome is None:
                self._submit(piece, with_job=True)
            else:
                found.append(outcome)

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

    def committed(self, pieces: Sequence[int]) -> None:
        """Nothing is to be done."""

    def claimed(self) -> Sequence[int]:
        """Nothing."""
        return ()

    def num_workers(self) -> int:
        """Workers of the executor, as far as there is work for them."""
        return min(self._workers, len(self._futures))

    def close(self) -> None:
        """Takes back what has not begun."""
        for future in list(self._futures):
            future.cancel()


def workers_of(executor: object) -> int:
    """How many workers an executor has.

    Raises:
        RunError: It does not tell.
    """
    for name in ("num_workers", "_max_workers"):
        count = getattr(executor, name, None)
        if isinstance(count, int) and count > 0:
            return count
    raise RunError(f"{type(executor).__name__} does not tell how many workers it has; give the number as workers=")

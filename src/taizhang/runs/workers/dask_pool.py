"""A worker pool on a Dask cluster, whose workers may come and go and whose scheduler may be replaced.

Dask (https://distributed.dask.org) is optional. It runs the calls and finds the workers, through `dask-jobqueue`,
Kubernetes or by hand. It does not keep results: they are committed to the ledger as they arrive.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from taizhang._optional import optional_module
from taizhang.errors import RunError
from taizhang.runs.job import Job
from taizhang.runs.partial_sum import PartialSum
from taizhang.runs.workers.pool import Done, Lost, Outcome, Slots
from taizhang.runs.workers.remote import Answer, compute_piece

LOOK_SECONDS = 1.0
RETRY_SECONDS = 2.0
CONNECT_SECONDS = 5.0
FETCHED_AT_ONCE = 16
"""Results that are fetched from the cluster at the same time, since each waits for the network."""

CALLS_PER_THREAD = 3
"""One is computed, one waits at the worker, and one is on its way, to cover the latency of the scheduler."""


class DaskPool:
    """Computes pieces on a Dask cluster.

    Args:
        job: The job.
        cluster: Address of the scheduler, such as `tcp://10.0.0.1:8786`, or a `distributed.Client`.
        wake: Called, from any thread, when there are new outcomes.

    Raises:
        MissingPackageError: distributed is not installed.
        RunError: No scheduler answers at the address.
    """

    def __init__(self, job: Job, cluster: Any, *, wake: Callable[[], None]) -> None:
        self._distributed = optional_module("distributed", package="distributed", what_for="working on a Dask cluster")
        self._job = job
        self._wake = wake
        self._external_client = not isinstance(cluster, str)
        self._address = cluster.scheduler.address if self._external_client else cluster
        self._calls: dict[str, tuple[Any, int]] = {}
        self._new: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._bytes: bytes | None = None
        self._threads: dict[str, int] = {}
        self._looked_at = 0.0
        self._pool = ThreadPoolExecutor(FETCHED_AT_ONCE, thread_name_prefix="dask-answers")
        self._client: Any = cluster if self._external_client else None
        if self._client is None and not self._connect():
            raise RunError(
                f"no Dask scheduler answers at '{self._address}'; start one with 'dask scheduler', or "
                "correct the address"
            )
        self._update_workers()

    def slots(self) -> Sequence[Slots]:
        """The slots of the whole cluster: several calls for each thread of its workers."""
        self._update_workers()
        threads = sum(self._threads.values())
        return (
            [Slots(name="dask", free=CALLS_PER_THREAD * threads - len(self._calls))] if self._client is not None else ()
        )

    def _update_workers(self) -> None:
        """Asks the scheduler for its workers; connects again if it was lost."""
        if time.monotonic() - self._looked_at < (LOOK_SECONDS if self._client is not None else RETRY_SECONDS):
            return
        self._looked_at = time.monotonic()
        if self._client is None and not self._connect():
            return
        if self._client.status != "running":
            self._drop_client()
            return
        try:
            self._threads = dict(self._client.nthreads())
        except Exception:  # Dask raises errors of many types when the scheduler is gone
            self._drop_client()

    def _connect(self) -> bool:
        try:
            self._client = self._distributed.Client(self._address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, TimeoutError, asyncio.TimeoutError):  # the last two are one from Python 3.11 on
            return False
        self._external_client = False
        return True

    def _drop_client(self) -> None:
        """The scheduler is gone: its calls are lost; another scheduler may start at the address."""
        client, self._client, self._threads = self._client, None, {}
        for future, _ in list(self._calls.values()):
            self._new.put(future)
        with contextlib.suppress(Exception):
            client.close(timeout=1)
        self._wake()

    def assign(self, slots: Slots, pieces: Sequence[int]) -> None:
        """Submits pieces."""
        for piece in pieces:
            self._submit(piece, with_job=False)

    def _submit(self, piece: int, *, with_job: bool) -> None:
        if with_job and self._bytes is None:
            self._bytes = self._job.to_bytes()
        at_once = max(self._threads.values(), default=1)
        future = self._client.submit(
            compute_piece, self._job.manifest.identity, piece, at_once, self._bytes if with_job else None, pure=False
        )
        self._calls[future.key] = (future, piece)
        future.add_done_callback(self._on_done)

    def _on_done(self, future: Any) -> None:
        self._new.put(future)
        self._wake()

    def outcomes(self) -> Sequence[Outcome]:
        """The outcomes of the calls that have ended."""
        ready = []
        with contextlib.suppress(queue.Empty):
            while True:
                ready.append(self._new.get_nowait())
        calls = [call for future in ready if (call := self._calls.pop(future.key, None)) is not None]
        answers = list(self._pool.map(self._answer, [future for future, _ in calls]))
        outcomes: list[Outcome] = []
        for (_, piece), answer in zip(calls, answers, strict=True):
            outcomes += self._outcome(piece, answer)
        return outcomes

    def _answer(self, future: Any) -> Answer | BaseException | None:
        """What a call returned or raised; None if it was lost. Called from several threads."""
        if self._client is None or future.status not in ("finished", "error"):
            return None
        try:
            answer: Answer = future.result(timeout=CONNECT_SECONDS)
        except (OSError, TimeoutError, asyncio.TimeoutError, self._distributed.CancelledError):
            return None
        except Exception as error:
            return error
        return answer

    def _outcome(self, piece: int, answer: Answer | BaseException | None) -> list[Outcome]:
        if answer is None or isinstance(answer, BaseException):
            return [Lost(pieces=(piece,), worker="dask", error=answer)]
        if answer.content is None:  # the worker does not have the job
            if self._client is None:
                return [Lost(pieces=(piece,), worker="dask")]
            self._submit(piece, with_job=True)
            return []
        manifest = self._job.manifest
        total = PartialSum.from_bytes(answer.content, shape=manifest.shape_of(manifest.layout.piece(piece).group))
        return [Done(piece=piece, total=total, worker=answer.worker, seconds=answer.seconds)]

    def mark_committed(self, pieces: Sequence[int]) -> None:
        """Does nothing."""

    def take_claimed(self) -> Sequence[int]:
        """Returns nothing: calls do not survive their coordinator."""
        return ()

    def num_workers(self) -> int:
        """Threads of the cluster's workers."""
        return sum(self._threads.values())

    def close(self) -> None:
        """Cancels all calls; a client that was passed in stays open."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        if self._client is None:
            return
        with contextlib.suppress(Exception):
            self._client.cancel([future for future, _ in self._calls.values()], force=True)
        if not self._external_client:
            with contextlib.suppress(Exception):
                self._client.close(timeout=5)

"""A worker on a run whose folder it can read: `taizhang work RUN`, which is also what a Slurm array job runs.

A worker computes the pieces that the coordinator assigns to it. Where there is no coordinator, the first worker to
notice becomes the coordinator and computes as well; so a run goes on as long as a single worker lives.
"""

from __future__ import annotations

import contextlib
import os
import platform
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any

from taizhang.errors import RunBusyError, RunError, RunStoppedError
from taizhang.observer import Observer
from taizhang.runs.coordinator import Coordinator
from taizhang.runs.folder import RunFolder
from taizhang.runs.job import Job
from taizhang.runs.lock import COMPLETE, FAILED, RUNNING, CoordinatorLock, is_unlocked, read_heartbeat, this_machine
from taizhang.runs.report.kept import KeptReport
from taizhang.runs.workers.folder_pool import FolderPool
from taizhang.runs.workers.pool import Done, Lost
from taizhang.runs.workers.shared_folder import BEAT_SECONDS, LEFT, SharedFolder
from taizhang.runs.workers.thread_pool import ThreadPool

IDLE_SECONDS, BUSY_SECONDS = 0.02, 0.1
"""Time between two readings of the task, while no piece waits for a thread and while some do."""

TRY_SECONDS = 2.0
"""Time between two readings of the coordinator's heartbeat."""

PATIENCE_SECONDS = 15.0
"""How long the heartbeat of a coordinator on another machine may stop before a worker takes over."""

FORGET_SECONDS = 20.0
"""A piece that was submitted and is still in the task after this time has not arrived; it is computed again."""


class FolderWorker:
    """A worker that shares the folder of a run with its coordinator.

    Args:
        folder: The run.
        job: Its job.
        threads: Threads to use.
        memory_bytes: Memory to use.
        lease_seconds: Lease of other workers when this one becomes the coordinator.
        attached: It belongs to the process that started it: it ends with that one, and never coordinates.
    """

    def __init__(
        self,
        folder: RunFolder,
        job: Job,
        *,
        threads: int,
        memory_bytes: int,
        lease_seconds: float,
        attached: bool = False,
    ) -> None:
        self.name = f"{platform.node()}-{os.getpid()}-{secrets.token_hex(2)}"
        self._folder = folder
        self._job = job
        self._shared = SharedFolder(folder.path, folder.manifest)
        self._threads = threads
        self._memory_bytes = memory_bytes
        self._lease_seconds = lease_seconds
        self._parent = os.getppid() if attached else None
        self._beat = 0
        self._beat_at = -BEAT_SECONDS
        self._submitted: dict[int, float] = {}
        self._last_beat: tuple[object, object] = (None, None)
        self._last_beat_at = time.monotonic()
        self._pool: ThreadPool | None = None

    @property
    def pieces_done(self) -> int:
        """Pieces that this worker has computed."""
        return self._pool.pieces_done if self._pool is not None else 0

    def work(self, *, stop: Callable[[], bool] = lambda: False, observer: Observer | None = None) -> None:
        """Works until the run is complete.

        Raises:
            RunStoppedError: `stop` returned True, or the process that it belongs to is gone.
            RunError: The run failed; the message is that of the coordinator.
        """
        self._pool = ThreadPool(
            self._job, threads=self._threads, memory_bytes=self._memory_bytes, name=self.name, wake=lambda: None
        )
        try:
            while True:
                if self._parent is None and self._coordinate(self._pool, stop, observer):
                    return
                if self._help(self._pool, stop):
                    return
        finally:
            self._pool.close()

    def _coordinate(self, pool: ThreadPool, stop: Callable[[], bool], observer: Observer | None) -> bool:
        """Coordinates the run if no other process does; returns whether it did."""
        try:
            lock = CoordinatorLock(self._folder.path)
        except RunBusyError:
            return False
        self._shared.remove_worker(self.name)
        with contextlib.ExitStack() as stack:
            try:
                kept = stack.enter_context(KeptReport(self._folder, observer))
                coordinator = stack.enter_context(Coordinator(self._folder, lock, stop=stop, observer=kept))
                pool.adopt(coordinator.wake)
                coordinator.add(pool)
                coordinator.add(FolderPool(self._shared, lease_seconds=self._lease_seconds))
            except BaseException as error:
                lock.release(FAILED, str(error))
                raise
            coordinator.run()
        return True

    def _help(self, pool: ThreadPool, stop: Callable[[], bool]) -> bool:
        """Computes what the coordinator assigns; returns True when the run is complete, False if there is none."""
        last_checked = time.monotonic()
        try:
            while True:
                if stop() or (self._parent is not None and os.getppid() != self._parent):
                    raise RunStoppedError(
                        f"stopped after {self.pieces_done} pieces; the run goes on without this worker"
                    )
                self._do_task(pool)
                if time.monotonic() - last_checked >= TRY_SECONDS:
                    last_checked = time.monotonic()
                    heartbeat = read_heartbeat(self._folder.path)
                    if heartbeat.get("state") == COMPLETE:
                        self._shared.remove_worker(self.name)
                        return True
                    if heartbeat.get("state") == FAILED:
                        raise RunError(str(heartbeat.get("message")) or "the run failed")
                    if self._parent is None and self._is_free(heartbeat):
                        return False
                time.sleep(IDLE_SECONDS if pool.num_waiting() < 1 else BUSY_SECONDS)
        except BaseException:
            with contextlib.suppress(RunError):
                self._beat_now(pool, LEFT)
            raise

    def _is_free(self, heartbeat: Mapping[str, Any]) -> bool:
        """Whether no process seems to coordinate the run."""
        beat = (heartbeat.get("name"), heartbeat.get("beat"))
        if beat != self._last_beat:
            self._last_beat, self._last_beat_at = beat, time.monotonic()
        runs_elsewhere = heartbeat.get("state") == RUNNING and heartbeat.get("machine") != this_machine()
        if runs_elsewhere and time.monotonic() - self._last_beat_at < PATIENCE_SECONDS:
            return False
        return is_unlocked(self._folder.path)

    def _do_task(self, pool: ThreadPool) -> None:
        """Submits what is done, starts the new pieces of the task, and drops those no longer in it."""
        for outcome in pool.outcomes():
            if isinstance(outcome, Done):
                self._shared.submit_sum(self.name, outcome.piece, outcome.total, outcome.seconds)
                self._submitted[outcome.piece] = time.monotonic()
            elif isinstance(outcome, Lost) and outcome.error is not None:
                self._shared.submit_error(self.name, outcome.pieces[0], str(outcome.error))
                raise outcome.error  # else it would fail at one piece after the other
        if time.monotonic() - self._beat_at >= BEAT_SECONDS:
            self._beat_now(pool)
        task = {piece for piece in self._shared.task_of(self.name).get("pieces", ()) if isinstance(piece, int)}
        too_old = time.monotonic() - FORGET_SECONDS
        self._submitted = {piece: at for piece, at in self._submitted.items() if piece in task and at > too_old}
        new = sorted(task - pool.held - self._submitted.keys())
        if new:
            pool.assign(pool.slots()[0], new)
        pool.drop([piece for piece in pool.held if piece not in task])

    def _beat_now(self, pool: ThreadPool, state: str = "working") -> None:
        """Writes a heartbeat."""
        self._beat += 1
        self._beat_at = time.monotonic()
        self._shared.write_heartbeat(
            self.name,
            beat=self._beat,
            capacity=2 * pool.workers,
            workers=pool.workers,
            holds=sorted(pool.held),
            state=state,
        )

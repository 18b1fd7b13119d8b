"""One more worker on a run whose folder it sees: `taizhang work RUN`, which is also what a Slurm array job runs.

A worker does what the coordinator gives it. Where there is no coordinator, the first worker to notice becomes it, and
works as well; so a run goes on as long as a single worker lives.
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
from taizhang.runs.coordinator import Coordinator, Watcher
from taizhang.runs.folder import RunFolder
from taizhang.runs.job import Job
from taizhang.runs.lock import COMPLETE, FAILED, RUNNING, CoordinatorLock, is_unlocked, read_sign, this_machine
from taizhang.runs.report.kept import KeptReport
from taizhang.runs.workers.folder_pool import FolderPool
from taizhang.runs.workers.pool import Done, Lost
from taizhang.runs.workers.shared_folder import BEAT_SECONDS, LEFT, SharedFolder
from taizhang.runs.workers.thread_pool import ThreadPool

IDLE_SECONDS, BUSY_SECONDS = 0.02, 0.1
TRY_SECONDS = 2.0
PATIENCE_SECONDS = 15.0
"""How long the sign of a coordinator on another machine may stand still."""

FORGET_SECONDS = 20.0
"""A piece that was handed in and is still wanted after so long did not arrive."""


class FolderWorker:
    """A worker that shares the folder of a run with its coordinator.

    Args:
        folder: The run.
        job: Its job.
        threads: Threads to use.
        memory_bytes: Memory to use.
        lease_seconds: For when it becomes the coordinator.
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
        self._beaten = -BEAT_SECONDS
        self._handed_in: dict[int, float] = {}
        self._sign: tuple[object, object] = (None, None)
        self._sign_since = time.monotonic()
        self._pool: ThreadPool | None = None

    @property
    def pieces_done(self) -> int:
        """Pieces that this worker has computed."""
        return self._pool.pieces_done if self._pool is not None else 0

    def work(self, *, stop: Callable[[], bool] = lambda: False, watcher: Watcher | None = None) -> None:
        """Works until the run is complete.

        Raises:
            RunStoppedError: It was told to stop, or the process that it belongs to is gone.
            RunError: The run failed; says why.
        """
        self._pool = ThreadPool(
            self._job, threads=self._threads, memory_bytes=self._memory_bytes, name=self.name, ring=lambda: None
        )
        try:
            while True:
                if self._parent is None and self._coordinate(self._pool, stop, watcher):
                    return
                if self._help(self._pool, stop):
                    return
        finally:
            self._pool.close()

    def _coordinate(self, pool: ThreadPool, stop: Callable[[], bool], watcher: Watcher | None) -> bool:
        """Coordinates the run, if nobody does; says whether it did."""
        try:
            lock = CoordinatorLock(self._folder.path)
        except RunBusyError:
            return False
        self._shared.say_goodbye(self.name)
        with contextlib.ExitStack() as stack:
            try:
                kept = stack.enter_context(KeptReport(self._folder, watcher))
                coordinator = stack.enter_context(Coordinator(self._folder, lock, stop=stop, watcher=kept))
                pool.adopt(coordinator.ring)
                coordinator.add(pool)
                coordinator.add(FolderPool(self._shared, lease_seconds=self._lease_seconds))
            except BaseException as error:
                lock.release(FAILED, str(error))
                raise
            coordinator.run()
        return True

    def _help(self, pool: ThreadPool, stop: Callable[[], bool]) -> bool:
        """Does what a coordinator gives; says whether the run is complete, False where there is none to help."""
        tried = time.monotonic()
        try:
            while True:
                if stop() or (self._parent is not None and os.getppid() != self._parent):
                    raise RunStoppedError(
                        f"stopped after {self.pieces_done} pieces; the run goes on without this worker"
                    )
                self._do_task(pool)
                if time.monotonic() - tried >= TRY_SECONDS:
                    tried = time.monotonic()
                    sign = read_sign(self._folder.path)
                    if sign.get("state") == COMPLETE:
                        self._shared.say_goodbye(self.name)
                        return True
                    if sign.get("state") == FAILED:
                        raise RunError(str(sign.get("message")) or "the run failed")
                    if self._parent is None and self._is_free(sign):
                        return False
                time.sleep(IDLE_SECONDS if pool.num_waiting() < 1 else BUSY_SECONDS)
        except BaseException:
            with contextlib.suppress(RunError):
                self._say(pool, LEFT)
            raise

    def _is_free(self, sign: Mapping[str, Any]) -> bool:
        """Whether nobody coordinates, as far as that can be seen."""
        mark = (sign.get("name"), sign.get("beat"))
        if mark != self._sign:
            self._sign, self._sign_since = mark, time.monotonic()
        counts_elsewhere = sign.get("state") == RUNNING and sign.get("machine") != this_machine()
        if counts_elsewhere and time.monotonic() - self._sign_since < PATIENCE_SECONDS:
            return False
        return is_unlocked(self._folder.path)

    def _do_task(self, pool: ThreadPool) -> None:
        """Takes up what is new in the task, drops what is no longer in it, hands in what is done."""
        for outcome in pool.outcomes():
            if isinstance(outcome, Done):
                self._shared.hand_in(self.name, outcome.piece, outcome.total, outcome.seconds)
                self._handed_in[outcome.piece] = time.monotonic()
            elif isinstance(outcome, Lost) and outcome.error is not None:
                self._shared.hand_in_error(self.name, outcome.pieces[0], str(outcome.error))
                raise outcome.error  # else it would take one piece after the other, and fail at each
        if time.monotonic() - self._beaten >= BEAT_SECONDS:
            self._say(pool)
        wanted = {piece for piece in self._shared.task_of(self.name).get("pieces", ()) if isinstance(piece, int)}
        too_old = time.monotonic() - FORGET_SECONDS
        self._handed_in = {piece: at for piece, at in self._handed_in.items() if piece in wanted and at > too_old}
        fresh = sorted(wanted - pool.held - self._handed_in.keys())
        if fresh:
            pool.give(pool.places()[0], fresh)
        pool.drop([piece for piece in pool.held if piece not in wanted])

    def _say(self, pool: ThreadPool, state: str = "working") -> None:
        self._beat += 1
        self._beaten = time.monotonic()
        self._shared.say_hello(
            self.name,
            beat=self._beat,
            capacity=2 * pool.workers,
            workers=pool.workers,
            holds=sorted(pool.held),
            state=state,
        )

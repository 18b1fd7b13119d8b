"""Doing a run with whatever workers there are: threads of this process, other processes, a cluster."""

from __future__ import annotations

import contextlib
import os
import platform
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from taizhang._types import ComplexArray
from taizhang.runs.coordinator import Coordinator, Watcher
from taizhang.runs.dask_crew import DaskCrew
from taizhang.runs.executor_crew import Executor, ExecutorCrew
from taizhang.runs.folder import RunFolder
from taizhang.runs.folder_crew import DEFAULT_LEASE_SECONDS, FolderCrew
from taizhang.runs.job import Job
from taizhang.runs.kept_report import KeptReport
from taizhang.runs.ledger import Ledger
from taizhang.runs.local_workers import LocalWorkers
from taizhang.runs.lock import CoordinatorLock
from taizhang.runs.repair import repair
from taizhang.runs.shared_folder import SharedFolder
from taizhang.runs.thread_crew import ThreadCrew
from taizhang.runs.values import values_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Workforce:
    """Who is to work on a run.

    Attributes:
        threads: Threads of this process, or of all local processes together.
        memory_bytes: Memory for all of them.
        processes: So many processes on this machine compute, instead of threads of this one.
        executor: An executor computes instead, such as one of `concurrent.futures` or `mpi4py.futures`.
        executor_workers: How many workers it has; asked from it by default.
        cluster: A Dask cluster computes instead: the address of its scheduler, or a `distributed.Client`.
        lease_seconds: How long a worker that shares the folder may be silent before its pieces go to others.
    """

    threads: int
    memory_bytes: int
    processes: int = 0
    executor: Executor | None = None
    executor_workers: int | None = None
    cluster: Any = None
    lease_seconds: float = DEFAULT_LEASE_SECONDS

    def join(self, coordinator: Coordinator, folder: RunFolder, job: Job) -> None:
        """Lets all who are to work join."""
        shared = SharedFolder(folder.path, folder.manifest)
        coordinator.add(FolderCrew(shared, lease_seconds=self.lease_seconds))
        if self.cluster is not None:
            coordinator.add(DaskCrew(job, self.cluster, ring=coordinator.ring))
            return
        if self.executor is not None:
            executor = ExecutorCrew(job, self.executor, workers=self.executor_workers, ring=coordinator.ring)
            coordinator.add(executor)
            return
        if self.processes:
            workers = LocalWorkers(
                folder.path,
                count=self.processes,
                threads=max(self.threads // self.processes, 1),
                memory_bytes=self.memory_bytes // self.processes,
            )
            coordinator.add(workers)
            return
        name = f"{platform.node()}-{os.getpid()}"
        crew = ThreadCrew(job, threads=self.threads, memory_bytes=self.memory_bytes, name=name, ring=coordinator.ring)
        coordinator.add(crew)


def go_on(
    folder: RunFolder,
    workforce: Workforce,
    *,
    stop: Callable[[], bool] = lambda: False,
    watcher: Watcher | None = None,
) -> ComplexArray:
    """Goes on with a run until it is complete.

    Args:
        folder: The run.
        workforce: Who is to work on it.
        stop: Asked often; the run stops when it says True.
        watcher: Is told of the progress.

    Returns:
        The values, complex128, shape (contractions, elements of each).

    Raises:
        RunStoppedError: It was told to stop.
        RunError: It cannot go on.
        LimitError: A piece does not fit in the memory.
        NumericalError: A NaN or an infinity appeared.
    """
    job = folder.job()
    if not is_complete(folder):
        lock = CoordinatorLock(folder.path)
        with contextlib.ExitStack() as stack:
            kept = stack.enter_context(KeptReport(folder, watcher))
            try:
                coordinator = stack.enter_context(Coordinator(folder, lock, stop=stop, watcher=kept))
                workforce.join(coordinator, folder, job)
            except BaseException as error:
                lock.release("failed", str(error))
                raise
            coordinator.run()
    return values_of(folder)


def is_complete(folder: RunFolder) -> bool:
    """Whether all pieces of a run are done.

    Raises:
        RunDamagedError: The ledger is damaged.
    """
    with Ledger(folder.ledger_path, folder.manifest) as ledger:
        return ledger.num_groups_done() == ledger.groups_wanted()


def repair_run(folder: RunFolder) -> tuple[int, int]:
    """Replaces a damaged ledger by what in it is right; see `taizhang.runs.repair.repair`.

    Returns:
        Pieces saved, and rows given up.

    Raises:
        RunBusyError: Another process coordinates the run.
        RunDamagedError: A file other than the ledger is damaged, which cannot be mended.
    """
    folder.check_files()
    lock = CoordinatorLock(folder.path)
    try:
        return repair(folder.ledger_path, folder.manifest)
    finally:
        lock.release("stopped")

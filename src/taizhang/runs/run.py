"""Doing a run with whatever workers there are: threads of this process, other processes, a cluster."""

from __future__ import annotations

import contextlib
import os
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

from taizhang.errors import UsageError
from taizhang.options import Option, optional, read_options, time_span, whole
from taizhang.runs.coordinator import Coordinator, Watcher
from taizhang.runs.folder import RunFolder
from taizhang.runs.job import Job
from taizhang.runs.ledger import Ledger
from taizhang.runs.lock import CoordinatorLock
from taizhang.runs.repair import repair
from taizhang.runs.report.kept import KeptReport
from taizhang.runs.signals import stop_on_signals
from taizhang.runs.values import values_of
from taizhang.runs.workers.dask_pool import DaskPool
from taizhang.runs.workers.executor_pool import Executor, ExecutorPool
from taizhang.runs.workers.folder_pool import DEFAULT_LEASE_SECONDS, FolderPool
from taizhang.runs.workers.local_workers import LocalWorkers
from taizhang.runs.workers.shared_folder import SharedFolder
from taizhang.runs.workers.thread_pool import ThreadPool
from taizhang.settings import Settings
from taizhang.tasks.assembly import Values

_as_given = optional(lambda given: given)
WORKFORCE = (
    Option(
        name="workers",
        read=optional(whole(0)),
        wanted="a whole number from 0",
        default_help="threads of this one",
        metavar="N",
        help="Compute in this many processes; with an executor, how many workers it has",
        group="Workers",
        from_text=int,
    ),
    Option(
        name="executor",
        read=_as_given,
        wanted="an executor",
        metavar=None,
        help="Compute with an executor, such as one of `concurrent.futures` or `mpi4py.futures`",
        group="Workers",
        in_shell=False,
    ),
    Option(
        name="cluster",
        read=_as_given,
        wanted="an address",
        metavar="ADDRESS",
        help="Compute on a Dask cluster: the address of its scheduler, such as tcp://10.0.0.1:8786 (in Python also a "
        "`distributed.Client`)",
        group="Workers",
    ),
    Option(
        name="lease",
        read=time_span,
        wanted="a length of time, a number with a unit such as 30s, 10m or 2h",
        default=f"{DEFAULT_LEASE_SECONDS:.0f}s",
        metavar="TIME",
        help="How long a worker that shares the folder may be silent before its pieces go to others",
        group="Workers",
    ),
)


class WorkforceKeywords(TypedDict, total=False):
    """Who is to work on a run, as keywords."""

    workers: int | None
    executor: Executor | None
    cluster: Any
    lease: str | float


@dataclass(frozen=True, slots=True, kw_only=True)
class Workforce:
    """Who is to work on a run.

    Attributes:
        threads: Threads of this process, or of all local processes together.
        memory_bytes: Memory for all of them.
        processes: This many processes on this machine compute, instead of threads of this one.
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
        coordinator.add(FolderPool(shared, lease_seconds=self.lease_seconds))
        if self.cluster is not None:
            coordinator.add(DaskPool(job, self.cluster, ring=coordinator.ring))
            return
        if self.executor is not None:
            executor = ExecutorPool(job, self.executor, workers=self.executor_workers, ring=coordinator.ring)
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
        pool = ThreadPool(job, threads=self.threads, memory_bytes=self.memory_bytes, name=name, ring=coordinator.ring)
        coordinator.add(pool)


def go_on(
    folder: RunFolder,
    workforce: Workforce,
    *,
    stop: Callable[[], bool] = lambda: False,
    watcher: Watcher | None = None,
) -> Values:
    """Goes on with a run until it is complete.

    Args:
        folder: The run.
        workforce: Who is to work on it.
        stop: Asked often; the run stops when it says True.
        watcher: Is told of the progress.

    Returns:
        For each plan the values of its contractions, complex128, shape (contractions, elements of each): all, or of
        the last plan as many as are enough.

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


def complete_run(folder: RunFolder, workforce: Workforce, watcher: Watcher | None = None) -> Any:
    """Goes on with a run until it is complete, or a signal tells this process to end; assembles its answer.

    Raises:
        RunStoppedError: A signal came; what is done is committed.
        RunError: It cannot go on.
    """
    with stop_on_signals() as stop:
        return folder.assembly().answer(go_on(folder, workforce, stop=stop, watcher=watcher))


def workforce_of(settings: Settings, workforce: Workforce | None, keywords: Mapping[str, Any]) -> Workforce:
    """Who works on a run, whether that was given whole or by keywords.

    Args:
        settings: The common options, whose threads and memory are used.
        workforce: The whole, or None.
        keywords: Keywords of a function, of which those of a workforce are taken.

    Raises:
        UsageError: They were given in both ways, or one has a value that it cannot have.
    """
    single = {row.name: keywords[row.name] for row in WORKFORCE if row.name in keywords}
    if workforce is not None:
        if single:
            raise UsageError(f"{', '.join(single)} was given beside workforce; give one of the two")
        return workforce
    read = read_options(WORKFORCE, single)
    executor, workers = read["executor"], read["workers"]
    return Workforce(
        threads=settings.threads,
        memory_bytes=settings.free_bytes(),
        processes=0 if workers is None or executor is not None else workers,
        executor=executor,
        executor_workers=workers if executor is not None else None,
        cluster=read["cluster"],
        lease_seconds=read["lease"],
    )


def own_workforce(settings: Settings) -> Workforce:
    """The threads and the memory of this process alone."""
    return Workforce(threads=settings.threads, memory_bytes=settings.free_bytes())


def run_here(folder: RunFolder, settings: Settings) -> Any:
    """Completes a run with the threads and the memory of this process; gives its answer as the Python API does."""
    return folder.assembly().plain(complete_run(folder, own_workforce(settings)))


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

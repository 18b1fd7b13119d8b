"""Carries out a run with threads of this process, other processes, an executor or a cluster."""

from __future__ import annotations

import contextlib
import os
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

from taizhang.errors import UsageError
from taizhang.observer import Observer
from taizhang.options import Option, optional, read_options, time_span, whole
from taizhang.runs.coordinator import Coordinator
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

_unchecked = optional(lambda value: value)
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
        read=_unchecked,
        wanted="an executor",
        metavar=None,
        help="Compute with an executor, such as one of `concurrent.futures` or `mpi4py.futures`",
        group="Workers",
        in_shell=False,
    ),
    Option(
        name="cluster",
        read=_unchecked,
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
    """The workers of a run, as keywords."""

    workers: int | None
    executor: Executor | None
    cluster: Any
    lease: str | float


@dataclass(frozen=True, slots=True, kw_only=True)
class Workforce:
    """The workers of a run.

    Attributes:
        threads: Threads of this process, or of all local processes together.
        memory_bytes: Memory for all of them.
        processes: This many processes on this machine compute, instead of threads of this one.
        executor: An executor computes instead, such as one of `concurrent.futures` or `mpi4py.futures`.
        executor_workers: Number of its workers; by default as the executor reports it.
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
        """Adds the worker pools to a coordinator."""
        shared = SharedFolder(folder.path, folder.manifest)
        coordinator.add(FolderPool(shared, lease_seconds=self.lease_seconds))
        if self.cluster is not None:
            coordinator.add(DaskPool(job, self.cluster, wake=coordinator.wake))
            return
        if self.executor is not None:
            executor = ExecutorPool(job, self.executor, workers=self.executor_workers, wake=coordinator.wake)
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
        pool = ThreadPool(job, threads=self.threads, memory_bytes=self.memory_bytes, name=name, wake=coordinator.wake)
        coordinator.add(pool)


def continue_run(
    folder: RunFolder,
    workforce: Workforce,
    *,
    stop: Callable[[], bool] = lambda: False,
    observer: Observer | None = None,
) -> Values:
    """Continues a run until it is complete.

    Args:
        folder: The run.
        workforce: Its workers.
        stop: Called often; the run stops when it returns True.
        observer: Receives progress updates.

    Returns:
        For each plan the values of its contractions, complex128, shape (contractions, elements of each): all, or of
        the last plan as many as the stopping rule requires.

    Raises:
        RunStoppedError: `stop` returned True.
        RunError: The run cannot continue.
        LimitError: A piece does not fit in the memory.
        NumericalError: A NaN or an infinity appeared.
    """
    job = folder.job()
    if not is_complete(folder):
        lock = CoordinatorLock(folder.path)
        with contextlib.ExitStack() as stack:
            kept = stack.enter_context(KeptReport(folder, observer))
            try:
                coordinator = stack.enter_context(Coordinator(folder, lock, stop=stop, observer=kept))
                workforce.join(coordinator, folder, job)
            except BaseException as error:
                lock.release("failed", str(error))
                raise
            coordinator.run()
    return values_of(folder)


def complete_run(folder: RunFolder, workforce: Workforce, observer: Observer | None = None) -> Any:
    """Continues a run until it is complete or a signal ends this process; assembles its answer.

    Raises:
        RunStoppedError: A signal was received; what is done is committed.
        RunError: The run cannot continue.
    """
    with stop_on_signals() as stop:
        return folder.assembly().answer(continue_run(folder, workforce, stop=stop, observer=observer))


def workforce_of(settings: Settings, workforce: Workforce | None, keywords: Mapping[str, Any]) -> Workforce:
    """The workers of a run, given as one value or by keywords.

    Args:
        settings: The common options, whose threads and memory are used.
        workforce: The value, or None.
        keywords: Keywords of a function; those in `WORKFORCE` are used.

    Raises:
        UsageError: They were given in both ways, or a value is not valid.
    """
    given = {row.name: keywords[row.name] for row in WORKFORCE if row.name in keywords}
    if workforce is not None:
        if given:
            raise UsageError(f"workforce and {', '.join(given)} cannot be given together; give one of the two")
        return workforce
    read = read_options(WORKFORCE, given)
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
    """Completes a run with the threads and the memory of this process; returns its answer as the Python API does."""
    return folder.assembly().plain(complete_run(folder, own_workforce(settings)))


def is_complete(folder: RunFolder) -> bool:
    """Whether all pieces of a run are done.

    Raises:
        RunDamagedError: The ledger is damaged.
    """
    with Ledger(folder.ledger_path, folder.manifest) as ledger:
        return ledger.num_groups_done() == ledger.groups_wanted()


def repair_run(folder: RunFolder) -> tuple[int, int]:
    """Replaces a damaged ledger by one with its valid rows; see `taizhang.runs.repair.repair`.

    Returns:
        Number of pieces saved, and of rows lost.

    Raises:
        RunBusyError: Another process coordinates the run.
        RunDamagedError: A file other than the ledger is damaged, which cannot be repaired.
    """
    folder.check_files()
    lock = CoordinatorLock(folder.path)
    try:
        return repair(folder.ledger_path, folder.manifest)
    finally:
        lock.release("stopped")

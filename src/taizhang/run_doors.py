"""Long runs from Python, in the words of the command line: run, resume, work, status, verify, report.

All but `status` and `report` take the options described in `taizhang.settings` as keywords.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from taizhang._arguments import (
    BitstringsLike,
    check_circuit,
    check_directory,
    check_plan,
    is_one_bitstring,
    read_bitstrings,
    read_qubits,
)
from taizhang._types import ComplexArray
from taizhang._units import parse_time
from taizhang.circuit.bitstring import BitstringLike, read_bitstring
from taizhang.circuit.circuit import Circuit
from taizhang.doors import Options
from taizhang.long_runs import DEFAULT_PIECE_TIME, completed, prepare_run, result_of, xeb_of
from taizhang.observer import Observer
from taizhang.plan.plan_file import Plan
from taizhang.results.xeb import Xeb
from taizhang.runs.coordinator import Watcher
from taizhang.runs.executor_crew import Executor
from taizhang.runs.folder import RunFolder
from taizhang.runs.folder_crew import DEFAULT_LEASE_SECONDS
from taizhang.runs.manifest import SAMPLES, XEB
from taizhang.runs.report import report_of
from taizhang.runs.run import Workforce, is_complete, repair_run
from taizhang.runs.sample_task import all_samples
from taizhang.runs.signals import stop_on_signals
from taizhang.runs.status import RunStatus, status_of
from taizhang.runs.verify import Verification
from taizhang.runs.verify import verify as verify_run
from taizhang.runs.work import FolderWorker
from taizhang.samplers.sampler import Bits
from taizhang.settings import Settings

if TYPE_CHECKING:
    from typing_extensions import Unpack

Directory: TypeAlias = str | os.PathLike[str]


def run(
    circuit: Circuit,
    bitstrings: BitstringLike | BitstringsLike,
    *,
    directory: Directory,
    open_qubits: Sequence[int] = (),
    plan: Plan | None = None,
    piece_time: str | float = DEFAULT_PIECE_TIME,
    workers: int | None = None,
    executor: Executor | None = None,
    cluster: Any = None,
    lease: str | float = DEFAULT_LEASE_SECONDS,
    observer: Observer | None = None,
    watcher: Watcher | None = None,
    **options: Unpack[Options],
) -> complex | ComplexArray:
    """Makes a long run in a folder and does it; whatever ends it, `resume` goes on.

    Args:
        circuit: The circuit.
        bitstrings: A bitstring, or several, qubit 0 first.
        directory: The folder, new or empty.
        open_qubits: Qubits left open.
        plan: A plan made before; searched where none is given.
        piece_time: How long a piece of the work should take one thread.
        workers: Compute in so many processes instead of threads; with `executor`, how many workers that has.
        executor: Compute with an executor, such as one of `concurrent.futures` or `mpi4py.futures`.
        cluster: Compute on a Dask cluster: the address of its scheduler, or a `distributed.Client`.
        lease: How long a worker that shares the folder may be silent before its pieces go to others.
        observer: Is told of building and planning.
        watcher: Is told of the progress of the run.
        options: See `taizhang.settings`.

    Returns:
        A complex number for one bitstring without open qubits, otherwise an array with an axis for the bitstrings, if
        several were given, and one of length 2 for each open qubit.

    Raises:
        RunError: There is something in the folder, or it cannot be used.
        RunStoppedError: A signal told this process to end; what is done is committed.
        CircuitError: A bitstring or an open qubit does not fit the circuit.
        LimitError: The work does not fit the limits.

    Example:
        >>> import tempfile
        >>> bell = Circuit(2).append("h", 0).append("cx", 0, 1)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     round(abs(run(bell, "11", directory=folder, threads=1)) ** 2, 6)
        0.5
    """
    circuit, plan, directory = check_circuit(circuit), check_plan(plan), check_directory(directory)
    open_qubits, single = read_qubits(open_qubits, name="open_qubits"), is_one_bitstring(bitstrings)
    asked = [read_bitstring(bitstrings)] if single else read_bitstrings(bitstrings)
    settings = Settings.checked(**options)
    folder = prepare_run(
        directory,
        circuit,
        asked,
        settings,
        open_qubits=open_qubits,
        plan=plan,
        piece_seconds=parse_time(piece_time),
        observer=observer,
    )
    values = _amplitudes(folder, _workforce(settings, workers, executor, cluster, lease), watcher)
    if not single:
        return values
    return values[0] if open_qubits else complex(values[0])


def resume(
    directory: Directory,
    *,
    workers: int | None = None,
    executor: Executor | None = None,
    cluster: Any = None,
    lease: str | float = DEFAULT_LEASE_SECONDS,
    repair: bool = False,
    watcher: Watcher | None = None,
    **options: Unpack[Options],
) -> ComplexArray | Xeb | Bits:
    """Goes on with a run until it is complete; one that is complete is only read.

    Args:
        directory: The run's folder.
        workers: As for `run`.
        executor: As for `run`.
        cluster: As for `run`.
        lease: As for `run`.
        repair: Save what is right in a damaged ledger first.
        watcher: Is told of the progress.
        options: See `taizhang.settings`.

    Returns:
        The amplitudes: an axis for the bitstrings, and one of length 2 for each open qubit. The cross entropy, or the
        samples, where the run is for these.

    Raises:
        RunError: There is no run, it is damaged, or somebody else coordinates it.
        RunStoppedError: A signal told this process to end; what is done is committed.
    """
    settings = Settings.checked(**options)
    folder = RunFolder.open(check_directory(directory))
    if repair:
        repair_run(folder)
    workforce = _workforce(settings, workers, executor, cluster, lease)
    kind = folder.manifest.task["kind"]
    if kind == XEB:
        return xeb_of(folder, completed(folder, workforce, watcher))
    if kind == SAMPLES:
        return all_samples(folder.manifest, completed(folder, workforce, watcher))
    return _amplitudes(folder, workforce, watcher)


def work(directory: Directory, *, lease: str | float = DEFAULT_LEASE_SECONDS, **options: Unpack[Options]) -> None:
    """Works on a run, with whoever else does so in its folder, until it is complete.

    Args:
        directory: The run's folder.
        lease: How long others may be silent, should this worker coordinate the run.
        options: See `taizhang.settings`.

    Raises:
        RunError: There is no run, or it failed.
        RunStoppedError: A signal told this process to end.
    """
    settings = Settings.checked(**options)
    folder = RunFolder.open(check_directory(directory))
    if is_complete(folder):
        return
    worker = FolderWorker(
        folder,
        folder.job(),
        threads=settings.threads,
        memory_bytes=settings.free_bytes(),
        lease_seconds=parse_time(lease),
    )
    with stop_on_signals() as stop:
        worker.work(stop=stop)


def status(directory: Directory) -> RunStatus:
    """Tells where a run stands, changing nothing; printing it shows what people want to know.

    Raises:
        RunError: There is no run, or it is damaged.
    """
    return status_of(RunFolder.open(check_directory(directory)))


def verify(directory: Directory, *, pieces: int = 3, precise: bool = True, **options: Unpack[Options]) -> Verification:
    """Checks a run: all hashes, all checksums, and some pieces computed again.

    Args:
        directory: The run's folder.
        pieces: How many pieces to compute again.
        precise: Measure rounding errors by computing them in double precision as well.
        options: See `taizhang.settings`; `seed` chooses the pieces.

    Returns:
        What was found; its `record` is for others to check.

    Raises:
        RunError: The run is damaged, or a piece gives another value.
    """
    settings = Settings.checked(**options)
    with stop_on_signals() as stop:
        return verify_run(
            RunFolder.open(check_directory(directory)),
            pieces=pieces,
            seed=settings.seed,
            precise=precise,
            threads=settings.threads,
            memory_bytes=settings.free_bytes(),
            stop=stop,
        )


def report(directory: Directory, path: Directory | None = None) -> Path:
    """Writes a page about a run, HTML that holds all of its pictures.

    Args:
        directory: The run's folder.
        path: Where to; `report.html` in the folder by default.

    Returns:
        Where it was written.

    Raises:
        RunError: There is no run, or it is damaged.
        OSError: The page cannot be written.
    """
    folder = RunFolder.open(check_directory(directory))
    target = Path(path) if path is not None else folder.path / "report.html"
    target.write_text(report_of(folder), encoding="utf-8")
    return target


def _workforce(
    settings: Settings, workers: int | None, executor: Executor | None, cluster: Any, lease: str | float
) -> Workforce:
    return Workforce(
        threads=settings.threads,
        memory_bytes=settings.free_bytes(),
        processes=0 if workers is None or executor is not None else workers,
        executor=executor,
        executor_workers=workers if executor is not None else None,
        cluster=cluster,
        lease_seconds=parse_time(lease),
    )


def _amplitudes(folder: RunFolder, workforce: Workforce, watcher: Watcher | None) -> ComplexArray:
    return result_of(folder, completed(folder, workforce, watcher), {}).values

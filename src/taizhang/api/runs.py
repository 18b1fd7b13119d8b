"""The public functions for resumable runs: run, resume, work, status, verify, report; they mirror the command line.

All but `status` and `report` accept keywords from the tables `taizhang.settings.OPTIONS` and
`taizhang.runs.run.WORKFORCE`, each only those that it uses.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from taizhang._files import check_output, write_file
from taizhang._types import ComplexArray
from taizhang._units import parse_time
from taizhang.api.arguments import (
    BitstringsLike,
    check_circuit,
    check_directory,
    check_plan,
    is_one_bitstring,
    read_bitstrings,
    read_qubits,
)
from taizhang.api.energies import FloatArray, ObservableLike, read_observable_list
from taizhang.circuit.bitstring import BitstringLike, read_bitstring
from taizhang.circuit.circuit import Circuit
from taizhang.errors import UsageError
from taizhang.observer import Observer
from taizhang.options import explicit_options
from taizhang.plan.plan import Plan
from taizhang.progress.display import shows_progress
from taizhang.runs.folder import RunFolder
from taizhang.runs.report.report import REPORT, report_of
from taizhang.runs.report.status import RunStatus, status_of
from taizhang.runs.run import (
    WORKFORCE,
    Workforce,
    WorkforceKeywords,
    complete_run,
    is_complete,
    repair_run,
    workforce_of,
)
from taizhang.runs.signals import stop_on_signals
from taizhang.runs.start import DEFAULT_PIECE_TIME, start_run
from taizhang.runs.verify import Verification
from taizhang.runs.verify import verify as verify_run
from taizhang.runs.workers.work import FolderWorker
from taizhang.settings import OPTIONS, Options, ResourceOptions, VerifyOptions, settings_of
from taizhang.tasks.amplitudes import AmplitudesTask
from taizhang.tasks.expectation import ExpectationTask

if TYPE_CHECKING:
    from typing_extensions import Unpack

Directory: TypeAlias = str | os.PathLike[str]


class RunKeywords(Options, WorkforceKeywords, total=False):
    """Keywords of `run`."""


class ResumeKeywords(ResourceOptions, WorkforceKeywords, total=False):
    """Keywords of `resume`."""


class WorkKeywords(ResourceOptions, total=False):
    """Keywords of `work`."""

    lease: str | float


@shows_progress
@explicit_options(RunKeywords, OPTIONS, WORKFORCE)
def run(
    circuit: Circuit,
    bitstrings: BitstringLike | BitstringsLike | None = None,
    *,
    directory: Directory,
    observables: ObservableLike | Sequence[ObservableLike] | None = None,
    open_qubits: Sequence[int] = (),
    plan: Plan | None = None,
    piece_time: str | float = DEFAULT_PIECE_TIME,
    workforce: Workforce | None = None,
    observer: Observer | None = None,
    **options: Unpack[RunKeywords],
) -> float | complex | FloatArray | ComplexArray:
    """Starts a resumable run in a folder and completes it; after any interruption, `resume` continues it.

    Args:
        circuit: The circuit.
        bitstrings: A bitstring, or several, qubit 0 first, whose amplitudes are computed.
        directory: The folder, new or empty.
        observables: Instead of bitstrings: an observable or a list of them, as `expectation` takes them.
        open_qubits: Qubits left open.
        plan: An existing plan; searched if not given.
        piece_time: Time that a piece of the work should take on one thread.
        workforce: The workers, as one value instead of the options below.
        observer: Receives progress updates.
        options: See `taizhang.settings.OPTIONS` and `taizhang.runs.run.WORKFORCE`.

    Returns:
        A complex number for one bitstring without open qubits; otherwise an array with an axis for the bitstrings, if
        several were given, and one of length 2 for each open qubit. For observables, what `expectation` returns.

    Raises:
        RunError: The folder is not empty, or cannot be used.
        RunStoppedError: A signal stopped this process; finished pieces are committed.
        CircuitError: A bitstring, an open qubit or an observable does not fit the circuit.
        LimitError: The work does not fit the limits.
        UsageError: Neither bitstrings nor observables were given, or both.

    Example:
        >>> import tempfile
        >>> bell = Circuit(2).append("h", 0).append("cx", 0, 1)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     round(abs(run(bell, "11", directory=folder, threads=1)) ** 2, 6)
        0.5
    """
    # Stage 1: the question.
    circuit, plan, directory = check_circuit(circuit), check_plan(plan), check_directory(directory)
    settings = settings_of(run, options)
    task: AmplitudesTask | ExpectationTask
    if observables is None:
        if bitstrings is None:
            raise UsageError("no bitstring was given; give bitstrings, or observables")
        opened, single = read_qubits(open_qubits, name="open_qubits"), is_one_bitstring(bitstrings)
        requested = [read_bitstring(bitstrings)] if single else read_bitstrings(bitstrings)
        task = AmplitudesTask(circuit=circuit, bitstrings=tuple(requested), open_qubits=opened)
    else:
        if bitstrings is not None or plan is not None or len(open_qubits):
            raise UsageError("a run computes amplitudes or observables; leave bitstrings, open_qubits and plan out")
        asked, single = read_observable_list(observables)
        task = ExpectationTask(circuit=circuit, observables=asked)
    # Stage 2: the run.
    folder = start_run(
        directory,
        task,
        settings,
        plan=plan,
        piece_seconds=parse_time(piece_time, called="piece_time"),
        observer=observer,
    )
    answer = complete_run(folder, workforce_of(settings, workforce, options), observer)
    values: FloatArray | ComplexArray = folder.assembly().plain(answer)
    if not single:
        return values
    one: FloatArray | ComplexArray = values[0]
    return one if len(open_qubits) else one.item()


@shows_progress
@explicit_options(ResumeKeywords, OPTIONS, WORKFORCE)
def resume(
    directory: Directory,
    *,
    workforce: Workforce | None = None,
    repair: bool = False,
    observer: Observer | None = None,
    **options: Unpack[ResumeKeywords],
) -> Any:
    """Continues a run until it is complete; a complete run is only read.

    Args:
        directory: The run's folder.
        workforce: As for `run`.
        repair: First recover the intact entries of a damaged ledger.
        observer: Receives progress updates.
        options: See `taizhang.settings.OPTIONS` and `taizhang.runs.run.WORKFORCE`.

    Returns:
        The answer of the run. For amplitudes, an array with an axis for the bitstrings, and one of length 2 for each
        open qubit.

    Raises:
        RunError: There is no run, it is damaged, or another process coordinates it.
        RunStoppedError: A signal stopped this process; finished pieces are committed.
    """
    settings = settings_of(resume, options)
    folder = RunFolder.open(check_directory(directory))
    if repair:
        repair_run(folder)
    workforce = workforce_of(settings, workforce, options)
    return folder.assembly().plain(complete_run(folder, workforce, observer))


@shows_progress
@explicit_options(WorkKeywords, OPTIONS, WORKFORCE)
def work(directory: Directory, *, observer: Observer | None = None, **options: Unpack[WorkKeywords]) -> None:
    """Works on a run as one of any number of workers on its folder, until it is complete.

    Args:
        directory: The run's folder.
        observer: Receives progress updates where this worker coordinates the run.
        options: See `taizhang.settings.OPTIONS` and `taizhang.runs.run.WORKFORCE`.

    Raises:
        RunError: There is no run, or it failed.
        RunStoppedError: A signal stopped this process.
    """
    settings = settings_of(work, options)
    folder = RunFolder.open(check_directory(directory))
    if is_complete(folder):
        return
    worker = FolderWorker(
        folder,
        folder.job(),
        threads=settings.threads,
        memory_bytes=settings.free_bytes(),
        lease_seconds=workforce_of(settings, None, options).lease_seconds,
    )
    with stop_on_signals() as stop:
        worker.work(stop=stop, observer=observer)


def status(directory: Directory) -> RunStatus:
    """Reports the status of a run, without changing it; printing it shows a summary.

    Raises:
        RunError: There is no run, or it is damaged.
    """
    return status_of(RunFolder.open(check_directory(directory)))


@shows_progress
@explicit_options(VerifyOptions, OPTIONS)
def verify(
    directory: Directory, *, pieces: int = 3, precise: bool = True, **options: Unpack[VerifyOptions]
) -> Verification:
    """Checks a run: all hashes and checksums, and some pieces, which are computed again.

    Args:
        directory: The run's folder.
        pieces: Number of pieces to compute again.
        precise: Also compute these pieces in double precision, to measure rounding errors.
        options: See `taizhang.settings.OPTIONS`.

    Returns:
        The result; its `record` allows others to check it.

    Raises:
        RunError: The run is damaged, or a piece gives another value.
    """
    settings = settings_of(verify, options)
    return verify_run(
        RunFolder.open(check_directory(directory)),
        pieces=pieces,
        seed=settings.seed,
        precise=precise,
        threads=settings.threads,
        memory_bytes=settings.free_bytes(),
    )


def report(directory: Directory, path: Directory | None = None) -> Path:
    """Writes a report on a run, a single HTML file with all of its figures.

    Until the run is complete, its coordinator keeps the report in its folder up to date, and the page reloads itself.

    Args:
        directory: The run's folder.
        path: The file to write; `report.html` in the folder by default.

    Returns:
        The path of the file.

    Raises:
        RunError: There is no run, or it is damaged.
        UsageError: The page cannot be written there.
    """
    folder = RunFolder.open(check_directory(directory))
    target = check_output(folder.path / REPORT if path is None else path, called="path")
    write_file(target, report_of(folder, kept=path is None))
    return target

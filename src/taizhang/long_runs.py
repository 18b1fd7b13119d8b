"""Makes long runs: composes build, search and the run folder, as `taizhang.simulator` does for short ones."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from taizhang import _native
from taizhang._types import ComplexArray
from taizhang.amplitude_machine import AmplitudeMachine, prepare_amplitudes
from taizhang.circuit.bitstring import parse_bitstring
from taizhang.circuit.circuit import Circuit
from taizhang.errors import UsageError
from taizhang.observer import Observer, Silent
from taizhang.options import read_options
from taizhang.plan.plan_file import Plan
from taizhang.ready_plan import program_within_time
from taizhang.results.bitstrings import parsed_bits
from taizhang.results.rows import DistinctRows
from taizhang.results.sample_file import CountedBitstrings
from taizhang.results.xeb import Xeb
from taizhang.runs.contractions import contractions_of, values_by_bitstring
from taizhang.runs.coordinator import Watcher
from taizhang.runs.folder import RunFolder, check_new, make_run
from taizhang.runs.manifest import AMPLITUDES, XEB
from taizhang.runs.run import WORKFORCE, Workforce, go_on
from taizhang.runs.signals import stop_on_signals
from taizhang.settings import Settings
from taizhang.simulator import AmplitudeResult

DEFAULT_PIECE_TIME = "10s"
LEAST_PIECES = 16
"""A long list is not put into so few contractions that there are fewer pieces than this, if they would be too long."""


def prepare_run(
    directory: str | os.PathLike[str],
    circuit: Circuit,
    bitstrings: Sequence[str],
    settings: Settings,
    *,
    open_qubits: Sequence[int] = (),
    plan: Plan | None = None,
    piece_seconds: float = 10.0,
    slices_per_piece: int | None = None,
    observer: Observer | None = None,
) -> RunFolder:
    """Makes a run folder: builds the network, finds a plan, measures the rate, and cuts the work into pieces.

    Args:
        directory: The folder, new or empty.
        circuit: The circuit, started in |0…0⟩.
        bitstrings: What is asked for, each of length `circuit.num_qubits`, qubit 0 first.
        settings: The common options.
        open_qubits: Qubits left open.
        plan: A plan made before for the network of this circuit and these open qubits.
        piece_seconds: How long a piece should take one thread.
        slices_per_piece: A power of two, instead of what the measured rate asks for.
        observer: Is told of the progress.

    Raises:
        RunError: There is something in the folder.
        CircuitError: A bitstring or an open qubit does not fit the circuit.
        LimitError: The work does not fit the limits.
    """
    _check_asked(circuit, bitstrings, open_qubits, slices_per_piece)
    check_new(directory)
    machine = _machine(circuit, bitstrings, settings, open_qubits, plan, piece_seconds, observer or Silent())
    return _made(
        directory,
        circuit,
        bitstrings,
        machine,
        piece_seconds=piece_seconds,
        slices_per_piece=slices_per_piece,
        observer=observer or Silent(),
    )


def prepare_xeb_run(
    directory: str | os.PathLike[str],
    circuit: Circuit,
    samples: CountedBitstrings,
    settings: Settings,
    *,
    plan: Plan | None = None,
    piece_seconds: float = 10.0,
    slices_per_piece: int | None = None,
    observer: Observer | None = None,
) -> RunFolder:
    """Makes a run folder for the amplitudes of samples, from which their cross entropy is told.

    Args:
        directory: The folder, new or empty.
        circuit: The circuit.
        samples: The samples.
        settings: The common options.
        plan: A plan made before, for single amplitudes or for lists like this one.
        piece_seconds: How long a piece should take one thread.
        slices_per_piece: A power of two, instead of what the measured rate asks for.
        observer: Is told of the progress.

    Raises:
        RunError: There is something in the folder.
        LimitError: The work does not fit the limits.
    """
    check_new(directory)
    watch = observer or Silent()
    machine = _machine(circuit, samples.bitstrings, settings, (), plan, piece_seconds, watch)
    return _made(
        directory,
        circuit,
        samples.bitstrings,
        machine,
        task={"kind": XEB},
        counts=samples.counts,
        piece_seconds=piece_seconds,
        slices_per_piece=slices_per_piece,
        observer=watch,
    )


def _check_asked(
    circuit: Circuit, bitstrings: Sequence[str], open_qubits: Sequence[int], slices_per_piece: int | None
) -> None:
    if not bitstrings:
        raise UsageError("no bitstring was given; wanted is at least one")
    for number, bitstring in enumerate(bitstrings):
        parse_bitstring(bitstring, circuit.num_qubits, open_qubits, what=f"bitstring {number}")
    if slices_per_piece is not None and (slices_per_piece < 1 or slices_per_piece & (slices_per_piece - 1)):
        raise UsageError(f"slices_per_piece was given as {slices_per_piece}; wanted is a power of two")


def _machine(
    circuit: Circuit,
    bitstrings: Sequence[str],
    settings: Settings,
    open_qubits: Sequence[int],
    plan: Plan | None,
    piece_seconds: float,
    observer: Observer,
) -> AmplitudeMachine:
    """Plans for a list of bitstrings: as for a list without a run, but with no contraction that is too long a piece."""
    rows = DistinctRows.of(parsed_bits(bitstrings, circuit.num_qubits, open_qubits), open_qubits)

    def prepared(count: int) -> AmplitudeMachine:
        return prepare_amplitudes(
            circuit,
            settings,
            num_bitstrings=max(count, 1),
            open_qubits=open_qubits,
            row_qubits=rows.varying,
            plan=plan,
            observer=observer,
        )

    machine = prepared(len(rows))
    least = min(machine.predicted_seconds(len(rows)) / piece_seconds, LEAST_PIECES)
    pieces = machine.num_runs(len(rows)) * machine.ready.plan.num_slices
    if pieces < least and machine.rows_per_run > 1 and plan is None:
        return prepared(-(-len(rows) // LEAST_PIECES))
    return machine


def _made(
    directory: str | os.PathLike[str],
    circuit: Circuit,
    bitstrings: Sequence[str],
    machine: AmplitudeMachine,
    *,
    task: Mapping[str, Any] = AMPLITUDES,
    counts: Sequence[int] | None = None,
    piece_seconds: float,
    slices_per_piece: int | None,
    observer: Observer,
) -> RunFolder:
    plan, settings = machine.ready.plan, machine.settings
    program = program_within_time(machine.ready, machine.predicted_seconds(len(bitstrings)), settings)
    observer.stage("measure")
    return make_run(
        directory,
        circuit,
        bitstrings,
        contractions=contractions_of(machine.network, bitstrings, machine.open_qubits, machine.row_qubits),
        open_qubits=machine.open_qubits,
        row_qubits=machine.row_qubits,
        plan=plan,
        compiled=program,
        simd_level=_native.simd_level(),
        memory_bytes=settings.free_bytes(),
        task=task,
        counts=counts,
        piece_seconds=piece_seconds,
        slices_per_piece=slices_per_piece,
    )


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


def completed(folder: RunFolder, workforce: Workforce, watcher: Watcher | None = None) -> ComplexArray:
    """Goes on with a run until it is complete, or a signal tells this process to end.

    Returns:
        The values, complex128, shape (contractions, elements of each).

    Raises:
        RunStoppedError: A signal came; what is done is committed.
        RunError: It cannot go on.
    """
    with stop_on_signals() as stop:
        return go_on(folder, workforce, stop=stop, watcher=watcher)


def xeb_of(folder: RunFolder, values: ComplexArray) -> Xeb:
    """What a complete run over samples tells of them.

    Args:
        folder: The run.
        values: complex128, shape (contractions, elements of each).
    """
    found = values_by_bitstring(folder.manifest, folder.bitstrings(), values)
    return Xeb.of_amplitudes(found[:, 0], folder.counts().tolist(), folder.manifest.num_qubits)


def result_of(folder: RunFolder, values: ComplexArray, seconds: Mapping[str, float]) -> AmplitudeResult:
    """What a complete run gives, as `taizhang.simulator.compute_amplitudes` would give it.

    Args:
        folder: The run.
        values: complex128, shape (contractions, elements of each).
        seconds: Wall time of the stages.
    """
    manifest = folder.manifest
    shape = (manifest.num_bitstrings, *(2,) * len(manifest.open_qubits))
    plan, bitstrings = folder.plan(), folder.bitstrings()
    found = values_by_bitstring(manifest, bitstrings, values)
    return AmplitudeResult(
        bitstrings=bitstrings,
        open_qubits=manifest.open_qubits,
        values=found.reshape(shape).astype(manifest.dtype if manifest.open_qubits else np.complex128),
        plan=plan,
        num_runs=manifest.num_amplitudes,
        predicted_bytes=plan.cost.peak_bytes,
        seconds=dict(seconds),
    )

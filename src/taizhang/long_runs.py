"""Makes long runs: composes build, search and the run folder, as `taizhang.simulator` does for short ones."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import numpy as np

from taizhang import _native
from taizhang._types import ComplexArray
from taizhang.circuit.bitstring import parse_bitstring
from taizhang.circuit.circuit import Circuit
from taizhang.errors import UsageError
from taizhang.network.amplitude_network import AmplitudeNetwork
from taizhang.observer import Observer, Silent
from taizhang.plan.plan_file import Plan
from taizhang.ready_plan import program_within_time, ready_plan
from taizhang.runs.folder import RunFolder, check_new, make_run
from taizhang.settings import Settings
from taizhang.simulator import AmplitudeResult

DEFAULT_PIECE_TIME = "10s"


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
    if not bitstrings:
        raise UsageError("no bitstring was given; wanted is at least one")
    for number, bitstring in enumerate(bitstrings):
        parse_bitstring(bitstring, circuit.num_qubits, open_qubits, what=f"bitstring {number}")
    if slices_per_piece is not None and (slices_per_piece < 1 or slices_per_piece & (slices_per_piece - 1)):
        raise UsageError(f"slices_per_piece was given as {slices_per_piece}; wanted is a power of two")
    check_new(directory)
    watch = observer or Silent()
    watch.stage("build")
    network = AmplitudeNetwork(circuit, open_qubits=open_qubits)
    ready = ready_plan(network.shape, settings, watch, plan=plan)
    program = program_within_time(ready, ready.plan.predicted_seconds * len(bitstrings), settings)
    watch.stage("measure")
    return make_run(
        directory,
        circuit,
        bitstrings,
        network=network,
        plan=ready.plan,
        compiled=program,
        simd_level=_native.simd_level(),
        memory_bytes=settings.free_bytes(),
        piece_seconds=piece_seconds,
        slices_per_piece=slices_per_piece,
    )


def result_of(folder: RunFolder, values: ComplexArray, seconds: Mapping[str, float]) -> AmplitudeResult:
    """What a complete run gives, as `taizhang.simulator.compute_amplitudes` would give it.

    Args:
        folder: The run.
        values: complex128, shape (bitstrings, elements of each).
        seconds: Wall time of the stages.
    """
    manifest = folder.manifest
    shape = (manifest.num_amplitudes, *(2,) * len(manifest.open_qubits))
    plan = folder.plan()
    return AmplitudeResult(
        bitstrings=folder.bitstrings(),
        open_qubits=manifest.open_qubits,
        values=values.reshape(shape).astype(manifest.dtype if manifest.open_qubits else np.complex128),
        plan=plan,
        num_runs=manifest.num_amplitudes,
        predicted_bytes=plan.cost.peak_bytes,
        seconds=dict(seconds),
    )

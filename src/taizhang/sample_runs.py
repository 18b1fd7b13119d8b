"""Makes long runs for samples: of batches for frugal rejection, the one method for which samples can take long."""

from __future__ import annotations

import math
import os
from dataclasses import replace

import numpy as np

from taizhang import _native
from taizhang._units import human_bytes
from taizhang.amplitude_machine import AmplitudeMachine
from taizhang.circuit.circuit import Circuit
from taizhang.errors import SizeLimitError, UsageError
from taizhang.observer import Observer, Silent
from taizhang.ready_plan import program_within_time
from taizhang.results.bitstrings import as_strings
from taizhang.runs.contractions import NO_ROWS, Contractions, contractions_in_order, gathered
from taizhang.runs.folder import RunFolder, check_new, make_run
from taizhang.runs.sample_task import SampleTask
from taizhang.samplers.batches import BatchMachine, bits_of_candidates, slices_of_paths
from taizhang.samplers.choice import frugal_sampler
from taizhang.samplers.frugal import DEFAULT_BATCH_QUBITS, FrugalOptions, batches_expected, batches_per_sample
from taizhang.samplers.paired import PairedBatches, pairs_of_grid, sides_of_grid
from taizhang.samplers.sampler import Bits
from taizhang.settings import Settings

RUN_METHODS = ("auto", "frugal")
MOST_KEPT_BYTES = 16 << 30
# Batches for so many standard deviations more than the mean are held ready; those not needed are not computed.
_DEVIATIONS = 8.0
_SPARE = 16


def prepare_sample_run(
    directory: str | os.PathLike[str],
    circuit: Circuit,
    shots: int,
    settings: Settings,
    *,
    method: str = "auto",
    options: FrugalOptions | None = None,
    piece_seconds: float = 10.0,
    slices_per_piece: int | None = None,
    observer: Observer | None = None,
) -> RunFolder:
    """Makes a run folder for samples.

    Args:
        directory: The folder, new or empty.
        circuit: The circuit.
        shots: How many samples.
        settings: The common options; the seed is that of the samples, too.
        method: `frugal`, or `auto`, which is the same here.
        options: Fidelity and batches.
        piece_seconds: How long a piece should take one thread.
        slices_per_piece: A power of two, instead of what the measured rate asks for.
        observer: Is told of the progress.

    Raises:
        RunError: There is something in the folder.
        UsageError: Another method was asked for, or all qubits are left open.
        LimitError: The work does not fit the limits.
    """
    if method not in RUN_METHODS:
        raise UsageError(
            f"method {method} was given with a directory; only samples by frugal rejection are kept in one, the other "
            "methods take seconds: sample without a directory"
        )
    check_new(directory)
    watch = observer or Silent()
    chosen = options or FrugalOptions()
    if chosen.batch_qubits is None and not chosen.pair_sides:
        chosen = replace(chosen, batch_qubits=min(DEFAULT_BATCH_QUBITS, circuit.num_qubits // 2))
    if chosen.batch_qubits is not None and chosen.batch_qubits >= circuit.num_qubits:
        raise UsageError("all qubits were to be left open, which takes seconds: sample without a directory")
    if chosen.fidelity < 1 and chosen.top is None:
        raise UsageError(
            f"fidelity {chosen.fidelity:g} was given with a directory; which slices meet it, and the bound, "
            "are measured on the way, which a run does not keep: sample without a directory"
        )
    size = 1 << (chosen.batch_qubits or DEFAULT_BATCH_QUBITS)
    likely = batches_expected(shots, size, chosen)
    # Batches that share a contraction are hardly ever too few in one; a grid has some to spare already.
    planned = shots if chosen.pair_sides else math.ceil(likely / batches_per_sample(size, chosen))
    sampler = frugal_sampler(circuit, planned, settings, chosen, watch)
    source = sampler.source
    if not isinstance(source, (BatchMachine, PairedBatches)) or _is_dense(source):
        raise UsageError(
            f"the {circuit.num_qubits - len(source.open_qubits)} qubits that are not open have fewer values than there "
            "are batches, so that all are computed in seconds: sample without a directory"
        )
    grid = source.grid if isinstance(source, PairedBatches) else None
    task = SampleTask(
        num_qubits=circuit.num_qubits,
        open_qubits=source.open_qubits,
        shots=shots,
        seed=settings.seed,
        options=chosen,
        bound=sampler.bound,
        num_paths=source.num_paths,
        paths_taken=source.paths_taken,
        batches=source.rows,
        grid=grid,
        remarks=source.remarks,
    )
    count = -(-_batches_held_ready(task) // source.rows)
    _check_size(count * source.rows << len(source.open_qubits))
    seconds = source.predicted_seconds(min(likely, count * source.rows))
    program = program_within_time(source.machine.ready, seconds, settings)
    bits, contractions = _contractions(task, source, count)
    watch.stage("measure")
    return make_run(
        directory,
        circuit,
        as_strings(bits),
        contractions=contractions,
        open_qubits=source.open_qubits,
        row_qubits=source.machine.row_qubits if isinstance(source, BatchMachine) else (),
        plan=source.machine.ready.plan,
        compiled=program,
        simd_level=_native.simd_level(),
        memory_bytes=settings.free_bytes(),
        task=task.to_dict(),
        num_slices=_slices(source),
        piece_seconds=piece_seconds,
        slices_per_piece=slices_per_piece,
    )


def _is_dense(source: BatchMachine | PairedBatches) -> bool:
    """Whether all values of the qubits that are not open are computed at once."""
    machine = source.machine
    return isinstance(machine, AmplitudeMachine) and bool(machine.row_qubits) and not machine.network.shape.num_rows


def _batches_held_ready(task: SampleTask) -> int:
    """Batches that are never too few; most of the last are not needed, and then not computed."""
    taken = task.shots / task.shots_of_batch
    if task.options.top is not None:
        return math.ceil(taken)
    spread = math.sqrt(taken * task.bound * max(task.bound - 1, 0))
    return math.ceil(taken * task.bound + _DEVIATIONS * spread) + _SPARE


def _check_size(amplitudes: int) -> None:
    if 16 * amplitudes > MOST_KEPT_BYTES:
        raise SizeLimitError(
            f"the batches of so many shots are {human_bytes(16 * amplitudes)}, but a run keeps at most "
            f"{human_bytes(MOST_KEPT_BYTES)}; make several runs with different seeds, or leave fewer qubits open"
        )


def _contractions(task: SampleTask, source: BatchMachine | PairedBatches, count: int) -> tuple[Bits, Contractions]:
    """The bits of all batches in order, and what is contracted for them."""
    if isinstance(source, BatchMachine):
        bits = bits_of_candidates(task.seed, task.num_qubits, 0, count * task.batches)
        return bits, contractions_in_order(source.machine.network, bits)
    sides = [sides_of_grid(source.grid, task.num_qubits, task.seed, number) for number in range(count)]
    nothing = np.zeros(task.batches, dtype=np.complex64)
    bits = np.concatenate([pairs_of_grid(task.seed, number, *own, nothing)[0] for number, own in enumerate(sides)])
    network = source.machine.network
    return bits, gathered((network.arrays_for(left, right) for left, right in sides), NO_ROWS)


def _slices(source: BatchMachine | PairedBatches) -> int | None:
    """The number of first slices that are added up; None for all."""
    if source.paths_taken == source.num_paths:
        return None
    ranges = list(slices_of_paths(source.machine.ready.plan, source.paths_taken))
    if len(ranges) > 1 or ranges[0].start:
        raise UsageError(
            "the plan slices open qubits, so that the part of the slices for this fidelity is scattered, which a run "
            "does not have; leave fewer qubits open (batch_qubits), or sample without a directory"
        )
    return len(ranges[0])

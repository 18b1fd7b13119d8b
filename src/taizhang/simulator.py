"""What the doors do: compose build, search, lower and run, and keep count of time and memory.

Each function takes checked `Settings` and may tell an `Observer` of the progress. `taizhang.doors` and the command line
are made of these.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from taizhang._lazy import lazy_module
from taizhang._types import ComplexArray, DtypeName
from taizhang._units import human_bytes
from taizhang.amplitude_machine import prepare_amplitudes
from taizhang.circuit.circuit import Circuit
from taizhang.errors import SizeLimitError
from taizhang.execute.contraction import Contraction, run_program
from taizhang.network.build import check_open_qubits
from taizhang.network.network import TensorNetwork
from taizhang.observer import Observer, Silent
from taizhang.plan.cost import BYTES_PER_ELEMENT
from taizhang.plan.plan_file import Plan
from taizhang.ready_plan import ReadyPlan, begun, ready_plan
from taizhang.results.bitstrings import parsed_bits
from taizhang.results.rows import DistinctRows
from taizhang.settings import Settings

if TYPE_CHECKING:
    from taizhang.results import profile as profiles
else:
    profiles = lazy_module("taizhang.results.profile")


@dataclass(frozen=True, slots=True, kw_only=True)
class AmplitudeResult:
    """Amplitudes, and how they came about.

    Attributes:
        bitstrings: The bitstrings asked for, qubit 0 first.
        open_qubits: Qubits left open, or none.
        values: Shape (len(bitstrings),), followed by one axis of length 2 for each open qubit; complex128, or with open
            qubits the type they were computed in.
        plan: The plan that was run.
        num_runs: How often it was run: once for each bitstring, or for many at once.
        predicted_bytes: Most memory that the process was predicted to hold.
        seconds: Wall time of the stages `"build"`, `"plan"` and `"run"`.
        profiled_runs: What was run, for `profile_of`; empty unless asked for.
    """

    bitstrings: tuple[str, ...]
    open_qubits: tuple[int, ...]
    values: ComplexArray
    plan: Plan
    num_runs: int
    predicted_bytes: int
    seconds: dict[str, float]
    profiled_runs: tuple[Contraction, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractResult:
    """The value of a network, or of some of its slices, and how it came about.

    Attributes:
        contraction: The value and what it took.
        plan: The plan that was run.
        predicted_bytes: Most memory that the process was predicted to hold.
    """

    contraction: Contraction
    plan: Plan
    predicted_bytes: int


def compute_amplitudes(
    circuit: Circuit,
    bitstrings: Sequence[str],
    settings: Settings,
    *,
    open_qubits: Sequence[int] = (),
    plan: Plan | None = None,
    observer: Observer | None = None,
    profile: bool = False,
) -> AmplitudeResult:
    """Computes amplitudes of one circuit with one plan, in as few contractions as pay; tells what each stage took.

    Args:
        circuit: The circuit, started in |0…0⟩.
        bitstrings: What is asked for, each of length `circuit.num_qubits`, qubit 0 first; repetitions cost nothing.
        settings: The common options.
        open_qubits: Qubits left open; what the bitstrings say of them is not looked at.
        plan: A plan made before for this circuit and these open qubits: for single amplitudes, or for rows.
        observer: Is told of the progress.
        profile: Measure every step.

    Raises:
        CircuitError: A bitstring or an open qubit does not fit the circuit.
        PlanError: The plan is for another network.
        LimitError: The work or the result does not fit the memory limit.
    """
    check_open_qubits(open_qubits, circuit.num_qubits)
    bits = parsed_bits(bitstrings, circuit.num_qubits, open_qubits)
    watch = observer or Silent()
    watch.stage("build")
    started = time.perf_counter()
    # Single amplitudes of more than 250 qubits lie below what single precision can hold, whatever they are computed in.
    held_in: DtypeName = settings.dtype if open_qubits else "complex128"
    _check_result_size(len(bitstrings) << len(open_qubits), held_in, settings)
    rows = DistinctRows.of(bits, open_qubits)
    held = len(rows) + (0 if rows.in_order else len(bitstrings))
    held_bytes = _check_result_size(held << len(open_qubits), held_in, settings)
    settings = replace(settings, memory_bytes=settings.memory_bytes - held_bytes)
    built = time.perf_counter()
    machine = prepare_amplitudes(
        circuit,
        settings,
        num_bitstrings=max(len(rows), 1),
        open_qubits=open_qubits,
        row_qubits=rows.varying,
        plan=plan,
        observer=watch,
    )
    predicted = machine.predicted_bytes(max(len(rows), 1)) + held_bytes
    planned = time.perf_counter()
    found = machine.run(rows, observer=watch, profile=profile, dtype=held_in)
    seconds = {
        "build": built - started + machine.build_seconds,
        "plan": planned - built - machine.build_seconds,
        "run": time.perf_counter() - planned,
    }
    return AmplitudeResult(
        bitstrings=tuple(bitstrings),
        open_qubits=tuple(open_qubits),
        values=found.values,
        plan=machine.ready.plan,
        num_runs=len(found.runs),
        predicted_bytes=predicted,
        seconds=seconds,
        profiled_runs=found.runs if profile else (),
    )


def compute_plan(
    circuit: Circuit,
    bitstrings: Sequence[str],
    settings: Settings,
    open_qubits: Sequence[int] = (),
    observer: Observer | None = None,
) -> ReadyPlan:
    """Searches the plan with which `compute_amplitudes` would compute the amplitudes of a list.

    Raises:
        CircuitError: A bitstring or an open qubit does not fit the circuit.
        MemoryLimitError: No plan fits the limit.
    """
    check_open_qubits(open_qubits, circuit.num_qubits)
    rows = DistinctRows.of(parsed_bits(bitstrings, circuit.num_qubits, open_qubits), open_qubits)
    machine = prepare_amplitudes(
        circuit,
        settings,
        num_bitstrings=max(len(rows), 1),
        open_qubits=open_qubits,
        row_qubits=rows.varying,
        observer=observer,
    )
    return machine.ready


def _check_result_size(num_amplitudes: int, held_in: DtypeName, settings: Settings) -> int:
    """Bytes that so many amplitudes take; refuses more than there are."""
    needed = num_amplitudes * BYTES_PER_ELEMENT[held_in]
    if needed > settings.free_bytes():
        raise SizeLimitError(
            f"{num_amplitudes} amplitudes need {human_bytes(needed)}, but the memory limit is "
            f"{human_bytes(settings.memory_bytes)}; leave fewer qubits open, or ask for fewer bitstrings"
        )
    return needed


def compute_contraction(
    network: TensorNetwork,
    settings: Settings,
    *,
    plan: Plan | None = None,
    slices: range | slice | None = None,
    observer: Observer | None = None,
    profile: bool = False,
) -> ContractResult:
    """Contracts any network with the common options, and tells what it took."""
    watch = observer or Silent()
    ready = ready_plan(network.shape, settings, watch, plan=plan)
    if isinstance(slices, slice):
        slices = range(ready.plan.num_slices)[slices]
    wanted = ready.plan.num_slices if slices is None else slices.stop - slices.start
    expected = ready.plan.predicted_seconds * (wanted / ready.plan.num_slices)
    contraction = run_program(
        begun(ready, expected, settings, watch),
        network.arrays,
        exponent=network.exponent,
        slices=slices,
        threads=settings.threads,
        memory_bytes=settings.free_bytes(),
        progress=watch.contracting,
        profile=profile,
    )
    return ContractResult(contraction=contraction, plan=ready.plan, predicted_bytes=ready.predicted_bytes)


def profile_of(runs: Sequence[Contraction]) -> profiles.Profile:
    """Where the time of profiled runs went, beside what the machine does with as many threads, measured now.

    Args:
        runs: Runs of one plan with the same options, at least one.
    """
    first = runs[0]
    return profiles.Profile.of_runs(runs, profiles.Roofline.measured(first.workers * first.threads, first.dtype))

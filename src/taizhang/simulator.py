"""What the doors do: compose build, search, lower and run, and keep count of time and memory.

Each function takes checked `Settings` and may tell an `Observer` of the progress. `taizhang.doors` and the command line
are made of these.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from taizhang._resources import resident_bytes
from taizhang._types import ComplexArray, DtypeName
from taizhang._units import human_bytes, human_seconds
from taizhang.circuit.bitstring import parse_bitstring
from taizhang.circuit.circuit import Circuit
from taizhang.errors import MemoryLimitError, SizeLimitError, TimeLimitError, UsageError
from taizhang.execute.contraction import Contraction, compile_plan, peak_bytes_of_run, run_program
from taizhang.execute.native_backend import NativeProgram
from taizhang.network.amplitude_network import AmplitudeNetwork
from taizhang.network.network import NetworkShape, TensorNetwork
from taizhang.observer import Observer, Silent
from taizhang.plan.cost import BYTES_PER_ELEMENT, step_costs
from taizhang.plan.machine import measured_machine
from taizhang.plan.objective import predicted_seconds
from taizhang.plan.plan_file import Plan
from taizhang.plan.search import search
from taizhang.results.profile import Profile, Roofline
from taizhang.settings import Settings

# How often the search is asked for a smaller plan when what it found does not fit once it is compiled.
MEMORY_ATTEMPTS = 4
# A plan of more slices than this can be looked at, but not run.
MOST_SLICES = 2**62


@dataclass(frozen=True, slots=True, kw_only=True)
class AmplitudeResult:
    """Amplitudes, and how they came about.

    Attributes:
        bitstrings: The bitstrings asked for, qubit 0 first.
        open_qubits: Qubits left open, or none.
        values: Shape (len(bitstrings),), followed by one axis of length 2 for each open qubit; complex128, or with open
            qubits the type they were computed in.
        plan: The plan that was run, once for each bitstring.
        predicted_bytes: Most memory that the process was predicted to hold.
        seconds: Wall time of the stages `"build"`, `"plan"` and `"run"`.
        profiled_runs: What was run, one for each bitstring, for `profile_of`; empty unless asked for.
    """

    bitstrings: tuple[str, ...]
    open_qubits: tuple[int, ...]
    values: ComplexArray
    plan: Plan
    predicted_bytes: int
    seconds: dict[str, float]
    profiled_runs: tuple[Contraction, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyPlan:
    """A plan that fits the memory, compiled.

    Attributes:
        plan: The plan.
        program: What is run; None for a plan that nobody can run, of more than 2**62 slices.
        predicted_bytes: Most memory that the process will hold.
    """

    plan: Plan
    program: NativeProgram | None
    predicted_bytes: int


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


def ready_plan(
    shape: NetworkShape, settings: Settings, observer: Observer | None = None, *, plan: Plan | None = None
) -> ReadyPlan:
    """Searches a plan, or takes the one given, and compiles it so that it fits the memory.

    The search bounds the memory of the tensors; kernels need workspaces beside them, whose size is known once the plan
    is compiled. Where both together are too much, the search is asked for a smaller plan.

    Raises:
        PlanError: The plan given is for another network.
        MemoryLimitError: No plan fits the limit, or the one given does not.
    """
    watch = observer or Silent()
    watch.stage("plan")
    if plan is not None:
        return _compiled(_predicted_here(plan.for_network(shape), settings), settings)
    allowed = settings.free_bytes()
    for _ in range(MEMORY_ATTEMPTS - 1):
        try:
            return _compiled(_search(shape, allowed, settings, watch), settings)
        except MemoryLimitError as error:
            if error.needed_bytes is None:
                raise
            allowed = int(0.95 * allowed * min(1.0, settings.free_bytes() / error.needed_bytes))
    return _compiled(_search(shape, allowed, settings, watch), settings)


def _predicted_here(plan: Plan, settings: Settings) -> Plan:
    """A plan made elsewhere, or on another machine, with the time that it will take on this one."""
    steps = step_costs(plan.shape, plan.tree, plan.sliced_indices)
    machine = measured_machine(settings.threads)
    return replace(plan, predicted_seconds=predicted_seconds(steps, machine, settings.dtype))


def _search(shape: NetworkShape, allowed: int, settings: Settings, observer: Observer) -> Plan:
    return search(
        shape,
        memory_bytes=allowed,
        width=settings.width,
        seconds=settings.plan_seconds,
        trials=settings.trials,
        seed=settings.seed,
        threads=settings.threads,
        machine=measured_machine(settings.threads),
        dtype=settings.dtype,
        progress=observer.searching,
    )


def _compiled(plan: Plan, settings: Settings) -> ReadyPlan:
    if plan.num_slices > MOST_SLICES:
        return ReadyPlan(plan=plan, program=None, predicted_bytes=resident_bytes() + plan.cost.peak_bytes)
    program = compile_plan(plan, dtype=settings.dtype)
    needed = peak_bytes_of_run(program, threads=settings.threads, memory_bytes=settings.free_bytes())
    return ReadyPlan(plan=plan, program=program, predicted_bytes=resident_bytes() + needed)


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
    """Computes amplitudes of one circuit with one plan, and tells what each stage took.

    Args:
        circuit: The circuit, started in |0…0⟩.
        bitstrings: What is asked for, each of length `circuit.num_qubits`, qubit 0 first.
        settings: The common options.
        open_qubits: Qubits left open; what the bitstrings say of them is not looked at.
        plan: A plan made before for the network of this circuit and these open qubits.
        observer: Is told of the progress.
        profile: Measure every step.

    Raises:
        CircuitError: A bitstring or an open qubit does not fit the circuit.
        PlanError: The plan is for another network.
        LimitError: The work or the result does not fit the memory limit.
    """
    if not bitstrings:
        raise UsageError("no bitstring was given; wanted is at least one")
    for number, bitstring in enumerate(bitstrings):
        parse_bitstring(bitstring, circuit.num_qubits, open_qubits, what=f"bitstring {number}")
    watch = observer or Silent()
    watch.stage("build")
    started = time.perf_counter()
    # Single amplitudes of more than 250 qubits lie below what single precision can hold, whatever they are computed in.
    held_in: DtypeName = settings.dtype if open_qubits else "complex128"
    _check_result_size(len(bitstrings) << len(open_qubits), held_in, settings)
    network = AmplitudeNetwork(circuit, open_qubits=open_qubits)
    built = time.perf_counter()
    ready = ready_plan(network.shape, settings, watch, plan=plan)
    planned = time.perf_counter()
    program = _begun(ready, ready.plan.predicted_seconds * len(bitstrings), settings, watch)
    values = np.empty((len(bitstrings), *(2,) * len(open_qubits)), dtype=held_in)
    profiled = []
    for number, bitstring in enumerate(bitstrings):
        arrays, exponent = network.arrays_for(bitstring)
        contraction = run_program(
            program,
            arrays,
            exponent=exponent,
            threads=settings.threads,
            memory_bytes=settings.free_bytes(),
            progress=_part_of(watch, number, len(bitstrings)),
            profile=profile,
        )
        values[number] = contraction.value
        if profile:
            profiled.append(contraction)
    seconds = {"build": built - started, "plan": planned - built, "run": time.perf_counter() - planned}
    return AmplitudeResult(
        bitstrings=tuple(bitstrings),
        open_qubits=tuple(open_qubits),
        values=values,
        plan=ready.plan,
        predicted_bytes=ready.predicted_bytes,
        seconds=seconds,
        profiled_runs=tuple(profiled),
    )


def _check_result_size(num_amplitudes: int, held_in: DtypeName, settings: Settings) -> None:
    needed = num_amplitudes * BYTES_PER_ELEMENT[held_in]
    if needed > settings.free_bytes():
        raise SizeLimitError(
            f"{num_amplitudes} amplitudes need {human_bytes(needed)}, but the memory limit is "
            f"{human_bytes(settings.memory_bytes)}; leave fewer qubits open, or ask for fewer bitstrings"
        )


def _begun(ready: ReadyPlan, seconds: float, settings: Settings, observer: Observer) -> NativeProgram:
    """Begins the stage of running, unless the time predicted for it is over the limit."""
    if ready.program is None or seconds > settings.time_limit_seconds:
        raise TimeLimitError(
            f"the work is predicted to take {human_seconds(seconds)}, but the time limit is "
            f"{human_seconds(settings.time_limit_seconds)}; allow more memory, plan longer (plan_time), or raise "
            "time_limit"
        )
    observer.stage("run")
    observer.predicted(seconds)
    return ready.program


def _part_of(observer: Observer, number: int, count: int) -> Callable[[int, int], None]:
    """Progress of run `number` of `count` equal ones, told as slices of all of them."""

    def told(slices_done: int, num_slices: int) -> None:
        observer.contracting(number * num_slices + slices_done, count * num_slices)

    return told


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
        _begun(ready, expected, settings, watch),
        network.arrays,
        exponent=network.exponent,
        slices=slices,
        threads=settings.threads,
        memory_bytes=settings.free_bytes(),
        progress=watch.contracting,
        profile=profile,
    )
    return ContractResult(contraction=contraction, plan=ready.plan, predicted_bytes=ready.predicted_bytes)


def profile_of(runs: Sequence[Contraction]) -> Profile:
    """Where the time of profiled runs went, beside what the machine does with as many threads, measured now.

    Args:
        runs: Runs of one plan with the same options, at least one.
    """
    first = runs[0]
    return Profile.of_runs(runs, Roofline.measured(first.workers * first.threads, first.dtype))

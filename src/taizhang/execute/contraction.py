"""Contracts a network along a plan: the entry point of this layer.

A plan is compiled once (`compile_plan`) and may then be run for many sets of arrays and many ranges of slices
(`run_program`); `contract_network` does both. Slices are added along a fixed binary tree over their numbers, in double
precision, so that the value has the same bits for any number of threads, and ranges that are aligned blocks of a power
of two add up to the bits of one run. Values of more than 2**16 elements are added slice by slice in the order of their
numbers instead.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import numpy as np

from taizhang._lazy import lazy_module
from taizhang._resources import available_memory, usable_cores
from taizhang._types import ComplexArray, DtypeName
from taizhang.errors import PlanError, StoppedError, UsageError
from taizhang.execute.native_backend import NativeProgram, RowDigits
from taizhang.execute.scaled_value import scaled_value
from taizhang.execute.schedule import Schedule, choose_schedule
from taizhang.network.network import TensorNetwork, array_shape
from taizhang.plan.cost import BYTES_PER_ELEMENT
from taizhang.plan.plan import Plan
from taizhang.program.blocks import BlockLimits
from taizhang.program.lower import DEFAULT_LIMITS, lower
from taizhang.program.program import ONE, Program, Step, count_of

if TYPE_CHECKING:
    from taizhang.execute import numpy_backend
else:
    numpy_backend = lazy_module("taizhang.execute.numpy_backend")

BackendName: TypeAlias = Literal["native", "numpy"]
Progress: TypeAlias = Callable[[int, int], None]


class StepRecord(NamedTuple):
    """Measurements of one step of a profiled run, summed over its executions.

    Attributes:
        step: Position in the program.
        shape: log2 of the sizes kept from the first operand, kept from the second, summed, and kept from both.
        level: Number of sliced indices it depends on, counted from the slowest.
        block: The block of steps it belongs to, which run piece by piece; -1 if it runs by itself.
        runs: Number of executions.
        multiply_adds: Complex multiply-adds of all executions.
        traffic_bytes: Bytes of operands and output, of all executions.
        seconds: Time of all executions, over all workers.
        on_stem: Whether it is on the stem, the chain of steps with most of the work; otherwise it is in a branch.
    """

    step: int
    shape: tuple[float, float, float, float]
    level: int
    block: int
    runs: int
    multiply_adds: int
    traffic_bytes: int
    seconds: float
    on_stem: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Contraction:
    """The value of a network, or of some of its slices, with the resources used.

    Attributes:
        mantissa: complex128, in the shape of the output; the value is mantissa * 2**exponent.
        exponent: See `mantissa`. Values too small or too large for a float are kept this way.
        dtype: Type of the computation.
        slices_done: Number of slices that were added.
        multiply_adds: Complex multiply-adds, counted.
        seconds: Wall-clock time of the run, without compiling the plan.
        peak_bytes: Memory that the run needs, known before it starts.
        workers: Slices that ran at once.
        threads: Threads of each worker.
        profile: A record for each step; empty unless profiling was requested.
        underflow: Whether a number underflowed; detected in short runs only.
    """

    mantissa: ComplexArray
    exponent: int
    dtype: DtypeName
    slices_done: int
    multiply_adds: int
    seconds: float
    peak_bytes: int
    workers: int = 1
    threads: int = 1
    profile: tuple[StepRecord, ...] = ()
    underflow: bool = False

    @property
    def value(self) -> ComplexArray:
        """The value, in the shape of the output; complex128 for scalars, the dtype of the run for arrays.

        Arrays that complex64 cannot hold are complex128.

        Raises:
            NumericalError: The value is outside the range of complex128; the error holds mantissa and exponent.
        """
        return scaled_value(self.mantissa, self.exponent, self.dtype)


def compile_plan(
    plan: Plan,
    *,
    dtype: DtypeName = "complex64",
    simd_level: str | None = None,
    limits: BlockLimits = DEFAULT_LIMITS,
) -> NativeProgram:
    """Compiles a plan for this machine, to be run any number of times.

    Args:
        plan: The plan.
        dtype: Type to compute in.
        simd_level: `portable`, `avx2`, `avx512` or `neon`; by default the widest one of the machine.
        limits: Which runs of steps become blocks.
    """
    return NativeProgram(lower(plan, dtype=dtype, limits=limits), simd_level=simd_level)


def contract_network(
    network: TensorNetwork,
    plan: Plan,
    *,
    dtype: DtypeName = "complex64",
    rows: RowDigits | None = None,
    slices: range | None = None,
    threads: int | None = None,
    memory_bytes: int | None = None,
    backend: BackendName = "native",
    progress: Progress | None = None,
    should_stop: Callable[[], bool] | None = None,
    profile: bool = False,
) -> Contraction:
    """Contracts a network along a plan.

    Args:
        network: The network.
        plan: A plan for a network of its shape.
        dtype: Type to compute in.
        rows: For a network with row indices, their joint values to compute, shape (num_rows, number of row indices).
        slices: Slices to add, consecutive; all by default.
        threads: Threads to use at most; the cores this process may use by default.
        memory_bytes: Memory for the run; what is available by default.
        backend: `native`, or `numpy` for the slow reference.
        progress: Called with the slices done and the slices in all, at most about ten times a second.
        should_stop: Called as often; the run ends within a second of its returning True.
        profile: Measure each step (native only).

    Returns:
        The sum over the slices.

    Raises:
        PlanError: The plan is for another network, or for other rows.
        UsageError: The slices are not a consecutive part of the plan's, or threads is below 1.
        MemoryLimitError: The run does not fit in the memory; nothing was allocated.
        NumericalError: A NaN or an infinity is in the arrays or came out of a slice.
        StoppedError: `should_stop` returned True.

    Example:
        >>> network = TensorNetwork([(np.ones((2, 2)), "ab"), (np.eye(2), "bc")], output="ac")
        >>> plan = Plan.from_ssa_path(network, [(0, 1)])
        >>> contract_network(network, plan).value.real
        array([[1., 1.],
               [1., 1.]], dtype=float32)
    """
    plan = plan.for_network(network)
    if backend == "numpy":
        _check_rows(lower(plan), rows)
        summed = select_slices(slices, plan.num_slices)
        if plan.shape.is_empty:
            return _without_steps(lower(plan, dtype=dtype), network.exponent, summed)
        return _contract_numpy(network, plan, dtype, rows, summed, progress, should_stop)
    if backend != "native":
        raise UsageError(f"backend must be 'native' or 'numpy', got {backend!r}")
    return run_program(
        compile_plan(plan, dtype=dtype),
        network.arrays,
        exponent=network.exponent,
        rows=rows,
        slices=slices,
        threads=threads,
        memory_bytes=memory_bytes,
        progress=progress,
        should_stop=should_stop,
        profile=profile,
    )


def run_program(
    compiled: NativeProgram,
    arrays: Sequence[np.typing.NDArray[np.generic]],
    *,
    exponent: int = 0,
    rows: RowDigits | None = None,
    slices: range | None = None,
    threads: int | None = None,
    memory_bytes: int | None = None,
    progress: Progress | None = None,
    should_stop: Callable[[], bool] | None = None,
    profile: bool = False,
) -> Contraction:
    """Runs a compiled plan on arrays; arguments and errors are those of `contract_network`.

    Args:
        compiled: The result of `compile_plan`. It is not changed, so threads may share it.
        arrays: Arrays of a network of the plan's shape, in order.
        exponent: The value is what the arrays give, times 2**exponent.
        rows: The rows to compute, where the network has row indices.
        slices: Slices to add, consecutive; all by default.
        threads: Threads to use at most; the cores this process may use by default.
        memory_bytes: Memory for the run; what is available by default.
        progress: Called with the slices done and the slices in all.
        should_stop: Returns True to stop the run.
        profile: Measure each step.
    """
    program = compiled.program
    summed = select_slices(slices, program.num_slices)
    _check_arrays(program, arrays)
    _check_rows(program, rows)
    started = time.perf_counter()
    if not summed or program.result == ONE or program.is_empty:
        return _without_steps(program, exponent, summed)
    schedule = _schedule_of_run(compiled, summed, threads, memory_bytes)
    inputs = compiled.loader.load(arrays)

    def tick(done: int) -> bool:
        if progress is not None:
            progress(done, count_of(summed))
        return should_stop is None or not should_stop()

    total = compiled.run(inputs, summed, schedule, digits=rows, tick=tick, profile=profile)
    if total is None:
        raise StoppedError("the contraction was stopped before its end; run it again for its value")
    if progress is not None:
        progress(count_of(summed), count_of(summed))
    return Contraction(
        mantissa=total.mantissa,
        exponent=(total.exponent or 0) + exponent,
        dtype=program.dtype,
        slices_done=count_of(summed),
        multiply_adds=total.multiply_adds,
        seconds=time.perf_counter() - started,
        peak_bytes=compiled.peak_bytes(schedule, summed),
        workers=schedule.workers,
        threads=schedule.threads,
        profile=_records(program, total.step_seconds, total.step_runs),
        underflow=total.underflow,
    )


def peak_bytes_of_run(
    compiled: NativeProgram,
    *,
    slices: range | None = None,
    threads: int | None = None,
    memory_bytes: int | None = None,
) -> int:
    """Computes the bytes that `run_program` will hold with the same arguments, before anything is allocated.

    Raises:
        MemoryLimitError: The run does not fit in the memory; its `needed_bytes` says how much it needs.
    """
    summed = select_slices(slices, compiled.program.num_slices)
    if not summed or compiled.program.result == ONE or compiled.program.is_empty:
        return 0
    return compiled.peak_bytes(_schedule_of_run(compiled, summed, threads, memory_bytes), summed)


def _schedule_of_run(compiled: NativeProgram, slices: range, threads: int | None, memory_bytes: int | None) -> Schedule:
    threads = usable_cores() if threads is None else threads
    if threads < 1:
        raise UsageError(f"threads must be at least 1, got {threads}")
    return choose_schedule(
        compiled.program,
        slices,
        slice_seconds=compiled.slice_seconds,
        threads=threads,
        memory_bytes=available_memory() if memory_bytes is None else memory_bytes,
        peak_bytes=lambda schedule: compiled.peak_bytes(schedule, slices),
    )


def select_slices(slices: range | None, num_slices: int) -> range:
    """Returns the range of slices to sum: all, or the ones given.

    Raises:
        UsageError: The slices are not a consecutive part of the plan's.
    """
    if slices is None:
        return range(num_slices)
    if slices.step != 1 or (slices and not (slices.start >= 0 and slices.stop <= num_slices)):
        raise UsageError(f"slices must be a consecutive part of range({num_slices}), got {slices!r}")
    return slices


def _check_arrays(program: Program, arrays: Sequence[np.typing.NDArray[np.generic]]) -> None:
    if len(arrays) != len(program.input_shapes):
        raise PlanError(f"the plan needs {len(program.input_shapes)} arrays, one for each tensor, got {len(arrays)}")
    for number, (array, expected) in enumerate(zip(arrays, program.input_shapes, strict=True)):
        if array.shape != array_shape(expected):
            raise PlanError(f"array {number} must have shape {expected}, as in the plan, got {array.shape}")


def _check_rows(program: Program, rows: RowDigits | None) -> None:
    shape = None if rows is None else rows.shape
    expected = (program.num_rows, len(program.row_sizes)) if program.num_rows else None
    if shape != expected or (rows is not None and np.any(rows >= np.array(program.row_sizes))):
        raise PlanError(
            f"rows must have shape {expected}, as in the plan, and values below the sizes of their indices, "
            f"got shape {shape}"
        )


def _without_steps(program: Program, exponent: int, slices: range) -> Contraction:
    """The value where nothing is contracted: 1 for no tensors, 0 for no slices or an index of size 0."""
    is_one = slices and not program.is_empty
    value = np.full(array_shape(program.output_shape), 1.0 if is_one else 0.0, dtype=np.complex128)
    return Contraction(
        mantissa=value,
        exponent=exponent,
        dtype=program.dtype,
        slices_done=count_of(slices),
        multiply_adds=0,
        seconds=0.0,
        peak_bytes=value.nbytes,
    )


def _contract_numpy(
    network: TensorNetwork,
    plan: Plan,
    dtype: DtypeName,
    rows: RowDigits | None,
    slices: range,
    progress: Progress | None,
    should_stop: Callable[[], bool] | None,
) -> Contraction:
    """Runs the reference backend; checks `should_stop` before each slice."""
    started = time.perf_counter()

    def reported_slices() -> Iterator[int]:
        for done, number in enumerate(slices):
            if should_stop is not None and should_stop():
                raise StoppedError("the contraction was stopped before its end; run it again for its value")
            yield number
            if progress is not None:
                progress(done + 1, count_of(slices))

    mantissa, exponent = numpy_backend.sum_of_slices(plan, network.arrays, reported_slices(), dtype=dtype, rows=rows)
    per_slice = plan.cost.multiply_adds_naive // max(plan.num_slices, 1)
    return Contraction(
        mantissa=mantissa,
        exponent=exponent + network.exponent,
        dtype=dtype,
        slices_done=count_of(slices),
        multiply_adds=per_slice * count_of(slices),
        seconds=time.perf_counter() - started,
        peak_bytes=plan.cost.peak_bytes,
    )


def _records(program: Program, seconds: Sequence[float], runs: Sequence[int]) -> tuple[StepRecord, ...]:
    item = BYTES_PER_ELEMENT[program.dtype]
    stem = _stem_steps(program, runs)
    return tuple(
        StepRecord(
            step=number,
            shape=_log2_shape(step),
            level=step.level,
            block=step.block,
            runs=count,
            multiply_adds=count * step.multiply_adds,
            traffic_bytes=count * step.traffic_elements * item,
            seconds=spent,
            on_stem=number in stem,
        )
        for number, (step, spent, count) in enumerate(zip(program.steps, seconds, runs, strict=False))
    )


def _stem_steps(program: Program, runs: Sequence[int]) -> set[int]:
    """The steps on the stem: from the last step down, always to the operand whose subtree has most work."""
    work: dict[int, int] = {}
    producer: dict[int, int] = {}
    for number, (step, count) in enumerate(zip(program.steps, runs, strict=False)):
        work[step.out] = count * step.multiply_adds + work.get(step.a, 0) + work.get(step.b, 0)
        producer[step.out] = number
    stem: set[int] = set()
    tensor = max(work, key=lambda tensor: (work[tensor], tensor), default=None)
    while tensor is not None and tensor in producer:
        number = producer[tensor]
        stem.add(number)
        a, b = program.steps[number].a, program.steps[number].b
        tensor = max(a, b, key=lambda operand: (work.get(operand, -1), operand))
    return stem


def _log2_shape(step: Step) -> tuple[float, float, float, float]:
    """log2 of the sizes kept from a, kept from b, summed, and kept from both."""
    parts = [0.0, 0.0, 0.0, 0.0]
    for mode in step.modes:
        kind = 2 if not mode.out else 3 if mode.a and mode.b else 0 if mode.a else 1
        parts[kind] += math.log2(mode.size)
    for mode in step.loops:  # kept by all steps of the block
        parts[3 if mode.b else 0] += math.log2(mode.size)
    return (parts[0], parts[1], parts[2], parts[3])

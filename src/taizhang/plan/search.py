"""The search for a plan: the door to the native code.

Trees and sliced indices are annealed together, on all threads, again and again from other starts, and the best is
kept. The search is anytime: it ends when time is up, when going on cannot pay or when asked to stop, and then gives the
best plan so far; a KeyboardInterrupt carries that plan. With a number of trials instead of a time it gives the same
plan on any machine and any number of threads.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from taizhang import _native
from taizhang._types import DtypeName
from taizhang._units import human_bytes
from taizhang.errors import MemoryLimitError, UsageError
from taizhang.network.network import NetworkShape
from taizhang.plan.cost import BYTES_PER_ELEMENT, Cost, cost_of_steps, step_costs
from taizhang.plan.machine import Machine, assumed_machine
from taizhang.plan.objective import (
    Objective,
    multiply_adds_per_element,
    multiply_adds_per_second,
    predicted_seconds,
)
from taizhang.plan.plan_file import Plan
from taizhang.plan.tree import ContractionTree

SPARING_FACTOR = 1.1
"""Of plans predicted to take up to this many times as long as the fastest, the one of least memory is taken."""

# A path, the sliced indices, whether it fits, and figures; see `_native.search_plan`.
_Found: TypeAlias = tuple[list[tuple[int, int]], list[int], bool, tuple[float, float, float, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchProgress:
    """How a search stands.

    Attributes:
        log10_multiply_adds: log10 of the best plan's multiply-adds over all slices; None before there is a plan.
        width: log2 of the best plan's largest intermediate.
        num_sliced: Number of indices that the best plan slices.
        trials_done: Number of annealing runs that have ended.
        seconds: Time spent.
        seconds_left: Time left; None where no time was given.
    """

    log10_multiply_adds: float | None
    width: float | None
    num_sliced: int | None
    trials_done: int
    seconds: float
    seconds_left: float | None


class SearchInterrupted(KeyboardInterrupt):
    """A search was interrupted.

    Attributes:
        plan: The best plan so far, if there was one within the limits.
        seconds: How long the search had gone on.
    """

    def __init__(self, plan: Plan | None, seconds: float) -> None:
        self.plan = plan
        self.seconds = seconds
        super().__init__("the search for a plan was interrupted")


def search(
    shape: NetworkShape,
    *,
    memory_bytes: int | None = None,
    width: float | None = None,
    seconds: float | None = None,
    trials: int | None = None,
    seed: int = 0,
    threads: int = 1,
    machine: Machine | None = None,
    dtype: DtypeName = "complex64",
    objective: Objective = "seconds",
    progress: Callable[[SearchProgress], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Plan:
    """Searches for a good plan.

    Args:
        shape: The network.
        memory_bytes: Most memory that may be alive at once while the plan runs.
        width: log2 of the most elements an intermediate may have.
        seconds: Time to search. With neither `seconds` nor `trials` the search weighs its own time against that of the
            run it plans: small networks are planned in milliseconds.
        trials: Number of annealing runs, instead of a time; the plan is then the same on every machine. The first runs
            are short and later ones longer: 16 take an instant, 100 about a minute for a circuit of 50 qubits.
        seed: Seed of the search, a whole number from 0.
        threads: Number of threads.
        machine: Rates of the machine that will run the plan; assumed rates if not given.
        dtype: Type of the tensors.
        objective: What to make small: the seconds that the plan is expected to run, or its multiply-adds alone. Of
            plans within a tenth of the fewest seconds the one of least memory is taken.
        progress: Called about twenty times a second with the state of the search.
        should_stop: Asked as often; once it says yes, the best plan so far is returned.

    Returns:
        The best plan found.

    Raises:
        SearchInterrupted: Ctrl-C, or another KeyboardInterrupt, ended the search; it holds the best plan so far.
        MemoryLimitError: No plan was found within the memory or width given.
        UsageError: An option has a value that it cannot have.

    Example:
        >>> shape = NetworkShape(inputs=((0, 1), (1, 2), (2, 0)), output=(), sizes=(2, 2, 2))
        >>> search(shape).cost.multiply_adds_naive
        12
    """
    _check(memory_bytes=memory_bytes, width=width, seconds=seconds, trials=trials, seed=seed, threads=threads)
    started = time.perf_counter()
    if shape.is_empty:
        return _plan_of_nothing(shape, dtype, seed, trials)
    machine = machine or assumed_machine(threads)
    bytes_per_element = BYTES_PER_ELEMENT[dtype]
    fixed = _fixed_elements(shape)
    available = math.inf if memory_bytes is None else memory_bytes / bytes_per_element - fixed

    def look(best: _native.FoundPlan | None, trials_done: int) -> bool:
        spent = time.perf_counter() - started
        if progress is not None:
            progress(
                SearchProgress(
                    log10_multiply_adds=None if best is None else best.log2_multiply_adds * math.log10(2),
                    width=None if best is None else best.width,
                    num_sliced=None if best is None else len(best.sliced_indices),
                    trials_done=trials_done,
                    seconds=spent,
                    seconds_left=None if seconds is None else max(seconds - spent, 0.0),
                )
            )
        return should_stop is not None and should_stop()

    found, interrupt = _search_natively(
        shape,
        width=math.inf if width is None else width,
        memory_elements=max(available, 1.0),
        seconds=seconds,
        trials=trials,
        seed=seed,
        threads=threads,
        log2_per_element=_log2_per_element(machine, dtype, objective),
        charge_per_second=multiply_adds_per_second(machine, dtype),
        seconds_per_element=machine.fresh_seconds_per_byte * bytes_per_element if objective == "seconds" else 0.0,
        look=None if progress is None and should_stop is None else look,
    )
    if found is None and interrupt is not None:
        raise SearchInterrupted(None, time.perf_counter() - started) from interrupt
    if found is None:
        raise MemoryLimitError("the search ended before any plan was found; give it more time")
    judged = [_judge(shape, candidate, machine, dtype) for candidate in found.plans]
    best = min(judged, key=lambda entry: (not entry.fits, entry.predicted_seconds))
    if best.fits and objective == "seconds":
        most = SPARING_FACTOR * best.predicted_seconds
        frugal = (entry for entry in judged if entry.fits and entry.predicted_seconds <= most)
        best = min(frugal, key=lambda entry: (entry.cost.peak_bytes, entry.predicted_seconds))
    try:
        _check_limits(shape, best, memory_bytes=memory_bytes, width=width, dtype=dtype)
    except MemoryLimitError:
        if interrupt is None:
            raise
        raise SearchInterrupted(None, time.perf_counter() - started) from interrupt
    plan = Plan(
        shape=shape,
        tree=best.tree,
        sliced_indices=best.sliced_indices,
        cost=best.cost,
        dtype=dtype,
        predicted_seconds=best.predicted_seconds,
        planning_seconds=time.perf_counter() - started,
        seed=seed,
        trials=trials,
        trial=found.trial,
        history=tuple((round(at, 4), round(log2 * math.log10(2), 4)) for at, log2 in found.history),
    )
    if interrupt is not None:
        raise SearchInterrupted(plan, plan.planning_seconds) from interrupt
    return plan


def _search_natively(shape: NetworkShape, **limits: Any) -> tuple[Any, KeyboardInterrupt | None]:
    """Calls the native search; gives what it found, also where a KeyboardInterrupt ended it, and that."""
    try:
        return _native.search_plan(shape, **limits), None
    except KeyboardInterrupt as interrupt:
        return getattr(interrupt, "found", None), interrupt


def _plan_of_nothing(shape: NetworkShape, dtype: DtypeName, seed: int, trials: int | None) -> Plan:
    """A plan for a network whose value has no terms: any order will do."""
    count = shape.num_tensors
    path = tuple((0 if step == 0 else count + step - 1, step + 1) for step in range(count - 1))
    tree = ContractionTree(num_tensors=count, ssa_path=path)
    cost = cost_of_steps(shape, step_costs(shape, tree), (), dtype=dtype)
    return Plan(shape=shape, tree=tree, sliced_indices=(), cost=cost, dtype=dtype, seed=seed, trials=trials)


def slice_further(
    plan: Plan,
    *,
    memory_bytes: int,
    width: float | None = None,
    machine: Machine | None = None,
    objective: Objective = "seconds",
) -> Plan:
    """Slices a plan until it fits the memory; the tree stays as it is, so this takes no longer than it has steps.

    Args:
        plan: The plan.
        memory_bytes: Most memory that may be alive at once while the plan runs.
        width: log2 of the most elements an intermediate may have.
        machine: Rates of the machine that will run the plan; assumed rates if not given.
        objective: What the plan was made small in.

    Returns:
        A plan within the limits, the same one where it is within them already.

    Raises:
        MemoryLimitError: Inputs, result and a tensor of one element for each step take more.
    """
    started = time.perf_counter()
    if plan.cost.peak_bytes <= memory_bytes and (width is None or plan.cost.width <= width):
        return plan
    machine = machine or assumed_machine()
    shape, dtype = plan.shape, plan.dtype
    elements = memory_bytes / BYTES_PER_ELEMENT[dtype] - _fixed_elements(shape)
    found = _native.slice_plan(
        shape,
        ssa_path=plan.tree.ssa_path,
        sliced_indices=plan.sliced_indices,
        width=math.inf if width is None else width,
        memory_elements=max(elements, 1.0),
        log2_per_element=_log2_per_element(machine, dtype, objective),
    )
    best = _judge(shape, found, machine, dtype)
    _check_limits(shape, best, memory_bytes=memory_bytes, width=width, dtype=dtype)
    return replace(
        plan,
        tree=best.tree,
        sliced_indices=best.sliced_indices,
        cost=best.cost,
        predicted_seconds=best.predicted_seconds,
        planning_seconds=plan.planning_seconds + time.perf_counter() - started,
    )


def _log2_per_element(machine: Machine, dtype: DtypeName, objective: Objective) -> float:
    return math.log2(multiply_adds_per_element(machine, dtype)) if objective == "seconds" else -math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """A plan that the native search proposes, with its exact cost."""

    tree: ContractionTree
    sliced_indices: tuple[int, ...]
    fits: bool
    cost: Cost
    predicted_seconds: float


def _judge(shape: NetworkShape, found: _native.FoundPlan, machine: Machine, dtype: DtypeName) -> _Judged:
    sliced = found.sliced_indices
    tree = ContractionTree(num_tensors=shape.num_tensors, ssa_path=tuple(found.ssa_path))
    steps = step_costs(shape, tree, sliced)
    cost = cost_of_steps(shape, steps, sliced, dtype=dtype)
    return _Judged(
        tree=tree,
        sliced_indices=tuple(sliced),
        fits=found.fits,
        cost=cost,
        predicted_seconds=predicted_seconds(steps, machine, dtype, peak_bytes=cost.peak_bytes),
    )


def _check_limits(
    shape: NetworkShape, best: _Judged, *, memory_bytes: int | None, width: float | None, dtype: DtypeName
) -> None:
    """Refuses a plan that is not within the limits.

    Raises:
        MemoryLimitError: It is not; every index that may be sliced is sliced then.
    """
    cost = best.cost
    if memory_bytes is not None and (not best.fits or cost.peak_bytes > memory_bytes):
        fixed_bytes = BYTES_PER_ELEMENT[dtype] * _fixed_elements(shape)
        raise MemoryLimitError(
            f"the smallest plan found needs {human_bytes(cost.peak_bytes)}, of which inputs and result take "
            f"{human_bytes(fixed_bytes)}, but the limit is {human_bytes(memory_bytes)}; allow more memory, "
            "or leave fewer qubits open"
        )
    if width is not None and (not best.fits or cost.width > width + 1e-3):
        raise MemoryLimitError(
            f"the narrowest plan found has width {cost.width:g}, but the limit is {width:g}; allow a larger width"
        )


def _fixed_elements(shape: NetworkShape) -> int:
    """Elements that any plan has alive: the inputs, and the result twice, as slices are summed in double precision."""
    inputs = sum(math.prod(shape.sizes[index] for index in term) for term in shape.inputs)
    return inputs + 2 * math.prod(shape.value_shape)


def _check(
    *,
    memory_bytes: int | None,
    width: float | None,
    seconds: float | None,
    trials: int | None,
    seed: int,
    threads: int,
) -> None:
    if memory_bytes is not None and memory_bytes <= 0:
        raise UsageError(f"the memory limit is {memory_bytes} bytes; a positive number is wanted")
    if width is not None and not width >= 0:
        raise UsageError(f"the width limit is {width}; a number from 0 is wanted")
    if seconds is not None and not seconds >= 0:
        raise UsageError(f"the planning time is {seconds} seconds; a number from 0 is wanted")
    if seconds is not None and trials is not None:
        raise UsageError("both a planning time and a number of trials were given; give one of them")
    if trials is not None and trials < 1:
        raise UsageError(f"the number of trials is {trials}; at least 1 is wanted")
    if not 0 <= seed < 1 << 64:
        raise UsageError(f"the seed is {seed}; a whole number from 0 to 2^64 - 1 is wanted")
    if threads < 1:
        raise UsageError(f"the number of threads is {threads}; at least 1 is wanted")

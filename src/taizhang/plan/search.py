"""The search for a plan, done by the compiled core.

Trees and sliced indices are annealed together, on all threads, repeatedly from different starts, and the best result is
kept. The search is anytime: it ends when time is up, when further search is not worthwhile or when asked to stop, and
returns the best plan so far; a KeyboardInterrupt carries that plan. With a number of trials instead of a time it
returns the same plan on any machine and with any number of threads.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

from taizhang import _native
from taizhang._types import DtypeName
from taizhang._units import human_bytes
from taizhang.errors import MemoryLimitError, UsageError
from taizhang.network.network import NetworkShape
from taizhang.plan.cost import BYTES_PER_ELEMENT, Cost, cost_of_steps, step_costs
from taizhang.plan.objective import (
    Objective,
    multiply_adds_per_element,
    multiply_adds_per_second,
    predicted_seconds,
)
from taizhang.plan.plan import Plan
from taizhang.plan.rates import MachineRates, assumed_rates
from taizhang.plan.tree import ContractionTree

SPARING_FACTOR = 1.1
"""Of plans predicted to take up to this many times as long as the fastest, the one with the least memory is chosen."""


class SearchProgress(NamedTuple):
    """Progress of a search.

    Attributes:
        log10_multiply_adds: log10 of the best plan's multiply-adds over all slices; None while there is no plan.
        width: log2 of the best plan's largest intermediate.
        num_sliced: Number of indices that the best plan slices.
        trials_done: Number of annealing runs that have ended.
        seconds: Time spent.
        seconds_left: Time left; None without a time limit.
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
        seconds: Time spent on the search.
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
    machine: MachineRates | None = None,
    dtype: DtypeName = "complex64",
    objective: Objective = "seconds",
    progress: Callable[[SearchProgress], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Plan:
    """Searches for a good plan.

    Args:
        shape: The network.
        memory_bytes: Limit of the peak memory of the plan.
        width: log2 of the most elements an intermediate may have.
        seconds: Time to search. With neither `seconds` nor `trials` the search balances its time against that of the
            contraction it plans: small networks are planned in milliseconds.
        trials: Number of annealing runs, instead of a time; the plan is then the same on every machine. The first runs
            are short and later ones longer: 16 take an instant, 100 about a minute for a circuit of 50 qubits.
        seed: Seed of the search, from 0 to 2^64 - 1.
        threads: Number of threads.
        machine: Rates of the machine that will run the plan; assumed rates if not given.
        dtype: Type of the tensors.
        objective: What to minimise: the predicted run time, or the multiply-adds alone. Of plans within a tenth of the
            shortest time the one with the least memory is chosen.
        progress: Called about twenty times a second with the progress of the search.
        should_stop: Called as often; once it returns True, the best plan so far is returned.

    Returns:
        The best plan found.

    Raises:
        SearchInterrupted: Ctrl-C, or another KeyboardInterrupt, ended the search; it holds the best plan so far.
        MemoryLimitError: No plan was found within the memory or width given.
        UsageError: An option has an invalid value.

    Example:
        >>> shape = NetworkShape(inputs=((0, 1), (1, 2), (2, 0)), output=(), sizes=(2, 2, 2))
        >>> search(shape).cost.multiply_adds_naive
        12
    """
    _check(memory_bytes=memory_bytes, width=width, seconds=seconds, trials=trials, seed=seed, threads=threads)
    started = time.perf_counter()
    if shape.is_empty:
        return _plan_of_nothing(shape, dtype, seed, trials)

    # Stage 1: translate the limits to elements, the unit of the native search.
    machine = machine or assumed_rates(threads)
    bytes_per_element = BYTES_PER_ELEMENT[dtype]
    fixed = _fixed_elements(shape)
    available = math.inf if memory_bytes is None else memory_bytes / bytes_per_element - fixed

    def report(best: _native.FoundPlan | None, trials_done: int) -> bool:
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

    # Stage 2: search. An interrupt is raised only below, with the best plan so far.
    result, interrupt = _search_natively(
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
        look=None if progress is None and should_stop is None else report,
    )
    if result is None and interrupt is not None:
        raise SearchInterrupted(None, time.perf_counter() - started) from interrupt
    if result is None:
        raise MemoryLimitError("the search ended before any plan was found; give it more time")

    # Stage 3: compute the exact cost of the proposed plans, and choose one.
    judged = [_judge(shape, candidate, machine, dtype) for candidate in result.plans]
    best = min(judged, key=lambda entry: (not entry.fits, entry.predicted_seconds))
    if best.fits and objective == "seconds":
        longest = SPARING_FACTOR * best.predicted_seconds
        nearly_as_fast = (entry for entry in judged if entry.fits and entry.predicted_seconds <= longest)
        best = min(nearly_as_fast, key=lambda entry: (entry.cost.peak_bytes, entry.predicted_seconds))
    try:
        _check_limits(shape, best, memory_bytes=memory_bytes, width=width, dtype=dtype)
    except MemoryLimitError:
        if interrupt is None:
            raise
        raise SearchInterrupted(None, time.perf_counter() - started) from interrupt

    # Stage 4: assemble the plan.
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
        trial=result.trial,
        history=tuple((round(at, 4), round(log2 * math.log10(2), 4)) for at, log2 in result.history),
    )
    if interrupt is not None:
        raise SearchInterrupted(plan, plan.planning_seconds) from interrupt
    return plan


def _search_natively(shape: NetworkShape, **limits: Any) -> tuple[Any, KeyboardInterrupt | None]:
    """Calls the native search; returns its result and the KeyboardInterrupt that ended it, if one did."""
    try:
        return _native.search_plan(shape, **limits), None
    except KeyboardInterrupt as interrupt:
        return getattr(interrupt, "found", None), interrupt


def _plan_of_nothing(shape: NetworkShape, dtype: DtypeName, seed: int, trials: int | None) -> Plan:
    """Makes a plan for a network whose value has no terms: any order will do."""
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
    machine: MachineRates | None = None,
    objective: Objective = "seconds",
) -> Plan:
    """Slices a plan until it fits the memory; the tree stays the same, so this takes time linear in its steps.

    Args:
        plan: The plan.
        memory_bytes: Limit of the peak memory of the plan.
        width: log2 of the most elements an intermediate may have.
        machine: Rates of the machine that will run the plan; assumed rates if not given.
        objective: What the search for the plan minimised.

    Returns:
        A plan within the limits; the given one if it is within them.

    Raises:
        MemoryLimitError: Inputs, result and a tensor of one element for each step take more.
    """
    started = time.perf_counter()
    if plan.cost.peak_bytes <= memory_bytes and (width is None or plan.cost.width <= width):
        return plan
    machine = machine or assumed_rates()
    shape, dtype = plan.shape, plan.dtype
    elements = memory_bytes / BYTES_PER_ELEMENT[dtype] - _fixed_elements(shape)
    proposal = _native.slice_plan(
        shape,
        ssa_path=plan.tree.ssa_path,
        sliced_indices=plan.sliced_indices,
        width=math.inf if width is None else width,
        memory_elements=max(elements, 1.0),
        log2_per_element=_log2_per_element(machine, dtype, objective),
    )
    best = _judge(shape, proposal, machine, dtype)
    _check_limits(shape, best, memory_bytes=memory_bytes, width=width, dtype=dtype)
    return replace(
        plan,
        tree=best.tree,
        sliced_indices=best.sliced_indices,
        cost=best.cost,
        predicted_seconds=best.predicted_seconds,
        planning_seconds=plan.planning_seconds + time.perf_counter() - started,
    )


def _log2_per_element(machine: MachineRates, dtype: DtypeName, objective: Objective) -> float:
    return math.log2(multiply_adds_per_element(machine, dtype)) if objective == "seconds" else -math.inf


class _Judged(NamedTuple):
    """A plan that the native search proposes, with its exact cost."""

    tree: ContractionTree
    sliced_indices: tuple[int, ...]
    fits: bool
    cost: Cost
    predicted_seconds: float


def _judge(shape: NetworkShape, proposal: _native.FoundPlan, machine: MachineRates, dtype: DtypeName) -> _Judged:
    sliced = proposal.sliced_indices
    tree = ContractionTree(num_tensors=shape.num_tensors, ssa_path=tuple(proposal.ssa_path))
    steps = step_costs(shape, tree, sliced)
    cost = cost_of_steps(shape, steps, sliced, dtype=dtype)
    return _Judged(
        tree=tree,
        sliced_indices=tuple(sliced),
        fits=proposal.fits,
        cost=cost,
        predicted_seconds=predicted_seconds(steps, machine, dtype, peak_bytes=cost.peak_bytes),
    )


def _check_limits(
    shape: NetworkShape, best: _Judged, *, memory_bytes: int | None, width: float | None, dtype: DtypeName
) -> None:
    """Refuses a plan that exceeds the limits.

    Raises:
        MemoryLimitError: It exceeds them although every index that may be sliced is sliced.
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
    """Counts the elements any plan needs: inputs, and the result twice, as slices are summed in double precision."""
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
        raise UsageError(f"the memory limit must be positive, got {memory_bytes} bytes")
    if width is not None and not width >= 0:
        raise UsageError(f"the width limit must be at least 0, got {width}")
    if seconds is not None and not seconds >= 0:
        raise UsageError(f"the planning time must be at least 0 seconds, got {seconds}")
    if seconds is not None and trials is not None:
        raise UsageError("both a planning time and a number of trials were given; give one of them")
    if trials is not None and trials < 1:
        raise UsageError(f"the number of trials must be at least 1, got {trials}")
    if not 0 <= seed < 1 << 64:
        raise UsageError(f"the seed must be a whole number from 0 to 2^64 - 1, got {seed}")
    if threads < 1:
        raise UsageError(f"the number of threads must be at least 1, got {threads}")

"""The objective of a search: the time that a plan is predicted to take on a machine.

A step takes the larger of its work over the rate of its shape and its bytes over the bandwidth, and never less than
the time of starting it (the roofline model: Williams, Waterman & Patterson, CACM 2009). Steps shared between slices
count as often as they are executed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from taizhang._types import DtypeName
from taizhang.plan.cost import BYTES_PER_ELEMENT, StepCost
from taizhang.plan.rates import MachineRates

Objective = Literal["seconds", "multiply_adds"]
"""What a search minimises: the predicted run time of a plan, or its multiply-adds over all slices."""

_BLOCK = 1 << 22  # runs of steps go through the cache in blocks of about this many bytes
_SQUARE = 64  # rows, columns and summed values of a contraction limited by arithmetic alone
_MOST_RUNS = 10**300  # still a finite float


def step_seconds(step: StepCost, machine: MachineRates, dtype: DtypeName = "complex64") -> float:
    """Predicts the seconds of one run of a step."""
    return seconds_of_step(
        step.rows, step.columns, step.summed, step.multiply_adds, step.elements_moved, machine, dtype
    )


def seconds_of_step(
    rows: int,
    columns: int,
    summed: int,
    multiply_adds: int,
    elements_moved: int,
    machine: MachineRates,
    dtype: DtypeName = "complex64",
) -> float:
    """Predicts the seconds of one run of a step with these figures; see `StepCost`."""
    working = multiply_adds / machine.contraction_rate(min(rows, columns), summed, dtype)
    moved_bytes = BYTES_PER_ELEMENT[dtype] * elements_moved
    moving = moved_bytes / machine.bandwidth(moved_bytes)
    return machine.step_seconds + max(working, moving)


def predicted_seconds(
    steps: Iterable[StepCost], machine: MachineRates, dtype: DtypeName = "complex64", *, peak_bytes: int = 0
) -> float:
    """Predicts the seconds of running all slices of a plan.

    Args:
        steps: The result of `step_costs` for the plan.
        machine: Rates of the machine that will run it.
        dtype: Type of the tensors.
        peak_bytes: Peak memory of the plan; all of it is touched for the first time once.
    """
    # Many steps of a plan have the same figures.
    known: dict[tuple[int, ...], float] = {}
    running = 0.0
    for step in steps:
        figures = (step.rows, step.columns, step.summed, step.multiply_adds, step.elements_moved)
        seconds = known.get(figures)
        if seconds is None:
            seconds = known[figures] = seconds_of_step(*figures, machine, dtype)
        # There can be more runs than a float holds.
        running += min(step.runs, _MOST_RUNS) * seconds
    return running + peak_bytes * machine.fresh_seconds_per_byte


def seconds_of_runs(seconds: float, num_runs: int, machine: MachineRates, *, peak_bytes: int) -> float:
    """Predicts the seconds of running a plan repeatedly: its memory is touched for the first time only once.

    Args:
        seconds: The result of `predicted_seconds` for one run.
        num_runs: Number of runs, one after the other.
        machine: Rates of the machine that will run it.
        peak_bytes: Peak memory of the plan.
    """
    touching = min(peak_bytes * machine.fresh_seconds_per_byte, seconds)
    return touching + num_runs * (seconds - touching)


def multiply_adds_per_element(machine: MachineRates, dtype: DtypeName = "complex64") -> float:
    """Returns the multiply-adds that take as long as moving one element through the cache."""
    elements_per_second = machine.bandwidth(_BLOCK) / BYTES_PER_ELEMENT[dtype]
    return min(max(machine.contraction_rate(_SQUARE, _SQUARE, dtype) / elements_per_second, 0.5), 32.0)


def multiply_adds_per_second(machine: MachineRates, dtype: DtypeName = "complex64") -> float:
    """Returns the rate, in multiply-adds per second, of contractions large enough to be limited by arithmetic alone."""
    return machine.contraction_rate(_SQUARE, _SQUARE, dtype)

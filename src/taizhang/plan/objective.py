"""What a plan is judged by: the seconds it is expected to take on a machine.

A step takes the larger of its work over the rate of its shape and its bytes over the bandwidth, and never less than
the time of starting it (the roofline model: Williams, Waterman & Patterson, CACM 2009). Steps shared between slices
count as often as they are executed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from taizhang._types import DtypeName
from taizhang.plan.cost import BYTES_PER_ELEMENT, StepCost
from taizhang.plan.machine import Machine

Objective = Literal["seconds", "multiply_adds"]
"""What a search makes small: the seconds a plan is expected to run, or its multiply-adds over all slices."""

_BLOCK = 1 << 22  # runs of steps go through the cache in blocks of about this many bytes
_SQUARE = 64
_MOST_RUNS = 10**300


def step_seconds(step: StepCost, machine: Machine, dtype: DtypeName = "complex64") -> float:
    """Expected seconds of one run of a step."""
    narrow = min(step.rows, step.columns)
    working = step.multiply_adds / machine.contraction_rate(narrow, step.summed, dtype)
    moved_bytes = BYTES_PER_ELEMENT[dtype] * step.elements_moved
    moving = moved_bytes / machine.bandwidth(moved_bytes)
    return machine.step_seconds + max(working, moving)


def predicted_seconds(
    steps: Iterable[StepCost], machine: Machine, dtype: DtypeName = "complex64", *, peak_bytes: int = 0
) -> float:
    """Expected seconds of running all slices of a plan.

    Args:
        steps: What `step_costs` gave for the plan.
        machine: Rates of the machine that will run it.
        dtype: Type of the tensors.
        peak_bytes: Most memory alive at once, all of which is touched for the first time once.
    """
    # There can be more runs than a float holds.
    running = sum(min(step.runs, _MOST_RUNS) * step_seconds(step, machine, dtype) for step in steps)
    return running + peak_bytes * machine.fresh_seconds_per_byte


def seconds_of_runs(seconds: float, num_runs: int, machine: Machine, *, peak_bytes: int) -> float:
    """Expected seconds of running a plan again and again: its memory is touched for the first time only once.

    Args:
        seconds: What `predicted_seconds` gave for one run.
        num_runs: Number of runs, one after the other.
        machine: Rates of the machine that will run it.
        peak_bytes: Most memory alive at once.
    """
    touching = min(peak_bytes * machine.fresh_seconds_per_byte, seconds)
    return touching + num_runs * (seconds - touching)


def multiply_adds_per_element(machine: Machine, dtype: DtypeName = "complex64") -> float:
    """Multiply-adds that take as long as moving one element through the cache: where work and traffic balance."""
    elements_per_second = machine.bandwidth(_BLOCK) / BYTES_PER_ELEMENT[dtype]
    return min(max(machine.contraction_rate(_SQUARE, _SQUARE, dtype) / elements_per_second, 0.5), 32.0)


def multiply_adds_per_second(machine: Machine, dtype: DtypeName = "complex64") -> float:
    """Multiply-adds a second of contractions large enough to be limited by nothing else."""
    return machine.contraction_rate(_SQUARE, _SQUARE, dtype)

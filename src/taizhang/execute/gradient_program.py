"""Plans compiled with derivatives, sliced further until they fit in the memory."""

from __future__ import annotations

from dataclasses import replace

from taizhang._resources import needed_bytes
from taizhang._units import human_bytes
from taizhang.errors import MemoryLimitError
from taizhang.execute.number_program import NumberProgram
from taizhang.execute.prepare import planning_rates
from taizhang.plan.plan import Plan
from taizhang.plan.search import slice_further
from taizhang.settings import Settings

# How often a plan is sliced further when its derivatives do not fit in the memory.
_MEMORY_ATTEMPTS = 24


def compile_gradient(plan: Plan, wanted: list[int], settings: Settings, *, advice: str) -> NumberProgram:
    """Compiles a plan for a number with its derivatives by some inputs, within the memory limit.

    Derivatives keep all intermediates of a slice, more than the plan counts; so the plan is sliced further until they
    fit. And the steps backwards run in every slice, those too that the value needs once for several; so where memory
    allows fewer slices may be quicker.

    Args:
        plan: The plan.
        wanted: The inputs, in rising order.
        settings: The common options.
        advice: What else than allowing more memory helps; the end of the error's sentence.

    Raises:
        MemoryLimitError: No slicing fits.
    """
    free = settings.free_bytes()
    allowed = plan.cost.peak_bytes
    for _ in range(_MEMORY_ATTEMPTS):
        program = NumberProgram(plan, dtype=settings.dtype, wanted=wanted)
        needed = program.peak_bytes(1, workers=1, threads=1)
        if needed <= free:
            return _with_fewer_slices(program, plan, wanted, settings, free)
        allowed = int(0.9 * allowed * min(1.0, free / needed))
        try:
            plan = slice_further(plan, memory_bytes=max(allowed, 1), width=settings.width, objective=settings.objective)
        except MemoryLimitError:
            break
    raise MemoryLimitError(
        f"derivatives need {human_bytes(needed_bytes() + needed)}, but the memory limit is "
        f"{human_bytes(settings.memory_bytes)}; allow more memory, or {advice}",
        needed_bytes=needed,
    )


def _with_fewer_slices(
    program: NumberProgram, plan: Plan, wanted: list[int], settings: Settings, free_bytes: int
) -> NumberProgram:
    """The quickest program of those that leave out some of the last sliced indices, memory touched first included."""
    machine = planning_rates(settings)

    def seconds(one: NumberProgram) -> float:
        return one.predicted_seconds(machine) + machine.fresh_seconds_per_byte * one.arena_bytes

    best = program
    for count in range(len(plan.sliced_indices) - 1, -1, -1):
        fewer = replace(plan, sliced_indices=plan.sliced_indices[:count])
        tried = NumberProgram(fewer, dtype=settings.dtype, wanted=wanted)
        if tried.peak_bytes(1, workers=1, threads=1) > free_bytes:
            break
        best = min(best, tried, key=seconds)
    return best

"""Solves a question in this process: prepares it, contracts, and assembles the answer."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from taizhang._types import ComplexArray
from taizhang.execute.contraction import Contraction, Progress
from taizhang.execute.members import run_members
from taizhang.execute.native_backend import NativeProgram
from taizhang.execute.prepare import check_time, program_within_time
from taizhang.execute.scaled_value import scale_into
from taizhang.observer import Observer, Silent
from taizhang.plan.plan import Plan
from taizhang.settings import Settings
from taizhang.tasks.work import PlannedMembers, Work

if TYPE_CHECKING:
    from taizhang.tasks.assembly import Assembly, Values
    from taizhang.tasks.task import Task

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Solution(Generic[Answer]):
    """An answer, with the resources used.

    Attributes:
        answer: The answer.
        assembly: The assembly that made it, which also shows and records it.
        plans: The plans that were contracted.
        num_contractions: Number of contractions with all plans.
        predicted_seconds: Predicted time of the contractions.
        predicted_bytes: Predicted peak memory of the process.
        seconds: Wall time of the stages `"build"`, `"plan"` and `"run"`.
        contractions: All contractions, without their values unless they were profiled.
    """

    answer: Answer
    assembly: Assembly[Answer]
    plans: tuple[Plan, ...]
    num_contractions: int
    predicted_seconds: float
    predicted_bytes: int
    seconds: dict[str, float]
    contractions: tuple[Contraction, ...]


def solve(
    task: Task[Answer],
    settings: Settings,
    *,
    plan: Plan | None = None,
    observer: Observer | None = None,
    profile: bool = False,
) -> Solution[Answer]:
    """Answers a question in this process.

    Args:
        task: The question.
        settings: The common options.
        plan: An existing plan, instead of searching one.
        observer: Receives progress updates.
        profile: Measure every step.

    Raises:
        PlanError: The plan is for another network.
        LimitError: The work or the answer does not fit the limits.
        NumericalError: A NaN or an infinity appeared.
    """
    watch = observer or Silent()
    watch.stage("build")
    started = time.perf_counter()
    work = task.prepare(settings, plan=plan, observer=watch)
    prepared = time.perf_counter()
    values, contractions = contract_work(work, watch, profile=profile)
    return Solution(
        answer=work.assembly.answer(values),
        assembly=work.assembly,
        plans=tuple(planned.ready.plan for planned in work.plans),
        num_contractions=sum(len(planned.members) for planned in work.plans),
        predicted_seconds=work.predicted_seconds,
        predicted_bytes=work.predicted_bytes,
        seconds={
            "build": work.build_seconds,
            "plan": prepared - started - work.build_seconds,
            "run": time.perf_counter() - prepared,
        },
        contractions=contractions,
    )


def contract_work(
    work: Work[Answer], observer: Observer, *, profile: bool = False
) -> tuple[Values, tuple[Contraction, ...]]:
    """Contracts everything that a question needs.

    Returns:
        For each plan, the values, shape (contractions, elements of each); and all contractions.

    Raises:
        TimeLimitError: The work is predicted to take longer than the limit.
    """
    # Stage 1: check the predicted time of all plans before any is contracted.
    check_time(work.predicted_seconds, work.settings)
    free = work.settings.free_bytes()
    programs: list[NativeProgram | None] = [
        None
        if not profile and _are_together(planned, work.settings.threads, free)
        else program_within_time(planned.ready, 0.0, work.settings)
        for planned in work.plans
    ]
    observer.stage("run")
    observer.predicted(work.predicted_seconds)
    slices = [len(planned.members) * len(planned.slices) for planned in work.plans]
    values: list[ComplexArray] = []
    contractions: list[Contraction] = []
    for number, (planned, program) in enumerate(zip(work.plans, programs, strict=True)):
        progress = _part_of(observer, slices, number)
        # Stage 2: many light cones that take an instant each are contracted in one call.
        if program is None:
            assert planned.together is not None
            together = planned.together.values(
                seconds=planned.predicted_seconds,
                threads=work.settings.threads,
                free_bytes=free,
            )
            values.append(together[:, np.newaxis])
            progress(1, 1)
            continue
        plan_values = np.empty((len(planned.members), program.program.output_elements), dtype=work.value_dtype)

        def take(member: int, contraction: Contraction, target: ComplexArray = plan_values) -> None:
            scale_into(target[member], contraction.mantissa.reshape(-1), contraction.exponent)

        # Stage 3: a small network whose elements are far apart is contracted with an exponent for every element; any
        # other by its plan, and again with such exponents if a number underflowed.
        wide = None if profile else _contract_wide(planned, work.settings)
        if wide is None:
            finished = run_members(
                program,
                planned.members,
                take,
                slices=planned.only,
                threads=work.settings.threads,
                free_bytes=work.settings.free_bytes,
                progress=progress,
                profile=profile,
            )
            contractions += finished
            if not profile and any(contraction.underflow for contraction in finished):
                wide = _contract_wide(planned, work.settings, underflow=True)
        else:
            contractions.append(wide)
        if wide is not None:
            take(0, wide)
        values.append(plan_values)
    return tuple(values), tuple(contractions)


def _are_together(planned: PlannedMembers, threads: int, free_bytes: int) -> bool:
    """Whether the contractions are light cones that take an instant each, and all fit in the memory."""
    return planned.together is not None and planned.is_instant and planned.together.peak_bytes(threads) <= free_bytes


def _contract_wide(planned: PlannedMembers, settings: Settings, *, underflow: bool = False) -> Contraction | None:
    """Contracts a network with an exponent for every element, where it is watched over and needs that; else None."""
    if planned.guard is None:
        return None
    arrays, exponent = planned.members.arrays_of(0)
    return planned.guard.contract(
        arrays,
        exponent,
        planned.ready.plan,
        planned.slices,
        memory_bytes=settings.free_bytes(),
        underflow=underflow,
    )


def _part_of(observer: Observer, slices: Sequence[int], number: int) -> Progress:
    """Reports the progress of plan `number` as that of all plans, which have these numbers of slices."""
    before, current, total = sum(slices[:number]), slices[number], sum(slices)
    return lambda done, of: observer.contracting(before + current * done // max(of, 1), total)

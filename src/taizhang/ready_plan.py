"""From the shape of a network to a plan that fits the memory and is compiled.

The search bounds the memory of the tensors; kernels need workspaces beside them, whose size is known once the plan is
compiled. Where both together are too much, the search is asked for a smaller plan.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from taizhang._resources import needed_bytes
from taizhang._units import human_seconds
from taizhang.errors import MemoryLimitError, TimeLimitError
from taizhang.execute.contraction import compile_plan, peak_bytes_of_run
from taizhang.execute.native_backend import NativeProgram
from taizhang.network.network import NetworkShape
from taizhang.observer import Observer, Silent
from taizhang.plan.cost import step_costs
from taizhang.plan.machine import measured_machine
from taizhang.plan.objective import predicted_seconds
from taizhang.plan.plan_file import Plan
from taizhang.plan.search import search
from taizhang.settings import Settings

# How often the search is asked for a smaller plan when what it found does not fit once it is compiled.
MEMORY_ATTEMPTS = 4
# A plan of more slices than this can be looked at, but not run.
MOST_SLICES = 2**62


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyPlan:
    """A plan that fits the memory, compiled.

    Attributes:
        plan: The plan.
        program: What is run; None for a plan that cannot be run here: of more than 2**62 slices, or too large.
        predicted_bytes: Most memory that the process will hold.
    """

    plan: Plan
    program: NativeProgram | None
    predicted_bytes: int


def ready_plan(
    shape: NetworkShape,
    settings: Settings,
    observer: Observer | None = None,
    *,
    plan: Plan | None = None,
    run_here: bool = True,
) -> ReadyPlan:
    """Searches a plan, or takes the one given, and compiles it so that it fits the memory.

    A plan that is not going to be run here, and has only its width limited, may need any memory.

    Raises:
        PlanError: The plan given is for another network.
        MemoryLimitError: No plan fits the limit, or the one given does not.
    """
    watch = observer or Silent()
    watch.stage("plan")
    if plan is not None:
        return _compiled(_predicted_here(plan.for_network(shape), settings), settings)
    if settings.memory is None and settings.width is not None and not run_here:
        return _compiled_anyway(searched(shape, None, settings, watch), settings)
    allowed = settings.free_bytes()
    for _ in range(MEMORY_ATTEMPTS - 1):
        try:
            return _compiled(searched(shape, allowed, settings, watch), settings)
        except MemoryLimitError as error:
            if error.needed_bytes is None:
                raise
            allowed = int(0.95 * allowed * min(1.0, settings.free_bytes() / error.needed_bytes))
    return _compiled(searched(shape, allowed, settings, watch), settings)


def _predicted_here(plan: Plan, settings: Settings) -> Plan:
    """A plan made elsewhere, or on another machine, with the time that it will take on this one."""
    steps = step_costs(plan.shape, plan.tree, plan.sliced_indices)
    machine = measured_machine(settings.threads)
    return replace(plan, predicted_seconds=predicted_seconds(steps, machine, settings.dtype))


def searched(shape: NetworkShape, allowed: int | None, settings: Settings, observer: Observer) -> Plan:
    """Searches a plan within `allowed` bytes, or any number of them, with the common options.

    Raises:
        MemoryLimitError: There is none.
    """
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
        objective=settings.objective,
        progress=observer.searching,
    )


def _compiled_anyway(plan: Plan, settings: Settings) -> ReadyPlan:
    try:
        return _compiled(plan, settings)
    except MemoryLimitError as error:
        needed = plan.cost.peak_bytes if error.needed_bytes is None else error.needed_bytes
        return ReadyPlan(plan=plan, program=None, predicted_bytes=needed_bytes() + needed)


def _compiled(plan: Plan, settings: Settings) -> ReadyPlan:
    if plan.num_slices > MOST_SLICES:
        return ReadyPlan(plan=plan, program=None, predicted_bytes=needed_bytes() + plan.cost.peak_bytes)
    program = compile_plan(plan, dtype=settings.dtype)
    needed = peak_bytes_of_run(program, threads=settings.threads, memory_bytes=settings.free_bytes())
    return ReadyPlan(plan=plan, program=program, predicted_bytes=needed_bytes() + needed)


def program_within_time(ready: ReadyPlan, seconds: float, settings: Settings) -> NativeProgram:
    """The program, if the work, predicted to take `seconds`, may be begun.

    Raises:
        TimeLimitError: That is over the limit.
    """
    if ready.program is None or seconds > settings.time_limit_seconds:
        raise TimeLimitError(
            f"the work is predicted to take {human_seconds(seconds)}, but the time limit is "
            f"{human_seconds(settings.time_limit_seconds)}; allow more memory, plan longer (plan_time), or raise "
            "time_limit"
        )
    return ready.program


def begun(ready: ReadyPlan, seconds: float, settings: Settings, observer: Observer) -> NativeProgram:
    """Begins the stage of running, predicted to take `seconds`; gives the program.

    Raises:
        TimeLimitError: That is over the limit.
    """
    program = program_within_time(ready, seconds, settings)
    observer.stage("run")
    observer.predicted(seconds)
    return program

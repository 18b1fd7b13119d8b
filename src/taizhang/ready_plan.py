"""From the shape of a network to a plan that fits the memory and is compiled.

The search bounds the memory of the tensors; kernels need workspaces beside them, whose size is known once the plan is
compiled. Where both together are too much, the plan is sliced further.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace

from taizhang import _native
from taizhang._resources import DEFAULT_MEMORY_FRACTION, available_memory, needed_bytes
from taizhang._units import human_bytes, human_seconds
from taizhang.errors import MachineWarning, MemoryLimitError, TimeLimitError
from taizhang.execute.contraction import compile_plan, peak_bytes_of_run
from taizhang.execute.native_backend import NativeProgram
from taizhang.network.network import NetworkShape
from taizhang.observer import Observer, Silent
from taizhang.plan.cost import step_costs
from taizhang.plan.machine import Machine, assumed_machine, measured_machine
from taizhang.plan.objective import predicted_seconds
from taizhang.plan.plan_file import Plan
from taizhang.plan.search import search, slice_further
from taizhang.settings import Settings

# How often a plan is sliced further when it does not fit once it is compiled.
MEMORY_ATTEMPTS = 16
# Runs that need less memory than this begin without a look at what is available.
NOTEWORTHY_BYTES = 2**28
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
    machine: Machine | None = None,
) -> ReadyPlan:
    """Searches a plan, or takes the one given, and compiles it so that it fits the memory.

    A plan that is not going to be run here, and has only its width limited, may need any memory.

    Args:
        shape: The network.
        settings: The common options.
        observer: Is informed of the progress.
        plan: A plan made before.
        run_here: The plan is going to be run by this process.
        machine: Rates that steer the search; by default those of `planning_machine`.

    Raises:
        PlanError: The plan given is for another network.
        MemoryLimitError: No plan fits the limit, or the one given does not.
    """
    watch = observer or Silent()
    if plan is not None:
        watch.stage("plan")
        return _compiled(_predicted_here(plan.for_network(shape), settings, watch), settings)
    machine = machine or planning_machine(settings, watch)
    watch.stage("plan")
    if settings.memory is None and settings.width is not None and not run_here:
        return _compiled_anyway(
            _predicted_here(searched(shape, None, settings, watch, machine), settings, watch), settings
        )
    return _fitted(searched(shape, settings.planning_bytes(), settings, watch, machine), machine, settings, watch)


def _fitted(plan: Plan, machine: Machine, settings: Settings, observer: Observer) -> ReadyPlan:
    """Compiles a plan, sliced further where it needs more memory than there is, workspaces included.

    Raises:
        MemoryLimitError: However it is sliced, it needs more.
    """
    for _ in range(MEMORY_ATTEMPTS):
        free = _free_now(settings)
        try:
            return _compiled(_predicted_by_trials(plan, settings, observer), settings, free)
        except MemoryLimitError as error:
            if error.needed_bytes is None:
                raise
            allowed = int(0.95 * plan.cost.peak_bytes * min(1.0, free / error.needed_bytes))
            plan = slice_further(
                plan,
                memory_bytes=max(allowed, 1),
                width=settings.width,
                machine=machine,
                objective=settings.objective,
            )
    return _compiled(_predicted_by_trials(plan, settings, observer), settings, _free_now(settings))


def _predicted_by_trials(plan: Plan, settings: Settings, observer: Observer) -> Plan:
    """A plan of trials with the time that it will take here; others were searched with the rates of this machine."""
    return plan if settings.trials is None else _predicted_here(plan, settings, observer)


def _free_now(settings: Settings) -> int:
    """Bytes for the arrays of a run; where no limit was given, no more than are available after the search."""
    free = settings.free_bytes()
    if settings.memory is not None:
        return free
    return min(free, max(int(DEFAULT_MEMORY_FRACTION * _available()), 1))


def _available() -> int:
    """Bytes that can be taken now, those among them that this process keeps for its next run."""
    return available_memory() + _native.kept_bytes()


def planning_machine(settings: Settings, observer: Observer | None = None) -> Machine:
    """The rates that a search is steered by: those of this machine, or with a number of trials the same everywhere."""
    if settings.trials is not None:
        return assumed_machine()
    return machine_here(settings, observer)


def machine_here(settings: Settings, observer: Observer | None = None) -> Machine:
    """Rates of this machine, measured within the memory limit."""
    left = settings.memory_bytes - needed_bytes()
    return measured_machine(
        settings.threads, memory_bytes=left, announce=None if observer is None else lambda: observer.stage("rates")
    )


def _predicted_here(plan: Plan, settings: Settings, observer: Observer) -> Plan:
    """A plan made elsewhere, or for another machine, with the time that it will take on this one."""
    steps = step_costs(plan.shape, plan.tree, plan.sliced_indices)
    machine = machine_here(settings, observer)
    seconds = predicted_seconds(steps, machine, settings.dtype, peak_bytes=plan.cost.peak_bytes)
    return replace(plan, predicted_seconds=seconds)


def searched(
    shape: NetworkShape,
    allowed: int | None,
    settings: Settings,
    observer: Observer,
    machine: Machine | None = None,
) -> Plan:
    """Searches a plan within `allowed` bytes, or any number of them, with the common options.

    The time it is predicted to take is that of `machine`, by default of `planning_machine`.

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
        machine=machine or planning_machine(settings, observer),
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


def _compiled(plan: Plan, settings: Settings, free_bytes: int | None = None) -> ReadyPlan:
    if plan.num_slices > MOST_SLICES:
        return ReadyPlan(plan=plan, program=None, predicted_bytes=needed_bytes() + plan.cost.peak_bytes)
    program = compile_plan(plan, dtype=settings.dtype)
    free_bytes = settings.free_bytes() if free_bytes is None else free_bytes
    needed = peak_bytes_of_run(program, threads=settings.threads, memory_bytes=free_bytes)
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
        MemoryLimitError: Less memory is available now than the run needs.
    """
    program = program_within_time(ready, seconds, settings)
    _check_available(ready.predicted_bytes - needed_bytes())
    observer.stage("run")
    observer.predicted(seconds)
    return program


def _check_available(needed: int) -> None:
    """Looks at what is free before anything is allocated.

    Raises:
        MemoryLimitError: It is less than the run needs.
    """
    free = _available()
    if needed < NOTEWORTHY_BYTES or 2 * needed <= free:
        return
    if needed > free:
        raise MemoryLimitError(
            f"the run needs {human_bytes(needed)}, but only {human_bytes(free)} of memory are available now; end other "
            "programs, or give a lower memory limit",
            needed_bytes=needed,
        )
    warnings.warn(
        f"the run needs {human_bytes(needed)} of the {human_bytes(free)} of memory that are available; give a lower "
        "memory limit if other programs need memory, too",
        MachineWarning,
        stacklevel=3,
    )

"""Prepares a compiled plan that fits the memory from the shape of a network.

The search bounds the memory of the tensors; kernels need workspaces beside them, whose size is known once the plan is
compiled. Where both together are too much, the plan is sliced further.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace

from taizhang import _native
from taizhang._resources import DEFAULT_MEMORY_FRACTION, available_memory, needed_bytes
from taizhang._units import human_bytes, human_seconds
from taizhang.errors import MachineWarning, MemoryLimitError, TimeLimitError
from taizhang.execute.contraction import compile_plan, peak_bytes_of_run
from taizhang.execute.kept_plans import kept_plans
from taizhang.execute.native_backend import NativeProgram
from taizhang.network.network import NetworkShape
from taizhang.observer import Observer, Silent
from taizhang.plan.cost import step_costs
from taizhang.plan.objective import predicted_seconds
from taizhang.plan.plan import Plan
from taizhang.plan.rates import MachineRates, assumed_rates, measured_rates
from taizhang.plan.search import search, slice_further
from taizhang.settings import Settings

# Plans that need less memory than this are known to fit without being compiled.
SMALL_BYTES = 2**22
# How often a plan is sliced further when it does not fit once it is compiled.
MEMORY_ATTEMPTS = 16
# Runs that need less memory than this start without checking what is available.
NOTEWORTHY_BYTES = 2**28
# A plan of more slices than this can be inspected, but not run.
MOST_SLICES = 2**62


class CompiledPlan:
    """A plan that fits the memory, compiled.

    Args:
        plan: The plan.
        program: The compiled program; None for a plan that cannot run here: more than 2**62 slices, or too large. Or
            what compiles it, when it is first needed.
        predicted_bytes: Most memory that the process will hold.

    Attributes:
        plan: The plan.
        predicted_bytes: Most memory that the process will hold.
    """

    def __init__(
        self, *, plan: Plan, program: NativeProgram | Callable[[], NativeProgram] | None, predicted_bytes: int
    ) -> None:
        self.plan = plan
        self.predicted_bytes = predicted_bytes
        self._program = program

    @property
    def program(self) -> NativeProgram | None:
        """The compiled program; None for a plan that cannot run here."""
        if callable(self._program):
            self._program = self._program()
        return self._program


def prepare_plan(
    shape: NetworkShape,
    settings: Settings,
    observer: Observer | None = None,
    *,
    plan: Plan | None = None,
    run_here: bool = True,
    machine: MachineRates | None = None,
) -> CompiledPlan:
    """Searches a plan, or takes the given one, and compiles it so that it fits the memory.

    A plan that will not run here, and whose width alone is limited, may need any amount of memory.

    Args:
        shape: The network.
        settings: The common options.
        observer: Receives progress updates.
        plan: An existing plan.
        run_here: Whether this process will run the plan.
        machine: Rates that guide the search; by default those of `planning_rates`.

    Raises:
        PlanError: The given plan is for another network.
        MemoryLimitError: No plan fits the limit, or the given one does not.
    """
    watch = observer or Silent()
    if plan is not None:
        watch.stage("plan")
        return _compile(_predict_seconds(plan.for_network(shape), settings, watch), settings)
    machine = machine or planning_rates(settings, watch)
    watch.stage("plan")
    if settings.memory is None and settings.width is not None and not run_here:
        return _compile_if_possible(
            _predict_seconds(search_plan(shape, None, settings, watch, machine), settings, watch), settings
        )
    return _compile_within_memory(
        search_plan(shape, settings.planning_bytes(), settings, watch, machine), machine, settings, watch
    )


def prepare_small_plan(
    shape: NetworkShape, settings: Settings, observer: Observer, machine: MachineRates
) -> CompiledPlan:
    """Searches a plan as `prepare_plan` does; one that takes next to no memory is compiled when it is first needed.

    Raises:
        MemoryLimitError: No plan fits the limit.
    """
    plan = search_plan(shape, settings.planning_bytes(), settings, observer, machine)
    if plan.num_slices == 1 and plan.cost.peak_bytes < min(SMALL_BYTES, settings.free_bytes() // 4):
        return CompiledPlan(
            plan=plan,
            program=lambda: compile_plan(plan, dtype=settings.dtype),
            predicted_bytes=needed_bytes() + 2 * plan.cost.peak_bytes,
        )
    return _compile_within_memory(plan, machine, settings, observer)


def _compile_within_memory(plan: Plan, machine: MachineRates, settings: Settings, observer: Observer) -> CompiledPlan:
    """Compiles a plan, and slices it further while it needs more memory than there is, workspaces included.

    Raises:
        MemoryLimitError: No slicing fits.
    """
    for _ in range(MEMORY_ATTEMPTS):
        free = _free_now(settings)
        try:
            return _compile(_repredict_trials(plan, settings, observer), settings, free)
        except MemoryLimitError as error:
            if error.needed_bytes is None:
                raise
            # A little below the exact ratio, as workspaces do not shrink in proportion to the tensors.
            allowed = int(0.95 * plan.cost.peak_bytes * min(1.0, free / error.needed_bytes))
            plan = slice_further(
                plan,
                memory_bytes=max(allowed, 1),
                width=settings.width,
                machine=machine,
                objective=settings.objective,
            )
    return _compile(_repredict_trials(plan, settings, observer), settings, _free_now(settings))


def _repredict_trials(plan: Plan, settings: Settings, observer: Observer) -> Plan:
    """Predicts the time here of a plan from trials; other plans were searched with the rates of this machine."""
    return plan if settings.trials is None else _predict_seconds(plan, settings, observer)


def _free_now(settings: Settings) -> int:
    """Bytes for the arrays of a run; without a given limit, at most what is available after the search."""
    free = settings.free_bytes()
    if settings.memory is not None:
        return free
    return min(free, max(int(DEFAULT_MEMORY_FRACTION * _available()), 1))


def _available() -> int:
    """Bytes that can be allocated now, including those that this process keeps for its next run."""
    return available_memory() + _native.kept_bytes()


def planning_rates(settings: Settings, observer: Observer | None = None) -> MachineRates:
    """The rates that guide a search: of this machine, or with a number of trials assumed ones, the same everywhere."""
    if settings.trials is not None:
        return assumed_rates()
    return rates_here(settings, observer)


def rates_here(settings: Settings, observer: Observer | None = None) -> MachineRates:
    """The rates of this machine, measured within the memory limit."""
    free = settings.memory_bytes - needed_bytes()
    return measured_rates(
        settings.threads, memory_bytes=free, announce=None if observer is None else lambda: observer.stage("rates")
    )


def _predict_seconds(plan: Plan, settings: Settings, observer: Observer) -> Plan:
    """Predicts the time on this machine of a plan that was made elsewhere, or with other rates."""
    steps = step_costs(plan.shape, plan.tree, plan.sliced_indices)
    machine = rates_here(settings, observer)
    seconds = predicted_seconds(steps, machine, settings.dtype, peak_bytes=plan.cost.peak_bytes)
    return replace(plan, predicted_seconds=seconds)


def search_plan(
    shape: NetworkShape,
    allowed: int | None,
    settings: Settings,
    observer: Observer,
    machine: MachineRates | None = None,
) -> Plan:
    """Searches a plan within `allowed` bytes, or without a limit, with the common options.

    Its predicted time is for `machine`, by default for `planning_rates`.

    Raises:
        MemoryLimitError: No plan fits.
    """
    kept = kept_plans()
    # Any seed's plan will do: each point of a sweep draws its samples with another.
    key = (
        shape,
        settings.width,
        settings.plan_seconds,
        settings.trials,
        settings.objective,
        settings.dtype,
    )
    found = None if kept is None else kept.find(key, allowed)
    if found is not None:
        return found
    plan = search(
        shape,
        memory_bytes=allowed,
        width=settings.width,
        seconds=settings.plan_seconds,
        trials=settings.trials,
        seed=settings.seed,
        threads=settings.threads,
        machine=machine or planning_rates(settings, observer),
        dtype=settings.dtype,
        objective=settings.objective,
        progress=observer.searching,
    )
    if kept is not None:
        kept.keep(key, plan)
    return plan


def _compile_if_possible(plan: Plan, settings: Settings) -> CompiledPlan:
    """Compiles a plan; one that does not fit the memory comes without a program."""
    try:
        return _compile(plan, settings)
    except MemoryLimitError as error:
        needed = plan.cost.peak_bytes if error.needed_bytes is None else error.needed_bytes
        return CompiledPlan(plan=plan, program=None, predicted_bytes=needed_bytes() + needed)


def _compile(plan: Plan, settings: Settings, free_bytes: int | None = None) -> CompiledPlan:
    if plan.num_slices > MOST_SLICES:
        return CompiledPlan(plan=plan, program=None, predicted_bytes=needed_bytes() + plan.cost.peak_bytes)
    program = compile_plan(plan, dtype=settings.dtype)
    free_bytes = settings.free_bytes() if free_bytes is None else free_bytes
    needed = peak_bytes_of_run(program, threads=settings.threads, memory_bytes=free_bytes)
    return CompiledPlan(plan=plan, program=program, predicted_bytes=needed_bytes() + needed)


def program_within_time(ready: CompiledPlan, seconds: float, settings: Settings) -> NativeProgram:
    """Returns the program if the work, predicted to take `seconds`, is within the time limit.

    Raises:
        TimeLimitError: It is not.
    """
    check_time(seconds, settings)
    if ready.program is None:
        raise too_long(seconds, settings)
    return ready.program


def check_time(seconds: float, settings: Settings) -> None:
    """Checks that work that is predicted to take `seconds` is within the time limit.

    Raises:
        TimeLimitError: It is not.
    """
    if seconds > settings.time_limit_seconds:
        raise too_long(seconds, settings)


def too_long(seconds: float, settings: Settings) -> TimeLimitError:
    """The error of work that takes longer than the time limit."""
    return TimeLimitError(
        f"the work is predicted to take {human_seconds(seconds)}, but the time limit is "
        f"{human_seconds(settings.time_limit_seconds)}; allow more memory, plan longer (plan_time), or raise time_limit"
    )


def begin(ready: CompiledPlan, seconds: float, settings: Settings, observer: Observer) -> NativeProgram:
    """Starts the stage `run`, predicted to take `seconds`; returns the program.

    Raises:
        TimeLimitError: The predicted time is over the limit.
        MemoryLimitError: Less memory is available now than the run needs.
    """
    program = program_within_time(ready, seconds, settings)
    _check_available(ready.predicted_bytes - needed_bytes())
    observer.stage("run")
    observer.predicted(seconds)
    return program


def _check_available(needed: int) -> None:
    """Checks the available memory before anything is allocated.

    Raises:
        MemoryLimitError: The run needs more.
    """
    free = _available()
    if needed < NOTEWORTHY_BYTES or 2 * needed <= free:
        return
    if needed > free:
        raise MemoryLimitError(
            f"the run needs {human_bytes(needed)}, but only {human_bytes(free)} of memory are available now; end other "
            "programs, or set a lower memory limit",
            needed_bytes=needed,
        )
    warnings.warn(
        f"the run needs {human_bytes(needed)} of the {human_bytes(free)} of memory that are available; set a lower "
        "memory limit if other programs need memory as well",
        MachineWarning,
        stacklevel=3,
    )

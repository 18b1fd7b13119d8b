"""Which way the expectation values of a noisy circuit are computed: exactly, or from trajectories."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from taizhang._units import human_seconds
from taizhang.circuit.circuit import Circuit
from taizhang.circuit.observable import Observable
from taizhang.errors import CircuitError, LimitError, MemoryLimitError
from taizhang.observer import Observer
from taizhang.settings import Settings
from taizhang.tasks.cone_work import ConeWork
from taizhang.tasks.doubled_work import DoubledWork
from taizhang.tasks.expectation import ExpectationTask
from taizhang.tasks.trajectories import predicted_seconds

# Exact values have no error, so they may take this many times as long; and nothing else is looked at below.
_WORTH, _QUICK_SECONDS = 10.0, 10.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Choice:
    """The method that was chosen.

    Attributes:
        method: `exact` or `trajectories`.
        reason: Why, in a few words.
        cones: The networks of the exact values with their plans; None where they do not fit the memory.
        planning_seconds: Time that making these took.
    """

    method: Literal["exact", "trajectories"]
    reason: str
    cones: ConeWork | DoubledWork | None
    planning_seconds: float


def choose_method(
    circuit: Circuit, observables: Sequence[Observable], settings: Settings, observer: Observer, trajectories: int
) -> Choice:
    """Chooses by the predicted times, and says why.

    Args:
        circuit: A circuit with channels.
        observables: The observables.
        settings: The common options.
        observer: Receives progress updates.
        trajectories: Number of trajectories that are compared with.
    """
    # Stage 1: the plans of the exact values.
    started = time.perf_counter()
    cones: ConeWork | DoubledWork | None = None
    try:
        task = ExpectationTask(circuit=circuit, observables=tuple(observables))
        cones = task.prepare_cones(settings, observer=observer)
    except MemoryLimitError:
        told = "needs more memory than there is"
    else:
        told = f"is predicted to take {human_seconds(cones.work.predicted_seconds)}"
    planning = time.perf_counter() - started

    def chosen(method: Literal["exact", "trajectories"], reason: str) -> Choice:
        return Choice(method=method, reason=reason, cones=cones, planning_seconds=planning)

    # Stage 2: those of trajectories, where the exact values take long.
    seconds = math.inf if cones is None else cones.work.predicted_seconds
    if seconds <= _QUICK_SECONDS:
        return chosen("exact", f"the exact network {told}")
    try:
        others = predicted_seconds(circuit, observables, settings, observer, trajectories)
    except (CircuitError, LimitError) as error:
        return chosen("exact", f"the exact network {told}, and there are no trajectories: {error}")
    compared = f"the exact network {told}, {trajectories:,} trajectories {human_seconds(others)}"
    return chosen("trajectories" if seconds > _WORTH * others else "exact", compared)

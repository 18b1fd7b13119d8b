"""Which way the expectation values of a noisy circuit are computed: exactly, or from trajectories."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from taizhang._units import human_seconds
from taizhang.circuit.circuit import Circuit
from taizhang.circuit.observable import Observable
from taizhang.errors import CircuitError, LimitError, MemoryLimitError
from taizhang.observer import Observer
from taizhang.settings import Settings
from taizhang.tasks.expectation import ExpectationTask
from taizhang.tasks.trajectories import predicted_seconds

# Exact values have no error, so they may take this many times as long; and nothing else is looked at below.
_WORTH, _QUICK_SECONDS = 10.0, 10.0


def choose_method(
    circuit: Circuit, observables: Sequence[Observable], settings: Settings, observer: Observer, trajectories: int
) -> tuple[Literal["exact", "trajectories"], str]:
    """Chooses by the predicted times, and says why.

    Args:
        circuit: A circuit with channels.
        observables: The observables.
        settings: The common options.
        observer: Receives progress updates.
        trajectories: Number of trajectories that are compared with.

    Returns:
        The method, and the reason in a few words.
    """
    try:
        task = ExpectationTask(circuit=circuit, observables=tuple(observables))
        seconds = task.prepare(settings, observer=observer).predicted_seconds
    except MemoryLimitError:
        seconds = math.inf
    told = (
        "needs more memory than there is" if math.isinf(seconds) else f"is predicted to take {human_seconds(seconds)}"
    )
    if seconds <= _QUICK_SECONDS:
        return "exact", f"the exact network {told}"
    try:
        others = predicted_seconds(circuit, observables, settings, observer, trajectories)
    except (CircuitError, LimitError) as error:
        return "exact", f"the exact network {told}, and there are no trajectories: {error}"
    compared = f"the exact network {told}, {trajectories:,} trajectories {human_seconds(others)}"
    return ("trajectories" if seconds > _WORTH * others else "exact"), compared

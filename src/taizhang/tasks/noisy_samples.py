"""Samples of circuits with channels, measurements, resets or conditions: exact, or from trajectories."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from taizhang._units import human_seconds
from taizhang.circuit.circuit import Circuit
from taizhang.errors import CircuitError, LimitError, UsageError
from taizhang.execute.kept_plans import keep_plans, kept_plans
from taizhang.observer import Observer
from taizhang.sampling.choice import prepare_samples
from taizhang.sampling.frugal import FrugalOptions
from taizhang.settings import Settings
from taizhang.tasks.outcomes import Distribution, draw_records, seconds_to_draw
from taizhang.tasks.trajectory_samples import MeasuredAtEnd, TrajectorySampler

# Where exact sampling takes less, nothing else is looked at.
_QUICK_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NoisySamples:
    """Samples, and how they were drawn.

    Attributes:
        bits: uint8, shape (shots, bits).
        method: `exact`, `trajectories`, or the method for circuits of gates.
        reason: Why, in a few words.
    """

    bits: npt.NDArray[np.uint8]
    method: str
    reason: str


def draw_noisy(
    circuit: Circuit,
    shots: int,
    method: str,
    settings: Settings,
    observer: Observer,
    options: FrugalOptions | None = None,
) -> NoisySamples:
    """Draws samples of a circuit of any kind.

    Args:
        circuit: The circuit.
        shots: Number of samples.
        method: `auto` for the one of least predicted time, `exact` or `trajectories`; of gates and measurements at the
            end, a method for gates.
        settings: The common options.
        observer: Receives progress updates.
        options: Of frugal rejection.

    Raises:
        UsageError: It is a method for gates, and there is more than gates and measurements at the end.
        CircuitError: The circuit has no trajectories, and these are asked for.
        LimitError: Neither method fits the limits.
    """
    asked = Distribution.asked(circuit, qubits=None, bits=None)
    if method == "trajectories":
        sampler = TrajectorySampler(circuit, settings, observer)
        return NoisySamples(bits=sampler.draw(shots), method=method, reason="as asked for")
    if method == "exact":
        return NoisySamples(bits=draw_records(asked, shots, settings, observer), method=method, reason="as asked for")
    # Gates and measurements at the end are sampled like any other circuit of gates.
    pure = MeasuredAtEnd.of_gates(circuit)
    if pure is not None:
        gates = pure.circuit(circuit.num_qubits)
        run = prepare_samples(gates, shots, settings, method=method, options=options, observer=observer)
        rows = np.concatenate([np.zeros((0, circuit.num_qubits), dtype=np.uint8), *run])
        return NoisySamples(bits=pure.read(rows, settings.seed), method=run.method, reason=run.reason)
    if method != "auto":
        raise UsageError(
            "a circuit with channels, resets, conditions or measurements in the middle is sampled with the methods "
            f"'auto', 'exact' and 'trajectories', got '{method}'"
        )
    # Plans that are made to predict serve the draws as well.
    with keep_plans(kept_plans()):
        return _of_least_time(circuit, asked, shots, settings, observer)


def _of_least_time(
    circuit: Circuit, asked: Distribution, shots: int, settings: Settings, observer: Observer
) -> NoisySamples:
    # Stage 1: exact sampling that is quick, or has no alternative.
    exact = seconds_to_draw(asked, shots, settings, observer)
    told = f"exact probabilities are predicted to take {_told(exact)}"
    chosen, reason = None, told
    if exact > _QUICK_SECONDS:
        # Stage 2: trajectories, where the circuit has them.
        try:
            sampler = TrajectorySampler(circuit, settings, observer)
        except (CircuitError, LimitError) as error:
            reason = f"{told}, and there are no trajectories: {error}"
        else:
            seconds = sampler.predicted_seconds(shots)
            reason = f"{told}, trajectories {_told(seconds)}"
            chosen = sampler if seconds < exact else None
    if chosen is not None:
        return NoisySamples(bits=chosen.draw(shots), method="trajectories", reason=reason)
    return NoisySamples(bits=draw_records(asked, shots, settings, observer), method="exact", reason=reason)


def _told(seconds: float) -> str:
    return "more memory than there is" if math.isinf(seconds) else human_seconds(seconds)

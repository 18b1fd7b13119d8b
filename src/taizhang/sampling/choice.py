"""Chooses the sampling method of least predicted time, with the reason.

The cost of each method is found in order of the effort of finding it: sampling by marginals is simulated without
numbers, the size of the state vector is computed, and only if both would take long is a plan for amplitudes searched,
on which gate by gate and frugal rejection depend.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from taizhang._units import human_bytes, human_seconds
from taizhang.circuit.circuit import Circuit
from taizhang.errors import LimitError, NumericalError, SizeLimitError, TimeLimitError, UsageError
from taizhang.execute.prepare import rates_here
from taizhang.observer import Observer, Silent
from taizhang.plan.cost import BYTES_PER_ELEMENT
from taizhang.sampling.actions import actions_of
from taizhang.sampling.batches import IndependentBatches
from taizhang.sampling.frugal import (
    DEFAULT_BATCH_QUBITS,
    FrugalOptions,
    FrugalSampler,
    batches_expected,
    batches_per_sample,
)
from taizhang.sampling.gate_by_gate import GateByGateSampler
from taizhang.sampling.marginals import MarginalsSampler
from taizhang.sampling.open_qubits import choose_batch_qubits
from taizhang.sampling.partition import choose_batch_grid
from taizhang.sampling.product_batches import ProductBatches
from taizhang.sampling.sampler import METHODS, Bits, MethodName, Sampler, SampleReport, check_shots, portions
from taizhang.sampling.state_vector import MOST_QUBITS, StateVectorSampler
from taizhang.settings import Settings

LONG_SECONDS = 60.0
"""A method predicted to take less than this is chosen without searching a plan for amplitudes."""
# A batch of this many qubits takes about as long as planning it: up to here all qubits are one batch.
_SMALL_QUBITS = 20
# The state vector is read and written about this often per gate.
_PASSES = 1.0
# Rough rate of drawing from a state vector.
_SHOTS_PER_SECOND = 2e6


class SampleRun:
    """Prepared sampling: iterating over it draws the shots, a portion at a time.

    Attributes:
        shots: Number of shots.
        method: Name of the method.
        reason: Why it was chosen, in a sentence.
    """

    def __init__(self, sampler: Sampler, shots: int, reason: str) -> None:
        self._sampler = sampler
        self.shots = shots
        self.method: MethodName = sampler.method
        self.reason = reason
        self._shown: AbstractContextManager[object] = nullcontext()

    def shown_by(self, display: AbstractContextManager[object]) -> SampleRun:
        """Shows progress with a display while a portion is drawn; returns this run."""
        self._shown = display
        return self

    def __iter__(self) -> Iterator[Bits]:
        """Draws the shots: arrays of uint8 of shape (shots in this portion, num_qubits)."""
        remaining = portions(self._sampler, self.shots)
        while True:
            with self._shown:
                portion = next(remaining, None)
            if portion is None:
                return
            yield portion

    def __repr__(self) -> str:
        return f"<SampleRun: {self.shots:,} shot{'' if self.shots == 1 else 's'}, method {self.method}>"

    def report(self) -> SampleReport:
        """Statistics of the shots drawn so far."""
        return self._sampler.report()


@dataclass(frozen=True, slots=True)
class _Task:
    """Arguments of `prepare_samples`."""

    circuit: Circuit
    shots: int
    settings: Settings
    options: FrugalOptions
    observer: Observer


def prepare_samples(
    circuit: Circuit,
    shots: int,
    settings: Settings,
    *,
    method: str = "auto",
    options: FrugalOptions | None = None,
    observer: Observer | None = None,
) -> SampleRun:
    """Chooses a method, and prepares it for the first shot.

    Args:
        circuit: The circuit.
        shots: Number of shots.
        settings: The common options; the seed is also that of the samples.
        method: One of `METHODS`.
        options: Options of frugal rejection.
        observer: Receives progress updates.

    Raises:
        UsageError: The method is unknown, or does not have the given options.
        LimitError: No method, or not the requested one, stays within the limits.
    """
    check_shots(shots)
    if method not in METHODS:
        raise UsageError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
    chosen = options or FrugalOptions()
    if not chosen.is_default() and method not in ("auto", "frugal"):
        raise UsageError(
            f"method must be frugal with a fidelity or with options of batches, got {method}; leave these options out"
        )
    task = _Task(circuit, shots, settings, chosen, observer or Silent())
    task.observer.stage("plan")
    if method == "auto":
        if not chosen.is_default():
            return SampleRun(_frugal(task), shots, "options of frugal rejection were given")
        sampler, reason = _choose(task)
        return SampleRun(sampler, shots, reason)
    return SampleRun(_PREPARE[method](task), shots, "it was requested")


def frugal_sampler(
    circuit: Circuit, shots: int, settings: Settings, options: FrugalOptions, observer: Observer | None = None
) -> FrugalSampler:
    """Prepares frugal rejection; arguments and errors are those of `prepare_samples`."""
    check_shots(shots)
    task = _Task(circuit, shots, settings, options, observer or Silent())
    task.observer.stage("plan")
    return _frugal(task)


def _state_vector(task: _Task) -> Sampler:
    if task.circuit.num_qubits > MOST_QUBITS:
        raise SizeLimitError(
            f"method state-vector allows at most {MOST_QUBITS} qubits, got a circuit of {task.circuit.num_qubits}; "
            "use method auto"
        )
    return StateVectorSampler(task.circuit, task.settings, task.observer)


def _marginals(task: _Task) -> MarginalsSampler:
    sampler = MarginalsSampler(task.circuit, task.settings, task.shots)
    _check_time(sampler.predicted_seconds, task.settings)
    return sampler


def _gate_by_gate(task: _Task) -> Sampler:
    return GateByGateSampler(task.circuit, task.settings, task.observer)


def _frugal(task: _Task) -> FrugalSampler:
    source = _prepare_products(task) if task.options.pair_sides else _prepare_independent(task)
    sampler = FrugalSampler(task.circuit, task.settings, task.options, source, task.shots, task.observer)
    _check_time(sampler.predicted_seconds, task.settings)
    return sampler


def _prepare_independent(task: _Task) -> IndependentBatches:
    """Prepares independent batches."""
    circuit, options = task.circuit, task.options
    count = options.batch_qubits
    if count is None:
        small = circuit.num_qubits <= _SMALL_QUBITS and options.fidelity == 1 and options.top is None
        count = circuit.num_qubits if small else DEFAULT_BATCH_QUBITS
    opened = choose_batch_qubits(circuit, min(count, circuit.num_qubits), task.settings.seed, task.settings.threads)
    return IndependentBatches(
        circuit,
        opened,
        task.settings,
        num_batches=math.ceil(task.shots * batches_per_sample(2 ** len(opened), options)),
        fidelity=options.fidelity,
        observer=task.observer,
    )


def _prepare_products(task: _Task) -> ProductBatches:
    """Prepares product batches: all pairs of left and right partition."""
    circuit, options = task.circuit, task.options
    count = options.batch_qubits
    if count is None:
        count = min(DEFAULT_BATCH_QUBITS, circuit.num_qubits // 3)
    expected = batches_expected(task.shots, 2**count, options)
    grid = choose_batch_grid(circuit, count, expected, seed=task.settings.seed, threads=task.settings.threads)
    return ProductBatches(circuit, grid, task.settings, task.observer)


def _check_time(seconds: float, settings: Settings) -> None:
    if seconds > settings.time_limit_seconds:
        raise TimeLimitError(
            f"the samples are predicted to take {human_seconds(seconds)}, but the time limit is "
            f"{human_seconds(settings.time_limit_seconds)}; ask for fewer shots, a lower fidelity, or raise time_limit"
        )


_PREPARE = {
    "state-vector": _state_vector,
    "marginals": _marginals,
    "gate-by-gate": _gate_by_gate,
    "frugal": _frugal,
}


def _choose(task: _Task) -> tuple[Sampler, str]:
    """Chooses the method of least predicted time; returns it with the reason."""
    circuit, settings = task.circuit, task.settings

    # Stage 1: predict marginals and the state vector, which needs no plan; a quick one is taken.
    predictions = []
    window: MarginalsSampler | None = None
    by_marginals = by_vector = math.inf
    try:
        window = _marginals(task)
        by_marginals = window.predicted_seconds
        predictions.append(f"marginals {human_seconds(by_marginals)} ({window.plan.window} qubits entangled at most)")
    except LimitError:
        predictions.append("marginals would entangle too many qubits")
    needed = 2.0**circuit.num_qubits * BYTES_PER_ELEMENT[settings.dtype]
    if circuit.num_qubits <= MOST_QUBITS and 3 * needed <= settings.free_bytes():
        by_vector = _seconds_of_vector(task)
        predictions.append(f"state vector {human_seconds(by_vector)}")
    else:
        predictions.append(f"the state vector would need {_readable(needed)}")
    if window is not None and by_marginals <= by_vector and by_marginals < LONG_SECONDS:
        return window, "; ".join(predictions)
    if by_vector < LONG_SECONDS:
        return _state_vector(task), "; ".join(predictions)

    # Stage 2: search a plan for amplitudes, and predict the methods that use it.
    by_gates = math.inf
    try:
        sampler = _frugal(task)
        by_frugal = sampler.predicted_seconds
        predictions.append(f"frugal rejection {human_seconds(by_frugal)}")
        by_gates = _seconds_gate_by_gate(task, sampler)
        predictions.append(f"gate by gate about {human_seconds(by_gates)}")
    except LimitError as error:
        if min(by_marginals, by_vector) == math.inf:
            raise
        predictions.append(f"amplitudes: {error}")
        by_frugal = math.inf

    # Stage 3: take the least; frugal rejection only if its first batches are those of a chaotic circuit.
    least = min(by_marginals, by_vector, by_frugal, by_gates)
    reason = "; ".join(predictions)
    if window is not None and by_marginals == least:
        return window, reason
    if by_vector == least:
        return _state_vector(task), reason
    if by_gates == least:
        return _gate_by_gate(task), reason
    try:
        sampler.try_out()
    except NumericalError:
        return _gate_by_gate(task), f"{reason}; but the circuit is not chaotic, so that frugal rejection would be wrong"
    return sampler, f"{reason}; the first batches are those of a chaotic circuit"


def _seconds_of_vector(task: _Task) -> float:
    """Rough prediction for the state vector and the shots drawn from it."""
    machine = rates_here(task.settings, task.observer)
    moved = 2 * 2.0**task.circuit.num_qubits * BYTES_PER_ELEMENT[task.settings.dtype]
    gates = sum(len(action.targets) > 1 or bool(action.controls) for action in actions_of(task.circuit))
    return 0.1 + _PASSES * gates * moved / machine.bandwidth(moved) + task.shots / _SHOTS_PER_SECOND


def _seconds_gate_by_gate(task: _Task, frugal: FrugalSampler) -> float:
    """Rough prediction: amplitudes up to each gate that draws bits, at half of the cost of those at the end."""
    draws = sum(action.kind == "mixing" for action in actions_of(task.circuit))
    return 0.5 * draws * task.shots * frugal.seconds_per_batch / 2 + 0.02 * draws


def _readable(needed: float) -> str:
    return human_bytes(needed) if math.isfinite(needed) else "more memory than there is"

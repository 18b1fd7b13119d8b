"""Chooses how to sample: the method of least predicted time, with the reason.

What each would cost is found out from cheap to dear: sampling by marginals is rehearsed without numbers, the state
vector is counted, and only where both would take long a plan for amplitudes is searched, on which gate by gate and
frugal rejection depend.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from taizhang._units import human_bytes, human_seconds
from taizhang.circuit.circuit import Circuit
from taizhang.errors import LimitError, NumericalError, SizeLimitError, TimeLimitError, UsageError
from taizhang.observer import Observer, Silent
from taizhang.plan.cost import BYTES_PER_ELEMENT
from taizhang.ready_plan import machine_here
from taizhang.sampling.actions import actions_of
from taizhang.sampling.batches import BatchMachine
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
from taizhang.sampling.partition import choose_pair_grid
from taizhang.sampling.product_batches import PairedBatches
from taizhang.sampling.sampler import METHODS, Bits, MethodName, Sampler, SampleReport, check_shots, portions
from taizhang.sampling.state_vector import MOST_QUBITS, StateVectorSampler
from taizhang.settings import Settings

LONG_SECONDS = 60.0
"""A method predicted to take less than this is chosen before a plan for amplitudes is searched."""
# A batch of this many qubits costs about what it costs to plan it: up to here everything is one batch.
_SMALL_QUBITS = 20
# The state vector is read and written about so often for each gate, as gates are done a few at a time.
_PASSES = 1.0
_SHOTS_PER_SECOND = 2e6


class SampleRun:
    """Shots that are about to be drawn: iterating over it draws them, a portion at a time.

    Attributes:
        shots: How many.
        method: How they are drawn.
        reason: Why so, in a sentence.
    """

    def __init__(self, sampler: Sampler, shots: int, reason: str) -> None:
        self._sampler = sampler
        self.shots = shots
        self.method: MethodName = sampler.method
        self.reason = reason
        self._shown: AbstractContextManager[object] = nullcontext()

    def shown_by(self, display: AbstractContextManager[object]) -> SampleRun:
        """Lets a display show the progress while a portion is drawn; returns this run."""
        self._shown = display
        return self

    def __iter__(self) -> Iterator[Bits]:
        """Draws the shots: arrays of uint8 of shape (shots in this portion, num_qubits)."""
        drawn = portions(self._sampler, self.shots)
        while True:
            with self._shown:
                portion = next(drawn, None)
            if portion is None:
                return
            yield portion

    def __repr__(self) -> str:
        return f"<SampleRun: {self.shots:,} shot{'' if self.shots == 1 else 's'}, method {self.method}>"

    def report(self) -> SampleReport:
        """What is known of the shots drawn so far."""
        return self._sampler.report()


@dataclass(frozen=True, slots=True)
class _Task:
    """What is to be sampled, and how it was asked for."""

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
    """Chooses a method, and does what must be done before the first shot.

    Args:
        circuit: The circuit.
        shots: How many shots.
        settings: The common options; the seed is that of the samples, too.
        method: One of `METHODS`.
        options: Fidelity and batches, for frugal rejection alone.
        observer: Is told of the progress.

    Raises:
        UsageError: The method is not known, or cannot do what the options ask for.
        LimitError: No method, or not the one asked for, does it within the limits.
    """
    check_shots(shots)
    if method not in METHODS:
        raise UsageError(f"method was given as {method!r}; wanted is one of {', '.join(METHODS)}")
    chosen = options or FrugalOptions()
    if not chosen.is_default() and method not in ("auto", "frugal"):
        raise UsageError(
            f"method {method} was given with a fidelity or with options of batches; only method frugal has these"
        )
    task = _Task(circuit, shots, settings, chosen, observer or Silent())
    task.observer.stage("plan")
    if method == "auto":
        if not chosen.is_default():
            return SampleRun(_frugal(task), shots, "a fidelity or batches were asked for, which frugal rejection has")
        sampler, reason = _choose(task)
        return SampleRun(sampler, shots, reason)
    return SampleRun(_MAKERS[method](task), shots, "it was asked for")


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
            f"the state vector of {task.circuit.num_qubits} qubits was asked for; at most {MOST_QUBITS} are allowed, "
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
    source = _pairs(task) if task.options.pair_sides else _independent(task)
    sampler = FrugalSampler(task.circuit, task.settings, task.options, source, task.shots, task.observer)
    _check_time(sampler.predicted_seconds, task.settings)
    return sampler


def _independent(task: _Task) -> BatchMachine:
    """What computes batches with bits of their own."""
    circuit, options = task.circuit, task.options
    count = options.batch_qubits
    if count is None:
        small = circuit.num_qubits <= _SMALL_QUBITS and options.fidelity == 1 and options.top is None
        count = circuit.num_qubits if small else DEFAULT_BATCH_QUBITS
    opened = choose_batch_qubits(circuit, min(count, circuit.num_qubits), task.settings.seed, task.settings.threads)
    return BatchMachine(
        circuit,
        opened,
        task.settings,
        num_batches=math.ceil(task.shots * batches_per_sample(2 ** len(opened), options)),
        fidelity=options.fidelity,
        observer=task.observer,
    )


def _pairs(task: _Task) -> PairedBatches:
    """What computes batches for pairs of sides."""
    circuit, options = task.circuit, task.options
    count = options.batch_qubits
    if count is None:
        count = min(DEFAULT_BATCH_QUBITS, circuit.num_qubits // 3)
    wanted = batches_expected(task.shots, 2**count, options)
    grid = choose_pair_grid(circuit, count, wanted, seed=task.settings.seed, threads=task.settings.threads)
    return PairedBatches(circuit, grid, task.settings, task.observer)


def _check_time(seconds: float, settings: Settings) -> None:
    if seconds > settings.time_limit_seconds:
        raise TimeLimitError(
            f"the samples are predicted to take {human_seconds(seconds)}, but the time limit is "
            f"{human_seconds(settings.time_limit_seconds)}; ask for fewer shots, a lower fidelity, or raise time_limit"
        )


_MAKERS = {
    "state-vector": _state_vector,
    "marginals": _marginals,
    "gate-by-gate": _gate_by_gate,
    "frugal": _frugal,
}


def _choose(task: _Task) -> tuple[Sampler, str]:
    """Chooses the method of least predicted time, and tells why."""
    circuit, settings = task.circuit, task.settings
    told = []
    window: MarginalsSampler | None = None
    by_marginals = by_vector = math.inf
    try:
        window = _marginals(task)
        by_marginals = window.predicted_seconds
        told.append(f"marginals {human_seconds(by_marginals)} ({window.plan.window} qubits entangled at most)")
    except LimitError:
        told.append("marginals would entangle too many qubits")
    needed = 2.0**circuit.num_qubits * BYTES_PER_ELEMENT[settings.dtype]
    if circuit.num_qubits <= MOST_QUBITS and 3 * needed <= settings.free_bytes():
        by_vector = _seconds_of_vector(task)
        told.append(f"state vector {human_seconds(by_vector)}")
    else:
        told.append(f"the state vector would need {_readable(needed)}")
    if window is not None and by_marginals <= by_vector and by_marginals < LONG_SECONDS:
        return window, "; ".join(told)
    if by_vector < LONG_SECONDS:
        return _state_vector(task), "; ".join(told)
    by_gates = math.inf
    try:
        sampler = _frugal(task)
        by_frugal = sampler.predicted_seconds
        told.append(f"frugal rejection {human_seconds(by_frugal)}")
        by_gates = _seconds_gate_by_gate(task, sampler)
        told.append(f"gate by gate about {human_seconds(by_gates)}")
    except LimitError as error:
        if min(by_marginals, by_vector) == math.inf:
            raise
        told.append(f"amplitudes: {error}")
        by_frugal = math.inf
    least = min(by_marginals, by_vector, by_frugal, by_gates)
    reason = "; ".join(told)
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
    """A rough prediction for the state vector and the shots drawn from it."""
    machine = machine_here(task.settings, task.observer)
    moved = 2 * 2.0**task.circuit.num_qubits * BYTES_PER_ELEMENT[task.settings.dtype]
    gates = sum(len(action.targets) > 1 or bool(action.controls) for action in actions_of(task.circuit))
    return 0.1 + _PASSES * gates * moved / machine.bandwidth(moved) + task.shots / _SHOTS_PER_SECOND


def _seconds_gate_by_gate(task: _Task, frugal: FrugalSampler) -> float:
    """A rough prediction: amplitudes up to each gate that draws bits, at half of the cost of those at the end."""
    draws = sum(action.kind == "mixing" for action in actions_of(task.circuit))
    return 0.5 * draws * task.shots * frugal.seconds_per_batch / 2 + 0.02 * draws


def _readable(needed: float) -> str:
    return human_bytes(needed) if math.isfinite(needed) else "more memory than there is"

"""Samples by frugal rejection: from batches of amplitudes whose other bits are drawn uniformly."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from taizhang.circuit.circuit import Circuit
from taizhang.errors import NumericalError, UsageError
from taizhang.observer import Observer, Silent
from taizhang.results.sampling.from_vector import VectorSampler, bits_of
from taizhang.results.sampling.frugal import (
    WeightCount,
    bound_of_weights,
    drawn_from,
    expected_top,
    largest_of,
    taken_batches,
)
from taizhang.results.sampling.uniforms import Uniforms
from taizhang.samplers.batches import BatchSource
from taizhang.samplers.sampler import Bits, MethodName, RunningXeb, SampleReport
from taizhang.settings import Settings

DEFAULT_BATCH_QUBITS = 8
MOST_BATCH_QUBITS = 24
MOST_CLIPPED = 0.02
"""Where more of the probability than this is clipped, the circuit is not chaotic, and its samples would be wrong."""
MOST_SPREAD = 6.0
"""So many times the variance of a chaotic circuit's weights is not taken for chance."""
_LOOK_AFTER = 64
# The norm of a part of the slices is the fidelity, but for chance; the bound has to hold for a norm this much larger.
_NORM_MARGIN = 1.25
_MOST_ELEMENTS = 1 << 25
_SECONDS_AT_ONCE = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FrugalOptions:
    """How to draw from batches.

    Attributes:
        fidelity: Part of the slices that is added up, in (0, 1].
        batch_qubits: Qubits left open, or None for a choice.
        per_batch: Samples drawn from each batch taken; 1 for independent ones.
        top: Instead of drawing, the so many most probable of each batch.
        pair_sides: Batches are all pairs of some left and some right sides of the bits that are not open.

    Raises:
        UsageError: A number is out of range.
    """

    fidelity: float = 1.0
    batch_qubits: int | None = None
    per_batch: int = 1
    top: int | None = None
    pair_sides: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.fidelity <= 1:
            raise UsageError(f"fidelity was given as {self.fidelity}; wanted is a number above 0 and up to 1")
        if self.batch_qubits is not None and not 0 <= self.batch_qubits <= MOST_BATCH_QUBITS:
            raise UsageError(
                f"batch_qubits was given as {self.batch_qubits}; wanted is a number from 0 to {MOST_BATCH_QUBITS}"
            )
        if self.per_batch < 1:
            raise UsageError(f"per_batch was given as {self.per_batch}; wanted is at least 1")
        if self.top is not None and self.top < 1:
            raise UsageError(f"top was given as {self.top}; wanted is at least 1")
        if self.top is not None and self.per_batch > 1:
            raise UsageError("both per_batch and top were given; give one of them")
        if self.pair_sides and self.fidelity < 1:
            raise UsageError(
                f"pair_sides was given with a fidelity of {self.fidelity:g}; pairs of sides are computed from all "
                "slices, give one of the two"
            )

    def is_default(self) -> bool:
        """Whether nothing but samples of full fidelity is asked for."""
        return self == FrugalOptions()


def batches_expected(shots: int, batch_size: int, options: FrugalOptions) -> int:
    """How many batches are hardly ever too few for so many shots: three standard deviations more than the mean."""
    each = batches_per_sample(batch_size, options)
    return math.ceil(shots * each + 3 * math.sqrt(shots * each * max(each - 1, 0)))


def batches_per_sample(batch_size: int, options: FrugalOptions) -> float:
    """How many batches are expected to be computed for one sample."""
    if options.top is not None:
        return 1 / options.top
    return bound_of_weights(batch_size) * (_NORM_MARGIN if options.fidelity < 1 else 1.0) / options.per_batch


class FrugalSampler:
    """Draws from batches.

    Args:
        circuit: A chaotic circuit, in which 2^n p is exponentially distributed.
        settings: The common options.
        options: How to draw.
        machine: Computes the batches.
        shots: How many shots will be drawn.
        observer: Is told of the progress.
    """

    method: MethodName = "frugal"

    def __init__(
        self,
        circuit: Circuit,
        settings: Settings,
        options: FrugalOptions,
        machine: BatchSource,
        shots: int,
        observer: Observer | None = None,
    ) -> None:
        self._num_qubits = circuit.num_qubits
        self._shots = shots
        self._machine = machine
        self._options = options
        self._watch = observer or Silent()
        self._uniforms = Uniforms(settings.seed, self.method)
        self._size = 2 ** len(machine.open_qubits)
        if options.top is not None and options.top > self._size:
            raise UsageError(f"top was given as {options.top}, but a batch has {self._size} bitstrings only")
        # A batch of everything is always taken. A part of the slices gives a state of smaller norm.
        self._whole = len(machine.open_qubits) == self._num_qubits
        self._bound = machine.fidelity * bound_of_weights(self._size)
        if machine.fidelity < 1:
            self._bound *= _NORM_MARGIN
        self._weights = WeightCount()
        self._xeb = RunningXeb()
        self._next_candidate = 0
        self._waiting = np.empty((0, self._num_qubits), dtype=np.uint8)
        self._every: VectorSampler | None = None
        self.portion = min(shots, 1 << 17 if self._whole else self._batches_at_once())
        if self._whole and (machine.fidelity < 1 or options.top is not None or options.per_batch > 1):
            raise UsageError("all qubits are open, so that there is one batch only; leave fewer open (batch_qubits)")

    def _batches_at_once(self) -> int:
        """As many as are contracted together, or take some seconds, so that samples come as they are drawn."""
        machine = self._machine
        at_once = machine.rows * max(int(_SECONDS_AT_ONCE / machine.predicted_seconds(machine.rows)), 1)
        return int(max(min(at_once, 1 << 14, _MOST_ELEMENTS // self._size), 1))

    @property
    def batches_per_sample(self) -> float:
        """How many batches are expected to be computed for one sample."""
        return batches_per_sample(self._size, self._options)

    @property
    def seconds_per_batch(self) -> float:
        """Predicted time of one batch, of many."""
        return self._machine.predicted_seconds(self._machine.rows) / self._machine.rows

    @property
    def predicted_seconds(self) -> float:
        """Predicted time of all shots."""
        batches = 1 if self._whole else math.ceil(self._shots * self.batches_per_sample)
        return self._machine.predicted_seconds(batches)

    def draw(self, first: int, count: int) -> Bits:
        """Draws the next shots; they come in order."""
        self._watch.stage("run")
        while len(self._waiting) < count:
            missing = count - len(self._waiting)
            candidates = missing if self._whole else math.ceil(missing * self.batches_per_sample * 1.02) + 4
            self._waiting = np.concatenate([self._waiting, self._drawn(max(min(candidates, self.portion), 1))])
            self._check()
        drawn, self._waiting = self._waiting[:count], self._waiting[count:]
        return drawn

    def try_out(self) -> None:
        """Computes the first batches, which are kept, and looks whether the circuit is chaotic.

        Raises:
            NumericalError: It is not.
        """
        if not self._whole and not self._next_candidate:
            self._watch.stage("run")
            self._waiting = self._drawn(_LOOK_AFTER)
            self._check()

    def _drawn(self, candidates: int) -> Bits:
        """Computes the next candidates, and draws from those taken."""
        first = self._next_candidate
        self._next_candidate += candidates
        if self._whole:
            return self._drawn_from_all(first, candidates)
        bits, probabilities = self._scaled(first, candidates)
        weights = probabilities.mean(axis=1)
        if self._options.top is not None:
            taken = np.arange(candidates)
            places = largest_of(probabilities, self._options.top)
        else:
            numbers = self._uniforms.draw(first, candidates, "take")
            taken = taken_batches(weights, self._bound, numbers)
            draws = [self._uniforms.draw(first, candidates, "draw", k)[taken] for k in range(self._options.per_batch)]
            places = drawn_from(probabilities[taken], np.stack(draws, axis=1))
        self._weights.add(weights, math.inf if self._options.top else self._bound, len(taken))
        self._xeb.add(np.take_along_axis(probabilities[taken], places, axis=1).reshape(-1))
        found = np.repeat(bits[taken], places.shape[1], axis=0)
        opened = self._machine.open_qubits
        for place, qubit in enumerate(reversed(opened)):
            found[:, qubit] = places.reshape(-1) >> place & 1
        return found

    def _drawn_from_all(self, first: int, count: int) -> Bits:
        """Draws from the one batch there is, if all qubits are open; it is always taken."""
        if self._every is None:
            self._every = VectorSampler(self._machine.candidates(0, 1)[1][0])
        outcomes = self._every.outcomes(self._uniforms.draw(first, count, "draw", 0))
        self._xeb.add(2.0**self._num_qubits * self._every.probabilities(outcomes))
        return bits_of(outcomes, self._num_qubits)

    def _scaled(self, first: int, count: int) -> tuple[Bits, npt.NDArray[np.float64]]:
        """Gives the bits and 2^n p of some candidates, shape (candidates, batch size)."""
        bits, amplitudes = self._machine.candidates(first, count, self._watch)
        return bits, np.asarray(np.abs(amplitudes * 2.0 ** (self._num_qubits / 2)) ** 2, dtype=np.float64)

    def _check(self) -> None:
        """Stops where the weights are not those of a chaotic circuit."""
        counted = self._weights
        if self._options.top is not None or self._whole or counted.candidates < _LOOK_AFTER:
            return
        spread = counted.relative_variance * self._size
        if counted.total == 0 or counted.clipped_part > MOST_CLIPPED or spread > MOST_SPREAD:
            told = "all batches drawn have none"
            if counted.total > 0:
                told = (
                    f"the variance of the weights of batches is {spread:.3g} times what it should be, and "
                    f"{100 * counted.clipped_part:.1f} % of the probability are beyond the bound of frugal rejection"
                )
            raise NumericalError(
                f"the probabilities of this circuit are not those of a chaotic one: {told}; use method gate-by-gate or "
                "marginals"
            )

    def report(self) -> SampleReport:
        """Tells fidelity, linear XEB and what was done to the statistics."""
        own, own_error = self._xeb.estimate()
        fidelity, weights = self._machine.fidelity, self._weights
        if own is None:
            return SampleReport(fidelity=fidelity)
        remarks = []
        linear_xeb, error = own, own_error
        if fidelity < 1:
            # Of a part of the slices the state has norm² w, and overlap w with the whole: its fidelity is w.
            ratio = (own + 1) / weights.mean
            linear_xeb = (ratio - 1) * weights.mean
            error = None if own_error is None else math.hypot(own_error, (ratio - 1) * weights.mean_error)
            remarks.append(
                f"{self._machine.paths_taken} of {self._machine.num_paths} slices were added up; "
                f"their state has fidelity {weights.mean:.4f} ± {weights.mean_error:.4f}"
            )
        options = self._options
        if options.top is not None:
            expected = fidelity * expected_top(self._size, options.top)
            remarks.append(
                f"the {options.top} most probable of each batch of {self._size} were selected, which is expected to "
                f"give a linear XEB of {expected:.3f} where drawing gives {fidelity:.3f}: the samples do not follow "
                "the circuit's distribution, and their XEB is no fidelity"
            )
        elif not self._whole:
            remarks.append(
                f"{weights.taken} of {weights.candidates} batches of {self._size} were taken; "
                f"{weights.clipped_part:.1e} of the probability was clipped"
            )
        if options.per_batch > 1 or (options.top or 1) > 1:
            remarks.append(f"samples of one batch share {self._num_qubits - len(self._machine.open_qubits)} bits")
        remarks += self._machine.remarks
        return SampleReport(fidelity=fidelity, linear_xeb=linear_xeb, standard_error=error, remarks=tuple(remarks))

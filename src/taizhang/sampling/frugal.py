"""Sampling by frugal rejection, from batches of amplitudes whose other bits are drawn uniformly."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

import numpy as np

from taizhang.circuit.circuit import Circuit
from taizhang.errors import NumericalError, UsageError
from taizhang.observer import Observer, Silent
from taizhang.options import Option, optional, real, switch, whole
from taizhang.sampling.batches import BatchSource
from taizhang.sampling.frugal_weights import (
    PILOT_BATCHES,
    Floats,
    WeightCount,
    accept_batches,
    bound_from_pilot,
    bound_of_weights,
    drawn_from,
    expected_top,
    largest_of,
    scaled_probabilities,
)
from taizhang.sampling.sampler import Bits, MethodName, RunningXeb, SampleReport
from taizhang.sampling.state_vector import VectorSampler, bits_of
from taizhang.sampling.uniforms import Uniforms
from taizhang.settings import Settings

DEFAULT_BATCH_QUBITS = 10
MOST_BATCH_QUBITS = 24
MOST_CLIPPED = 0.02
"""If more of the probability than this is clipped, the circuit is not chaotic, and its samples would be wrong."""
MOST_SPREAD = 6.0
"""A variance of the weights this many times that of a chaotic circuit is not attributed to chance."""
# Batches after which the weights are checked.
_LOOK_AFTER = 64
MOST_UNEVEN = 10.0
"""A part of the slices whose weights need this many times more batches than all slices is not worthwhile."""
# Expected ratio of the batches needed for a part of the slices to those for all, before the part is measured.
_PART_MARGIN = 1.25
# The part of the slices is measured and adjusted at most this often.
_PART_ATTEMPTS = 5
# Number of the first batch that is measured for the bound, far above the numbers of candidates.
_FIRST_OF_PILOT = 1 << 40
# Most amplitudes held for one draw, and about how long it should take, so that samples arrive continuously.
_MOST_ELEMENTS = 1 << 25
_SECONDS_AT_ONCE = 10.0

FRUGAL = (
    Option(
        name="fidelity",
        read=real(0, 1, above=True),
        wanted="a number above 0 and up to 1",
        default=1.0,
        metavar="F",
        help="Fidelity of the sampled state; below 1 only this part of the slices is summed (frugal)",
        group="Samples",
        from_text=float,
    ),
    Option(
        name="batch_qubits",
        read=optional(whole(0, MOST_BATCH_QUBITS)),
        wanted=f"a whole number from 0 to {MOST_BATCH_QUBITS}",
        default_help="chosen",
        metavar="N",
        help="Qubits left open in each batch (frugal)",
        group="Samples",
        from_text=int,
    ),
    Option(
        name="per_batch",
        read=whole(1),
        wanted="a whole number from 1",
        default=1,
        metavar="N",
        help="Samples drawn from each batch, 1 for independent samples; those of one batch share the bits that are not "
        "open (frugal)",
        group="Samples",
        from_text=int,
    ),
    Option(
        name="top",
        read=optional(whole(1)),
        wanted="a whole number from 1",
        metavar="K",
        help="Take the K most probable bitstrings of each batch instead of drawing; raises the cross entropy, but no "
        "longer samples the circuit (frugal)",
        group="Samples",
        from_text=int,
    ),
    Option(
        name="pair_sides",
        read=switch,
        wanted="True or False",
        default=False,
        metavar=None,
        help="Product batches: all pairs of left and right partition of the bits that are not open; many times cheaper "
        "for wide circuits; each sample has its own batch, but shares the bits of a partition with others (frugal)",
        group="Samples",
    ),
)


class FrugalKeywords(TypedDict, total=False):
    """The options of frugal rejection as keywords."""

    fidelity: float
    batch_qubits: int | None
    per_batch: int
    top: int | None
    pair_sides: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FrugalOptions:
    """Options of frugal rejection; `sample` accepts them as its method.

    Attributes:
        fidelity: Part of the slices to sum, in (0, 1].
        batch_qubits: Number of qubits left open, or None to choose it.
        per_batch: Samples drawn from each accepted batch; 1 for independent samples.
        top: Take this many of the most probable bitstrings of each batch instead of drawing.
        pair_sides: Use product batches: all pairs of left and right partition of the bits that are not open.

    Raises:
        UsageError: A number is out of range.

    Example:
        >>> FrugalOptions(fidelity=0.1).per_batch
        1
    """

    fidelity: float = 1.0
    batch_qubits: int | None = None
    per_batch: int = 1
    top: int | None = None
    pair_sides: bool = False

    def __post_init__(self) -> None:
        for row in FRUGAL:
            object.__setattr__(self, row.name, row.check(getattr(self, row.name)))
        if self.top is not None and self.per_batch > 1:
            raise UsageError("both per_batch and top were given; give one of them")
        if self.pair_sides and self.fidelity < 1:
            raise UsageError(
                f"fidelity must be 1 with pair_sides, as product batches are computed from all slices, "
                f"got {self.fidelity:g}; give one of the two"
            )

    def is_default(self) -> bool:
        """Whether all options have their defaults."""
        return self == FrugalOptions()


def method_of(method: str | FrugalOptions, keywords: Mapping[str, Any]) -> tuple[str, FrugalOptions]:
    """Returns the name of a method and its options, given as one value or as keywords.

    Args:
        method: A name, or the options of frugal rejection.
        keywords: Keywords of a function; those of frugal rejection are used.

    Raises:
        UsageError: They were given in both ways, or one has a value that it cannot have.
    """
    single = {row.name: keywords[row.name] for row in FRUGAL if row.name in keywords}
    if not isinstance(method, FrugalOptions):
        return method, FrugalOptions(**single)
    if single:
        raise UsageError(f"{', '.join(single)} was given beside FrugalOptions as method; give one of the two")
    return "frugal", method


def batches_expected(shots: int, batch_size: int, options: FrugalOptions) -> int:
    """Number of batches that suffices for `shots` with 3σ confidence: three standard deviations above the mean."""
    each = batches_per_sample(batch_size, options)
    return math.ceil(shots * each + 3 * math.sqrt(shots * each * max(each - 1, 0)))


def batches_per_sample(batch_size: int, options: FrugalOptions) -> float:
    """Expected number of batches computed for one sample."""
    if options.top is not None:
        return 1 / options.top
    return bound_of_weights(batch_size) * (_PART_MARGIN if options.fidelity < 1 else 1.0) / options.per_batch


class FrugalSampler:
    """Draws samples from batches.

    Args:
        circuit: A chaotic circuit, in which 2^n p is exponentially distributed.
        settings: The common options.
        options: The options of frugal rejection.
        source: Computes the batches.
        shots: Number of shots that will be drawn.
        observer: Receives progress updates.

    Attributes:
        source: Computes the batches.
        bound: A batch of this weight or more is always accepted.
    """

    method: MethodName = "frugal"

    def __init__(
        self,
        circuit: Circuit,
        settings: Settings,
        options: FrugalOptions,
        source: BatchSource,
        shots: int,
        observer: Observer | None = None,
    ) -> None:
        self._num_qubits = circuit.num_qubits
        self._shots = shots
        self.source = source
        self._options = options
        self._watch = observer or Silent()
        self._uniforms = Uniforms(settings.seed, self.method)
        self._size = 2 ** len(source.open_qubits)
        if options.top is not None and options.top > self._size:
            raise UsageError(f"top must be at most {self._size}, the bitstrings of a batch, got {options.top}")
        # If all qubits are open, there is one batch, which is always accepted.
        self._all_open = len(source.open_qubits) == self._num_qubits
        self.bound = bound_of_weights(self._size)
        # A part of the slices is measured before samples are drawn from it; the mean weight is None until then.
        self._measures = source.fidelity < 1 and options.top is None
        self._measured_mean: float | None = None
        self._num_measured = 0
        self._weights = WeightCount()
        self._xeb = RunningXeb()
        self._next_candidate = 0
        self._waiting = np.empty((0, self._num_qubits), dtype=np.uint8)
        self._every: VectorSampler | None = None
        self.portion = min(shots, 1 << 17 if self._all_open else self._batches_at_once())
        if self._all_open and (source.fidelity < 1 or options.top is not None or options.per_batch > 1):
            raise UsageError(
                "fidelity, top and per_batch need several batches, but all qubits are open, which is one batch; leave "
                "fewer open (batch_qubits)"
            )

    def _batches_at_once(self) -> int:
        """Batches per draw: those contracted together, or some seconds of work, so that samples come steadily."""
        at_once = self.source.rows * max(int(_SECONDS_AT_ONCE / self.source.predicted_seconds(self.source.rows)), 1)
        return int(max(min(at_once, 1 << 14, _MOST_ELEMENTS // self._size), 1))

    @property
    def batches_per_sample(self) -> float:
        """Expected number of batches computed for one sample."""
        if self._measured_mean is not None:
            return self.bound / self._measured_mean / self._options.per_batch
        return batches_per_sample(self._size, self._options)

    @property
    def seconds_per_batch(self) -> float:
        """Predicted time of each of many batches."""
        return self.source.predicted_seconds(self.source.rows) / self.source.rows

    @property
    def predicted_seconds(self) -> float:
        """Predicted time of all shots."""
        batches = 1 if self._all_open else math.ceil(self._shots * self.batches_per_sample)
        if self._measures:
            batches += PILOT_BATCHES
        return self.source.predicted_seconds(batches)

    def draw(self, first: int, count: int) -> Bits:
        """Draws the next `count` shots, in order."""
        self._watch.stage("run")
        if self._measures and self._measured_mean is None:
            self._measure()
        while len(self._waiting) < count:
            missing = count - len(self._waiting)
            # Two percent and four batches more than expected, so that a second round is rarely needed.
            candidates = missing if self._all_open else math.ceil(missing * self.batches_per_sample * 1.02) + 4
            self._waiting = np.concatenate(
                [self._waiting, self._draw_candidates(max(min(candidates, self.portion), 1))]
            )
            self._check()
        shots, self._waiting = self._waiting[:count], self._waiting[count:]
        return shots

    def draw_from(self, candidates: int) -> Bits:
        """Draws from the next `candidates` batches; returns all shots that they give."""
        shots = self._draw_candidates(candidates)
        self._check()
        return shots

    def try_out(self) -> None:
        """Computes the first batches, keeps them, and checks whether the circuit is chaotic.

        Raises:
            NumericalError: The circuit is not chaotic.
        """
        if not self._all_open and not self._next_candidate:
            self._watch.stage("run")
            self._waiting = self._draw_candidates(_LOOK_AFTER)
            self._check()

    def _measure(self) -> None:
        """Finds the bound for a part of the slices from pilot batches that are not used otherwise.

        Raises:
            NumericalError: The weights are too uneven.
        """
        for attempt in range(_PART_ATTEMPTS):
            weights = self._scaled(_FIRST_OF_PILOT, PILOT_BATCHES)[1].mean(axis=1)
            self._num_measured += PILOT_BATCHES
            if attempt == _PART_ATTEMPTS - 1 or self.source.meets(float(weights.mean())):
                break
        mean, self.bound = float(weights.mean()), bound_from_pilot(weights, self._size)
        if mean == 0 or self.bound > MOST_UNEVEN * bound_of_weights(self._size) * mean:
            reason = "all measured batches have none" if mean == 0 else f"{self.bound / mean:.3g} batches a sample"
            raise NumericalError(
                f"the probability of a part of the slices is too uneven for frugal rejection: {reason}; ask for a "
                "higher fidelity or another seed, or use method gate-by-gate or marginals if the circuit is not chaotic"
            )
        self._measured_mean = mean

    def _draw_candidates(self, candidates: int) -> Bits:
        """Computes the next candidates, and draws from the accepted ones."""
        first = self._next_candidate
        self._next_candidate += candidates
        if self._all_open:
            return self._draw_from_all(first, candidates)
        bits, probabilities = self._scaled(first, candidates)
        weights = probabilities.mean(axis=1)
        if self._options.top is not None:
            taken = np.arange(candidates)
            places = largest_of(probabilities, self._options.top)
        else:
            numbers = self._uniforms.draw(first, candidates, "take")
            taken = accept_batches(weights, self.bound, numbers)
            draws = [self._uniforms.draw(first, candidates, "draw", k)[taken] for k in range(self._options.per_batch)]
            places = drawn_from(probabilities[taken], np.stack(draws, axis=1))
        self._weights.add(weights, math.inf if self._options.top else self.bound, len(taken))
        self._xeb.add(self._xeb_of(np.take_along_axis(probabilities[taken], places, axis=1), weights[taken]))
        samples = np.repeat(bits[taken], places.shape[1], axis=0)
        opened = self.source.open_qubits
        for place, qubit in enumerate(reversed(opened)):
            samples[:, qubit] = places.reshape(-1) >> place & 1
        return samples

    def _xeb_of(self, scaled: Floats, weights: Floats) -> Floats:
        """Estimates 2^n p of samples from the computed probabilities.

        The amplitudes of a part of the slices are independent of the rest, which on average adds the missing
        probability: 1 minus the mean weight of the other bitstrings of the batch.

        Args:
            scaled: 2^n times the computed probabilities, shape (batches, samples of each).
            weights: Weights of the batches, shape (batches,).
        """
        if self.source.fidelity == 1:
            return scaled.reshape(-1)
        if self._size == 1:
            return scaled.reshape(-1) - (self._measured_mean or 0.0) + 1
        # The weight of a batch includes the sample itself, which is biased upwards by having been drawn.
        others = self._size / (self._size - 1) if self._options.top is None else 1.0
        return np.asarray((scaled - weights[:, np.newaxis]) * others + 1).reshape(-1)

    def _draw_from_all(self, first: int, count: int) -> Bits:
        """Draws from the single batch of a circuit whose qubits are all open."""
        if self._every is None:
            self._every = VectorSampler(self.source.candidates(0, 1)[1][0])
        outcomes = self._every.outcomes(self._uniforms.draw(first, count, "draw", 0))
        self._xeb.add(2.0**self._num_qubits * self._every.probabilities(outcomes))
        return bits_of(outcomes, self._num_qubits)

    def _scaled(self, first: int, count: int) -> tuple[Bits, Floats]:
        """Computes the bits and 2^n p of some candidates, the latter of shape (candidates, batch size)."""
        bits, amplitudes = self.source.candidates(first, count, self._watch)
        return bits, scaled_probabilities(amplitudes, self._num_qubits)

    def _check(self) -> None:
        """Checks that the weights are those of a chaotic circuit.

        Raises:
            NumericalError: They are not.
        """
        counted = self._weights
        if self._options.top is not None or self._all_open or counted.candidates < _LOOK_AFTER:
            return
        spread = counted.relative_variance * self._size
        uneven = spread > MOST_SPREAD and not self._measures
        if counted.total == 0 or counted.clipped_part > MOST_CLIPPED or uneven:
            reason = "all batches so far have probability 0"
            if counted.total > 0:
                reason = (
                    f"the variance of the weights of batches is {spread:.3g} times that of a chaotic circuit, and "
                    f"{100 * counted.clipped_part:.1f} % of the probability is beyond the bound of frugal rejection"
                )
            raise NumericalError(
                f"the probabilities of this circuit are not those of a chaotic one: {reason}; use method gate-by-gate "
                "or marginals"
            )

    def report(self) -> SampleReport:
        """Returns fidelity, linear XEB and remarks on the statistics of the shots drawn so far."""
        linear_xeb, error = self._xeb.estimate()
        fidelity, weights = self.source.fidelity, self._weights
        if linear_xeb is None:
            return SampleReport(fidelity=fidelity)
        remarks = []
        if fidelity < 1:
            # The state of a part of the slices has norm² w, and overlap w with the full state: its fidelity is w.
            fidelity = weights.mean
            remarks.append(
                f"{self.source.paths_taken} of {self.source.num_paths} slices were summed; if the circuit is "
                f"chaotic, their state has fidelity {weights.mean:.4f} ± {weights.mean_error:.4f}"
            )
        if self._measures:
            remarks.append(
                f"{self._num_measured} more batches were measured for the bound of rejection; the variance of their "
                f"weights is {weights.relative_variance * self._size:.1f} times that of all slices, so a batch gives "
                f"{weights.taken / weights.candidates:.2f} samples, where one of all slices gives "
                f"{1 / bound_of_weights(self._size):.2f}"
            )
        options = self._options
        if options.top is not None:
            expected = fidelity * expected_top(self._size, options.top)
            remarks.append(
                f"the {options.top} most probable of each batch of {self._size} were selected, with an expected linear "
                f"XEB of {expected:.3f}, where drawing gives {fidelity:.3f}: the samples do not follow the circuit's "
                "distribution, and their XEB is not a fidelity"
            )
        elif not self._all_open:
            remarks.append(
                f"{weights.taken} of {weights.candidates} batches of {self._size} were accepted; "
                f"{weights.clipped_part:.1e} of the probability was clipped"
            )
        if options.per_batch > 1 or (options.top or 1) > 1:
            remarks.append(f"samples of one batch share {self._num_qubits - len(self.source.open_qubits)} bits")
        remarks += self.source.remarks
        return SampleReport(fidelity=fidelity, linear_xeb=linear_xeb, standard_error=error, remarks=tuple(remarks))

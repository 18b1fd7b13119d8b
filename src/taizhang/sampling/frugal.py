"""Samples by frugal rejection: from batches of amplitudes whose other bits are drawn uniformly."""

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
    bound_from_pilot,
    bound_of_weights,
    drawn_from,
    expected_top,
    largest_of,
    scaled_probabilities,
    taken_batches,
)
from taizhang.sampling.sampler import Bits, MethodName, RunningXeb, SampleReport
from taizhang.sampling.state_vector import VectorSampler, bits_of
from taizhang.sampling.uniforms import Uniforms
from taizhang.settings import Settings

DEFAULT_BATCH_QUBITS = 10
MOST_BATCH_QUBITS = 24
MOST_CLIPPED = 0.02
"""Where more of the probability than this is clipped, the circuit is not chaotic, and its samples would be wrong."""
MOST_SPREAD = 6.0
"""So many times the variance of a chaotic circuit's weights is not taken for chance."""
_LOOK_AFTER = 64
MOST_UNEVEN = 10.0
"""Where a part of the slices has such weights that so many times more batches are needed, it is not worth while."""
# So many times more batches than for all slices are expected to be needed for a part of them, before it is measured.
_PART_MARGIN = 1.25
# How often the part is measured and changed, at most.
_PART_ATTEMPTS = 5
# Numbers of the batches that are measured for the bound; those of candidates are far below.
_FIRST_OF_PILOT = 1 << 40
_MOST_ELEMENTS = 1 << 25
_SECONDS_AT_ONCE = 10.0


FRUGAL = (
    Option(
        name="fidelity",
        read=real(0, 1, above=True),
        wanted="a number above 0 and up to 1",
        default=1.0,
        metavar="F",
        help="Fidelity of the state that is sampled; below 1 only such a part of the slices is added up (frugal)",
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
        help="Samples drawn from each batch, 1 for independent ones; those of one batch share the bits that are not "
        "open (frugal)",
        group="Samples",
        from_text=int,
    ),
    Option(
        name="top",
        read=optional(whole(1)),
        wanted="a whole number from 1",
        metavar="K",
        help="Instead of drawing, take the K most probable bitstrings of each batch; raises the cross entropy, but no "
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
        help="Batches are all pairs of some left and some right sides of the bits not open: many times cheaper for "
        "wide circuits; each sample has a batch of its own, but shares the bits of a side with others (frugal)",
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
    """How to draw from batches; `sample` takes it as its method.

    Attributes:
        fidelity: Part of the slices that is added up, in (0, 1].
        batch_qubits: Qubits left open, or None for a choice.
        per_batch: Samples drawn from each batch taken; 1 for independent ones.
        top: Instead of drawing, take this many of the most probable of each batch.
        pair_sides: Batches are all pairs of some left and some right sides of the bits that are not open.

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
                f"pair_sides was given with a fidelity of {self.fidelity:g}; pairs of sides are computed from all "
                "slices, give one of the two"
            )

    def is_default(self) -> bool:
        """Whether nothing but samples of full fidelity is asked for."""
        return self == FrugalOptions()


def method_of(method: str | FrugalOptions, keywords: Mapping[str, Any]) -> tuple[str, FrugalOptions]:
    """The name of a method and its options, whether these were given whole or one by one.

    Args:
        method: A name, or the options of frugal rejection.
        keywords: Keywords of a function, of which those of frugal rejection are taken.

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
    """How many batches are hardly ever too few for so many shots: three standard deviations more than the mean."""
    each = batches_per_sample(batch_size, options)
    return math.ceil(shots * each + 3 * math.sqrt(shots * each * max(each - 1, 0)))


def batches_per_sample(batch_size: int, options: FrugalOptions) -> float:
    """How many batches are expected to be computed for one sample."""
    if options.top is not None:
        return 1 / options.top
    return bound_of_weights(batch_size) * (_PART_MARGIN if options.fidelity < 1 else 1.0) / options.per_batch


class FrugalSampler:
    """Draws from batches.

    Args:
        circuit: A chaotic circuit, in which 2^n p is exponentially distributed.
        settings: The common options.
        options: How to draw.
        source: Computes the batches.
        shots: How many shots will be drawn.
        observer: Is told of the progress.

    Attributes:
        source: What computes the batches.
        bound: A batch of this weight, or more, is always taken.
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
            raise UsageError(f"top was given as {options.top}, but a batch has {self._size} bitstrings only")
        # A batch of everything is always taken. A part of the slices gives a state of smaller norm.
        self._whole = len(source.open_qubits) == self._num_qubits
        self.bound = bound_of_weights(self._size)
        # A part of the slices is measured before it is drawn from: the mean weight, once it is known.
        self._measures = source.fidelity < 1 and options.top is None
        self._measured_mean: float | None = None
        self._num_measured = 0
        self._weights = WeightCount()
        self._xeb = RunningXeb()
        self._next_candidate = 0
        self._waiting = np.empty((0, self._num_qubits), dtype=np.uint8)
        self._every: VectorSampler | None = None
        self.portion = min(shots, 1 << 17 if self._whole else self._batches_at_once())
        if self._whole and (source.fidelity < 1 or options.top is not None or options.per_batch > 1):
            raise UsageError("all qubits are open, so that there is one batch only; leave fewer open (batch_qubits)")

    def _batches_at_once(self) -> int:
        """As many as are contracted together, or take some seconds, so that samples come as they are drawn."""
        at_once = self.source.rows * max(int(_SECONDS_AT_ONCE / self.source.predicted_seconds(self.source.rows)), 1)
        return int(max(min(at_once, 1 << 14, _MOST_ELEMENTS // self._size), 1))

    @property
    def batches_per_sample(self) -> float:
        """How many batches are expected to be computed for one sample."""
        if self._measured_mean is not None:
            return self.bound / self._measured_mean / self._options.per_batch
        return batches_per_sample(self._size, self._options)

    @property
    def seconds_per_batch(self) -> float:
        """Predicted time of one batch, of many."""
        return self.source.predicted_seconds(self.source.rows) / self.source.rows

    @property
    def predicted_seconds(self) -> float:
        """Predicted time of all shots."""
        batches = 1 if self._whole else math.ceil(self._shots * self.batches_per_sample)
        if self._measures:
            batches += PILOT_BATCHES
        return self.source.predicted_seconds(batches)

    def draw(self, first: int, count: int) -> Bits:
        """Draws the next shots; they come in order."""
        self._watch.stage("run")
        if self._measures and self._measured_mean is None:
            self._measure()
        while len(self._waiting) < count:
            missing = count - len(self._waiting)
            candidates = missing if self._whole else math.ceil(missing * self.batches_per_sample * 1.02) + 4
            self._waiting = np.concatenate([self._waiting, self._drawn(max(min(candidates, self.portion), 1))])
            self._check()
        drawn, self._waiting = self._waiting[:count], self._waiting[count:]
        return drawn

    def draw_from(self, candidates: int) -> Bits:
        """Draws from the next batches, so many, however many shots these give."""
        drawn = self._drawn(candidates)
        self._check()
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

    def _measure(self) -> None:
        """Finds the bound for a part of the slices, from batches that are not used otherwise.

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
            told = "all batches measured have none" if mean == 0 else f"it takes {self.bound / mean:.3g} batches each"
            raise NumericalError(
                f"the probability of a part of the slices is too uneven for frugal rejection: {told}; ask for a higher "
                "fidelity or another seed, or use method gate-by-gate or marginals if the circuit is not chaotic"
            )
        self._measured_mean = mean

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
            taken = taken_batches(weights, self.bound, numbers)
            draws = [self._uniforms.draw(first, candidates, "draw", k)[taken] for k in range(self._options.per_batch)]
            places = drawn_from(probabilities[taken], np.stack(draws, axis=1))
        self._weights.add(weights, math.inf if self._options.top else self.bound, len(taken))
        self._xeb.add(self._xeb_of(np.take_along_axis(probabilities[taken], places, axis=1), weights[taken]))
        found = np.repeat(bits[taken], places.shape[1], axis=0)
        opened = self.source.open_qubits
        for place, qubit in enumerate(reversed(opened)):
            found[:, qubit] = places.reshape(-1) >> place & 1
        return found

    def _xeb_of(self, scaled: Floats, weights: Floats) -> Floats:
        """Gives what 2^n p of samples is expected to be, from what was computed.

        A part of the slices gives a state whose amplitudes are independent of the rest, which adds the probability that
        is missing around: 1 less the mean weight of others of the batch.

        Args:
            scaled: 2^n times the computed probabilities, shape (batches, samples of each).
            weights: Their batches', shape (batches,).
        """
        if self.source.fidelity == 1:
            return scaled.reshape(-1)
        if self._size == 1:
            return scaled.reshape(-1) - (self._measured_mean or 0.0) + 1
        # The weight of a batch holds the sample itself, which is larger than others for having been drawn.
        others = self._size / (self._size - 1) if self._options.top is None else 1.0
        return np.asarray((scaled - weights[:, np.newaxis]) * others + 1).reshape(-1)

    def _drawn_from_all(self, first: int, count: int) -> Bits:
        """Draws from the one batch there is, if all qubits are open; it is always taken."""
        if self._every is None:
            self._every = VectorSampler(self.source.candidates(0, 1)[1][0])
        outcomes = self._every.outcomes(self._uniforms.draw(first, count, "draw", 0))
        self._xeb.add(2.0**self._num_qubits * self._every.probabilities(outcomes))
        return bits_of(outcomes, self._num_qubits)

    def _scaled(self, first: int, count: int) -> tuple[Bits, Floats]:
        """Gives the bits and 2^n p of some candidates, shape (candidates, batch size)."""
        bits, amplitudes = self.source.candidates(first, count, self._watch)
        return bits, scaled_probabilities(amplitudes, self._num_qubits)

    def _check(self) -> None:
        """Stops where the weights are not those of a chaotic circuit."""
        counted = self._weights
        if self._options.top is not None or self._whole or counted.candidates < _LOOK_AFTER:
            return
        spread = counted.relative_variance * self._size
        uneven = spread > MOST_SPREAD and not self._measures
        if counted.total == 0 or counted.clipped_part > MOST_CLIPPED or uneven:
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
        linear_xeb, error = self._xeb.estimate()
        fidelity, weights = self.source.fidelity, self._weights
        if linear_xeb is None:
            return SampleReport(fidelity=fidelity)
        remarks = []
        if fidelity < 1:
            # Of a part of the slices the state has norm² w, and overlap w with the whole: its fidelity is w.
            fidelity = weights.mean
            remarks.append(
                f"{self.source.paths_taken} of {self.source.num_paths} slices were added up; if the circuit is "
                f"chaotic, their state has fidelity {weights.mean:.4f} ± {weights.mean_error:.4f}"
            )
        if self._measures:
            remarks.append(
                f"{self._num_measured} batches more were measured for the bound of rejection; their weights vary "
                f"{weights.relative_variance * self._size:.1f} times as much as those of all slices, so that a batch "
                f"gives {weights.taken / weights.candidates:.2f} samples where one of all slices gives "
                f"{1 / bound_of_weights(self._size):.2f}"
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
            remarks.append(f"samples of one batch share {self._num_qubits - len(self.source.open_qubits)} bits")
        remarks += self.source.remarks
        return SampleReport(fidelity=fidelity, linear_xeb=linear_xeb, standard_error=error, remarks=tuple(remarks))

"""Frugal rejection from correlated batches, for chaotic circuits (Markov et al., arXiv:1807.10749).

All amplitudes over k open qubits cost little more than one. So the candidates of rejection sampling are batches: the
other bits are drawn uniformly, and a batch is accepted with a probability proportional to its weight w, 2^(n-k) times
the sum of its probabilities; then one of its bitstrings is drawn in proportion to its probability. In the chaotic
regime 2^n p is exponential (the Porter–Thomas distribution), so w, a mean of K = 2^k of them, is close to 1, and rarely
exceeds a bound slightly above 1: nearly every batch gives a sample, where single amplitudes would need about ten. A
weight above the bound is clipped; this is the only error, and it is measured.

Instead of drawing, the most probable bitstrings of each batch may be selected, which raises the cross entropy and gives
up the distribution (Zhao et al., arXiv:2406.18889; Pan, Chen & Zhang, arXiv:2111.03011).

A part of the slices needs a measured bound. The squared norm of its state is only on average the fidelity, and if an
index near the end of the circuit was sliced, its weights vary more than those of a chaotic circuit. Rejection is
correct for any weights, as long as the bound is above them. So the weights of pilot batches, which are not used
otherwise, are measured: their mean and variance, both raised by two standard errors, give a gamma distribution, and its
tail gives the bound.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from taizhang._types import ComplexArray

Floats = npt.NDArray[np.float64]

CLIPPED = 1e-4
"""Share of the probability that may be clipped: a hundredth of what a thousand samples can detect."""


def scaled_probabilities(amplitudes: ComplexArray, num_qubits: int) -> Floats:
    """Computes 2^n p of amplitudes, in their shape, without underflow."""
    return np.asarray(np.abs(amplitudes * 2.0 ** (num_qubits / 2)) ** 2, dtype=np.float64)


def bound_of_weights(batch_size: int, clipped: float = CLIPPED) -> float:
    """Computes the weight that batches of a chaotic circuit rarely exceed.

    The weight of a batch of K amplitudes is gamma distributed with mean 1 and variance 1/K; for the bound c, the
    expected excess E[max(w - c, 0)] is `clipped`.

    Example:
        >>> round(bound_of_weights(1), 2), round(bound_of_weights(64), 2)
        (9.21, 1.39)
    """
    low, high = 1.0, 1.0 - math.log(clipped)
    for _ in range(40):  # bisection to 2^-40 of the interval
        middle = 0.5 * (low + high)
        excess = _gamma_tail(batch_size + 1, batch_size * middle) - middle * _gamma_tail(
            batch_size, batch_size * middle
        )
        low, high = (middle, high) if excess > clipped else (low, middle)
    return high


def _gamma_tail(shape: int, x: float) -> float:
    """Probability that a gamma variable of integer shape exceeds x: the sum of x^j e^-x / j! for j < shape."""
    # Terms further down than about forty standard deviations are below rounding errors.
    first = max(0, shape - 1 - int(40 * math.sqrt(x + 1)) - 400)
    terms = np.arange(first, shape, dtype=np.float64)
    logs = terms * math.log(x) - x - np.array([math.lgamma(term + 1) for term in terms])
    return min(float(np.exp(logs).sum()), 1.0)


def expected_top(batch_size: int, taken: int) -> float:
    """Computes 2^n⟨p⟩ - 1 of the `taken` most probable of `batch_size` bitstrings of a chaotic circuit.

    The i-th largest of K exponential variables has the mean 1/i + 1/(i+1) + … + 1/K.

    Example:
        >>> round(expected_top(64, 1), 3)
        3.744
    """
    harmonic = np.cumsum(1 / np.arange(1, batch_size + 1))
    means = harmonic[-1] - np.concatenate([[0.0], harmonic[:-1]])[:taken]
    return float(means.mean() - 1)


@dataclass(slots=True)
class WeightCount:
    """Running sums of the weights of candidates, which show whether the circuit is chaotic.

    Attributes:
        candidates: Batches computed.
        taken: Batches accepted.
        total: Sum of the weights.
        squares: Sum of their squares.
        clipped: Sum of the excesses over the bound.
    """

    candidates: int = 0
    taken: int = 0
    total: float = 0.0
    squares: float = 0.0
    clipped: float = 0.0

    def add(self, weights: Floats, bound: float, taken: int) -> None:
        """Adds the weights of some candidates."""
        self.candidates += len(weights)
        self.taken += taken
        self.total += float(weights.sum())
        self.squares += float((weights * weights).sum())
        self.clipped += float(np.maximum(weights - bound, 0).sum())

    @property
    def mean(self) -> float:
        """Mean weight: the squared norm of the sampled state, 1 if all slices are summed."""
        return self.total / max(self.candidates, 1)

    @property
    def mean_error(self) -> float:
        """Standard error of the mean weight."""
        count = max(self.candidates, 2)
        return math.sqrt(max(self.squares / count - (self.total / count) ** 2, 0.0) / (count - 1))

    @property
    def relative_variance(self) -> float:
        """Variance of the weights divided by the square of their mean; 1/K for batches of K of a chaotic circuit."""
        return self.candidates * self.mean_error**2 / self.mean**2 if self.total else 0.0

    @property
    def clipped_part(self) -> float:
        """Share of the probability that was clipped."""
        return self.clipped / self.total if self.total else 0.0


def accept_batches(weights: Floats, bound: float, numbers: Floats) -> npt.NDArray[np.intp]:
    """Returns the numbers of the accepted batches."""
    return np.flatnonzero(numbers * bound < weights)


def drawn_from(probabilities: Floats, numbers: Floats) -> npt.NDArray[np.intp]:
    """Draws places of each batch in proportion to its probabilities.

    Args:
        probabilities: Shape (batches, batch size); need not be normalised.
        numbers: Uniform in [0, 1), shape (batches, draws).

    Returns:
        Shape (batches, draws).
    """
    ends = np.cumsum(probabilities, axis=1)
    heights = numbers * ends[:, -1:]
    places = [np.searchsorted(end, height, side="right") for end, height in zip(ends, heights, strict=True)]
    # Rounding must not lead to a place of probability 0 after the last possible one.
    last = probabilities.shape[1] - 1 - np.argmax(probabilities[:, ::-1] > 0, axis=1)
    chosen: npt.NDArray[np.intp] = np.array(places, dtype=np.intp).reshape(numbers.shape)
    return np.asarray(np.minimum(chosen, last[:, np.newaxis]), dtype=np.intp)


def largest_of(probabilities: Floats, count: int) -> npt.NDArray[np.intp]:
    """Returns the places of the largest probabilities of each batch, the largest first; shape (batches, count)."""
    order: npt.NDArray[np.intp] = np.argsort(-probabilities, axis=1, kind="stable")
    return order[:, :count]


PILOT_BATCHES = 64
"""Pilot batches: enough to know the standard deviation of their weights to about a tenth."""
# Standard errors that are added to the measured mean and variance.
_FAR = 2.0


def bound_from_pilot(weights: Floats, batch_size: int, clipped: float = CLIPPED) -> float:
    """Computes the weight that batches like these rarely exceed.

    Args:
        weights: Of independent batches, at least two.
        batch_size: Amplitudes of each.
        clipped: Share of the probability that may be beyond the bound.

    Returns:
        The bound, at least the largest weight; 0 where all weights are 0.

    Example:
        >>> import numpy as np
        >>> weights = np.random.default_rng(1).gamma(64, 1 / 64, size=64)
        >>> bound_of_weights(64) < bound_from_pilot(weights, 64) < 1.2 * bound_of_weights(64)
        True
    """
    mean, count = float(weights.mean()), len(weights)
    if mean == 0:
        return 0.0
    measured = float(weights.var(ddof=1)) / mean**2
    relative = max(measured * (1 + _FAR * math.sqrt(2 / (count - 1))), 1 / batch_size)
    far_mean = mean * (1 + _FAR * math.sqrt(relative / count))
    bound = far_mean * bound_of_weights(max(math.floor(1 / relative), 1), clipped)
    return max(bound, float(weights.max()))

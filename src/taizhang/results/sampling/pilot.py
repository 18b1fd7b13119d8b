"""The bound of frugal rejection where the weights of batches are not known beforehand.

The state of a part of the slices has a norm that is the fidelity but for chance, and if an index was sliced that is
near the end of the circuit, its weights vary more than those of a chaotic circuit. Rejection is right for any weights,
as long as the bound is above them. So the weights of some batches, which are not used otherwise, are measured: their
mean and variance give a gamma distribution, both taken at two standard errors on the far side, and its tail the bound.
"""

from __future__ import annotations

import math

from taizhang.results.sampling.frugal import CLIPPED, Floats, bound_of_weights

PILOT_BATCHES = 64
"""Batches measured: the standard deviation of their weights is then known to about a tenth."""
_FAR = 2.0


def bound_from_pilot(weights: Floats, batch_size: int, clipped: float = CLIPPED) -> float:
    """Gives the weight that batches like these hardly ever pass.

    Args:
        weights: Of independent batches, at least two.
        batch_size: Amplitudes of each.
        clipped: Part of the probability that may be beyond the bound.

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

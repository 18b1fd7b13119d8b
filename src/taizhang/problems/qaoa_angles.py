"""Angles of QAOA that are good without optimising: fixed ones for 3-regular graphs, and those of one more layer.

The conventions are those of `taizhang.problems.qaoa`: exp(-i gamma C) of a cost to be maximised, then exp(-i beta X).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from taizhang.errors import UsageError
from taizhang.problems.wcsp import Wcsp

# (gammas, betas) by depth.
_FIXED = {
    1: ((0.616,), (0.393,)),
    2: ((0.488, 0.898), (0.555, 0.293)),
    3: ((0.422, 0.798, 0.937), (0.609, 0.459, 0.235)),
    4: ((0.409, 0.781, 0.988, 1.156), (0.600, 0.434, 0.297, 0.159)),
    5: ((0.360, 0.707, 0.823, 1.005, 1.154), (0.632, 0.523, 0.390, 0.275, 0.149)),
    6: ((0.331, 0.645, 0.731, 0.837, 1.009, 1.126), (0.636, 0.535, 0.463, 0.360, 0.259, 0.139)),
}
MAX_FIXED_DEPTH = max(_FIXED)

# In MaxCut a variable of a 3-regular graph is in three products of coefficient -1/2.
_CUBIC_SQUARES = 3 * 0.25


def fixed_angles(depth: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Returns fixed angles for MaxCut on 3-regular graphs without weights.

    Args:
        depth: Number of layers. For more than 6, those of 6 are interpolated, layer by layer.

    Returns:
        (gammas, betas), one of each for each layer. On graphs without short cycles they cut 0.6924, 0.7559, 0.7924,
        0.8169 of the edges for depths 1 to 4.

    Raises:
        UsageError: The depth is less than 1.

    Source:
        Wurtz and Lykov, arXiv:2107.00677, table 1.

    Example:
        >>> fixed_angles(2)
        ((0.488, 0.898), (0.555, 0.293))
    """
    if depth < 1:
        raise UsageError(f"depth must be 1 or more, got {depth}")
    gammas, betas = _FIXED[min(depth, MAX_FIXED_DEPTH)]
    while len(gammas) < depth:
        gammas, betas = interpolate_angles(gammas), interpolate_angles(betas)
    return gammas, betas


def interpolate_angles(angles: Sequence[float]) -> tuple[float, ...]:
    """Returns angles of one more layer, from optimised ones by linear interpolation (INTERP).

    Args:
        angles: Those of each layer: gammas or betas.

    Source:
        Zhou et al., arXiv:1812.01041, section V.

    Example:
        >>> interpolate_angles([0.2, 0.4])
        (0.2, 0.30000000000000004, 0.4)
    """
    depth = len(angles)
    padded = (0.0, *angles, 0.0)
    # Angle i of the new layers, 1 to depth + 1, lies between angles i - 1 and i of the old ones.
    return tuple((i - 1) / depth * padded[i - 1] + (depth - i + 1) / depth * padded[i] for i in range(1, depth + 2))


def start_angles(problem: Wcsp, depth: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Returns angles from which to optimise any problem: the fixed ones, their gammas in the scale of its cost.

    The gammas are divided by the root mean square, over the variables, of the coefficients of the products of Z that
    have the variable, relative to that of a 3-regular graph without weights; where the cost is to be minimised their
    sign is the other one.

    Args:
        problem: Any problem.
        depth: Number of layers.

    Returns:
        (gammas, betas), one of each for each layer.

    Raises:
        UsageError: The depth is less than 1.

    Source:
        Sureshbabu et al., arXiv:2305.15201, on the scale of gamma in weighted problems.

    Example:
        >>> from taizhang.problems.constructors import maxcut
        >>> start_angles(maxcut([(i, j, 2.0) for i in range(4) for j in range(i)]), 1)
        ((0.308,), (0.393,))
    """
    gammas, betas = fixed_angles(depth)
    squares = sum(len(product) * abs(coefficient) ** 2 for product, coefficient in problem.observable().terms)
    if squares == 0:
        return gammas, betas
    scale = math.sqrt(_CUBIC_SQUARES * problem.num_variables / squares) * (1 if problem.maximise else -1)
    return tuple(scale * gamma for gamma in gammas), betas

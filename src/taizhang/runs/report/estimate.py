"""How fast a run goes, and how long it will take, with how sure that is.

The rate is that of the last while, cut into stretches of equal length; how much the stretches differ tells how well the
rate is known. The uncertainty told is one standard error, with no less than what the pieces not yet seen can differ by.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

STRETCHES = 8
LAST_SECONDS = 600.0
LEAST_UNCERTAINTY = 0.02
UNKNOWN_UNCERTAINTY = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What is known of the time.

    Attributes:
        rate: Pieces a second; 0 where nothing is known.
        seconds_left: Seconds to the end; None where nothing is known.
        uncertainty: One standard error of `seconds_left`, in seconds.
    """

    rate: float
    seconds_left: float | None
    uncertainty: float


def estimate(points: Sequence[tuple[float, int]], left: int) -> Estimate:
    """Tells rate and time left.

    Args:
        points: Seconds on some clock and pieces done by then, in order, within one session.
        left: Pieces not done.

    Example:
        >>> steady = estimate([(float(second), second // 2) for second in range(101)], left=50)
        >>> round(steady.rate, 2), round(steady.seconds_left), steady.uncertainty < 10
        (0.5, 100, True)
    """
    if not left:
        return Estimate(rate=_rate(points), seconds_left=0.0, uncertainty=0.0)
    if len(points) < 2:
        return Estimate(rate=0.0, seconds_left=None, uncertainty=0.0)
    recent = [point for point in points if point[0] >= points[-1][0] - LAST_SECONDS]
    recent = recent if len(recent) > 1 else list(points[-2:])
    rate = _rate(recent)
    if rate <= 0:
        return Estimate(rate=0.0, seconds_left=None, uncertainty=0.0)
    return Estimate(rate=rate, seconds_left=left / rate, uncertainty=left / rate * _relative_error(recent, rate))


def _rate(points: Sequence[tuple[float, int]]) -> float:
    if len(points) < 2:
        return 0.0
    passed = points[-1][0] - points[0][0]
    return (points[-1][1] - points[0][1]) / passed if passed > 0 else 0.0


def _relative_error(points: Sequence[tuple[float, int]], rate: float) -> float:
    """Relative standard error of the rate, from the rates of stretches of equal time."""
    start, end = points[0][0], points[-1][0]
    edges = [start + (end - start) * k / STRETCHES for k in range(STRETCHES + 1)]
    done = [_at(points, edge) for edge in edges]
    rates = [(b - a) / (end - start) * STRETCHES for a, b in pairwise(done)]
    if points[-1][1] - points[0][1] < STRETCHES:
        return UNKNOWN_UNCERTAINTY
    variance = sum((one - rate) ** 2 for one in rates) / (STRETCHES - 1)
    return max(math.sqrt(variance / STRETCHES) / rate, LEAST_UNCERTAINTY)


def _at(points: Sequence[tuple[float, int]], time: float) -> float:
    """Pieces done at a time, between points by interpolation."""
    before = points[0]
    for point in points:
        if point[0] >= time:
            passed = point[0] - before[0]
            share = (time - before[0]) / passed if passed > 0 else 0.0
            return before[1] + share * (point[1] - before[1])
        before = point
    return float(points[-1][1])

"""Estimates the rate of a run and the time left, with its uncertainty.

The rate is that of the last ten minutes, cut into intervals of equal length; the spread of the rates of the intervals
gives the uncertainty. It is one standard error, at least 2 %, since pieces still to come may differ from those done.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from taizhang.observer import Estimate

INTERVALS = 8
LAST_SECONDS = 600.0
LEAST_UNCERTAINTY = 0.02
UNKNOWN_UNCERTAINTY = 0.5
"""Relative uncertainty with fewer pieces done than intervals."""


def estimate(points: Sequence[tuple[float, int]], left: int) -> Estimate:
    """Estimates rate and time left.

    Args:
        points: Seconds on any clock and pieces done by then, in order, within one session.
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
    """Relative standard error of the rate, from the rates of intervals of equal length."""
    start, end = points[0][0], points[-1][0]
    edges = [start + (end - start) * k / INTERVALS for k in range(INTERVALS + 1)]
    done = [_at(points, edge) for edge in edges]
    rates = [(b - a) / (end - start) * INTERVALS for a, b in pairwise(done)]
    if points[-1][1] - points[0][1] < INTERVALS:
        return UNKNOWN_UNCERTAINTY
    variance = sum((interval_rate - rate) ** 2 for interval_rate in rates) / (INTERVALS - 1)
    return max(math.sqrt(variance / INTERVALS) / rate, LEAST_UNCERTAINTY)


def _at(points: Sequence[tuple[float, int]], time: float) -> float:
    """Pieces done at a time, interpolated between points."""
    before = points[0]
    for point in points:
        if point[0] >= time:
            passed = point[0] - before[0]
            share = (time - before[0]) / passed if passed > 0 else 0.0
            return before[1] + share * (point[1] - before[1])
        before = point
    return float(points[-1][1])

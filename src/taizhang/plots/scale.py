"""Scales of axes: position of values, ticks, and clipping of lines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from taizhang.plots.picture import Point


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """A linear or logarithmic range of values along an axis.

    Attributes:
        low: Value at the left or lower end.
        high: Value at the right or upper end; above `low`.
        log: Whether the scale is logarithmic; `low` is then above 0.
        ticks: Values of the ticks, with their labels.

    Example:
        >>> Scale.linear(0, 10).share(2.5), Scale.logarithmic(1, 100).share(10)
        (0.25, 0.5)
    """

    low: float
    high: float
    log: bool = False
    ticks: tuple[tuple[float, str], ...] = ()

    @classmethod
    def linear(cls, low: float, high: float, *, most: int = 6, whole: bool = False) -> Scale:
        """A linear scale with at most `most` ticks at round numbers; at integers only if `whole`."""
        high = high if high > low else low + 1.0
        values = [value for value in ticks(low, high, most=most) if not whole or value == round(value)]
        return cls(low=low, high=high, ticks=tuple((value, short(value)) for value in values))

    @classmethod
    def logarithmic(cls, low: float, high: float, *, most: int = 9) -> Scale:
        """A logarithmic scale with ticks at 1, 2 and 5 times powers of ten, or fewer if these are more than `most`."""
        first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
        values: list[float] = []
        for factors in ((1, 2, 5), (1,)):
            values = [f * 10.0**power for power in range(first, last + 1) for f in factors]
            values = [value for value in values if low * (1 - 1e-9) <= value <= high * (1 + 1e-9)]
            if len(values) <= most:
                break
        values = values[:: max(1, math.ceil(len(values) / most))]
        return cls(low=low, high=high, log=True, ticks=tuple((value, short(value)) for value in values))

    def share(self, value: float) -> float:
        """Position of a value: 0 at the lower end, 1 at the upper end."""
        if not self.log:
            return (value - self.low) / (self.high - self.low)
        if value <= 0:
            return -1e6  # far below the axis
        return math.log(value / self.low) / math.log(self.high / self.low)


def ticks(low: float, high: float, *, most: int) -> list[float]:
    """Returns evenly spaced round numbers within a range.

    Example:
        >>> ticks(0, 10, most=6)
        [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]
    """
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low:
        return [low]
    rough = (high - low) / max(most - 1, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    return [number * step for number in range(first, math.floor(high / step + 1e-9) + 1)]


def short(value: float) -> str:
    """Formats a number for an axis.

    Example:
        >>> short(1500.0), short(2e-7), short(0.25)
        ('1,500', '2e-07', '0.25')
    """
    if value == 0:
        return "0"
    if abs(value) >= 1e7 or abs(value) < 1e-3:
        return f"{value:.2g}"
    return f"{value:,.0f}" if abs(value - round(value)) < 1e-6 * abs(value) else f"{value:.3g}"


def clip(points: Sequence[Point], left: float, top: float, right: float, bottom: float) -> list[tuple[Point, ...]]:
    """The parts of a line that lie within a box (Liang & Barsky, doi:10.1145/357332.357333).

    Example:
        >>> clip([(-1, 1), (3, 1)], 0, 0, 2, 2)
        [((0.0, 1.0), (2.0, 1.0))]
        >>> clip([(0.1, 0.7), (0.3, 1.1), (0.9, 0.2)], 0, 0, 2, 2)
        [((0.1, 0.7), (0.3, 1.1), (0.9, 0.2))]
    """
    parts: list[list[Point]] = []
    for (x0, y0), (x1, y1) in pairwise(points):
        enter, leave, dx, dy = 0.0, 1.0, x1 - x0, y1 - y0
        for change, room in ((-dx, x0 - left), (dx, right - x0), (-dy, y0 - top), (dy, bottom - y0)):
            if change == 0 and room < 0:
                enter, leave = 1.0, 0.0
            elif change < 0:
                enter = max(enter, room / change)
            elif change > 0:
                leave = min(leave, room / change)
        if enter > leave:
            continue
        # Exact where nothing is cut off, so that neighbours join and dashes continue from one to the next.
        start = (x0 + enter * dx, y0 + enter * dy) if enter > 0 else (x0, y0)
        end = (x0 + leave * dx, y0 + leave * dy) if leave < 1 else (x1, y1)
        if parts and parts[-1][-1] == start:
            parts[-1].append(end)
        else:
            parts.append([start, end])
    return [tuple(part) for part in parts]

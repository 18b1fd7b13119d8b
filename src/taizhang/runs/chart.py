"""Small charts as SVG, to be put into a page: axes, lines, bands, bars. No scripts, nothing fetched from elsewhere."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

BLUE, ORANGE, GREEN, INK, FAINT, GREY = "#0072B2", "#D55E00", "#009E73", "#222222", "#e3e3e3", "#777777"
LEFT, RIGHT, TOP, BOTTOM = 74, 18, 24, 42
LETTER, APART = 6.6, 64


@dataclass(slots=True)
class Chart:
    """One chart.

    Args:
        x: Least and greatest value of the horizontal axis.
        y: The same of the vertical one.
        x_title: What is along the horizontal axis, with its unit.
        y_title: What is along the vertical one.
        width: In pixels.
        height: In pixels.

    Example:
        >>> chart = Chart(x=(0, 10), y=(0, 1), x_title="time, s", y_title="part done")
        >>> chart.line([(0, 0), (10, 1)])
        >>> chart.svg("Progress").count("<path")
        1
    """

    x: tuple[float, float]
    y: tuple[float, float]
    x_title: str
    y_title: str
    width: int = 860
    height: int = 260
    _parts: list[str] = field(default_factory=list)
    _legend: list[tuple[str, str]] = field(default_factory=list)
    _free_from: float = 0.0

    def across(self, value: float) -> float:
        """Pixels from the left."""
        low, high = self.x
        return LEFT + (value - low) / ((high - low) or 1) * (self.width - LEFT - RIGHT)

    def down(self, value: float) -> float:
        """Pixels from the top."""
        low, high = self.y
        return TOP + (high - value) / ((high - low) or 1) * (self.height - TOP - BOTTOM)

    def line(
        self, points: Iterable[tuple[float, float]], *, colour: str = BLUE, name: str = "", dash: str = ""
    ) -> None:
        """Draws a line through points."""
        path = " ".join(f"{'L' if number else 'M'}{self._at(*point)}" for number, point in enumerate(points))
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        if path:
            self._parts.append(f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.8"{dashed}/>')
        if name:
            self._legend.append((colour, name))

    def band(self, points: Sequence[tuple[float, float, float]], *, colour: str = BLUE) -> None:
        """Fills the space between two lines; points are x, lower y, upper y."""
        low, high = self.y
        cut = [(x, min(max(a, low), high), min(max(b, low), high)) for x, a, b in points]
        there = [f"{'L' if number else 'M'}{self._at(x, a)}" for number, (x, a, _) in enumerate(cut)]
        back = [f"L{self._at(x, b)}" for x, _, b in reversed(cut)]
        if cut:
            self._parts.append(f'<path d="{" ".join(there + back)} Z" fill="{colour}" fill-opacity="0.18"/>')

    def bar(self, left: float, right: float, value: float, *, colour: str = BLUE, title: str = "") -> None:
        """Draws a bar from the bottom of the axis."""
        x, y = self.across(left), self.down(value)
        box = f'x="{x:.1f}" y="{y:.1f}" width="{max(self.across(right) - x, 0.5):.1f}"'
        height = max(self.down(self.y[0]) - y, 0.0)
        told = f"<title>{html.escape(title)}</title>" if title else ""
        self._parts.append(f'<rect {box} height="{height:.1f}" fill="{colour}">{told}</rect>')

    def mark(self, x: float, text: str = "", *, colour: str = GREY) -> None:
        """Draws an upright line, with a word beside it where there is room."""
        at = self.across(x)
        self._parts.append(
            f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{TOP}" y2="{self.height - BOTTOM}" stroke="{colour}" '
            'stroke-dasharray="2 3"/>'
        )
        if text and at >= self._free_from:
            self._free_from = at + APART
            self._parts.append(_text(at + 3, TOP + 10, text, size=10, colour=colour))

    def svg(self, title: str) -> str:
        """The chart as an SVG element; `title` is read to those who cannot see it."""
        head = (
            f'<svg viewBox="0 0 {self.width} {self.height}" width="{self.width}" height="{self.height}" role="img" '
            f'aria-label="{html.escape(title)}" xmlns="http://www.w3.org/2000/svg">'
        )
        return "".join([head, *self._axes(), *self._parts, *self._names(), "</svg>"])

    def _at(self, x: float, y: float) -> str:
        return f"{self.across(x):.1f},{self.down(y):.1f}"

    def _axes(self) -> Iterable[str]:
        bottom, right = self.height - BOTTOM, self.width - RIGHT
        for value in ticks(*self.y, most=5):
            at = self.down(value)
            yield f'<line x1="{LEFT}" x2="{right}" y1="{at:.1f}" y2="{at:.1f}" stroke="{FAINT}"/>'
            yield _text(LEFT - 6, at + 4, short(value), anchor="end")
        for value in ticks(*self.x, most=9):
            at = self.across(value)
            yield f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{bottom}" y2="{bottom + 4}" stroke="{INK}"/>'
            yield _text(at, bottom + 16, short(value), anchor="middle")
        yield f'<line x1="{LEFT}" x2="{right}" y1="{bottom}" y2="{bottom}" stroke="{INK}"/>'
        yield _text((LEFT + right) / 2, self.height - 8, self.x_title, anchor="middle")
        middle = (TOP + bottom) / 2
        yield f'<g transform="translate(14 {middle:.0f}) rotate(-90)">{_text(0, 0, self.y_title, anchor="middle")}</g>'

    def _names(self) -> Iterable[str]:
        x, y = float(LEFT), TOP - 10
        for colour, name in self._legend:
            yield f'<line x1="{x:.1f}" x2="{x + 18:.1f}" y1="{y - 4}" y2="{y - 4}" stroke="{colour}" stroke-width="3"/>'
            yield _text(x + 24, y, name)
            x += 48 + LETTER * len(name)


def _text(x: float, y: float, words: str, *, anchor: str = "start", size: int = 12, colour: str = INK) -> str:
    style = f'font-size="{size}" fill="{colour}" text-anchor="{anchor}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{html.escape(words)}</text>'


def ticks(low: float, high: float, *, most: int) -> list[float]:
    """Round numbers within a range.

    Example:
        >>> ticks(0, 10, most=6)
        [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]
    """
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low:
        return [low]
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    return [number * step for number in range(first, math.floor(high / step + 1e-9) + 1)]


def short(value: float) -> str:
    """A number on an axis.

    Example:
        >>> short(1500.0), short(2e-7), short(0.25)
        ('1,500', '2e-07', '0.25')
    """
    if value == 0:
        return "0"
    if abs(value) >= 1e7 or abs(value) < 1e-3:
        return f"{value:.2g}"
    return f"{value:,.0f}" if abs(value - round(value)) < 1e-6 * abs(value) else f"{value:.3g}"

"""Figures: panels one above the other, each with axes and marks, laid out for any width.

Marks are given in the units of their axes. Titles and legends are wrapped to the width, so that one figure serves a
page, a phone and a file.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from taizhang.plots.picture import Anchor, Discs, Item, Path, Picture, Point, Words
from taizhang.plots.scale import Scale, clip
from taizhang.plots.style import HEADLINE, SMALL, TITLE, Colour, text_width, wrap

_EDGE, _GAP, _LINE = 14.0, 24.0, 1.35
"""Pixels around the picture and between panels; height of a line of text relative to its letters."""

_BOX, _APART = 18.0, 16.0
"""Pixels: width of the sample before a name in a legend, and distance between entries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line through points, clipped to the axes."""

    points: Sequence[Point]
    colour: Colour
    width: float = 1.8
    dash: tuple[float, ...] = ()
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """The area between two lines, given as x, lower y, upper y."""

    points: Sequence[tuple[float, float, float]]
    colour: Colour
    opacity: float = 0.2
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """Boxes, given as left, right, lower, upper; `notes`, one for each, are tooltips."""

    boxes: Sequence[tuple[float, float, float, float]]
    colour: Colour
    opacity: float = 1.0
    name: str = ""
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dots:
    """Circles, with radii in pixels."""

    points: Sequence[Point]
    radii: Sequence[float]
    colour: Colour
    opacity: float = 0.8
    name: str = ""
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """Words beside a point, `shift` pixels right of it and below; a thin line leads to them if `led`.

    `along` is a second point: the words are parallel to the line to it. `halo` draws a rim that sets them off from
    marks below.
    """

    at: Point
    text: str
    shift: Point = (0.0, 0.0)
    anchor: Anchor = "start"
    size: float = SMALL
    colour: Colour = "ink"
    led: bool = False
    along: Point | None = None
    halo: bool = True


Mark: TypeAlias = Line | Band | Bars | Dots | Label
Grid: TypeAlias = Literal["both", "x", "y", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One pair of axes.

    Attributes:
        title: Title of the panel.
        x: The horizontal axis.
        y: The vertical axis; without ticks it is not drawn.
        x_title: Quantity and unit of the horizontal axis; empty if the next panel has it.
        y_title: Quantity and unit of the vertical axis.
        height: Height of the axes in pixels.
        marks: What is drawn, the lowest first. Those with a name are in the legend.
        remark: A sentence below the title.
        grid: Which ticks have lines across the panel.
        shares_x: The next panel below has the same horizontal axis, so the ticks of this one have no labels.
    """

    title: str
    x: Scale
    y: Scale
    x_title: str = ""
    y_title: str = ""
    height: float = 160.0
    marks: Sequence[Mark] = ()
    remark: str = ""
    grid: Grid = "both"
    shares_x: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """Panels one above the other.

    Attributes:
        title: Description for screen readers.
        panels: From top to bottom.
        headline: Title above all panels.
        width: Default width in pixels.
    """

    title: str
    panels: Sequence[Panel]
    headline: str = ""
    width: float = 960.0

    def picture(self, width: float | None = None) -> Picture:
        """Lays the figure out for a width in pixels."""
        width = self.width if width is None else width
        page = _Page(width=width, margin=_margin(self.panels))
        if self.headline:
            page.write(self.headline, size=HEADLINE, bold=True, left=_EDGE)
            page.down += 6
        for number, panel in enumerate(self.panels):
            if number:
                page.down += _GAP - 10 * self.panels[number - 1].shares_x
            page.draw(panel)
        return Picture(width=width, height=page.down + _EDGE, title=self.title, items=tuple(page.items))


def _margin(panels: Iterable[Panel]) -> float:
    """Pixels left of all axes: room for the longest label at a vertical axis."""
    return _EDGE + 8 + max((text_width(name, SMALL) for panel in panels for _, name in panel.y.ticks), default=0.0)


@dataclass(slots=True)
class _Page:
    """The picture while it is laid out.

    Attributes:
        width: Width in pixels.
        margin: Pixels left of all axes.
        down: Height laid out so far.
        items: Items so far.
    """

    width: float
    margin: float
    down: float = _EDGE
    items: list[Item] = field(default_factory=list)

    def write(self, text: str, *, size: float, left: float, bold: bool = False, colour: Colour = "ink") -> None:
        """Writes a paragraph over the whole width."""
        for line in wrap(text, size * (1.08 if bold else 1.0), self.width - left - _EDGE):
            self.down += size * _LINE
            words = Words(at=(left, self.down - 0.3 * size), text=line, size=size, bold=bold, colour=colour)
            self.items.append(words)

    def draw(self, panel: Panel) -> None:
        """Draws a panel below those before."""
        if panel.title:
            self.write(panel.title, size=TITLE, bold=True, left=_EDGE)
        if panel.remark:
            self.write(panel.remark, size=SMALL, left=_EDGE, colour="grey")
        self._legend(panel)
        if panel.y_title:
            self.write(panel.y_title, size=SMALL, left=_EDGE, colour="grey")
        if panel.height <= 0:
            return
        self.down += 6
        box = _Box(
            x=panel.x,
            y=panel.y,
            left=self.margin,
            top=self.down,
            right=self.width - _EDGE - 4,
            bottom=self.down + panel.height,
        )
        self.items += box.grid(panel.grid)
        for mark in panel.marks:
            self.items += box.items(mark)
        self.down += panel.height
        self.items += box.frame(names=not panel.shares_x)
        if panel.shares_x:
            return
        self.down += 16
        if panel.x_title:
            self.down += 16
            middle = ((box.left + box.right) / 2, self.down - 3)
            words = Words(at=middle, text=panel.x_title, size=SMALL, colour="grey", anchor="middle")
            self.items.append(words)

    def _legend(self, panel: Panel) -> None:
        """Draws the legend: names beside samples of their marks, in as many lines as needed."""
        named = [mark for mark in panel.marks if not isinstance(mark, Label) and mark.name]
        x = _EDGE
        for number, mark in enumerate(named):
            lines = wrap(mark.name, SMALL, self.width - 2 * _EDGE - _BOX - 6)
            length = _BOX + 6 + max(text_width(line, SMALL) for line in lines)
            if number == 0 or x + length > self.width - _EDGE:
                x = _EDGE
                self.down += SMALL * _LINE + 2
            self.items += _sample(mark, x, self.down - 4)
            for line_number, line in enumerate(lines):
                self.down += SMALL * _LINE if line_number else 0
                self.items.append(Words(at=(x + _BOX + 6, self.down), text=line, size=SMALL))
            x += length + _APART
        self.down += 5 if named else 0


def _sample(mark: Line | Band | Bars | Dots, x: float, y: float) -> list[Item]:
    """A sample of a mark for the legend; `y` is its middle."""
    if isinstance(mark, Line):
        ends = ((x, y), (x + _BOX, y))
        return [Path(parts=(ends,), stroke=mark.colour, width=mark.width, dash=mark.dash)]
    if isinstance(mark, Dots):
        return [Discs(at=((x + _BOX / 2, y),), radii=(4.5,), fill=mark.colour, opacity=mark.opacity)]
    return [Path(parts=(_corners(x + 2, y - 5, x + _BOX, y + 5),), fill=mark.colour, opacity=mark.opacity)]


def _corners(left: float, top: float, right: float, bottom: float) -> tuple[Point, ...]:
    return ((left, top), (right, top), (right, bottom), (left, bottom))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Box:
    """The axes of a panel on the page: turns values into pixels."""

    x: Scale
    y: Scale
    left: float
    top: float
    right: float
    bottom: float

    def at(self, x: float, y: float) -> Point:
        return self.across(x), self.upward(y)

    def across(self, x: float) -> float:
        return self.left + self.x.share(x) * (self.right - self.left)

    def upward(self, y: float) -> float:
        return self.bottom - self.y.share(y) * (self.bottom - self.top)

    def grid(self, which: Grid) -> list[Item]:
        """Faint lines at ticks."""
        across = [((self.left, at), (self.right, at)) for at in (self.upward(value) for value, _ in self.y.ticks)]
        upright = [((at, self.top), (at, self.bottom)) for at in (self.across(value) for value, _ in self.x.ticks)]
        lines = (across if which in ("both", "y") else []) + (upright if which in ("both", "x") else [])
        return [Path(parts=tuple(lines), stroke="faint", width=0.8)] if lines else []

    def frame(self, *, names: bool) -> list[Item]:
        """The two axes with their ticks; with `names`, the horizontal ones are labelled as far as there is room."""
        items: list[Item] = []
        items.append(Path(parts=(((self.left, self.bottom), (self.right, self.bottom)),), stroke="grey"))
        if self.y.ticks:
            items.append(Path(parts=(((self.left, self.top), (self.left, self.bottom)),), stroke="grey"))
        for value, name in self.y.ticks:
            place = (self.left - 6, self.upward(value) + 0.35 * SMALL)
            items.append(Words(at=place, text=name, size=SMALL, colour="grey", anchor="end"))
        free = -1e9  # where the next label may start
        for value, name in self.x.ticks:
            at, half = self.across(value), text_width(name, SMALL) / 2
            items.append(Path(parts=(((at, self.bottom), (at, self.bottom + 4)),), stroke="grey"))
            middle = max(min(at, self.right + _EDGE - half), half)
            if names and middle - half >= free:
                free = middle + half + 8
                place = (middle, self.bottom + 16)
                items.append(Words(at=place, text=name, size=SMALL, colour="grey", anchor="middle"))
        return items

    def items(self, mark: Mark) -> list[Item]:
        """A mark in pixels."""
        if isinstance(mark, Line):
            return self._line(mark)
        if isinstance(mark, Band):
            return self._band(mark)
        if isinstance(mark, Bars):
            return self._bars(mark)
        if isinstance(mark, Dots):
            return self._dots(mark)
        return self._label(mark)

    def _inside(self, x: float, y: float) -> Point:
        return min(max(x, self.left), self.right), min(max(y, self.top), self.bottom)

    def _line(self, line: Line) -> list[Item]:
        points = [self.at(*point) for point in line.points]
        parts = tuple(clip(points, self.left, self.top, self.right, self.bottom))
        return [Path(parts=parts, stroke=line.colour, width=line.width, dash=line.dash)] if parts else []

    def _band(self, band: Band) -> list[Item]:
        lower = [self._inside(*self.at(x, low)) for x, low, _ in band.points]
        upper = [self._inside(*self.at(x, high)) for x, _, high in band.points]
        return [Path(parts=((*lower, *reversed(upper)),), fill=band.colour, opacity=band.opacity)] if lower else []

    def _bars(self, bars: Bars) -> list[Item]:
        boxes = []
        for left, right, low, high in bars.boxes:
            x0, y1 = self._inside(*self.at(left, low))
            x1, y0 = self._inside(*self.at(right, high))
            boxes.append(_corners(x0, y0, max(x1, x0 + 0.4), y1))
        if not bars.notes:  # one path for all bars draws faster than many
            return [Path(parts=tuple(boxes), fill=bars.colour, opacity=bars.opacity)] if boxes else []
        return [
            Path(parts=(box,), fill=bars.colour, opacity=bars.opacity, note=note)
            for box, note in zip(boxes, bars.notes, strict=True)
        ]

    def _dots(self, dots: Dots) -> list[Item]:
        if not dots.points:
            return []
        at = tuple(self.at(*point) for point in dots.points)
        return [Discs(at=at, radii=tuple(dots.radii), fill=dots.colour, opacity=dots.opacity, notes=tuple(dots.notes))]

    def _label(self, label: Label) -> list[Item]:
        x, y = self.at(*label.at)
        dx, dy = label.shift
        turned = 0.0
        if label.along is not None:
            to_x, to_y = self.at(*label.along)
            turned = math.degrees(math.atan2(y - to_y, to_x - x))
        end = (x + dx, y + dy)
        words = Words(
            at=(end[0], end[1] + 0.35 * label.size * (not turned)),
            text=label.text,
            size=label.size,
            colour=label.colour,
            anchor=label.anchor,
            turned=turned,
            halo=label.halo,
        )
        return [Path(parts=(((x, y), end),), stroke="grey", width=0.8), words] if label.led else [words]

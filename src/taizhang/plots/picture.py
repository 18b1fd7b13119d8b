"""A picture as it stands on the page: paths, dots and words in pixels from the upper left corner.

Every picture is laid out once, by `figure`, and written as it is by `svg` (for pages and .svg files) or by `canvas`
(through matplotlib, for .png and .pdf files).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from taizhang.plots.style import NORMAL, Colour

Point: TypeAlias = tuple[float, float]
Anchor: TypeAlias = Literal["start", "middle", "end"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """Lines through points, or areas within them.

    Attributes:
        parts: Each a list of points; a picture with many bars has them all in one path.
        stroke: Colour of the lines; None for none.
        fill: Colour of the areas; None for none. A filled part is closed.
        width: Of the lines, in pixels.
        dash: Lengths of dashes and gaps, in pixels; empty for a solid line.
        opacity: From 0 to 1.
        note: Shown where the mouse rests on it, in SVG.
    """

    parts: tuple[tuple[Point, ...], ...]
    stroke: Colour | None = None
    fill: Colour | None = None
    width: float = 1.0
    dash: tuple[float, ...] = ()
    opacity: float = 1.0
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Discs:
    """Filled circles of one colour, with thin rims in the colour of the paper.

    Attributes:
        at: Their centres.
        radii: In pixels, one for each.
        fill: Their colour.
        opacity: From 0 to 1.
        notes: One for each, shown where the mouse rests on it, in SVG; empty for none.
    """

    at: tuple[Point, ...]
    radii: tuple[float, ...]
    fill: Colour
    opacity: float = 1.0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A line of text.

    Attributes:
        at: Where its baseline starts, or its middle or end is.
        text: The words.
        size: Of the letters, in pixels.
        colour: Of the letters.
        anchor: What of the words is at `at`.
        bold: Whether they are bold.
        turned: Degrees by which they rise to the right.
        halo: Whether a rim in the colour of the paper sets them off from what is below.
    """

    at: Point
    text: str
    size: float = NORMAL
    colour: Colour = "ink"
    anchor: Anchor = "start"
    bold: bool = False
    turned: float = 0.0
    halo: bool = False


Item: TypeAlias = Path | Discs | Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A whole picture.

    Attributes:
        width: In pixels.
        height: In pixels.
        title: What it shows, for those who cannot see it.
        items: What is drawn, the lowest first.
    """

    width: float
    height: float
    title: str
    items: tuple[Item, ...]

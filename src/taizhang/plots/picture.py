"""A picture in its final layout: paths, discs and words in pixels from the upper left corner.

`figure` lays a picture out; `svg` writes it for pages and .svg files, `canvas` through matplotlib for .png and .pdf
files.
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
        parts: Each a list of points; many bars can share one path.
        stroke: Colour of the lines; None for none.
        fill: Colour of the areas; None for none. A filled part is closed.
        width: Width of the lines in pixels.
        dash: Lengths of dashes and gaps, in pixels; empty for a solid line.
        opacity: From 0 to 1.
        note: Tooltip in SVG.
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
    """Filled circles of one colour, with thin rims in the background colour.

    Attributes:
        at: Their centres.
        radii: In pixels, one for each.
        fill: Their colour.
        opacity: From 0 to 1.
        notes: Tooltips in SVG, one for each; empty for none.
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
        at: Start, middle or end of its baseline.
        text: The words.
        size: Font size in pixels.
        colour: Colour of the letters.
        anchor: Which point of the baseline is at `at`.
        bold: Whether they are bold.
        turned: Rotation in degrees, counterclockwise.
        halo: Whether a rim in the background colour sets them off from items below.
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
    """A picture.

    Attributes:
        width: Width in pixels.
        height: Height in pixels.
        title: Description for screen readers.
        items: What is drawn, the lowest first.
    """

    width: float
    height: float
    title: str
    items: tuple[Item, ...]

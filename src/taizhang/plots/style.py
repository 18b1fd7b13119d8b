"""The style of all pictures: colours for light and dark schemes, font sizes, and widths of words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias

Colour: TypeAlias = Literal["ink", "grey", "faint", "paper", "blue", "pale", "orange", "green", "pink"]

# Light and dark; the hues can be distinguished with colour blindness (Okabe & Ito).
PALETTE: Mapping[Colour, tuple[str, str]] = {
    "ink": ("#1f2328", "#e6e9ed"),
    "grey": ("#636a73", "#a3abb5"),
    "faint": ("#e2e5e9", "#343a43"),
    "paper": ("#ffffff", "#16191e"),
    "blue": ("#0072b2", "#5cb8ec"),
    "pale": ("#a8cbe2", "#2d5876"),
    "orange": ("#d55e00", "#ff9a4d"),
    "green": ("#009e73", "#3ccfa3"),
    "pink": ("#b8598f", "#e79fca"),
}

FONT = "system-ui, 'DejaVu Sans', sans-serif"
SMALL, NORMAL, TITLE, HEADLINE = 11.0, 12.0, 13.0, 16.0
"""Font sizes in pixels: ticks and legends, labels, titles of panels, and the headline."""

_NARROW = frozenset("iljtfI.,:;'|!()[] ")
_WIDE = frozenset("mwMW%@—…")


def text_width(words: str, size: float) -> float:
    """Estimates the width of words in pixels, too large rather than too small, since fonts differ between machines.

    Example:
        >>> 30 < text_width("result", 12) < 45
        True
    """
    return size * sum(0.36 if c in _NARROW else 0.92 if c in _WIDE else 0.72 if c.isupper() else 0.61 for c in words)


def wrap(words: str, size: float, width: float) -> list[str]:
    """Wraps words into lines of at most `width` pixels; a single word may be longer.

    Example:
        >>> wrap("one two three", 12, 60)
        ['one two', 'three']
    """
    lines: list[str] = []
    for word in words.split(" "):
        if lines and text_width(f"{lines[-1]} {word}", size) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def dark_rules(colours: Iterable[Colour] = tuple(PALETTE)) -> str:
    """CSS for the colours of SVG elements in a dark scheme.

    Elements have the light colour as an attribute, for programs without CSS, and a class for each colour.
    """
    rules = "".join(
        f".tz-f-{name}{{fill:{PALETTE[name][1]}}}.tz-s-{name}{{stroke:{PALETTE[name][1]}}}" for name in sorted(colours)
    )
    return f"@media (prefers-color-scheme: dark){{{rules}}}"

"""What all pictures have in common: matplotlib without a screen, the formats, the colours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from taizhang._optional import optional_module
from taizhang.errors import UsageError

# Colours that people tell apart who see them differently, too (Okabe & Ito), and those of words and grids.
BLUE, ORANGE, GREEN, PINK = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
INK, FAINT = "#222222", "#dddddd"

_ENDINGS = (".png", ".svg", ".pdf")


def check_drawable(path: Path) -> None:
    """Refuses what cannot be drawn, so that this is told before the work and not after it.

    Raises:
        UsageError: The ending is not one that can be drawn.
        MissingPackageError: matplotlib is not installed.
    """
    if path.suffix.lower() not in _ENDINGS:
        raise UsageError(
            f"the file to draw into was given as '{path}'; wanted is a name that ends in .png, .svg or .pdf"
        )
    figures()


def figures() -> Any:
    """The part of matplotlib that draws without a screen.

    Raises:
        MissingPackageError: matplotlib is not installed.
    """
    return optional_module("matplotlib.figure", package="matplotlib", what_for="drawing")

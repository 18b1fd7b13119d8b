"""Writes pictures to files: SVG directly, PNG and PDF by drawing the same paths, discs and words with matplotlib."""

from __future__ import annotations

from pathlib import Path as File
from typing import Any

from taizhang._optional import optional_module
from taizhang.errors import UsageError
from taizhang.plots.picture import Discs, Path, Picture, Words
from taizhang.plots.style import PALETTE
from taizhang.plots.svg import to_svg

ENDINGS = (".svg", ".png", ".pdf")

_PIXELS_PER_INCH = 96
_POINTS_PER_PIXEL = 72 / _PIXELS_PER_INCH
_SHARPNESS = 2
"""Pixels of a PNG file per pixel of the picture, along each side."""


def check_drawable(path: File) -> None:
    """Checks that a picture can be written to a file of this name; called before the work whose result is drawn.

    Raises:
        UsageError: The ending is not .svg, .png or .pdf.
        MissingPackageError: matplotlib is not installed, and the ending is not .svg.
    """
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise UsageError(f"the name of a picture must end in .png, .svg or .pdf, got '{path}'")
    if ending != ".svg":
        _matplotlib("figure")


def save(picture: Picture, path: File) -> None:
    """Writes a picture to a file.

    Args:
        picture: The picture.
        path: The file; its ending, .svg, .png or .pdf, gives the format.

    Raises:
        UsageError: The ending is another one.
        MissingPackageError: matplotlib is not installed, and the ending is not .svg.
        OSError: The file cannot be written.
    """
    check_drawable(path)
    if path.suffix.lower() == ".svg":
        path.write_text(to_svg(picture) + "\n", encoding="utf-8")
        return
    size = (picture.width / _PIXELS_PER_INCH, picture.height / _PIXELS_PER_INCH)
    figure = _matplotlib("figure").Figure(figsize=size, dpi=_PIXELS_PER_INCH, facecolor=PALETTE["paper"][0])
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, picture.width), ylim=(picture.height, 0))
    axes.set_axis_off()
    for order, item in enumerate(picture.items):
        if isinstance(item, Words):
            _draw_words(axes, item, order)
        elif isinstance(item, Discs):
            _draw_discs(axes, item, order)
        else:
            _draw_path(axes, item, order)
    figure.savefig(path, dpi=_PIXELS_PER_INCH * _SHARPNESS)


def _draw_path(axes: Any, path: Path, order: int) -> None:
    module = _matplotlib("path")
    points = [point for part in path.parts if len(part) > 1 for point in (*part, part[0])]
    # The last point of each part belongs to the code that closes it; an open line stops before it.
    end = module.Path.CLOSEPOLY if path.fill is not None else module.Path.MOVETO
    codes = [
        code
        for part in path.parts
        if len(part) > 1
        for code in (module.Path.MOVETO, *(module.Path.LINETO,) * (len(part) - 1), end)
    ]
    if not points:
        return
    patch = _matplotlib("patches").PathPatch(
        module.Path(points, codes),
        facecolor="none" if path.fill is None else PALETTE[path.fill][0],
        edgecolor="none" if path.stroke is None else PALETTE[path.stroke][0],
        linewidth=path.width * _POINTS_PER_PIXEL if path.stroke is not None else 0,
        linestyle=(0, tuple(length / path.width for length in path.dash)) if path.dash else "solid",
        capstyle="butt",
        joinstyle="round",
        alpha=path.opacity,
        zorder=order,
    )
    axes.add_patch(patch)


def _draw_discs(axes: Any, discs: Discs, order: int) -> None:
    axes.scatter(
        [x for x, _ in discs.at],
        [y for _, y in discs.at],
        s=[(2 * radius * _POINTS_PER_PIXEL) ** 2 for radius in discs.radii],
        color=PALETTE[discs.fill][0],
        edgecolors=PALETTE["paper"][0],
        linewidths=0.8 * _POINTS_PER_PIXEL,
        alpha=discs.opacity,
        zorder=order,
        clip_on=False,
    )


def _draw_words(axes: Any, words: Words, order: int) -> None:
    text = axes.text(
        *words.at,
        words.text,
        fontsize=words.size * _POINTS_PER_PIXEL,
        color=PALETTE[words.colour][0],
        ha={"start": "left", "middle": "center", "end": "right"}[words.anchor],
        va="baseline",
        rotation=words.turned,
        rotation_mode="anchor",
        fontweight="bold" if words.bold else "normal",
        parse_math=False,
        zorder=order,
    )
    if words.halo:
        rim = _matplotlib("patheffects").withStroke(linewidth=3 * _POINTS_PER_PIXEL, foreground=PALETTE["paper"][0])
        text.set_path_effects([rim])


def _matplotlib(module: str) -> Any:
    return optional_module(
        f"matplotlib.{module}", package="matplotlib", what_for="drawing PNG and PDF files", extra="plot"
    )

"""Draws QAOA: the energy over the two angles of one layer, or the course of an optimisation and its angles."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from taizhang.plots.canvas import check_drawable, save
from taizhang.plots.figure import Bars, Dots, Figure, Line, Mark, Panel
from taizhang.plots.scale import Scale
from taizhang.plots.style import Colour

FloatArray = npt.NDArray[np.float64]

# Shades of the landscape.
_SHADES = 12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Landscape:
    """Energies over the angles of one layer.

    Attributes:
        gammas: In rising order, shape (m,).
        betas: In rising order, shape (n,).
        energies: Shape (m, n).
    """

    gammas: FloatArray
    betas: FloatArray
    energies: FloatArray


def plot_qaoa(
    path: str | os.PathLike[str],
    *,
    gammas: Sequence[float],
    betas: Sequence[float],
    energy: float,
    bound: float,
    energies: FloatArray,
    landscape: Landscape | None,
) -> None:
    """Draws QAOA to a file.

    Args:
        path: The file; its ending, .svg, .png or .pdf, gives the format.
        gammas: Angles of the cost.
        betas: Angles of the mixers.
        energy: The energy at these.
        bound: No cost is better than this.
        energies: The energy of each evaluation, shape (evaluations,).
        landscape: For one layer: the energies around.

    Raises:
        UsageError: The ending is another one.
        MissingPackageError: matplotlib is not installed, and the ending is not .svg.
        OSError: The file cannot be written.
    """
    target = Path(path)
    check_drawable(target)
    panels = []
    if landscape is not None:
        panels.append(_landscape_panel(landscape, gammas[0], betas[0]))
    if len(energies) > 1:
        panels.append(_course_panel(energies, bound))
    if landscape is None:
        panels.append(_angles_panel(gammas, betas))
    headline = f"QAOA of {len(gammas)} layer{'s' * (len(gammas) != 1)}: energy {energy:.6g}, no cost beyond {bound:.6g}"
    save(Figure(title=headline, headline=headline, panels=panels, width=760).picture(), target)


def _landscape_panel(landscape: Landscape, gamma: float, beta: float) -> Panel:
    """The energies as shades of blue, with the angles as a dot."""
    low, high = float(landscape.energies.min()), float(landscape.energies.max())
    shade = ((landscape.energies - low) / max(high - low, 1e-300) * _SHADES).astype(int).clip(0, _SHADES - 1)
    steps = [float(axis[1] - axis[0]) / 2 for axis in (landscape.gammas, landscape.betas)]
    marks: list[Mark] = []
    for number in range(1, _SHADES):
        boxes = [
            (
                float(landscape.gammas[row]) - steps[0],
                float(landscape.gammas[row]) + steps[0],
                float(landscape.betas[column]) - steps[1],
                float(landscape.betas[column]) + steps[1],
            )
            for row, column in np.argwhere(shade == number).tolist()
        ]
        marks.append(Bars(boxes=boxes, colour="blue", opacity=number / (_SHADES - 1)))
    marks.append(Dots(points=[(gamma, beta)], radii=[5.0], colour="orange", opacity=1.0, name="these angles"))
    return Panel(
        title="Energy over the two angles",
        remark=f"from {low:.6g}, white, to {high:.6g}, blue",
        x=Scale.linear(float(landscape.gammas[0]), float(landscape.gammas[-1])),
        y=Scale.linear(float(landscape.betas[0]), float(landscape.betas[-1])),
        x_title="gamma",
        y_title="beta",
        height=380,
        marks=marks,
        grid="none",
    )


def _course_panel(energies: FloatArray, bound: float) -> Panel:
    """The energy of each evaluation."""
    points = list(enumerate(energies.tolist(), 1))
    low, high = min(float(energies.min()), bound), max(float(energies.max()), bound)
    room = 0.05 * (high - low or 1.0)
    return Panel(
        title="Course of the optimisation",
        x=Scale.linear(1, len(points), whole=True),
        y=Scale.linear(low - room, high + room),
        x_title="evaluation",
        y_title="energy",
        height=220,
        marks=[
            Line(points=[(1, bound), (len(points), bound)], colour="green", dash=(7, 5), name="no cost beyond"),
            Line(points=points, colour="blue", name="energy"),
        ],
    )


def _angles_panel(gammas: Sequence[float], betas: Sequence[float]) -> Panel:
    """The angles of each layer."""
    low, high = min(0.0, *gammas, *betas), max(0.0, *gammas, *betas)
    room = 0.05 * (high - low or 1.0)
    marks: list[Mark] = []
    colours: tuple[Colour, Colour] = ("blue", "orange")
    for angles, colour, name in zip((gammas, betas), colours, ("gamma", "beta"), strict=True):
        points = list(enumerate(angles, 1))
        marks.append(Line(points=points, colour=colour, name=name))
        marks.append(Dots(points=points, radii=[3.5] * len(points), colour=colour))
    return Panel(
        title="Angles",
        x=Scale.linear(0.8, len(gammas) + 0.2, whole=True),
        y=Scale.linear(low - room, high + room),
        x_title="layer",
        y_title="angle in radians",
        height=220,
        marks=marks,
    )

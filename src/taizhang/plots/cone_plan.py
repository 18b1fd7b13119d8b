"""Draws the plan of expectation values: the work of each shape of light cones, how many share it, and their sizes.

The panels share one axis, the shapes, those with most work first.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path

from taizhang._units import counted, human_seconds
from taizhang.plots.canvas import check_drawable, save
from taizhang.plots.figure import Bars, Dots, Figure, Mark, Panel
from taizhang.plots.scale import Scale, ticks
from taizhang.tasks.cone_plan import ConeFigures, ConePlan

MOST_SHAPES = 200
"""Further shapes, which have less work, are left out."""

MOST_WORK = 0.9
"""The title says how few shapes have this share of the work."""


def plot_cone_plan(plan: ConePlan, path: str | os.PathLike[str]) -> None:
    """Draws the plan of expectation values to a file.

    Args:
        plan: The plan.
        path: The file; its ending, .svg, .png or .pdf, gives the format.

    Raises:
        UsageError: The ending is another one.
        MissingPackageError: matplotlib is not installed, and the ending is not .svg.
        OSError: The file cannot be written.
    """
    target = Path(path)
    check_drawable(target)
    save(cone_plan_figure(plan).picture(), target)


def cone_plan_figure(plan: ConePlan) -> Figure:
    """All panels of a plan of expectation values."""
    shapes = plan.shapes[:MOST_SHAPES]
    if not shapes:
        flat = Scale(low=0, high=1)
        panels = [Panel(title="No light cone is contracted: all values are known", x=flat, y=flat, height=0)]
    else:
        panels = [_work_panel(plan, shapes), _sharing_panel(plan, shapes), _size_panel(shapes)]
    return Figure(title=headline(plan), headline=headline(plan), panels=panels)


def headline(plan: ConePlan) -> str:
    """The cost of a plan in one line.

    Example:
        >>> plan = ConePlan(
        ...     num_products=1, num_known=1, shapes=(), predicted_seconds=0, predicted_bytes=0, planning_seconds=0
        ... )
        >>> headline(plan)
        'Plan: 1 Pauli product, without any work'
    """
    products = f"Plan: {counted(plan.num_products, 'Pauli product')}"
    if not plan.shapes:
        return f"{products}, without any work"
    return (
        f"{products}, {plan.num_distinct:,} different light cone{'' if plan.num_distinct == 1 else 's'}, "
        f"10^{plan.log10_multiply_adds:.2f} multiply-adds, {human_seconds(plan.predicted_seconds)} predicted"
    )


def _work_panel(plan: ConePlan, shapes: Sequence[ConeFigures]) -> Panel:
    """The work of one cone and of all cones of each shape."""
    # Stage 1: the title says where the work is.
    works = [shape.num_cones * shape.multiply_adds for shape in plan.shapes]
    done, heavy = 0, 0
    while done < MOST_WORK * sum(works):
        done += works[heavy]
        heavy += 1
    title = f"Work: {heavy:,} of {counted(len(works), 'shape')} {'has' if heavy == 1 else 'have'} "
    title += f"{100 * MOST_WORK:.0f} % of it" if len(works) > 1 else "all of it"
    left_out = len(works) - len(shapes)
    # Stage 2: the bars.
    one = [math.log10(max(shape.multiply_adds, 1)) for shape in shapes]
    all_cones = [math.log10(max(work, 1)) for work in works[: len(shapes)]]
    return Panel(
        title=title,
        remark=f"the {left_out:,} shapes with least work are left out" if left_out else "",
        x=_shapes_scale(shapes),
        y=Scale.linear(0, 1.1 * max(1.0, *all_cones), most=6, whole=True),
        y_title="log10 of multiply-adds",
        height=200,
        marks=[
            Bars(boxes=_boxes(all_cones), colour="pale", name="all different cones of the shape", notes=_notes(shapes)),
            Bars(boxes=_boxes(one), colour="blue", name="one of them", notes=_notes(shapes)),
        ],
        grid="y",
        shares_x=True,
    )


def _boxes(heights: Sequence[float]) -> list[tuple[float, float, float, float]]:
    return [(number + 0.56, number + 1.44, 0.0, height) for number, height in enumerate(heights)]


def _notes(shapes: Sequence[ConeFigures]) -> list[str]:
    return [
        f"{counted(shape.num_products, 'product')}, {counted(shape.num_cones, 'different cone')} of "
        f"{counted(shape.num_qubits, 'qubit')}, 10^{math.log10(max(shape.multiply_adds, 1)):.2f} multiply-adds each"
        for shape in shapes
    ]


def _sharing_panel(plan: ConePlan, shapes: Sequence[ConeFigures]) -> Panel:
    """The number of products and of different cones of each shape."""
    needed = plan.num_products - plan.num_known
    most = max(shape.num_products for shape in shapes)
    marks: list[Mark] = [
        Dots(
            points=[(number + 1.0, float(shape.num_products)) for number, shape in enumerate(shapes)],
            radii=[4.0] * len(shapes),
            colour="orange",
            name="products",
            notes=_notes(shapes),
        ),
        Dots(
            points=[(number + 1.0, float(shape.num_cones)) for number, shape in enumerate(shapes)],
            radii=[2.4] * len(shapes),
            colour="green",
            opacity=1.0,
            name="different cones, which are contracted",
            notes=_notes(shapes),
        ),
    ]
    known = f"; {plan.num_known:,} more are known without work" if plan.num_known else ""
    return Panel(
        title=f"Sharing: {counted(needed, 'product')} from {counted(plan.num_distinct, 'contraction')}{known}",
        x=_shapes_scale(shapes),
        y=Scale.logarithmic(0.7, 1.5 * max(most, 2), most=5),
        y_title="number",
        height=120,
        marks=marks,
        shares_x=True,
    )


def _size_panel(shapes: Sequence[ConeFigures]) -> Panel:
    """The qubits and the width of each shape."""
    qubits = [(number + 1.0, float(shape.num_qubits)) for number, shape in enumerate(shapes)]
    widths = [(number + 1.0, shape.width) for number, shape in enumerate(shapes)]
    largest = max(1.0, *(value for _, value in (*qubits, *widths)))
    return Panel(
        title="Size: qubits of the largest cone, and width",
        x=_shapes_scale(shapes),
        y=Scale.linear(0, 1.1 * largest, most=5, whole=True),
        x_title="shapes of light cones, those with most work first",
        y_title="qubits; log2 of elements",
        height=120,
        marks=[
            Dots(points=qubits, radii=[3.4] * len(shapes), colour="pink", name="qubits", notes=_notes(shapes)),
            Dots(
                points=widths,
                radii=[2.4] * len(shapes),
                colour="blue",
                opacity=1.0,
                name="width: log2 of the elements of the largest intermediate",
                notes=_notes(shapes),
            ),
        ],
    )


def _shapes_scale(shapes: Sequence[ConeFigures]) -> Scale:
    count = len(shapes)
    values = [value for value in ticks(1, max(count, 2), most=9) if value == round(value) and value <= count]
    names = sorted({1.0, *values})
    return Scale(low=0.4, high=max(count, 3) + 0.6, ticks=tuple((value, f"{value:,.0f}") for value in names))

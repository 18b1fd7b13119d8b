"""Draws a plan: width, work and sliced indices along the stem of its tree, and the progress of the search.

Three of the four panels share one axis, the steps along the stem: the width of the stem and of its branches; the work
of each step; the sliced indices on it. The last shows the best plan over the time of the search.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from taizhang._units import human_bytes, human_seconds
from taizhang.plan.plan import Plan
from taizhang.plan.stem import Stem, stems_of
from taizhang.plots.canvas import check_drawable, save
from taizhang.plots.cone_plan import plot_cone_plan
from taizhang.plots.figure import Band, Bars, Dots, Figure, Label, Line, Mark, Panel
from taizhang.plots.picture import Point
from taizhang.plots.scale import Scale, ticks
from taizhang.plots.svg import to_svg
from taizhang.tasks.cone_plan import ConePlan

MAX_STEMS = 4
"""Largest number of chains drawn as lines: the stem, and branches that do much of the work."""

LEAST_SHARE = 0.005
"""Branches with at least this share of the plan's work are drawn as lines."""

MOST_WORK = 0.9
"""The heaviest steps that together do this share of the work are drawn in full colour."""

MANY_STEPS = 400
"""Along longer stems, branches of a single tensor are not drawn, and neighbouring bars of equal height are merged."""

MAX_NAMED_INDICES = 16
"""With more sliced indices than this, rows are numbered instead of named."""

_DASHES: Sequence[tuple[float, ...]] = ((), (5, 3), (2, 2))


def plot_plan(plan: Plan | ConePlan, path: str | os.PathLike[str]) -> None:
    """Draws a plan to a file.

    Args:
        plan: The plan of a network, or of expectation values.
        path: The file; its ending, .svg, .png or .pdf, gives the format.

    Raises:
        UsageError: The ending is another one.
        MissingPackageError: matplotlib is not installed, and the ending is not .svg.
        OSError: The file cannot be written.
    """
    if isinstance(plan, ConePlan):
        plot_cone_plan(plan, path)
        return
    target = Path(path)
    check_drawable(target)
    save(plan_figure(plan).picture(), target)


def plan_svg(plan: Plan, *, width: float = 720, style: bool = True) -> str:
    """The stem of a plan, its width and its work, as an SVG element for a page or a notebook.

    Args:
        plan: The plan.
        width: Width in pixels.
        style: Whether to include the colours of the dark scheme; if not, the page must.

    Example:
        >>> from taizhang.network.network import NetworkShape
        >>> shape = NetworkShape.from_names(["ab", "bc", "cd"], "ad", dict.fromkeys("abcd", 2))
        >>> plan_svg(Plan.from_ssa_path(shape, [(0, 1), (3, 2)]))[:4]
        '<svg'
    """
    stems = _stems(plan)
    panels = _stem_panels(plan, stems)[:2]
    figure = Figure(title=headline(plan), headline=headline(plan), panels=_with_steps(panels))
    return to_svg(figure.picture(width), style=style)


def plan_figure(plan: Plan) -> Figure:
    """All panels of a plan."""
    stems = _stems(plan)
    panels = _with_steps(_stem_panels(plan, stems))
    return Figure(title=headline(plan), headline=headline(plan), panels=[*panels, _search_panel(plan)])


def headline(plan: Plan) -> str:
    """The cost of a plan in one line."""
    cost = plan.cost
    if not plan.tree.ssa_path:
        return "Plan: nothing to contract; simplification left at most one tensor"
    parts = [
        f"{_power(cost.multiply_adds_executed)} multiply-adds "
        + (f"in {cost.num_slices:,} slices" if cost.num_slices > 1 else "in one piece"),
        f"{human_bytes(cost.peak_bytes)} at the peak",
    ]
    if plan.predicted_seconds:
        parts.append(f"{human_seconds(plan.predicted_seconds)} predicted")
    return "Plan: " + ", ".join(parts)


def _stems(plan: Plan) -> tuple[Stem, ...]:
    return stems_of(plan, most=MAX_STEMS, least_share=LEAST_SHARE)


def _power(count: int) -> str:
    """Formats a large number as a power of ten."""
    return f"10^{math.log10(count):.2f}" if count >= 10**6 else f"{count:,}"


def _places(stem: Stem, last: int = 0) -> list[int]:
    """Positions of the steps of a stem whose last step is at `last`."""
    return list(range(last - len(stem.steps) + 1, last + 1))


def _stairs(x: Sequence[float], y: Sequence[float]) -> list[Point]:
    """A step function: each value over the whole width of its step."""
    corners = [(at + side, value) for at, value in zip(x, y, strict=True) for side in (-0.5, 0.5)]
    # Corners between equal values are left out, which keeps the drawings of long stems small.
    return [
        corner
        for number, corner in enumerate(corners)
        if not 0 < number < len(corners) - 1 or not corners[number - 1][1] == corner[1] == corners[number + 1][1]
    ]


def _steps_scale(stem: Stem) -> Scale:
    """The axis that the panels share: steps before the result."""
    first = 1 - max(len(stem.steps), 2)
    values = [value for value in ticks(0, -first, most=9) if value == round(value)]
    names = [(-value, f"{value:,.0f}" if value else "result") for value in reversed(values)]
    return Scale(low=first - 0.6, high=0.6, ticks=tuple(names))


def _stem_panels(plan: Plan, stems: Sequence[Stem]) -> list[Panel]:
    if not stems[0].steps:
        return []
    panels = [_width_panel(plan, stems), _work_panel(stems[0])]
    return [*panels, _sliced_panel(plan, stems[0])] if plan.sliced_indices else panels


def _with_steps(panels: Sequence[Panel]) -> list[Panel]:
    """Panels that share an axis: only the lowest has its labels."""
    return [
        replace(panel, shares_x=True)
        if number < len(panels) - 1
        else replace(panel, x_title="steps along the stem before the result")
        for number, panel in enumerate(panels)
    ]


def _width_panel(plan: Plan, stems: Sequence[Stem]) -> Panel:
    """The width of the stem, the part removed by slicing, and the branches that join it."""
    # Stage 1: the stem, with and without slicing.
    steps, x = stems[0].steps, _places(stems[0])
    stem_line = _stairs(x, [step.width for step in steps])
    marks: list[Mark] = []
    if any(step.whole_width > step.width for step in steps):
        between = [
            (at + side, step.width, step.whole_width) for at, step in zip(x, steps, strict=True) for side in (-0.5, 0.5)
        ]
        marks.append(Band(points=between, colour="green", opacity=0.3, name="removed by slicing"))
    marks.append(Band(points=[(at, 0.0, width) for at, width in stem_line], colour="blue", opacity=0.12))
    # Stage 2: the branches.
    marks += _other_stems(stems)
    many = len(steps) > MANY_STEPS
    joining = [(at, step) for at, step in zip(x, steps, strict=True) if step.branch_tensors > 1 or not many]
    marks.append(Line(points=stem_line, colour="blue", width=2, name="the stem"))
    marks.append(
        Dots(
            points=[(at, step.branch_width) for at, step in joining],
            radii=[min(1.8 + 1.3 * math.sqrt(math.log2(step.branch_tensors)), 5.0) for _, step in joining],
            colour="orange",
            name="a branch of several tensors that joins it"
            if many
            else "a branch that joins it (larger: of more tensors)",
        )
    )
    # Stage 3: the width of the plan, and the title.
    scale = _steps_scale(stems[0])
    widest = plan.cost.width
    marks.append(Line(points=[(scale.low, widest), (scale.high, widest)], colour="ink", width=0.9, dash=(4, 3)))
    marks.append(Label(at=(scale.low, widest), text=f"widest of all: {widest:.4g}", shift=(5, -8)))
    top = 1.12 * max(1.0, widest, *(step.whole_width for stem in stems for step in stem.steps))
    total = len(plan.tree.ssa_path)
    share = _percent(stems[0].multiply_adds / max(plan.cost.multiply_adds_executed, 1))
    title = f"Width: {len(steps):,} of {total:,} steps are the stem and do {share} of the work"
    return Panel(
        title=title if total > 1 else "Width of the only step",
        x=scale,
        y=Scale.linear(0, top, whole=True),
        y_title="width, log2 of elements",
        height=230,
        marks=marks,
    )


def _other_stems(stems: Sequence[Stem]) -> list[Mark]:
    """Heavy branches, as lines that end where they join."""
    marks: list[Mark] = []
    ends = [0]
    name = "a heavy branch, up to where it joins"
    for stem in stems[1:]:
        into, place = stem.joins or (0, 0)
        at = ends[into] - len(stems[into].steps) + 1 + place
        ends.append(at - 1)
        if len(stem.steps) < 3:
            continue
        width = [step.width for step in stem.steps]
        x = [*_places(stem, at - 1), at]
        dash = _DASHES[len(marks) % 3]  # where several overlap, they can be distinguished
        marks.append(Line(points=_stairs(x, [*width, width[-1]]), colour="pink", width=1.5, dash=dash, name=name))
        name = ""
    return marks


def _work_panel(stem: Stem) -> Panel:
    """The work of each step of the stem and of the branch that joins there; the heaviest steps in full colour."""
    heavy, places = _heaviest(stem), _places(stem)
    heights = [math.log10(max(step.multiply_adds, 1)) for step in stem.steps]
    marks: list[Mark] = []
    for is_heavy, name in (
        (True, f"{_percent(MOST_WORK)} of the stem's work"),
        (False, "the other steps of the stem"),
    ):
        boxes = [
            (place - 0.44, place + 0.44, 0.0, height)
            for number, (place, height) in enumerate(zip(places, heights, strict=True))
            if (number in heavy) == is_heavy and height > 0
        ]
        if boxes:
            if len(stem.steps) > MANY_STEPS:
                boxes = _join_bars(boxes)
            marks.append(Bars(boxes=boxes, colour="blue" if is_heavy else "pale", name=name))
    branches = [
        (float(x), math.log10(step.branch_multiply_adds))
        for x, step in zip(places, stem.steps, strict=True)
        if step.branch_multiply_adds
    ]
    if branches:
        name = "all steps of the branch that joins"
        marks.append(Dots(points=branches, radii=[2.4] * len(branches), colour="orange", name=name))
    top = 1.1 * max([1.0, *heights, *(y for _, y in branches)])
    return Panel(
        title=f"Work along the stem, all slices together: {len(heavy):,} of its {len(stem.steps):,} steps do "
        f"{_percent(MOST_WORK)} of it"
        if len(stem.steps) > 1
        else "Work of the only step on the stem",
        x=_steps_scale(stem),
        y=Scale.linear(0, top, most=5, whole=True),
        y_title="log10 of multiply-adds",
        height=120,
        marks=marks,
    )


def _join_bars(boxes: Sequence[tuple[float, float, float, float]]) -> list[tuple[float, float, float, float]]:
    """Merges neighbouring bars of equal height: the gaps between many bars are too small to be seen."""
    joined: list[tuple[float, float, float, float]] = []
    for left, right, low, high in boxes:
        if joined and left - joined[-1][1] < 0.5 and joined[-1][3] == high:
            joined[-1] = (joined[-1][0], right, low, high)
        else:
            joined.append((left, right, low, high))
    return joined


def _heaviest(stem: Stem) -> set[int]:
    """The fewest steps that do `MOST_WORK` of the work of a stem."""
    chosen: set[int] = set()
    done, total = 0, stem.multiply_adds
    for number in sorted(range(len(stem.steps)), key=lambda number: -stem.steps[number].multiply_adds):
        if done >= MOST_WORK * total:
            break
        chosen.add(number)
        done += stem.steps[number].multiply_adds
    return chosen


def _sliced_panel(plan: Plan, stem: Stem) -> Panel:
    """A row for each sliced index: the steps whose tensors have it, and the steps that depend on it."""
    names, places = plan.sliced_names, _places(stem)
    below: list[tuple[float, float, float, float]] = []
    here: list[tuple[float, float, float, float]] = []
    for row in range(len(names)):
        # The first index is the uppermost row.
        low, high = len(names) - row - 0.9, len(names) - row - 0.1
        depending = [place for place, step in zip(places, stem.steps, strict=True) if row in step.depends_on]
        touching = [place for place, step in zip(places, stem.steps, strict=True) if row in step.touched]
        below += [(left, right, low, high) for left, right in _runs(depending)]
        here += [(left, right, low, high) for left, right in _runs(touching)]
    if len(names) <= MAX_NAMED_INDICES:
        marked = [(len(names) - row - 0.5, _short(name)) for row, name in enumerate(names)]
    else:
        marked = [(len(names) - 0.5, "1"), (0.5, str(len(names)))]
    once = sum(step.runs == 1 for step in stem.steps)
    remark = (
        f"{once} steps of the stem depend on none and run once" if once else "every step of the stem depends on some"
    )
    return Panel(
        title=f"Sliced indices: {len(names)}; {remark}",
        x=_steps_scale(stem),
        y=Scale(low=0, high=len(names), ticks=tuple(marked)),
        y_title="sliced index, the last varies fastest",
        height=14.0 * min(max(len(names), 3), MAX_NAMED_INDICES),
        marks=[
            Bars(boxes=here, colour="green", name="on the tensors of the step"),
            Bars(boxes=below, colour="green", opacity=0.3, name="fixed below: the step depends on it"),
        ],
        grid="x",
    )


def _runs(places: Iterable[int]) -> list[tuple[float, float]]:
    """Merges neighbouring steps into bars, given as left and right edges."""
    bars: list[tuple[float, float]] = []
    for place in places:
        if bars and bars[-1][1] == place - 0.5:
            bars[-1] = (bars[-1][0], place + 0.5)
        else:
            bars.append((place - 0.5, place + 0.5))
    return bars


def _search_panel(plan: Plan) -> Panel:
    """The best plan's work over the time of the search."""
    history = plan.history
    if not history:
        flat = Scale(low=0, high=1)
        return Panel(title="Search: not recorded with this plan", x=flat, y=flat, height=0)
    end = max(plan.planning_seconds, history[-1][0])
    seconds, best = [point[0] for point in history], [point[1] for point in history]
    line = [(seconds[0], best[0])]
    for at, value in history[1:]:
        line += [(at, line[-1][1]), (at, value)]
    line.append((end, best[-1]))
    many_sizes = end > 5 * seconds[0] > 0
    times = Scale.logarithmic(seconds[0] * 0.8, end * 1.1) if many_sizes else Scale.linear(0, 1.05 * end)
    named = tuple((value, human_seconds(value) if value else "0") for value, _ in times.ticks)
    room = 0.25 * (max(best) - min(best)) or 0.5
    return Panel(
        title=f"Search: {_search_words(plan, best, seconds[-1], end)}",
        x=Scale(low=times.low, high=times.high, log=times.log, ticks=named),
        y=Scale.linear(min(best) - room, max(best) + room, most=4),
        x_title="time of the search",
        y_title="log10 of multiply-adds of the best plan",
        height=110,
        marks=[
            Line(points=line, colour="ink", width=1.6),
            Dots(points=list(history), radii=[2.8] * len(history), colour="ink", opacity=1.0),
            Label(at=(seconds[0], best[0]), text=f"{best[0]:.2f}", shift=(6, -8)),
            Label(at=(end, best[-1]), text=f"{best[-1]:.2f}", shift=(0, -9), anchor="end"),
        ],
    )


def _search_words(plan: Plan, best: Sequence[float], last_improved: float, end: float) -> str:
    words = "the first plan stayed the best" if len(best) == 1 else "as much work as the first plan"
    if best[0] - best[-1] > 0.002:
        words = f"{_times(best[0] - best[-1])} less work than the first plan"
    elif best[-1] - best[0] > 0.002:
        words = f"{_times(best[-1] - best[0])} more work than the first plan, but faster or smaller"
    words += f", found after {human_seconds(last_improved)} of {human_seconds(end)}"
    return words + " (every step counted in every slice)" if plan.num_slices > 1 else words


def _times(log10_gain: float) -> str:
    if log10_gain > 6:
        return f"10^{log10_gain:.1f} times"
    gain = 10**log10_gain
    return f"{gain:,.0f} times" if gain >= 100 else f"{gain:.3g} times"


def _percent(share: float) -> str:
    """Formats a share as a percentage, with 100 % only for the whole."""
    return f"{min(100 * share, 99.9) if share < 1 else 100:.3g} %"


def _short(name: str) -> str:
    return name if len(name) <= 12 else name[:11] + "…"

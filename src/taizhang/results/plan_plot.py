"""Draws a plan: what happens along the stem of its tree, and how the search came to it.

Of four panels, three stand above one axis, the steps along the stem: how wide the stem is and what joins it; how much
each step works; which sliced indices are on it. The last shows the best plan over the time of the search.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from taizhang._units import human_bytes, human_seconds
from taizhang.plan.plan_file import Plan
from taizhang.plan.stem import Stem, stems_of
from taizhang.results.drawing import BLUE, FAINT, GREEN, INK, ORANGE, PINK, check_drawable, figures

_STEM, _BRANCH, _SLICED, _CHAIN, _PALE = BLUE, ORANGE, GREEN, PINK, "#a8cbe2"

MAX_STEMS = 4
"""How many chains are drawn as lines: the stem, and branches that do a good part of the work themselves."""

LEAST_SHARE = 0.005
"""Part of the plan's work from which a branch is drawn as a line."""

MOST_WORK = 0.9
"""The heaviest steps that do this part of the work together are drawn in full colour."""

MAX_NAMED_INDICES = 16
"""Rows of sliced indices that have room for a name each."""


def plot_plan(plan: Plan, path: str | os.PathLike[str]) -> None:
    """Draws a plan into a file.

    Args:
        plan: The plan.
        path: Where to; the ending, .png, .svg or .pdf, says in which format.

    Raises:
        UsageError: The ending is none of these.
        MissingPackageError: matplotlib is not installed.
        OSError: The file cannot be written.
    """
    target = Path(path)
    check_drawable(target)
    stems = stems_of(plan, most=MAX_STEMS, least_share=LEAST_SHARE)
    heights = [3.3, 1.8] if stems[0].steps else []
    if stems[0].steps and plan.sliced_indices:
        heights.append(0.3 + 0.14 * min(max(len(plan.sliced_indices), 4), MAX_NAMED_INDICES))
    heights.append(1.5)
    figure = figures().Figure(figsize=(11, 1.5 + 1.3 * sum(heights)), layout="constrained", facecolor="white")
    panels = figure.subplots(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
    if stems[0].steps:
        _draw_width(panels[0], plan, stems)
        _draw_work(panels[1], stems[0])
        if plan.sliced_indices:
            _draw_sliced(panels[2], plan, stems[0])
        _label_steps(panels[:-1], stems)
    _draw_search(panels[-1], plan)
    for axes in panels:
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_axisbelow(True)
    figure.suptitle(_headline(plan), x=0.01, ha="left", fontsize=14, color=INK, weight="bold")
    figure.savefig(target, dpi=150)


def _headline(plan: Plan) -> str:
    """What the plan costs, in one line."""
    cost = plan.cost
    if not plan.tree.ssa_path:
        return "Plan: nothing to contract, simplification has left one tensor at the most"
    parts = [
        f"{_power(cost.multiply_adds_executed)} multiply-adds "
        + (f"in {cost.num_slices:,} slices" if cost.num_slices > 1 else "in one piece"),
        f"{human_bytes(cost.peak_bytes)} at the peak",
    ]
    if plan.predicted_seconds:
        parts.append(f"{human_seconds(plan.predicted_seconds)} predicted")
    return "Plan: " + ", ".join(parts)


def _power(count: int) -> str:
    """A large number as a power of ten."""
    return f"$\\mathbf{{10^{{{math.log10(count):.2f}}}}}$" if count >= 10**6 else f"{count:,}"


def _places(stem: Stem, last: int = 0) -> list[int]:
    """Where the steps of a stem stand when the last one stands at `last`."""
    return list(range(last - len(stem.steps) + 1, last + 1))


def _draw_width(axes: Any, plan: Plan, stems: Sequence[Stem]) -> None:
    """Draws how wide the stem is, what slicing took off, and the branches that join it."""
    steps, x = stems[0].steps, _places(stems[0])
    width = [step.width for step in steps]
    if any(step.whole_width > step.width for step in steps):
        whole = [step.whole_width for step in steps]
        axes.fill_between(
            x, width, whole, step="mid", color=_SLICED, alpha=0.3, linewidth=0, label="taken off by slices"
        )
    axes.fill_between(x, width, step="mid", color=_STEM, alpha=0.12, linewidth=0)
    axes.step(x, width, where="mid", color=_STEM, linewidth=2, label="the stem", zorder=3)
    _draw_other_stems(axes, stems)
    axes.scatter(
        x,
        [step.branch_width for step in steps],
        s=[min(6 + 8 * math.log2(step.branch_tensors), 60) for step in steps],
        color=_BRANCH,
        alpha=0.75,
        linewidths=0,
        zorder=4,
        label="a branch that joins it (area: number of its tensors)",
    )
    axes.axhline(plan.cost.width, color=INK, linewidth=0.8, linestyle=(0, (4, 3)), zorder=2)
    axes.annotate(
        f"widest of all: {plan.cost.width:.4g}",
        (0, plan.cost.width),
        xycoords=("axes fraction", "data"),
        xytext=(4, 3),
        textcoords="offset points",
        fontsize=9,
        color=INK,
    )
    axes.set_ylim(0, 1.1 * max(1.0, plan.cost.width, *(step.whole_width for stem in stems for step in stem.steps)))
    axes.set_ylabel("width,\nlog2 of elements")
    share = stems[0].multiply_adds / max(plan.cost.multiply_adds_executed, 1)
    _title(
        axes,
        f"Width: {len(steps)} of {len(plan.tree.ssa_path)} steps are the stem and do {_percent(share)} of the work",
    )
    _legend(axes)


def _draw_other_stems(axes: Any, stems: Sequence[Stem]) -> None:
    """Draws heavy branches as lines that end where they join."""
    ends = [0]
    label: str | None = "a heavy branch, up to where it joins"
    for stem in stems[1:]:
        into, place = stem.joins or (0, 0)
        at = ends[into] - len(stems[into].steps) + 1 + place
        ends.append(at - 1)
        if len(stem.steps) < 3:
            continue
        width = [step.width for step in stem.steps]
        x = [*_places(stem, at - 1), at]
        dashes = ("-", "--", ":")[len(ends) % 3 - 2]  # where several overlap, they are told apart
        axes.step(x, [*width, width[-1]], dashes, where="mid", color=_CHAIN, linewidth=1.5, zorder=2.5, label=label)
        label = None


def _draw_work(axes: Any, stem: Stem) -> None:
    """Draws the work of each step of the stem and of what joins there; the heaviest steps in full colour."""
    heavy = _heaviest(stem)
    heights = [math.log10(max(step.multiply_adds, 1)) for step in stem.steps]
    edges = [place + side for place in _places(stem) for side in (-0.44, 0.44)]
    for is_heavy, color, label in (
        (True, _STEM, f"{_percent(MOST_WORK)} of the stem's work"),
        (False, _PALE, "the other steps of the stem"),
    ):
        chosen = [height if (number in heavy) == is_heavy else 0.0 for number, height in enumerate(heights)]
        if any(chosen):  # one outline for all bars: many steps are drawn as fast as few
            with_gaps = [value for height in chosen for value in (height, 0.0)][:-1]
            axes.stairs(with_gaps, edges, fill=True, color=color, linewidth=0, label=label)
    branches = [
        (x, math.log10(step.branch_multiply_adds))
        for x, step in zip(_places(stem), stem.steps, strict=True)
        if step.branch_multiply_adds
    ]
    label = "all steps of the branch that joins"
    if branches:
        axes.scatter([x for x, _ in branches], [y for _, y in branches], s=12, color=_BRANCH, linewidths=0, label=label)
    axes.set_ylabel("log10 of\nmultiply-adds")
    few = f"{len(heavy)} of its {len(stem.steps)} steps do {_percent(MOST_WORK)} of it"
    _title(axes, f"Work along the stem, all slices together: {few}")
    _legend(axes)


def _heaviest(stem: Stem) -> set[int]:
    """The fewest steps that do most of the work of a stem."""
    chosen: set[int] = set()
    done, whole = 0, stem.multiply_adds
    for number in sorted(range(len(stem.steps)), key=lambda number: -stem.steps[number].multiply_adds):
        if done >= MOST_WORK * whole:
            break
        chosen.add(number)
        done += stem.steps[number].multiply_adds
    return chosen


def _draw_sliced(axes: Any, plan: Plan, stem: Stem) -> None:
    """Draws one row for each sliced index: where tensors have it, and from where on steps depend on it."""
    names = plan.sliced_names
    x = _places(stem)
    for row in range(len(names)):
        below = [place for place, step in zip(x, stem.steps, strict=True) if row in step.depends_on]
        here = [place for place, step in zip(x, stem.steps, strict=True) if row in step.touched]
        axes.broken_barh(_runs(below), (row - 0.4, 0.8), color=_SLICED, alpha=0.25, linewidth=0)
        axes.broken_barh(_runs(here), (row - 0.4, 0.8), color=_SLICED, linewidth=0)
    axes.set_ylim(len(names) - 0.4, -0.6)
    if len(names) <= MAX_NAMED_INDICES:
        axes.set_yticks(range(len(names)), [_short(name) for name in names], fontsize=8)
    else:
        axes.set_yticks([0, len(names) - 1], ["1", str(len(names))], fontsize=8)
    axes.set_ylabel("sliced,\nlast fastest")
    once = sum(step.runs == 1 for step in stem.steps)
    axes.bar([0], [0], color=_SLICED, label="on the tensors of the step")
    axes.bar([0], [0], color=_SLICED, alpha=0.25, label="fixed below: the step depends on it")
    told = (
        f"{once} steps of the stem depend on none, and run once" if once else "every step of the stem depends on some"
    )
    _title(axes, f"Sliced indices: {len(names)}; {told}")
    _legend(axes)


def _runs(places: Iterable[int]) -> list[tuple[float, float]]:
    """Joins neighbouring steps to bars: left edges and lengths."""
    bars: list[tuple[float, float]] = []
    for place in places:
        if bars and sum(bars[-1]) == place - 0.5:
            bars[-1] = (bars[-1][0], bars[-1][1] + 1)
        else:
            bars.append((place - 0.5, 1.0))
    return bars


def _label_steps(panels: Sequence[Any], stems: Sequence[Stem]) -> None:
    """Lets panels share the axis of steps, and names it below the lowest."""
    lowest = panels[-1]
    for axes in panels[:-1]:
        axes.sharex(lowest)
        axes.tick_params(labelbottom=False)
    for axes in panels[:2]:
        axes.grid(visible=True, axis="y", color=FAINT, linewidth=0.6)
        axes.yaxis.get_major_locator().set_params(integer=True)
    for axes in panels:
        axes.grid(visible=True, axis="x", color=FAINT, linewidth=0.6)
    lowest.set_xlim(-max(len(stems[0].steps), 2) + 0.2, 0.8)
    lowest.xaxis.get_major_locator().set_params(integer=True)
    lowest.xaxis.set_major_formatter(lambda value, _: f"{-value:.0f}" if value else "result")
    lowest.set_xlabel("steps along the stem before the result")


def _draw_search(axes: Any, plan: Plan) -> None:
    """Draws the best plan's work over the time of the search."""
    history = plan.history
    if not history:
        _title(axes, "Search: not recorded with this plan", pad=6)
        axes.set_axis_off()
        return
    end = max(plan.planning_seconds, history[-1][0])
    seconds, best = [point[0] for point in history], [point[1] for point in history]
    axes.step([*seconds, end], [*best, best[-1]], where="post", color=INK, linewidth=1.6)
    axes.plot(seconds, best, "o", color=INK, markersize=4)
    for at, value, offset, side in ((seconds[0], best[0], (0, 6), "center"), (end, best[-1], (4, -3), "left")):
        axes.annotate(
            f"{value:.2f}", (at, value), xytext=offset, textcoords="offset points", ha=side, fontsize=9, color=INK
        )
    if end > 5 * seconds[0] > 0:
        axes.set_xscale("log")
        axes.set_xlim(seconds[0] * 0.8, end * (end / seconds[0]) ** 0.06)
    else:
        axes.set_xlim(0, 1.06 * end)
    axes.xaxis.set_major_formatter(lambda value, _: human_seconds(value) if value else "0")
    axes.xaxis.set_minor_formatter(lambda *_: "")
    axes.margins(y=0.25)
    axes.set_xlabel("time of the search")
    axes.set_ylabel("log10 of\nmultiply-adds")
    axes.grid(visible=True, color=FAINT, linewidth=0.6)
    told = "the first plan stayed the best" if len(history) == 1 else "as much work as the first plan"
    if best[0] - best[-1] > 0.002:
        told = f"{_times(best[0] - best[-1])} less work than the first plan"
    elif best[-1] - best[0] > 0.002:
        told = f"{_times(best[-1] - best[0])} more work than the first plan, but faster or smaller"
    told += f", found after {human_seconds(seconds[-1])} of {human_seconds(end)}"
    if plan.num_slices > 1:
        told += " (every step counted in every slice)"
    _title(axes, f"Search: {told}", pad=6)


def _times(log10_gain: float) -> str:
    if log10_gain > 6:
        return f"$10^{{{log10_gain:.1f}}}$ times"
    gain = 10**log10_gain
    return f"{gain:,.0f} times" if gain >= 100 else f"{gain:.3g} times"


def _title(axes: Any, words: str, *, pad: float = 18) -> None:
    """Writes the title of a panel; `pad` points, by default room for the legend, are left below it."""
    axes.set_title(words, loc="left", fontsize=11, color=INK, pad=pad)


def _legend(axes: Any) -> None:
    """Puts the legend in one line between title and panel."""
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(0, 0.985),
        ncols=4,
        frameon=False,
        fontsize=9,
        borderaxespad=0,
        handlelength=1.4,
        columnspacing=1.6,
        borderpad=0.2,
    )


def _percent(share: float) -> str:
    """A part as a percentage, with 100 % only for the whole."""
    return f"{min(100 * share, 99.9) if share < 1 else 100:.3g} %"


def _short(name: str) -> str:
    return name if len(name) <= 12 else name[:11] + "…"

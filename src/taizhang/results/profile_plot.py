"""Draws a profile against the roofline of the machine (Williams, Waterman & Patterson, doi:10.1145/1498765.1498785)."""

from __future__ import annotations

import importlib
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from taizhang.results.drawing import BLUE, FAINT, GREEN, INK, ORANGE, check_drawable, figures
from taizhang.results.shapes import shape_text

if TYPE_CHECKING:
    from taizhang.results.profile import Profile, StepProfile

# The colour of each kind of steps, and what it means.
_KINDS = {
    "compute-bound": (BLUE, "compute-bound"),
    "streaming": (ORANGE, "streaming through memory"),
    "in blocks": (GREEN, "in blocks that stay in cache"),
    "tiny": ("#8c8c8c", "tiny"),
}

_LARGEST_AREA = 1500.0
"""Area of the marker of the step that took longest, in square points."""

_NAMED_STEPS = 6

_SHOWN_SHARE, _HEIGHT = 2e-4, 1000.0
"""Steps with less of the time, or slower than the best rate by more than this, may lie below the picture."""


def draw_roofline(profile: Profile, path: Path) -> None:
    """Draws all steps: operations a byte against operations a second, the area of a marker its seconds.

    Args:
        profile: The profile.
        path: Where to; the ending says in which format.

    Raises:
        UsageError: The ending is not one that can be drawn.
        MissingPackageError: matplotlib is not installed.
    """
    check_drawable(path)
    figure = figures().Figure(figsize=(10, 6.4), layout="constrained", facecolor="white")
    axes = figure.add_subplot()
    _set_limits(axes, profile)
    _draw_roofs(axes, profile)
    below = _draw_steps(axes, profile)
    _name_slowest(axes, profile)
    _describe(axes, profile, below)
    legend = figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=10)
    for handle in legend.legend_handles:
        handle.set_sizes([60.0])
    figure.savefig(path, dpi=160)


def _drawn(profile: Profile) -> list[StepProfile]:
    """The steps that have a place on logarithmic axes; the slowest first, so that small markers lie above large."""
    steps = (step for step in profile.steps if step.work.seconds > 0 and step.work.flops > 0)
    return sorted(steps, key=lambda step: -step.work.seconds)


def _place(profile: Profile, step: StepProfile) -> tuple[float, float]:
    """Where a step is drawn: operations a byte, and the rate of all workers together."""
    return step.work.flops_per_byte, profile.workers * step.work.gflops_per_second


def _area(profile: Profile, step: StepProfile) -> float:
    slowest = max(step.work.seconds for step in profile.steps)
    return max(_LARGEST_AREA * step.work.seconds / slowest, 4.0)


def _set_limits(axes: Any, profile: Profile) -> None:
    """Fits logarithmic axes to the roofs and to all steps that take time worth seeing."""
    roofline, seconds = profile.roofline, profile.total.seconds
    places = [_place(profile, step) for step in _drawn(profile) if step.work.seconds >= _SHOWN_SHARE * seconds]
    peak, balance = 1e-9 * roofline.flops_per_second, roofline.balance
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(
        min([x for x, _ in places] + [balance / 10]) / 1.6,
        max([x for x, _ in places] + [balance * 4]) * 1.6,
    )
    lowest = max(min([y for _, y in places] + [peak / 50]) / 2, peak / _HEIGHT)
    axes.set_ylim(lowest, max([y for _, y in places] + [peak]) * 1.7)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(importlib.import_module("matplotlib.ticker").LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter(lambda value, _: f"{value:g}")
        axis.set_minor_locator(importlib.import_module("matplotlib.ticker").NullLocator())


def _draw_roofs(axes: Any, profile: Profile) -> None:
    """Draws what arithmetic and memory allow, each line with its name on it."""
    roofline = profile.roofline
    peak, (low, high), bottom = 1e-9 * roofline.flops_per_second, axes.get_xlim(), axes.get_ylim()[0]
    lines = [(roofline.bytes_per_second, "-", "memory")]
    if roofline.cached_bytes_per_second > roofline.bytes_per_second:
        lines.append((roofline.cached_bytes_per_second, "--", "cache"))
    for rate, style, name in lines:
        slope, knee = 1e-9 * rate, roofline.flops_per_second / rate
        start = max(low, bottom / slope)
        if start >= knee:
            continue
        axes.plot([start, knee], [slope * start, peak], style, color=INK, linewidth=1.3, zorder=2)
        middle = start * (knee / start) ** 0.35
        axes.text(
            middle,
            1.06 * slope * middle,
            f"{name}, {slope:.1f} GB/s",
            rotation=math.degrees(math.atan(slope)),
            rotation_mode="anchor",
            transform_rotates_text=True,
            color=INK,
            va="bottom",
        )
    flat = max(low, min(roofline.flops_per_second / rate for rate, _, _ in lines))
    axes.plot([flat, high], [peak, peak], "-", color=INK, linewidth=1.3, zorder=2)
    axes.text(1.1 * flat, 1.06 * peak, f"arithmetic, {peak:.0f} GFLOP/s", va="bottom", color=INK)


def _draw_steps(axes: Any, profile: Profile) -> list[StepProfile]:
    """Draws a marker for each step; gives the steps that lie below the picture."""
    whole, bottom = profile.total.seconds or 1.0, axes.get_ylim()[0]
    left = axes.get_xlim()[0]
    places = {step.step: _place(profile, step) for step in _drawn(profile)}
    shown = [step for step in _drawn(profile) if places[step.step][1] >= bottom and places[step.step][0] >= left]
    for group in profile.by_kind():
        color, words = _KINDS[group.name]
        members = [step for step in shown if step.kind == group.name]
        many = f"{group.steps} steps" if group.steps != 1 else "1 step"
        axes.scatter(
            [places[step.step][0] for step in members],
            [places[step.step][1] for step in members],
            s=[_area(profile, step) for step in members],
            color=color,
            alpha=0.45,
            edgecolors="white",
            linewidths=0.8,
            zorder=3,
            label=f"{words}: {many}, {100 * group.work.seconds / whole:.1f} % of the time",
        )
    return [step for step in profile.steps if step not in shown]


def _name_slowest(axes: Any, profile: Profile) -> None:
    """Writes number and shape of the slowest steps beside their markers, as the report has them, without overlap."""
    height, (bottom, top), right = 340.0, axes.get_ylim(), axes.get_xlim()[1]
    taken: list[tuple[float, float]] = []
    named = _drawn(profile)[:_NAMED_STEPS]
    for step in sorted(named, key=lambda step: -_place(profile, step)[1]):
        x, y = _place(profile, step)
        at = height * math.log(y / bottom) / math.log(top / bottom)
        wanted = at
        for other_x, other in taken:
            if max(x / other_x, other_x / x) < 4:
                wanted = min(wanted, other - 12)
        taken.append((x, wanted))
        radius = math.sqrt(_area(profile, step) / math.pi)
        side = -1 if x > right / 4 else 1
        axes.annotate(
            f"{step.step}: {shape_text(step.shape)}",
            (x, y),
            xytext=(side * (radius + 10), wanted - at),
            textcoords="offset points",
            ha="left" if side > 0 else "right",
            va="center",
            color=INK,
            fontsize=8.5,
            zorder=5,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.6, "pad": 0.6},
            arrowprops={"arrowstyle": "-", "color": INK, "linewidth": 0.5, "shrinkA": 0, "shrinkB": 0.8 * radius},
        )


def _describe(axes: Any, profile: Profile, below: list[StepProfile]) -> None:
    """Names the axes, and says in a title how near the roofline the whole is."""
    slices, threads = profile.slices, profile.workers * profile.threads
    axes.set_xlabel("operations a byte of operands and output, flop/B")
    axes.set_ylabel("rate, GFLOP/s")
    axes.set_title(
        f"{slices} slice{'s' * (slices != 1)} in {profile.seconds:.3g} s on {threads} thread{'s' * (threads != 1)}: "
        f"{profile.total.roofline_fraction:.2f} of the roofline, step by step",
        loc="left",
        fontsize=13,
        pad=20,
    )
    words = "area: seconds of a step; named: the slowest, with log2 of rows, columns, summed, batch"
    if below:
        spent = sum(step.work.seconds for step in below) / (profile.total.seconds or 1.0)
        words += f"; not shown: {len(below)} with {100 * spent:.2f} % of the time"
    axes.text(0.0, 1.01, words, transform=axes.transAxes, fontsize=8.5, color="#555555", va="bottom")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.grid(visible=True, which="major", color=FAINT, linewidth=0.6, zorder=0)
    axes.set_axisbelow(True)

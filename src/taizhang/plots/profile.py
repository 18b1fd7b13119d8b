"""Draws a profile against the roofline of the machine (Williams, Waterman & Patterson, doi:10.1145/1498765.1498785).

The upper panel has a disc for each step at its arithmetic intensity and rate, with an area proportional to its time.
The lower panel names the slowest steps with their shares of the time; their numbers are on their discs.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from taizhang.execute.profile import Kind, Profile, StepProfile
from taizhang.plots.canvas import check_drawable, save
from taizhang.plots.figure import Bars, Dots, Figure, Label, Line, Mark, Panel
from taizhang.plots.picture import Point
from taizhang.plots.scale import Scale
from taizhang.plots.style import SMALL, Colour

_KINDS: Mapping[Kind, tuple[Colour, str]] = {
    "compute-bound": ("blue", "compute-bound"),
    "streaming": ("orange", "streaming through memory"),
    "in blocks": ("green", "in blocks that stay in cache"),
    "tiny": ("grey", "tiny"),
}

_LARGEST_RADIUS, _LEAST_RADIUS = 24.0, 1.6
"""Radii of discs in pixels; the largest is that of the slowest step."""

_NAMED_STEPS = 8
_HEIGHT, _ROW = 380.0, 22.0

_SHOWN_SHARE, _LOWEST = 2e-4, 1000.0
"""Steps with a smaller share of the time, or slower than the peak rate by more than this factor, may be left out."""


def plot_profile(profile: Profile, path: str | os.PathLike[str]) -> None:
    """Draws the profile of a contraction against the roofline of the machine.

    Args:
        profile: The profile.
        path: The file; its ending, .svg, .png or .pdf, gives the format.

    Raises:
        UsageError: The ending is another one.
        MissingPackageError: matplotlib is not installed, and the ending is not .svg.
        OSError: The file cannot be written.
    """
    target = Path(path)
    check_drawable(target)
    save(profile_figure(profile).picture(), target)


def profile_figure(profile: Profile) -> Figure:
    """The roofline with all steps, and the slowest steps by name."""
    slices, threads = profile.slices, profile.workers * profile.threads
    headline = (
        f"{slices:,} slice{'s' * (slices != 1)} in {profile.seconds:.3g} s on {threads} thread{'s' * (threads != 1)}: "
        f"{profile.total.roofline_fraction:.2f} of the roofline"
    )
    panels = [_roofline_panel(profile)]
    if profile.total.seconds > 0:
        panels.append(_slowest_panel(profile))
    return Figure(title=headline, headline=headline, panels=panels)


def _drawable_steps(profile: Profile) -> list[StepProfile]:
    """The steps that fit logarithmic axes, the slowest first, so that small discs lie above large ones."""
    steps = (step for step in profile.steps if step.work.seconds > 0 and step.work.flops > 0)
    return sorted(steps, key=lambda step: -step.work.seconds)


def _place(profile: Profile, step: StepProfile) -> Point:
    """Position of a step: operations per byte, and the rate of all workers together."""
    return step.work.flops_per_byte, profile.workers * step.work.gflops_per_second


def _radius(profile: Profile, step: StepProfile) -> float:
    slowest = max(step.work.seconds for step in profile.steps)
    return max(_LARGEST_RADIUS * math.sqrt(step.work.seconds / slowest), _LEAST_RADIUS)


def _roofline_panel(profile: Profile) -> Panel:
    x, y = _scales(profile)
    shown = [
        step
        for step in _drawable_steps(profile)
        if _place(profile, step)[0] >= x.low and _place(profile, step)[1] >= y.low
    ]
    hidden = [step for step in profile.steps if step not in shown]
    remark = "Each disc is a step of the plan, its area the time it took; numbers refer to the slowest steps below."
    if hidden:
        share = sum(step.work.seconds for step in hidden) / (profile.total.seconds or 1.0)
        remark += f" Not shown: {len(hidden)} steps with {100 * share:.2f} % of the time."
    return Panel(
        title="",
        remark=remark,
        x=x,
        y=y,
        x_title="arithmetic intensity, flop per byte of operands and result",
        y_title="rate, GFLOP/s",
        height=_HEIGHT,
        marks=[*_roofs(profile, x, y), *_discs(profile, shown), *_numbers(profile, shown, x, y)],
    )


def _scales(profile: Profile) -> tuple[Scale, Scale]:
    """Logarithmic axes that contain the roofline and all steps with a notable share of the time."""
    roofline, seconds = profile.roofline, profile.total.seconds
    places = [_place(profile, step) for step in _drawable_steps(profile) if step.work.seconds >= _SHOWN_SHARE * seconds]
    peak, balance = 1e-9 * roofline.flops_per_second, roofline.balance
    left, right = min([x for x, _ in places] + [balance / 10]), max([x for x, _ in places] + [balance * 4])
    lowest = max(min([y for _, y in places] + [peak / 50]) / 2, peak / _LOWEST)
    highest = max([y for _, y in places] + [peak])
    return Scale.logarithmic(left / 1.6, right * 1.6), Scale.logarithmic(lowest, highest * 1.7)


def _roofs(profile: Profile, x: Scale, y: Scale) -> list[Mark]:
    """The limits of arithmetic, memory and cache, each a labelled line."""
    roofline = profile.roofline
    peak = 1e-9 * roofline.flops_per_second
    dashes: tuple[float, ...] = (5, 4)
    lines: list[tuple[float, tuple[float, ...], str]] = [(roofline.bytes_per_second, (), "memory")]
    if roofline.cached_bytes_per_second > roofline.bytes_per_second:
        lines.append((roofline.cached_bytes_per_second, dashes, "cache"))
    marks: list[Mark] = []
    for rate, dash, name in lines:
        slope, knee = 1e-9 * rate, roofline.flops_per_second / rate
        start = max(x.low, y.low / slope)
        if start >= knee:
            continue
        marks.append(Line(points=[(start, slope * start), (knee, peak)], colour="ink", width=1.3, dash=dash))
        middle = start * (knee / start) ** 0.3
        words = f"{name}, {slope:.1f} GB/s"
        marks.append(Label(at=(middle, slope * middle), along=(knee, peak), text=words, shift=(-3, -4)))
    flat = max(x.low, min(roofline.flops_per_second / rate for rate, _, _ in lines))
    marks.append(Line(points=[(flat, peak), (x.high, peak)], colour="ink", width=1.3))
    marks.append(Label(at=(x.high, peak), text=f"arithmetic, {peak:.0f} GFLOP/s", shift=(-4, -10), anchor="end"))
    return marks


def _discs(profile: Profile, shown: Sequence[StepProfile]) -> list[Mark]:
    """A disc for each step, in the colour of its kind."""
    total, marks = profile.total.seconds or 1.0, []
    for group in profile.by_kind():
        kind = next(step.kind for step in profile.steps if step.kind == group.name)
        colour, words = _KINDS[kind]
        members = [step for step in shown if step.kind == kind]
        many = f"{group.steps} steps" if group.steps != 1 else "1 step"
        marks.append(
            Dots(
                points=[_place(profile, step) for step in members],
                radii=[_radius(profile, step) for step in members],
                colour=colour,
                opacity=0.5,
                name=f"{words}: {many}, {100 * group.work.seconds / total:.1f} % of the time",
                notes=[_words(profile, step) for step in members],
            )
        )
    return list(marks)


def _numbers(profile: Profile, shown: Sequence[StepProfile], x: Scale, y: Scale) -> list[Mark]:
    """The numbers of the slowest steps, on their discs or beside them, without overlaps."""
    width = 880.0  # of the axes in pixels, in a figure of the default width
    taken: list[Point] = []
    marks: list[Mark] = []
    for number, step in enumerate(profile.slowest(_NAMED_STEPS), 1):
        if step not in shown:
            continue
        at = _place(profile, step)
        px, py = x.share(at[0]) * width, (1 - y.share(at[1])) * _HEIGHT
        radius = _radius(profile, step)
        beside = (radius + 9) / math.sqrt(2)
        shifts = [(0.0, 0.0), (beside, -beside), (-beside, -beside), (beside, beside), (-beside, beside)]
        shifts += [(math.cos(turn) * 42, math.sin(turn) * 42) for turn in (-0.8, -2.3, 0.0, 3.1, 0.8, 2.3)]
        # The first of these shifts whose number is 15 pixels from all others.
        shift = next(
            (s for s in shifts if all(math.dist((px + s[0], py + s[1]), other) > 15 for other in taken)), (0.0, 0.0)
        )
        if shift == (0.0, 0.0) and radius < 8:
            shift = shifts[1]
        taken.append((px + shift[0], py + shift[1]))
        led = math.hypot(*shift) > 30
        marks.append(Label(at=at, text=str(number), shift=shift, anchor="middle", size=SMALL + 1, led=led))
    return marks


def _slowest_panel(profile: Profile) -> Panel:
    """The slowest steps by name, with bars for their shares of the time."""
    slowest, total = profile.slowest(_NAMED_STEPS), profile.total.seconds
    shares = [100 * step.work.seconds / total for step in slowest]
    rows = len(slowest)
    marks: list[Mark] = [
        Bars(
            boxes=[(0.0, share, rows - number - 0.92, rows - number - 0.08)],
            colour=_KINDS[step.kind][0],
            opacity=0.35,
            notes=[_words(profile, step)],
        )
        for number, (step, share) in enumerate(zip(slowest, shares, strict=True))
    ]
    marks += [
        Label(at=(0.0, rows - number - 0.5), text=_words(profile, step), shift=(8, 0), halo=False)
        for number, step in enumerate(slowest)
    ]
    return Panel(
        title=f"The {rows} slowest of {len(profile.steps)} steps take {sum(shares):.0f} % of the time"
        if rows < len(profile.steps)
        else "All steps, the slowest first",
        remark="Sizes are those of a matrix product: m × n × k sums k products for each of m × n elements.",
        x=Scale.linear(0, max(shares) * 1.05, most=8),
        y=Scale(low=0, high=rows, ticks=tuple((rows - number - 0.5, str(number + 1)) for number in range(rows))),
        x_title="share of the time in steps, %",
        height=_ROW * rows,
        marks=marks,
        grid="none",
    )


def _words(profile: Profile, step: StepProfile) -> str:
    """A step by name, with its share of the time and its fraction of the roofline."""
    share = 100 * step.work.seconds / (profile.total.seconds or 1.0)
    return f"{step.name}: {share:.1f} % of the time, {step.work.roofline_fraction:.2f} of the roofline"

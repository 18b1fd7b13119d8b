"""The charts of a run's report: convergence of the partial sum, progress over time, and activity of the workers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from taizhang._units import human_seconds
from taizhang.plots.figure import Band, Bars, Figure, Label, Line, Mark, Panel
from taizhang.plots.scale import Scale
from taizhang.plots.style import Colour
from taizhang.runs.report.status import RunStatus

MOST_WORKERS = 16
MOST_MARKED_SESSIONS = 12
"""Runs of more sessions than this have no marks for them in the chart of progress."""

CLOSE = 0.3
"""Axes extend to the end of a run once this part of it is done; before, they fit what is done."""


def convergence_figure(status: RunStatus) -> Figure | None:
    """The partial sum over the part done, with its standard error; None with fewer than three points."""
    # Stage 1: the points and the range of the axes.
    points = [
        (point["done"] / status.num_pieces, complex(point["re"], point["im"]))
        for point in status.points
        if "re" in point and point["done"]
    ]
    if len(points) < 3:
        return None
    done = points[-1][0]
    end = 1.0 if done > CLOSE else 1.1 * done
    largest = max(abs(value) for _, value in points) * 1.5 or 1.0
    # Stage 2: a panel for each part. A partial sum over a share s of the slices of a chaotic circuit has a standard
    # error of |sum| sqrt((1 - s) / s).
    panels = []
    parts: tuple[tuple[str, Colour, int], ...] = (("real part", "blue", 0), ("imaginary part", "orange", 1))
    for title, colour, part in parts:
        shown = [
            (share, (value.real, value.imag)[part], abs(value) * math.sqrt(max(1 - share, 0.0) / share))
            for share, value in points
        ]
        marks: list[Mark] = [
            Band(
                points=[(share, value - error, value + error) for share, value, error in shown],
                colour=colour,
                name="one standard error of the partial sum, if the circuit is chaotic",
            ),
            Line(points=[(share, value) for share, value, _ in shown], colour=colour, name=f"partial sum, {title}"),
        ]
        if status.state == "complete":
            final = (points[-1][1].real, points[-1][1].imag)[part]
            marks.append(Line(points=[(0, final), (end, final)], colour="grey", dash=(5, 4), name="amplitude"))
        panels.append(
            Panel(
                title=f"{title[0].upper()}{title[1:]} of the amplitude",
                x=Scale.linear(0, end),
                y=Scale.linear(-largest, largest, most=5),
                x_title="" if part == 0 else "part of the slices done",
                height=150,
                marks=marks,
                shares_x=part == 0,
            )
        )
    return Figure(title="the partial sum with its standard error, over the part of the slices done", panels=panels)


def progress_figure(status: RunStatus) -> Figure | None:
    """Pieces done over the time worked; sessions follow each other, as no work was done between them."""
    if len(status.points) < 2:
        return None
    line, starts, passed, session, last = [], [], 0.0, None, 0.0
    for point in status.points:
        if point["session"] != session:
            session = point["session"]
            starts.append(passed)
        else:
            passed += max(point["at"] - last, 0.0)
        last = point["at"]
        line.append((passed, point["done"]))
    unit, length = _unit_of(passed)
    top = status.num_pieces if status.pieces_done > CLOSE * status.num_pieces else 1.2 * status.pieces_done
    marks: list[Mark] = [Line(points=[(at / length, done) for at, done in line], colour="green", width=2.2)]
    if 1 < len(starts) <= MOST_MARKED_SESSIONS:
        for number, start in enumerate(starts[1:], 2):
            at = start / length
            marks.append(Line(points=[(at, 0), (at, top)], colour="grey", width=1, dash=(2, 3)))
            marks.append(Label(at=(at, top), text=f"session {number}", shift=(4, 8), colour="grey"))
    panel = Panel(
        title="",
        x=Scale.linear(0, max(passed / length, 1e-3), most=8),
        y=Scale.linear(0, top, most=5, whole=True),
        x_title=f"time worked, {unit}",
        y_title=f"pieces done, of {status.num_pieces:,}",
        height=170,
        marks=marks,
    )
    return Figure(title="pieces done over the time worked", panels=[panel])


def workers_figure(status: RunStatus) -> Figure | None:
    """A row for each worker from its first piece to its last, and the number of workers over time."""
    seen = sorted(status.workers_seen.items(), key=lambda entry: -entry[1]["pieces"])[:MOST_WORKERS]
    if not seen or len(status.points) < 2:
        return None
    first = min(status.points[0]["at"], *(worker["first"] for _, worker in seen))
    last = max(status.points[-1]["at"], *(worker["last"] for _, worker in seen))
    unit, length = _unit_of(last - first)
    x = Scale.linear(0, max((last - first) / length, 1e-3), most=8)
    rows = len(seen)
    marks: list[Mark] = []
    for number, (name, worker) in enumerate(seen):
        row = rows - number - 1
        # A worker is first recorded when it submits a piece, so it started one piece's time earlier.
        start = max(worker["first"] - worker["seconds"] / max(worker["pieces"], 1), first)
        box = ((start - first) / length, (worker["last"] - first) / length, row + 0.1, row + 0.9)
        marks.append(Bars(boxes=[box], colour="blue", opacity=0.3, notes=[_words(name, worker)]))
        marks.append(Label(at=(0, row + 0.5), text=_words(_short(name), worker), shift=(6, 0), halo=False))
    panels = [
        Panel(
            title="",
            x=x,
            y=Scale(low=0, high=rows),
            y_title="from the first piece of each worker to its last" + (f"; the {rows} busiest" if rows > 15 else ""),
            x_title=f"time since the start of the run, {unit}",
            height=24.0 * rows,
            marks=marks,
            grid="x",
        )
    ]
    most = max(point["workers"] for point in status.points)
    if len({point["workers"] for point in status.points if point["workers"]}) > 1:
        lines: list[Mark] = [Line(points=part, colour="blue", width=2) for part in _counts(status, first, length)]
        y = Scale.linear(0, 1.1 * most, most=4, whole=True)
        panels.append(
            Panel(title="", x=x, y=y, x_title=panels[0].x_title, y_title="workers at work", height=80, marks=lines)
        )
    return Figure(title="activity of the workers", panels=panels)


def _counts(status: RunStatus, first: float, length: float) -> Iterator[list[tuple[float, float]]]:
    """Number of workers over time, a line for each session."""
    session, line = None, list[tuple[float, float]]()
    for point in status.points:
        if point["session"] != session and line:
            yield line
            line = []
        session = point["session"]
        at = (point["at"] - first) / length
        line += [(at, line[-1][1])] if line else []
        line.append((at, point["workers"]))
    if line:
        yield line


def _words(name: str, worker: Mapping[str, Any]) -> str:
    lost = f", {worker['lost']:,} lost" if worker["lost"] else ""
    return f"{name}: {worker['pieces']:,} pieces, {human_seconds(worker['seconds'])} computing{lost}"


def _short(name: str) -> str:
    return name if len(name) <= 20 else name[:9] + "…" + name[-10:]


def _unit_of(seconds: float) -> tuple[str, float]:
    for unit, length in (("days", 86400.0), ("hours", 3600.0), ("minutes", 60.0)):
        if seconds >= 3 * length:
            return unit, length
    return "seconds", 1.0

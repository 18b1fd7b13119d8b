"""A run as one HTML page: the result with its error bars, progress over time, workers, the plan, what it was made of.

The page holds everything: the pictures are SVG in it, nothing is fetched, no script runs.
"""

from __future__ import annotations

import html
import itertools
import math
import time
from collections.abc import Iterable, Sequence
from typing import Any

from taizhang._units import human_bytes, human_seconds
from taizhang.plan.plan_file import Plan
from taizhang.plan.stem import stems_of
from taizhang.runs.chart import BLUE, GREEN, GREY, ORANGE, Chart
from taizhang.runs.folder import RunFolder
from taizhang.runs.ledger import Ledger
from taizhang.runs.run import values_of
from taizhang.runs.status import RunStatus, left_text, rate_text, status_of
from taizhang.runs.verify import VERIFICATION

MOST_VALUES, MOST_WORKERS = 32, 40
STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; color: #222; background: #fff; max-width: 920px; margin: 2em auto;
  padding: 0 1em; }
h1 { font-size: 1.5em; margin-bottom: 0.2em; } h2 { font-size: 1.15em; margin: 1.8em 0 0.4em; }
table { border-collapse: collapse; } td, th { text-align: left; padding: 2px 18px 2px 0; vertical-align: top; }
td.number, th.number { text-align: right; } code, .bits { font: 12px ui-monospace, monospace; word-break: break-all; }
.lead { color: #555; } .result { font-size: 1.1em; } svg { max-width: 100%; height: auto; }
svg text { font-family: system-ui, sans-serif; }
"""


def report_of(folder: RunFolder) -> str:
    """Writes the page of a run, complete or not.

    Raises:
        RunDamagedError: The run is damaged.
    """
    status, plan = status_of(folder), folder.plan()
    with Ledger(folder.ledger_path, folder.manifest) as ledger:
        verification = ledger.records(VERIFICATION).get("last", {})
    name = folder.path.resolve().name
    parts = [
        f"<h1>Run {_safe(name)}</h1>",
        f'<p class="lead">{_safe(_task_line(folder))}</p>',
        *_result(folder, status, verification),
        "<h2>Progress</h2>",
        *_progress(status),
        "<h2>Workers</h2>",
        *_workers(status),
        "<h2>Plan</h2>",
        *_plan(plan),
        "<h2>Sessions</h2>",
        *_sessions(status),
        "<h2>Made of</h2>",
        *_facts(folder, verification),
    ]
    head = f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Run {_safe(name)}</title>'
    return f"{head}<style>{STYLE}</style></head><body>{''.join(parts)}</body></html>\n"


def _safe(text: object) -> str:
    return html.escape(str(text))


def _table(rows: Iterable[Sequence[object]], *, head: Sequence[str] = (), numbers: Sequence[int] = ()) -> str:
    def cell(tag: str, column: int, text: object) -> str:
        kind = ' class="number"' if column in numbers else ""
        return f"<{tag}{kind}>{_safe(text)}</{tag}>"

    lines = [f"<tr>{''.join(cell('th', column, text) for column, text in enumerate(head))}</tr>"] if head else []
    lines += [f"<tr>{''.join(cell('td', column, text) for column, text in enumerate(row))}</tr>" for row in rows]
    return f"<table>{''.join(lines)}</table>"


def _task_line(folder: RunFolder) -> str:
    manifest = folder.manifest
    layout = manifest.layout
    contractions = "1 contraction" if layout.num_contractions == 1 else f"{layout.num_contractions:,} contractions"
    slices = ", ".join(f"{plan.num_slices:,}" for plan in manifest.plans)
    return (
        f"{folder.assembly().description()}: {contractions} of {slices} slices each, in {manifest.dtype}, cut into "
        f"{layout.num_pieces:,} pieces"
    )


def _result(folder: RunFolder, status: RunStatus, verification: dict[str, Any]) -> Iterable[str]:
    yield "<h2>Result</h2>"
    if status.state != "complete":
        yield f"<p>{_safe(status.state)}: {status.pieces_done:,} of {status.num_pieces:,} pieces; "
        yield f"time left {_safe(left_text(status.estimate))}</p>"
        if status.so_far is not None:
            yield _table(status.so_far.lines())
    else:
        assembly = folder.assembly()
        rows = list(itertools.islice(assembly.rows(assembly.answer(values_of(folder))), MOST_VALUES + 1))
        if rows:
            yield _table(rows[:MOST_VALUES]) + ("<p>… and more</p>" if len(rows) > MOST_VALUES else "")
    error = verification.get("standard_error")
    if error is not None:
        yield f"<p>± {error:.1e} (one standard error of rounding, measured by verify)</p>"
    elif status.state == "complete":
        yield "<p>Its rounding error is not measured yet: <code>taizhang verify</code> does that.</p>"
    yield from _convergence(status)


def _convergence(status: RunStatus) -> Iterable[str]:
    """The partial sum over the part done, with its standard error as an estimate of the amplitude."""
    points = [
        (point["done"] / status.num_pieces, complex(point["re"], point["im"]))
        for point in status.points
        if "re" in point and point["done"]
    ]
    if len(points) < 3:
        return
    largest = max([abs(value) for _, value in points]) * 1.5
    for title, colour, part in (("real part", BLUE, 0), ("imaginary part", ORANGE, 1)):
        chart = Chart(x=(0, 1), y=(-largest, largest), x_title="part of the slices done", y_title=title, height=210)
        shown = [
            (share, (value.real, value.imag)[part], abs(value) * math.sqrt((1 - share) / share))
            for share, value in points
        ]
        chart.band([(share, value - off, value + off) for share, value, off in shown], colour=colour)
        chart.line([(share, value) for share, value, _ in shown], colour=colour, name=f"partial sum, {title}")
        if status.state == "complete":
            last = points[-1][1]
            final = (last.real, last.imag)[part]
            chart.line([(0, final), (1, final)], colour=GREY, dash="4 4", name="amplitude")
        yield chart.svg(f"{title} of the partial sum with its standard error, over the part of the slices done")
    yield "<p>The band is one standard error of a partial sum as an estimate of the amplitude of a chaotic circuit.</p>"


def _progress(status: RunStatus) -> Iterable[str]:
    rows = [("pieces", f"{status.pieces_done:,} of {status.num_pieces:,}")]
    if status.estimate.rate > 0:
        rows.append(("rate", rate_text(status.estimate.rate)))
    rows.append(("worked", f"{human_seconds(status.seconds_worked)} in {len(status.sessions)} session(s)"))
    yield _table(rows)
    if len(status.points) < 2:
        return
    # Sessions are put one after another: what lies between them took no work.
    shown: list[tuple[float, float]] = []
    starts, passed, session, last = [], 0.0, None, 0.0
    for point in status.points:
        if point["session"] != session:
            session = point["session"]
            starts.append(passed)
        else:
            passed += max(point["at"] - last, 0.0)
        last = point["at"]
        shown.append((passed, point["done"]))
    unit, length = _unit_of(passed)
    chart = Chart(
        x=(0, max(passed / length, 1e-3)),
        y=(0, status.num_pieces),
        x_title=f"time worked, {unit}",
        y_title="pieces done",
    )
    for number, start in enumerate(starts[:60]):
        if number:
            chart.mark(start / length, f"session {number + 1}" if len(starts) <= 12 else "")
    chart.line([(at / length, done) for at, done in shown], colour=GREEN)
    yield chart.svg("pieces done over the time worked")


def _unit_of(seconds: float) -> tuple[str, float]:
    for unit, length in (("days", 86400.0), ("hours", 3600.0), ("minutes", 60.0)):
        if seconds >= 3 * length:
            return unit, length
    return "seconds", 1.0


def _workers(status: RunStatus) -> Iterable[str]:
    seen = sorted(status.workers_seen.items(), key=lambda entry: -entry[1]["pieces"])
    rows = [
        (name, f"{told['pieces']:,}", human_seconds(told["seconds"]), f"{told['lost']:,}", _moment(told["last"]))
        for name, told in seen[:MOST_WORKERS]
    ]
    yield _table(rows, head=("worker", "pieces", "computing", "lost", "last heard of"), numbers=(1, 2, 3))
    if len(seen) > MOST_WORKERS:
        yield f"<p>… and {len(seen) - MOST_WORKERS:,} more</p>"
    if len(status.points) > 2:
        first, last = status.points[0]["at"], status.points[-1]["at"]
        unit, length = _unit_of(last - first)
        most = max(point["workers"] for point in status.points)
        chart = Chart(
            x=(0, max((last - first) / length, 1e-3)),
            y=(0, most + 0.5),
            x_title=f"time since the run began, {unit}",
            y_title="workers",
            height=150,
        )
        for before, after in zip(status.points, status.points[1:], strict=False):
            if before["session"] == after["session"]:
                span = ((before["at"] - first) / length, (after["at"] - first) / length)
                chart.bar(*span, before["workers"], colour=BLUE)
        yield chart.svg("workers over time")


def _plan(plan: Plan) -> Iterable[str]:
    yield f"<pre>{_safe(plan)}</pre>"
    stem = stems_of(plan)[0]
    if not stem.steps:
        return
    count = len(stem.steps)
    top = max(max(step.whole_width, step.width) for step in stem.steps) + 1
    chart = Chart(x=(0, count), y=(0, top), x_title="steps along the stem", y_title="log2 of elements", height=240)
    chart.line(
        [(k + 0.5, step.whole_width) for k, step in enumerate(stem.steps)],
        colour=GREY,
        dash="3 3",
        name="if not sliced",
    )
    chart.line([(k + 0.5, step.width) for k, step in enumerate(stem.steps)], colour=BLUE, name="stem, in a slice")
    chart.line([(k + 0.5, step.branch_width) for k, step in enumerate(stem.steps)], colour=ORANGE, name="what joins it")
    yield chart.svg("width of the stem of the plan, step by step")
    heaviest = max(step.multiply_adds for step in stem.steps)
    work = Chart(
        x=(0, count), y=(0, 100), x_title="steps along the stem", y_title="work, % of the heaviest", height=170
    )
    for k, step in enumerate(stem.steps):
        title = f"step {step.step}: 10^{math.log10(max(step.multiply_adds, 1)):.2f} multiply-adds"
        work.bar(k, k + 1, 100 * step.multiply_adds / heaviest, title=title)
    yield work.svg("work of each step along the stem")


def _sessions(status: RunStatus) -> Iterable[str]:
    rows = []
    for number, told in enumerate(status.sessions):
        running = status.state == "running" and number == len(status.sessions) - 1
        ended = told["ended"] or ("at work" if running else "lost")
        length = human_seconds(told["last"] - told["started"])
        rows.append((number + 1, _moment(told["started"]), length, f"{told['done']:,}", ended, told["host"]))
    yield _table(rows, head=("", "began", "worked", "pieces then done", "ended", "on"), numbers=(0, 2, 3))


def _facts(folder: RunFolder, verification: dict[str, Any]) -> Iterable[str]:
    manifest = folder.manifest
    rows = [(name, value) for name, value in manifest.made.items()]
    rows += [("instructions", manifest.simd_level), ("identity", manifest.identity)]
    rows += [(f"sha256 of {name}", value) for name, value in manifest.files.items()]
    rows.append(("ledger", human_bytes(folder.ledger_path.stat().st_size)))
    if verification:
        pieces = ", ".join(map(str, verification["pieces"]))
        how = "the same bits" if verification["same_bits"] else "the same to rounding"
        rows.append(("verified", f"{_moment(verification['at'])}: pieces {pieces} computed again gave {how}"))
        if verification["relative_error"] is not None:
            rows.append(("rounding errors", f"{verification['relative_error']:.1e}, relative, of a piece"))
    yield _table(rows)


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))

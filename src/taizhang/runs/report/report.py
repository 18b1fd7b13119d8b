"""A run as one HTML page: the result with its error bars, progress over time, workers, the plan, versions and hashes.

The page is self-contained: figures are inline SVG, and nothing is fetched. While the run is not complete, the page in
its folder reloads itself, and the coordinator writes it again (`kept.KeptReport`).
"""

from __future__ import annotations

import itertools
import shlex
import time
from collections.abc import Iterable
from typing import Any

from taizhang._units import counted, human_bytes, human_seconds
from taizhang.plan.plan import Plan
from taizhang.plots.plan import plan_figure
from taizhang.runs.folder import RunFolder
from taizhang.runs.ledger import VERIFICATION, Ledger
from taizhang.runs.report.charts import convergence_figure, progress_figure, workers_figure
from taizhang.runs.report.page import RELOAD_SECONDS, copyable, drawing, page, safe, table
from taizhang.runs.report.status import RunStatus, left_text, rate_text, status_of
from taizhang.runs.values import values_of

REPORT = "report.html"
"""The page of a run, in its folder."""

MOST_VALUES, MOST_WORKERS = 32, 40
"""Rows of the tables of values and of workers."""


def report_of(folder: RunFolder, *, kept: bool = True) -> str:
    """Returns the HTML page of a run, complete or not.

    Args:
        folder: The run.
        kept: Whether this is the page in the run's folder, which is written again while the run goes on and reloads
            itself.

    Raises:
        RunDamagedError: The run is damaged.
    """
    status, plan = status_of(folder), folder.plan()
    with Ledger(folder.ledger_path, folder.manifest) as ledger:
        verification = ledger.records(VERIFICATION).get("last", {})
    name = folder.path.resolve().name
    reloads = kept and status.state != "complete"
    body = [
        f"<h1>Run {safe(name)}</h1>",
        f'<p class="lead">{safe(_task_line(folder))}</p>',
        *_result(folder, status, verification),
        f'<p class="note">As of {_moment(time.time())}.'
        + (" This page is updated while the run goes on." if reloads else "")
        + "</p>",
        "<h2>Progress</h2>",
        *_progress(status),
        "<h2>Workers</h2>",
        *_workers(status),
        "<h2>Plan</h2>",
        *_plan(plan),
        "<h2>Sessions</h2>",
        *_sessions(status),
        "<h2>Origin and hashes</h2>",
        *_facts(folder, verification),
    ]
    return page(f"Run {name}", body, reload_seconds=RELOAD_SECONDS if reloads else 0)


def _task_line(folder: RunFolder) -> str:
    manifest = folder.manifest
    layout = manifest.layout
    contractions = counted(layout.num_contractions, "contraction")
    slices = " or ".join(counted(plan.num_slices, "slice") for plan in manifest.plans)
    return (
        f"{folder.assembly().description()}: {contractions} of {slices} each, in {manifest.dtype}, cut into "
        f"{counted(layout.num_pieces, 'piece')}"
    )


def _result(folder: RunFolder, status: RunStatus, verification: dict[str, Any]) -> Iterable[str]:
    yield "<h2>Result</h2>"
    if status.state != "complete":
        done, total = status.pieces_done, status.num_pieces
        yield f'<meter min="0" max="{total}" value="{done}"></meter>'
        left = safe(left_text(status.estimate))
        yield f"<p><strong>{safe(status.state)}</strong>: {done:,} of {total:,} pieces; time left: {left}</p>"
        yield f"<p>Go on with {copyable(_command('resume', folder))}</p>"
        if status.so_far is not None:
            yield table(status.so_far.lines(), copies=(1,))
    else:
        assembly = folder.assembly()
        rows = list(itertools.islice(assembly.rows(assembly.answer(values_of(folder))), MOST_VALUES + 1))
        yield table(rows[:MOST_VALUES], copies=(0, 1))
        if len(rows) > MOST_VALUES:
            yield "<p>… and more</p>"
        yield f"<p>All values are printed by {copyable(_command('resume', folder))}</p>"
        error = verification.get("standard_error")
        if error is None:
            yield f"<p>Its rounding error is not measured yet; measure it by {copyable(_command('verify', folder))}</p>"
        else:
            yield f"<p>± {error:.1e} (one standard error of rounding, measured by verify)</p>"
    figure = convergence_figure(status)
    if figure is not None:
        yield drawing(figure)


def _command(word: str, folder: RunFolder) -> str:
    """A command for the run, quoted for a shell."""
    return f"taizhang {word} {shlex.quote(str(folder.path))}"


def _progress(status: RunStatus) -> Iterable[str]:
    rows = [("pieces", f"{status.pieces_done:,} of {status.num_pieces:,}")]
    if status.estimate.rate > 0:
        rows.append(("rate", rate_text(status.estimate.rate)))
    rows.append(("worked", f"{human_seconds(status.seconds_worked)} in {len(status.sessions)} session(s)"))
    yield table(rows)
    figure = progress_figure(status)
    if figure is not None:
        yield drawing(figure)


def _workers(status: RunStatus) -> Iterable[str]:
    seen = sorted(status.workers_seen.items(), key=lambda entry: -entry[1]["pieces"])
    rows = [
        (
            name,
            f"{worker['pieces']:,}",
            human_seconds(worker["seconds"]),
            f"{worker['lost']:,}",
            _moment(worker["last"]),
        )
        for name, worker in seen[:MOST_WORKERS]
    ]
    yield table(rows, head=("worker", "pieces", "computing", "lost", "last piece"), numbers=(1, 2, 3))
    if len(seen) > MOST_WORKERS:
        yield f"<p>… and {len(seen) - MOST_WORKERS:,} more</p>"
    figure = workers_figure(status)
    if figure is not None:
        yield drawing(figure)


def _plan(plan: Plan) -> Iterable[str]:
    yield f"<pre>{safe(plan)}</pre>"
    yield drawing(plan_figure(plan))


def _sessions(status: RunStatus) -> Iterable[str]:
    rows = []
    for number, session in enumerate(status.sessions):
        running = status.state == "running" and number == len(status.sessions) - 1
        ended = session["ended"] or ("at work" if running else "lost")
        length = human_seconds(session["last"] - session["started"])
        rows.append((number + 1, _moment(session["started"]), length, f"{session['done']:,}", ended, session["host"]))
    yield table(rows, head=("", "started", "duration", "pieces done", "ended", "host"), numbers=(0, 2, 3))


def _facts(folder: RunFolder, verification: dict[str, Any]) -> Iterable[str]:
    manifest = folder.manifest
    rows = [*manifest.made.items(), ("instructions", manifest.simd_level)]
    rows.append(("ledger", human_bytes(folder.ledger_path.stat().st_size)))
    if verification:
        pieces = ", ".join(map(str, verification["pieces"]))
        how = "the same bits" if verification["same_bits"] else "the same to rounding"
        rows.append(("verified", f"{_moment(verification['at'])}: pieces {pieces} computed again gave {how}"))
        if verification["relative_error"] is not None:
            rows.append(("rounding errors", f"{verification['relative_error']:.1e}, relative, of a piece"))
    yield table(rows)
    yield table([("identity", manifest.identity), *manifest.files.items()], head=("", "sha256"), copies=(1,))


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))

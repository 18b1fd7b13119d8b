"""The status of a run, read from its folder without changing it."""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from taizhang._html import card
from taizhang._types import ComplexArray
from taizhang._units import counted, human_bytes, human_seconds
from taizhang.observer import Estimate
from taizhang.runs.coordinator import done_ranges
from taizhang.runs.folder import RunFolder
from taizhang.runs.ledger import Ledger
from taizhang.runs.lock import BEAT_SECONDS, HEARTBEAT, RUNNING, read_heartbeat, this_machine
from taizhang.runs.manifest import Manifest
from taizhang.runs.partial_sum import PartialSum
from taizhang.runs.pieces import Layout
from taizhang.runs.report.estimate import estimate
from taizhang.runs.report.history import POINT, SESSION, WORKER
from taizhang.runs.sum_tree import Node
from taizhang.tasks.assembly import PartialValues, SoFar

ASLEEP_SECONDS = 10 * BEAT_SECONDS
"""A coordinator on another machine whose heartbeat is older than this is taken for dead."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RunStatus:
    """The status of a run.

    Attributes:
        path: Its folder.
        state: `complete`, `running`, `stopped`, or `waiting` for its first session.
        pieces_done: Pieces that are committed.
        num_pieces: All pieces.
        fraction: Part of the slices that is done.
        estimate: Rate and time left, from the last session; as predicted where there was none.
        seconds_worked: Total time of all sessions.
        workers: Workers in the last point of the history; 0 unless it is running.
        so_far: What is known of the answer; None if nothing is.
        ledger_bytes: Size of the ledger.
        peak_bytes: Memory that one piece needs at its peak, as planned.
        coordinator: The last heartbeat of its coordinator.
        sessions: The record of each session, in order.
        points: The recorded points of progress, in order.
        workers_seen: The record of each worker, by name.
    """

    path: str
    state: str
    pieces_done: int
    num_pieces: int
    fraction: float
    estimate: Estimate
    seconds_worked: float
    workers: int
    so_far: SoFar | None
    ledger_bytes: int
    peak_bytes: int
    coordinator: dict[str, Any]
    sessions: tuple[dict[str, Any], ...]
    points: tuple[dict[str, Any], ...]
    workers_seen: dict[str, dict[str, Any]]

    def to_dict(self) -> dict[str, object]:
        """The keys of `--json`."""
        return {
            "path": self.path,
            "state": self.state,
            "pieces_done": self.pieces_done,
            "num_pieces": self.num_pieces,
            "fraction": self.fraction,
            "pieces_per_second": self.estimate.rate,
            "seconds_left": self.estimate.seconds_left,
            "seconds_left_uncertainty": self.estimate.uncertainty,
            "seconds_worked": self.seconds_worked,
            "workers": self.workers,
            **({} if self.so_far is None else self.so_far.to_dict()),
            "ledger_bytes": self.ledger_bytes,
            "piece_peak_bytes": self.peak_bytes,
            "sessions": len(self.sessions),
        }

    def __str__(self) -> str:
        lines = [f"{self.path}: {self.state}, {self.pieces_done:,} of {self.num_pieces:,} pieces ({self.fraction:.1%})"]
        if self.state == "running":
            lines.append(f"  coordinator   process {self.coordinator.get('pid')} on {self.coordinator.get('host')}")
            lines.append(f"  workers       {self.workers}")
        if self.estimate.rate > 0:
            lines.append(f"  rate          {rate_text(self.estimate.rate)}")
        if self.state != "complete":
            threads = " with one thread" if self.state == "waiting" else ""
            lines.append(f"  time left     {left_text(self.estimate)}{threads}")
        lines.append(
            f"  worked        {human_seconds(self.seconds_worked)} in {counted(len(self.sessions), 'session')}"
        )
        lines.append(f"  memory        {human_bytes(self.peak_bytes)} for each piece at a time, as planned")
        lines.append(f"  ledger        {human_bytes(self.ledger_bytes)}")
        lines += [f"  {name:<12}  {text}" for name, text in (() if self.so_far is None else self.so_far.lines())]
        return "\n".join(lines)

    def __repr__(self) -> str:
        left = "" if self.state == "complete" else f", {left_text(self.estimate)} left"
        if self.estimate.seconds_left is None and left:
            left = ""
        return f"<RunStatus: {self.state}, {self.pieces_done:,} of {self.num_pieces:,} pieces{left}>"

    def _repr_html_(self) -> str:
        return card(str(self))


def rate_text(rate: float) -> str:
    """Formats a rate of pieces."""
    return f"{rate:.3g} pieces a second" if rate >= 1 else f"a piece every {human_seconds(1 / rate)}"


def left_text(left: Estimate) -> str:
    """Formats the time left with its uncertainty."""
    if left.seconds_left is None:
        return "not known yet"
    return f"{human_seconds(left.seconds_left)} ± {human_seconds(left.uncertainty)}"


def status_of(folder: RunFolder) -> RunStatus:
    """Reads the status of a run.

    Raises:
        RunDamagedError: The ledger or a plan is damaged.
    """
    # Stage 1: read the ledger, all in one state of it, then the heartbeat.
    manifest = folder.manifest
    layout = manifest.layout
    with Ledger(folder.ledger_path, manifest) as ledger:
        num_groups = ledger.groups_wanted()
        nodes = [node for node in ledger.nodes() if node.group < num_groups]
        points, sessions, workers = (ledger.records(kind) for kind in (POINT, SESSION, WORKER))
        done = sum(len(entry) for entry in done_ranges(nodes, layout))
        so_far = folder.assembly().so_far(_partial_values(folder, ledger, nodes))
    heartbeat = read_heartbeat(folder.path)
    # Stage 2: how much is done, whether a coordinator is at work, and how long the rest will take.
    num_pieces = layout.first_piece_of(num_groups)
    complete = done == num_pieces
    fraction, seconds_left = _fraction_done(nodes, num_groups, manifest)
    ordered = tuple(points[key] for key in sorted(points))
    last = [(point["at"], point["done"]) for point in ordered if point["session"] == ordered[-1]["session"]]
    running = not complete and heartbeat.get("state") == RUNNING and is_awake(folder.path, heartbeat)
    left = estimate(last, num_pieces - done)
    if left.seconds_left is None:
        left = Estimate(rate=left.rate, seconds_left=seconds_left, uncertainty=0.5 * seconds_left)
    return RunStatus(
        path=str(folder.path),
        state="complete" if complete else "running" if running else "stopped" if ordered else "waiting",
        pieces_done=done,
        num_pieces=num_pieces,
        fraction=fraction,
        estimate=left,
        seconds_worked=sum(session["last"] - session["started"] for session in sessions.values()),
        workers=ordered[-1]["workers"] if running and ordered else 0,
        so_far=so_far,
        ledger_bytes=folder.ledger_path.stat().st_size,
        peak_bytes=max(folder.plan(number).cost.peak_bytes for number in range(len(manifest.plans))),
        coordinator=heartbeat,
        sessions=tuple(sessions[key] for key in sorted(sessions)),
        points=ordered,
        workers_seen=workers,
    )


def is_awake(path: Path, heartbeat: Mapping[str, Any]) -> bool:
    """Whether the coordinator that wrote this heartbeat seems to live."""
    if heartbeat.get("machine") == this_machine():
        return isinstance(heartbeat.get("pid"), int) and psutil.pid_exists(heartbeat["pid"])
    try:
        return time.time() - (path / HEARTBEAT).stat().st_mtime < ASLEEP_SECONDS
    except OSError:
        return False


def _fraction_done(nodes: Sequence[Node], groups: int, manifest: Manifest) -> tuple[float, float]:
    """The part, by time, of the work of the first groups that nodes cover, and the seconds left with one thread."""
    layout = manifest.layout
    unit = max(plan.seconds_per_slice for plan in manifest.plans) or 1.0
    weights = [plan.seconds_per_slice / unit for plan in manifest.plans]
    total, first = 0.0, 0
    for plan, weight in zip(manifest.plans, weights, strict=True):
        count = min(max(groups - first, 0), plan.layout.num_groups)
        total += weight * plan.num_slices * min(count * plan.contractions_per_piece, plan.num_contractions)
        first += plan.layout.num_groups
    done = sum(
        weights[layout.plan_of(node.group)] * _slices_of(node, layout) * len(layout.contractions_of(node.group))
        for node in nodes
    )
    return done / total, unit * (total - done)


def _slices_of(node: Node, layout: Layout) -> int:
    """Slices that a node covers, of each of its contractions."""
    plan = layout.plans[layout.plan_of(node.group)]
    parts = node.parts(plan.parts_per_group)
    return min(parts.stop * plan.slices_per_piece, plan.num_slices) - parts.start * plan.slices_per_piece


def _partial_values(folder: RunFolder, ledger: Ledger, nodes: Sequence[Node]) -> PartialValues:
    """The finished values; if all contractions are one unfinished group, the sums over the slices done."""
    layout, exponents = folder.manifest.layout, folder.exponents()

    def read_finished() -> Iterator[tuple[range, ComplexArray]]:
        for node, total in ledger.complete_sums():
            numbers = layout.contractions_of(node.group)
            yield numbers, total.values(exponents[numbers.start : numbers.stop])

    slices = sum(_slices_of(node, layout) for node in nodes)
    if layout.num_groups > 1 or not 0 < slices < layout.plans[0].num_slices:
        return PartialValues(finished=read_finished())
    total = functools.reduce(PartialSum.plus, (ledger.sum_of(node) for node in nodes))
    part = slices / layout.plans[0].num_slices
    return PartialValues(finished=iter(()), part=part, sums=total.values(exponents))

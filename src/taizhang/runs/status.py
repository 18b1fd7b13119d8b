"""What is known of a run, whoever works on it: read from its folder, changing nothing."""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from taizhang._lazy import lazy_module
from taizhang._units import human_bytes, human_seconds
from taizhang.runs.coordinator import done_ranges
from taizhang.runs.enough import drawn_so_far
from taizhang.runs.estimate import Estimate, estimate
from taizhang.runs.folder import RunFolder
from taizhang.runs.history import POINT, SESSION, WORKER
from taizhang.runs.ledger import Ledger
from taizhang.runs.lock import BEAT_SECONDS, RUNNING, SIGN, read_sign, this_machine
from taizhang.runs.manifest import AMPLITUDES, XEB
from taizhang.runs.partial_sum import PartialSum
from taizhang.runs.pieces import Layout
from taizhang.runs.sum_tree import Node
from taizhang.runs.xeb_so_far import XebSoFar, xeb_so_far

notebook: Any = lazy_module("taizhang.plots.notebook")

ASLEEP_SECONDS = 10 * BEAT_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RunStatus:
    """Where a run stands.

    Attributes:
        path: Its folder.
        state: `complete`, `running`, `stopped`, or `waiting` for its first session.
        pieces_done: Pieces that are committed.
        num_pieces: All pieces.
        fraction: Part of the slices that is done.
        estimate: Rate and time left, as of the last session; as predicted where there was none.
        seconds_worked: Time that sessions have taken.
        workers: Workers in the last point of the history; 0 unless it is running.
        partial: Sum over the slices done, of a single amplitude; its value where the run is complete.
        xeb: Linear cross entropy as far as it is known, where the run is for that.
        drawn: Samples drawn from batches without a gap, where the run is for samples.
        shots: Samples asked for.
        ledger_bytes: Size of the ledger.
        peak_bytes: Memory that one piece needs at its peak, as planned.
        coordinator: Who coordinates it, or did last.
        sessions: What is recorded of each session, in order.
        points: What is recorded of the progress, in order.
        workers_seen: What is recorded of each worker, by name.
    """

    path: str
    state: str
    pieces_done: int
    num_pieces: int
    fraction: float
    estimate: Estimate
    seconds_worked: float
    workers: int
    partial: complex | None
    xeb: XebSoFar | None
    drawn: int | None
    shots: int | None
    ledger_bytes: int
    peak_bytes: int
    coordinator: dict[str, Any]
    sessions: tuple[dict[str, Any], ...]
    points: tuple[dict[str, Any], ...]
    workers_seen: dict[str, dict[str, Any]]

    @property
    def standard_error(self) -> float | None:
        """What a partial sum is expected to be off by, for a chaotic circuit, as a modulus.

        The slices of such a circuit are like independent complex numbers of one size. So the sum over a part f of them
        has fidelity f with the amplitude, and the rest has the expected square of the partial sum times (1 - f) / f.
        """
        if self.partial is None or not self.fraction > 0:
            return None
        return abs(self.partial) * math.sqrt((1 - self.fraction) / self.fraction)

    def to_dict(self) -> dict[str, object]:
        """The keys of `--json`."""
        partial = None if self.partial is None else {"re": self.partial.real, "im": self.partial.imag}
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
            "partial": partial,
            "partial_standard_error": self.standard_error,
            "xeb": None if self.xeb is None else self.xeb.to_dict(),
            "samples": self.drawn,
            "shots": self.shots,
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
            told = " with one thread" if self.state == "waiting" else ""
            lines.append(f"  time left     {left_text(self.estimate)}{told}")
        lines.append(f"  worked        {human_seconds(self.seconds_worked)} in {len(self.sessions)} session(s)")
        lines.append(f"  memory        {human_bytes(self.peak_bytes)} for each piece in hand, as planned")
        lines.append(f"  ledger        {human_bytes(self.ledger_bytes)}")
        if self.partial is not None and self.state == "complete":
            lines.append(f"  amplitude     {complex_text(self.partial)}")
        elif self.partial is not None:
            lines.append(f"  partial sum   {complex_text(self.partial)} ± {self.standard_error:.1e}")
            lines.append(f"  fidelity      {self.fraction:.4f}, slices done over slices, if the circuit is chaotic")
        if self.drawn is not None:
            lines.append(
                f"  samples       {self.drawn:,} of {self.shots:,}, of the batches that are done without a gap"
            )
        if self.xeb is not None:
            lines += [f"  {line}" for line in str(self.xeb).splitlines()]
        return "\n".join(lines)

    def __repr__(self) -> str:
        left = "" if self.state == "complete" else f", {left_text(self.estimate)} left"
        if self.estimate.seconds_left is None and left:
            left = ""
        return f"<RunStatus: {self.state}, {self.pieces_done:,} of {self.num_pieces:,} pieces{left}>"

    def _repr_html_(self) -> str:
        return str(notebook.card(str(self)))


def rate_text(rate: float) -> str:
    """A rate of pieces for people."""
    return f"{rate:.3g} pieces a second" if rate >= 1 else f"a piece every {human_seconds(1 / rate)}"


def left_text(left: Estimate) -> str:
    """Time left, with its uncertainty, for people."""
    if left.seconds_left is None:
        return "not known yet"
    return f"{human_seconds(left.seconds_left)} ± {human_seconds(left.uncertainty)}"


def complex_text(value: complex) -> str:
    """An amplitude for people."""
    return f"{value.real:+.8e} {value.imag:+.8e}i, probability {abs(value) ** 2:.6e}"


def status_of(folder: RunFolder) -> RunStatus:
    """Reads where a run stands.

    Raises:
        RunDamagedError: Ledger or plan are damaged.
    """
    manifest = folder.manifest
    layout = manifest.layout
    with Ledger(folder.ledger_path, manifest) as ledger:
        wanted = ledger.groups_wanted()
        nodes = [node for node in ledger.nodes() if node.group < wanted]
        points, sessions, workers = (ledger.records(kind) for kind in (POINT, SESSION, WORKER))
        done = sum(len(entry) for entry in done_ranges(nodes, manifest))
        single = layout.num_amplitudes == 1 and manifest.elements == 1 and manifest.task["kind"] == AMPLITUDES["kind"]
        partial = _partial(folder, ledger, nodes) if single else None
        xeb = xeb_so_far(folder, ledger) if manifest.task["kind"] == XEB else None
        drawn = drawn_so_far(folder, ledger)
    sign = read_sign(folder.path)
    num_pieces = wanted * layout.parts_per_group
    complete = done == num_pieces
    all_slices = layout.num_slices * layout.amplitudes_of(wanted - 1).stop
    fraction = sum(_slices_of(node, layout) for node in nodes) / all_slices
    ordered = tuple(points[key] for key in sorted(points))
    last = [(point["at"], point["done"]) for point in ordered if point["session"] == ordered[-1]["session"]]
    running = not complete and sign.get("state") == RUNNING and is_awake(folder.path, sign)
    told = estimate(last, num_pieces - done)
    if told.seconds_left is None:
        left = manifest.seconds_per_slice * all_slices * (1 - fraction)
        told = Estimate(rate=told.rate, seconds_left=left, uncertainty=0.5 * left)
    return RunStatus(
        path=str(folder.path),
        state="complete" if complete else "running" if running else "stopped" if ordered else "waiting",
        pieces_done=done,
        num_pieces=num_pieces,
        fraction=fraction,
        estimate=told,
        seconds_worked=sum(session["last"] - session["started"] for session in sessions.values()),
        workers=ordered[-1]["workers"] if running and ordered else 0,
        partial=partial,
        xeb=xeb,
        drawn=drawn,
        shots=manifest.task.get("shots"),
        ledger_bytes=folder.ledger_path.stat().st_size,
        peak_bytes=folder.plan().cost.peak_bytes,
        coordinator=sign,
        sessions=tuple(sessions[key] for key in sorted(sessions)),
        points=ordered,
        workers_seen=workers,
    )


def is_awake(path: Path, sign: Mapping[str, Any]) -> bool:
    """Whether the coordinator that left this sign seems to live."""
    if sign.get("machine") == this_machine():
        return isinstance(sign.get("pid"), int) and psutil.pid_exists(sign["pid"])
    try:
        return time.time() - (path / SIGN).stat().st_mtime < ASLEEP_SECONDS
    except OSError:
        return False


def _slices_of(node: Node, layout: Layout) -> int:
    """Slices that a node covers, those of each amplitude counted."""
    parts = node.parts(layout.parts_per_group)
    stop = min(parts.stop * layout.slices_per_piece, layout.num_slices)
    return (stop - parts.start * layout.slices_per_piece) * len(layout.amplitudes_of(node.group))


def _partial(folder: RunFolder, ledger: Ledger, nodes: Sequence[Node]) -> complex | None:
    """Sum over what is done of a single amplitude."""
    sums = [ledger.sum_of(node) for node in nodes]
    if not sums:
        return None
    total = functools.reduce(PartialSum.plus, sums)
    return complex(total.values(folder.exponents())[0, 0])

"""The history of a run: sessions, progress over time, workers. Bounded in size; the result does not depend on it."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import taizhang
from taizhang.runs.ledger import Ledger

SESSION, POINT, WORKER = "session", "point", "worker"
FIRST_INTERVAL = 1.0
MOST_POINTS = 400
MOST_WORKERS = 2000
"""Workers beyond this number are recorded together, as `others`."""

Record = tuple[str, str, Mapping[str, object] | None]


@dataclass(slots=True)
class _Worker:
    pieces: int = 0
    seconds: float = 0.0
    first: float = 0.0
    last: float = 0.0
    lost: int = 0


@dataclass(slots=True)
class History:
    """Collects the records of a session, and returns those to commit when they are due.

    Attributes:
        session: Number of this session, from 0.
        points: Of this session: seconds since the epoch and pieces done.
    """

    session: int
    points: list[tuple[float, int]] = field(default_factory=list)
    _keys: list[str] = field(default_factory=list)
    _number: int = 0
    _interval: float = FIRST_INTERVAL
    _workers: dict[str, _Worker] = field(default_factory=dict)
    _changed: set[str] = field(default_factory=set)
    _started: float = 0.0
    _last: float = 0.0

    @classmethod
    def of(cls, ledger: Ledger) -> History:
        """Continues the history in a ledger."""
        points, workers = ledger.records(POINT), ledger.records(WORKER)
        history = cls(session=len(ledger.records(SESSION)), _keys=list(points), _started=time.time())
        history._number = 1 + max((int(key) for key in points), default=-1)
        for name, fields in workers.items():
            history._workers[name] = _Worker(**fields)
        ordered = sorted(points.values(), key=lambda point: point["at"])
        gaps = [b["at"] - a["at"] for a, b in pairwise(ordered) if a["session"] == b["session"]]
        history._interval = max(FIRST_INTERVAL, sorted(gaps)[len(gaps) // 2] if gaps else 0.0)
        return history

    def record_piece(self, name: str, seconds: float) -> None:
        """Records that a worker has done a piece."""
        worker = self._worker(name)
        worker.pieces += 1
        worker.seconds += seconds

    def record_loss(self, name: str) -> None:
        """Records that a worker was lost, or that a piece failed there."""
        self._worker(name).lost += 1

    def _worker(self, name: str) -> _Worker:
        if name not in self._workers and len(self._workers) >= MOST_WORKERS:
            name = "others"
        now = time.time()
        worker = self._workers.setdefault(name, _Worker(first=now))
        worker.last = now
        self._changed.add(name)
        return worker

    def is_due(self) -> bool:
        """Whether another point is due."""
        return time.time() - self._last >= self._interval

    def records(self, done: int, workers: int, partial: complex | None, ended: str | None = None) -> list[Record]:
        """Adds a point; returns it and all that has changed, to be committed.

        Args:
            done: Pieces done.
            workers: Workers at work.
            partial: Sum so far of a single amplitude.
            ended: How the session ended, if it did.
        """
        now = self._last = time.time()
        self.points.append((now, done))
        key = f"{self._number:09d}"
        self._number += 1
        self._keys.append(key)
        point: dict[str, object] = {"session": self.session, "at": now, "done": done, "workers": workers}
        if partial is not None:
            point |= {"re": partial.real, "im": partial.imag}
        session = {
            "started": self._started,
            "last": now,
            "done": done,
            "ended": ended,
            "host": platform.node(),
            "pid": os.getpid(),
            "version": taizhang.__version__,
        }
        records: list[Record] = [(POINT, key, point), (SESSION, f"{self.session:06d}", session)]
        for name in sorted(self._changed):
            worker = self._workers[name]
            fields = {
                "pieces": worker.pieces,
                "seconds": worker.seconds,
                "first": worker.first,
                "last": worker.last,
                "lost": worker.lost,
            }
            records.append((WORKER, name, fields))
        self._changed.clear()
        return records + self._thin_out()

    def _thin_out(self) -> list[Record]:
        """Drops every other point when there are too many, and doubles the interval between points from then on."""
        if len(self._keys) <= MOST_POINTS:
            return []
        dropped = self._keys[1:-1:2]
        dropped_keys = set(dropped)
        self._keys = [key for key in self._keys if key not in dropped_keys]
        self._interval *= 2
        if len(self.points) > MOST_POINTS:
            self.points = self.points[:1] + self.points[1:-1:2] + self.points[-1:]
        return [(POINT, key, None) for key in dropped]

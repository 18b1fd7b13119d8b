"""A worker pool of processes, on this or other machines, that share the run's folder."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from taizhang.errors import RunDamagedError, RunError
from taizhang.runs.workers.pool import Done, Lost, Outcome, Slots
from taizhang.runs.workers.shared_folder import LEFT, SharedFolder, seems_dead

DEFAULT_LEASE_SECONDS = 30.0
LOOK_SECONDS, LOOK_SECONDS_PER_WORKER = 0.5, 1e-3
"""Time between two readings of all heartbeats: at least the first, and the second for each worker."""

INBOX_SECONDS = 0.05
"""Time between two readings of the inbox."""


@dataclass(slots=True)
class _Worker:
    beat: int
    seen: float
    capacity: int
    workers: int
    holds: set[int] = field(default_factory=set)
    changed: bool = False


class FolderPool:
    """Workers that were started with `taizhang work`, by a user or by `LocalWorkers`.

    A worker has its pieces on lease: if its heartbeat stops for `lease_seconds`, they are assigned to others. If it
    comes back, the sums that it submits are as good as those of others: they have the same bits.

    Args:
        shared: The folder.
        lease_seconds: How long a worker may be silent.
    """

    def __init__(self, shared: SharedFolder, *, lease_seconds: float = DEFAULT_LEASE_SECONDS) -> None:
        self._shared = shared
        self._lease_seconds = lease_seconds
        self._workers: dict[str, _Worker] = {}
        self._silent: dict[str, int] = {}
        self._claimed: list[int] = []
        self._looked_at = 0.0
        self._inbox_read_at = 0.0
        self._new: list[Outcome] = []
        self._files: dict[int, list[Any]] = {}
        self._update_workers()

    def slots(self) -> Sequence[Slots]:
        """The slots of the workers that live."""
        if time.monotonic() - self._looked_at >= max(LOOK_SECONDS, LOOK_SECONDS_PER_WORKER * len(self._workers)):
            self._update_workers()
        return [
            Slots(name=name, free=worker.capacity - len(worker.holds), held=worker.holds)
            for name, worker in self._workers.items()
        ]

    def assign(self, slots: Slots, pieces: Sequence[int]) -> None:
        """Assigns pieces to a worker."""
        worker = self._workers[slots.name]
        worker.holds.update(pieces)
        worker.changed = True
        self._write_task(slots.name)

    def outcomes(self) -> Sequence[Outcome]:
        """The sums and errors that were submitted, and the pieces of lost workers."""
        if time.monotonic() - self._inbox_read_at >= INBOX_SECONDS:
            self._inbox_read_at = time.monotonic()
            self._read_inbox()
        outcomes, self._new = self._new, []
        return outcomes

    def mark_committed(self, pieces: Sequence[int]) -> None:
        """Removes committed pieces from the inbox and from the tasks."""
        for piece in pieces:
            for path in self._files.pop(piece, ()):
                with contextlib.suppress(OSError):
                    path.unlink()
        safe = set(pieces)
        for name, worker in self._workers.items():
            if worker.holds & safe:
                worker.holds -= safe
                worker.changed = True
                if len(worker.holds) == 0:  # else the task is written with the next pieces, or the next heartbeat
                    self._write_task(name)

    def take_claimed(self) -> Sequence[int]:
        """Pieces that workers had when they were first seen."""
        claimed, self._claimed = self._claimed, []
        return claimed

    def num_workers(self) -> int:
        """Number of pieces that are computed at once."""
        return sum(worker.workers for worker in self._workers.values())

    def close(self) -> None:
        """Does nothing: the workers go on, and the next coordinator finds them."""

    def _write_task(self, name: str) -> None:
        worker = self._workers[name]
        if worker.changed:
            worker.changed = False
            self._shared.assign_task(name, sorted(worker.holds))

    def _update_workers(self) -> None:
        """Reads all heartbeats: adds new workers and removes those that left, died or were silent for too long."""
        now = self._looked_at = time.monotonic()
        heartbeats = self._shared.workers()
        for name, heartbeat in heartbeats.items():
            try:
                self._update_worker(name, heartbeat, now)
            except (KeyError, TypeError, ValueError):
                continue  # not a worker's file
        for name, worker in list(self._workers.items()):
            heartbeat = heartbeats.get(name, {})
            if not heartbeat or seems_dead(heartbeat) or heartbeat.get("state") == LEFT:
                self._lose(name)
                self._shared.remove_worker(name)
            elif now - worker.seen > self._lease_seconds:
                self._lose(name)
                self._silent[name] = worker.beat

    def _update_worker(self, name: str, heartbeat: dict[str, Any], now: float) -> None:
        beat, capacity, workers = int(heartbeat["beat"]), int(heartbeat["capacity"]), int(heartbeat["workers"])
        known = self._workers.get(name)
        if known is not None:
            if beat != known.beat:
                known.beat, known.seen = beat, now
            self._write_task(name)
        elif self._silent.get(name) != beat and not seems_dead(heartbeat) and heartbeat.get("state") != LEFT:
            self._silent.pop(name, None)
            num_pieces = self._shared.manifest.layout.num_pieces
            holds = {piece for piece in map(int, heartbeat["holds"]) if 0 <= piece < num_pieces}
            self._workers[name] = _Worker(beat, now, max(capacity, 1), max(workers, 1), holds, True)
            self._claimed += sorted(holds)
            self._write_task(name)

    def _lose(self, name: str) -> None:
        """Removes a worker; its pieces are lost, except those that another worker has as well."""
        worker = self._workers.pop(name)
        elsewhere = {piece for other in self._workers.values() for piece in other.holds}
        self._new.append(Lost(pieces=sorted(worker.holds - elsewhere), worker=name))

    def _read_inbox(self) -> None:
        layout = self._shared.manifest.layout
        for piece, name, path in self._shared.submissions():
            if path in self._files.get(piece, ()):
                continue
            if name.endswith(".error"):
                message = self._shared.read_error(path)
                self._new.append(Lost(pieces=(piece,), worker=name[:-6], error=RunError(message)))
                path.unlink(missing_ok=True)
                self._forget(name[:-6], piece)
                continue
            try:
                read = self._shared.read_sum(piece, name, path) if piece < layout.num_pieces else None
            except RunDamagedError:
                read = None
            if read is None:  # damaged: treated as if it had not arrived
                path.unlink(missing_ok=True)
                self._new.append(Lost(pieces=(piece,), worker=name))
                self._forget(name, piece)
                continue
            self._files.setdefault(piece, []).append(path)
            self._new.append(Done(piece=piece, total=read[0], worker=name, seconds=read[1]))

    def _forget(self, name: str, piece: int) -> None:
        worker = self._workers.get(name)
        if worker is not None and piece in worker.holds:
            worker.holds.discard(piece)
            worker.changed = True
            self._write_task(name)

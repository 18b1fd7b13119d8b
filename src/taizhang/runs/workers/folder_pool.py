"""A pool of processes, on this or other machines, that share the run's folder."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from taizhang.errors import RunDamagedError, RunError
from taizhang.runs.workers.pool import Done, Lost, Outcome, Place
from taizhang.runs.workers.shared_folder import LEFT, SharedFolder, seems_dead

DEFAULT_LEASE_SECONDS = 30.0
LOOK_SECONDS, LOOK_SECONDS_PER_WORKER = 0.5, 1e-3
INBOX_SECONDS = 0.05


@dataclass(slots=True)
class _Worker:
    beat: int
    seen: float
    capacity: int
    workers: int
    holds: set[int] = field(default_factory=set)
    changed: bool = False


class FolderPool:
    """Workers that came by themselves, with `taizhang work`, or were started.

    A worker has its pieces on lease: if its count does not go up for a while, they are given to others. Should it come
    back, what it hands in is as good as what others did in the meantime: the same bits.

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
        self._looked = 0.0
        self._inbox_looked = 0.0
        self._new: list[Outcome] = []
        self._files: dict[int, list[Any]] = {}
        self._look()

    def places(self) -> Sequence[Place]:
        """The workers that live."""
        if time.monotonic() - self._looked >= max(LOOK_SECONDS, LOOK_SECONDS_PER_WORKER * len(self._workers)):
            self._look()
        return [
            Place(name=name, free=worker.capacity - len(worker.holds), held=worker.holds)
            for name, worker in self._workers.items()
        ]

    def give(self, place: Place, pieces: Sequence[int]) -> None:
        """Gives pieces to a worker."""
        worker = self._workers[place.name]
        worker.holds.update(pieces)
        worker.changed = True
        self._tell(place.name)

    def outcomes(self) -> Sequence[Outcome]:
        """What was handed in, and which workers were lost."""
        if time.monotonic() - self._inbox_looked >= INBOX_SECONDS:
            self._inbox_looked = time.monotonic()
            self._empty_inbox()
        found, self._new = self._new, []
        return found

    def committed(self, pieces: Sequence[int]) -> None:
        """Removes what is safe from the inbox and from the tasks."""
        for piece in pieces:
            for path in self._files.pop(piece, ()):
                with contextlib.suppress(OSError):
                    path.unlink()
        gone = set(pieces)
        for name, worker in self._workers.items():
            if worker.holds & gone:
                worker.holds -= gone
                worker.changed = True
                if len(worker.holds) == 0:
                    self._tell(name)

    def claimed(self) -> Sequence[int]:
        """Pieces that workers had in hand when they were first seen."""
        found, self._claimed = self._claimed, []
        return found

    def num_workers(self) -> int:
        """Pieces that are computed at once."""
        return sum(worker.workers for worker in self._workers.values())

    def close(self) -> None:
        """Leaves the workers to themselves: the next coordinator finds them."""

    def _tell(self, name: str) -> None:
        worker = self._workers[name]
        if worker.changed:
            worker.changed = False
            self._shared.give_task(name, sorted(worker.holds))

    def _look(self) -> None:
        """Sees who came, who lives and who is gone."""
        now = self._looked = time.monotonic()
        told_by = self._shared.workers()
        for name, told in told_by.items():
            try:
                self._hear(name, told, now)
            except (KeyError, TypeError, ValueError):
                continue  # not a worker's file
        for name, worker in list(self._workers.items()):
            told = told_by.get(name, {})
            if not told or seems_dead(told) or told.get("state") == LEFT:
                self._lose(name)
                self._shared.say_goodbye(name)
            elif now - worker.seen > self._lease_seconds:
                self._lose(name)
                self._silent[name] = worker.beat

    def _hear(self, name: str, told: dict[str, Any], now: float) -> None:
        beat, capacity, workers = int(told["beat"]), int(told["capacity"]), int(told["workers"])
        known = self._workers.get(name)
        if known is not None:
            if beat != known.beat:
                known.beat, known.seen = beat, now
            self._tell(name)
        elif self._silent.get(name) != beat and not seems_dead(told) and told.get("state") != LEFT:
            self._silent.pop(name, None)
            last = self._shared.manifest.layout.num_pieces
            holds = {piece for piece in map(int, told["holds"]) if 0 <= piece < last}
            self._workers[name] = _Worker(beat, now, max(capacity, 1), max(workers, 1), holds, True)
            self._claimed += sorted(holds)
            self._tell(name)

    def _lose(self, name: str) -> None:
        worker = self._workers.pop(name)
        elsewhere = {piece for other in self._workers.values() for piece in other.holds}
        self._new.append(Lost(pieces=sorted(worker.holds - elsewhere), worker=name))

    def _empty_inbox(self) -> None:
        layout = self._shared.manifest.layout
        for piece, name, path in self._shared.handed_in():
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
            if read is None:  # damaged on the way: as if it had never come
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
            self._tell(name)

"""The protocol between a coordinator and workers that share a run's folder: small files, written atomically.

    workers/NAME.json   by the worker: its heartbeat, a counter, with its host and the pieces assigned to it
    workers/NAME.task   by the coordinator: all pieces assigned to the worker, not only new ones
    inbox/PIECE.NAME    by the worker: the sum of a piece, with a checksum over the run's identity, piece and worker
    inbox/PIECE.NAME.error   by the worker: why the piece failed

A task is a state, not a change, so nothing is lost when either side restarts. Clocks are not compared: the coordinator
times the counter of a worker with its own clock. Nothing here needs locks, shared memory or network connections; a
network file system is sufficient.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from taizhang._system import process_exists
from taizhang.runs.folder import INBOX, WORKERS
from taizhang.runs.lock import read_json, this_machine
from taizhang.runs.manifest import Manifest
from taizhang.runs.partial_sum import PartialSum, checksum
from taizhang.runs.storage import write_whole, writing

BEAT_SECONDS = 1.0
"""Time between two heartbeats of a worker."""

WORKING, LEFT = "working", "left"
_HEAD = struct.Struct("<32sd")


@dataclass(frozen=True, slots=True)
class SharedFolder:
    """The files through which coordinator and workers communicate.

    Attributes:
        path: The run's folder.
        manifest: The run.
    """

    path: Path
    manifest: Manifest

    # Written by workers

    def write_heartbeat(
        self, name: str, *, beat: int, capacity: int, workers: int, holds: Sequence[int], state: str = WORKING
    ) -> None:
        """Writes the heartbeat of a worker, with the pieces assigned to it.

        Raises:
            RunStorageError: The folder cannot be written.
        """
        fields = {
            "beat": beat,
            "state": state,
            "host": platform.node(),
            "machine": this_machine(),
            "pid": os.getpid(),
            "capacity": capacity,
            "workers": workers,
            "holds": list(holds),
        }
        self._write(self.path / WORKERS / f"{name}.json", json.dumps(fields).encode())

    def submit_sum(self, name: str, piece: int, total: PartialSum, seconds: float) -> None:
        """Submits the sum of a piece."""
        content = total.to_bytes()
        head = _HEAD.pack(checksum(self.manifest.identity, "inbox", piece, name, content=content), seconds)
        self._write(self.path / INBOX / f"{piece}.{name}", head + content)

    def submit_error(self, name: str, piece: int, message: str) -> None:
        """Submits the reason why a piece failed."""
        content = json.dumps({"identity": self.manifest.identity, "message": message})
        self._write(self.path / INBOX / f"{piece}.{name}.error", content.encode())

    def task_of(self, name: str) -> dict[str, Any]:
        """The task of a worker, with the key `pieces`; empty where there is none."""
        return read_json(self.path / WORKERS / f"{name}.task")

    def remove_worker(self, name: str) -> None:
        """Removes the files of a worker that leaves."""
        for ending in ("json", "task"):
            with contextlib.suppress(OSError):
                (self.path / WORKERS / f"{name}.{ending}").unlink()

    # Written and read by the coordinator

    def workers(self) -> dict[str, dict[str, Any]]:
        """The last heartbeat of each worker, by name."""
        heartbeats = {}
        for path in self._list_files(WORKERS, ".json"):
            heartbeat = read_json(path)
            if heartbeat:
                heartbeats[path.name[: -len(".json")]] = heartbeat
        return heartbeats

    def assign_task(self, name: str, pieces: Sequence[int]) -> None:
        """Writes the task of a worker: all pieces assigned to it."""
        self._write(self.path / WORKERS / f"{name}.task", json.dumps({"pieces": list(pieces)}).encode())

    def submissions(self) -> list[tuple[int, str, Path]]:
        """Piece, worker and path of each file in the inbox; for errors the worker's name ends in `.error`."""
        submissions = []
        for path in self._list_files(INBOX, ""):
            number, dot, name = path.name.partition(".")
            if dot and number.isdigit():
                submissions.append((int(number), name, path))
        return submissions

    def read_sum(self, piece: int, name: str, path: Path) -> tuple[PartialSum, float] | None:
        """The sum in a file of the inbox and the seconds it took; None if it fails its checksum."""
        with contextlib.suppress(OSError):
            raw = path.read_bytes()
            if len(raw) < _HEAD.size:
                return None
            recorded, seconds = _HEAD.unpack_from(raw)
            content = raw[_HEAD.size :]
            if checksum(self.manifest.identity, "inbox", piece, name, content=content) == recorded:
                shape = self.manifest.shape_of(self.manifest.layout.piece(piece).group)
                return PartialSum.from_bytes(content, shape=shape), max(float(seconds), 0.0)
        return None

    def read_error(self, path: Path) -> str:
        """The message in an error file."""
        fields = read_json(path)
        return str(fields.get("message", "")) if fields.get("identity") == self.manifest.identity else ""

    def _list_files(self, folder: str, ending: str) -> list[Path]:
        try:
            entries = list(os.scandir(self.path / folder))
        except OSError:
            return []
        return [Path(entry.path) for entry in entries if entry.name[0] != "." and entry.name.endswith(ending)]

    def _write(self, path: Path, content: bytes) -> None:
        with writing(self.path):
            path.parent.mkdir(exist_ok=True)
            write_whole(path, content, durable=False)


def seems_dead(heartbeat: Mapping[str, Any]) -> bool:
    """Whether a worker on this machine is known to be gone, before its lease ends."""
    pid = heartbeat.get("pid")
    if heartbeat.get("machine") != this_machine() or not isinstance(pid, int):
        return False
    if not process_exists(pid):
        return True
    with contextlib.suppress(OSError, IndexError):
        # A zombie: the process has ended, and its parent has not read its status.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    return False

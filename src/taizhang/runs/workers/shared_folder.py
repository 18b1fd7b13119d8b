"""How a coordinator and workers that share a run's folder talk: by small files, each written in one move.

    workers/NAME.json   the worker: who it is, a count that goes up while it lives, the pieces it holds
    workers/NAME.task   the coordinator: the pieces that the worker is to do, all of them, not only new ones
    inbox/PIECE.NAME    the worker: the sum of a piece, with a checksum over the run's identity, the piece and its name
    inbox/PIECE.NAME.error   the worker: why it could not be done

A task says what is wanted, not what has changed, so nothing is lost when either side begins anew. No clocks are
compared: the coordinator looks whether the count of a worker went up on its own clock. Nothing here needs locks, shared
memory or a network of its own; a network file system will do.
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

from taizhang.runs.folder import INBOX, WORKERS
from taizhang.runs.lock import read_json, this_machine
from taizhang.runs.manifest import Manifest
from taizhang.runs.partial_sum import PartialSum, checksum
from taizhang.runs.storage import write_whole, writing

BEAT_SECONDS = 1.0
WORKING, LEFT = "working", "left"
_HEAD = struct.Struct("<32sd")


@dataclass(frozen=True, slots=True)
class SharedFolder:
    """The files by which coordinator and workers talk.

    Attributes:
        path: The run's folder.
        manifest: The run.
    """

    path: Path
    manifest: Manifest

    # Said by workers

    def say_hello(
        self, name: str, *, beat: int, capacity: int, workers: int, holds: Sequence[int], state: str = WORKING
    ) -> None:
        """A worker shows that it lives, and what it has in hand.

        Raises:
            RunStorageError: The folder cannot be written.
        """
        told = {
            "beat": beat,
            "state": state,
            "host": platform.node(),
            "machine": this_machine(),
            "pid": os.getpid(),
            "capacity": capacity,
            "workers": workers,
            "holds": list(holds),
        }
        self._write(self.path / WORKERS / f"{name}.json", json.dumps(told).encode())

    def hand_in(self, name: str, piece: int, total: PartialSum, seconds: float) -> None:
        """A worker hands in the sum of a piece."""
        content = total.to_bytes()
        head = _HEAD.pack(checksum(self.manifest.identity, "inbox", piece, name, content=content), seconds)
        self._write(self.path / INBOX / f"{piece}.{name}", head + content)

    def hand_in_error(self, name: str, piece: int, message: str) -> None:
        """A worker tells why a piece could not be done."""
        content = json.dumps({"identity": self.manifest.identity, "message": message})
        self._write(self.path / INBOX / f"{piece}.{name}.error", content.encode())

    def task_of(self, name: str) -> dict[str, Any]:
        """What a worker is to do: `pieces`; empty where there is no task."""
        return read_json(self.path / WORKERS / f"{name}.task")

    def say_goodbye(self, name: str) -> None:
        """A worker leaves; its files go."""
        for ending in ("json", "task"):
            with contextlib.suppress(OSError):
                (self.path / WORKERS / f"{name}.{ending}").unlink()

    # Said by the coordinator

    def workers(self) -> dict[str, dict[str, Any]]:
        """What all workers last said, by name."""
        found = {}
        for path in self._listed(WORKERS, ".json"):
            told = read_json(path)
            if told:
                found[path.name[: -len(".json")]] = told
        return found

    def give_task(self, name: str, pieces: Sequence[int]) -> None:
        """Tells a worker all that it is to do."""
        self._write(self.path / WORKERS / f"{name}.task", json.dumps({"pieces": list(pieces)}).encode())

    def handed_in(self) -> list[tuple[int, str, Path]]:
        """Piece, worker and file of everything in the inbox, errors with the ending of their names."""
        found = []
        for path in self._listed(INBOX, ""):
            number, dot, name = path.name.partition(".")
            if dot and number.isdigit():
                found.append((int(number), name, path))
        return found

    def read_sum(self, piece: int, name: str, path: Path) -> tuple[PartialSum, float] | None:
        """The sum in a file of the inbox and the seconds it took; None if it is not what the worker wrote."""
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
        told = read_json(path)
        return str(told.get("message", "")) if told.get("identity") == self.manifest.identity else ""

    def _listed(self, folder: str, ending: str) -> list[Path]:
        try:
            entries = list(os.scandir(self.path / folder))
        except OSError:
            return []
        return [Path(entry.path) for entry in entries if entry.name[0] != "." and entry.name.endswith(ending)]

    def _write(self, path: Path, content: bytes) -> None:
        with writing(self.path):
            path.parent.mkdir(exist_ok=True)
            write_whole(path, content, durable=False)


def seems_dead(told: Mapping[str, Any]) -> bool:
    """Whether a worker of this machine is known to be gone, without waiting for its lease to end."""
    pid = told.get("pid")
    if told.get("machine") != this_machine() or not isinstance(pid, int):
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    with contextlib.suppress(OSError, IndexError):
        # A process that has ended and was not yet asked for its status.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    return False

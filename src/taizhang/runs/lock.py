"""One coordinator for each run.

The lock is a lock of the operating system on `coordinator.lock`, which ends with its process, however that ends. Since
some network file systems do not share such locks, there is a heartbeat as well: a counter in `coordinator.json`. A
coordinator on another machine that sees the counter advance does not start; one that sees another owner's name stops.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from taizhang._system import try_lock
from taizhang.errors import RunBusyError, RunStorageError
from taizhang.runs.storage import storage_error, write_whole, writing

LOCK, HEARTBEAT = "coordinator.lock", "coordinator.json"
BEAT_SECONDS = 2.0
"""Time between two heartbeats."""

ATTEMPTS = 5
"""Attempts to take the lock: `is_unlocked` in other processes holds it for a moment now and then."""

RUNNING, STOPPED, COMPLETE, FAILED = "running", "stopped", "complete", "failed"


def this_machine() -> str:
    """A name for this machine as processes see it: two processes with the same name can see each other."""
    parts = [platform.node()]
    with contextlib.suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip())
    with contextlib.suppress(OSError):
        parts.append(os.readlink("/proc/self/ns/pid"))
    return " ".join(parts)


def read_heartbeat(folder: Path) -> dict[str, Any]:
    """The last heartbeat of a coordinator; empty if there was none or it cannot be read."""
    return read_json(folder / HEARTBEAT)


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in a file; empty if there is none."""
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def is_unlocked(folder: Path) -> bool:
    """Whether the operating system's lock is free, as far as it shows; True where there are no locks."""
    try:
        file = os.open(folder / LOCK, os.O_RDWR)
    except OSError:
        return False
    try:
        try_lock(file)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return True
    finally:
        os.close(file)
    return True


class CoordinatorLock:
    """Holds a run for this process; a context manager.

    Args:
        folder: The run's folder.

    Raises:
        RunBusyError: Another process coordinates the run.
        RunStorageError: The folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.name = secrets.token_hex(8)
        self._beats = 0
        self._last = 0.0
        try:
            self._file = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise storage_error(folder, error) from error
        try:
            self._acquire()
            self.beat(RUNNING, now=True)
        except BaseException:
            os.close(self._file)
            raise

    def _acquire(self) -> None:
        for attempt in range(ATTEMPTS):
            try:
                try_lock(self._file)
                break
            except (BlockingIOError, PermissionError):
                if attempt == ATTEMPTS - 1:
                    raise self._busy(read_heartbeat(self._folder)) from None
                time.sleep(0.02)
            except OSError:
                break  # this file system has no locks; the heartbeat remains
        heartbeat = read_heartbeat(self._folder)
        if heartbeat.get("state") == RUNNING and heartbeat.get("machine") != this_machine():
            # Long enough for a coordinator that lives to beat twice, with some delay of the file system.
            time.sleep(2.5 * BEAT_SECONDS)
            again = read_heartbeat(self._folder)
            if (again.get("name"), again.get("beat")) != (heartbeat.get("name"), heartbeat.get("beat")):
                raise self._busy(again)

    def _busy(self, heartbeat: Mapping[str, Any]) -> RunBusyError:
        who = f"process {heartbeat.get('pid')} on {heartbeat.get('host')}" if heartbeat else "another process"
        return RunBusyError(
            f"the run '{self._folder}' is being coordinated by {who}; stop that process, or help it with "
            f"'taizhang work {self._folder}'"
        )

    def beat(self, state: str, *, now: bool = False, message: str = "") -> None:
        """Writes a heartbeat if the last one is `BEAT_SECONDS` old.

        Args:
            state: `RUNNING`, `STOPPED`, `COMPLETE` or `FAILED`.
            now: Write it even if it is not due.
            message: Why the run failed.

        Raises:
            RunBusyError: Another process has taken the run.
            RunStorageError: The folder cannot be written.
        """
        if not now and time.monotonic() - self._last < BEAT_SECONDS:
            return
        heartbeat = read_heartbeat(self._folder) if self._beats else {}
        if heartbeat and heartbeat.get("name") != self.name:
            raise self._busy(heartbeat)
        self._beats += 1
        self._last = time.monotonic()
        fields = {
            "name": self.name,
            "host": platform.node(),
            "machine": this_machine(),
            "pid": os.getpid(),
            "beat": self._beats,
            "state": state,
            "message": message,
        }
        with writing(self._folder):
            write_whole(self._folder / HEARTBEAT, json.dumps(fields).encode(), durable=False)

    def release(self, state: str, message: str = "") -> None:
        """Records how the session ended, and releases the lock."""
        with contextlib.suppress(RunBusyError, RunStorageError):
            self.beat(state, now=True, message=message)
        os.close(self._file)

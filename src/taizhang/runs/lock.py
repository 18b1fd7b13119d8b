"""One coordinator for each run.

The lock is a lock of the operating system on `coordinator.lock`, which ends with its process, however that ends. Since
network file systems do not all pass such locks on, there is a second sign: `coordinator.json`, in which the coordinator
counts. Who finds it counting, on another machine, does not begin; who finds another one's name in it stops.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import platform
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from taizhang.errors import RunBusyError, RunStorageError
from taizhang.runs.storage import storage_error, write_whole, writing

LOCK, SIGN = "coordinator.lock", "coordinator.json"
BEAT_SECONDS = 2.0
ATTEMPTS = 5
RUNNING, STOPPED, COMPLETE, FAILED = "running", "stopped", "complete", "failed"


def this_machine() -> str:
    """A name for this machine as processes see it: two processes of the same name can see each other."""
    parts = [platform.node()]
    with contextlib.suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip())
    with contextlib.suppress(OSError):
        parts.append(os.readlink("/proc/self/ns/pid"))
    return " ".join(parts)


def read_sign(folder: Path) -> dict[str, Any]:
    """What the coordinator, if there ever was one, last said; empty if nothing can be read."""
    return read_json(folder / SIGN)


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in a file; empty if there is none."""
    try:
        told = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def is_unlocked(folder: Path) -> bool:
    """Whether the operating system's lock could be had now, as far as it tells."""
    try:
        file = os.open(folder / LOCK, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
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
        for attempt in range(ATTEMPTS):  # others look now and then whether it is free, for a moment
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except (BlockingIOError, PermissionError):
                if attempt == ATTEMPTS - 1:
                    raise self._busy(read_sign(self._folder)) from None
                time.sleep(0.02)
            except OSError:
                break  # this file system has no locks; the sign has to do
        sign = read_sign(self._folder)
        if sign.get("state") == RUNNING and sign.get("machine") != this_machine():
            time.sleep(2.5 * BEAT_SECONDS)
            again = read_sign(self._folder)
            if (again.get("name"), again.get("beat")) != (sign.get("name"), sign.get("beat")):
                raise self._busy(again)

    def _busy(self, sign: Mapping[str, Any]) -> RunBusyError:
        who = f"process {sign.get('pid')} on {sign.get('host')}" if sign else "another process"
        return RunBusyError(
            f"the run '{self._folder}' is being coordinated by {who}; stop that one, or help it with "
            f"'taizhang work {self._folder}'"
        )

    def beat(self, state: str, *, now: bool = False, message: str = "") -> None:
        """Counts on, once in a while.

        Args:
            state: What is said to others.
            now: Do so at once.
            message: What went wrong.

        Raises:
            RunBusyError: Another process has taken the run.
            RunStorageError: The folder cannot be written.
        """
        if not now and time.monotonic() - self._last < BEAT_SECONDS:
            return
        sign = read_sign(self._folder) if self._beats else {}
        if sign and sign.get("name") != self.name:
            raise self._busy(sign)
        self._beats += 1
        self._last = time.monotonic()
        told = {
            "name": self.name,
            "host": platform.node(),
            "machine": this_machine(),
            "pid": os.getpid(),
            "beat": self._beats,
            "state": state,
            "message": message,
        }
        with writing(self._folder):
            write_whole(self._folder / SIGN, json.dumps(told).encode(), durable=False)

    def release(self, state: str, message: str = "") -> None:
        """Says how it ended, and lets the run go."""
        with contextlib.suppress(RunBusyError, RunStorageError):
            self.beat(state, now=True, message=message)
        os.close(self._file)

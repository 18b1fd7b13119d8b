"""Disks that are full, or cannot be written."""

from __future__ import annotations

import contextlib
import subprocess
from pathlib import Path
from typing import Any

from benchmarks.long_runs.cases import MEMORY, Row, hard, is_same, make_run, scratch, undisturbed
from taizhang.errors import TaizhangError
from taizhang.runs.folder import RunFolder
from taizhang.runs.report.status import status_of
from taizhang.runs.run import Workforce, continue_run


def disk(quick: bool) -> list[Row]:
    """A full disk, and a read-only one; needs the right to mount."""
    case = hard()
    bits = undisturbed(case)
    rows = []
    with scratch() as path:
        mount = path / "small"
        mount.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(mount)], check=True)
        try:
            folder = make_run(case, mount / "run", 16)
            with (mount / "filler").open("wb", buffering=0) as filler, contextlib.suppress(OSError):
                while filler.write(b"\0" * 4096):
                    pass
            rows.append(("disk full", refusal(folder), "a clear sentence"))
            subprocess.run(["mount", "-o", "remount,ro", str(mount)], check=True)
            rows.append(("read-only folder", refusal(folder), "a clear sentence"))
            rows.append(("status of a read-only folder", str(status_of(folder)).splitlines()[0], "works"))
            subprocess.run(["mount", "-o", "remount,rw", str(mount)], check=True)
            (mount / "filler").unlink()
            rows.append(
                ("disk that becomes full on the way", refusal(folder, Filler(mount / "filler")), "a clear sentence")
            )
            rows.append(("what is safe then", str(status_of(folder)).splitlines()[0].split(": ")[1], "some pieces"))
            (mount / "filler").unlink()
            continue_run(folder, Workforce(threads=1, memory_bytes=MEMORY))
            rows.append(("resumed when there is space again", is_same(folder, bits), "same bits"))
        finally:
            subprocess.run(["umount", str(mount)], check=True)
    return rows


class Filler:
    """A listener that fills the disk when some pieces are done."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def running(self, progress: Any) -> None:
        """Fills the disk."""
        if progress.done and not self._path.exists():
            with self._path.open("wb", buffering=0) as filler, contextlib.suppress(OSError):
                while filler.write(b"\0" * 4096):
                    pass


def refusal(folder: RunFolder, observer: Any = None) -> str:
    """The message with which resuming a run is refused."""
    try:
        continue_run(folder, Workforce(threads=1, memory_bytes=MEMORY), observer=observer)
    except TaizhangError as error:
        return str(error).replace(str(folder.path), "RUN")
    return "NOT REFUSED"

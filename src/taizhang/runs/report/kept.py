"""Keeps the report of a run up to date while the run goes on.

A run has a report in its folder after `taizhang report RUN`. From then on the coordinator writes it again, at most
every 15 seconds and using at most a fiftieth of the time; the page in the browser reloads itself.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time

from taizhang.errors import TaizhangError
from taizhang.observer import Observer, RunProgress, Silent
from taizhang.runs.folder import RunFolder
from taizhang.runs.report.report import REPORT, report_of
from taizhang.runs.storage import write_whole

WRITE_SECONDS = 15.0
LEAST_RATIO = 50
"""The time between two reports is at least this many times the time that a report takes."""


class KeptReport(Silent):
    """A listener that writes the report. A context manager: on exit the report shows how the run ended.

    Args:
        folder: The run.
        observer: Receives progress updates as well.
    """

    def __init__(self, folder: RunFolder, observer: Observer | None = None) -> None:
        self._folder = folder
        self._observer = observer
        self._next = 0.0

    def __enter__(self) -> KeptReport:
        return self

    def __exit__(self, *_: object) -> None:
        self._write()

    def running(self, progress: RunProgress) -> None:
        """Passes the progress on; writes the report again if it is due."""
        if self._observer is not None:
            self._observer.running(progress)
        if time.monotonic() >= self._next:
            self._write()

    def _write(self) -> None:
        """Writes the report if there is one. An error in it must not stop the run."""
        started = time.monotonic()
        path = self._folder.path / REPORT
        with contextlib.suppress(OSError, TaizhangError, sqlite3.Error):
            if path.is_file():
                write_whole(path, report_of(self._folder).encode(), durable=False)
        ended = time.monotonic()
        self._next = ended + max(WRITE_SECONDS, LEAST_RATIO * (ended - started))

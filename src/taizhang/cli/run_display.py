"""Progress of a long run: a live line on a terminal, a plain line every minute elsewhere."""

from __future__ import annotations

import time
from types import TracebackType

from taizhang.cli.display import live
from taizhang.cli.notes import note
from taizhang.observer import RunProgress, Silent
from taizhang.runs.report.status import left_text, rate_text

# Without a terminal: when the first line is written, and the seconds between lines.
FIRST_LINE_SECONDS, LINE_SECONDS = 5.0, 60.0


class RunDisplay(Silent):
    """Watches a run on standard error; a context manager."""

    def __init__(self) -> None:
        self._line = live("LiveLine")
        self._next_line = time.monotonic() + FIRST_LINE_SECONDS

    def __enter__(self) -> RunDisplay:
        if self._line is not None:
            self._line.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._line is not None:
            self._line.__exit__(kind, error, traceback)

    def running(self, progress: RunProgress) -> None:
        """Shows the progress of the run."""
        remarks = [f"{progress.done:,} of {progress.total:,} pieces"]
        if progress.estimate.rate > 0:
            remarks += [f"{left_text(progress.estimate)} left", rate_text(progress.estimate.rate)]
        remarks.append(f"{progress.workers} worker{'' if progress.workers == 1 else 's'}")
        if progress.partial is not None:
            remarks.append(f"partial sum {progress.partial.real:+.4e} {progress.partial.imag:+.4e}i")
        if self._line is not None:
            self._line.show(progress.done, progress.total, remarks)
        elif time.monotonic() >= self._next_line:
            self._next_line = time.monotonic() + LINE_SECONDS
            note(f"{time.strftime('%Y-%m-%d %H:%M:%S')}  {', '.join(remarks)}")

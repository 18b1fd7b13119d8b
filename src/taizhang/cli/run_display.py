"""Progress of a long run: a live line on a terminal, plain lines once in a while elsewhere."""

from __future__ import annotations

import time
from types import TracebackType

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

from taizhang.runs import coordinator
from taizhang.runs.status import left_text, rate_text

FIRST_LINE_SECONDS, LINE_SECONDS = 5.0, 60.0


class RunDisplay:
    """Watches a run on standard error; a context manager."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._terminal = console.is_terminal
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[told]}"),
            console=console,
            transient=True,
            disable=not self._terminal,
            refresh_per_second=8,
        )
        self._task = self._progress.add_task("Run", total=None, told="")
        self._next_line = time.monotonic() + FIRST_LINE_SECONDS

    def __enter__(self) -> RunDisplay:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._progress.stop()

    def progress(self, progress: coordinator.Progress) -> None:
        """Shows where the run stands."""
        told = [f"{progress.done:,} of {progress.total:,} pieces", f"{progress.workers} workers"]
        if progress.estimate.rate > 0:
            told += [rate_text(progress.estimate.rate), f"{left_text(progress.estimate)} left"]
        if progress.partial is not None:
            told.append(f"partial sum {progress.partial.real:+.4e} {progress.partial.imag:+.4e}i")
        if self._terminal:
            text = ", ".join(told)
            self._progress.update(self._task, completed=progress.done, total=progress.total, told=text)
        elif time.monotonic() >= self._next_line:
            self._next_line = time.monotonic() + LINE_SECONDS
            click.echo(f"{time.strftime('%Y-%m-%d %H:%M:%S')}  {', '.join(told)}", err=True)

"""Progress drawn on a terminal: the current stage, the best plan so far, and the time left.

It takes one line at any width: the rightmost parts are left out first, then the bar.

    ⠹ Searching ━━━━━━━━━━━━━━━━━━━━━━━━ 3.0 s, 17 s left  10^9.80 multiply-adds, width 26, 0 indices sliced
    ⠹ Searching ━━━━━━━━ 3.0 s, 17 s left  10^9.80
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from taizhang._units import human_seconds
from taizhang.plan.search import SearchProgress

if TYPE_CHECKING:
    from typing_extensions import Self

_STAGES = {
    "read": "Reading",
    "build": "Building",
    "rates": "Measuring this machine, once",
    "plan": "Searching",
    "measure": "Measuring",
    "verify": "Checking",
    "run": "Contracting",
}
_BARS = (24, 8, 0)


def bar(width: int, done: float | None) -> Text:
    """A bar of `width` columns, of which the fraction `done` is bright; all dim where it is None."""
    filled = 0 if done is None else round(width * min(max(done, 0.0), 1.0))
    return Text("━" * filled, style="red").append("━" * (width - filled), style="bright_black")


def one_line(width: int, head: str, done: float | None, remarks: Sequence[str], *, time_text: str = "") -> Text:
    """A line of at most `width` columns.

    Args:
        width: Columns of the terminal.
        head: The current stage.
        done: The fraction that is done, or None.
        remarks: Further remarks, the most important first; as many are shown as fit.
        time_text: Time passed and left.
    """
    for bar_width in _BARS:
        for count in range(len(remarks), -1, -1):
            if count == 0 and remarks and bar_width != _BARS[-1]:
                break  # a shorter bar leaves room for the first remark
            line = Text(head)
            if bar_width:
                line.append(" ").append_text(bar(bar_width, done))
            if time_text:
                line.append(" ").append(time_text, style="cyan")
            if count:
                line.append("  ").append(", ".join(remarks[:count]), style="dim")
            if line.cell_len <= width:
                return line
    line = Text(f"{head} {time_text}".rstrip())
    line.truncate(max(width, 1), overflow="ellipsis")
    return line


class _Live:
    """A line on standard error that is redrawn as it changes; a context manager."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True)
        self._spinner = Spinner("dots")
        self._live = Live(
            console=self.console, get_renderable=self._drawn, transient=True, refresh_per_second=8, auto_refresh=True
        )

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._live.stop()

    def line(self, width: int) -> Text:
        """The line as it is now, in at most `width` columns."""
        raise NotImplementedError

    def _drawn(self) -> Text:
        spun = self._spinner.render(self.console.get_time())
        head = spun if isinstance(spun, Text) else Text("")
        # The last column stays free: some terminals begin a new line once it is written.
        line = Text(no_wrap=True, overflow="crop", end="")
        return line.append_text(head).append(" ").append_text(self.line(self.console.width - head.cell_len - 2))


class LiveDisplay(_Live):
    """An observer that draws."""

    def __init__(self, console: Console | None = None) -> None:
        self._head = self._extra = ""
        self._remarks: list[str] = []
        self._left: float | None = None
        self._done: float | None = None
        self._predicted: float | None = None
        self._started = self._run_started = time.monotonic()
        super().__init__(console)

    def line(self, width: int) -> Text:
        """The line as it is now: the stage, a bar, the time passed and left, and remarks."""
        times = human_seconds(time.monotonic() - self._started)
        if self._left is not None:
            times += f", {human_seconds(self._left)} left" if self._left > 0 else ", longer than predicted"
        remarks = [self._extra, *self._remarks] if self._extra else self._remarks
        return one_line(width, self._head, self._done, remarks, time_text=times)

    def say(self, text: str) -> None:
        """Writes a line above the progress, to standard error."""
        self.console.print(text, highlight=False, markup=False, soft_wrap=True)

    def remark(self, text: str) -> None:
        """Shows a remark beside the progress, before all others."""
        self._extra = text

    def stage(self, name: str) -> None:
        """Starts a line for the stage `name`."""
        self._head, self._remarks, self._extra = _STAGES.get(name, name), [], ""
        self._left = self._done = None
        self._started = time.monotonic()
        if name == "run":
            self._run_started = self._started

    def searching(self, progress: SearchProgress) -> None:
        """Shows the best plan so far."""
        self._remarks = ["no plan yet"]
        if progress.log10_multiply_adds is not None:
            self._remarks = [
                f"10^{progress.log10_multiply_adds:.2f} multiply-adds",
                f"width {progress.width:.0f}",
                f"{progress.num_sliced} indices sliced",
            ]
        self._left = progress.seconds_left
        total = progress.seconds + (self._left or 0.0)
        self._done = None if self._left is None or not total else progress.seconds / total

    def predicted(self, seconds: float) -> None:
        """Keeps the prediction, to show the time left before the first slice is done."""
        self._predicted = self._left = seconds

    def contracting(self, slices_done: int, num_slices: int) -> None:
        """Shows the slices done; the time left comes from their rate, before the first one from the prediction."""
        passed = time.monotonic() - self._run_started
        if slices_done and passed > 1.0:
            self._left = passed / slices_done * (num_slices - slices_done)
        else:
            self._left = None if self._predicted is None else max(self._predicted - passed, 0.0)
        self._remarks = [f"{slices_done:,} of {num_slices:,} slices"] if num_slices > 1 else []
        if self._predicted is not None:
            self._remarks.append(f"predicted {human_seconds(self._predicted)}")
        self._done = passed / (passed + self._left) if self._left else None


class LiveLine(_Live):
    """The line of a long run."""

    def __init__(self, console: Console | None = None) -> None:
        self._done: float | None = None
        self._remarks: Sequence[str] = ()
        super().__init__(console)

    def line(self, width: int) -> Text:
        """The line as it is now: a bar, and remarks."""
        return one_line(width, "Running", self._done, self._remarks)

    def show(self, done: int, total: int, remarks: Sequence[str]) -> None:
        """Updates the line; the most important remark comes first."""
        self._done, self._remarks = done / max(total, 1), remarks

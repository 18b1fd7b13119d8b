"""Progress drawn on a terminal: what is being done, the best plan so far, and an honest time to finish."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TextColumn
from rich.text import Text

from taizhang._units import human_seconds
from taizhang.plan.search import SearchProgress

if TYPE_CHECKING:
    from typing_extensions import Self

_STAGES = {
    "read": "Reading",
    "build": "Building the network",
    "rates": "Measuring this machine, once",
    "plan": "Searching a plan",
    "measure": "Measuring the rate",
    "run": "Contracting",
}


class _TimeLeft(ProgressColumn):
    """Time passed and time left; says so when the work takes longer than was predicted."""

    def render(self, task: Task) -> Text:
        left = task.fields.get("seconds_left")
        told = human_seconds(task.elapsed or 0.0)
        if left is not None:
            told += f", about {human_seconds(left)} left" if left > 0 else ", longer than predicted"
        return Text(told, style="cyan")


class _Live:
    """A line with a bar on standard error, with more columns behind it; a context manager."""

    def __init__(self, *columns: ProgressColumn) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            *columns,
            console=Console(stderr=True),
            transient=True,
            refresh_per_second=8,
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._progress.stop()


class LiveDisplay(_Live):
    """An observer that draws."""

    def __init__(self) -> None:
        super().__init__(_TimeLeft(), TextColumn("{task.fields[remark]}", style="dim"))
        self._task = self._progress.add_task("", total=None, remark="", seconds_left=None)
        self._predicted: float | None = None
        self._run_started = 0.0

    def say(self, text: str) -> None:
        """Writes a line above the progress, to standard error."""
        self._progress.console.print(text, highlight=False, markup=False, soft_wrap=True)

    def remark(self, text: str) -> None:
        """Shows a remark beside the progress."""
        self._progress.update(self._task, remark=text)

    def stage(self, name: str) -> None:
        """Starts a line for the stage `name`."""
        self._progress.reset(
            self._task, description=_STAGES.get(name, name), total=None, completed=0, remark="", seconds_left=None
        )
        if name == "run":
            self._run_started = time.monotonic()

    def searching(self, progress: SearchProgress) -> None:
        """Shows the best plan so far."""
        remark = "looking for a first plan"
        if progress.log10_multiply_adds is not None:
            remark = f"10^{progress.log10_multiply_adds:.2f} multiply-adds, width {progress.width:.0f}"
            remark += f", {progress.num_sliced} indices sliced"
        left = progress.seconds_left
        self._progress.update(
            self._task,
            remark=remark,
            seconds_left=left,
            completed=progress.seconds,
            total=None if left is None else progress.seconds + left,
        )

    def predicted(self, seconds: float) -> None:
        """Keeps what was predicted, to tell the time left before the first slice is done."""
        self._predicted = seconds
        self._progress.update(self._task, seconds_left=seconds)

    def contracting(self, slices_done: int, num_slices: int) -> None:
        """Shows the slices done; the time left comes from their rate, and before the first is done from the plan."""
        passed = time.monotonic() - self._run_started
        if slices_done and passed > 1.0:
            left: float | None = passed / slices_done * (num_slices - slices_done)
        else:
            left = None if self._predicted is None else max(self._predicted - passed, 0.0)
        remark = [f"{slices_done} of {num_slices} slices"] if num_slices > 1 else []
        if self._predicted is not None:
            remark.append(f"predicted {human_seconds(self._predicted)}")
        whole = passed + left if left else None
        self._progress.update(self._task, completed=passed, total=whole, seconds_left=left, remark=", ".join(remark))


class LiveLine(_Live):
    """A line about a long run."""

    def __init__(self) -> None:
        super().__init__(TextColumn("{task.fields[told]}"))
        self._task = self._progress.add_task("Run", total=None, told="")

    def show(self, done: int, total: int, told: str) -> None:
        """Draws it anew."""
        self._progress.update(self._task, completed=done, total=total, told=told)

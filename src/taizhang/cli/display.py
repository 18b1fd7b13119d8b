"""Progress on standard error, drawn on terminals only; the drawing library is imported only then."""

from __future__ import annotations

import contextlib
import importlib
import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any

from taizhang._units import human_seconds
from taizhang.cli.failure import InterruptedWorkError
from taizhang.cli.notes import note, verbosity
from taizhang.observer import Silent
from taizhang.plan.search import SearchInterrupted, SearchProgress

if TYPE_CHECKING:
    from typing_extensions import Self


_DOING = {
    "read": "while reading",
    "build": "while building the network",
    "rates": "while measuring this machine",
    "plan": "while preparing the search for a plan",
    "measure": "while measuring the rate",
    "verify": "while checking the run",
}


def live(name: str) -> Any:
    """Makes the display class `name` of `taizhang.cli.live_display`; None where standard error is not a terminal."""
    if not sys.stderr.isatty() or verbosity() < 0:
        return None
    return getattr(importlib.import_module("taizhang.cli.live_display"), name)()


class Display(Silent):
    """An observer that draws on the terminal; a context manager, silent where standard error is not a terminal.

    A KeyboardInterrupt inside it becomes an `InterruptedWorkError` that says what was interrupted and what is kept.

    Args:
        advice: How to keep partial work, for the message at an interruption.
        folder: The folder of a run that is being started; it keeps the plan.
    """

    def __init__(self, advice: str = "", *, folder: str | None = None) -> None:
        self._advice, self._folder = advice, folder
        self._stage = ""
        self._stage_started = time.monotonic()
        self._drawn = live("LiveDisplay")
        self._shown: Any = self._drawn or Silent()
        self._context: contextlib.AbstractContextManager[Any] = self._drawn or contextlib.nullcontext()

    def __enter__(self) -> Self:
        self._context.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._context.__exit__(kind, error, traceback)
        if isinstance(error, KeyboardInterrupt):
            raise InterruptedWorkError(self._interruption(error)) from error

    def _interruption(self, error: KeyboardInterrupt) -> str:
        """The message for an interruption."""
        passed = human_seconds(time.monotonic() - self._stage_started)
        if isinstance(error, SearchInterrupted):
            best = "no plan within the limits was found yet"
            if error.plan is not None and self._folder is not None:
                best = f"'{self._folder}' keeps the best plan so far, with which the same command goes on"
            elif error.plan is not None:
                work = error.plan.cost.log10_multiply_adds_executed
                best = (
                    f"the best plan so far, of 10^{work:.2f} multiply-adds, is not kept; "
                    "'taizhang plan … -o PLAN' keeps it when it is interrupted"
                )
            return f"interrupted after {human_seconds(error.seconds)} of searching for a plan; {best}"
        if self._stage == "measure" and self._folder is not None:
            return (
                f"interrupted while measuring the rate; '{self._folder}' keeps the plan, with which the same command "
                "goes on"
            )
        if self._stage == "run":
            return f"interrupted after {passed} of work; nothing of it is kept{self._advice and '; ' + self._advice}"
        doing = _DOING.get(self._stage, "at the start")
        return f"interrupted {doing}; nothing was left behind"

    @property
    def draws(self) -> bool:
        """Whether progress is drawn."""
        return self._drawn is not None

    def say(self, text: str) -> None:
        """Writes a line above the progress, to standard error."""
        if self._drawn is None:
            note(text)
        else:
            self._drawn.say(text)

    def remark(self, text: str) -> None:
        """Shows a remark beside the progress."""
        if self._drawn is not None:
            self._drawn.remark(text)

    def stage(self, name: str) -> None:
        """Starts a line for the stage `name`."""
        if name != self._stage:
            self._stage, self._stage_started = name, time.monotonic()
        self._shown.stage(name)

    def searching(self, progress: SearchProgress) -> None:
        """Shows the best plan so far."""
        self._shown.searching(progress)

    def predicted(self, seconds: float) -> None:
        """Shows the predicted run time."""
        self._shown.predicted(seconds)

    def contracting(self, slices_done: int, num_slices: int) -> None:
        """Shows the number of slices done."""
        self._shown.contracting(slices_done, num_slices)

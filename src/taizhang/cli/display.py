"""Progress on standard error, drawn only where that is a terminal; only then is imported what draws."""

from __future__ import annotations

import contextlib
import importlib
import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any

import click

from taizhang.observer import Silent
from taizhang.plan.search import SearchProgress

if TYPE_CHECKING:
    from typing_extensions import Self


def live(name: str) -> Any:
    """Makes what is called `name` in `taizhang.cli.live_display`; None where standard error is no terminal."""
    if not sys.stderr.isatty():
        return None
    return getattr(importlib.import_module("taizhang.cli.live_display"), name)()


class Display:
    """An observer that draws on the terminal; a context manager, silent where standard error is no terminal."""

    def __init__(self) -> None:
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

    @property
    def draws(self) -> bool:
        """Whether progress is seen at all."""
        return self._drawn is not None

    def say(self, text: str) -> None:
        """Writes a line above the progress, to standard error."""
        if self._drawn is None:
            click.echo(text, err=True)
        else:
            self._drawn.say(text)

    def remark(self, text: str) -> None:
        """Shows a remark beside the progress."""
        if self._drawn is not None:
            self._drawn.remark(text)

    def stage(self, name: str) -> None:
        """Starts a line for the stage `name`."""
        self._shown.stage(name)

    def searching(self, progress: SearchProgress) -> None:
        """Shows the best plan so far."""
        self._shown.searching(progress)

    def predicted(self, seconds: float) -> None:
        """Shows how long the run is predicted to take."""
        self._shown.predicted(seconds)

    def contracting(self, slices_done: int, num_slices: int) -> None:
        """Shows the slices done."""
        self._shown.contracting(slices_done, num_slices)

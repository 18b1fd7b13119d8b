"""Views of progress: the last line of a terminal, the output of a notebook, or lines of text."""

from __future__ import annotations

import html
import importlib
import sys
import time
from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

from rich.console import Console
from rich.errors import LiveError
from rich.live import Live
from rich.text import Text

from taizhang.progress.line import ProgressState, progress_line
from taizhang.progress.switch import Place

CurrentState: TypeAlias = Callable[[], ProgressState]

_NOTEBOOK_SECONDS = 0.2
_LINES_SECONDS = 10.0
"""Least time between two updates."""


class View(Protocol):
    """Shows progress."""

    def start(self) -> None:
        """Starts to show progress."""

    def update(self) -> None:
        """Shows the current state."""

    def stop(self) -> None:
        """Removes the view."""


class TerminalView:
    """The last line of a terminal, drawn by a separate thread several times a second."""

    def __init__(self, state: CurrentState, console: Console | None = None) -> None:
        self._state = state
        self._console = console or Console(stderr=True)
        self._live = Live(
            get_renderable=self._line, console=self._console, refresh_per_second=8, transient=True, auto_refresh=True
        )
        self._started = False

    def _line(self) -> Text:
        return Text(progress_line(self._state(), self._console.width - 1), no_wrap=True, overflow="crop")

    def start(self) -> None:
        """Starts to draw, unless another display draws on this terminal already."""
        try:
            self._live.start(refresh=True)
            self._started = True
        except LiveError:
            pass

    def update(self) -> None:
        """Does nothing: the thread draws the line."""

    def stop(self) -> None:
        """Removes the line."""
        if self._started:
            self._live.stop()


class NotebookView:
    """A progress bar in the output of a notebook's cell, without widgets."""

    def __init__(self, state: CurrentState) -> None:
        self._state = state
        self._display: Any = importlib.import_module("IPython.display")
        self._handle: Any = None
        self._next = 0.0

    def _html(self, text: str) -> Any:
        return self._display.HTML(text)

    def start(self) -> None:
        """Puts the bar into the output."""
        self._handle = self._display.display(self._html(progress_html(self._state())), display_id=True)

    def update(self) -> None:
        """Updates the bar, at most five times a second."""
        if self._handle is not None and time.monotonic() >= self._next:
            self._next = time.monotonic() + _NOTEBOOK_SECONDS
            self._handle.update(self._html(progress_html(self._state())))

    def stop(self) -> None:
        """Empties the output."""
        if self._handle is not None:
            self._handle.update(self._html(""))


class LinesView:
    """Lines of text on standard error, for logs: one when a stage begins, then one every ten seconds."""

    def __init__(self, state: CurrentState) -> None:
        self._state = state
        self._doing = ""
        self._next = 0.0

    def start(self) -> None:
        """Writes the first line."""
        self.update()

    def update(self) -> None:
        """Writes a line if one is due."""
        state, now = self._state(), time.monotonic()
        if state.doing != self._doing or now >= self._next:
            self._doing, self._next = state.doing, now + _LINES_SECONDS
            sys.stderr.write(f"{progress_line(state, 120)}\n")
            sys.stderr.flush()

    def stop(self) -> None:
        """Does nothing."""


def progress_html(state: ProgressState) -> str:
    """Formats progress as HTML for a notebook.

    Example:
        >>> "value=" in progress_html(ProgressState(doing="Contracting", seconds=3, fraction=0.5))
        True
    """
    value = "" if state.fraction is None else f' max="1" value="{min(max(state.fraction, 0.0), 1.0):.4f}"'
    words = html.escape("  ".join(part for part in (state.doing, state.times, state.remark) if part))
    return f'<div class="taizhang" style="white-space:pre"><progress{value}></progress>  {words}</div>'


def view_of(place: Place, state: CurrentState) -> View:
    """Makes the view for a place."""
    if place == "terminal":
        return TerminalView(state)
    return NotebookView(state) if place == "notebook" else LinesView(state)

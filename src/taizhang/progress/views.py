"""Where progress is drawn: a terminal's last line, a notebook's output, or lines of text."""

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


class View(Protocol):
    """What shows progress."""

    def start(self) -> None:
        """Begins to show it."""

    def update(self) -> None:
        """Shows what has changed."""

    def stop(self) -> None:
        """Takes it away."""


class TerminalView:
    """The last line of a terminal, drawn by a thread of its own some times a second."""

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
        """Begins to draw, unless something else draws on this terminal already."""
        try:
            self._live.start(refresh=True)
            self._started = True
        except LiveError:
            pass

    def update(self) -> None:
        """Does nothing: the line draws itself."""

    def stop(self) -> None:
        """Takes the line away."""
        if self._started:
            self._live.stop()


class NotebookView:
    """A bar in the output of a notebook's cell; needs nothing but the notebook."""

    def __init__(self, state: CurrentState) -> None:
        self._state = state
        self._display: Any = importlib.import_module("IPython.display")
        self._handle: Any = None
        self._next = 0.0

    def _shown(self, text: str) -> Any:
        return self._display.HTML(text)

    def start(self) -> None:
        """Puts the bar into the output."""
        self._handle = self._display.display(self._shown(progress_html(self._state())), display_id=True)

    def update(self) -> None:
        """Draws it again, a few times a second at most."""
        if self._handle is not None and time.monotonic() >= self._next:
            self._next = time.monotonic() + _NOTEBOOK_SECONDS
            self._handle.update(self._shown(progress_html(self._state())))

    def stop(self) -> None:
        """Empties the output."""
        if self._handle is not None:
            self._handle.update(self._shown(""))


class LinesView:
    """Lines of text on standard error, for logs: one when something else begins, then one every ten seconds."""

    def __init__(self, state: CurrentState) -> None:
        self._state = state
        self._doing = ""
        self._next = 0.0

    def start(self) -> None:
        """Writes the first line."""
        self.update()

    def update(self) -> None:
        """Writes a line if it is time for one."""
        state, now = self._state(), time.monotonic()
        if state.doing != self._doing or now >= self._next:
            self._doing, self._next = state.doing, now + _LINES_SECONDS
            sys.stderr.write(f"{progress_line(state, 120)}\n")
            sys.stderr.flush()

    def stop(self) -> None:
        """Does nothing."""


def progress_html(state: ProgressState) -> str:
    """Writes progress for a notebook.

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

"""Whether progress is shown, and where: the switch, and what kind of session this is.

Progress is shown by itself in an interactive terminal or a notebook. `progress=True` or `False` decides for one call,
`set_progress` for the process, and the environment variable TAIZHANG_PROGRESS=0 for all processes that see it.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import Literal, TypeAlias

from taizhang.errors import UsageError

Place: TypeAlias = Literal["terminal", "notebook", "lines"]

ENVIRONMENT = "TAIZHANG_PROGRESS"
_OFF = frozenset(("0", "false", "no", "off"))


class _Switch:
    """What `set_progress` was last given."""

    shown: bool | None = None


def set_progress(shown: bool | None) -> None:
    """Switches the progress of all later calls on or off.

    Args:
        shown: False for never, True wherever this process runs, None for the default: in interactive terminals and
            notebooks, unless the environment variable TAIZHANG_PROGRESS is 0. The option `progress` of a call goes
            before this.

    Raises:
        UsageError: It is none of these.

    Example:
        >>> set_progress(False)
        >>> set_progress(None)
    """
    if shown is not None and not isinstance(shown, bool):
        raise UsageError(f"progress must be True, False or None, got {shown!r:.64}")
    _Switch.shown = shown


def place() -> Place:
    """Where progress would be shown: a notebook's output, a terminal, or, where neither is there, lines of text."""
    if in_notebook():
        return "notebook"
    stream = sys.stderr
    if stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb":
        return "terminal"
    return "lines"


def is_shown(asked: bool | None) -> bool:
    """Whether the progress of a call is shown.

    Args:
        asked: The option `progress` of the call.
    """
    if asked is not None:
        return asked
    if _Switch.shown is not None:
        return _Switch.shown
    if os.environ.get(ENVIRONMENT, "").strip().lower() in _OFF:
        return False
    # Threads beside the main one belong to programs that have an interface of their own.
    return place() != "lines" and threading.current_thread() is threading.main_thread()


def in_notebook() -> bool:
    """Whether this process is the kernel of a notebook."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None and hasattr(ipython, "get_ipython") else None
    return shell is not None and hasattr(shell, "kernel")

"""Whether and where progress is shown: the switch, and the kind of session.

By default progress is shown in an interactive terminal or a notebook. `progress=True` or `False` decides for one call,
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
    """The last argument of `set_progress`."""

    shown: bool | None = None


def set_progress(shown: bool | None) -> None:
    """Switches the progress of all later calls on or off.

    Args:
        shown: False for never, True for always, None for the default: in interactive terminals and notebooks, unless
            the environment variable TAIZHANG_PROGRESS is 0. The option `progress` of a call takes precedence.

    Raises:
        UsageError: `shown` is another value.

    Example:
        >>> set_progress(False)
        >>> set_progress(None)
    """
    if shown is not None and not isinstance(shown, bool):
        raise UsageError(f"progress must be True, False or None, got {shown!r:.64}")
    _Switch.shown = shown


def place() -> Place:
    """Where progress is shown: in a notebook's output, in a terminal, or, if there is neither, as lines of text."""
    if in_notebook():
        return "notebook"
    stream = sys.stderr
    if stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb":
        return "terminal"
    return "lines"


def is_shown(requested: bool | None) -> bool:
    """Whether the progress of a call is shown.

    Args:
        requested: The option `progress` of the call.
    """
    if requested is not None:
        return requested
    if _Switch.shown is not None:
        return _Switch.shown
    if os.environ.get(ENVIRONMENT, "").strip().lower() in _OFF:
        return False
    # Calls in other threads belong to programs with an interface of their own.
    return place() != "lines" and threading.current_thread() is threading.main_thread()


def in_notebook() -> bool:
    """Whether this process is the kernel of a notebook."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None and hasattr(ipython, "get_ipython") else None
    return shell is not None and hasattr(shell, "kernel")

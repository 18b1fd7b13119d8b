"""Signals while a command runs: KeyboardInterrupt, or the end of the process where Python does not handle it in time.

Python handles a signal between two of its own steps, so that a long step of native code, such as reading a circuit of a
million gates, would delay it. A thread is notified of the signal at once, and ends the process if Python has not
handled it after `PATIENCE_SECONDS`.
"""

from __future__ import annotations

import os
import signal
import threading
from typing import NoReturn

from taizhang.__main__ import end_at_once, handle_signals

# Commands are to end within a second of a signal.
PATIENCE_SECONDS = 0.6

_handled = threading.Event()


def interrupt(*_: object) -> NoReturn:
    """Raises KeyboardInterrupt; the handler of SIGINT and of SIGTERM."""
    _handled.set()
    raise KeyboardInterrupt


def interrupt_on_signals() -> None:
    """Lets SIGINT and SIGTERM raise KeyboardInterrupt."""
    if threading.current_thread() is threading.main_thread():
        handle_signals(interrupt, interrupt)


def end_on_signals() -> None:
    """Lets SIGINT and SIGTERM end the process at once: an interrupted import can fail in any way."""
    if threading.current_thread() is threading.main_thread():
        handle_signals(end_at_once, end_at_once)


def watch_signals() -> None:
    """Ends the process if a signal that is to raise KeyboardInterrupt has not done so in time."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(reader,), name="signals", daemon=True).start()


def _watch(reader: int) -> None:
    while number := os.read(reader, 1):
        if signal.getsignal(number[0]) is interrupt and not _handled.wait(PATIENCE_SECONDS):
            end_at_once()

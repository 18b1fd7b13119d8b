"""Graceful shutdown: SIGTERM and Ctrl-C let a run commit what is done and start nothing new."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType

SECOND_AFTER = 1.0
"""Seconds after which another Ctrl-C counts as a second one."""


@contextlib.contextmanager
def stop_on_signals() -> Iterator[Callable[[], bool]]:
    """Yields a function that returns whether a signal to end was received; a second Ctrl-C ends at once.

    Outside the main thread, which alone receives signals, the function always returns False.
    """
    received = threading.Event()
    first = [0.0]
    if threading.current_thread() is not threading.main_thread():
        yield received.is_set
        return

    def on_signal(number: int, _: FrameType | None) -> None:
        # One Ctrl-C may arrive twice: sent to the process and to its group.
        if received.is_set() and number == signal.SIGINT and time.monotonic() - first[0] > SECOND_AFTER:
            raise KeyboardInterrupt
        if not received.is_set():
            first[0] = time.monotonic()
        received.set()

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield received.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)

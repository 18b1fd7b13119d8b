"""SIGTERM and Ctrl-C end a run in order: what is done is committed, and nothing new is begun."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType

SECOND_AFTER = 1.0


@contextlib.contextmanager
def stop_on_signals() -> Iterator[Callable[[], bool]]:
    """Gives a function that tells whether a signal to end has come; a second Ctrl-C ends at once.

    Outside the main thread, where signals do not come, it never does.
    """
    told = threading.Event()
    first = [0.0]
    if threading.current_thread() is not threading.main_thread():
        yield told.is_set
        return

    def on_signal(number: int, _: FrameType | None) -> None:
        # Ctrl-C may come twice at once: to the process, and to its group.
        if told.is_set() and number == signal.SIGINT and time.monotonic() - first[0] > SECOND_AFTER:
            raise KeyboardInterrupt
        if not told.is_set():
            first[0] = time.monotonic()
        told.set()

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield told.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)

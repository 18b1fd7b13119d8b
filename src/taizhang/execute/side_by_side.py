"""Independent jobs side by side, each on a thread of its own.

Threads inside a contraction wait for each other at every step; contractions side by side share nothing but the memory's
bandwidth. The jobs spend their time in the compiled core, which lets other threads run meanwhile.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from threading import Event
from typing import TYPE_CHECKING

from taizhang._lazy import lazy_module

if TYPE_CHECKING:
    from concurrent import futures
else:
    futures = lazy_module("concurrent.futures")

_TELL_SECONDS = 0.1

ShouldStop = Callable[[], bool]


def side_by_side(
    job: Callable[[int, ShouldStop], None], count: int, lanes: int, told: Callable[[int], None] | None = None
) -> None:
    """Does jobs number 0 to `count`, so many at a time; an error or an interrupt stops all of them.

    Args:
        job: Called on one of the threads with its number, and with what says True once it is to stop.
        count: How many jobs.
        lanes: Threads.
        told: Called on this thread with the number of jobs done, about ten times a second.

    Raises:
        Exception: What a job raised first.

    Example:
        >>> squares = [0] * 5
        >>> def job(number: int, should_stop: ShouldStop) -> None:
        ...     squares[number] = number**2
        >>> side_by_side(job, 5, lanes=2)
        >>> squares
        [0, 1, 4, 9, 16]
    """
    stop = Event()
    # Both of them are safe to change from several threads.
    waiting, done = deque(range(count)), deque[int]()

    def lane() -> None:
        while not stop.is_set():
            try:
                number = waiting.popleft()
            except IndexError:
                return
            job(number, stop.is_set)
            done.append(number)

    with futures.ThreadPoolExecutor(lanes) as pool:
        running = {pool.submit(lane) for _ in range(lanes)}
        try:
            while running:
                ended, running = futures.wait(running, timeout=_TELL_SECONDS)
                for future in ended:
                    future.result()
                if told is not None:
                    told(len(done))
        except BaseException:
            stop.set()
            raise

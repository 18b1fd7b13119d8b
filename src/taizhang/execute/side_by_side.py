"""Runs independent jobs concurrently, each on a thread of its own.

Threads inside a contraction wait for each other at every step; concurrent contractions share only the memory bandwidth.
The jobs spend their time in the compiled core, which releases the interpreter lock.
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

# How often progress is reported.
_PROGRESS_SECONDS = 0.1

ShouldStop = Callable[[], bool]


def side_by_side(
    job: Callable[[int, ShouldStop], None],
    count: int,
    threads: int,
    on_progress: Callable[[int], None] | None = None,
) -> None:
    """Runs jobs 0 to `count` - 1, at most `threads` at a time; an error or an interrupt stops all of them.

    Args:
        job: Called on one of the threads with its number, and with a function that returns True once it should stop.
        count: Number of jobs.
        threads: Number of threads.
        on_progress: Called on this thread with the number of jobs done, about ten times a second.

    Raises:
        Exception: The first exception that a job raised.

    Example:
        >>> squares = [0] * 5
        >>> def job(number: int, should_stop: ShouldStop) -> None:
        ...     squares[number] = number**2
        >>> side_by_side(job, 5, threads=2)
        >>> squares
        [0, 1, 4, 9, 16]
    """
    stop = Event()
    # Appending to and popping from a deque is atomic, so the threads need no lock.
    waiting, done = deque(range(count)), deque[int]()

    def run_jobs() -> None:
        while not stop.is_set():
            try:
                number = waiting.popleft()
            except IndexError:
                return
            job(number, stop.is_set)
            done.append(number)

    with futures.ThreadPoolExecutor(threads) as pool:
        running = {pool.submit(run_jobs) for _ in range(threads)}
        try:
            while running:
                ended, running = futures.wait(running, timeout=_PROGRESS_SECONDS)
                for future in ended:
                    future.result()
                if on_progress is not None:
                    on_progress(len(done))
        except BaseException:
            stop.set()
            raise

"""Progress reporting for long computations.

Functions that compute take an `Observer`; that of the command line draws progress on the terminal. Calls come from the
thread that called the function, at most about ten times a second, so an observer may take a millisecond.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from taizhang.plan.search import SearchProgress


class Estimate(NamedTuple):
    """What is known of the time that a long run takes.

    Attributes:
        rate: Pieces a second; 0 where nothing is known.
        seconds_left: Seconds to the end; None where nothing is known.
        uncertainty: One standard error of `seconds_left`, in seconds.
    """

    rate: float
    seconds_left: float | None
    uncertainty: float


class RunProgress(NamedTuple):
    """Where a long run stands.

    Attributes:
        done: Pieces done.
        total: All pieces.
        workers: Workers at work.
        estimate: Rate and time left.
        partial: Sum so far of a single amplitude; None where there are several, or nothing yet.
    """

    done: int
    total: int
    workers: int
    estimate: Estimate
    partial: complex | None


class Observer(Protocol):
    """Receives the progress of a computation. Each method may do nothing."""

    def stage(self, name: str) -> None:
        """A stage begins: `"build"`, `"rates"` (the machine is measured, once), `"plan"` or `"run"`."""

    def searching(self, progress: SearchProgress) -> None:
        """The search for a plan goes on; `progress` holds the best plan's figures so far."""

    def predicted(self, seconds: float) -> None:
        """The contraction that begins is predicted to take this many seconds."""

    def contracting(self, slices_done: int, num_slices: int) -> None:
        """This many of the requested slices are done."""

    def running(self, progress: RunProgress) -> None:
        """A long run goes on; called about ten times a second, from the thread of the coordinator."""


class Silent:
    """An observer that does nothing."""

    def stage(self, name: str) -> None:
        """Does nothing."""

    def searching(self, progress: SearchProgress) -> None:
        """Does nothing."""

    def predicted(self, seconds: float) -> None:
        """Does nothing."""

    def contracting(self, slices_done: int, num_slices: int) -> None:
        """Does nothing."""

    def running(self, progress: RunProgress) -> None:
        """Does nothing."""

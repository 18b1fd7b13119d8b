"""How long work tells an onlooker where it stands.

The doors take an `Observer`; the command line's draws progress on the terminal. Calls come from the thread that called
the door, at most some ten times a second, so an observer may take a millisecond.
"""

from __future__ import annotations

from typing import Protocol

from taizhang.plan.search import SearchProgress


class Observer(Protocol):
    """What an onlooker can be told. Each method may do nothing."""

    def stage(self, name: str) -> None:
        """A stage begins: `"build"`, `"rates"` (the machine is measured, once), `"plan"` or `"run"`."""

    def searching(self, progress: SearchProgress) -> None:
        """The search for a plan goes on; `progress` holds the best plan's figures so far."""

    def predicted(self, seconds: float) -> None:
        """The run that begins is predicted to take so long."""

    def contracting(self, slices_done: int, num_slices: int) -> None:
        """So many slices of those asked for are done."""


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

"""Protocol of questions: frozen values that are prepared, and then solved in this process or in a folder.

To add a question, write a task and its assembly in a file of this folder, and register the assembly
(`taizhang.tasks.registry`). Folders, workers, clusters, status, verification and reports then work for it.
"""

from __future__ import annotations

from typing import Protocol, TypeVar

from taizhang.observer import Observer
from taizhang.plan.plan import Plan
from taizhang.settings import Settings
from taizhang.tasks.work import Work

Answer = TypeVar("Answer")


class Task(Protocol[Answer]):
    """A question."""

    def prepare(
        self,
        settings: Settings,
        *,
        plan: Plan | None = None,
        observer: Observer | None = None,
        piece_seconds: float | None = None,
    ) -> Work[Answer]:
        """Builds the networks, and searches and compiles their plans.

        Args:
            settings: The common options.
            plan: An existing plan, instead of searching one.
            observer: Receives progress updates.
            piece_seconds: For work in pieces: the longest time that a contraction should take, where possible.

        Raises:
            PlanError: The plan is for another network.
            LimitError: The work or the answer does not fit the limits.
        """

"""Answers to questions: in this process, or as a resumable run in a folder."""

from __future__ import annotations

from os import PathLike
from typing import Any

from taizhang.api.arguments import check_directory
from taizhang.observer import Observer
from taizhang.runs.run import run_here
from taizhang.runs.start import start_run
from taizhang.settings import Settings
from taizhang.tasks.solve import solve
from taizhang.tasks.task import Task


def answer_of(
    task: Task[Any], settings: Settings, directory: str | PathLike[str] | None, observer: Observer | None
) -> Any:
    """Answers a question in this process or, if a folder is given, as a resumable run in it."""
    if directory is None:
        solution = solve(task, settings, observer=observer)
        return solution.assembly.plain(solution.answer)
    return run_here(start_run(check_directory(directory), task, settings, observer=observer), settings)

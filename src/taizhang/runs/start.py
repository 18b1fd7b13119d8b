"""Starts a run: plans a task and makes the folder that keeps it."""

from __future__ import annotations

import os
from typing import Any

from taizhang import _native
from taizhang.errors import PlanError, RunFolderError, UsageError
from taizhang.execute.prepare import program_within_time
from taizhang.observer import Observer, Silent
from taizhang.plan.plan import Plan
from taizhang.plan.search import SearchInterrupted
from taizhang.runs.folder import RunFolder, check_new, discard_plan, keep_plan, make_run
from taizhang.settings import Settings
from taizhang.tasks.task import Task

DEFAULT_PIECE_TIME = "10s"


def start_run(
    directory: str | os.PathLike[str],
    task: Task[Any],
    settings: Settings,
    *,
    plan: Plan | None = None,
    piece_seconds: float = 10.0,
    slices_per_piece: int | None = None,
    observer: Observer | None = None,
) -> RunFolder:
    """Makes a run folder: builds the networks, finds the plans, measures the rate, and cuts the work into pieces.

    If this is interrupted, the folder keeps the plan alone, and the next call with the same task continues from it.

    Args:
        directory: The folder, new or empty.
        task: What to compute.
        settings: The common options.
        plan: A plan to use instead of searching for one.
        piece_seconds: How long a piece should take one thread.
        slices_per_piece: A power of two, instead of the number that follows from the measured rate.
        observer: Receives progress updates.

    Raises:
        RunError: The folder is not empty.
        PlanError: The plan is for another network.
        LimitError: The work does not fit the limits.
    """
    if slices_per_piece is not None and (slices_per_piece < 1 or slices_per_piece & (slices_per_piece - 1)):
        raise UsageError(f"slices_per_piece must be a power of two, got {slices_per_piece}")
    # Stage 1: build the networks and find a plan for each; an earlier attempt may have left its plan in the folder.
    kept = check_new(directory)
    progress = observer or Silent()
    progress.stage("build")
    try:
        work = task.prepare(settings, plan=plan or kept, observer=progress, piece_seconds=piece_seconds)
    except PlanError as error:
        if plan is not None:
            raise
        # The plan in the folder is for another network.
        raise RunFolderError(
            f"'{directory}' keeps the plan of another run; give a directory that is new or empty"
        ) from error
    except SearchInterrupted as interrupt:
        if interrupt.plan is not None:
            keep_plan(directory, interrupt.plan)
        raise
    # Stage 2: check that the work can be done within the limits, before the rate is measured.
    for planned in work.plans:
        if not len(planned.members):
            raise UsageError("no bitstring was given; give at least one")
        program_within_time(planned.ready, work.predicted_seconds, work.settings)
    # Stage 3: measure the rate and make the folder. This may take as long as a contraction, so the plan is kept first.
    if len(work.plans) == 1:
        keep_plan(directory, work.plans[0].ready.plan)
    progress.stage("measure")
    try:
        return make_run(
            directory,
            work,
            simd_level=_native.simd_level(),
            memory_bytes=work.settings.free_bytes(),
            piece_seconds=piece_seconds,
            slices_per_piece=slices_per_piece,
        )
    except Exception:  # not KeyboardInterrupt: after that the plan stays
        discard_plan(directory)
        raise

"""The function that workers of an executor or a cluster run: they receive the job once, then piece numbers."""

from __future__ import annotations

import os
import platform
import threading
import time
from typing import NamedTuple

from taizhang.runs.job import Job, PieceRunner
from taizhang.runs.workers.thread_pool import share_of_memory

MOST_JOBS = 4
"""Compiled jobs that a worker process keeps."""

_runners: dict[str, PieceRunner] = {}
_lock = threading.Lock()


class Answer(NamedTuple):
    """The reply of a worker.

    Attributes:
        piece: Number of the piece.
        content: The sum as bytes; None if the worker does not have the job.
        seconds: The time it took.
        worker: Name of the worker.
    """

    piece: int
    content: bytes | None
    seconds: float
    worker: str


def compute_piece(identity: str, piece: int, at_once: int, job: bytes | None = None) -> Answer:
    """Computes a piece.

    Args:
        identity: Identity of the run.
        piece: Number of the piece.
        at_once: Number of pieces that this machine computes at once, each with one thread.
        job: The job, for a worker that replied that it does not have it.
    """
    worker = f"{platform.node()}-{os.getpid()}"
    with _lock:
        runner = _runners.get(identity)
        if runner is None and job is not None:
            runner = PieceRunner(Job.from_bytes(job), threads=1, memory_bytes=share_of_memory(at_once))
            while len(_runners) >= MOST_JOBS:
                _runners.pop(next(iter(_runners)))
            _runners[identity] = runner
    if runner is None:
        return Answer(piece, None, 0.0, worker)
    started = time.perf_counter()
    total = runner.compute(runner.job.manifest.layout.piece(piece))
    return Answer(piece, total.to_bytes(), time.perf_counter() - started, worker)

"""The cost of ledger and scheduling."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import numpy as np

import taizhang as tz
from benchmarks.long_runs.cases import MEMORY, Row, easy, hard, make_run, scratch
from taizhang.runs.partial_sum import PartialSum
from taizhang.runs.run import Workforce, continue_run
from taizhang.runs.workers.remote import Answer


class Sleeping:
    """An executor of two workers that sleep a second for each piece."""

    num_workers = 2

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._slots = threading.Semaphore(2)

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future[Answer]:
        """Sleeps in a thread, two at a time."""
        future: Future[Answer] = Future()

        def sleep() -> None:
            with self._slots:
                time.sleep(1.0)
            future.set_result(Answer(arguments[1], self._content, 1.0, "sleeper"))

        threading.Thread(target=sleep, daemon=True).start()
        return future


def overhead(quick: bool) -> list[Row]:
    """What ledger and scheduling add to pieces of one second."""
    case = easy()
    with scratch() as path:
        folder = make_run(case, path / "sleep", 4 if quick else 2)
        count = folder.manifest.layout.num_pieces
        content = PartialSum(mantissas=np.array([[0.25 + 0.5j]]), exponents=np.array([3])).to_bytes()
        started = time.perf_counter()
        continue_run(folder, Workforce(threads=1, memory_bytes=MEMORY, executor=Sleeping(content)))
        spent = time.perf_counter() - started
        rows = [(f"overhead, {count} pieces of 1 s of sleep, two at once", f"{spent / (count / 2) - 1:.2%}", "2 %")]
        circuit, plan, bits = hard()
        one = make_run(hard(), path / "one").manifest.plans[0].seconds_per_slice
        ratios = []
        for number in range(1 if quick else 3):
            folder = make_run((circuit, plan, bits), path / f"real{number}")
            started = time.process_time()
            tz.amplitude(circuit, bits, plan=plan, threads=1)
            plain = time.process_time() - started
            started = time.process_time()
            continue_run(folder, Workforce(threads=1, memory_bytes=MEMORY))
            ratios.append((time.process_time() - started) / plain - 1)
        median = sorted(ratios)[len(ratios) // 2]
        pieces = folder.manifest.layout.num_pieces
        each = one * folder.manifest.plans[0].slices_per_piece
        name = f"CPU time of {pieces} pieces of {each:.1f} s beside a plain contraction"
        return [*rows, (name, f"{median:+.2%}", "2 %")]

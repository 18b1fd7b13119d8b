"""Worker processes that a coordinator starts on its machine, and restarts when they end."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from taizhang.errors import RunError
from taizhang.runs.workers.pool import Outcome, Slots

MOST_FAILURES = 5
"""Failures of workers without a piece committed between them, after which the run fails."""

SECONDS_TO_END = 10.0
"""Processes that have not ended by then after SIGTERM are killed."""


class LocalWorkers:
    """Keeps a number of `taizhang work` processes alive; they get their pieces through the folder.

    Args:
        path: The run's folder.
        count: Number of processes.
        threads: Threads of each.
        memory_bytes: Memory of each, the interpreter included.
    """

    def __init__(self, path: Path, *, count: int, threads: int, memory_bytes: int) -> None:
        self._command = [
            *(sys.executable, "-m", "taizhang", "work", str(path), "--attached"),
            *("--threads", str(threads), "--memory", str(memory_bytes)),
        ]
        self._failures = 0
        self._processes = [self._start_process() for _ in range(count)]

    def _start_process(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C reaches only the coordinator, which ends them
        )

    def slots(self) -> Sequence[Slots]:
        """None: `FolderPool` has the slots of these workers."""
        return ()

    def assign(self, slots: Slots, pieces: Sequence[int]) -> None:
        """Is never called: there are no slots."""

    def outcomes(self) -> Sequence[Outcome]:
        """Restarts the processes that have ended.

        Raises:
            RunError: They fail repeatedly.
        """
        for number, process in enumerate(self._processes):
            status = process.poll()
            if status is None:
                continue
            message = process.stderr.read().decode(errors="replace").strip() if process.stderr else ""
            if status > 0:
                self._failures += 1
                if self._failures >= MOST_FAILURES:
                    last = message.splitlines()[-1].removeprefix("taizhang: ") if message else f"exit status {status}"
                    raise RunError(f"the worker processes fail repeatedly; the last one reported: {last}")
                time.sleep(0.1)
            self._processes[number] = self._start_process()
        return ()

    def mark_committed(self, pieces: Sequence[int]) -> None:
        """Resets the count of failures: pieces arrive, so the workers are well."""
        self._failures = 0

    def take_claimed(self) -> Sequence[int]:
        """Returns nothing: `FolderPool` does."""
        return ()

    def num_workers(self) -> int:
        """Zero: `FolderPool` counts these workers."""
        return 0

    def pids(self) -> list[int]:
        """The process ids."""
        return [process.pid for process in self._processes]

    def close(self) -> None:
        """Ends the processes."""
        for process in self._processes:
            process.terminate()
        deadline = time.monotonic() + SECONDS_TO_END
        for process in self._processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(deadline - time.monotonic(), 0.1))
            if process.poll() is None:
                process.kill()
                process.wait()
            if process.stderr:
                process.stderr.close()

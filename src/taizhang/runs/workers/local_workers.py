"""Worker processes that a coordinator starts on its own machine, and starts again when they are lost."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from taizhang.errors import RunError
from taizhang.runs.workers.pool import Outcome, Place

MOST_FAILURES = 5
SECONDS_TO_END = 10.0


class LocalWorkers:
    """Keeps a number of `taizhang work` processes alive; they get their pieces through the folder.

    Args:
        path: The run's folder.
        count: How many.
        threads: Threads of each.
        memory_bytes: Memory of each, the interpreter included.
    """

    def __init__(self, path: Path, *, count: int, threads: int, memory_bytes: int) -> None:
        self._command = [
            *(sys.executable, "-m", "taizhang", "work", str(path), "--attached"),
            *("--threads", str(threads), "--memory", str(memory_bytes)),
        ]
        self._failures = 0
        self._processes = [self._started() for _ in range(count)]

    def _started(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C comes to the coordinator, which ends them
        )

    def places(self) -> Sequence[Place]:
        """None: the workers are seen in the folder."""
        return ()

    def give(self, place: Place, pieces: Sequence[int]) -> None:
        """Never happens."""

    def outcomes(self) -> Sequence[Outcome]:
        """Starts those again that are gone.

        Raises:
            RunError: They end by themselves again and again.
        """
        for number, process in enumerate(self._processes):
            status = process.poll()
            if status is None:
                continue
            told = process.stderr.read().decode(errors="replace").strip() if process.stderr else ""
            if status > 0:
                self._failures += 1
                if self._failures >= MOST_FAILURES:
                    last = told.splitlines()[-1].removeprefix("taizhang: ") if told else f"exit status {status}"
                    raise RunError(f"the workers end again and again; the last one said: {last}")
                time.sleep(0.1)
            self._processes[number] = self._started()
        return ()

    def committed(self, pieces: Sequence[int]) -> None:
        """Pieces come, so the workers are well."""
        self._failures = 0

    def claimed(self) -> Sequence[int]:
        """Nothing."""
        return ()

    def num_workers(self) -> int:
        """None: the workers are counted in the folder."""
        return 0

    def pids(self) -> list[int]:
        """The processes."""
        return [process.pid for process in self._processes]

    def close(self) -> None:
        """Ends them."""
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

"""Workers and coordinators that are killed or stopped."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import threading
import time
from typing import Any

from benchmarks.long_runs.cases import MEMORY, TAIZHANG, Row, hard, is_same, make_run, scratch, undisturbed
from taizhang.runs.lock import read_heartbeat
from taizhang.runs.report.status import status_of
from taizhang.runs.run import Workforce, continue_run
from taizhang.runs.workers.shared_folder import SharedFolder


def kill_workers(quick: bool) -> list[Row]:
    """Kill -9 of a random worker process every 2 seconds."""
    case, chance = hard(), random.Random(1)
    bits = undisturbed(case)
    with scratch() as path:
        folder = make_run(case, path / "run", 16 if quick else 4)
        shared, kills, stopped = SharedFolder(folder.path, folder.manifest), [0], threading.Event()

        def killer() -> None:
            while not stopped.wait(2.0):
                workers = [record for record in shared.workers().values() if record.get("holds")]
                if workers:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(chance.choice(workers)["pid"], signal.SIGKILL)
                        kills[0] += 1

        thread = threading.Thread(target=killer, daemon=True)
        thread.start()
        continue_run(folder, Workforce(threads=2, memory_bytes=MEMORY, processes=2))
        stopped.set()
        status = status_of(folder)
        computed = sum(worker["pieces"] for worker in status.workers_seen.values())
        figure = f"{is_same(folder, bits)} after {kills[0]} kills; {status.num_pieces} pieces counted {computed} times"
        return [("kill -9 of a worker every 2 s", figure, "same bits, at most one piece lost a kill")]


def kill_coordinator(quick: bool) -> list[Row]:
    """Kill -9 of the coordinator at random moments."""
    case, chance, times = hard(), random.Random(2), 8 if quick else 50
    bits = undisturbed(case)
    with scratch() as path:
        folder = make_run(case, path / "run", 2)
        at_work = 0
        for _ in range(times):
            before = status_of(folder).pieces_done
            process = subprocess.Popen(
                [*TAIZHANG, "resume", str(folder.path), "--threads", "1"], stderr=subprocess.PIPE
            )
            deadline = time.monotonic() + 60
            # Some are killed while they start, the others at any moment of their work.
            while chance.random() > 0.005 and read_heartbeat(folder.path).get("pid") != process.pid:
                time.sleep(0.02)
                if time.monotonic() > deadline:
                    break
            time.sleep(chance.uniform(0.0, 1.5))
            process.kill()
            process.communicate()
            status = status_of(folder)
            at_work += status.pieces_done > before
        continue_run(folder, Workforce(threads=2, memory_bytes=MEMORY))
        figure = f"{is_same(folder, bits)} after {times} kills, {at_work} of them after new pieces were committed"
        return [(f"kill -9 of the coordinator at {times} random moments", figure, "same bits")]


def stopped_worker(quick: bool) -> list[Row]:
    """A worker that gets SIGSTOP with a piece in hand, and SIGCONT after others have done it."""
    case = hard()
    bits = undisturbed(case)
    with scratch() as path:
        folder = make_run(case, path / "run", 16)
        shared = SharedFolder(folder.path, folder.manifest)
        asleep = {"pid": 0, "pieces": []}

        class Stopper:
            def running(self, progress: Any) -> None:
                if not asleep["pid"]:
                    for record in shared.workers().values():
                        if record["holds"]:
                            asleep.update(pid=record["pid"], pieces=record["holds"])
                            os.kill(record["pid"], signal.SIGSTOP)
                            return
                elif progress.done == progress.total - 1:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(int(asleep["pid"]), signal.SIGCONT)

        workforce = Workforce(threads=2, memory_bytes=MEMORY, processes=2, lease_seconds=3.0)
        continue_run(folder, workforce, observer=Stopper())
        figure = f"pieces {asleep['pieces']} of the stopped worker went to the other; {is_same(folder, bits)}"
        return [("a worker stopped by SIGSTOP, lease 3 s", figure, "same bits")]

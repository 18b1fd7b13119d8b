"""Dask clusters: how they scale, and what they lose."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from benchmarks.long_runs.cases import MEMORY, TAIZHANG, Row, hard, is_same, made, scratch, undisturbed
from taizhang.runs.run import Workforce, go_on
from taizhang.runs.status import status_of


def dask(quick: bool) -> list[Row]:
    """Two workers of a Dask cluster beside one, and the loss of workers and of the scheduler."""
    import distributed

    case = hard()
    bits = undisturbed(case)
    rows = []
    with scratch() as path:
        times: dict[int, list[float]] = {1: [], 2: []}
        for turn in range(1 if quick else 3):
            for count in (1, 2):
                options = {"n_workers": count, "threads_per_worker": 1, "dashboard_address": None}
                with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster) as client:
                    workforce = Workforce(threads=1, memory_bytes=MEMORY, cluster=client)
                    go_on(made(case, path / f"warm{count}{turn}", 128), workforce)
                    folder = made(case, path / f"run{count}{turn}", 8)
                    started = time.perf_counter()
                    go_on(folder, workforce)
                    times[count].append(time.perf_counter() - started)
                    rows.append(is_same(folder, bits))
        ratio = min(times[1]) / min(times[2])
        told = f"{ratio:.2f} ({min(times[1]):.1f} s and {min(times[2]):.1f} s), {', '.join(sorted(set(rows)))}"
        return [("Dask: two workers beside one", told, "1.9")]


def dask_losses(quick: bool) -> list[Row]:
    """Dask workers that come late and are killed, a scheduler that dies and is replaced."""
    case = hard()
    bits = undisturbed(case)
    port = 18786
    address = f"tcp://127.0.0.1:{port}"
    environment = {**os.environ, "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "3s"}

    def start(*words: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "distributed.cli.dask_" + words[0], *words[1:]]
        return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def scheduler() -> subprocess.Popen[bytes]:
        return start("scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard")

    def worker() -> subprocess.Popen[bytes]:
        return start("worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard", "--death-timeout", "60")

    with scratch() as path:
        folder = made(case, path / "run", 2)
        processes = [scheduler()]
        time.sleep(4)
        processes.append(worker())
        resumed = subprocess.Popen([*TAIZHANG, "resume", str(folder.path), "--cluster", address])

        def wait_for(fraction: float) -> None:
            deadline = time.monotonic() + 120
            while status_of(folder).fraction < fraction and time.monotonic() < deadline and resumed.poll() is None:
                time.sleep(0.2)

        wait_for(0.1)
        processes.append(worker())
        wait_for(0.3)
        processes[1].kill()
        wait_for(0.5)
        processes[0].kill()
        time.sleep(2)
        processes += [scheduler()]
        time.sleep(3)
        processes += [worker(), worker()]
        status = resumed.wait(timeout=300)
        for process in processes:
            process.kill()
        told = f"exit status {status}, {is_same(folder, bits)}"
        return [("Dask: late worker, killed worker, scheduler killed and replaced", told, "same bits")]

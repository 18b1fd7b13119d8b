"""Dask clusters: how they scale, and what they lose."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time

import numpy as np

import taizhang as tz
from benchmarks.long_runs.cases import MEMORY, TAIZHANG, Row, hard, is_same, make_run, scratch, undisturbed
from taizhang.observer import RunProgress
from taizhang.runs.report.status import status_of
from taizhang.runs.run import Workforce, continue_run
from taizhang.runs.start import start_run
from taizhang.runs.workers.remote import compute_piece
from taizhang.settings import Settings
from taizhang.tasks.amplitudes import AmplitudesTask

PIECE_SLICES = 128
# Dask looks at itself fifty times a second in each process, which takes some percent of every core; here all compute.
CALM = {"distributed.admin.tick.interval": "1s", "distributed.worker.profile.enabled": False}


class Stamps:
    """Records when how many pieces of a run were done."""

    def __init__(self) -> None:
        self._seen: list[tuple[int, float]] = []

    def running(self, progress: RunProgress) -> None:
        """Records the number of pieces done."""
        if not self._seen or self._seen[-1][0] != progress.done:
            self._seen.append((progress.done, time.perf_counter()))

    def seconds_per_piece(self) -> float:
        """The slope of a line through all of them, without the beginning and the end of the run."""
        inside = [(done, at) for done, at in self._seen if done > 1]
        return float(np.polyfit(*np.array(inside).T, 1)[0])


def dask(quick: bool) -> list[Row]:
    """Two workers of a Dask cluster against one, alternating, on three amplitudes in pieces of nearly a second.

    Clusters are started, and workers have the job, before timing begins.
    """
    import dask.config  # optional, as is distributed
    import distributed

    dask.config.set(CALM)
    circuit, plan, bits = hard()
    asked = [bits, bits[1:] + "1"] if quick else [bits, bits[1:] + "1", bits[2:] + "11"]
    expected = tz.amplitudes(circuit, asked, plan=plan).tobytes()
    settings = Settings.checked(trials=1, threads=1)
    each: dict[int, list[float]] = {1: [], 2: []}
    same, own, pieces = [], 0.0, 0
    with scratch() as path:
        for turn in range(1 if quick else 3):
            for count in (1, 2) if turn % 2 == 0 else (2, 1):
                options = {"n_workers": count, "threads_per_worker": 1, "dashboard_address": None}
                with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster) as client:
                    workforce = Workforce(threads=1, memory_bytes=MEMORY, cluster=client)
                    name, cut = f"{count}-{turn}", {"plan": plan, "slices_per_piece": PIECE_SLICES}
                    folder = start_run(
                        path / f"run{name}", AmplitudesTask(circuit=circuit, bitstrings=tuple(asked)), settings, **cut
                    )
                    job = folder.job().to_bytes()
                    client.run(compute_piece, folder.manifest.identity, 0, 1, job)
                    stamps, cpu = Stamps(), time.process_time()
                    (values,) = continue_run(folder, workforce, observer=stamps)
                    own, pieces = own + time.process_time() - cpu, pieces + folder.manifest.layout.num_pieces
                    each[count].append(stamps.seconds_per_piece())
                    same.append("same bits" if values.tobytes() == expected else "OTHER BITS")
    one, two = (statistics.median(each[count]) for count in (1, 2))
    figure = (
        f"{one / two:.2f} ({one:.2f} s and {two:.2f} s a piece, medians of {len(each[1])}; {1e3 * own / pieces:.0f} ms "
    )
    figure += f"of CPU a piece in the process of scheduler and coordinator), {', '.join(sorted(set(same)))}"
    return [("Dask: two workers beside one", figure, "1.9")]


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
        folder = make_run(case, path / "run", 2)
        processes = [scheduler()]
        try:
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
        finally:
            for process in processes:
                process.kill()
        figure = f"exit status {status}, {is_same(folder, bits)}"
        return [("Dask: late worker, killed worker, scheduler killed and replaced", figure, "same bits")]

"""Seconds a slice on identical trees and slices: ours beside cotengra with numpy, alternating in one process."""

from __future__ import annotations

from pathlib import Path

from benchmarks.cases import trees
from benchmarks.tables import Result, figure, ratio, run_json

WORKER = str(Path(__file__).with_name("engine_worker.py"))


def run(*, quick: bool, threads: int) -> Result:
    """Measures one thread against one thread, then what more threads inside one slice give us."""
    rows = []
    for name, stem in trees(quick=quick).items():
        slices = "2" if name == "sycamore_m10" else "4"
        found = run_json([WORKER, str(stem), "--slices", slices], threads=1)
        more = run_json([WORKER, str(stem), "--slices", slices, "--threads", str(threads), "--alone"], threads=threads)
        ours, peer = (found["ours"], found["peer"]) if found else (None, None)
        gflops = found and found["gflops"]
        speedup = ratio(ours, more and more["ours"])
        rows.append((name, figure(ours), figure(gflops, ".0f"), figure(peer), ratio(peer, ours), speedup))
    columns = (
        "tree",
        "taizhang, s a slice",
        "GFLOP/s",
        "cotengra + numpy",
        "faster by",
        f"{threads} threads, one slice",
    )
    return "Engine: one thread, complex64, malloc tuned for numpy, medians", columns, rows

"""Seconds a slice on identical trees and slices: ours beside cotengra with numpy, alternating in one process."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.cases import trees
from benchmarks.tables import Result, figure, ratio, run_json

WORKER = str(Path(__file__).with_name("engine_worker.py"))


def run(*, quick: bool, threads: int) -> Result:
    """Measures one thread against one thread, then what more threads inside one slice give us."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, stem in trees(Path(folder), quick=quick).items():
            slices = ["--slices", "3" if quick else "5"]
            found = run_json([WORKER, str(stem), *slices], threads=1) or {}
            more = run_json([WORKER, str(stem), *slices, "--threads", str(threads), "--alone"], threads=threads) or {}
            double = run_json([WORKER, str(stem), *slices, "--dtype", "complex128", "--alone"], threads=1) or {}
            ours, roofline = found.get("ours"), found.get("roofline")
            row = (
                figure(ours, ".3f"),
                figure(found.get("gflops"), ".0f"),
                figure(found.get("peer"), ".3f"),
                ratio(found.get("peer"), ours),
                figure(found.get("together"), ".3f"),
                ratio(found.get("peer"), found.get("together")),
                figure(roofline, ".3f"),
                figure(roofline / ours if ours and roofline else None),
                f"{figure(found.get('peak_gflops'), '.0f')}, {figure(found.get('bandwidth'), '.1f')}",
                ratio(ours, more.get("ours")),
                ratio(ours, double.get("ours")),
            )
            rows.append((name, *row))
    columns = (
        "tree",
        "taizhang, s a slice",
        "GFLOP/s",
        "cotengra + numpy, s",
        "faster by",
        "all slices in one run, s a slice",
        "faster by",
        "roofline, s",
        "of roofline",
        "peaks: GFLOP/s, GB/s",
        f"{threads} threads, one slice",
        "complex128",
    )
    return "Engine: one thread, complex64, malloc tuned for numpy, medians of slices in turn", columns, rows

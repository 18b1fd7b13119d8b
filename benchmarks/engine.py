"""Seconds per slice on identical trees and slices: ours against cotengra with numpy, alternating in one process."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.cases import trees
from benchmarks.tables import Result, figure, ratio, run_json

WORKER = str(Path(__file__).with_name("engine_worker.py"))


def run(*, quick: bool, threads: int) -> Result:
    """Measures one thread against one thread, then the speed-up of more threads within a slice."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, stem in trees(Path(folder), quick=quick).items():
            slices = ["--slices", "3" if quick else "5"]
            measured = run_json([WORKER, str(stem), *slices], threads=1) or {}
            more = run_json([WORKER, str(stem), *slices, "--threads", str(threads), "--alone"], threads=threads) or {}
            double = run_json([WORKER, str(stem), *slices, "--dtype", "complex128", "--alone"], threads=1) or {}
            ours, roofline = measured.get("ours"), measured.get("roofline")
            row = (
                figure(ours, ".3f"),
                figure(measured.get("gflops"), ".0f"),
                figure(measured.get("peer"), ".3f"),
                ratio(measured.get("peer"), ours),
                figure(measured.get("together"), ".3f"),
                ratio(measured.get("peer"), measured.get("together")),
                figure(roofline, ".3f"),
                figure(roofline / ours if ours and roofline else None),
                f"{figure(measured.get('peak_gflops'), '.0f')}, {figure(measured.get('bandwidth'), '.1f')}",
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

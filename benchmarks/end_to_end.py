"""From circuit file to amplitude: the command line against quimb with a cotengra search of 20 seconds."""

from __future__ import annotations

import tempfile
from pathlib import Path

import taizhang as tz
from benchmarks.cases import circuits
from benchmarks.tables import Result, figure, ratio, run_json

WORKER = str(Path(__file__).with_name("quimb_amplitude.py"))


def run(*, quick: bool, threads: int) -> Result:
    """One amplitude of each circuit, everything included."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, path in circuits(Path(folder), quick=quick).items():
            zeros = "0" * tz.read_circuit(path).num_qubits
            words = ["-m", "taizhang", "amplitude", str(path), zeros, "--threads", str(threads), "--json"]
            ours = run_json(words, threads=threads)
            peer = run_json([WORKER, str(path), zeros, "--search-seconds", "20"], threads=threads, timeout=1200)
            total = None if ours is None else sum(ours["seconds"].values())
            memory = None if ours is None else ours["peak_bytes"] / 2**30
            agree = "-"
            if ours is not None and peer is not None:
                mine, other = complex(ours["amplitudes"][0]["re"], ours["amplitudes"][0]["im"]), complex(*peer["value"])
                agree = f"{abs(mine - other) / abs(other):.0e}"
            theirs, their_memory = (peer["seconds"], peer["peak_bytes"] / 2**30) if peer else (None, None)
            row = (figure(total), figure(theirs), ratio(theirs, total), figure(memory), figure(their_memory), agree)
            rows.append((name, *row))
    columns = ("circuit", "taizhang, s", "quimb, s", "faster by", "GiB", "quimb, GiB", "difference")
    return f"One amplitude, from file to number, {threads} threads, complex64", columns, rows

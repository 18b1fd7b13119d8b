"""Amplitudes of many random bitstrings: time against their number, and compared with the state vector of qsim.

Long work is measured in part, some slices of one contraction, and marked with a ~. Seconds are wall time; in brackets:
CPU time of all threads, which other work on the machine disturbs less. qsim takes part where `QSIM_PYTHON` names a
Python that has qsimcirq and cirq-core, and 9 GB of memory are free.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from tests.shared_data import SHARED

import taizhang as tz
from benchmarks.many_amplitudes_worker import random_bits
from benchmarks.tables import Result, run_json
from taizhang.circuit.bitstring_lists import as_strings

COUNTS = (1, 10, 100, 1000, 10_000, 100_000)
STATE_VECTOR_QUBITS, STATE_VECTOR_COUNT = 30, 10_000


def run(*, quick: bool, threads: int) -> Result:
    """The curve on a circuit of 53 qubits and 10 cycles, and on one of 30 qubits with qsim for comparison."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        patch = Path(folder) / "patch.qsim"
        num_qubits = 24 if quick else STATE_VECTOR_QUBITS
        tz.write_circuit(tz.sycamore_circuit(num_qubits, cycles=14, pattern="EFGH", seed=1), patch)
        for path in (patch, SHARED / "circuits" / "sycamore_n53_m10.qsim"):
            if path.exists():
                for count in COUNTS[: 4 if quick else None]:
                    rows.append(_row(path, count, threads, quick))
        rows.extend(_beside_qsim(patch, num_qubits, 1000 if quick else STATE_VECTOR_COUNT, threads))
    columns = ("circuit", "bitstrings", "at once", "log10 work", "planning", "seconds", "each", "peak")
    return "amplitudes of random bitstrings", columns, rows


def _row(path: Path, count: int, threads: int, quick: bool) -> list[str]:
    limit = "10" if quick else "60"
    words = ["-m", "benchmarks.many_amplitudes_worker", str(path), str(count), "--limit", limit, "--memory", "4GiB"]
    report = run_json([*words, "--threads", str(threads)], threads=threads)
    return [path.stem, f"{count:,}", *_figures(report, count)]


def _figures(report: Any, count: int) -> list[str]:
    if report is None:
        return ["failed"]
    about = "" if report["part"] == 1 else "~"
    return [
        f"{report['rows_per_run']:,}",
        f"{report['log10_multiply_adds']:.2f}",
        f"{report['planning']:.1f}",
        f"{about}{report['seconds']:.2f} ({report['busy']:.2f})",
        f"{about}{report['seconds'] / count:.4f}",
        f"{report['peak_bytes'] / 1e9:.2f} GB",
    ]


def _beside_qsim(path: Path, num_qubits: int, count: int, threads: int) -> list[list[str]]:
    """The state vector by qsim, a list of amplitudes of ours in a quarter of its memory, and whether they agree."""
    python = os.environ.get("QSIM_PYTHON")
    if python is None:
        return []
    strings = as_strings(random_bits(count, num_qubits, 1)[:100])
    listed = path.with_suffix(".txt")
    listed.write_text("\n".join(strings) + "\n", encoding="ascii")
    script = Path(__file__).with_name("qsim_state_vector.py")
    theirs = run_json([str(script), str(path), str(listed), "--threads", str(threads)], threads=threads, python=python)
    if theirs is None:
        return [["qsim", f"2^{num_qubits}", "failed"]]
    quarter = str(int(theirs["peak_bytes"] / 4))
    words = ["-m", "benchmarks.many_amplitudes_worker", str(path), str(count), "--memory", quarter, "--limit", "1e9"]
    ours = run_json([*words, "--threads", str(threads)], threads=threads)
    seconds = f"{theirs['seconds']:.2f} ({theirs['busy']:.2f})"
    rows = [["qsim", f"2^{num_qubits}", "", "", "", seconds, "", f"{theirs['peak_bytes'] / 1e9:.2f} GB"]]
    rows.append([f"{path.stem}, a quarter of that memory", f"{count:,}", *_figures(ours, count)])
    if ours is not None:
        both = sorted(set(ours["values"]) & set(theirs["values"]))
        difference = np.abs([complex(*ours["values"][bits]) - complex(*theirs["values"][bits]) for bits in both])
        largest = difference.max(initial=0.0) * 2 ** (num_qubits / 2)
        rows.append([f"largest of {len(both)} differences, in root-mean-square amplitudes", f"{largest:.1e}"])
    return rows

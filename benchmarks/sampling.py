"""Samples against the state vector: a chi-squared test of every method on many kinds of circuits, with times.

Frugal rejection is for chaotic circuits: with a few open qubits it is run on those, and with all qubits open on all.
"""

from __future__ import annotations

import time

from tests.chi_squared import exact_probabilities, p_value
from tests.small_circuits import of_many_kinds

import taizhang as tz
from benchmarks.tables import Result

METHODS = ("state-vector", "marginals", "gate-by-gate", "frugal", "auto")
CHAOTIC = ("sycamore", "chaotic")


def run(*, quick: bool, threads: int) -> Result:
    """Tests all methods on all circuits; p-values below 0.001 must be rarer than one cell in a hundred."""
    shots = 10_000 if quick else 100_000
    rows = []
    for name, circuit in of_many_kinds(12 if quick else 20).items():
        exact = exact_probabilities(circuit)
        row = [name, str(circuit.num_qubits)]
        for method in METHODS:
            started = time.perf_counter()
            bits = tz.sample(circuit, shots=shots, seed=11, method=method, threads=threads)
            row.append(f"{p_value(bits, exact):.3f} {time.perf_counter() - started:6.2f} s")
        few = ""
        if name.startswith(CHAOTIC):
            started = time.perf_counter()
            bits = tz.sample(circuit, shots=shots // 20, seed=11, method="frugal", batch_qubits=8, threads=threads)
            few = f"{p_value(bits, exact):.3f} {time.perf_counter() - started:6.2f} s"
        rows.append([*row, few])
    columns = ["circuit", "qubits", *METHODS, "frugal, 8 open, a twentieth"]
    return f"p-value and seconds of {shots:,} samples against the state vector", columns, rows

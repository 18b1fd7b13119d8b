"""Accuracy of amplitudes: single against double precision, states of hundreds of qubits against formulas."""

from __future__ import annotations

import cmath
import math
import tempfile
from pathlib import Path

import taizhang as tz
from benchmarks.cases import circuits
from benchmarks.tables import Result


def run(*, quick: bool, threads: int) -> Result:
    """Compares one amplitude of each circuit, with the same plan in both precisions."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, path in circuits(Path(folder), quick=quick).items():
            circuit = tz.read_circuit(path)
            plan = tz.plan(circuit, threads=threads, dtype="complex128")
            bitstring = "0" * circuit.num_qubits
            single, double = (
                tz.amplitude(circuit, bitstring, plan=plan, threads=threads, dtype=dtype)
                for dtype in ("complex64", "complex128")
            )
            rows.append(row(f"{name}, complex64 against complex128", single, double))
    for name, (circuit, bitstring, exact) in {"ghz, 300 qubits": ghz(300), "product, 200 qubits": product(200)}.items():
        rows.append(row(f"{name}, complex64 against the formula", tz.amplitude(circuit, bitstring), exact))
    return "Accuracy of amplitudes", ("amplitude", "size", "relative difference"), rows


def row(name: str, found: complex, exact: complex) -> tuple[str, str, str]:
    """One line of the table."""
    return name, f"{abs(exact):.2e}", f"{relative_difference(found, exact):.1e}"


def relative_difference(found: complex, exact: complex) -> float:
    """Distance of two amplitudes, relative to the second."""
    return abs(found - exact) / abs(exact)


def ghz(num_qubits: int) -> tuple[tz.Circuit, str, complex]:
    """A GHZ state, with the bitstring of all ones and its amplitude."""
    circuit = tz.Circuit(num_qubits).append("h", 0)
    for qubit in range(1, num_qubits):
        circuit = circuit.append("cx", qubit - 1, qubit)
    return circuit, "1" * num_qubits, complex(math.sqrt(0.5))


def product(num_qubits: int) -> tuple[tz.Circuit, str, complex]:
    """Every qubit rotated by a different angle, with the bitstring of all ones and its amplitude."""
    circuit, exact = tz.Circuit(num_qubits), complex(1)
    for qubit in range(num_qubits):
        angle = 0.7 + 2.0 * qubit / num_qubits
        circuit = circuit.append("ry", qubit, parameters=(angle,)).append("t", qubit)
        exact *= math.sin(angle / 2) * cmath.exp(0.25j * math.pi)
    return circuit, "1" * num_qubits, exact

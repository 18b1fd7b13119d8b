"""Observables as dense matrices, the obvious way."""

from __future__ import annotations

import functools

import numpy as np

MATRICES = {
    "I": np.eye(2),
    "X": np.array([[0, 1], [1, 0]]),
    "Y": np.array([[0, -1j], [1j, 0]]),
    "Z": np.diag([1, -1]),
}


def dense(observable, num_qubits):
    """The matrix on `num_qubits` qubits, qubit 0 the slowest."""
    total = np.zeros((2**num_qubits, 2**num_qubits), dtype=complex)
    for product, coefficient in observable:
        letters = dict(product)
        factors = [MATRICES[letters.get(qubit, "I")] for qubit in range(num_qubits)]
        total += coefficient * functools.reduce(np.kron, factors, np.eye(1))
    return total

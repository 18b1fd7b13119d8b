"""Expectation values the obvious way: from a state vector, whose entries a Pauli product permutes and signs."""

from __future__ import annotations

import numpy as np

from taizhang.circuit.state_vector import state_vector


def value_by_state_vector(circuit, observable):
    """⟨ψ|H|ψ⟩ for the state ψ that the circuit makes."""
    state = state_vector(circuit)
    return sum(coefficient * product_value(state, product, circuit.num_qubits) for product, coefficient in observable)


def product_value(state, product, num_qubits):
    """⟨ψ|P|ψ⟩: P takes entry k to entry k with some bits flipped, times a phase."""
    numbers = np.arange(len(state))
    flips, phases = 0, np.ones(len(state), dtype=complex)
    for qubit, letter in product:
        shift = num_qubits - 1 - qubit
        signs = 1 - 2 * (numbers >> shift & 1)
        if letter != "X":
            phases *= signs
        if letter == "Y":
            phases *= 1j
        if letter != "Z":
            flips |= 1 << shift
    return np.vdot(state[numbers ^ flips], phases * state)

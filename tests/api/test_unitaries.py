"""Unitary matrices and equivalence, against products of matrices."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.strategies import circuits

import taizhang as tz

DOUBLE = {"dtype": "complex128", "trials": 1}


def matrix_of(circuit):
    """The columns are the states from each basis state."""
    columns = []
    for number in range(2**circuit.num_qubits):
        bits = format(number, f"0{circuit.num_qubits}b")
        columns.append(tz.state_vector(tz.Circuit(circuit.num_qubits, circuit.operations, initial=bits), **DOUBLE))
    return np.stack(columns, axis=1)


@given(circuits(max_qubits=4))
def test_unitaries(circuit):
    np.testing.assert_allclose(tz.unitary(circuit, **DOUBLE), matrix_of(circuit), atol=1e-9)


@given(circuits(max_qubits=4), st.integers(0, 100))
def test_equivalence(circuit, seed):
    other = circuit.rx(0, 0.3).rz(circuit.num_qubits - 1, 0.2)
    expected = abs(np.trace(matrix_of(circuit).conj().T @ matrix_of(other))) / 2**circuit.num_qubits
    assert tz.equivalence(circuit, other, **DOUBLE) == pytest.approx(expected, abs=1e-9)
    assert tz.equivalence(circuit, circuit, **DOUBLE) == pytest.approx(1)
    assert tz.equivalence(circuit, circuit, samples=2, seed=seed, **DOUBLE) == pytest.approx(1)
    assert tz.equivalence(circuit, other, samples=3, seed=seed, **DOUBLE) < 1


def test_wide_circuits():
    wide = tz.Circuit(60)
    for qubit in range(59):
        wide = wide.h(qubit).cx(qubit, qubit + 1).rz(qubit + 1, 0.1 * qubit)
    again = wide.cz(3, 4).cz(3, 4)
    assert tz.equivalence(wide, again) == pytest.approx(1, abs=1e-4)
    assert tz.equivalence(wide, again.rx(30, 0.5)) == pytest.approx(np.cos(0.25), abs=1e-4)


def test_what_does_not_fit_is_refused():
    with pytest.raises(tz.CircuitError, match="on 1 and on 2 qubits cannot do the same"):
        tz.equivalence(tz.Circuit(1), tz.Circuit(2))
    noisy = tz.Circuit(1).append(tz.channels.bit_flip(0.1), 0)
    for make in (lambda: tz.unitary(noisy), lambda: tz.equivalence(noisy, noisy)):
        with pytest.raises(tz.CircuitError, match="of a circuit of gates"):
            make()

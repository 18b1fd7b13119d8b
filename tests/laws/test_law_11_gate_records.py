"""Law 11: every gate's record agrees with itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.strategies import angles, gates, table_gates

from taizhang.circuit.circuit import Circuit, Operation
from taizhang.circuit.formats.rewriting import SEQUENCES, rewrite
from taizhang.circuit.gates import NAMES, RECORDS, Gate, find_name, gate


def close(one, other):
    np.testing.assert_allclose(one, other, atol=1e-12)


@given(table_gates)
def test_matrix_has_the_size_of_the_record_and_is_unitary(chosen):
    size = 2 ** RECORDS[chosen.name].num_targets
    assert chosen.matrix.shape == (size, size)
    assert chosen.matrix.dtype == np.complex128
    close(chosen.matrix.conj().T @ chosen.matrix, np.eye(size))


@given(table_gates)
def test_diagonal_flag_is_true(chosen):
    off_diagonal = chosen.matrix - np.diag(np.diag(chosen.matrix))
    if chosen.diagonal:
        assert not np.any(off_diagonal)


@pytest.mark.parametrize("name", RECORDS)
def test_diagonal_flag_is_not_forgotten(name):
    matrix = Gate(name, (0.7, 1.1, 0.3, 0.9)[: RECORDS[name].num_parameters]).matrix
    assert RECORDS[name].diagonal == (not np.any(matrix - np.diag(np.diag(matrix))))


@given(gates())
def test_inverse_undoes_the_gate(chosen):
    assert chosen.inverse().num_controls == chosen.num_controls
    close(chosen.inverse().matrix @ chosen.matrix, np.eye(2**chosen.num_targets))
    close(chosen.inverse().inverse().matrix, chosen.matrix)


@given(table_gates, st.integers(-3, 3))
def test_integer_power_is_repetition(chosen, exponent):
    close(chosen.power(exponent).matrix, np.linalg.matrix_power(chosen.matrix, exponent))


@given(gates(max_qubits=3), st.sampled_from([0.5, 1 / 3, -0.25]))
def test_fractional_power_is_principal(chosen, exponent):
    if chosen.entries is None:
        root = chosen.power(exponent)
        assert root.num_controls == chosen.num_controls
        eigenphases = np.angle(np.linalg.eigvals(root.matrix))
        assert np.all(np.abs(eigenphases) <= np.pi * abs(exponent) + 1e-6)
        if exponent > 0:
            close(np.linalg.matrix_power(root.matrix, round(1 / exponent)), chosen.matrix)


@given(gates(max_qubits=3), st.integers(0, 2))
def test_controls_act_only_where_they_are_one(chosen, more):
    full = chosen.controlled(more).unitary()
    size = 2**chosen.num_qubits
    close(full[-size:, -size:], chosen.unitary())
    close(full[:-size, :-size], np.eye(len(full) - size))


@given(st.sampled_from(sorted(SEQUENCES)), st.tuples(angles, angles, angles, angles), st.integers(0, 1))
def test_sequence_gives_the_matrix(name, parameters, controls):
    chosen = Gate(name, parameters[: RECORDS[name].num_parameters]).controlled(controls)
    qubits = tuple(range(chosen.num_qubits))
    steps = rewrite(Operation(chosen, qubits))
    product = np.eye(2**chosen.num_qubits, dtype=complex)
    for step in steps:
        product = embedded(step, chosen.num_qubits) @ product
    close(product, chosen.unitary())


def embedded(step, num_qubits):
    """The full matrix of an operation, column by column."""
    matrix = step.gate.unitary()
    full = np.zeros((2**num_qubits, 2**num_qubits), dtype=complex)
    for column in range(2**num_qubits):
        bits = [(column >> (num_qubits - 1 - qubit)) & 1 for qubit in range(num_qubits)]
        inside = int("".join(str(bits[qubit]) for qubit in step.qubits) or "0", 2)
        for outside in range(len(matrix)):
            new = list(bits)
            for place, qubit in enumerate(step.qubits):
                new[qubit] = (outside >> (len(step.qubits) - 1 - place)) & 1
            full[int("".join(map(str, new)), 2), column] += matrix[outside, inside]
    return full


@pytest.mark.parametrize("name", NAMES)
def test_every_name_makes_its_gate(name):
    base, controls = NAMES[name]
    created = gate(name, *(0.7, 1.1, 0.3, 0.9)[: RECORDS[base].num_parameters])
    assert (created.name, created.num_controls) == (base, controls)


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_spellings_have_the_controls_of_their_column(record):
    for names in (record.qasm2, record.qasm3):
        for controls, name in enumerate(names):
            assert not name or NAMES[name] == (record.name, controls)
    assert len(record.qsim) <= 2


@given(gates(matrices=False))
def test_label_names_the_gate(chosen):
    assert find_name(chosen.label) == (chosen.name, chosen.num_controls)


@given(gates())
def test_equal_gates_have_equal_hashes_and_matrices(chosen):
    again = Gate(chosen.name, chosen.parameters, chosen.num_controls, chosen.entries)
    assert again == chosen
    assert hash(again) == hash(chosen)
    assert not chosen.matrix.flags.writeable


def test_inverse_of_a_circuit_undoes_it():
    circuit = Circuit(2).append("h", 0).append("is", 0, 1).append("hz_1_2", 1).append("u2", 0, parameters=(0.1, 0.2))
    both = circuit + circuit.inverse()
    product = np.eye(4, dtype=complex)
    for step in both.operations:
        product = embedded(step, 2) @ product
    close(product, np.eye(4))

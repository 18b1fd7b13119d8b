import numpy as np
import pytest
from hypothesis import given, settings
from tests.chi_squared import exact_probabilities, p_value
from tests.strategies import circuits

import taizhang as tz
from taizhang.circuit.state_vector import state_vector
from taizhang.errors import NumericalError
from taizhang.sampling.actions import actions_of
from taizhang.sampling.gate_by_gate import GateByGate, distinct_rows
from taizhang.sampling.uniforms import Uniforms


def oracle(circuit, rows, open_qubits):
    """Amplitudes looked up in the state vector."""
    state = state_vector(circuit)
    outcomes = rows.astype(int) @ (1 << np.arange(circuit.num_qubits)[::-1])
    opened = [0]
    for qubit in open_qubits:
        opened = [value + bit for value in opened for bit in (0, 1 << (circuit.num_qubits - 1 - qubit))]
    return state[outcomes[:, None] + np.array(opened)]


@settings(max_examples=40, derandomize=True)
@given(circuits(max_qubits=5, max_operations=20))
def test_any_circuit_is_sampled_with_its_probabilities(circuit):
    walk = GateByGate(actions_of(circuit), circuit.num_qubits, oracle, Uniforms(1, "gate-by-gate"))
    assert p_value(walk.draw(0, 2000), exact_probabilities(circuit)) > 1e-5


def test_shots_with_the_same_bits_are_computed_once():
    circuit = tz.Circuit(6)
    for qubit in range(6):
        circuit = circuit.append("h", qubit)
    for qubit in range(5):
        circuit = circuit.append("cz", qubit, qubit + 1)
    walk = GateByGate(actions_of(circuit), 6, oracle, Uniforms(1, "gate-by-gate"))
    walk.draw(0, 1000)
    assert walk.amplitude_rows == 6


def test_vanishing_amplitudes_are_an_error():
    def nothing(circuit, rows, open_qubits):
        return np.zeros((len(rows), 2 ** len(open_qubits)))

    walk = GateByGate(actions_of(tz.Circuit(1).append("h", 0)), 1, nothing, Uniforms(1, "gate-by-gate"))
    with pytest.raises(NumericalError, match="complex128"):
        walk.draw(0, 1)


def test_distinct_rows_find_their_way_back():
    bits = np.random.default_rng(0).integers(0, 2, size=(200, 5)).astype(np.uint8)
    rows, which = distinct_rows(bits)
    assert len(rows) == 32
    assert np.array_equal(rows[which], bits)

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.small_circuits import ising
from tests.strategies import circuits

import taizhang as tz
from taizhang.circuit.state_vector import state_vector
from taizhang.errors import CircuitError


def exact_state(circuit, qubits):
    state = state_vector(circuit).reshape((2,) * circuit.num_qubits)
    others = [qubit for qubit in range(circuit.num_qubits) if qubit not in qubits]
    matrix = state.transpose([*qubits, *others]).reshape(2 ** len(qubits), -1)
    return matrix @ matrix.conj().T


@settings(max_examples=60)
@given(circuits(max_qubits=5, max_operations=15), st.data())
def test_reduced_states_and_marginals_are_those_of_the_state_vector(circuit, data):
    order = data.draw(st.permutations(range(circuit.num_qubits)))
    qubits = order[: data.draw(st.integers(0, circuit.num_qubits))]
    expected = exact_state(circuit, qubits)
    computed = tz.reduced_density_matrix(circuit, qubits, dtype="complex128", threads=1)
    np.testing.assert_allclose(computed, expected, atol=1e-9)
    marginals = tz.marginal_probabilities(circuit, qubits, dtype="complex128", threads=1)
    assert marginals.shape == (2,) * len(qubits)
    assert marginals.dtype == np.float64
    np.testing.assert_allclose(marginals.reshape(-1), np.diag(expected).real, atol=1e-9)


def test_few_of_a_thousand_qubits_cost_what_their_light_cone_does():
    wide = tz.marginal_probabilities(ising(1000, 3), [8, 9])
    narrow = tz.marginal_probabilities(ising(20, 3), [8, 9])
    np.testing.assert_allclose(wide, narrow, atol=1e-5)
    assert wide.sum() == pytest.approx(1, abs=1e-5)


def test_qubits_must_be_there_once():
    for qubits in ([3], [0, 0], [-1]):
        with pytest.raises(CircuitError):
            tz.marginal_probabilities(tz.Circuit(3), qubits)

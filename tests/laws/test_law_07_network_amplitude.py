"""Law 7: the amplitude of the network is that of the state vector."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.elimination import eliminated_value
from tests.strategies import mixed_circuits

from taizhang.circuit.state_vector import state_vector
from taizhang.network.amplitude_network import AmplitudeNetwork
from taizhang.network.build import build_network
from taizhang.network.simplify import simplify


def questions(num_qubits):
    """Open qubits in some order, and a bitstring."""
    bits = st.lists(st.sampled_from("01"), min_size=num_qubits, max_size=num_qubits).map("".join)
    opened = st.one_of(st.just([]), st.lists(st.integers(0, num_qubits - 1), unique=True))
    return st.tuples(opened, bits)


def true_amplitudes(circuit, opened, bits):
    state = state_vector(circuit).reshape((2,) * circuit.num_qubits)
    chosen = state[tuple(slice(None) if q in opened else int(bit) for q, bit in enumerate(bits))]
    return chosen.transpose([sorted(opened).index(q) for q in opened])


@settings(max_examples=250)
@given(st.data())
def test_network_amplitude_is_that_of_the_state_vector(data):
    circuit = data.draw(mixed_circuits())
    opened, bits = data.draw(questions(circuit.num_qubits))
    expected = true_amplitudes(circuit, opened, bits)
    network = build_network(circuit, bitstring=bits, open_qubits=opened)
    np.testing.assert_allclose(eliminated_value(network), expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(eliminated_value(simplify(network)), expected, rtol=0, atol=1e-12)


@settings(max_examples=250)
@given(st.data())
def test_one_network_has_the_amplitudes_of_all_bitstrings(data):
    circuit = data.draw(mixed_circuits())
    opened, _ = data.draw(questions(circuit.num_qubits))
    network = AmplitudeNetwork(circuit, open_qubits=opened)
    for _ in range(3):
        _, bits = data.draw(questions(circuit.num_qubits))
        expected = true_amplitudes(circuit, opened, bits)
        np.testing.assert_allclose(eliminated_value(network.network_for(bits)), expected, rtol=0, atol=1e-12)


@settings(max_examples=25)
@given(st.data())
def test_up_to_fourteen_qubits(data):
    circuit = data.draw(mixed_circuits(max_qubits=14, max_operations=80))
    opened, bits = data.draw(questions(circuit.num_qubits))
    expected = true_amplitudes(circuit, opened, bits)
    network = AmplitudeNetwork(circuit, open_qubits=opened).network_for(bits)
    np.testing.assert_allclose(eliminated_value(network), expected, rtol=0, atol=1e-12)

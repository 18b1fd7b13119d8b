import numpy as np
import pytest
from tests.elimination import eliminated_value

from taizhang.circuit.circuit import Circuit
from taizhang.circuit.gates import gate, unitary_gate
from taizhang.errors import CircuitError
from taizhang.network.build import build_circuit_network, build_network
from taizhang.network.choice import FinalBit


def test_phases_and_flips_cost_no_tensor():
    circuit = Circuit(3).append("h", 0).append("h", 1).append("h", 2)
    circuit = circuit.append("cz", 0, 1).append("t", 0).append("x", 0).append("cz", 0, 2).append("h", 0)
    tensors = build_circuit_network(circuit).tensors
    pairs = [(tensor.choices, tensor.indices) for tensor in tensors if tensor.array.ndim == 2]
    assert pairs == [((FinalBit(1),), (0,)), ((FinalBit(2),), (0,)), ((FinalBit(0),), (0,))]


def test_indices_are_named_after_their_qubit():
    circuit = Circuit(3).append("h", 2).append("cx", 2, 1).append("h", 1)
    assert build_network(circuit, open_qubits=[0, 1, 2]).shape.index_names == ("q0.0", "q1.0", "q2.0")


def test_open_qubits_come_in_the_order_given():
    circuit = Circuit(3).append("x", 1)
    assert eliminated_value(build_network(circuit, bitstring="01x", open_qubits=[2])).tolist() == [1, 0]
    assert eliminated_value(build_network(circuit, bitstring="xx0", open_qubits=[1, 0])).tolist() == [[0, 0], [1, 0]]


def test_two_open_qubits_on_one_index():
    circuit = Circuit(2).append("h", 0).append("cx", 0, 1)
    network = build_network(circuit, open_qubits=[1, 0])
    np.testing.assert_allclose(eliminated_value(network), np.eye(2) / np.sqrt(2), atol=1e-15)


def test_a_circuit_of_no_qubits():
    circuit = Circuit(0).append("gphase", parameters=[np.pi / 2])
    assert eliminated_value(build_network(circuit, bitstring="")) == pytest.approx(1j)


def test_a_gate_of_many_qubits():
    rng = np.random.default_rng(0)
    matrix, _ = np.linalg.qr(rng.normal(size=(128, 128)))
    circuit = Circuit(7).append("h", 3).append(unitary_gate(matrix), *range(7))
    value = eliminated_value(build_network(circuit, bitstring="0000110"))
    assert value == pytest.approx((matrix[6, 0] + matrix[6, 8]) / np.sqrt(2))


def test_controls_by_the_dozen_on_one_hyperindex():
    circuit = Circuit(41)
    for qubit in range(40):
        circuit = circuit.append("h", qubit)
    circuit = circuit.append(gate("x").controlled(40), *range(41))
    network = build_network(circuit, bitstring="1" * 41)
    assert eliminated_value(network) == pytest.approx(2.0**-20)
    assert max(array.ndim for array in network.arrays) <= 3


def test_the_exponent_keeps_small_numbers():
    circuit = Circuit(1).append("ry", 0, parameters=[1e-200])
    circuit = circuit.append("x", 0)
    assert eliminated_value(build_network(circuit, bitstring="1")) == 1.0


@pytest.mark.parametrize(
    ("opened", "message"),
    [
        ([2], "open qubit 2 is not in the circuit; its qubits are 0 to 1"),
        ([-1], "open qubit -1 is not in the circuit; its qubits are 0 to 1"),
        ([1, 0, 1], "open qubit 1 is given twice; give each once"),
    ],
)
def test_open_qubits_that_do_not_fit(opened, message):
    with pytest.raises(CircuitError, match=message):
        build_network(Circuit(2), bitstring="00", open_qubits=opened)

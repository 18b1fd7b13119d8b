import numpy as np

import taizhang as tz
from taizhang.circuit.circuit import Operation
from taizhang.circuit.light_cone import light_cone


def test_a_brickwork_of_a_thousand_qubits_has_cones_of_a_few():
    operations = []
    gate = tz.gate("fsim", 0.3, 0.2)
    for layer in range(4):
        operations += [Operation(gate, (qubit, qubit + 1)) for qubit in range(layer % 2, 999, 2)]
    cone, reached = light_cone(tz.Circuit.from_operations(1000, operations), [500])
    assert cone.num_qubits == len(reached) <= 8
    assert len(cone.operations) <= 10
    assert 500 in reached


def test_what_keeps_measured_bits_is_left_out_where_only_probabilities_matter():
    circuit = tz.Circuit(3).append("h", 0).append("cx", 0, 1).append("rz", 0, parameters=[0.3]).append("cz", 0, 2)
    assert len(light_cone(circuit, [0])[0].operations) == 4
    assert len(light_cone(circuit, [0], probabilities=True)[0].operations) == 1


def test_a_gate_before_a_change_is_kept():
    circuit = tz.Circuit(2).append("h", 0).append("cx", 0, 1).append("h", 0)
    cone, _ = light_cone(circuit, [0], probabilities=True)
    assert len(cone.operations) == 3
    probabilities = np.abs(tz.state_vector(cone).reshape(2, 2)) ** 2
    np.testing.assert_allclose(probabilities.sum(axis=1), [0.5, 0.5], atol=1e-6)

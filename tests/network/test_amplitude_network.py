import json

import numpy as np
import pytest
from tests.elimination import eliminated_value
from tests.shared_data import needs_shared_data, shared_path

from taizhang.circuit.circuit import Circuit, Operation
from taizhang.circuit.formats.read import read_circuit
from taizhang.circuit.gates import gate
from taizhang.circuit.state_vector import state_vector
from taizhang.errors import CircuitError
from taizhang.network.amplitude_network import AmplitudeNetwork
from taizhang.network.build import build_network
from taizhang.network.simplify import simplify

SHARED_NETWORKS = {
    "syc_m10": "sycamore_n53_m10.qsim",
    "syc_m12": "sycamore_n53_m12.qsim",
    "syc_m20": "sycamore_n53_m20.qsim",
    "zcz_n56_m20": "zuchongzhi_n56_m20.qsim",
    "grcs_7x7_d40": "grcs_cz_7x7_40_0.txt",
    "grcs_8x8_d40": "grcs_cz_8x8_40_0.txt",
    "bris70_d32": "grcs_bristlecone70_32_0.txt",
}


def chain(num_qubits):
    steps = [Operation(gate("h"), (0,))]
    steps += [Operation(gate("cx"), (qubit, qubit + 1)) for qubit in range(num_qubits - 1)]
    return Circuit.from_operations(num_qubits, steps)


def amplitude(network, bitstring):
    return complex(eliminated_value(network.network_for(bitstring)))


def test_a_ghz_state_of_many_qubits_collapses():
    network = AmplitudeNetwork(chain(300))
    assert network.shape.inputs == ((),)
    for bitstring in ("0" * 300, "1" * 300):
        assert amplitude(network, bitstring) == pytest.approx(2**-0.5)
    assert amplitude(network, "1" * 299 + "0") == 0


def test_a_hidden_string_is_found():
    hidden = "0110" * 40
    steps = [Operation(gate("x"), (160,))] + [Operation(gate("h"), (q,)) for q in range(161)]
    steps += [Operation(gate("cx"), (q, 160)) for q in range(160) if hidden[q] == "1"]
    steps += [Operation(gate("h"), (q,)) for q in range(161)]
    network = AmplitudeNetwork(Circuit.from_operations(161, steps))
    assert network.shape.inputs == ((),)
    assert abs(amplitude(network, hidden + "1")) == pytest.approx(1)
    assert abs(amplitude(network, "1" + hidden[1:] + "1")) < 1e-15


def test_amplitudes_far_below_the_smallest_float():
    steps = [Operation(gate("h"), (qubit,)) for qubit in range(5000)]
    network = AmplitudeNetwork(Circuit.from_operations(5000, steps))
    arrays, exponent = network.arrays_for("01" * 2500)
    assert float(np.log2(abs(arrays[0]))) + exponent == pytest.approx(-2500)


def test_the_shape_is_the_same_for_every_bitstring_and_constant_arrays_are_shared():
    steps = [Operation(gate("h"), (q,)) for q in range(9)]
    for turn in range(6):
        steps += [Operation(gate("fsim", 0.3 + turn, 0.2), (q, q + 1)) for q in range(turn % 2, 8, 2)]
    network = AmplitudeNetwork(Circuit.from_operations(9, steps))
    zeros, _ = network.arrays_for("0" * 9)
    ones, _ = network.arrays_for("1" * 9)
    assert [a.shape for a in zeros] == [a.shape for a in ones] == [(2,) * len(term) for term in network.shape.inputs]
    assert any(one is other for one, other in zip(zeros, ones, strict=True))


def test_every_qubit_may_be_open():
    network = AmplitudeNetwork(chain(3), open_qubits=[2, 0, 1])
    expected = np.zeros((2, 2, 2))
    expected[0, 0, 0] = expected[1, 1, 1] = 2**-0.5
    np.testing.assert_allclose(eliminated_value(network.network_for(None)), expected, atol=1e-15)


def test_open_qubits_that_nothing_acts_on():
    network = AmplitudeNetwork(Circuit(3).append("x", 1), open_qubits=[1, 0])
    assert eliminated_value(network.network_for("xx0")).tolist() == [[0, 0], [1, 0]]
    assert eliminated_value(network.network_for("xx1")).tolist() == [[0, 0], [0, 0]]


def test_a_bitstring_that_does_not_fit():
    with pytest.raises(CircuitError, match="2 characters, but the circuit has 3 qubits"):
        AmplitudeNetwork(chain(3)).arrays_for("01")


@needs_shared_data
@pytest.mark.parametrize("name", SHARED_NETWORKS)
def test_networks_are_no_larger_than_those_of_other_tools(name):
    theirs = json.loads(shared_path("networks", f"{name}.json").read_text())
    circuit = read_circuit(shared_path("circuits", SHARED_NETWORKS[name]))
    ours = AmplitudeNetwork(circuit)
    assert ours.sizes_after.num_tensors <= len(theirs["inputs"])
    assert ours.sizes_after.num_indices <= len(theirs["size_dict"])
    assert ours.sizes_after.largest_rank <= max(map(len, theirs["inputs"]))
    assert ours.sizes_before.num_tensors >= ours.sizes_after.num_tensors
    of_one = simplify(build_network(circuit, bitstring="0" * circuit.num_qubits)).shape
    assert of_one.num_tensors <= ours.sizes_after.num_tensors


@needs_shared_data
@pytest.mark.parametrize(
    "name", ["qft_n18", "qaoa_n6", "fredkin_n3", "qec_en_n5", "qft_n4", "deutsch_n2", "teleportation_n3"]
)
def test_amplitudes_of_published_circuits(name):
    circuit = read_circuit(shared_path("circuits", "qasm", f"{name}.qasm"))
    state = state_vector(circuit)
    network = AmplitudeNetwork(circuit)
    for number in {0, 1, len(state) - 1, *np.argsort(-np.abs(state))[:4].tolist()}:
        assert amplitude(network, f"{number:0{circuit.num_qubits}b}") == pytest.approx(state[number], abs=1e-12)


@needs_shared_data
@pytest.mark.parametrize("name", ["ghz_n127", "bv_n140", "adder_n118", "ising_n98", "wstate_n36", "swap_test_n25"])
def test_circuits_without_much_entanglement_collapse(name):
    network = AmplitudeNetwork(read_circuit(shared_path("circuits", "qasm", f"{name}.qasm")))
    assert network.shape.inputs == ((),)


@needs_shared_data
def test_blocks_of_gates_on_two_qubits_become_one_tensor():
    network = AmplitudeNetwork(read_circuit(shared_path("circuits", "qasm", "QV_n32.qasm")))
    assert network.sizes_after.num_tensors <= 512
    assert network.sizes_after.largest_rank == 4

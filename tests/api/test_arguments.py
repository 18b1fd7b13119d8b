"""What the public functions accept: bits and whole numbers in any form; wrong types are refused in one sentence."""

import copy
import pickle
import re

import cirq
import numpy as np
import pytest
import qiskit
import quimb.tensor
from hypothesis import given
from hypothesis import strategies as st

import taizhang as tz

BELL = tz.Circuit(2).append("h", 0).append("cx", 0, 1)
NETWORK = tz.TensorNetwork([(np.arange(4.0).reshape(2, 2), "ab"), (np.ones(2), "b")], output="a")

FORMS = [
    list,
    tuple,
    lambda bits: "".join(map(str, bits)),
    lambda bits: [bool(bit) for bit in bits],
    lambda bits: [np.int64(bit) for bit in bits],
    *(lambda bits, dtype=dtype: np.array(bits, dtype=dtype) for dtype in (bool, np.uint8, np.int8, np.int64)),
]


@given(bits=st.lists(st.integers(0, 1), min_size=3, max_size=3), form=st.sampled_from(FORMS))
def test_bits_may_be_given_in_any_form(bits, form):
    circuit = tz.Circuit(3)
    for qubit, bit in enumerate(bits):
        circuit = circuit.append("x", qubit) if bit else circuit
    assert tz.amplitude(circuit, form(bits)) == 1
    assert tz.amplitudes(circuit, [form(bits)]).tolist() == [1]
    assert tz.amplitude_batch(circuit, form(bits), open_qubits=[]).item() == 1
    assert tz.contract(tz.AmplitudeNetwork(circuit).network_for(form(bits))) == 1


def test_samples_go_into_amplitudes_and_cross_entropies():
    samples = tz.sample(BELL, np.int64(20), seed=np.int64(1))
    assert np.allclose(abs(tz.amplitudes(BELL, samples)) ** 2, 0.5)
    expected = tz.xeb(BELL, samples).linear_xeb
    counted = tz.CountedBitstrings.of(samples, 2)
    counts = {tuple(map(int, bits)): n for bits, n in zip(counted.bitstrings, counted.counts, strict=True)}
    for form in (samples.tolist(), list(samples), [tuple(row) for row in samples.tolist()], counted, counts):
        assert tz.xeb(BELL, form).linear_xeb == pytest.approx(expected)


def test_open_qubits_may_be_an_array():
    batch = tz.amplitude_batch(BELL, "00", open_qubits=[1, 0])
    for form in (np.array([1, 0]), (1, 0), range(1, -1, -1), [np.uint8(1), np.int64(0)], (q for q in (1, 0))):
        np.testing.assert_array_equal(tz.amplitude_batch(BELL, "00", open_qubits=form), batch)
    assert tz.amplitude_batch(BELL, "00", open_qubits=np.int64(1)).shape == (2,)
    assert tz.plan(BELL, open_qubits=np.array([0])).shape.output
    np.testing.assert_allclose(tz.marginal_probabilities(BELL, np.array([1])), [0.5, 0.5], rtol=1e-6)
    assert tz.reduced_density_matrix(BELL, np.array([1])).shape == (2, 2)


def test_a_run_takes_one_bitstring_or_several_in_any_form(tmp_path):
    one = tz.run(BELL, np.array([1, 1]), directory=tmp_path / "one", threads=1)
    assert isinstance(one, complex)
    several = tz.run(BELL, np.array([[1, 1], [0, 1]]), directory=tmp_path / "several", threads=1)
    np.testing.assert_allclose(several, [one, 0])


def test_whole_numbers_of_numpy_are_whole_numbers(tmp_path):
    shape = tz.NetworkShape(inputs=((np.int64(0), np.int8(1)), (1,)), output=(np.int64(0),), sizes=(np.int64(2), 3))
    assert shape.sha256() == tz.NetworkShape(inputs=((0, 1), (1,)), output=(0,), sizes=(2, 3)).sha256()
    plan = tz.Plan.from_ssa_path(shape, np.array([[0, 1]]))
    plan.save(tmp_path / "plan.json")
    assert tz.Plan.load(tmp_path / "plan.json") == plan
    assert tz.choose_open_qubits(BELL, np.int64(2)) == (0, 1)
    assert tz.grid_circuit(np.int64(2), 2, np.int64(3), seed=np.int64(1)) == tz.grid_circuit(2, 2, 3, seed=1)
    assert tz.contract(NETWORK, slices=range(np.int64(0), np.int64(1))).shape == (2,)


def test_no_seed_makes_another_circuit_each_time():
    assert tz.grid_circuit(5, 5, 20, seed=None) != tz.grid_circuit(5, 5, 20, seed=None)
    assert tz.sycamore_circuit(20, cycles=5, seed=None) != tz.sycamore_circuit(20, cycles=5, seed=None)


WRONG = {
    'circuit must be a Circuit, got a str; read_circuit("bell.qasm") makes one': [
        lambda: tz.amplitude("bell.qasm", "00"),
        lambda: tz.amplitudes("bell.qasm", ["00"]),
        lambda: tz.amplitude_batch("bell.qasm", "00", open_qubits=[0]),
        lambda: tz.state_vector("bell.qasm"),
        lambda: tz.sample("bell.qasm", 3),
        lambda: tz.sample_run("bell.qasm", 3),
        lambda: tz.xeb("bell.qasm", ["00"]),
        lambda: tz.marginal_probabilities("bell.qasm", [0]),
        lambda: tz.reduced_density_matrix("bell.qasm", [0]),
        lambda: tz.choose_open_qubits("bell.qasm", 1),
        lambda: tz.run("bell.qasm", "00", directory="nowhere"),
        lambda: tz.inspect("bell.qasm"),
        lambda: tz.AmplitudeNetwork("bell.qasm"),
        lambda: tz.write_circuit("bell.qasm", "nowhere.qsim"),
    ],
    "circuit must be a Circuit, got a TensorNetwork; plan() and contract() take networks": [
        lambda: tz.amplitude(NETWORK, "00")
    ],
    "network must be a TensorNetwork, got a Circuit; amplitude(circuit, bitstring) computes": [
        lambda: tz.contract(BELL)
    ],
    "network must be a TensorNetwork, got a NetworkShape, which has no arrays": [lambda: tz.contract(NETWORK.shape)],
    "network must be a TensorNetwork, got a str": [lambda: tz.simplify("x"), lambda: tz.profile("x")],
    "a Circuit, a TensorNetwork or a NetworkShape must be given, got None": [lambda: tz.plan(None)],
    'plan must be a Plan or None, got a str; Plan.load("plan.json") reads one': [
        lambda: tz.contract(NETWORK, plan="plan.json"),
        lambda: tz.amplitude(BELL, "00", plan="plan.json"),
    ],
    "slices must be a range of slice numbers or None, got a list": [lambda: tz.contract(NETWORK, slices=[0])],
    "must be a string such as '0110' or a sequence of whole numbers 0 and 1, got an int": [
        lambda: tz.amplitude(BELL, 3)
    ],
    "got an array of float64 of shape (2,)": [lambda: tz.amplitude(BELL, np.zeros(2))],
    "bitstrings must be a list of bitstrings, got one bitstring": [
        lambda: tz.amplitudes(BELL, "00"),
        lambda: tz.amplitudes(BELL, np.array([0, 0])),
        lambda: tz.amplitudes(BELL, [0, 0]),
    ],
    "open_qubits must be a sequence of qubit numbers such as [0, 2], got a str": [
        lambda: tz.amplitude_batch(BELL, "00", open_qubits="0"),
        lambda: tz.plan(BELL, open_qubits="0"),
    ],
    "each of open_qubits must be a whole number, got 0.5": [lambda: tz.plan(BELL, open_qubits=[0.5])],
    "qubits must be a sequence of qubit numbers such as [0, 2], got an int": [
        lambda: tz.marginal_probabilities(BELL, 1)
    ],
    "shots must be a whole number, got 2.5": [lambda: tz.sample(BELL, 2.5), lambda: tz.sample_run(BELL, 2.5)],
    "shots must be a whole number, got True": [lambda: tz.sample(BELL, True)],
    "directory must be the path of a folder, got an int": [
        lambda: tz.status(3),
        lambda: tz.resume(3),
        lambda: tz.work(3),
        lambda: tz.verify(3),
        lambda: tz.report(3),
        lambda: tz.run(BELL, "00", directory=3),
        lambda: tz.sample(BELL, 3, directory=3),
        lambda: tz.xeb(BELL, ["00"], directory=3),
    ],
    "path must be the path of a file, got an int": [
        lambda: tz.Plan.load(3),
        lambda: tz.read_network(3),
        lambda: tz.read_circuit(3),
    ],
    "shape must be a NetworkShape, got a TensorNetwork; give its shape": [
        lambda: tz.write_network(NETWORK, "nowhere.json")
    ],
    "network must be a TensorNetwork or a NetworkShape, got a str": [lambda: tz.Plan.from_ssa_path("x", [(0, 1)])],
    "sliced_indices must be a sequence of index names, got None": [
        lambda: tz.Plan.from_ssa_path(NETWORK, [(0, 1)], None)
    ],
    "tensor 0 must be a pair of an array and the names of its axes, got an array": [
        lambda: tz.TensorNetwork([np.ones((2, 2))])
    ],
    "tensors must be a sequence, got None": [lambda: tz.TensorNetwork(None)],
    "the names of tensor 0 must be hashable": [lambda: tz.TensorNetwork([(np.ones(2), [[1]])])],
    "exponent must be a whole number, got 1.5": [
        lambda: tz.TensorNetwork.from_shape(NETWORK.shape, NETWORK.arrays, 1.5)
    ],
    "seed must be a whole number, got 1.5": [lambda: tz.grid_circuit(2, 2, 2, seed=1.5)],
}


@pytest.mark.parametrize(("sentence", "call"), [(text, call) for text, calls in WRONG.items() for call in calls])
def test_a_wrong_type_is_refused_in_one_sentence(sentence, call):
    with pytest.raises(tz.UsageError, match=re.escape(sentence)) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_the_error_for_circuits_and_networks_of_other_packages_names_the_converter():

    with pytest.raises(tz.UsageError, match=r"got a qiskit.QuantumCircuit; from_qiskit\(circuit\) makes one"):
        tz.amplitude(qiskit.QuantumCircuit(2), "00")
    with pytest.raises(tz.UsageError, match=r"got a cirq.Circuit; from_cirq\(circuit\) makes one"):
        tz.plan(cirq.Circuit())
    with pytest.raises(tz.UsageError, match=r"got a quimb.TensorNetwork; TensorNetwork\(\[\(t.data, t.inds\)"):
        tz.contract(quimb.tensor.TensorNetwork([quimb.tensor.Tensor(np.ones(2), ("a",))]))


@pytest.mark.parametrize("bits", [[0, 2], np.array([0, -1]), (3, 0)])
def test_numbers_that_are_no_bits_are_refused(bits):
    for call in (lambda: tz.amplitude(BELL, bits), lambda: tz.amplitudes(BELL, [bits])):
        with pytest.raises(tz.CircuitError, match="give 0 or 1"):
            call()
    with pytest.raises(tz.CircuitError, match="bitstring 1 has 2 at qubit 0"):
        tz.amplitudes(BELL, np.array([[0, 1], [2, 0]]))


def through_pickle(value):
    return pickle.loads(pickle.dumps(value))  # noqa: S301  # what was pickled is trusted here


@pytest.mark.parametrize("remake", [through_pickle, copy.copy, copy.deepcopy])
def test_public_values_can_be_pickled_and_copied(remake):
    plan = tz.plan(NETWORK, trials=1)
    for value in (BELL, BELL.operations[0], tz.gate("h"), NETWORK, NETWORK.shape, plan, plan.tree):
        assert remake(value) == value
    scaled = tz.TensorNetwork.from_shape(NETWORK.shape, NETWORK.arrays, 7)
    assert remake(scaled).exponent == 7
    assert remake(tz.CountedBitstrings.of(["01", "01"], 2)).counts == (2,)
    assert remake(tz.xeb(BELL, ["00", "11"])).num_samples == 2
    assert repr(remake(tz.Planner(trials=1))) == repr(tz.Planner(trials=1))
    assert remake(tz.AmplitudeNetwork(BELL)).shape == tz.AmplitudeNetwork(BELL).shape
    error = remake(tz.NumericalError("too large", mantissa=np.ones(1), exponent=5000))
    assert (str(error), error.exponent) == ("too large", 5000)


def test_networks_are_equal_when_shapes_and_elements_are():
    again = tz.TensorNetwork([(np.arange(4).reshape(2, 2), "ab"), (np.ones(2), "b")], output="a")
    assert again == NETWORK
    assert tz.TensorNetwork([(np.arange(4).reshape(2, 2), "ab"), (np.zeros(2), "b")], output="a") != NETWORK
    assert tz.TensorNetwork.from_shape(NETWORK.shape, NETWORK.arrays, 1) != NETWORK
    assert NETWORK != "network"
    deep = copy.deepcopy(NETWORK)
    assert not np.shares_memory(deep.arrays[0], NETWORK.arrays[0])
    with pytest.raises(TypeError):
        hash(NETWORK)

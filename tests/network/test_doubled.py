"""The doubled network of circuits with channels, measurements, resets and conditions against density matrices."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.network.density_matrices import density_matrix, histories, reduced
from tests.strategies import matrix_gates

import taizhang as tz
from taizhang.circuit import channels
from taizhang.circuit.channel import PAULIS
from taizhang.circuit.classical import Readout
from taizhang.circuit.condition import AllOf, Compare, Parity
from taizhang.network.doubled import Question, build_doubled

FEW_BITS = [(0,), (1,), (2,), (0, 1), (2, 0, 1)]
COMPARISONS = ["==", "!=", "<", "<=", ">", ">="]
BITS = {"a": 2, "b": 1}
probabilities = st.one_of(st.just(0.0), st.floats(1e-6, 1))


@st.composite
def some_channels(draw):
    p, q = draw(probabilities), draw(probabilities)
    seed = draw(st.integers(0, 1000))
    return draw(
        st.sampled_from(
            [
                channels.depolarizing(p),
                channels.depolarizing2(p),
                channels.pauli(p / 3, q / 3, p / 4),
                channels.bit_flip(p),
                channels.phase_flip(p),
                channels.amplitude_damping(p),
                channels.phase_damping(p),
                channels.generalized_amplitude_damping(p, q),
                channels.thermal_relaxation(p, 0.5 + q, 0.6 + q, p),
                channels.reset_error(p, q),
                random_channel(1, seed),
                random_channel(2, seed),
            ]
        )
    )


def random_channel(qubits, seed, operators=3):
    rng = np.random.default_rng(seed)
    size = 2**qubits
    matrix = rng.normal(size=(operators * size, size)) + 1j * rng.normal(size=(operators * size, size))
    return channels.kraus(np.linalg.qr(matrix)[0].reshape(operators, size, size))


conditions = st.recursive(
    st.one_of(
        st.builds(Compare, st.sampled_from(FEW_BITS), st.sampled_from(COMPARISONS), st.integers(0, 9)),
        st.builds(Parity, st.sampled_from([(0,), (0, 2), (0, 1, 2)]), st.integers(0, 1)),
    ),
    lambda inner: st.builds(AllOf, st.lists(inner, min_size=1, max_size=3).map(tuple), st.booleans()),
    max_leaves=3,
)


@st.composite
def dynamic_circuits(draw, max_qubits=3, max_operations=9):
    n = draw(st.integers(1, max_qubits))
    circuit = tz.Circuit(n, bits=BITS)
    gates = st.one_of(
        st.sampled_from([tz.gate(name) for name in ("h", "x", "s", "t", "cx", "cz", "swap", "iswap", "ccx", "cswap")]),
        st.sampled_from([tz.gate("rx", 0.7), tz.gate("rzz", 0.3), tz.gate("rxx", 1.1), tz.gate("crz", 0.4)]),
        matrix_gates(max_qubits=2),
    )
    for _ in range(draw(st.integers(0, max_operations))):
        kind = draw(st.sampled_from(["gate", "gate", "gate", "channel", "measure", "reset", "assign"]))
        when = draw(st.one_of(st.none(), conditions))
        order = draw(st.permutations(range(n)))
        if kind == "measure":
            readout = draw(st.one_of(st.none(), st.builds(Readout, probabilities, probabilities)))
            circuit = circuit.measure(order[0], [draw(st.integers(0, 2))], readout=readout, when=when)
        elif kind == "assign":
            value = draw(st.one_of(st.booleans(), conditions))
            circuit = circuit.assign([draw(st.integers(0, 2))], value, when=when)
        elif kind == "reset":
            circuit = circuit.reset(order[0], when=when)
        else:
            action = draw(gates if kind == "gate" else some_channels())
            if action.num_qubits <= n:
                circuit = circuit.append(action, *order[: action.num_qubits], when=when)
    return circuit


def product_matrix(letters, n):
    matrix = np.eye(1)
    for qubit in range(n):
        matrix = np.kron(matrix, PAULIS[letters.get(qubit, "I")])
    return matrix


def value_of(circuit, question):
    return tz.contract(build_doubled(circuit, question), dtype="complex128", trials=1)


many = settings(max_examples=150, deadline=None)


@many
@given(dynamic_circuits(), st.data())
def test_density_matrices_of_some_qubits(circuit, data):
    n = circuit.num_qubits
    qubits = tuple(data.draw(st.permutations(range(n)))[: data.draw(st.integers(1, n))])
    found = np.asarray(value_of(circuit, Question(kets=qubits))).reshape(2 ** len(qubits), -1)
    np.testing.assert_allclose(found, reduced(density_matrix(circuit), qubits, n), atol=1e-11)


@many
@given(dynamic_circuits(), st.data())
def test_traces_with_pauli_products_for_given_bits(circuit, data):
    n = circuit.num_qubits
    letters = data.draw(st.dictionaries(st.integers(0, n - 1), st.sampled_from("XYZ")))
    fixed = data.draw(st.dictionaries(st.integers(0, 2), st.integers(0, 1)))
    found = value_of(circuit, Question(letters=letters, fixed_bits=fixed))
    matrix = product_matrix(letters, n)
    expected = sum(
        np.trace(matrix @ state)
        for record, state in histories(circuit).items()
        if all(record[bit] == value for bit, value in fixed.items())
    )
    assert abs(found - expected) < 1e-11


@many
@given(dynamic_circuits(), st.data())
def test_joint_probabilities_of_outcomes_and_bits(circuit, data):
    n = circuit.num_qubits
    outcomes = tuple(data.draw(st.permutations(range(n)))[: data.draw(st.integers(0, n))])
    rest = [qubit for qubit in range(n) if qubit not in outcomes]
    fixed = {qubit: data.draw(st.integers(0, 1)) for qubit in rest[: data.draw(st.integers(0, len(rest)))]}
    bits = tuple(data.draw(st.permutations(range(3)))[: data.draw(st.integers(0, 3))])
    found = np.asarray(value_of(circuit, Question(outcomes=outcomes, bits=bits, fixed_qubits=fixed)))
    expected = np.zeros((2,) * (len(outcomes) + len(bits)))
    for record, state in histories(circuit).items():
        for number, chance in enumerate(np.diag(state).real):
            values = [number >> (n - 1 - qubit) & 1 for qubit in range(n)]
            if all(values[qubit] == value for qubit, value in fixed.items()):
                expected[(*(values[qubit] for qubit in outcomes), *(record[bit] for bit in bits))] += chance
    np.testing.assert_allclose(found, expected, atol=1e-11)


def test_operations_that_nothing_depends_on_are_left_out():
    circuit = tz.Circuit(40, bits={"c": 1})
    for qubit in range(39):
        circuit = circuit.cx(qubit, qubit + 1).append(channels.depolarizing2(0.1), qubit, qubit + 1)
    network = build_doubled(circuit.measure(0, "c[0]"), Question(letters={1: "Z"}))
    assert network.shape.num_tensors < 12


def test_a_diagonal_gate_needs_no_new_index():
    circuit = tz.Circuit(2).h(0).h(1).cz(0, 1).cx(0, 1).rzz(0, 1, 0.3)
    network = build_doubled(circuit, Question(letters={0: "X", 1: "X"}))
    assert max(len(term) for term in network.shape.inputs) <= 2

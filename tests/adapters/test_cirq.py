"""Circuits from and to Cirq have the same states; what has none is refused by its name."""

from __future__ import annotations

import itertools

import cirq
import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.strategies import circuits

from taizhang.adapters.cirq import from_cirq, to_cirq
from taizhang.circuit.circuit import Circuit
from taizhang.circuit.gates import gate, unitary_gate
from taizhang.circuit.state_vector import state_vector
from taizhang.errors import CircuitError, SizeLimitError, UsageError

Q = cirq.LineQubit.range(4)


def cirq_state(circuit, qubits):
    return circuit.final_state_vector(qubit_order=qubits, dtype=np.complex128, ignore_terminal_measurements=True)


def assert_same_state(circuit, reference=None, qubits=None):
    qubits = sorted(circuit.all_qubits()) if qubits is None else qubits
    expected = cirq_state(circuit if reference is None else reference, qubits)
    np.testing.assert_allclose(state_vector(from_cirq(circuit, qubit_order=qubits)), expected, atol=1e-7)


def turned(qubits):
    """A circuit that turns every qubit in a way of its own."""
    angles = np.random.default_rng(3).uniform(-1, 1, (len(qubits), 3))
    turns = [
        cirq.PhasedXZGate(x_exponent=x, z_exponent=z, axis_phase_exponent=a).on(qubit)
        for qubit, (x, z, a) in zip(qubits, angles, strict=True)
    ]
    return cirq.Circuit(turns, (cirq.CNOT(*pair) for pair in itertools.pairwise(qubits)))


# Round trips


@settings(deadline=None, derandomize=True, max_examples=25)
@given(circuits(max_qubits=4, max_operations=8))
def test_cirq_has_the_same_state_and_gives_the_circuit_back(circuit):
    theirs = to_cirq(circuit)
    state = cirq_state(theirs, cirq.LineQubit.range(circuit.num_qubits))
    np.testing.assert_allclose(state, state_vector(circuit), atol=1e-7)
    np.testing.assert_allclose(state_vector(from_cirq(theirs)), state_vector(circuit), atol=1e-7)


@settings(deadline=None, derandomize=True, max_examples=15)
@given(st.integers(0, 2**31))
def test_random_circuits_of_cirq_have_the_same_state_here_and_after_a_round_trip(seed):
    gates = {**cirq.testing.DEFAULT_GATE_DOMAIN, cirq.FSimGate(0.3, 0.2): 2, cirq.PhasedFSimGate(0.1, 0.2, 0.3): 2}
    gates[cirq.MatrixGate(cirq.testing.random_unitary(4, random_state=seed))] = 2
    circuit = cirq.testing.random_circuit(Q, 8, 0.7, gates, random_state=seed)
    assert_same_state(circuit)
    read = from_cirq(circuit)
    np.testing.assert_allclose(state_vector(from_cirq(to_cirq(read))), state_vector(read), atol=1e-7)


def test_named_gates_keep_their_names():
    circuit = Circuit(3)
    names = [("h",), ("cx",), ("ccx",), ("rz", 0.5), ("swap",), ("iswap",), ("iswapdg",), ("t",), ("crx", 0.25)]
    for name, *angles in [*names, ("fsim", 0.1, 0.2), ("sxdg",), ("cswap",), ("sdg",)]:
        chosen = gate(name, *angles)
        circuit = circuit.append(chosen, *range(chosen.num_qubits))
    assert from_cirq(to_cirq(circuit)) == circuit


def test_gates_of_many_controls_stay_whole():
    circuit = (
        Circuit(14).append(gate("x").controlled(13), *range(14)).append(gate("rz", 0.5).controlled(12), *range(13))
    )
    assert from_cirq(to_cirq(circuit)) == circuit


def test_matrices_without_targets_are_phases_in_cirq():
    phase = unitary_gate([[1j]])
    circuit = Circuit(2).append("h", 0).append("h", 1).append(phase).append(phase.controlled(2), 0, 1)
    np.testing.assert_allclose(cirq_state(to_cirq(circuit), Q[:2]), state_vector(circuit), atol=1e-12)


# Operations that hold others


def test_gates_of_cirq_are_read():
    qubits = cirq.GridQubit.rect(2, 2)
    circuit = cirq.Circuit(
        cirq.H.on_each(qubits),
        cirq.PhasedXPowGate(phase_exponent=0.25, exponent=0.5).on(qubits[0]),
        cirq.FSimGate(0.5, 0.25).on(qubits[1], qubits[3]),
        cirq.X(qubits[2]).controlled_by(qubits[0], control_values=[0]),
        cirq.ISWAP(qubits[0], qubits[1]) ** 0.5,
        cirq.global_phase_operation(1j),
        (cirq.Y**0.3)(qubits[3]).controlled_by(qubits[1]),
        cirq.measure(*qubits),
    )
    assert_same_state(circuit)


def test_tagged_operations_are_what_they_tag():
    tagged = [
        cirq.X(Q[0]).with_tags("a").with_tags("b"),
        cirq.CircuitOperation(cirq.FrozenCircuit(cirq.H(Q[1]) ** 0.3)).with_tags(cirq.VirtualTag()),
        cirq.rx(sympy.pi / 5)(Q[0]).with_tags("sympy"),
        cirq.measure(Q[0], key="m").with_tags("last"),
    ]
    plain = [cirq.X(Q[0]), cirq.H(Q[1]) ** 0.3, cirq.rx(np.pi / 5)(Q[0])]
    assert_same_state(cirq.Circuit(tagged), cirq.Circuit(plain))


SUB = cirq.FrozenCircuit(cirq.X(Q[0]) ** 0.3, cirq.CNOT(Q[0], Q[1]), cirq.global_phase_operation(1j))


@pytest.mark.parametrize(
    "operation",
    [
        cirq.CircuitOperation(SUB),
        cirq.CircuitOperation(SUB, repetitions=3),
        cirq.CircuitOperation(SUB, repetitions=-2),
        cirq.CircuitOperation(SUB, repetitions=0),
        cirq.CircuitOperation(SUB, qubit_map={Q[0]: Q[3], Q[1]: Q[2]}, repetitions=2),
        cirq.CircuitOperation(
            cirq.FrozenCircuit(cirq.CircuitOperation(SUB, repetitions=2), cirq.H(Q[2])), repetitions=2
        ),
        cirq.CircuitOperation(
            cirq.FrozenCircuit(cirq.X(Q[0]) ** sympy.Symbol("a"), cirq.CZ(Q[0], Q[1])), param_resolver={"a": 0.3}
        ),
        cirq.CircuitOperation(SUB).controlled_by(Q[3]),
        cirq.CircuitOperation(SUB, repetitions=2).controlled_by(Q[3], Q[2], control_values=[0, 1]),
    ],
)
def test_sub_circuits_keep_their_gates(operation):
    assert_same_state(turned(Q) + cirq.Circuit(operation))


def test_a_sub_circuit_with_gates_and_a_measurement_keeps_its_gates():
    inner = cirq.FrozenCircuit(cirq.X(Q[0]) ** 0.3, cirq.measure(Q[0], key="m"))
    outer = cirq.CircuitOperation(cirq.FrozenCircuit(cirq.CircuitOperation(inner), cirq.H(Q[1])))
    assert_same_state(cirq.Circuit(outer), cirq.Circuit(cirq.X(Q[0]) ** 0.3, cirq.H(Q[1])))


def test_repetitions_may_be_a_number_of_sympy():
    operation = cirq.CircuitOperation(SUB, repetitions=sympy.Integer(3))
    assert_same_state(cirq.Circuit(operation), cirq.Circuit(cirq.CircuitOperation(SUB, repetitions=3)))


@pytest.mark.parametrize(
    "values",
    [
        [1, 1],
        [0, 1],
        [(0, 1), 1],
        [(0, 1), (0, 1)],
        cirq.SumOfProducts([(0, 1), (1, 0)]),
        cirq.SumOfProducts([(0, 0), (1, 1), (0, 1)]),
    ],
)
def test_controls_act_on_the_values_they_name(values):
    for kind in (cirq.Y**0.3, cirq.CNOT, cirq.DensePauliString("XZ", coefficient=1j)):
        targets = Q[2 : 2 + kind.num_qubits()]
        by_gate = cirq.ControlledGate(kind, control_values=values).on(Q[1], Q[0], *targets)
        by_operation = kind.on(*targets).controlled_by(Q[1], Q[0], control_values=values)
        bare = cirq.GateOperation(cirq.ControlledGate(kind, control_values=values), [Q[1], Q[0], *targets])
        for operation in (by_gate, by_operation, bare):
            assert_same_state(turned(Q) + cirq.Circuit(operation))


def test_a_users_gate_is_read_by_its_matrix_or_its_decomposition():
    class OtherX(cirq.XPowGate):
        def _unitary_(self):
            return np.array([[0, 1j], [1, 0]])

        def _apply_unitary_(self, args):
            return NotImplemented

        def _act_on_(self, sim_state, qubits):
            return NotImplemented

    class OtherIdentity(cirq.IdentityGate):
        def _unitary_(self):
            return np.diag([1, 1j])

        def _apply_unitary_(self, args):
            return NotImplemented

    class Composite(cirq.Gate):
        def _num_qubits_(self):
            return 3

        def _decompose_(self, qubits):
            return [
                cirq.H(qubits[0]),
                cirq.CircuitOperation(cirq.FrozenCircuit(cirq.CCX(*qubits))),
                cirq.measure(qubits[2]),
            ]

    unitaries = cirq.Circuit(
        cirq.MatrixGate(np.array([[0, 1j], [1, 0]]))(Q[0]), cirq.MatrixGate(np.diag([1, 1j]))(Q[1])
    )
    assert_same_state(turned(Q) + cirq.Circuit(OtherX()(Q[0]), OtherIdentity(1)(Q[1])), turned(Q) + unitaries)
    assert_same_state(
        turned(Q) + cirq.Circuit(Composite()(*Q[1:])), turned(Q) + cirq.Circuit(cirq.H(Q[1]), cirq.CCX(*Q[1:]))
    )


# Wide gates and numbers of sympy

WIDE = cirq.LineQubit.range(11)
WIDE_GATES = [
    cirq.IdentityGate(11),
    cirq.WaitGate(cirq.Duration(nanos=3), num_qubits=11),
    cirq.QubitPermutationGate([3, 0, 1, 2, 5, 4, 7, 6, 10, 9, 8]),
    cirq.ParallelGate(cirq.T**0.3, 11),
    cirq.QuantumFourierTransformGate(11),
    cirq.PhaseGradientGate(num_qubits=11, exponent=0.7),
    cirq.DensePauliString("XYZIXYZIXYZ", coefficient=-1j),
    cirq.UniformSuperpositionGate(1025, 11),
    cirq.BooleanHamiltonianGate([f"x{k}" for k in range(11)], ["x0 & x1 & x10", "x3 ^ x4"], 0.4),
    cirq.ControlledGate(cirq.H, num_controls=10),
    cirq.ControlledGate(cirq.X**0.3, control_values=[0, 1, (0, 1)] * 3 + [1]),
    cirq.ControlledGate(cirq.QuantumFourierTransformGate(5), num_controls=6),
]


@pytest.mark.parametrize("kind", WIDE_GATES, ids=[type(kind).__name__ for kind in WIDE_GATES])
def test_gates_on_more_than_ten_qubits_are_taken_apart(kind):
    assert_same_state(turned(WIDE) + cirq.Circuit(kind.on(*WIDE[: cirq.num_qubits(kind)][::-1])), qubits=WIDE)


def test_a_wide_rotation_about_a_pauli_string_is_read():
    string = cirq.DensePauliString("XYZXYZXYZXY", coefficient=-1)
    rotation = cirq.PauliStringPhasorGate(string, exponent_neg=0.3, exponent_pos=0.1)
    read = from_cirq(turned(WIDE) + cirq.Circuit(rotation.on(*WIDE)))
    before, flipped = (cirq_state(turned(WIDE) + cirq.Circuit(rest), WIDE) for rest in ([], string.on(*WIDE)))
    positive, negative = (before + flipped) / 2, (before - flipped) / 2
    expected = np.exp(0.1j * np.pi) * positive + np.exp(0.3j * np.pi) * negative
    np.testing.assert_allclose(state_vector(read), expected, atol=1e-7)


def test_a_wide_pauli_string_is_read():
    string = cirq.PauliString({qubit: "XYZ"[place % 3] for place, qubit in enumerate(WIDE)}, coefficient=1j)
    assert_same_state(turned(WIDE) + cirq.Circuit(string, string.controlled_by(cirq.LineQubit(11))))


def test_the_state_of_a_wide_circuit_does_not_need_its_matrix():
    body = cirq.FrozenCircuit(cirq.H.on_each(*WIDE), (cirq.CZ(*pair) for pair in itertools.pairwise(WIDE)))
    assert len(from_cirq(cirq.Circuit(cirq.CircuitOperation(body))).operations) == 21


THIRD = sympy.Rational(1, 3)


@pytest.mark.parametrize(
    ("written", "number"),
    [
        (cirq.rx(sympy.pi / 3), cirq.rx(np.pi / 3)),
        (cirq.rz(2 * sympy.pi), cirq.rz(2 * np.pi)),
        (cirq.Z**THIRD, cirq.Z ** (1 / 3)),
        (cirq.X ** sympy.Integer(1), cirq.X),
        (cirq.CZ ** sympy.Float(0.25), cirq.CZ**0.25),
        (cirq.PhasedXPowGate(exponent=THIRD, phase_exponent=sympy.sqrt(2)), None),
        (cirq.FSimGate(sympy.pi / 3, sympy.E), cirq.FSimGate(np.pi / 3, np.e)),
        (cirq.GlobalPhaseGate(sympy.I), cirq.GlobalPhaseGate(1j)),
        (cirq.ry(sympy.Symbol("a") - sympy.Symbol("a") + 1), cirq.ry(1)),
    ],
)
def test_angles_written_with_sympy_are_numbers(written, number):
    if number is None:
        number = cirq.PhasedXPowGate(exponent=1 / 3, phase_exponent=2**0.5)
    qubits = Q[: cirq.num_qubits(written)]
    for around in (lambda operation: operation, lambda operation: operation.controlled_by(Q[3])):
        read, known = around(written.on(*qubits)), around(number.on(*qubits))
        assert_same_state(turned(Q) + cirq.Circuit(read), turned(Q) + cirq.Circuit(known))


# Measurements, resets, channels


def test_plain_measurements_at_the_end_are_left_out():
    ends = [
        cirq.measure(*Q, key="a"),
        cirq.measure(Q[0], Q[1], key="b", invert_mask=(False,)),
        cirq.measure_single_paulistring(cirq.Z(Q[1]), key="c"),
        cirq.I(Q[2]),
        cirq.WaitGate(cirq.Duration(nanos=1)).on(Q[0]),
        cirq.CircuitOperation(cirq.FrozenCircuit(cirq.measure(Q[3], key="d")), repetitions=2, use_repetition_ids=True),
    ]
    assert_same_state(turned(Q) + cirq.Circuit(ends), turned(Q))


def test_a_reset_of_a_fresh_qubit_does_nothing():
    circuit = cirq.Circuit(cirq.reset_each(*Q), cirq.H(Q[0]))
    assert_same_state(circuit, cirq.Circuit(cirq.H(Q[0])), qubits=Q)


UNITARY = cirq.testing.random_unitary(2, random_state=1)
CONFUSION = {(0,): np.array([[0.8, 0.2], [0.1, 0.9]])}
BODY = cirq.FrozenCircuit(cirq.X(Q[0]), cirq.measure(Q[0], key="m"))


@pytest.mark.parametrize(
    ("operations", "message"),
    [
        (cirq.measure_single_paulistring(cirq.X(Q[0]), key="x"), "does not measure in the computational basis"),
        (
            cirq.measure_single_paulistring(cirq.Z(Q[0]) * cirq.Z(Q[1]), key="x"),
            "does not measure in the computational",
        ),
        (cirq.measure_single_paulistring(-cirq.Z(Q[0]), key="x"), "does not measure in the computational basis"),
        (
            list(cirq.measure_paulistring_terms(cirq.Y(Q[0]) * cirq.X(Q[1]))),
            "does not measure in the computational basis",
        ),
        (cirq.KrausChannel([np.diag([1, 0]), np.diag([0, 1])], key="k")(Q[0]), "KrausChannel.* is not unitary"),
        (cirq.MixedUnitaryChannel([(0.5, np.eye(2)), (0.5, UNITARY)], key="k")(Q[0]), "is not unitary"),
        (cirq.MixedUnitaryChannel([(1.0, UNITARY)], key="k")(Q[0]), "is not unitary"),
        (2 * cirq.X(Q[0]) * cirq.Z(Q[1]), "is not unitary"),
        (cirq.GlobalPhaseGate(0.5, atol=1)(), "not unitary"),
        (cirq.IdentityGate(qid_shape=(3,))(cirq.LineQid(0, 3)), "dimension 3"),
        (cirq.measure(cirq.LineQid(0, 3)), "dimension 3"),
        (cirq.CircuitOperation(SUB, repetitions=sympy.Symbol("n")), "has the free symbol 'n'"),
        (cirq.X(Q[0]) ** sympy.I, "has an angle that is not a real number"),
        (cirq.Z(Q[0]) ** sympy.oo, "cannot be evaluated by Cirq"),
    ],
)
def test_what_is_not_unitary_is_refused_by_its_name(operations, message):
    with pytest.raises(CircuitError, match=message) as raised:
        from_cirq(cirq.Circuit(operations))
    assert "\n" not in str(raised.value)


class Endless(cirq.Gate):
    def _num_qubits_(self):
        return 1

    def _decompose_(self, qubits):
        return [Endless().on(*qubits)]


def test_a_gate_that_is_made_of_itself_is_refused():
    with pytest.raises(CircuitError, match=r"cannot be evaluated by Cirq|more than 100 times"):
        from_cirq(cirq.Circuit(Endless()(Q[0])))


def test_a_gate_with_a_qubit_of_its_own_is_read_by_its_matrix():
    class Borrowing(cirq.Gate):
        def _num_qubits_(self):
            return 1

        def _decompose_with_context_(self, qubits, context):
            (own,) = context.qubit_manager.qalloc(1)
            yield [cirq.CNOT(qubits[0], own), cirq.Z(own) ** 0.3, cirq.CNOT(qubits[0], own)]
            context.qubit_manager.qfree([own])

    read, known = (turned(Q) + cirq.Circuit(operation) for operation in (Borrowing()(Q[0]), cirq.Z(Q[0]) ** 0.3))
    assert_same_state(read, known)


def test_a_loop_that_is_too_long_is_refused_at_once():
    with pytest.raises(SizeLimitError, match=r"'CircuitOperation.* has 12000000 operations"):
        from_cirq(cirq.Circuit(cirq.CircuitOperation(SUB, repetitions=4 * 10**6)))


# Qubits


def test_qubits_are_numbered_in_the_order_that_is_given():
    circuit = cirq.Circuit(cirq.X(Q[2]), cirq.H(Q[0]))
    for order in (Q[::-1], tuple(Q[::-1]), cirq.QubitOrder.explicit(Q[::-1])):
        read = from_cirq(circuit, qubit_order=order)
        np.testing.assert_allclose(state_vector(read), cirq_state(circuit, Q[::-1]), atol=1e-7)
    named = cirq.NamedQubit.range(12, prefix="q")
    assert [step.qubits[0] for step in from_cirq(cirq.Circuit(map(cirq.X, named))).operations] == list(range(12))


def test_an_order_that_does_not_fit_is_refused():
    circuit = cirq.Circuit(cirq.X(Q[0]))
    with pytest.raises(CircuitError, match="not in `qubit_order`"):
        from_cirq(circuit, qubit_order=[Q[1]])
    with pytest.raises(CircuitError, match=r"q\(0\) is in `qubit_order` twice"):
        from_cirq(circuit, qubit_order=[Q[0], Q[1], Q[0]])
    with pytest.raises(CircuitError, match="`qubit_order` does not fit"):
        from_cirq(circuit, qubit_order=cirq.QubitOrder.explicit([Q[1]]))


def test_an_object_that_is_not_a_circuit_is_refused():
    with pytest.raises(UsageError, match=r"takes a cirq.Circuit, got a cirq.GateOperation"):
        from_cirq(cirq.H(Q[0]))

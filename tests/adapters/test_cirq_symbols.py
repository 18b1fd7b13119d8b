"""Symbols of Cirq circuits are kept; with values, both circuits have the same state."""

from __future__ import annotations

import cirq
import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.strategies import parametric_circuits, values_for

import taizhang as tz
from taizhang.adapters.cirq import from_cirq, to_cirq
from taizhang.circuit.state_vector import state_vector
from taizhang.errors import CircuitError

A, B = sympy.symbols("a b")
Q = cirq.LineQubit.range(3)


def cirq_state(circuit, values):
    resolved = cirq.resolve_parameters(circuit, values)
    return resolved.final_state_vector(qubit_order=Q, dtype=np.complex128)


def assert_same_with_values(operations, values=None):
    """Compares the states from a state in which every phase can be seen."""
    values = values or {"a": 0.37, "b": -1.1}
    circuit = cirq.Circuit(cirq.ry(0.3 + k)(qubit) for k, qubit in enumerate(Q)) + cirq.Circuit(operations)
    ours = from_cirq(circuit, qubit_order=Q)
    assert set(ours.parameters) >= cirq.parameter_names(circuit)  # Cirq does not name those of a PhasedFSimGate
    bound = ours.bind({name: values[name] for name in ours.parameters})
    np.testing.assert_allclose(state_vector(bound), cirq_state(circuit, values), atol=1e-7)


GATES = [
    cirq.rx(A),
    cirq.ry(2 * A - B),
    cirq.rz(A / 3 + 1),
    cirq.X**A,
    cirq.Y ** (A + B),
    cirq.Z ** (A / sympy.pi),
    cirq.XPowGate(exponent=A, global_shift=0.3),
    cirq.ZPowGate(exponent=A, global_shift=-0.5),
    cirq.H**A,
    cirq.CZ**A,
    cirq.CX ** (A - 1),
    cirq.CXPowGate(exponent=A, global_shift=0.2),
    cirq.XX**A,
    cirq.YY**A,
    cirq.ZZ ** (2 * A / np.pi),
    cirq.ms(A),
    cirq.SWAP**A,
    cirq.ISWAP**B,
    cirq.FSimGate(A, sympy.pi / 6),
    cirq.FSimGate(A, B),
    cirq.PhasedFSimGate(theta=A, zeta=B),
    cirq.givens(A),
    cirq.PhasedXPowGate(phase_exponent=A, exponent=B),
    cirq.PhasedXZGate(x_exponent=A, z_exponent=B, axis_phase_exponent=0.2),
    cirq.CCX**A,
    cirq.CCZ**A,
    cirq.DiagonalGate([A, B]),
    cirq.TwoQubitDiagonalGate([A, 0.1, B, 1]),
    cirq.GlobalPhaseGate(sympy.exp(2 * sympy.I * A)),
    cirq.PauliInteractionGate(cirq.X, False, cirq.Z, True, exponent=A),
]


@pytest.mark.parametrize("chosen", GATES, ids=lambda chosen: str(chosen)[:30])
def test_gates_with_symbols_have_the_state_of_cirq(chosen):
    operation = chosen.on(*Q[: cirq.num_qubits(chosen)])
    assert_same_with_values(operation)
    if cirq.num_qubits(chosen) < 3:
        assert_same_with_values(chosen.on(*Q[1 : 1 + cirq.num_qubits(chosen)]).controlled_by(Q[0]))


@pytest.mark.parametrize(
    "operations",
    [
        cirq.CircuitOperation(cirq.FrozenCircuit(cirq.X(Q[0]) ** A, cirq.H(Q[0])), repetitions=3),
        cirq.CircuitOperation(cirq.FrozenCircuit(cirq.X(Q[0]) ** A), repetitions=-2),
        cirq.CircuitOperation(cirq.FrozenCircuit(cirq.X(Q[0]) ** A), param_resolver={"a": B / 2}),
        cirq.X(Q[0]).controlled_by(Q[1], control_values=[0]) ** A,
        cirq.PauliStringPhasor(cirq.Z(Q[0]) * cirq.X(Q[1]), exponent_neg=A),
        (cirq.rx(A)(Q[0]) ** 2).with_tags("tag"),
    ],
)
def test_operations_within_operations_keep_their_symbols(operations):
    assert_same_with_values(operations)


@given(st.lists(st.tuples(st.sampled_from(GATES[:24]), st.permutations(Q)), max_size=6), st.data())
@settings(deadline=None, max_examples=50)
def test_circuits_with_values_have_the_state_of_cirq(placed, data):
    operations = [chosen.on(*qubits[: cirq.num_qubits(chosen)]) for chosen, qubits in placed]
    assert_same_with_values(operations, data.draw(values_for(["a", "b"])))


@given(parametric_circuits(max_qubits=3, max_operations=5), st.data())
@settings(deadline=None, max_examples=50)
def test_circuits_come_back_from_cirq(circuit, data):
    values = data.draw(values_for(circuit.parameters))
    again = from_cirq(to_cirq(circuit), qubit_order=cirq.LineQubit.range(circuit.num_qubits))
    bound = again.bind({name: values[name] for name in again.parameters})
    np.testing.assert_allclose(state_vector(bound), state_vector(circuit.bind(values)), atol=1e-7)


def test_names_and_factors_are_kept():
    circuit = cirq.Circuit(cirq.rx(2 * A - B / 4 + 0.5)(Q[0]), cirq.rz(sympy.Symbol("theta[3]"))(Q[0]))
    a, b, theta = tz.Parameter("a"), tz.Parameter("b"), tz.Parameter("theta[3]")
    assert from_cirq(circuit) == tz.Circuit(1).rx(0, 2 * a - b / 4 + 0.5).rz(0, theta)
    assert to_cirq(tz.Circuit(1).rx(0, 2 * a)) == cirq.Circuit(cirq.rx(2.0 * A)(Q[0]))


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        (cirq.rx(A * B)(Q[0]), r"'Rx\(.*\)' of the Cirq circuit has the angle a\*b, which is not a sum of symbols"),
        (cirq.rx(sympy.sin(A))(Q[0]), r"has the angle sin\(a\), which is not a sum"),
        (cirq.rx(sympy.Abs(A))(Q[0]), r"has the angle Abs\(a\), which is not a sum"),
        (cirq.rx(sympy.Piecewise((1, A > 0), (0, True)))(Q[0]), "which is not a sum of symbols"),
        (cirq.X(Q[0]) ** (A**2), r"has the angle a\*\*2, which is not a sum"),
        (cirq.X(Q[0]) ** (sympy.I * A), "which is not a sum of symbols times real numbers"),
        (cirq.rx(sympy.Symbol("two words"))(Q[0]), "the name of a parameter must be"),
        (cirq.PhasedXPowGate(phase_exponent=A**2)(Q[0]), "is not a sum"),
    ],
)
def test_what_is_no_sum_of_multiples_is_refused_in_one_sentence(operation, message):
    with pytest.raises(CircuitError, match=message) as raised:
        from_cirq(cirq.Circuit(operation))
    assert "\n" not in str(raised.value)


class Opaque(cirq.Gate):
    """A gate that Cirq knows nothing of but its symbol."""

    def _num_qubits_(self):
        return 1

    def _is_parameterized_(self):
        return True

    def _parameter_names_(self):
        return {"a"}


def test_a_gate_without_decomposition_is_named_with_its_symbol():
    with pytest.raises(CircuitError, match="has the free symbol 'a', which is kept in angles of rotations and powers"):
        from_cirq(cirq.Circuit(Opaque()(Q[0])))

"""Parameters of Qiskit circuits are kept; with values, both circuits have the same state."""

from __future__ import annotations

import numpy as np
import pytest
import qiskit.circuit.library as library
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import (
    AnnotatedOperation,
    ControlModifier,
    InverseModifier,
    Parameter,
    ParameterVector,
    PowerModifier,
)
from qiskit.quantum_info import SparsePauliOp, Statevector
from tests.strategies import parametric_circuits, values_for

import taizhang as tz
from taizhang.adapters.qiskit import from_qiskit, to_qiskit
from taizhang.circuit.state_vector import state_vector
from taizhang.errors import CircuitError

A, B = Parameter("a"), Parameter("b")
VECTOR = ParameterVector("theta", 12)
GATES = [library.RXGate, library.RZGate, library.PhaseGate, library.RZZGate, library.CRXGate, library.CPhaseGate]


def qiskit_state(circuit):
    """Qiskit's state with qubit 0 as the slowest axis."""
    state = np.asarray(Statevector(circuit).data)
    return state.reshape((2,) * circuit.num_qubits).transpose().reshape(-1)


def bound(circuit, values):
    return circuit.assign_parameters({symbol: values[symbol.name] for symbol in circuit.parameters})


def some_values(circuit):
    return {symbol.name: 0.3 + 0.21 * number for number, symbol in enumerate(circuit.parameters)}


def assert_same_with_values(circuit):
    values = some_values(circuit)
    ours = from_qiskit(circuit)
    assert set(ours.parameters) == set(values)
    np.testing.assert_allclose(state_vector(ours.bind(values)), qiskit_state(bound(circuit, values)), atol=1e-9)


@st.composite
def qiskit_circuits(draw):
    """Circuits whose angles are sums of multiples of parameters."""
    circuit = QuantumCircuit(3)
    symbols = [A, B, VECTOR[0], VECTOR[11]]
    for _ in range(draw(st.integers(0, 8))):
        kind = draw(st.sampled_from(GATES))
        angle = draw(st.floats(-3, 3))
        for symbol in draw(st.sets(st.sampled_from(symbols), max_size=2)):
            angle = draw(st.sampled_from([1, -1, 0.5, 3])) * symbol + angle
        operation = kind(angle)
        circuit.append(operation, draw(st.permutations(range(3)))[: operation.num_qubits])
    circuit.global_phase = draw(st.sampled_from([0, A, 2 * B - 1]))
    return circuit


@given(qiskit_circuits(), st.data())
@settings(deadline=None)
def test_with_values_both_circuits_have_the_same_state(circuit, data):
    values = data.draw(values_for([symbol.name for symbol in circuit.parameters]))
    ours = from_qiskit(circuit)
    given_names = {name: values[name] for name in ours.parameters}
    np.testing.assert_allclose(state_vector(ours.bind(given_names)), qiskit_state(bound(circuit, values)), atol=1e-7)


@given(parametric_circuits(max_qubits=3, max_operations=6), st.data())
@settings(deadline=None)
def test_circuits_come_back_from_qiskit(circuit, data):
    values = data.draw(values_for(circuit.parameters))
    again = from_qiskit(to_qiskit(circuit))
    names = {name: values[name] for name in again.parameters}
    np.testing.assert_allclose(state_vector(again.bind(names)), state_vector(circuit.bind(values)), atol=1e-7)


def test_names_and_factors_are_kept():
    circuit = QuantumCircuit(1)
    circuit.rx(2 * A - B / 4 + 0.5, 0)
    circuit.rz(VECTOR[3], 0)
    a, b, theta = tz.Parameter("a"), tz.Parameter("b"), tz.Parameter("theta[3]")
    assert from_qiskit(circuit) == tz.Circuit(1).rx(0, 2 * a - b / 4 + 0.5).rz(0, theta)


def modified():
    circuit = QuantumCircuit(3)
    inner = QuantumCircuit(1, name="inner")
    inner.rx(A, 0)
    inner.rz(A + B, 0)
    gate = inner.to_gate()
    circuit.append(gate, [0])
    circuit.append(gate.inverse(), [1])
    circuit.append(AnnotatedOperation(library.RXGate(A), [InverseModifier(), ControlModifier(1)]), [0, 2])
    circuit.append(AnnotatedOperation(gate, [PowerModifier(2), ControlModifier(1, ctrl_state=0)]), [1, 2])
    return circuit


@pytest.mark.parametrize(
    "circuit",
    [
        library.efficient_su2(3, reps=2),
        library.real_amplitudes(4, reps=1),
        library.qaoa_ansatz(SparsePauliOp(["IZZ", "ZIZ", "ZZI"]), reps=2),
        library.z_feature_map(3),
        modified(),
    ],
    ids=["efficient_su2", "real_amplitudes", "qaoa", "feature map", "modified"],
)
def test_circuits_of_the_library_and_modifiers_keep_their_parameters(circuit):
    assert_same_with_values(circuit)


def test_loops_over_numbers_are_written_out():
    circuit = QuantumCircuit(1)
    step = Parameter("step")
    with circuit.for_loop(range(1, 3), step):
        circuit.rx(A + step, 0)
        circuit.h(0)
    a = tz.Parameter("a")
    assert from_qiskit(circuit) == tz.Circuit(1).rx(0, a + 1).h(0).rx(0, a + 2).h(0)


def of(operation, *qubits):
    circuit = QuantumCircuit(2)
    circuit.append(operation, list(qubits) or [0])
    return circuit


@pytest.mark.parametrize(
    ("circuit", "message"),
    [
        (
            of(library.RXGate(A * B)),
            r"a parameter of 'rx' is a\*b, which is not a sum of parameters times real",
        ),
        (of(library.RXGate(A.sin())), r"is sin\(a\), which is not a sum"),
        (of(library.RXGate(abs(A))), r"is abs\(a\), which is not a sum"),
        (of(library.RXGate(A**2)), "which is not a sum of parameters"),
        (QuantumCircuit(1, global_phase=A * A), "the global phase of .* which is not a sum"),
        (of(library.RXGate(Parameter("two words"))), "the name of a parameter must be"),
        (of(AnnotatedOperation(library.UGate(A, 0, 0), [PowerModifier(0.5)])), "cannot be raised to the power 0.5"),
        (library.zz_feature_map(2), "which is not a sum of parameters"),
    ],
)
def test_what_is_no_sum_of_multiples_is_refused_in_one_sentence(circuit, message):
    with pytest.raises(CircuitError, match=message) as raised:
        from_qiskit(circuit)
    assert "\n" not in str(raised.value)

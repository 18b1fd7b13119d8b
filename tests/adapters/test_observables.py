"""Observables from and to other packages have the packages' own values, for every order of qubits."""

from __future__ import annotations

import subprocess
import sys

import cirq
import numpy as np
import openfermion
import pennylane as qml
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit.circuit import Parameter
from qiskit.quantum_info import Pauli, SparseObservable, SparsePauliOp, Statevector
from tests.circuit.dense_observable import dense
from tests.strategies import circuits, observables

import taizhang as tz
from taizhang.circuit.as_observable import as_observable
from taizhang.circuit.observable import Observable, X, Y, Z
from taizhang.errors import CircuitError, UsageError

N = 3
few = settings(deadline=None, derandomize=True, max_examples=25)
orders = st.permutations(range(N))
some_circuits = circuits(min_qubits=N, max_qubits=N, max_operations=8)


def value(circuit, observable):
    """Expectation value by the state vector."""
    state = tz.state_vector(circuit)
    return np.vdot(state, dense(observable, circuit.num_qubits) @ state)


def assert_close(ours, theirs, observable):
    assert abs(ours - theirs) <= 1e-6 * (1 + observable.norm1)


# Values


@few
@given(some_circuits, observables(N))
def test_values_are_those_of_qiskit(circuit, observable):
    operator = tz.observable_to_qiskit(observable, num_qubits=N)
    assert operator.num_qubits == N
    theirs = Statevector(tz.to_qiskit(circuit)).expectation_value(operator)
    assert_close(value(circuit, observable), theirs, observable)
    assert tz.observable_from_qiskit(operator) == observable
    assert tz.observable_from_qiskit(SparseObservable.from_sparse_pauli_op(operator)) == observable


@few
@given(some_circuits, observables(N), orders)
def test_values_are_those_of_cirq_for_every_order_of_qubits(circuit, observable, order):
    qubits = [cirq.NamedQubit(f"q{place}") for place in order]
    operator = tz.observable_to_cirq(observable, qubits=qubits)
    line = cirq.LineQubit.range(N)
    theirs = tz.to_cirq(circuit).transform_qubits(dict(zip(line, qubits, strict=True)))
    state = theirs.final_state_vector(
        qubit_order=sorted(qubits), dtype=np.complex128, ignore_terminal_measurements=True
    )
    places = {qubit: place for place, qubit in enumerate(sorted(qubits))}
    expected = sum(
        complex(string.with_coefficient(1).expectation_from_state_vector(state, places)) * string.coefficient
        for string in operator
    )
    assert_close(value(circuit, observable), expected, observable)
    assert tz.observable_from_cirq(operator, qubits=qubits) == observable
    # Sorted as `from_cirq` sorts the qubits of the circuit.
    again = tz.from_cirq(theirs)
    assert_close(value(again, tz.observable_from_cirq(operator, qubits=theirs)), expected, observable)


@few
@given(some_circuits, observables(N))
def test_values_are_those_of_openfermion(circuit, observable):
    operator = tz.observable_to_openfermion(observable)
    state = tz.state_vector(circuit)
    theirs = np.vdot(state, openfermion.get_sparse_operator(operator, n_qubits=N) @ state)
    assert_close(value(circuit, observable), theirs, observable)
    assert tz.observable_from_openfermion(operator) == observable


@few
@given(some_circuits, observables(N, real=True), orders)
def test_values_are_those_of_pennylane_for_every_order_of_wires(circuit, observable, order):
    wires = [f"wire {place}" for place in order]
    sentence = tz.observable_to_pennylane(observable, wires=wires)
    operation = sentence.operation(wire_order=wires)

    @qml.qnode(qml.device("default.qubit", wires=wires))
    def energy():
        qml.StatePrep(tz.state_vector(circuit), wires=wires, normalize=True)
        return qml.expval(operation)

    assert_close(value(circuit, observable), energy(), observable)
    assert tz.observable_from_pennylane(sentence, wires=wires) == observable
    assert tz.observable_from_pennylane(operation, wires=qml.wires.Wires(wires)) == observable


# Fixed cases


def test_labels_of_qiskit_are_read_from_the_right():
    assert tz.observable_from_qiskit(SparsePauliOp(["ZII", "IXY"], [1, 2j])) == Z(2) + 2j * X(1) * Y(0)
    assert tz.observable_from_qiskit(Pauli("-iXIZ")) == -1j * X(2) * Z(0)
    assert tz.observable_from_qiskit(SparseObservable("II0")) == 0.5 + 0.5 * Z(0)
    assert tz.observable_to_qiskit(Z(2)).to_list() == [("ZII", 1)]
    assert tz.observable_to_qiskit(Observable(0), num_qubits=2).to_list() == [("II", 0)]
    assert tz.observable_to_qiskit(Observable(3)).to_list() == [("I", 3)]


def test_line_qubits_and_numbered_wires_are_qubits_of_their_numbers():
    a, b = cirq.LineQubit(5), cirq.LineQubit(2)
    assert tz.observable_from_cirq(cirq.X(a) * cirq.Z(b)) == X(5) * Z(2)
    assert tz.observable_from_cirq(cirq.Y(b)) == Y(2)
    assert tz.observable_to_cirq(2 * X(5) * Z(2)) == 2 * cirq.X(a) * cirq.Z(b) + cirq.PauliSum()
    assert tz.observable_from_pennylane(qml.pauli.PauliWord({7: "Y", 1: "X"})) == X(1) * Y(7)
    assert tz.observable_from_pennylane(qml.Hamiltonian([0.5, 2.0], [qml.Z(3) @ qml.X(0), qml.Identity(1)])) == (
        0.5 * Z(3) * X(0) + 2
    )


@pytest.mark.parametrize(
    "operator",
    [
        SparsePauliOp(["ZIX"], [0.5]),
        0.5 * cirq.Z(cirq.LineQubit(2)) * cirq.X(cirq.LineQubit(0)),
        0.5 * cirq.Z(cirq.LineQubit(2)) * cirq.X(cirq.LineQubit(0)) + cirq.PauliSum(),
        openfermion.QubitOperator("Z2 X0", 0.5),
        0.5 * qml.Z(2) @ qml.X(0),
        qml.pauli.PauliSentence({qml.pauli.PauliWord({0: "X", 2: "Z"}): 0.5}),
        "0.5 Z2 X0",
        0.5 * Z(2) * X(0),
    ],
)
def test_anything_that_means_an_observable_is_one(operator):
    assert as_observable(operator) == Observable("0.5 X0 Z2")


def test_recognising_text_imports_no_other_package():
    code = (
        "import sys\nfrom taizhang.circuit.as_observable import as_observable\nas_observable('Z0')\n"
        "assert not {'qiskit', 'cirq', 'openfermion', 'pennylane', 'taizhang.adapters'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# Errors


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: as_observable([1]),
            "observable must be an Observable, text such as 'Z0 Z1', a number, or an operator of Qiskit, Cirq, "
            "OpenFermion or PennyLane, got a list",
        ),
        (
            lambda: as_observable(tz.to_qiskit(tz.Circuit(1))),
            "observable_from_qiskit takes a qiskit SparsePauliOp, Pauli or SparseObservable, got a "
            "qiskit.QuantumCircuit",
        ),
        (
            lambda: tz.observable_from_qiskit(SparsePauliOp(["Z"], np.array([Parameter("a")]))),
            "the coefficient a of the Qiskit operator must be a number; bind its parameters first",
        ),
        (
            lambda: as_observable(cirq.Circuit()),
            "observable_from_cirq takes a cirq.PauliSum or PauliString, got a cirq.Circuit",
        ),
        (
            lambda: as_observable(cirq.Z(cirq.GridQubit(0, 1))),
            "the qubit q(0, 1) of the Cirq operator has no number; give the order of the qubits, or the circuit, as "
            "`qubits`",
        ),
        (
            lambda: tz.observable_from_cirq(cirq.Z(cirq.q(0)), qubits=[cirq.q(1)]),
            "qubit q(0) of the Cirq operator is not in `qubits`; name every qubit there",
        ),
        (
            lambda: tz.observable_from_cirq(cirq.Z(cirq.q(0)), qubits=[cirq.q(0), cirq.q(0)]),
            "qubit q(0) is in `qubits` twice; name every qubit once",
        ),
        (
            lambda: tz.observable_from_cirq(cirq.PauliString({cirq.q(0): cirq.Z}, coefficient=sympy.Symbol("a"))),
            "the coefficient 1.0*a of the Cirq operator must be a number; resolve its symbols first "
            "(cirq.resolve_parameters)",
        ),
        (
            lambda: tz.observable_from_cirq(cirq.Z(cirq.q(-1))),
            "a qubit of an observable must be from 0 to 99999, got -1",
        ),
        (
            lambda: tz.observable_from_openfermion(openfermion.FermionOperator("1^ 0")),
            "observable_from_openfermion takes an openfermion.QubitOperator, got an openfermion.FermionOperator; map "
            "it to qubits first, such as by openfermion.jordan_wigner",
        ),
        (
            lambda: tz.observable_from_openfermion(openfermion.QubitOperator("Z0", sympy.Symbol("a"))),
            "the coefficient a of the OpenFermion operator must be a number; give its symbols values",
        ),
        (
            lambda: tz.observable_from_pennylane(qml.Hermitian(np.eye(2), 0)),
            "the PennyLane operator Hermitian is not a sum of Pauli products; make one of it by qml.pauli_decompose",
        ),
        (
            lambda: tz.observable_from_pennylane(qml.Z("a")),
            "wire 'a' of the PennyLane operator has no number; give the order of the wires as `wires`",
        ),
        (
            lambda: tz.observable_from_pennylane(qml.Z("a"), wires=["b"]),
            "wire 'a' of the PennyLane operator is not in `wires`; name every wire there",
        ),
        (
            lambda: tz.observable_from_pennylane(qml.Z("a"), wires=["a", "a"]),
            "wire 'a' is in `wires` twice; name every wire once",
        ),
        (
            lambda: tz.observable_from_pennylane(qml.pauli.PauliSentence({qml.pauli.PauliWord({0: "X"}): "x"})),
            "the coefficient x of the PennyLane operator must be a number; give a single one",
        ),
        (
            lambda: tz.observable_from_pennylane("Z0"),
            "observable_from_pennylane takes a PennyLane operator, PauliSentence or PauliWord, got a str",
        ),
        (
            lambda: tz.observable_to_pennylane(Z(3), wires=["a", "b"]),
            "the observable has Z3, but the circuit has 2 qubits, numbered 0 to 1; use letters on these qubits only",
        ),
        (lambda: tz.observable_to_qiskit("Z0"), "observable must be an Observable, got a str"),
    ],
)
def test_what_is_no_observable_is_refused(make, message):
    with pytest.raises((CircuitError, UsageError)) as raised:
        make()
    assert str(raised.value) == message

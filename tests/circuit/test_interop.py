"""Circuits from and to Qiskit and Cirq have the same states."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from tests.strategies import circuits

from taizhang.circuit import interop
from taizhang.circuit.circuit import Circuit
from taizhang.circuit.gates import gate, unitary_gate
from taizhang.errors import CircuitError, MissingPackageError
from taizhang.results.statevector import state_vector


def qiskit_state(circuit):
    """Qiskit's state with qubit 0 as the slowest axis."""
    quantum_info = pytest.importorskip("qiskit.quantum_info")
    state = np.asarray(quantum_info.Statevector(circuit).data)
    return state.reshape((2,) * circuit.num_qubits).transpose().reshape(-1)


@settings(deadline=None, max_examples=40)
@given(circuits(max_qubits=4, max_operations=8))
def test_qiskit_has_the_same_state_and_gives_the_circuit_back(circuit):
    pytest.importorskip("qiskit")
    theirs = interop.to_qiskit(circuit)
    np.testing.assert_allclose(qiskit_state(theirs), state_vector(circuit), atol=1e-9)
    np.testing.assert_allclose(state_vector(interop.from_qiskit(theirs)), state_vector(circuit), atol=1e-9)


@settings(deadline=None, max_examples=15)
@given(circuits(max_qubits=4, max_operations=8))
def test_cirq_has_the_same_state_and_gives_the_circuit_back(circuit):
    cirq = pytest.importorskip("cirq")
    theirs = interop.to_cirq(circuit)
    state = theirs.final_state_vector(
        qubit_order=cirq.LineQubit.range(circuit.num_qubits), dtype=np.complex128, ignore_terminal_measurements=True
    )
    np.testing.assert_allclose(state, state_vector(circuit), atol=1e-7)
    np.testing.assert_allclose(state_vector(interop.from_cirq(theirs)), state_vector(circuit), atol=1e-7)


def test_named_gates_keep_their_names_through_qiskit_and_cirq():
    circuit = Circuit(3)
    for name, *angles in [("h",), ("cx",), ("ccx",), ("rz", 0.5), ("swap",), ("iswap",), ("t",), ("crx", 0.25)]:
        chosen = gate(name, *angles)
        circuit = circuit.append(chosen, *range(chosen.num_qubits))
    pytest.importorskip("qiskit")
    assert interop.from_qiskit(interop.to_qiskit(circuit)) == circuit
    pytest.importorskip("cirq")
    assert interop.from_cirq(interop.to_cirq(circuit)) == circuit


def test_every_gate_of_qiskits_library_is_read():
    qiskit = pytest.importorskip("qiskit")
    library = pytest.importorskip("qiskit.circuit.library")
    circuit = qiskit.QuantumCircuit(4, global_phase=0.5)
    circuit.h(range(4))
    for chosen in [
        library.RGate(0.3, 0.4), library.CUGate(1, 2, 3, 4), library.CXGate(ctrl_state=0), library.XXPlusYYGate(0.5),
        library.C3SXGate(), library.RC3XGate(), library.C3XGate(), library.UnitaryGate(np.diag([1, 1, 1j, 1])),
        library.SXGate().control(2, annotated=True), library.RYGate(0.3).control(ctrl_state=0, annotated=True),
        library.RXGate(0.3).power(2.5, annotated=True), library.SGate().inverse(annotated=True),
        library.MCPhaseGate(0.5, 3), library.QFTGate(3), library.U1Gate(0.3), library.CU3Gate(1, 2, 3),
    ]:  # fmt: skip
        circuit.append(chosen, list(range(chosen.num_qubits))[::-1])
    circuit.barrier()
    circuit.measure_all()
    ours = interop.from_qiskit(circuit)
    np.testing.assert_allclose(
        state_vector(ours), qiskit_state(circuit.remove_final_measurements(inplace=False)), atol=1e-12
    )


def test_gates_of_cirq_are_read():
    cirq = pytest.importorskip("cirq")
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
    state = circuit.final_state_vector(ignore_terminal_measurements=True, dtype=np.complex128)
    np.testing.assert_allclose(state_vector(interop.from_cirq(circuit)), state, atol=1e-7)


def test_what_cannot_be_read_is_told():
    qiskit = pytest.importorskip("qiskit")
    circuit = qiskit.QuantumCircuit(1, 1)
    circuit.rx(qiskit.circuit.Parameter("a"), 0)
    with pytest.raises(CircuitError, match=r"a parameter of 'rx' is a, .* bind all parameters"):
        interop.from_qiskit(circuit)
    circuit = qiskit.QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    circuit.h(0)
    with pytest.raises(CircuitError, match="'h' comes after a measurement"):
        interop.from_qiskit(circuit)
    circuit = qiskit.QuantumCircuit(1)
    circuit.reset(0)
    with pytest.raises(CircuitError, match="'reset' of the Qiskit circuit is not a gate"):
        interop.from_qiskit(circuit)


def test_what_cirq_cannot_give_is_told():
    cirq = pytest.importorskip("cirq")
    sympy = pytest.importorskip("sympy")
    qubit = cirq.LineQubit(0)
    with pytest.raises(CircuitError, match="bind its symbols"):
        interop.from_cirq(cirq.Circuit(cirq.rx(sympy.Symbol("a")).on(qubit)))
    with pytest.raises(CircuitError, match="not in `qubit_order`"):
        interop.from_cirq(cirq.Circuit(cirq.X(qubit)), qubit_order=[cirq.LineQubit(1)])


def test_a_missing_package_is_told(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "qiskit", None)
    with pytest.raises(MissingPackageError, match="run pip install qiskit"):
        interop.from_qiskit(None)


def test_a_matrix_goes_through_qiskit_with_its_bit_order():
    pytest.importorskip("qiskit")
    generator = np.random.default_rng(1)
    unitary, _ = np.linalg.qr(generator.normal(size=(8, 8)) + 1j * generator.normal(size=(8, 8)))
    circuit = Circuit(3).append(unitary_gate(unitary), 2, 0, 1)
    np.testing.assert_allclose(qiskit_state(interop.to_qiskit(circuit)), state_vector(circuit), atol=1e-12)

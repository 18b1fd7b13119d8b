"""Files written by Qiskit and Cirq have the meaning of the circuits they were written from."""

from __future__ import annotations

import cirq
import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, qasm2, qasm3, transpile
from qiskit.circuit import library
from qiskit.circuit.random import random_circuit
from qiskit.quantum_info import Statevector
from qiskit.transpiler import CouplingMap

from taizhang.circuit.formats.openqasm import read_openqasm
from taizhang.circuit.state_vector import state_vector
from taizhang.errors import CircuitFileWarning

pytestmark = pytest.mark.filterwarnings("ignore::taizhang.errors.CircuitFileWarning")


def stirred(num_qubits):
    """A circuit after which no amplitude is 0."""
    circuit = QuantumCircuit(num_qubits)
    for qubit in range(num_qubits):
        circuit.ry(0.3 + qubit, qubit)
        circuit.rz(0.1 + 0.2 * qubit, qubit)
    for qubit in range(num_qubits - 1):
        circuit.cx(qubit, qubit + 1)
    return circuit


def same_state(text, circuit):
    """Asserts that the text means the circuit's gates, up to a global phase, which OpenQASM 2 lacks."""
    gates = circuit.copy_empty_like()
    for step in circuit.data:
        if step.operation.name not in ("barrier", "delay", "measure", "reset"):
            gates.append(step)
    expected = Statevector(gates.reverse_bits()).data
    overlap = np.vdot(expected, state_vector(read_openqasm(text), dtype="complex128"))
    assert abs(overlap) == pytest.approx(1, abs=1e-6)


def written_both_ways(circuit):
    return [qasm2.dumps(circuit), qasm3.dumps(circuit)]


STANDARD = {
    name: gate
    for name, gate in library.get_standard_gate_name_mapping().items()
    if name not in ("measure", "reset", "delay", "barrier", "global_phase")
}


@pytest.mark.parametrize("name", STANDARD)
def test_standard_gates_and_controlled_ones_are_read(name):
    template = STANDARD[name]
    gate = type(template)(*(0.3 + 0.4 * k for k in range(len(template.params)))) if template.params else template
    controlled = [gate.control(1, ctrl_state=0)] if gate.num_qubits < 4 else []
    for operation in [gate, gate.inverse(), *controlled]:
        circuit = stirred(operation.num_qubits)
        circuit.append(operation, range(operation.num_qubits))
        for text in written_both_ways(circuit):
            same_state(text, circuit)


def user_gates():
    inner = QuantumCircuit(2, name="my gate")
    inner.h(0)
    inner.cp(0.3, 0, 1)
    outer = QuantumCircuit(3, name="outer", global_phase=0.2)
    outer.append(inner.to_gate(), [2, 0])
    outer.append(inner.to_gate().control(1), [0, 1, 2])
    circuit = stirred(4)
    circuit.append(outer.to_gate(), [3, 1, 0])
    circuit.append(outer.to_gate().inverse(), [0, 1, 2])
    circuit.append(outer.to_gate().control(1, ctrl_state=0), [0, 1, 2, 3])
    return circuit


def several_registers():
    alpha, empty, beta = QuantumRegister(2, "alpha"), QuantumRegister(0, "empty"), QuantumRegister(1, "beta")
    circuit = QuantumCircuit(alpha, empty, beta, ClassicalRegister(3, "c"), ClassicalRegister(0, "d"))
    circuit.compose(stirred(3), inplace=True)
    circuit.barrier()
    circuit.measure([0, 1, 2], [2, 0, 1])
    return circuit


def many_controls():
    circuit = stirred(5)
    circuit.mcx([0, 1, 2], 3)
    circuit.mcx([4, 1, 2, 0], 3)
    circuit.mcp(0.4, [0, 1, 3], 2)
    circuit.append(library.MCMTGate(library.ZGate(), 2, 2), range(4))
    return circuit


def matrices():
    circuit = stirred(3)
    rng = np.random.default_rng(3)
    unitary, _ = np.linalg.qr(rng.normal(size=(4, 4)) + 1j * rng.normal(size=(4, 4)))
    circuit.unitary(unitary, [2, 0])
    circuit.append(library.PermutationGate([2, 0, 1]), range(3))
    circuit.append(library.QFTGate(3), range(3))
    circuit.append(library.PauliGate("XYZ"), range(3))
    return circuit


@pytest.mark.parametrize("make", [user_gates, several_registers, many_controls, matrices])
def test_circuits_of_qiskit_are_read(make):
    circuit = make()
    for text in written_both_ways(circuit):
        same_state(text, circuit)


@pytest.mark.parametrize("seed", range(5))
def test_random_circuits_of_qiskit_are_read(seed):
    circuit = random_circuit(4, 4, max_operands=4, seed=seed)
    for text in written_both_ways(circuit):
        same_state(text, circuit)


@pytest.mark.parametrize(
    "what", [[0.6, 0.8j], [0.5 + 0.5j, -0.5 + 0.5j], [0.5, -0.5j, 0.5j, -0.5], "1+", "r-", "l0", 2, 0]
)
def test_initialize_of_qiskit_is_read(what):
    num_qubits = 1 if isinstance(what, list) and len(what) == 2 else 2
    circuit = QuantumCircuit(3)
    circuit.h(2)
    circuit.initialize(what, range(num_qubits))
    circuit.cx(2, 0)
    same_state(qasm2.dumps(circuit), circuit)
    circuit.initialize(what, range(num_qubits))
    assert read_openqasm(qasm2.dumps(circuit)).gate_counts()["reset"] == num_qubits


def test_delays_barriers_and_first_resets_of_qiskit_change_nothing():
    circuit = QuantumCircuit(2)
    circuit.reset([0, 1])
    circuit.h(0)
    circuit.delay(100, 0)
    circuit.barrier()
    for unit in ("s", "ms", "us", "ns", "ps"):
        circuit.delay(1.5, 1, unit=unit)
    circuit.cx(0, 1)
    circuit.measure_all()
    for text in written_both_ways(circuit):
        same_state(text, circuit.remove_final_measurements(inplace=False))


def test_transpiled_circuits_of_qiskit_have_hardware_qubits():
    circuit = transpile(
        random_circuit(3, 3, max_operands=2, seed=2),
        coupling_map=CouplingMap.from_line(5),
        basis_gates=["cx", "rz", "sx", "x"],
        initial_layout=[4, 2, 3],
        seed_transpiler=1,
    )
    text = qasm3.dumps(circuit)
    assert "$4" in text
    same_state(text, circuit)


def test_the_phase_gate_of_qiskit_is_read_with_a_warning():
    circuit = QuantumCircuit(1)
    circuit.append(library.GlobalPhaseGate(0.7), [])
    circuit.x(0)
    with pytest.warns(CircuitFileWarning, match="line 3, column 6: the gate 'global_phase' of no qubits has no body"):
        read = read_openqasm(qasm3.dumps(circuit))
    np.testing.assert_allclose(state_vector(read, dtype="complex128"), Statevector(circuit).data, atol=1e-12)


LINE = cirq.LineQubit.range(4)
CIRQ = {
    "resets": [cirq.reset(LINE[0]), cirq.reset(LINE[1]), cirq.H(LINE[0]), cirq.CX(LINE[0], LINE[1])],
    "waits": [cirq.H(LINE[0]), cirq.WaitGate(cirq.Duration(nanos=3))(LINE[0]), cirq.X(LINE[1])],
    "roots": [cirq.X(LINE[0]) ** 0.5, cirq.X(LINE[0]) ** -0.5, cirq.Y(LINE[1]) ** 0.3, cirq.CZ(*LINE[:2]) ** 0.3],
    "wide": [cirq.H.on_each(*LINE), cirq.CCX(*LINE[:3]), cirq.CSWAP(*LINE[1:]), cirq.CCZ(*LINE[:3])],
    "others": [cirq.H.on_each(*LINE[:2]), cirq.ISWAP(*LINE[:2]), cirq.FSimGate(0.3, 0.2)(*LINE[:2])],
    "measured": [cirq.H(LINE[0]), cirq.CX(*LINE[:2]), cirq.measure(*LINE[:2], key="two words")],
} | {f"random {seed}": cirq.testing.random_circuit(4, 6, 0.8, random_state=seed) for seed in range(4)}


@pytest.mark.parametrize("version", ["2.0", "3.0"])
@pytest.mark.parametrize("name", CIRQ)
def test_circuits_of_cirq_are_read(name, version):
    circuit = cirq.Circuit(CIRQ[name])
    idle = [step for step in circuit.all_operations() if isinstance(step.gate, (cirq.ResetChannel, cirq.WaitGate))]
    rest = cirq.Circuit(step for step in circuit.all_operations() if not (step in idle or cirq.is_measurement(step)))
    expected = cirq.final_state_vector(rest, qubit_order=sorted(circuit.all_qubits()), dtype=np.complex128)
    got = state_vector(read_openqasm(circuit.to_qasm(version=version)), dtype="complex128")
    assert abs(np.vdot(expected, got)) == pytest.approx(1, abs=1e-6)


def test_the_root_of_not_of_cirq_is_read_with_a_warning():
    text = cirq.Circuit(cirq.X(LINE[0]) ** -0.5).to_qasm(version="3.0")
    with pytest.warns(CircuitFileWarning, match="the gate 'sxdg' is not part of stdgates.inc") as caught:
        circuit = read_openqasm(text, source="cirq.qasm")
    assert [step.gate.name for step in circuit.operations] == ["sxdg"]
    assert caught[0].message.source == "cirq.qasm"
    assert caught[0].message.excerpt.splitlines()[0] == "sxdg q[0];"


@pytest.mark.parametrize("phase", ["gphase(0.25);", "global_phase(0.25);", "gphase(0.25) q[0];"])
def test_a_phase_in_openqasm_2_is_read_with_a_warning(phase):
    with pytest.warns(CircuitFileWarning, match="is not part of OpenQASM 2"):
        circuit = read_openqasm(f'OPENQASM 2.0; include "qelib1.inc"; qreg q[1]; x q[0]; {phase}')
    np.testing.assert_allclose(state_vector(circuit, dtype="complex128"), [0, np.exp(0.25j)], atol=1e-15)

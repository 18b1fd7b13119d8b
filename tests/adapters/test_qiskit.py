"""Circuits from and to Qiskit have the same states; what has none is refused by its name."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import qiskit.circuit.library as library
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit, qasm2
from qiskit.circuit import (
    AnnotatedOperation,
    Barrier,
    Clbit,
    ControlledGate,
    ControlModifier,
    Delay,
    Gate,
    Instruction,
    InverseModifier,
    Measure,
    Parameter,
    PowerModifier,
    Reset,
)
from qiskit.circuit.random import random_circuit
from qiskit.quantum_info import Clifford, Operator, Pauli, SparsePauliOp, Statevector, random_clifford
from tests.strategies import circuits

from taizhang.adapters.qiskit import from_qiskit, to_qiskit
from taizhang.circuit.circuit import Circuit
from taizhang.circuit.gates import gate, unitary_gate
from taizhang.circuit.state_vector import state_vector
from taizhang.errors import CircuitError, MissingPackageError, UsageError


def qiskit_state(circuit):
    """Qiskit's state with qubit 0 as the slowest axis."""
    state = np.asarray(Statevector(circuit).data)
    return state.reshape((2,) * circuit.num_qubits).transpose().reshape(-1)


def assert_same_state(circuit, reference=None):
    expected = qiskit_state(circuit if reference is None else reference)
    np.testing.assert_allclose(state_vector(from_qiskit(circuit)), expected, atol=1e-9)


def turned(num_qubits):
    circuit = QuantumCircuit(num_qubits)
    for qubit in range(num_qubits):
        circuit.u(0.3 + qubit, 0.7, 0.2 * qubit, qubit)
    return circuit


def block(name, num_qubits=1):
    """A block of gates that is none of the library, whatever its name."""
    circuit = QuantumCircuit(num_qubits, name=name, global_phase=0.3)
    circuit.ry(0.4, 0)
    circuit.s(num_qubits - 1)
    return circuit


# Round trips


@settings(deadline=None, derandomize=True, max_examples=40)
@given(circuits(max_qubits=4, max_operations=8))
def test_qiskit_has_the_same_state_and_gives_the_circuit_back(circuit):
    theirs = to_qiskit(circuit)
    np.testing.assert_allclose(qiskit_state(theirs), state_vector(circuit), atol=1e-9)
    np.testing.assert_allclose(state_vector(from_qiskit(theirs)), state_vector(circuit), atol=1e-9)


@settings(deadline=None, derandomize=True, max_examples=25)
@given(st.integers(0, 2**31))
def test_random_circuits_of_qiskit_have_the_same_state_here_and_after_a_round_trip(seed):
    circuit = random_circuit(4, 5, max_operands=4, seed=seed)
    assert_same_state(circuit)
    assert_same_state(to_qiskit(from_qiskit(circuit)), circuit)


def test_named_gates_keep_their_names():
    circuit = Circuit(3)
    names = [("h",), ("cx",), ("ccx",), ("rz", 0.5), ("swap",), ("iswap",), ("t",), ("crx", 0.25), ("u2", 1, 2)]
    for name, *angles in [*names, ("sxdg",), ("cp", 0.5), ("cswap",), ("rccx",), ("rxy", 0.1, 0.2), ("cu", 1, 2, 3, 4)]:
        chosen = gate(name, *angles)
        circuit = circuit.append(chosen, *range(chosen.num_qubits))
    assert from_qiskit(to_qiskit(circuit)) == circuit


def test_gates_of_many_controls_stay_whole():
    circuit = Circuit(9).append(gate("h").controlled(5), *range(6)).append(gate("x").controlled(8), *range(9))
    assert from_qiskit(to_qiskit(circuit)) == circuit


def test_a_matrix_goes_through_qiskit_with_its_bit_order():
    generator = np.random.default_rng(1)
    unitary, _ = np.linalg.qr(generator.normal(size=(8, 8)) + 1j * generator.normal(size=(8, 8)))
    circuit = Circuit(3).append(unitary_gate(unitary), 2, 0, 1)
    np.testing.assert_allclose(qiskit_state(to_qiskit(circuit)), state_vector(circuit), atol=1e-12)


def test_matrices_without_targets_are_phases_in_qiskit():
    phase = unitary_gate([[1j]])
    circuit = Circuit(2).append("h", 0).append("h", 1).append(phase).append(phase.controlled(2), 0, 1)
    np.testing.assert_allclose(qiskit_state(to_qiskit(circuit)), state_vector(circuit), atol=1e-12)


# Names mean nothing


NAMES = ["barrier", "delay", "measure", "reset", "snapshot", "r", "unitary", "h", "x", "cx", "cu", "u", "gphase", "id"]
NAMES += ["global_phase", "initialize", "if_else", "box", "annotated", "clifford", "cu1", "rz", "swap", "pauli", ""]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("num_qubits", [1, 2])
def test_a_block_is_read_by_its_definition_whatever_its_name(name, num_qubits):
    for instruction in (block(name, num_qubits).to_gate(), block(name, num_qubits).to_instruction()):
        circuit = turned(num_qubits)
        circuit.append(instruction, range(num_qubits)[::-1])
        assert_same_state(circuit)


# Qiskit adds controls to these by their name.
MISTAKEN = ["h", "x", "cx", "u", "rz"]


@pytest.mark.parametrize("name", NAMES)
def test_a_controlled_or_inverted_block_is_read_by_its_definition_whatever_its_name(name):
    own = block(name, 2).to_gate()
    kinds = [own.inverse(), own.power(2)]
    if name not in MISTAKEN:
        kinds += [own.control(2), own.control(2, ctrl_state=1), own.inverse().control(1)]
    for kind in kinds:
        circuit = turned(kind.num_qubits)
        circuit.append(kind, range(kind.num_qubits)[::-1])
        assert_same_state(circuit)


@pytest.mark.parametrize("nested", [False, True])
def test_a_block_that_qiskit_mistakes_for_its_own_gate_when_it_adds_controls_is_refused(nested):
    own = block("h").to_gate()
    if nested:
        outer = QuantumCircuit(1, name="outer")
        outer.append(own, [0])
        own = outer.to_gate()
    for controls in (1, 2, 7):
        with pytest.raises(CircuitError, match="named like a gate of Qiskit's"):
            from_qiskit(of(own.control(controls), controls + 1))


def test_a_block_that_is_the_gate_of_its_name_can_be_controlled():
    same = QuantumCircuit(1, name="h")
    same.h(0)
    circuit = turned(3)
    circuit.append(same.to_gate().control(2, ctrl_state=1), [1, 2, 0])
    assert_same_state(circuit)


@pytest.mark.parametrize("name", ["barrier", "x", "r", "unitary", "mygate"])
def test_blocks_with_modifiers_are_read_by_their_definition(name):
    own = block(name, 2).to_gate()
    modifiers = [InverseModifier(), ControlModifier(2, 1), PowerModifier(3), ControlModifier(1, 0), PowerModifier(0.3)]
    circuit = turned(5)
    circuit.append(AnnotatedOperation(own, modifiers), [4, 0, 2, 1, 3])
    reference = turned(5)
    reference.unitary(AnnotatedOperation(own, modifiers).to_matrix(), [4, 0, 2, 1, 3])
    assert_same_state(circuit, reference)


def test_a_gate_may_have_no_definition_but_a_matrix():
    class Matrix(Gate):
        def __array__(self, dtype=None, copy=None):
            return np.diag([1, 1j, -1, 1]).astype(dtype or complex)

    for kind in (Matrix("barrier", 2, []), Matrix("h", 2, [])):
        circuit = turned(2)
        circuit.append(kind, [1, 0])
        assert_same_state(circuit)


def test_a_class_that_extends_a_gate_of_the_library_keeps_its_own_meaning():
    class OtherX(library.XGate):
        def _define(self):
            self.definition = block("x")

        def __array__(self, dtype=None, copy=None):
            return np.asarray(Operator(block("x")).data, dtype)

    class SameRX(library.RXGate):
        pass

    class Relative(ControlledGate):
        def __init__(self):
            super().__init__("cch", 3, [], num_ctrl_qubits=2, base_gate=library.HGate())

        def _define(self):
            self.definition = block("q", 3)

    class LoudBarrier(Barrier):
        def _define(self):
            self.definition = block("barrier", 2)

    for kind in (OtherX(), SameRX(0.3), Relative(), LoudBarrier(2)):
        circuit = turned(kind.num_qubits)
        circuit.append(kind, range(kind.num_qubits))
        reference = turned(kind.num_qubits)
        reference.compose(kind.definition, inplace=True)
        assert_same_state(circuit, reference)


def test_a_controlled_gate_with_a_definition_of_its_own_is_not_its_base_with_controls():
    kind = ControlledGate("cch", 3, [], None, 2, block("q", 3), None, library.HGate())
    circuit = turned(3)
    circuit.append(kind, range(3))
    assert_same_state(circuit)


def test_a_matrix_that_is_not_the_definition_is_refused():
    class Torn(library.XGate):
        def _define(self):
            self.definition = block("x")

    circuit = QuantumCircuit(1)
    circuit.append(Torn(), [0])
    with pytest.raises(CircuitError, match="'x' has a definition that differs from its matrix"):
        from_qiskit(circuit)


def test_gates_of_an_openqasm_file_that_take_the_names_of_others_are_read():
    text = "OPENQASM 2.0; gate h a { U(0.3,0.1,0.2) a; } gate barrier2 a,b { h a; CX a,b; } qreg q[2]; h q[0]; "
    assert_same_state(qasm2.loads(text + "barrier2 q[1],q[0]; h q[1];"))


# Phases, blocks, objects


def test_global_phases_of_all_levels_are_kept():
    inner = QuantumCircuit(1, global_phase=0.3)
    inner.h(0)
    middle = QuantumCircuit(2, global_phase=0.5)
    middle.append(inner.to_gate().control(1), [0, 1])
    middle.append(library.GlobalPhaseGate(0.2).control(1), [1])
    circuit = turned(3)
    circuit.global_phase = 0.7
    circuit.append(middle.to_gate().control(1, ctrl_state=0), [2, 0, 1])
    circuit.append(library.GlobalPhaseGate(0.4), [])
    circuit.append(AnnotatedOperation(middle.to_gate(), [ControlModifier(1), PowerModifier(2)]), [1, 2, 0])
    reference = circuit.copy_empty_like()
    for instruction in circuit.data[:-1]:
        reference.append(instruction)
    reference.append(middle.to_gate().control(1).power(2), [1, 2, 0])
    assert_same_state(circuit, reference)


def test_cliffords_operators_and_paulis_are_read():
    circuit = turned(3)
    circuit.append(random_clifford(3, seed=1), [2, 0, 1])
    circuit.append(Operator(library.XXPlusYYGate(0.3, 0.4)), [2, 0])
    circuit.append(Pauli("-XYZ"), [0, 2, 1])
    circuit.append(AnnotatedOperation(Clifford(library.SGate()), [InverseModifier(), ControlModifier(1, 0)]), [0, 1])
    reference = turned(3)
    for instruction in circuit.data[3:-1]:
        reference.append(instruction)
    reference.append(library.SdgGate().control(1, ctrl_state=0), [0, 1])
    assert_same_state(circuit, reference)


def test_a_box_is_its_body():
    circuit = turned(2)
    with circuit.box():
        circuit.cx(1, 0)
        circuit.barrier()
        circuit.delay(10, 0)
    reference = turned(2)
    reference.cx(1, 0)
    assert_same_state(circuit, reference)


def test_a_loop_over_numbers_is_unrolled():
    circuit, reference = turned(2), turned(2)
    with circuit.for_loop((0, 3, 1)) as value:
        circuit.rx(value * 0.3, 1)
        circuit.cx(1, 0)
    with circuit.for_loop(range(2)):
        circuit.h(0)
        circuit.t(0)
    for value in (0, 3, 1):
        reference.rx(value * 0.3, 1)
        reference.cx(1, 0)
    for _ in range(2):
        reference.h(0)
        reference.t(0)
    assert_same_state(circuit, reference)


def test_an_evolution_is_read_as_the_product_formula_that_defines_it():
    circuit = turned(3)
    circuit.append(library.PauliEvolutionGate(SparsePauliOp(["XXI", "IZZ"], [0.3, -0.7]), 0.4), [2, 0, 1])
    assert_same_state(circuit, circuit.decompose())


# Measurements and resets


def test_measurements_at_the_end_are_left_out():
    circuit = turned(2)
    circuit.barrier()
    circuit.measure_all()
    circuit.measure_all()
    circuit.delay(5, 0)
    circuit.append(Delay(3), [1])
    assert_same_state(circuit, turned(2))


def test_a_block_that_ends_in_a_measurement_keeps_its_gates():
    inner = QuantumCircuit(1, 1, name="measure")
    inner.h(0)
    inner.measure(0, 0)
    circuit = QuantumCircuit(1, 1)
    circuit.append(inner.to_instruction(), [0], [0])
    reference = QuantumCircuit(1)
    reference.h(0)
    assert_same_state(circuit, reference)
    circuit.h(0)
    with pytest.raises(CircuitError, match="'h' comes after a measurement"):
        from_qiskit(circuit)


def test_fresh_qubits_are_reset_and_initialised():
    circuit = QuantumCircuit(5)
    circuit.reset(range(5))
    circuit.initialize("01", [0, 1])
    circuit.initialize([0.6, 0, 0, 0.8j], [2, 3])
    circuit.h(4)
    assert_same_state(circuit, QuantumCircuit.from_instructions(circuit.data[5:], qubits=circuit.qubits))
    block_of_it = QuantumCircuit(5)
    block_of_it.append(circuit.to_instruction(), range(5))
    assert_same_state(block_of_it, QuantumCircuit.from_instructions(circuit.data[5:], qubits=circuit.qubits))
    number = QuantumCircuit(3)
    number.initialize(5)
    assert_same_state(number)


def reset_late():
    circuit = QuantumCircuit(2)
    circuit.h(1)
    circuit.reset(1)
    return circuit


def initialised_late():
    circuit = QuantumCircuit(2)
    circuit.cx(0, 1)
    circuit.initialize("+", 1)
    return circuit


def measured_early():
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    circuit.h(0)
    return circuit


def conditioned():
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(0)
    return circuit


def broken_off():
    circuit = QuantumCircuit(1)
    with circuit.for_loop(range(3)):
        circuit.x(0)
        circuit.break_loop()
    return circuit


def measured_parity():
    circuit = turned(2)
    circuit.add_bits([Clbit()])
    if hasattr(library, "PauliProductMeasurement"):
        circuit.append(library.PauliProductMeasurement(Pauli("XX")), [0, 1], [0])
    else:  # an older Qiskit
        parity = QuantumCircuit(2, 1, name="pauli_product_measurement")
        parity.cx(0, 1)
        parity.measure(1, 0)
        parity.cx(0, 1)
        circuit.append(parity.to_instruction(), [0, 1], [0])
    return circuit


def of(kind, num_qubits=1, num_clbits=0):
    circuit = QuantumCircuit(num_qubits, num_clbits)
    circuit.append(kind, range(num_qubits), range(num_clbits))
    return circuit


def ill_defined():
    kind = Gate("odd", 2, [])
    kind.definition = block("odd", 1)
    return of(kind, 2)


@pytest.mark.parametrize(
    ("circuit", "message"),
    [
        (initialised_late(), "'reset' in 'initialize' resets qubit 1"),
        (broken_off(), "'break_loop' in 'for_loop' of the Qiskit circuit is not a gate"),
        (measured_parity(), "in 'pauli_product_measurement' comes after a measurement"),
        (of(Gate("mystery", 1, [])), "'mystery' of the Qiskit circuit is not a gate"),
        (of(Instruction("h", 1, 0, [])), "'h' of the Qiskit circuit is not a gate"),
        (of(AnnotatedOperation(Reset(), [InverseModifier()])), "'reset' in 'annotated' is a reset within a gate"),
        (of(AnnotatedOperation(Measure(), [ControlModifier(1)]), 2, 1), "is a measurement within a gate"),
        (of(AnnotatedOperation(library.XGate(), [PowerModifier(float("nan"))])), "to the power nan"),
        (of(AnnotatedOperation(block("w", 12).to_gate(), [PowerModifier(0.5)]), 12), "raises 12 qubits to the power"),
        (of(library.RXGate(float("inf"))), "give finite numbers"),
        (ill_defined(), "'odd' acts on 2 qubits, but its definition on 1"),
        (QuantumCircuit(1, global_phase=Parameter("p").sin()), r"the global phase of .* is sin\(p\)"),
    ],
)
def test_what_is_not_a_gate_is_refused_by_its_name(circuit, message):
    with pytest.raises(CircuitError, match=message) as raised:
        from_qiskit(circuit)
    assert "\n" not in str(raised.value)


def test_blocks_that_are_nested_too_deeply_are_refused():
    circuit = block("inner")
    for _ in range(400):
        nested = Instruction("level", 1, 0, [])
        nested.definition = circuit
        outer = QuantumCircuit(1)
        outer.append(nested, [0], copy=False)
        circuit = outer
    with pytest.raises(CircuitError, match="nested too deeply"):
        from_qiskit(circuit)


def test_an_object_that_is_not_a_circuit_is_refused():
    with pytest.raises(UsageError, match=r"takes a qiskit.QuantumCircuit, got an? .*(XGate|_Singleton)"):
        from_qiskit(library.XGate())


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "qiskit", None)
    with pytest.raises(MissingPackageError, match=r"run pip install 'taizhang\[qiskit\]'"):
        from_qiskit(None)


@pytest.mark.parametrize("circuit", [reset_late(), measured_early(), conditioned()])
def test_what_is_more_than_gates_has_bits_or_resets(circuit):
    read = from_qiskit(circuit)
    assert not read.is_unitary
    assert read.num_bits == circuit.num_clbits

"""Qiskit's circuits with measurements anywhere, resets and control flow, against Qiskit's own OpenQASM 3."""

from __future__ import annotations

import warnings

import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, qasm3
from qiskit.circuit import Clbit, Parameter
from qiskit.circuit.classical import expr

import taizhang as tz
from taizhang.circuit.formats.openqasm import read_openqasm

DOUBLE = {"dtype": "complex128", "trials": 1}


def same_distribution(circuit):
    """Reads a circuit as it is, and as Qiskit writes it."""
    ours = tz.from_qiskit(circuit, final_measurements=True)
    written = read_openqasm(qasm3.dumps(circuit), final_measurements=True)
    assert ours.registers == written.registers
    expected = tz.probabilities(written, **DOUBLE)
    assert tz.probabilities(ours, **DOUBLE) == pytest.approx(expected, abs=1e-10)
    return expected


def teleportation():
    qubits, first, second, out = QuantumRegister(3), *(ClassicalRegister(1, name) for name in ("a", "b", "out"))
    circuit = QuantumCircuit(qubits, first, second, out)
    circuit.u(0.7, 0.4, 1.1, 0)
    circuit.h(1)
    circuit.cx(1, 2)
    circuit.cx(0, 1)
    circuit.h(0)
    circuit.measure(0, first)
    circuit.measure(1, second)
    with circuit.if_test((second, 1)):
        circuit.x(2)
    with circuit.if_test((first[0], 1)):
        circuit.z(2)
    circuit.u(-0.7, -1.1, -0.4, 2)
    circuit.measure(2, out)
    return circuit


def test_teleportation():
    assert list(same_distribution(teleportation())) == ["0 0 0", "0 1 0", "1 0 0", "1 1 0"]


def test_branches_loops_resets_and_expressions():
    circuit = QuantumCircuit(QuantumRegister(3), ClassicalRegister(2, "c"), ClassicalRegister(3, "d"))
    c, d = circuit.cregs
    theta = Parameter("theta")
    circuit.ry(0.9, 0)
    circuit.h(1)
    circuit.measure([0, 1], c)
    with circuit.if_test((c, 2)) as otherwise:
        circuit.x(2)
        circuit.reset(0)
    with otherwise:
        circuit.ry(0.4, 2)
        with circuit.if_test((c[0], 1)):
            circuit.rx(1.1, 2)
    with circuit.for_loop(range(3), theta):
        circuit.rz(theta, 2)
        circuit.measure(2, d[0])
    circuit.h(0)
    with circuit.if_test(expr.logic_or(expr.logic_not(c[1]), expr.logic_and(c[0], d[0]))):
        circuit.cx(0, 1)
    with circuit.if_test(expr.greater_equal(c, 2)):
        circuit.h(1)
    with circuit.if_test(expr.bit_xor(c[0], d[0])):
        circuit.y(0)
    circuit.measure([0, 1, 2], d)
    assert len(same_distribution(circuit)) > 8


def test_switches():
    circuit = QuantumCircuit(QuantumRegister(2), ClassicalRegister(2, "c"), ClassicalRegister(1, "d"))
    c, d = circuit.cregs
    circuit.ry(0.8, 0)
    circuit.ry(1.9, 1)
    circuit.measure([0, 1], c)
    circuit.reset(0)
    with circuit.switch(c) as case:
        with case(0, 3):
            circuit.ry(0.3, 0)
        with case(1):
            circuit.x(0)
        with case(case.DEFAULT):
            circuit.ry(1.2, 0)
    circuit.measure(0, d)
    found = tz.probabilities(tz.from_qiskit(circuit), **DOUBLE)
    by_hand = tz.Circuit(2, bits={"c": 2, "d": 1}).ry(0, 0.8).ry(1, 1.9).measure([0, 1], "c").reset(0)
    by_hand = by_hand.append("ry", 0, 0.3, when="c == 0 or c == 3").append("x", 0, when="c == 1")
    by_hand = by_hand.append("ry", 0, 1.2, when="c == 2").measure(0, "d")
    assert found == pytest.approx(tz.probabilities(by_hand, **DOUBLE), abs=1e-12)


def test_circuits_of_gates_stay_what_they_were():
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure([0, 1], [1, 0])
    assert tz.from_qiskit(circuit).is_unitary
    kept = tz.from_qiskit(circuit, final_measurements=True)
    assert [(step.action.bit, step.qubits) for step in kept.operations[2:]] == [(1, (0,)), (0, (1,))]


def test_bits_outside_of_registers_have_a_register():
    circuit = QuantumCircuit([*QuantumRegister(1), Clbit()], ClassicalRegister(1, "c"))
    circuit.x(0)
    circuit.measure(0, circuit.clbits[0])
    circuit.x(0)
    circuit.measure(0, circuit.clbits[1])
    read = tz.from_qiskit(circuit)
    assert dict(read.registers) == {"c": 1, "bits": 1}
    assert sorted(tz.probabilities(read, **DOUBLE)) == ["0 1"] or sorted(tz.probabilities(read, **DOUBLE)) == ["1 0"]


def test_initialize_resets_its_qubits():
    circuit = QuantumCircuit(2, 1)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure(0, 0)
    circuit.initialize([0.6, 0.8], 0)
    read = tz.from_qiskit(circuit)
    assert tz.expectation(read, "Z0", **DOUBLE) == pytest.approx(0.36 - 0.64)
    assert tz.expectation(read, "Z1", given="1", **DOUBLE) == pytest.approx(-1)


def test_a_loop_on_outcomes_is_written_out_and_what_is_left_is_told():
    circuit = QuantumCircuit(1, 2)
    circuit.h(0)
    circuit.measure(0, 0)
    with circuit.while_loop((circuit.clbits[0], 1)):
        circuit.reset(0)
        circuit.h(0)
        circuit.measure(0, 0)
    read = tz.from_qiskit(circuit, max_turns=4)
    with pytest.warns(tz.errors.LoopWarning, match="^0.03125 of the probability has not left a loop"):
        assert tz.probabilities(read, **DOUBLE) == pytest.approx({"00": 1 - 1 / 32, "10": 1 / 32})
    # Left within the turns: nothing is told.
    circuit = QuantumCircuit(1, 1)
    circuit.x(0)
    circuit.measure(0, 0)
    with circuit.while_loop((circuit.clbits[0], 1)):
        circuit.x(0)
        circuit.measure(0, 0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert tz.probabilities(tz.from_qiskit(circuit), **DOUBLE) == pytest.approx({"0": 1})
    with pytest.raises(tz.UsageError, match="max_turns must be from 1 to 10000, got 0"):
        tz.from_qiskit(circuit, max_turns=0)


def test_a_condition_is_looked_at_where_its_block_begins():
    circuit = QuantumCircuit(3, 1)
    circuit.x(0)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)) as otherwise:
        circuit.reset(0)
        circuit.measure(0, 0)
        circuit.x(1)
    with otherwise:
        circuit.x(2)
    read = tz.from_qiskit(circuit)
    assert dict(read.registers) == {"c": 1, "_if": 1}
    assert tz.probabilities(read, **DOUBLE) == pytest.approx({"0": 1})
    assert tz.expectation(read, "Z1", **DOUBLE) == pytest.approx(-1)
    assert tz.expectation(read, "Z2", **DOUBLE) == pytest.approx(1)


def test_bits_are_stored_and_joined():
    circuit = QuantumCircuit(2, 3)
    circuit.h(0)
    circuit.h(1)
    circuit.measure([0, 1], [0, 1])
    a, b, c = circuit.clbits
    circuit.store(c, expr.bit_and(a, expr.bit_not(b)))
    with circuit.if_test(expr.bit_xor(expr.lift(a), c)):
        circuit.x(1)
    read = tz.from_qiskit(circuit)
    assert tz.probabilities(read, **DOUBLE) == pytest.approx({"000": 0.25, "010": 0.25, "101": 0.25, "110": 0.25})
    assert tz.expectation(read, "Z1", given="110", **DOUBLE) == pytest.approx(1)
    assert tz.expectation(read, "Z1", given="101", **DOUBLE) == pytest.approx(1)

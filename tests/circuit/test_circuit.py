"""Circuits: made, composed, counted, and refused where wrong."""

from __future__ import annotations

import time
from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from taizhang.circuit.circuit import Circuit, Operation
from taizhang.circuit.gates import gate
from taizhang.errors import CircuitError, SizeLimitError
from taizhang.results.statevector import state_vector


def test_append_gives_a_new_circuit():
    empty = Circuit(1)
    one = empty.append("h", 0)
    assert len(empty.operations) == 0
    assert one.operations == (Operation(gate("h"), (0,)),)
    with pytest.raises(FrozenInstanceError):
        one.num_qubits = 5


def test_equal_circuits_are_equal():
    assert Circuit(2).append("cx", 0, 1) == Circuit(2).append(gate("x").controlled(), 0, 1)
    assert Circuit(2).append("cx", 0, 1) != Circuit(2).append("cx", 1, 0)
    assert hash(Circuit(1).append("h", 0)) == hash(Circuit(1).append("h", 0))


def test_composition_keeps_the_order():
    both = Circuit(1).append("h", 0) + Circuit(1).append("t", 0)
    assert [step.gate.name for step in both.operations] == ["h", "t"]


def test_inverse_reverses_and_inverts():
    circuit = Circuit(2).append("s", 0).append("cx", 0, 1)
    assert circuit.inverse() == Circuit(2).append("cx", 0, 1).append("sdg", 0)


def test_controlled_circuit_acts_where_the_control_is_one():
    circuit = Circuit(1).append("gphase", parameters=[0.3]).append("h", 0)
    off, on = (
        state_vector(Circuit(2) + circuit.controlled()),
        state_vector(Circuit(2).append("x", 0) + circuit.controlled()),
    )
    np.testing.assert_allclose(off, [1, 0, 0, 0])
    np.testing.assert_allclose(on[2:], state_vector(circuit))


def test_depth_counts_layers():
    circuit = (
        Circuit(3).append("h", 0).append("h", 1).append("cx", 0, 1).append("h", 2).append("gphase", parameters=[1])
    )
    assert circuit.depth() == 2
    assert Circuit(5).depth() == 0


def test_gates_are_counted_by_label():
    circuit = Circuit(3).append("ccx", 0, 1, 2).append("h", 0).append("h", 1)
    assert circuit.gate_counts() == {"h": 2, "ccx": 1}


def test_qubit_out_of_range_is_told():
    with pytest.raises(CircuitError, match="gate 'h' was given qubit 2; the circuit has 2 qubits, numbered from 0"):
        Circuit(2).append("h", 2)
    with pytest.raises(CircuitError, match="qubit -1"):
        Circuit(2).append("h", -1)


def test_qubit_given_twice_is_told():
    with pytest.raises(CircuitError, match="gate 'cx' was given qubit 1 twice"):
        Circuit(2).append("cx", 1, 1)
    with pytest.raises(CircuitError, match="gate 'ccx' was given qubit 0 twice"):
        Circuit(3).append("ccx", 0, 1, 0)


def test_wrong_number_of_qubits_is_told():
    with pytest.raises(CircuitError, match="gate 'cx' was given 1 qubits; it acts on 2"):
        Circuit(2).append("cx", 1)


def test_a_gate_with_parameters_takes_no_more():
    with pytest.raises(CircuitError, match="already has its parameters"):
        Circuit(1).append(gate("rx", 0.5), 0, parameters=[0.5])


def test_circuits_of_different_sizes_do_not_follow_each_other():
    with pytest.raises(CircuitError, match="use `on_qubits`"):
        Circuit(2).then(Circuit(3))
    with pytest.raises(CircuitError, match="all different"):
        Circuit(2).on_qubits([1, 1], num_qubits=3)
    with pytest.raises(TypeError):
        Circuit(2) + 1


def test_sizes_are_limited():
    with pytest.raises(SizeLimitError, match="at most 100000"):
        Circuit(2_000_000_000)
    with pytest.raises(CircuitError, match="at least 0"):
        Circuit(-1)


def test_the_fast_door_is_fast():
    chosen = gate("cx")
    start = time.process_time()
    circuit = Circuit.from_operations(100, (Operation(chosen, (k % 99, 99)) for k in range(150_000)))
    seconds = time.process_time() - start
    assert len(circuit.operations) == 150_000
    assert seconds < 2  # a third of a second on a machine that is not busy


def test_repr_is_short():
    assert repr(Circuit(53)) == "Circuit of 53 qubits, 0 operations"
    assert repr(Operation(gate("crx", 0.5), (3, 1))) == "crx(0.5) 3 1"

"""Circuits: building, composing, counting, and the refusal of invalid ones."""

from __future__ import annotations

import copy
import gc
import pickle
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taizhang.circuit.circuit import Circuit, Operation
from taizhang.circuit.gates import gate
from taizhang.circuit.state_vector import state_vector
from taizhang.errors import CircuitError, SizeLimitError


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


def test_qubit_out_of_range_is_reported():
    with pytest.raises(CircuitError, match="gate 'h' was given qubit 2; the circuit has 2 qubits, numbered from 0"):
        Circuit(2).append("h", 2)
    with pytest.raises(CircuitError, match="qubit -1"):
        Circuit(2).append("h", -1)


def test_qubit_given_twice_is_reported():
    with pytest.raises(CircuitError, match="gate 'cx' was given qubit 1 twice"):
        Circuit(2).append("cx", 1, 1)
    with pytest.raises(CircuitError, match="gate 'ccx' was given qubit 0 twice"):
        Circuit(3).append("ccx", 0, 1, 0)


def test_wrong_number_of_qubits_is_reported():
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


def seconds_of(build: Callable[[int], Circuit], count: int) -> float:
    gc.collect()
    start = time.process_time()
    circuit = build(count)
    assert len(circuit) == len(circuit.operations) == count
    return time.process_time() - start


def chained(count: int) -> Circuit:
    circuit = Circuit(2)
    for _ in range(count // 2):
        circuit = circuit.h(0).cx(0, 1)
    return circuit


def appended(count: int) -> Circuit:
    circuit = Circuit(2)
    for _ in range(count):
        circuit = circuit.append("rx", 0, 0.5)
    return circuit


def branched(count: int) -> Circuit:
    """At each step another circuit is built on the same one, so copying a common start once is not enough."""
    circuit = Circuit(2)
    for _ in range(count):
        circuit.x(1)
        circuit = circuit.h(0)
    return circuit


def added(count: int) -> Circuit:
    circuit, layer = Circuit(2), Circuit(2).h(0).h(1)
    for _ in range(count // 2):
        circuit += layer
    return circuit


@pytest.mark.parametrize("build", [chained, appended, branched, added])
def test_building_takes_time_in_proportion(build):
    few, many = (min(seconds_of(build, count) for _ in range(3)) for count in (4_000, 32_000))
    assert many < 32 * few  # 64 if it were the square


def test_long_chains_are_thrown_away_without_recursion():
    circuit = chained(100_000)
    half = circuit
    del circuit
    assert len(half.inverse()) == 100_000


def test_circuits_that_share_a_beginning_do_not_disturb_each_other():
    base = Circuit(2).h(0)
    one, other = base.x(0), base.y(1)
    longer = one.z(0)
    assert [step.gate.name for step in other] == ["h", "y"]
    assert [step.gate.name for step in longer] == ["h", "x", "z"]
    assert [step.gate.name for step in one] == ["h", "x"]
    assert base.operations == (Operation(gate("h"), (0,)),)
    assert [step.gate.name for step in one.t(1)] == ["h", "x", "t"]


@given(st.lists(st.sampled_from(["h", "t", "ask", "inverse", "double"]), max_size=12))
def test_building_step_by_step_equals_building_at_once(words):
    circuit, expected = Circuit(1), []
    for word in words:
        if word == "ask":
            assert list(circuit) == expected
        elif word == "inverse":
            circuit, expected = circuit.inverse(), [step.inverse() for step in reversed(expected)]
        elif word == "double":
            circuit, expected = circuit + circuit, expected * 2
        else:
            circuit, expected = circuit.append(word, 0), [*expected, Operation(gate(word), (0,))]
        assert len(circuit) == len(expected)
    assert circuit == Circuit.from_operations(1, expected)
    assert hash(circuit) == hash(Circuit(1, expected))


def test_a_circuit_is_a_sequence_of_operations():
    circuit = Circuit(2).h(0).cx(0, 1).t(1)
    assert len(circuit) == 3
    assert [step.gate.label for step in circuit] == ["h", "cx", "t"]
    assert circuit[1] == circuit[-2] == Operation(gate("cx"), (0, 1))
    assert circuit[1:] == Circuit(2).cx(0, 1).t(1)
    assert circuit[::-1].operations == circuit.operations[::-1]
    assert Operation(gate("h"), (0,)) in circuit
    assert bool(Circuit(2))
    with pytest.raises(IndexError):
        circuit[3]


def test_copies_of_a_circuit_are_equal():
    circuit = Circuit(2).h(0).cx(0, 1)
    assert copy.copy(circuit) is copy.deepcopy(circuit) is circuit
    again = pickle.loads(pickle.dumps(circuit.t(0)))  # noqa: S301
    assert again == circuit.t(0)
    assert circuit != "circuit"


def test_a_circuit_does_not_change():
    circuit = Circuit(2).h(0)
    for name in ("num_qubits", "operations", "_added", "colour"):
        with pytest.raises(FrozenInstanceError, match=name):
            setattr(circuit, name, 3)
        with pytest.raises(FrozenInstanceError, match=name):
            delattr(circuit, name)


def test_threads_may_build_on_one_circuit():
    base = chained(2_000)
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda number: base.rz(0, number).operations, range(200)))
    assert [steps[-1].gate.parameters for steps in results] == [(number,) for number in range(200)]
    assert all(steps[:-1] == base.operations for steps in results)


def test_numbers_of_numpy_are_qubits_and_angles():
    circuit = Circuit(np.int64(3)).cx(*np.array([2, 0])).rx(np.uint8(1), np.float32(0.5))
    assert circuit == Circuit(3).cx(2, 0).rx(1, 0.5)
    assert all(type(qubit) is int for step in circuit for qubit in step.qubits)


def test_wrong_constructions_are_reported():
    with pytest.raises(CircuitError, match="num_qubits must be an integer, got '3'"):
        Circuit("3")
    with pytest.raises(CircuitError, match=r"num_qubits must be an integer, got 2\.5"):
        Circuit(2.5)
    with pytest.raises(CircuitError, match="operations must be Operation values, got 'h'"):
        Circuit(2, ["h"])
    with pytest.raises(CircuitError, match="the circuit has 1 qubit, numbered from 0"):
        Circuit(1).h(1)


def test_one_is_singular():
    assert repr(Circuit(1).h(0)) == "Circuit of 1 qubit, 1 operation"

"""Blocks written out, against running the program with its blocks, history by history."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.network.density_matrices import apply_action, histories

import taizhang as tz
from taizhang.circuit.blocks import END, OTHERWISE, UNFINISHED, Begin, Unfinished, circuit_of_blocks
from taizhang.circuit.classical import Assign, Measure, Reset
from taizhang.circuit.condition import Compare, Parity
from taizhang.circuit.operation import Operation

QUBITS, BITS = 2, 3
conditions = st.one_of(
    st.builds(
        Compare, st.sampled_from([(0,), (1,), (0, 1), (2, 1)]), st.sampled_from(["==", "!=", "<"]), st.integers(0, 3)
    ),
    st.builds(Parity, st.sampled_from([(0, 1), (0, 1, 2)]), st.integers(0, 1)),
)
operations = st.one_of(
    st.builds(
        lambda name, qubit: Operation(tz.gate(name), (qubit,)), st.sampled_from(["h", "x", "t"]), st.integers(0, 1)
    ),
    st.just(Operation(tz.gate("cx"), (0, 1))),
    st.builds(lambda bit, qubit: Operation(Measure(bit), (qubit,)), st.integers(0, 2), st.integers(0, 1)),
    st.builds(lambda qubit: Operation(Reset(), (qubit,)), st.integers(0, 1)),
    st.builds(lambda bit, value: Operation(Assign(bit, value), ()), st.integers(0, 2), conditions),
)


@st.composite
def programs(draw, depth=3):
    """Lists of operations, ("if", condition, program, program) and ("while", condition, turns, program)."""
    program = []
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(["step", "step", "if", "while"])) if depth else "step"
        if kind == "step":
            program.append(draw(operations))
        elif kind == "if":
            program.append(("if", draw(conditions), draw(programs(depth - 1)), draw(st.just([]) | programs(depth - 1))))
        else:
            program.append(("while", draw(conditions), draw(st.integers(1, 2)), draw(programs(depth=0))))
    return program


def steps_of(program):
    for part in program:
        if isinstance(part, Operation):
            yield part
        elif part[0] == "if":
            yield Begin(part[1])
            yield from steps_of(part[2])
            if part[3]:
                yield OTHERWISE
                yield from steps_of(part[3])
            yield END
        else:
            for _ in range(part[2]):
                yield Begin(part[1])
                yield from steps_of(part[3])
            yield Unfinished(part[1])
            yield from [END] * part[2]


def run(program, states):
    """The states of each history after a program; and the probability that has not left its loops."""
    missing = 0.0
    for part in program:
        after = {}
        for record, state in states.items():
            if isinstance(part, Operation):
                outcomes = list(apply_action(part.action, part.qubits, record, state, QUBITS))
            elif part[0] == "if":
                found, lost = run(part[2] if part[1].holds(record) else part[3], {record: state})
                outcomes, missing = list(found.items()), missing + lost
            else:
                inside, outcomes = {record: state}, []
                for turn in range(part[2] + 1):
                    outcomes += [each for each in inside.items() if not part[1].holds(each[0])]
                    inside = {each: rho for each, rho in inside.items() if part[1].holds(each)}
                    if turn < part[2]:
                        inside, _ = run(part[3], inside)
                missing += sum(float(np.trace(rho).real) for rho in inside.values())
                outcomes += list(inside.items())
            for new, rho in outcomes:
                after[new] = after.get(new, 0) + rho
        states = after
    return states, missing


@settings(max_examples=150, deadline=None)
@given(programs())
def test_written_out_programs_are_the_programs(program):
    start = np.zeros((4, 4), dtype=complex)
    start[0, 0] = 1
    expected, missing = run(program, {(0,) * BITS: start})
    circuit = circuit_of_blocks(QUBITS, steps_of(program), {"c": BITS})
    found, left = {}, 0.0
    for record, state in histories(circuit).items():
        found[record[:BITS]] = found.get(record[:BITS], 0) + state
        if UNFINISHED in circuit.registers.names:
            bits = circuit.registers.bits_of(UNFINISHED)
            left += sum(record[bit] for bit in bits) * float(np.trace(state).real)
    for record in {*found, *expected}:
        zero = np.zeros((4, 4))
        assert np.allclose(found.get(record, zero), expected.get(record, zero), atol=1e-12)
    assert left == pytest.approx(missing, abs=1e-12)


def test_working_bits_are_in_no_result():
    flip = Operation(tz.gate("x"), (0,))
    measured = Operation(Measure(0), (0,))
    steps = [Begin(Compare((0,), "==", 0)), flip, measured, flip, END]
    circuit = circuit_of_blocks(1, steps, {"c": 1})
    assert circuit.registers.names == ("c", "_if")
    assert tz.probabilities(circuit) == pytest.approx({"1": 1}, abs=1e-6)
    assert tz.probability(circuit, "1") == pytest.approx(1, abs=1e-6)
    assert tz.probabilities(circuit, bits="_if") == pytest.approx({"1": 1}, abs=1e-6)
    assert tz.sample(circuit, 3, seed=1).tolist() == [[1]] * 3
    assert "bit 1 = bit 0 == 0" in str(circuit)


def test_loops_within_loops_have_a_bit_each():
    loop = [Begin(Parity((0,))), Operation(Measure(0), (0,)), Unfinished(Parity((0,))), END]
    circuit = circuit_of_blocks(1, [*loop, *loop], {"c": 1})
    assert dict(circuit.registers)[UNFINISHED] == 2
    numbers = [step.action.bit for step in circuit.operations if isinstance(step.action, Assign)]
    assert all(first != second for first, second in pairwise(numbers))

"""Blocks of steps on pieces of a large tensor."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.strategies import direct_value, filled, gate_chains

from taizhang.execute import compile_plan, contract_network, run_program
from taizhang.network.network import NetworkShape
from taizhang.plan.plan import Plan
from taizhang.program.blocks import BlockLimits
from taizhang.program.lower import lower

TINY = BlockLimits(large=1 << 6, piece=1 << 6, branch=1 << 6, lanes=1 << 2)
limits = st.builds(
    BlockLimits,
    large=st.sampled_from([1 << 4, 1 << 7]),
    piece=st.sampled_from([1 << 4, 1 << 6, 1 << 8]),
    branch=st.sampled_from([1 << 4, 1 << 8]),
    lanes=st.sampled_from([1, 1 << 2, 1 << 4]),
)


def gates_on_qubits(num_qubits, pairs):
    """Two-qubit gates acting on an open tensor, and the plan that contracts them in order."""
    wires, fresh, inputs = list(range(num_qubits)), num_qubits, [tuple(range(num_qubits))]
    for first, second in pairs:
        inputs.append((wires[first], wires[second], fresh, fresh + 1))
        wires[first], wires[second] = fresh, fresh + 1
        fresh += 2
    shape = NetworkShape(inputs=tuple(inputs), output=tuple(wires), sizes=(2,) * fresh)
    path, last = [], 0
    for k in range(1, len(inputs)):
        path.append((last, k))
        last = len(inputs) + k - 1
    network = filled(shape, 3)
    return network, Plan.from_ssa_path(network, path)


@settings(max_examples=200)
@given(planned=gate_chains(), limits=limits, threads=st.integers(1, 3))
def test_blocks_keep_the_value(planned, limits, threads):
    network, plan = planned
    expected, bound = direct_value(network)
    compiled = compile_plan(plan, dtype="complex128", limits=limits)
    value = run_program(compiled, network.arrays, threads=threads).value
    np.testing.assert_allclose(value, expected, rtol=0, atol=1e-13 * bound)


@given(planned=gate_chains(), limits=limits)
def test_blocks_do_the_same_work(planned, limits):
    _, plan = planned
    assert lower(plan, limits=limits).multiply_adds() == plan.cost.multiply_adds_executed


def test_a_run_of_gates_becomes_a_block():
    _, plan = gates_on_qubits(12, [(0, 1), (2, 3), (0, 2), (1, 3), (5, 6)])
    program = lower(plan, limits=TINY)
    assert [step.block for step in program.steps] == [0, 0, 0, 0, -1]
    assert [program.places[step.out].region for step in program.steps] == ["block"] * 3 + ["arena"] * 2


def test_a_piece_is_no_larger_than_the_limit():
    _, plan = gates_on_qubits(12, [(0, 1), (2, 3), (0, 2), (1, 3), (5, 6)])
    program = lower(plan, limits=TINY)
    pieces = [place.num_elements for place in program.places if place.region == "block"]
    assert pieces
    assert max(pieces) <= TINY.piece
    assert program.block_elements == 2 * TINY.piece


def test_a_chain_is_cut_where_too_few_indices_pass_through():
    _, plan = gates_on_qubits(12, [(k % 12, (k + 1) % 12) for k in range(0, 24)])
    program = lower(plan, limits=TINY)
    assert len({step.block for step in program.steps}) > 2


def test_blocks_need_less_memory():
    _, plan = gates_on_qubits(14, [(0, 1), (2, 3), (0, 2), (1, 3), (5, 6)])
    with_blocks = lower(plan, limits=TINY).memory_bytes()
    assert with_blocks <= lower(plan, limits=BlockLimits()).memory_bytes()


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
def test_a_profile_of_blocks_has_the_time_of_each_step(dtype):
    network, plan = gates_on_qubits(12, [(0, 1), (2, 3), (0, 2), (1, 3), (5, 6)])
    compiled = compile_plan(plan, limits=TINY, dtype=dtype)
    for threads in (1, 2):
        records = run_program(compiled, network.arrays, profile=True, threads=threads).profile
        assert all(record.seconds > 0 and record.runs == 1 for record in records)
    unblocked = contract_network(network, plan, dtype=dtype)
    np.testing.assert_allclose(run_program(compiled, network.arrays).value, unblocked.value, rtol=0, atol=1e-3)

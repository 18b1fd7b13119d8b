"""Bounds on the overhead of a run, in the best of many runs, so that other load does not matter."""

import pytest
from benchmarks.overheads import best, chain, native_run, pairs, strip, tree

import taizhang as tz
from taizhang.execute import compile_plan


@pytest.mark.parametrize("make", [chain, tree, strip])
def test_eight_hundred_tiny_tensors_contract_in_a_millisecond(make):
    network = make()
    compiled = compile_plan(tz.plan(network, trials=1, threads=1))
    assert (len(network.arrays), max(array.size for array in network.arrays) <= 64) == (800, True)
    assert best(50, native_run(compiled, network)) < 1e-3


def test_a_slice_of_little_work_takes_microseconds():
    network, sliced = pairs(12)
    path = tz.plan(network, trials=1, threads=1).tree.ssa_path
    compiled = compile_plan(tz.Plan.from_ssa_path(network, path, sliced_indices=sliced))
    assert best(10, native_run(compiled, network)) / compiled.program.num_slices < 20e-6

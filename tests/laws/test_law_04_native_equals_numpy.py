"""Law 4: native equals NumPy at every SIMD level the machine has."""

import numpy as np
import pytest
from hypothesis import given
from tests.strategies import direct_value, filled, planned_networks, qubit_networks

from taizhang import _native
from taizhang.execute import compile_plan, contract_network, run_program
from taizhang.network.network import NetworkShape
from taizhang.plan.plan import Plan

LEVELS = _native.simd_levels()


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(("dtype", "tolerance"), [("complex64", 1e-6), ("complex128", 1e-14)])
@given(planned=planned_networks())
def test_native_equals_numpy(level, dtype, tolerance, planned):
    network, plan = planned
    expected = contract_network(network, plan, dtype="complex128", backend="numpy").value
    compiled = compile_plan(plan, dtype=dtype, simd_level=level)
    value = run_program(compiled, network.arrays, exponent=network.exponent).value
    np.testing.assert_allclose(value, expected, rtol=0, atol=tolerance * direct_value(network)[1])


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(("dtype", "tolerance"), [("complex64", 1e-6), ("complex128", 1e-14)])
@given(planned=planned_networks(qubit_networks()))
def test_native_equals_numpy_on_larger_tensors(level, dtype, tolerance, planned):
    network, plan = planned
    expected = contract_network(network, plan, dtype="complex128", backend="numpy").value
    compiled = compile_plan(plan, dtype=dtype, simd_level=level)
    value = run_program(compiled, network.arrays, exponent=network.exponent).value
    np.testing.assert_allclose(value, expected, rtol=0, atol=tolerance * direct_value(network)[1])


def test_small_tensors_kept_for_all_slices_stay_whole_beside_large_ones():
    terms = [(6, 8), (0, 1, 7), (0,), (0,), (0,), (0,), (0,), (0, 1, 5, 9, 2, 3), (0,), tuple(range(10))]
    path = [(2, 3), (8, 9), (0, 1), (4, 5), (7, 12), (6, 14), (10, 11), (13, 15), (16, 17)]
    network = filled(NetworkShape(inputs=tuple(terms), output=(), sizes=(2,) * 10), seed=0)
    plan = Plan.from_ssa_path(network, path, [network.shape.index_names[4]])
    expected, bound = direct_value(network)
    assert abs(contract_network(network, plan, dtype="complex128").value - expected) < 1e-14 * bound

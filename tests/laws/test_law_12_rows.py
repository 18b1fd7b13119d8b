"""Law 12: rows equal the entries of the full value, and the other laws hold for networks with row indices."""

import json

import numpy as np
import pytest
from hypothesis import given
from tests.strategies import direct_value, networks_of_rows, qubit_networks

from taizhang.execute import compile_plan, contract_network, run_program
from taizhang.plan.plan import Plan


def picked(full_value, rows):
    """The rows of the value of the full network, and a bound of its size."""
    value, bound = direct_value(full_value)
    return value[tuple(rows.T.astype(int))], bound


@pytest.mark.parametrize("backend", ["native", "numpy"])
@given(case=networks_of_rows())
def test_rows_are_those_of_the_whole_value(backend, case):
    network, plan, rows, full_value = case
    expected, bound = picked(full_value, rows)
    value = contract_network(network, plan, dtype="complex128", backend=backend, rows=rows).value
    assert value.shape == network.shape.value_shape
    np.testing.assert_allclose(value, expected, rtol=0, atol=1e-13 * bound)


@pytest.mark.parametrize(("dtype", "tolerance"), [("complex64", 1e-6), ("complex128", 1e-13)])
@given(case=networks_of_rows(qubit_networks()))
def test_rows_of_larger_tensors_are_those_of_the_whole_value(dtype, tolerance, case):
    network, plan, rows, full_value = case
    expected, bound = picked(full_value, rows)
    result = contract_network(network, plan, dtype=dtype, rows=rows, threads=2)
    np.testing.assert_allclose(result.value, expected, rtol=0, atol=tolerance * bound)
    again = contract_network(network, plan, dtype=dtype, rows=rows, threads=1)
    assert np.array_equal(result.mantissa, again.mantissa)


@given(case=networks_of_rows())
def test_multiply_adds_predicted_are_those_counted(case):
    network, plan, rows, _ = case
    contraction = contract_network(network, plan, threads=1, rows=rows)
    assert contraction.multiply_adds == plan.cost.multiply_adds_executed
    assert contraction.multiply_adds == compile_plan(plan).program.multiply_adds()


@given(case=networks_of_rows())
def test_slices_add_up(case):
    network, plan, rows, full_value = case
    expected, bound = picked(full_value, rows)
    compiled = compile_plan(plan, dtype="complex128")
    parts = [
        run_program(compiled, network.arrays, exponent=network.exponent, rows=rows, slices=range(k, k + 1)).value
        for k in range(plan.num_slices)
    ]
    np.testing.assert_allclose(sum(parts), expected, rtol=0, atol=1e-13 * bound)


@given(case=networks_of_rows())
def test_a_plan_with_rows_survives_its_file(case):
    _, plan, _, _ = case
    assert Plan.from_dict(json.loads(json.dumps(plan.to_dict()))) == plan

"""`contract_gradient`: derivatives of networks by all tensors, against values with a direction."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.strategies import direct_value, filled, network_shapes, plans

import taizhang as tz
from taizhang._resources import needed_bytes
from taizhang.settings import WORKING_MEMORY


def cotangent_of(network, seed=7):
    rng = np.random.default_rng(seed)
    shape = network.shape.value_shape
    return rng.normal(size=shape) + 1j * rng.normal(size=shape)


def slopes(network, cotangent):
    """For each tensor a direction, the slope in it and the size of its terms: the value is linear in each tensor."""
    rng = np.random.default_rng(3)
    for number, array in enumerate(network.arrays):
        direction = rng.normal(size=array.shape) + 1j * rng.normal(size=array.shape)
        arrays = [*network.arrays[:number], direction, *network.arrays[number + 1 :]]
        value, bound = direct_value(tz.TensorNetwork.from_shape(network.shape, arrays, network.exponent))
        yield direction, (value * cotangent).sum(), (np.abs(bound) * np.abs(cotangent)).sum()


def check(network, gradients, cotangent, tolerance):
    assert len(gradients) == len(network.arrays)
    for gradient, array, (direction, slope, size) in zip(
        gradients, network.arrays, slopes(network, cotangent), strict=True
    ):
        assert gradient.shape == array.shape
        assert abs((gradient * direction).sum() - slope) <= tolerance * size + 1e-300


@settings(max_examples=80, deadline=None)
@given(shape=network_shapes(max_tensors=7, max_size=3), seed=st.integers(0, 1 << 32), power=st.integers(-3, 3))
def test_any_network(shape, seed, power):
    network = filled(shape, seed, power)
    cotangent = cotangent_of(network)
    check(network, tz.contract_gradient(network, cotangent=cotangent, dtype="complex128"), cotangent, 1e-12)
    check(network, tz.contract_gradient(network, cotangent=cotangent), cotangent, 1e-5)


@settings(max_examples=40, deadline=None)
@given(data=st.data(), shape=network_shapes(min_tensors=1, max_tensors=6, max_size=3), seed=st.integers(0, 1 << 32))
def test_a_plan_for_the_network_serves(data, shape, seed):
    network = filled(shape, seed)
    plan = data.draw(plans(network))
    cotangent = cotangent_of(network)
    found = tz.contract_gradient(network, cotangent=cotangent, plan=plan, dtype="complex128")
    check(network, found, cotangent, 1e-12)


def grid_network(rows, columns, size, seed=0):
    """A closed network on a grid."""
    rng = np.random.default_rng(seed)
    tensors = []
    for row in range(rows):
        for column in range(columns):
            edges = [((row, column), (row, column + 1)), ((row, column), (row + 1, column))]
            edges += [((row, column - 1), (row, column)), ((row - 1, column), (row, column))]
            inside = [edge for edge in edges if all(0 <= r < rows and 0 <= c < columns for r, c in edge)]
            array = rng.normal(size=(size,) * len(inside)) / size ** (len(inside) / 4)
            tensors.append((array, [str(edge) for edge in inside]))
    return tz.TensorNetwork(tensors)


def test_products_of_a_tensor_and_its_derivative_are_the_value_in_little_memory_too():
    network = grid_network(9, 9, 4)
    value = tz.contract(network, dtype="complex128", trials=4)
    for options in ({}, {"width": 15}, {"memory": needed_bytes() + WORKING_MEMORY + (48 << 20)}):
        gradients = tz.contract_gradient(network, dtype="complex128", trials=4, **options)
        for array, gradient in zip(network.arrays, gradients, strict=True):
            assert abs((array * gradient).sum() - value) <= 1e-9 * abs(value)


@pytest.mark.parametrize("size", [1e-9, 1e9])
def test_derivatives_of_values_outside_the_range_of_floats(size):
    # The value is size**400 * 2, a derivative size**399: far outside; those by the one tensor of size**-399 are not.
    chain = [(np.full((1,), size), "x")] * 100
    rest = [(np.full((1,), 1 / size), "x")] * 100
    gradients = tz.contract_gradient(tz.TensorNetwork([*chain, *rest, (np.array([2.0]), "x")]))
    assert all(np.allclose(gradient, 2 / size) for gradient in gradients[:100])
    with pytest.raises(tz.NumericalError, match="complex128 holds sizes"):
        tz.contract_gradient(tz.TensorNetwork(chain))


def test_values_that_underflow_on_the_way():
    # Each pair of matrices nearly cancels: the value is 10**-600 of the product of the tensors' sizes.
    half = np.array([[1.0, 1.0], [1.0, 1.0 + 1e-6]]), np.array([[1.0, -1.0], [-1.0, 1.0]])
    tensors = [
        (array, (f"a{number}", f"b{number}") if order == 0 else (f"b{number}", f"a{number}"))
        for number in range(100)
        for order, array in enumerate(half)
    ]
    scaling = [(np.array(1e6), ())] * 100
    gradients = tz.contract_gradient(tz.TensorNetwork([*tensors, *scaling]), dtype="complex128")
    # The value is 1 (to the digits that cancellation leaves), so those by the scalars are 1e-6.
    assert all(abs(gradient - 1e-6) < 1e-13 for gradient in gradients[200:])


def test_zeros_and_small_networks():
    assert tz.contract_gradient(tz.TensorNetwork([])) == ()
    (one,) = tz.contract_gradient(tz.TensorNetwork([(np.ones((2, 2)), "aa")]))
    assert one.tolist() == [[1, 0], [0, 1]]
    empty = tz.contract_gradient(tz.TensorNetwork([(np.ones((0, 2)), "ab"), (np.ones(3), "c")]))
    assert [gradient.shape for gradient in empty] == [(0, 2), (3,)]
    assert not empty[1].any()
    zero = tz.contract_gradient(tz.TensorNetwork([(np.zeros(2), "a"), (np.ones(2), "a")]))
    assert zero[0].tolist() == [1, 1]
    assert not zero[1].any()


def test_wrong_arguments_are_told_in_a_sentence():
    network = tz.TensorNetwork([(np.ones((2, 3)), "ab")], output="ab")
    with pytest.raises(tz.UsageError, match=r"the value of the network has shape \(2, 3\); give a cotangent"):
        tz.contract_gradient(network)
    with pytest.raises(tz.UsageError, match=r"cotangent must hold numbers in the shape of the value, \(2, 3\), got"):
        tz.contract_gradient(network, cotangent=np.ones(3))
    with pytest.raises(tz.UsageError, match="network must be a TensorNetwork"):
        tz.contract_gradient(tz.Circuit(2))
    closed = tz.TensorNetwork([(np.ones(2), "a"), (np.array([1.0, np.nan]), "a")])
    with pytest.raises(tz.NumericalError, match="tensor 1 of the network holds a NaN"):
        tz.contract_gradient(closed)
    with pytest.raises(tz.PlanError, match="the plan is for a network of"):
        tz.contract_gradient(closed, plan=tz.plan(network))
    with pytest.raises(tz.LimitError):
        tz.contract_gradient(grid_network(7, 7, 4), memory=needed_bytes() + WORKING_MEMORY + 10_000)

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.strategies import structured_array

from taizhang.network.structure import Tie, constant_axes, split_product, support, tied_axes, tied_triples

shapes = st.lists(st.sampled_from([2, 2, 2, 3]), min_size=1, max_size=6).map(tuple)
seeds = st.integers(0, 1 << 32)


@given(shapes, seeds)
def test_support_says_where_the_elements_are(shape, seed):
    array = structured_array(shape, np.random.default_rng(seed))
    nonzero = support(array)
    modulus = np.abs(array).ravel()
    assert nonzero.largest == pytest.approx(modulus.max())
    assert nonzero.largest == pytest.approx(modulus[nonzero.peak])
    assert [nonzero.positions >> k & 1 for k in range(array.size)] == (modulus > 0).tolist()


@given(shapes, seeds)
def test_constant_and_tied_axes_are_those_that_a_loop_finds(shape, seed):
    array = structured_array(shape, np.random.default_rng(seed))
    if not array.any():
        return
    where = np.argwhere(array)
    positions = support(array).positions
    constant = [(axis, int(where[0, axis])) for axis in range(len(shape)) if (where[:, axis] == where[0, axis]).all()]
    assert constant_axes(positions, shape) == constant
    ties = set()
    for second in range(len(shape)):
        for first in range(second):
            if shape[first] == shape[second]:
                if (where[:, first] == where[:, second]).all():
                    ties.add(Tie(first, second, False))
                elif shape[first] == 2 and (where[:, first] != where[:, second]).all():
                    ties.add(Tie(first, second, True))
    assert set(tied_axes(positions, shape)) == ties


def test_three_axes_may_be_tied():
    parity = np.indices((2, 2, 2)).sum(axis=0) % 2
    assert tied_triples(support(parity).positions, (2, 2, 2)) == [((0, 1, 2), True)]
    assert tied_triples(support(np.ones((2, 2, 2))).positions, (2, 2, 2)) == []


@given(shapes, shapes, seeds)
def test_an_outer_product_is_split(left, right, seed):
    rng = np.random.default_rng(seed)
    first, second = rng.normal(size=left[:3]), rng.normal(size=right[:3])
    rank = first.ndim + second.ndim
    order = rng.permutation(rank)
    array = np.multiply.outer(first, second).transpose(order)
    axes, first, second = split_product(array)
    rest = [axis for axis in range(rank) if axis not in axes]
    back = np.multiply.outer(first, second)
    np.testing.assert_allclose(back, array.transpose([*axes, *rest]), atol=1e-14 * np.abs(array).max())


@given(shapes, seeds)
def test_what_is_split_is_the_product(shape, seed):
    array = structured_array(shape, np.random.default_rng(seed))
    product = split_product(array) if array.any() else None
    if product is not None:
        axes, first, second = product
        rest = [axis for axis in range(array.ndim) if axis not in axes]
        error = np.abs(np.multiply.outer(first, second) - array.transpose([*axes, *rest])).max()
        assert error <= 1e-14 * np.abs(array).max()


def test_what_is_no_product_is_not_split():
    assert split_product(np.eye(2)) is None
    assert split_product(np.random.default_rng(0).normal(size=(2,) * 5)) is None


def test_what_is_not_finite_counts_as_not_zero():
    for size in (4, 100):
        array = np.zeros(size)
        array[1] = np.nan
        assert support(array).positions == (1 << size) - 1
        array[1] = np.inf
        assert support(array).positions == (1 << size) - 1


def test_what_is_small_beside_the_largest_counts_as_zero():
    assert support(np.array([1e-17, 1.0])).positions == 0b10
    assert support(np.array([1e-17, 1e-16])).positions == 0b11

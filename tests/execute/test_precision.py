"""Values of networks whose elements are far apart, compared with exact arithmetic: accurate, or a NumericalError."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import taizhang as tz
from taizhang.execute.precision import are_far_apart, check_held, is_small, least_dtype
from taizhang.network.spans import element_spans


def exact_value(network):
    """Each element of the value as a pair of fractions, by summing over all values of all indices."""
    shape = network.shape
    value = {}
    for point in itertools.product(*map(range, shape.sizes)):
        re, im = Fraction(2) ** network.exponent, Fraction(0)
        for array, term in zip(network.arrays, shape.inputs, strict=True):
            z = complex(array[tuple(point[index] for index in term)])
            x, y = Fraction(z.real), Fraction(z.imag)
            re, im = re * x - im * y, re * y + im * x
        place = tuple(point[index] for index in shape.output)
        before = value.get(place, (Fraction(0), Fraction(0), Fraction(0)))
        value[place] = (before[0] + re, before[1] + im, before[2] + abs(re) + abs(im))
    return value


def check_value(network, value, tolerance):
    """Checks every element relative to the terms that were summed for it, or to the least number of complex128."""
    least = Fraction(2) ** -1074
    for place, (re, im, terms) in exact_value(network).items():
        z = complex(np.asarray(value)[place])
        assert math.isfinite(z.real)
        assert math.isfinite(z.imag)
        assert abs(Fraction(z.real) - re) <= tolerance * terms + least, place
        assert abs(Fraction(z.imag) - im) <= tolerance * terms + least, place


@st.composite
def scaled_networks(draw, largest_power):
    """Small networks: tensors scaled by powers of ten, or with powers of ten of their own for every element."""
    sizes = draw(st.lists(st.integers(1, 3), min_size=1, max_size=4))
    index = st.integers(0, len(sizes) - 1)
    inputs = draw(st.lists(st.lists(index, max_size=3, unique=True).map(tuple), min_size=1, max_size=5))
    used = sorted({i for term in inputs for i in term})
    output = draw(st.lists(st.sampled_from(used), unique=True, max_size=2)) if used else []
    # Indices on no tensor are not summed over.
    number = {index: place for place, index in enumerate(used)}
    shape = tz.NetworkShape(
        inputs=tuple(tuple(number[i] for i in term) for term in inputs),
        output=tuple(number[i] for i in output),
        sizes=tuple(sizes[i] for i in used),
    )
    rng = np.random.default_rng(draw(st.integers(0, 1 << 32)))
    each = draw(st.booleans())
    arrays = []
    for term in shape.inputs:
        term_sizes = [shape.sizes[i] for i in term]
        powers = rng.integers(-largest_power, largest_power, term_sizes if each else (), endpoint=True)
        numbers = rng.normal(size=term_sizes) + 1j * rng.normal(size=term_sizes)
        arrays.append(np.where(rng.random(term_sizes) < 0.1, 0, numbers) * 10.0**powers)
    return tz.TensorNetwork.from_shape(shape, arrays)


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
@pytest.mark.parametrize("largest_power", [20, 40, 200])
@settings(max_examples=40)
@given(data=st.data())
def test_values_are_right_or_refused(dtype, largest_power, data):
    network = data.draw(scaled_networks(largest_power))
    try:
        value = tz.contract(network, dtype=dtype, trials=1, threads=1)
    except tz.NumericalError:
        sizes = [max(abs(re), abs(im)) for re, im, _ in exact_value(network).values()]
        # Only what no complex128 holds is refused.
        assert any(size >= Fraction(2) ** 1023 or 0 < size <= Fraction(2) ** -1000 for size in sizes)
        return
    check_value(network, value, Fraction(1, 10**5) if dtype == "complex64" else Fraction(1, 10**13))


@pytest.mark.parametrize("scale", [1e20, 1e100, 1e200, 1e300])
@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
def test_what_is_small_in_one_tensor_and_large_in_another_is_kept(scale, dtype):
    there, back = np.array([scale, 1 / scale]), np.array([1 / scale, scale])
    network = tz.TensorNetwork([(there, "a"), (back, "a")])
    assert tz.contract(network, dtype=dtype) == pytest.approx(2, rel=1e-6)
    with_output = tz.TensorNetwork([(there, "a"), (back, "a")], output="a")
    np.testing.assert_allclose(tz.contract(with_output, dtype=dtype), [1, 1], rtol=1e-6)
    matrices = tz.TensorNetwork([(np.diag(there), "ab"), (np.diag(back), "bc")], output="ac")
    np.testing.assert_allclose(tz.contract(matrices, dtype=dtype), np.eye(2), rtol=1e-6)


def test_many_tensors_that_each_fit_the_type_do_not_lose_their_product():
    tensors = [(np.array([1, 1e-5]), "a")] * 30 + [(np.array([1e-5, 1]), "a")] * 30
    np.testing.assert_allclose(tz.contract(tz.TensorNetwork(tensors, output="a")), [1e-150, 1e-150], rtol=1e-5)
    assert tz.contract(tz.TensorNetwork(tensors)) == pytest.approx(2e-150, rel=1e-5)


def test_small_terms_remain_where_large_ones_cancel():
    e = 1e-100
    a, b = np.array([[1, e], [e, 1]]), np.array([[e, 1], [1, e]])
    product = tz.contract(tz.TensorNetwork([(a, "xy"), (b, "yz")], output="xz"))
    np.testing.assert_allclose(product, [[2e-100, 1], [1, 2e-100]], rtol=1e-6)


def test_slices_of_far_apart_elements_add_up_to_the_whole():
    rng = np.random.default_rng(3)
    a, b = (rng.normal(size=(3, 4)) * 10.0 ** rng.integers(-150, 150, (3, 4)) for _ in range(2))
    network = tz.TensorNetwork([(a, "xy"), (b, "xy"), (np.ones(3), "x")], output="y")
    plan = tz.Plan.from_ssa_path(network, [(0, 1), (3, 2)], ["x"])
    total = tz.contract(network, plan=plan)
    check_value(network, total, Fraction(1, 10**13))
    parts = [tz.contract(network, plan=plan, slices=range(k, k + 1)) for k in range(3)]
    np.testing.assert_allclose(sum(parts), total, rtol=1e-13)


def test_an_output_index_that_is_sliced_keeps_elements_far_apart():
    network = tz.TensorNetwork([(np.array([1e200, 1e-200]), "a"), (np.ones(2), "b")], output="ab")
    plan = tz.Plan.from_ssa_path(network, [(0, 1)], ["a"])
    np.testing.assert_allclose(tz.contract(network, plan=plan), [[1e200] * 2, [1e-200] * 2], rtol=1e-13)


def test_a_repeated_index_of_far_apart_elements_takes_the_diagonal():
    matrix = np.array([[1e200, 7.0], [7.0, 1e-200]])
    network = tz.TensorNetwork([(matrix, "aa"), (np.array([1e-200, 1e200]), "a")])
    assert tz.contract(network) == pytest.approx(2)


@pytest.mark.parametrize(
    "array", [np.array([True, False]), np.array([3, 4], dtype=np.int8), np.array([2**63], dtype=np.uint64)]
)
def test_arrays_that_are_not_complex_are_contracted(array):
    network = tz.TensorNetwork([(array, "a"), (array, "a")])
    assert tz.contract(network) == pytest.approx(sum(int(x) ** 2 for x in array), rel=1e-6)


@pytest.mark.skipif(np.finfo(np.longdouble).max <= np.finfo(float).max, reason="longdouble is float64 here")
def test_longdouble_beyond_the_range_of_doubles_is_scaled():
    huge = np.array([1, 2], dtype=np.longdouble) * np.longdouble(10) ** 3000
    tiny = np.array([3, 4], dtype=np.longdouble) / np.longdouble(10) ** 3000
    assert tz.contract(tz.TensorNetwork([(huge, "a"), (tiny, "a")])) == pytest.approx(11, rel=1e-6)
    apart = huge * np.array([1, np.longdouble(10) ** -4000])
    back = tiny * np.array([1, np.longdouble(10) ** 4000])
    assert tz.contract(tz.TensorNetwork([(apart, "a"), (back, "a")])) == pytest.approx(11, rel=1e-6)


@pytest.mark.parametrize("wrong", [np.inf, -np.inf, np.nan, 1j * np.inf])
def test_a_tensor_that_is_not_finite_is_named(wrong):
    for others in (1.0, 1e300):
        network = tz.TensorNetwork([(np.array([others, 1 / others]), "a"), (np.array([wrong, 1]), "a")])
        with pytest.raises(tz.NumericalError, match="tensor 1 "):
            tz.contract(network)


def test_large_networks_of_far_apart_elements_are_computed_wider_or_refused():
    spans = [300, 10, 300]
    assert are_far_apart(spans, "complex64")
    assert not are_far_apart(spans, "complex128")
    assert least_dtype(spans, "complex64") == "complex128"
    assert least_dtype([60, 60], "complex64") == "complex64"
    with pytest.raises(tz.NumericalError, match="tensor 1 differ by a factor of 2"):
        check_held([5, 1200], "complex128")
    large = np.ones((600, 600))
    large[0, 0] = 1e-200
    network = tz.TensorNetwork([(large, "ab"), (large, "bc")])
    plan = tz.plan(network, trials=1)
    assert not is_small(plan, range(1), element_spans(network.arrays), 1 << 40)
    assert tz.contract(network, plan=plan) == pytest.approx(np.sum(large @ large))


def test_ordinary_networks_are_computed_as_asked():
    rng = np.random.default_rng(0)
    network = tz.TensorNetwork([(rng.normal(size=(8, 8)), "ab"), (rng.normal(size=(8, 8)), "bc")], output="ac")
    assert tz.contract(network).dtype == np.complex64
    assert tz.contract(network, dtype="complex128").dtype == np.complex128

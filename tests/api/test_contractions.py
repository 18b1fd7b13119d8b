"""Einsum beside NumPy's, and contractions that are called again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import taizhang as tz
from taizhang.api import contractions

CASES = [
    "ab,bc,cd,de->ae", "ab,bc,cd,de", "ab,bc,cd,da->", "aa,ab,bc,cc", "a,a,a,a->a", "a,b,c,d->dcba", "ab,ab,ab,ab->",
    "...a,ab,b...,...->...", "a...,b...,c...,d...->abcd...", "...,...,...,...", "abc,cde,efg,gha,bdf->h",
    "ab,cd,ef,gh->", "ij,jk", "ii", "ii->i", "i,i", "ba", "...ij,...jk->...ik", "ij->", ",ab,,b->a",
]  # fmt: skip
SIZES = dict(zip("abcdefghijk", [2, 3, 2, 4, 3, 2, 5, 2, 3, 3, 4], strict=True))


def arrays_for(subscripts, dtype, rng):
    made = []
    for term in subscripts.split("->")[0].split(","):
        before, dots, after = term.partition("...")
        shape = [SIZES[name] for name in before] + [2, 3] * bool(dots) + [SIZES[name] for name in after]
        array = rng.normal(size=shape) * 3
        made.append((array + 1j * rng.normal(size=shape) if np.dtype(dtype).kind == "c" else array).astype(dtype))
    return made


@pytest.mark.parametrize("dtype", ["float64", "complex128", "float32", "complex64", "int64"])
@pytest.mark.parametrize("subscripts", CASES)
def test_sums_are_those_of_numpy(subscripts, dtype):
    arrays = arrays_for(subscripts, dtype, np.random.default_rng(1))
    expected = np.einsum(subscripts, *arrays)
    found = tz.einsum(subscripts, *arrays)
    assert np.shape(found) == expected.shape
    assert np.asarray(found).dtype == expected.dtype
    single = dtype in ("float32", "complex64")
    scale = np.abs(expected).max(initial=1)
    np.testing.assert_allclose(found, expected, rtol=0, atol=scale * (1e-5 if single else 1e-12))


def test_lists_of_indices():
    rng = np.random.default_rng(2)
    a, b, c, d = (rng.normal(size=(3, 3)) for _ in range(4))
    expected = np.einsum(a, [0, 1], b, [1, 2], c, [2, 3], d, [3, 4], [0, 4])
    np.testing.assert_allclose(tz.einsum(a, [0, 1], b, [1, 2], c, [2, 3], d, [3, 4], [0, 4]), expected)
    np.testing.assert_allclose(tz.einsum(a, [0, 1], b, [1, 2], c, [2, 3], d, [3, 4]), expected)
    with_rest = [a, [Ellipsis, 1], b, [1, 2], c, [2, 3], d, [3, 4]]
    np.testing.assert_allclose(tz.einsum(*with_rest), np.einsum(*with_rest))
    chain = [part for k in range(80) for part in (a / 3, [k, k + 1])]
    np.testing.assert_allclose(tz.einsum(*chain, [0, 80]), np.linalg.matrix_power(a / 3, 80), rtol=1e-9)


def test_axes_of_size_1_are_repeated():
    rng = np.random.default_rng(3)
    arrays = [rng.normal(size=shape) for shape in ((2, 1), (3, 4), (4, 2), (1, 2))]
    expected = np.einsum("ab,bc,cd,ad->bd", *arrays)
    np.testing.assert_allclose(tz.einsum("ab,bc,cd,ad->bd", *arrays), expected, atol=1e-12)


@given(st.lists(st.text("abcd", max_size=3), min_size=4, max_size=7), st.data())
def test_random_sums(terms, data):
    rng = np.random.default_rng(1)
    used = sorted({name for term in terms for name in term})
    output = "".join(data.draw(st.permutations(used))[: data.draw(st.integers(0, len(used)))])
    arrays = [rng.normal(size=[SIZES[name] for name in term]) for term in terms]
    subscripts = f"{','.join(terms)}->{output}"
    np.testing.assert_allclose(tz.einsum(subscripts, *arrays), np.einsum(subscripts, *arrays), atol=1e-9)


@pytest.mark.parametrize(
    ("operands", "message"),
    [
        ((), "got nothing"),
        (("ab,bc", np.eye(2)), "subscripts are of 2 arrays, but 1 are given"),
        (("ab", np.ones(2)), "array 0 has 1 axes, but 2 indices are given"),
        (("a", np.eye(2)), "array 0 has 2 axes, but 1 indices are given"),
        (("ab->ac", np.eye(2)), "the result has the index 'c', which no array has"),
        (("ab->aa", np.eye(2)), "an index twice"),
        (("ab,bc", np.ones((2, 3)), np.ones((4, 2))), "index 'b' has size 3 and, on array 1, size 4"),
        (("a1", np.eye(2)), "subscripts are letters"),
        (("......", np.eye(2)), "more than one ellipsis"),
        (("a", ["x"]), "arrays of numbers"),
        ((np.eye(2), "ab"), "the indices of an array are a list"),
    ],
)
def test_what_does_not_fit_is_a_value_error(operands, message):
    with pytest.raises(ValueError, match=message) as raised:
        tz.einsum(*operands)
    assert isinstance(raised.value, tz.TaizhangError)
    assert "\n" not in str(raised.value)


def test_options_are_checked():
    with pytest.raises(tz.UsageError, match="memry"):
        tz.einsum("ab,bc,cd,de", *[np.eye(2)] * 4, memry="1GiB")


def test_the_second_sum_of_a_form_searches_no_plan(monkeypatch):
    rng = np.random.default_rng(4)
    first, second = ([rng.normal(size=(3, 3)) for _ in range(6)] for _ in range(2))
    subscripts = "ab,bc,cd,de,ef,fa->"
    tz.einsum(subscripts, *first)
    monkeypatch.setattr(contractions, "Contraction", None)
    assert tz.einsum(subscripts, *second) == pytest.approx(np.einsum(subscripts, *second, optimize=True))


# Contractions that are called again


def ring(rng, count=8):
    return [rng.normal(size=(3, 3)) + 1j * rng.normal(size=(3, 3)) for _ in range(count)]


def test_a_contraction_plans_once(monkeypatch):
    rng = np.random.default_rng(5)
    arrays = ring(rng)
    network = tz.TensorNetwork([(array, (k, (k + 1) % 8)) for k, array in enumerate(arrays)], ())
    contraction = tz.Contraction(network, dtype="complex128", trials=1)
    monkeypatch.setattr("taizhang.execute.prepare.search", None)
    assert contraction() == pytest.approx(np.trace(np.linalg.multi_dot(arrays)))
    others = ring(rng)
    assert contraction(others) == pytest.approx(np.trace(np.linalg.multi_dot(others)))
    value, gradients = contraction.value_and_gradient(others)
    assert value == pytest.approx(np.trace(np.linalg.multi_dot(others)))
    np.testing.assert_allclose(gradients[0], np.linalg.multi_dot(others[1:]).T, atol=1e-9)
    assert contraction.plan.shape == contraction.shape


def test_shapes_whose_arrays_come_later():
    shape = tz.NetworkShape.from_names(["ab", "bc"], "ac", {"a": 2, "b": 3, "c": 4})
    contraction = tz.Contraction(shape)
    a, b = np.random.default_rng(6).normal(size=(2, 3)), np.random.default_rng(7).normal(size=(3, 4))
    np.testing.assert_allclose(contraction([a, b]), a @ b, rtol=1e-5)
    with pytest.raises(tz.UsageError, match="made of a shape; give arrays"):
        contraction()
    with pytest.raises(tz.NetworkError, match="array 1 has shape"):
        contraction([a, a])
    with pytest.raises(tz.UsageError, match="give a cotangent"):
        contraction.value_and_gradient([a, b])
    with pytest.raises(tz.UsageError, match="cotangent must have the shape"):
        contraction.value_and_gradient([a, b], cotangent=np.ones(3))
    _, gradients = contraction.value_and_gradient([a, b], cotangent=np.ones((2, 4)))
    np.testing.assert_allclose(gradients[0], np.ones((2, 4)) @ b.T, rtol=1e-5)


def test_numbers_that_are_far_apart_are_not_lost():
    network = tz.TensorNetwork([(np.array([1e-40, 1e30]), "a"), (np.array([1e35, 0]), "a"), (np.array([1e10, 1]), "a")])
    contraction = tz.Contraction(network)
    assert contraction() == pytest.approx(1e5, rel=1e-5)
    assert contraction([np.array([1.0, 2]), np.array([3.0, 4]), np.array([5.0, 6])]) == pytest.approx(63)


def test_networks_of_next_to_nothing():
    assert tz.Contraction(tz.TensorNetwork([(np.array(3.0), "")]))() == 3
    np.testing.assert_allclose(tz.Contraction(tz.TensorNetwork([(np.eye(2), "ab")], "ba"))(), np.eye(2))
    assert tz.Contraction(tz.TensorNetwork([(np.zeros((0, 2)), "ab"), (np.ones(2), "b")]))() == 0

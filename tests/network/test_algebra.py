"""Networks as values: each operation against the same on the dense value."""

from __future__ import annotations

import numpy as np
import pytest
import quimb.tensor as qtn
from hypothesis import given
from hypothesis import strategies as st

import taizhang as tz

DOUBLE = {"dtype": "complex128", "trials": 1}


def dense(network):
    """The value by NumPy alone, an axis for each open index."""
    numbers = {name: k for k, name in enumerate(network.shape.index_names)}
    operands = []
    for array, names in network.tensors:
        operands += [array, [numbers[name] for name in names]]
    return np.einsum(*operands, [numbers[name] for name in network.open_indices]) * 2.0**network.exponent


@st.composite
def networks(draw, names="abcdef", opened=None):
    """Networks whose indices have size 2, hyperindices and repeated ones included."""
    seed = draw(st.integers(0, 1000))
    rng = np.random.default_rng(seed)
    terms = draw(st.lists(st.text(names, max_size=3), min_size=1, max_size=4))
    if opened is not None:
        terms.append("".join(opened))
    used = sorted({name for term in terms for name in term})
    output = opened if opened is not None else draw(st.lists(st.sampled_from(used), unique=True)) if used else []
    tensors = [(rng.normal(size=(2,) * len(term)) + 1j * rng.normal(size=(2,) * len(term)), term) for term in terms]
    return tz.TensorNetwork(tensors, output)


def same(network, expected):
    np.testing.assert_allclose(dense(network), expected, atol=1e-9)
    np.testing.assert_allclose(tz.contract(network, **DOUBLE), expected, atol=1e-9)


@given(networks())
def test_conjugates_multiples_and_exponents(network):
    value = dense(network)
    same(network.conj(), value.conj())
    same(3 * network, 3 * value)
    same(network * (1 - 2j) / 2, value * (1 - 2j) / 2)
    same(-network, -value)
    scaled = tz.TensorNetwork.from_shape(network.shape, network.arrays, 3)
    same(scaled.conj(), 8 * value.conj())
    same(scaled + scaled, 16 * value)


@given(networks(opened=["a", "c"]), networks(opened=["c", "a"]))
def test_sums(first, second):
    expected = dense(first) + dense(second).T
    same(first + second, expected)
    same(first - second, dense(first) - dense(second).T)
    same(first + second + first, expected + dense(first))


@given(networks(opened=["a", "c"], names="abcd"), networks(opened=["c", "f"], names="bcfe"))
def test_joining_sums_over_common_open_indices(first, second):
    if {"f"} & set(first.open_indices) or "a" in {name for _, names in second.tensors for name in names}:
        return
    same(first | second, dense(first) @ dense(second))
    same(first.join(second, keep=["c"]), np.einsum("ac,cf->acf", dense(first), dense(second)))


@given(networks())
def test_fixing_summing_and_opening(network):
    value = dense(network)
    for place, name in enumerate(network.open_indices):
        same(network.fix({name: 1}), np.take(value, 1, axis=place))
        same(network.sum(name), value.sum(axis=place))
    for name in {name for _, names in network.tensors for name in names} - set(network.open_indices):
        opened = network.open(name)
        assert opened.open_indices == (*network.open_indices, name)
        np.testing.assert_allclose(dense(opened).sum(axis=-1), value, atol=1e-9)
        np.testing.assert_allclose(dense(network.fix({name: 0})) + dense(network.fix({name: 1})), value, atol=1e-9)


@given(networks(opened=["a", "b"]))
def test_merging_and_renaming(network):
    value = dense(network)
    same(network.merge("a", "b"), np.diagonal(value))
    same(network.merge("a", "b").sum("a"), np.trace(value))
    same(network.rename({"a": "z", "b": "a"}), value)
    assert network.rename({"a": "z", "b": "a"}).open_indices == ("z", "a")


@given(networks(), st.randoms(use_true_random=False))
def test_parts_and_partial_contraction(network, random):
    chosen = random.sample(range(len(network.arrays)), random.randint(1, len(network.arrays)))
    same(network.contract_tensors(chosen, **DOUBLE), dense(network))
    part = network.subnetwork(chosen)
    assert len(part.arrays) == len(chosen)


@given(networks(opened=["a"]), networks(opened=["a"]))
def test_inner_products(first, second):
    a, b = dense(first), dense(second)
    assert tz.inner(first, second, **DOUBLE) == pytest.approx(np.vdot(a, b), abs=1e-9)
    assert first.norm(**DOUBLE) == pytest.approx(np.linalg.norm(a), abs=1e-6)
    if np.linalg.norm(a) > 1e-6 and np.linalg.norm(b) > 1e-6:
        expected = abs(np.vdot(a, b)) ** 2 / (np.vdot(a, a) * np.vdot(b, b)).real
        assert first.fidelity(second, **DOUBLE) == pytest.approx(expected, abs=1e-9)


@given(networks(opened=["a", "c"]))
def test_networks_within_networks(network):
    value = dense(network)
    nested = tz.TensorNetwork([(network, "xy"), (network, "yz"), (np.eye(2), "zx")])
    same(nested, np.trace(value @ value))
    twice = tz.TensorNetwork([(nested, ""), (3 * network, ("p", "q"))], "qp")
    same(twice, 3 * np.trace(value @ value) * value.T)
    with pytest.raises(tz.NetworkError, match="network 0 has 2 open indices, but 1 are named"):
        tz.TensorNetwork([(network, "x")])


def test_norms_of_states_are_those_of_quimb():
    mps = qtn.MPS_rand_state(12, 6, seed=1, dtype="complex128") * 1.7
    assert tz.from_quimb(mps).norm(**DOUBLE) == pytest.approx(abs(mps.H @ mps) ** 0.5, rel=1e-9)
    peps = qtn.PEPS.rand(4, 4, 2, seed=2, dtype="complex128")
    expected = (peps.H & peps).contract()
    assert tz.from_quimb(peps).norm(**DOUBLE) ** 2 == pytest.approx(abs(expected), rel=1e-9)


def test_what_does_not_fit_is_refused():
    pair = tz.TensorNetwork([(np.eye(2), "ab"), (np.ones((2, 3)), "bc")], "a")
    for make, message in (
        (lambda: pair.fix({"a": 2}), "index 'a' has values from 0 to 1, got 2"),
        (lambda: pair.fix({"z": 0}), "no index 'z'"),
        (lambda: pair.rename({"a": "b"}), "two indices would be called 'b'"),
        (lambda: pair.merge("a", "c"), "have different sizes"),
        (lambda: pair.merge("a"), "name at least two"),
        (lambda: pair.merge("a", "b", into="c"), "is there already"),
        (lambda: pair.open("a"), "is open already"),
        (lambda: pair.sum("b"), "'b' is not open; open are a"),
        (lambda: pair.subnetwork([0, 0]), "different numbers"),
        (lambda: pair.subnetwork([2]), "has tensors 0 to 1"),
        (lambda: pair + pair.sum("a"), "the same open indices, got a and none"),
        (lambda: pair.join(pair, keep=["b"]), "'b' is not open in both"),
        (lambda: pair | tz.TensorNetwork([(np.ones(2), "b")], "b"), "is summed over in the other; rename it"),
        (lambda: pair | tz.TensorNetwork([(np.ones(3), "a")], "a"), "size"),
        (lambda: tz.inner(pair, pair.sum("a")), "same open indices, got a and none"),
    ):
        with pytest.raises(tz.NetworkError, match=message):
            make()
    with pytest.raises(tz.UsageError, match="another network, got"):
        pair.join(3)
    with pytest.raises(TypeError):
        pair + 3
    with pytest.raises(TypeError):
        pair * "a"

"""Indices of size 0, and results of more axes than NumPy has."""

import string

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import taizhang as tz
from taizhang.network.network_file import read_arrays


@settings(max_examples=40)
@given(st.data())
def test_an_index_of_size_zero_is_summed_as_numpy_does(data):
    sizes = data.draw(st.lists(st.sampled_from([0, 0, 1, 2, 3]), min_size=1, max_size=5))
    index = st.integers(0, len(sizes) - 1)
    inputs = data.draw(st.lists(st.lists(index, max_size=3).map(tuple), min_size=1, max_size=4))
    used = sorted({i for term in inputs for i in term})
    output = data.draw(st.lists(st.sampled_from(used), unique=True, max_size=3)) if used else []
    arrays = [np.ones([sizes[i] for i in term]) for term in inputs]
    letters = ["".join(string.ascii_letters[i] for i in term) for term in (*inputs, output)]
    expected = np.einsum(f"{','.join(letters[:-1])}->{letters[-1]}", *arrays)
    network = tz.TensorNetwork(list(zip(arrays, letters[:-1], strict=True)), output=letters[-1])
    value = tz.contract(network, trials=1, threads=1)
    assert np.shape(value) == expected.shape
    np.testing.assert_allclose(value, expected, rtol=1e-5)


@pytest.fixture
def empty():
    return tz.TensorNetwork([(np.zeros((2, 0)), "ab"), (np.zeros((0, 3)), "bc")], output="ac")


def test_a_network_of_size_zero_goes_through_files(empty, tmp_path):
    tz.write_network(empty.shape, tmp_path / "network.json")
    np.savez(tmp_path / "arrays.npz", *empty.arrays)
    again = read_arrays(tz.read_network(tmp_path / "network.json"), tmp_path / "arrays.npz")
    assert again == empty
    plan = tz.plan(again)
    plan.save(tmp_path / "plan.json")
    loaded = tz.Plan.load(tmp_path / "plan.json", again)
    assert loaded.num_slices == 1
    np.testing.assert_array_equal(tz.contract(again, plan=loaded), np.zeros((2, 3)))
    sliced = tz.Plan.from_ssa_path(again, [(0, 1)], ["a"])
    np.testing.assert_array_equal(tz.contract(again, plan=sliced, slices=range(0, 1)), np.zeros((2, 3)))
    assert tz.profile(again).slices == 1


def test_an_index_of_size_zero_cannot_be_sliced(empty):
    with pytest.raises(tz.PlanError, match="'b' has size 0"):
        tz.Plan.from_ssa_path(empty, [(0, 1)], ["b"])


def test_a_planner_plans_networks_of_size_zero(empty):
    planner = tz.Planner(trials=1)
    assert planner(["ab", "bc"], "ac", {"a": 2, "b": 0, "c": 3}, memory_limit="max_input") == [(0, 1)]
    assert planner.plan(["ab", "bc"], "ac", {"a": 2, "b": 0, "c": 3}).cost.multiply_adds_naive == 0
    assert tz.simplify(empty) is empty


def test_a_result_of_more_axes_than_numpy_has_leaves_out_those_of_size_one():
    names = [f"x{k}" for k in range(80)]
    ones, matrix = np.ones((1,) * 30), np.arange(6.0).reshape(2, 3)
    parts = [(ones, names[:30]), (ones, names[30:60]), (np.ones((1,) * 20), names[60:]), (matrix, "ab")]
    value = tz.contract(tz.TensorNetwork(parts, output=["b", *names, "a"]))
    np.testing.assert_array_equal(value, matrix.T)
    assert tz.contract(tz.TensorNetwork([*parts[:3], (np.zeros(0), "a")], output=[*names, "a"])).shape == (0,)


def test_a_tensor_of_more_axes_than_numpy_has_is_given_without_those_of_size_one():
    names = [f"x{k}" for k in range(80)]
    sizes = {**dict.fromkeys(names, 1), "a": 2, "b": 3}
    shape = tz.NetworkShape.from_names([[*names, "a"], ["a", "b"]], ["b", *names], sizes)
    matrix = np.arange(6.0).reshape(2, 3)
    for vector, other in (([1.0, 2.0], [1, 1]), ([1e200, 1e-200], [1e-200, 1e200])):
        network = tz.TensorNetwork.from_shape(shape, [np.array(vector), np.array(other)[:, np.newaxis] * matrix])
        expected = np.array([1, 2]) @ matrix if vector[1] == 2 else matrix.sum(axis=0)
        np.testing.assert_allclose(tz.contract(network), expected, rtol=1e-6)

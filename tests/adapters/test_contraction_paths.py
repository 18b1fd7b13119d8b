"""Plans go to opt_einsum's paths and cotengra's trees, and come back."""

from __future__ import annotations

import sys

import numpy as np
import opt_einsum
import pytest
from hypothesis import given, settings
from tests.strategies import planned_shapes

from taizhang.adapters.contraction_paths import from_cotengra, from_linear_path, shape_of, to_cotengra, to_linear_path
from taizhang.errors import MissingPackageError, NetworkError, PlanError
from taizhang.network.network import NetworkShape, TensorNetwork
from taizhang.plan.plan import Plan

CHAIN = NetworkShape.from_names(["ab", "bc", "cd"], "ad", dict.fromkeys("abcd", 2))


def with_sorted_pairs(path):
    return [tuple(sorted(pair)) for pair in path]


@settings(deadline=None)
@given(planned_shapes())
def test_a_linear_path_comes_back_as_the_same_tree(planned):
    shape, tree, sliced = planned
    names = [shape.index_names[index] for index in sliced]
    plan = Plan.from_ssa_path(shape, tree.ssa_path, names)
    again = from_linear_path(shape, to_linear_path(plan), names)
    assert list(again.tree.ssa_path) == with_sorted_pairs(tree.ssa_path)
    assert again.cost == plan.cost


def test_opt_einsum_reads_the_path():
    arrays = [np.random.default_rng(0).normal(size=(2, 2)) for _ in range(4)]
    shape = NetworkShape.from_names(["ab", "bc", "cd", "de"], "ae", dict.fromkeys("abcde", 2))
    path = to_linear_path(Plan.from_ssa_path(shape, [(1, 2), (3, 4), (0, 5)]))
    value = opt_einsum.contract("ab,bc,cd,de->ae", *arrays, optimize=path)
    np.testing.assert_allclose(value, np.linalg.multi_dot(arrays))


def test_numpys_path_is_read_with_its_name_and_its_steps_of_many_tensors():
    arrays = [np.ones((2, 2))] * 3
    path = np.einsum_path("ab,bc,cd->ad", *arrays, optimize=False)[0]
    assert path == ["einsum_path", (0, 1, 2)]
    assert from_linear_path(CHAIN, path).tree.ssa_path == ((0, 1), (3, 2))


def test_a_step_over_one_tensor_only_moves_it():
    assert from_linear_path(CHAIN, [(0,), (0, 1), (0, 1)]).tree.ssa_path == ((1, 2), (0, 3))


def test_a_network_of_one_tensor_has_a_path():
    one = NetworkShape.from_names(["ab"], "a", {"a": 2, "b": 2})
    assert to_linear_path(from_linear_path(one, [(0,)])) == [(0,)]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ([(0, 1)], "leaves 2 of 3 tensors"),
        ([(0, 3), (0, 1)], r"positions \[0, 3\], but only 3 tensors are left"),
        ([(0, 0), (0, 1)], "a position twice"),
        ([(0, 1), 7], "step 1 of the path must be .*, got '7'"),
        ([("a", "b")], "must be positions in the list of tensors"),
        ([(0, True)], "must be positions in the list of tensors"),
        ([()], "must be positions in the list of tensors"),
        ("greedy", "step 0 of the path must be .*, got 'g'"),
    ],
)
def test_a_wrong_path_is_refused_with_its_step(path, words):
    with pytest.raises(PlanError, match=words):
        from_linear_path(CHAIN, path)


def test_an_endless_path_is_refused():
    def forever():
        while True:
            yield (0,)

    with pytest.raises(PlanError, match="leaves 3 of 3"):
        from_linear_path(CHAIN, forever())


@settings(deadline=None, max_examples=30)
@given(planned_shapes())
def test_a_cotengra_tree_comes_back_with_its_slices(planned):
    shape, tree, sliced = planned
    if shape.num_tensors < 2:
        return
    plan = Plan.from_ssa_path(shape, tree.ssa_path, [shape.index_names[index] for index in sliced])
    theirs = to_cotengra(plan)
    assert set(theirs.sliced_inds) == set(plan.sliced_names)
    again = from_cotengra(theirs, shape)
    assert again.shape == shape
    assert set(again.sliced_indices) == set(plan.sliced_indices)
    assert again.cost.multiply_adds_naive == plan.cost.multiply_adds_naive


def test_cotengra_contracts_the_tree_to_the_same_value():
    arrays = [np.random.default_rng(0).normal(size=(2, 2)) for _ in range(3)]
    network = TensorNetwork(list(zip(arrays, ["ab", "bc", "cd"], strict=True)), output="ad")
    theirs = to_cotengra(Plan.from_ssa_path(network, [(1, 2), (0, 3)], sliced_indices=("b", "a")))
    np.testing.assert_allclose(theirs.contract(arrays), np.linalg.multi_dot(arrays))


def test_a_tree_over_renamed_indices_gets_the_names_of_the_network():
    renamed = NetworkShape.from_names(["xy", "yz", "zw"], "xw", dict.fromkeys("xyzw", 2))
    plan = from_cotengra(to_cotengra(Plan.from_ssa_path(CHAIN, [(0, 1), (3, 2)], ("c",))), renamed)
    assert plan.shape == renamed
    assert plan.sliced_names == ("z",)


def test_a_tree_that_fixes_an_index_is_refused():
    theirs = to_cotengra(Plan.from_ssa_path(CHAIN, [(0, 1), (3, 2)]))
    with pytest.raises(PlanError, match="fixes index 'b' to one value"):
        from_cotengra(theirs.remove_ind("b", project=1))


def test_what_is_no_tree_is_refused():
    with pytest.raises(PlanError, match="ContractionTree, got a dict"):
        from_cotengra({})


def test_without_cotengra_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "cotengra", None)
    with pytest.raises(MissingPackageError, match="pip install cotengra"):
        to_cotengra(Plan.from_ssa_path(CHAIN, [(0, 1), (3, 2)]))


def test_indices_may_be_any_hashable_things():
    shape, number = shape_of([(1, "1"), ("1", (2, 3))], [(2, 3)], {1: 2, "1": 4, (2, 3): np.int64(8)})
    assert shape.inputs == ((0, 1), (1, 2))
    assert shape.sizes == (2, 4, 8)
    assert number == {1: 0, "1": 1, (2, 3): 2}


def test_a_set_of_indices_is_put_in_the_order_of_the_sizes():
    shape, _ = shape_of([frozenset("cab")], set("ba"), {"b": 2, "c": 2, "a": 2})
    assert shape.inputs == ((0, 1, 2),)
    assert shape.output == (0, 2)


@pytest.mark.parametrize(
    ("sizes", "words"), [({"a": 2}, "'b' has no size"), ({"a": 2, "b": 0.5}, "size of index 'b' must be .*, got 0.5")]
)
def test_an_index_without_a_usable_size_is_named(sizes, words):
    with pytest.raises(NetworkError, match=words):
        shape_of(["ab"], "a", sizes)

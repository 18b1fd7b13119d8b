"""Order files as ACQDP writes them are read, and written."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.strategies import planned_shapes

from taizhang.adapters import acqdp as order_file
from taizhang.adapters.acqdp import Order, read_order, write_order
from taizhang.errors import PlanError
from taizhang.network.network import NetworkShape
from taizhang.plan.plan import Plan

# Four gates of a circuit, named as ACQDP names them: time, qubits, and a mark for one half of a gate.
RELEASED = {
    "contractions": [
        [[[48, [0]], [44, [0]]], ["#", 1]],
        [[[43, [0], "TC"], ["#", 1]], ["#", 446183]],
        [[["#", 446183], [42, [0, 1]]], "#"],
    ],
    "slices": [[24, 13, 13]],
    "cost": [180623486350, 536870912, 7],
}
RING = NetworkShape.from_names(["ab", "bc", "cd", "da"], "", dict.fromkeys("abcd", 2))
TENSORS = {(48, (0,)): 3, (44, (0,)): 2, (43, (0,), "TC"): 1, (42, (0, 1)): 0}


def file_of(content, folder):
    path = Path(folder) / "order.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_a_released_order_is_read_under_its_own_names(tmp_path):
    order = read_order(file_of(RELEASED, tmp_path))
    assert order.tensor_names == tuple(TENSORS)
    assert order.ssa_path == ((0, 1), (2, 4), (5, 3))
    assert order.sliced_names == ((24, 13, 13),)


def test_it_becomes_a_plan_once_the_names_are_known(tmp_path):
    plan = read_order(file_of(RELEASED, tmp_path)).plan_for(RING, tensors=TENSORS, indices={(24, 13, 13): "c"})
    assert plan.tree.ssa_path == ((3, 2), (1, 4), (5, 0))
    assert plan.sliced_names == ("c",)
    assert plan.num_slices == 2


@settings(deadline=None)
@given(planned_shapes())
def test_a_plan_written_as_an_order_comes_back(planned):
    shape, tree, sliced = planned
    plan = Plan.from_ssa_path(shape, tree.ssa_path, [shape.index_names[index] for index in sliced])
    with tempfile.TemporaryDirectory() as folder:
        write_order(plan, Path(folder) / "order.json")
        assert read_order(Path(folder) / "order.json").plan_for(shape) == plan


def test_a_plan_is_written_under_the_names_of_another_program(tmp_path):
    plan = Plan.from_ssa_path(RING, [(3, 2), (1, 4), (5, 0)], ("c",))
    names = sorted(TENSORS, key=TENSORS.__getitem__)
    write_order(plan, tmp_path / "order.json", tensor_names=names, index_names={"c": (24, 13, 13)})
    written = json.loads((tmp_path / "order.json").read_text())
    assert written["contractions"][0] == [[[48, [0]], [44, [0]]], ["#", 1]]
    assert written["contractions"][-1][1] == "#"
    assert written["slices"] == [[24, 13, 13]]
    assert written["cost"] == [4 + 4 + 4, 4, 1]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "does not hold JSON"),
        ("[" * 100_000, "does not hold JSON"),
        ([], "a JSON object with 'contractions'"),
        ({"contractions": 3}, "must be a list"),
        ({"contractions": [], "slices": 3}, "'slices' must be a list"),
        ({"contractions": [[0, 1]]}, r"contraction 0 must be .*, got '\[0, 1\]'"),
        ({"contractions": [[[0, 1, 2], "#"]]}, "contraction 0 must be"),
        ({"contractions": [[[0, 1.5], "#"]]}, "a name in contraction 0 must be .*, got '1.5'"),
        ({"contractions": [[[0, True], "#"]]}, "a name in contraction 0 must be .*, got 'True'"),
        ({"contractions": [[[0, {"a": 1}], "#"]]}, "must be a whole number, a string"),
        ({"contractions": [[[0, [[[[[[[[[1]]]]]]]]]], "#"]]}, "must be a whole number, a string"),
        ({"contractions": [[[0, [0] * 65], "#"]]}, "must be a whole number, a string"),
        ({"contractions": [[[0, 1], ["#", 1]], [[0, 2], "#"]]}, "contracts 0, which was contracted before"),
        ({"contractions": [[[0, ["#", 1]], "#"]]}, r"result \[\"#\", 1\], which no earlier contraction makes"),
        ({"contractions": [[[0, 1], 0]]}, "makes 0, which exists already"),
        ({"contractions": [[[0, 1], ["#", 1]], [[2, 3], ["#", 2]]]}, "end in one tensor, but leave 2"),
    ],
)
def test_a_wrong_file_is_refused_with_its_place(content, words, tmp_path):
    with pytest.raises(PlanError, match=words):
        read_order(file_of(content, tmp_path))


names = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.just("#"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=1), inner, max_size=2),
    max_leaves=12,
)


@settings(deadline=None)
@given(st.fixed_dictionaries({"contractions": st.lists(names, max_size=4)}, optional={"slices": names}) | names)
def test_whatever_json_a_file_holds_is_read_or_refused(content):
    with tempfile.TemporaryDirectory() as folder:
        try:
            order = read_order(file_of(content, folder))
        except PlanError:
            return
        assert isinstance(order, Order)


def test_a_file_that_is_too_large_is_not_opened(tmp_path, monkeypatch):
    monkeypatch.setattr(order_file, "MAX_FILE_BYTES", 10)
    with pytest.raises(PlanError, match="cannot be an order"):
        read_order(file_of(RELEASED, tmp_path))


@pytest.mark.parametrize(
    ("tensors", "indices", "words"),
    [
        (None, None, r"tensor \[48, \[0\]\] of the order is not one of the network's 4"),
        ({**TENSORS, (42, (0, 1)): 9}, None, r"tensor \[42, \[0, 1\]\] of the order"),
        ({**TENSORS, (42, (0, 1)): 1}, None, "tensor 0 is not contracted"),
        (TENSORS, None, r"sliced edge \[24, 13, 13\] of the order is not the name of an index"),
        (TENSORS, {(24, 13, 13): "nowhere"}, "'nowhere' is not in the network"),
    ],
)
def test_names_that_mean_nothing_in_the_network_are_refused(tensors, indices, words, tmp_path):
    with pytest.raises(PlanError, match=words):
        read_order(file_of(RELEASED, tmp_path)).plan_for(RING, tensors=tensors, indices=indices)


def test_names_for_writing_have_to_fit(tmp_path):
    plan = Plan.from_ssa_path(RING, [(0, 1), (2, 3), (4, 5)], ("a",))
    for wrong in ([1, 2, 3], [1, 1, 2, 3], [1, 2, 3, ("#", 1)]):
        with pytest.raises(PlanError, match="must be 4 different names"):
            write_order(plan, tmp_path / "order.json", tensor_names=wrong)
    with pytest.raises(PlanError, match="'a' has no name"):
        write_order(plan, tmp_path / "order.json", index_names={})

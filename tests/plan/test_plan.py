"""Plans and their files."""

from __future__ import annotations

import json

import pytest

from taizhang.errors import PlanError
from taizhang.network.network import NetworkShape
from taizhang.plan.plan import Plan

NAMES = NetworkShape.from_names([("a", "b"), ("b", "c"), ("c", "a")], (), {"a": 2, "b": 4, "c": 8})
PLAN = Plan.from_ssa_path(NAMES, [(0, 1), (3, 2)], sliced_indices=("b",))


def test_a_plan_made_elsewhere_is_costed() -> None:
    assert PLAN.num_slices == 4
    assert PLAN.sliced_names == ("b",)


def test_a_plan_prints_the_main_figures_first() -> None:
    text = str(PLAN)
    assert "3 tensors" in text
    assert "slices    4" in text


def test_a_plan_for_another_network_is_refused(tmp_path) -> None:
    other = NetworkShape.from_names([("a", "b"), ("b", "c"), ("c", "a")], (), {"a": 2, "b": 4, "c": 4})
    PLAN.save(tmp_path / "plan.json")
    with pytest.raises(PlanError, match="plan this network again"):
        Plan.load(tmp_path / "plan.json", other)


def test_a_plan_fits_the_same_network_under_other_names_and_numbers(tmp_path) -> None:
    renamed = NetworkShape.from_names([("x", "y"), ("y", "z"), ("z", "x")], (), {"z": 8, "x": 2, "y": 4})
    PLAN.save(tmp_path / "plan.json")
    plan = Plan.load(tmp_path / "plan.json", renamed)
    assert plan.sliced_names == ("y",)
    assert plan.shape == renamed


def test_an_unknown_sliced_index_is_named() -> None:
    with pytest.raises(PlanError, match="sliced index 'q' is not in the network"):
        Plan.from_ssa_path(NAMES, [(0, 1), (3, 2)], sliced_indices=("q",))


def changed(**keys: object) -> dict[str, object]:
    return {**PLAN.to_dict(), **keys}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([], "JSON object"),
        (changed(version=9), "version"),
        (changed(inputs="ab"), "'inputs'"),
        (changed(inputs=[["a", 1.5]]), "inputs\\[0\\]"),
        (changed(size_dict={"a": -1}), "size of index .* got -1"),
        (changed(size_dict={"a": 10**30, "b": 2, "c": 2}), "size"),
        (changed(size_dict={"a": 2}), "no size"),
        (changed(output=["q"]), "q"),
        (changed(ssa_path=[[0, 1]]), "needs 2"),
        (changed(ssa_path=[[0, 1], [0, 2]]), "contracted before"),
        (changed(ssa_path=[[0, 1], [3, True]]), "pair of tensor numbers"),
        (changed(ssa_path=7), "'ssa_path'"),
        (changed(sliced_indices=["q"]), "'q'"),
        (changed(sliced_indices=["a", "a"]), "repeated"),
        (changed(network_sha256="00"), "damaged"),
        (changed(predicted_seconds=-1), "predicted_seconds"),
        (changed(planning_seconds=float("nan")), "planning_seconds"),
        (changed(seed="x"), "seed"),
        (changed(history=[[1]]), "history"),
        (changed(dtype="int8"), "dtype"),
    ],
)
def test_a_wrong_file_is_refused_with_the_key_named(tmp_path, content, message) -> None:
    (tmp_path / "plan.json").write_text(json.dumps(content))
    with pytest.raises(PlanError, match=message):
        Plan.load(tmp_path / "plan.json")


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "\x00"])
def test_what_is_not_json_is_refused(tmp_path, text) -> None:
    (tmp_path / "plan.json").write_text(text)
    with pytest.raises(PlanError, match="is not a plan file"):
        Plan.load(tmp_path / "plan.json")


def test_a_file_of_another_program_needs_network_path_and_slices_only() -> None:
    content = {key: PLAN.to_dict()[key] for key in ("inputs", "output", "size_dict", "ssa_path", "sliced_indices")}
    assert Plan.from_dict(content) == PLAN


def test_huge_numbers_of_slices_are_shown_as_powers_of_ten() -> None:
    vectors = NetworkShape(inputs=tuple((k,) for k in range(45)), output=(), sizes=(2,) * 45)
    path = [(0, 1), *((43 + k, k) for k in range(2, 45))]
    plan = Plan.from_ssa_path(vectors, path, vectors.index_names)
    assert plan.num_slices == 2**45
    assert "slices    10^13.5 (45 sliced indices)" in str(plan)

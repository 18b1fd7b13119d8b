"""The stem of a tree holds its work."""

from __future__ import annotations

from hypothesis import given, settings
from tests.strategies import planned_shapes

from taizhang.network.network import NetworkShape
from taizhang.plan.plan import Plan
from taizhang.plan.stem import stems_of

# A chain of matrices: two halves, each contracted by itself, then joined.
SIZES = dict(zip("abcdefgh", [2, 4, 4, 4, 4, 8, 8, 2], strict=True))
CHAIN = NetworkShape.from_names(["ab", "bc", "cd", "de", "ef", "fg", "gh"], "ah", SIZES)
HALVES = [(0, 1), (7, 2), (5, 6), (4, 9), (3, 10), (8, 11)]


def test_the_stem_follows_the_work_and_names_what_joins():
    (stem,) = stems_of(Plan.from_ssa_path(CHAIN, HALVES))
    assert [step.step for step in stem.steps] == [2, 3, 4, 5]
    assert stem.steps[-1].branch == 8
    assert stem.steps[-1].branch_tensors == 3
    assert stem.steps[-1].branch_multiply_adds == 2 * 4 * 4 * 2
    assert stem.joins is None


def test_a_heavy_branch_is_a_stem_that_joins_another():
    stem, other = stems_of(Plan.from_ssa_path(CHAIN, HALVES), most=5, least_share=0.2)
    assert other.joins == (0, len(stem.steps) - 1)
    assert [step.step for step in other.steps] == [0, 1]
    assert len(stems_of(Plan.from_ssa_path(CHAIN, HALVES), most=5, least_share=0.9)) == 1


def test_sliced_indices_are_known_on_a_step_and_below_it():
    (stem,) = stems_of(Plan.from_ssa_path(CHAIN, HALVES, sliced_indices=("c", "f")))
    assert [step.touched for step in stem.steps] == [(1,), (1,), (), ()]
    assert [step.depends_on for step in stem.steps] == [(1,), (1,), (1,), (0, 1)]
    assert [step.runs for step in stem.steps] == [32, 32, 32, 32]
    assert stem.steps[0].whole_width == stem.steps[0].width + 3


def test_a_network_without_steps_has_an_empty_stem():
    one = NetworkShape.from_names(["a"], "a", {"a": 2})
    assert stems_of(Plan.from_ssa_path(one, []))[0].steps == ()


@settings(deadline=None)
@given(planned_shapes())
def test_stem_and_branches_together_are_all_the_work(planned):
    shape, tree, sliced = planned
    plan = Plan.from_ssa_path(shape, tree.ssa_path, [shape.index_names[index] for index in sliced])
    (stem,) = stems_of(plan)
    branches = sum(step.branch_multiply_adds for step in stem.steps)
    assert stem.multiply_adds + branches == plan.cost.multiply_adds_executed
    assert 1 + sum(step.branch_tensors for step in stem.steps) == max(shape.num_tensors, 1)
    everything = stems_of(plan, most=100)
    assert sum(stem.multiply_adds for stem in everything) == plan.cost.multiply_adds_executed

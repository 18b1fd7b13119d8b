"""The cost of a plan."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from tests.strategies import planned_shapes

from taizhang.errors import PlanError
from taizhang.network.network import NetworkShape
from taizhang.plan.cost import cost_of, step_costs
from taizhang.plan.tree import ContractionTree

TRIANGLE = NetworkShape(inputs=((0, 1), (1, 2), (2, 0)), output=(), sizes=(2, 4, 8))
PATH = ContractionTree(num_tensors=3, ssa_path=((0, 1), (3, 2)))


def test_a_step_costs_the_product_of_the_sizes_it_touches() -> None:
    assert cost_of(TRIANGLE, PATH).multiply_adds_naive == 2 * 4 * 8 + 2 * 8
    assert cost_of(TRIANGLE, PATH).width == 4


def test_a_step_that_no_sliced_index_reaches_runs_once() -> None:
    chain = NetworkShape(inputs=((0, 1), (1, 2), (2, 3), (3,)), output=(0,), sizes=(2, 2, 2, 2))
    tree = ContractionTree(num_tensors=4, ssa_path=((2, 3), (0, 1), (4, 5)))
    cost = cost_of(chain, tree, (1,))
    assert cost.multiply_adds_naive == 2 * (4 + 4 + 4)
    assert cost.multiply_adds_shared == cost.multiply_adds_executed == 4 + 2 * (4 + 4)


def test_the_order_of_sliced_indices_decides_what_is_executed_again() -> None:
    chain = NetworkShape(inputs=((0, 1), (1, 2), (2, 3), (3, 4)), output=(), sizes=(2,) * 5)
    tree = ContractionTree(num_tensors=4, ssa_path=((0, 1), (2, 3), (4, 5)))
    first, second = cost_of(chain, tree, (1, 3)), cost_of(chain, tree, (3, 1))
    assert first.multiply_adds_shared == second.multiply_adds_shared
    assert [step.runs for step in step_costs(chain, tree, (1, 3))] == [2, 4, 4]
    assert [step.runs for step in step_costs(chain, tree, (3, 1))] == [4, 2, 4]


def test_what_is_kept_for_other_slices_is_counted_as_alive() -> None:
    shape = NetworkShape(inputs=((0, 1), (1, 2), (2, 3), (3, 4)), output=(), sizes=(8, 8, 8, 2, 8))
    tree = ContractionTree(num_tensors=4, ssa_path=((2, 3), (0, 1), (5, 4)))
    bare, shared = cost_of(shape, tree), cost_of(shape, tree, (3,))
    assert bare.peak_bytes == shared.peak_bytes - 8  # the sum of slices is double


def test_unknown_and_repeated_sliced_indices_are_refused() -> None:
    with pytest.raises(PlanError, match="sliced index 7 is not in the network"):
        cost_of(TRIANGLE, PATH, (7,))
    with pytest.raises(PlanError, match="repeated"):
        cost_of(TRIANGLE, PATH, (1, 1))
    with pytest.raises(PlanError, match="make a plan for this network"):
        cost_of(TRIANGLE, ContractionTree(num_tensors=2, ssa_path=((0, 1),)))


@given(planned_shapes())
def test_sharing_lies_between_once_and_always(planned) -> None:
    shape, tree, sliced = planned
    cost = cost_of(shape, tree, sliced)
    assert cost.multiply_adds_shared <= cost.multiply_adds_executed <= cost.multiply_adds_naive
    assert cost.num_slices == math.prod(shape.sizes[index] for index in sliced)


@given(planned_shapes())
def test_executed_work_is_that_of_running_slices_by_number(planned) -> None:
    shape, tree, sliced = planned
    steps = step_costs(shape, tree, sliced)
    executed, last = 0, None
    for digits in itertools.product(*(range(shape.sizes[index]) for index in sliced)):
        changed = 0 if last is None else next(k for k, (a, b) in enumerate(zip(last, digits, strict=True)) if a != b)
        executed += sum(step.multiply_adds for step in steps if last is None or step.level > changed)
        last = digits
    assert executed == cost_of(shape, tree, sliced).multiply_adds_executed


@given(planned_shapes())
def test_rows_columns_summed_and_batch_make_up_the_work(planned) -> None:
    for step in step_costs(*planned):
        assert step.rows * step.columns * step.summed * step.batch == step.multiply_adds
        assert step.out_elements == step.rows * step.columns * step.batch

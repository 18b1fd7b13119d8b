"""Law 5: predicted multiply-adds equal the counted ones."""

from hypothesis import given
from tests.strategies import planned_networks

from taizhang.execute import compile_plan, contract_network


@given(planned=planned_networks())
def test_multiply_adds_predicted_are_those_counted(planned):
    network, plan = planned
    contraction = contract_network(network, plan, threads=1)
    assert contraction.multiply_adds == plan.cost.multiply_adds_executed
    assert contraction.multiply_adds == compile_plan(plan).program.multiply_adds()


@given(planned=planned_networks())
def test_multiply_adds_of_part_of_the_slices_are_known(planned):
    network, plan = planned
    slices = range(plan.num_slices // 3, plan.num_slices)
    contraction = contract_network(network, plan, threads=1, slices=slices)
    assert contraction.multiply_adds == compile_plan(plan).program.multiply_adds(slices)

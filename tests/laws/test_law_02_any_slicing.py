"""Law 2: any slicing gives the same value."""

import numpy as np
import pytest
from hypothesis import given
from tests.strategies import direct_value, planned_networks, qubit_networks

from taizhang.execute import contract_network


@pytest.mark.parametrize("backend", ["native", "numpy"])
@given(planned=planned_networks(max_sliced=3))
def test_any_slicing_gives_the_same_value(backend, planned):
    network, plan = planned
    expected, bound = direct_value(network)
    value = contract_network(network, plan, dtype="complex128", backend=backend).value
    np.testing.assert_allclose(value, expected, rtol=0, atol=1e-13 * bound)


@given(planned=planned_networks(qubit_networks(), max_sliced=4))
def test_any_slicing_of_larger_tensors_gives_the_same_value(planned):
    network, plan = planned
    expected, bound = direct_value(network)
    value = contract_network(network, plan, dtype="complex128").value
    np.testing.assert_allclose(value, expected, rtol=0, atol=1e-13 * bound)


@given(planned=planned_networks(max_sliced=3))
def test_parts_of_the_slices_add_up(planned):
    network, plan = planned
    middle = plan.num_slices // 2
    parts = [
        contract_network(network, plan, dtype="complex128", slices=slices).value
        for slices in (range(middle), range(middle, plan.num_slices))
    ]
    expected, bound = direct_value(network)
    np.testing.assert_allclose(sum(parts), expected, rtol=0, atol=1e-13 * bound)

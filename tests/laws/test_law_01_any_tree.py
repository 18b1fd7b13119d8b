"""Law 1: any tree gives the same value."""

import numpy as np
import pytest
from hypothesis import given
from tests.strategies import direct_value, planned_networks, qubit_networks

from taizhang.execute import contract_network


@pytest.mark.parametrize("backend", ["native", "numpy"])
@given(planned=planned_networks(max_sliced=0))
def test_any_tree_gives_the_same_value(backend, planned):
    network, plan = planned
    expected, bound = direct_value(network)
    value = contract_network(network, plan, dtype="complex128", backend=backend).value
    assert value.shape == expected.shape
    np.testing.assert_allclose(value, expected, rtol=0, atol=1e-13 * bound)


@given(planned=planned_networks(qubit_networks(), max_sliced=0))
def test_any_tree_of_larger_tensors_gives_the_same_value(planned):
    network, plan = planned
    expected, bound = direct_value(network)
    value = contract_network(network, plan, dtype="complex64").value
    np.testing.assert_allclose(value, expected, rtol=0, atol=1e-6 * bound)

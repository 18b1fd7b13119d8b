"""Law 3: every simplification keeps the value."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.elimination import eliminated_value
from tests.strategies import direct_value, networks, structured_networks

from taizhang.network.simplify import network_sizes, simplify


def check(network, by_values):
    small = simplify(network, by_values=by_values)
    value, bound = direct_value(network)
    np.testing.assert_allclose(eliminated_value(small), value, rtol=0, atol=1e-13 * bound)
    names = [network.shape.index_names[index] for index in network.shape.output]
    assert [small.shape.index_names[index] for index in small.shape.output] == names
    before, after = network_sizes(network.shape), network_sizes(small.shape)
    assert after.num_indices <= before.num_indices
    assert max((array.size for array in small.arrays), default=0) <= max(
        (array.size for array in network.arrays), default=1
    )


@settings(max_examples=300)
@given(networks(), st.booleans())
def test_simplification_keeps_the_value(network, by_values):
    check(network, by_values)


@settings(max_examples=600)
@given(structured_networks(), st.booleans())
def test_simplification_keeps_the_value_of_arrays_with_structure(network, by_values):
    check(network, by_values)


@settings(max_examples=100)
@given(structured_networks())
def test_what_is_simplified_twice_is_simplified_once(network):
    once = simplify(network, by_values=False)
    twice = simplify(once, by_values=False)
    assert network_sizes(twice.shape) == network_sizes(once.shape)

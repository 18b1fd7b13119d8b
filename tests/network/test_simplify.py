import numpy as np
import pytest
from tests.elimination import eliminated_value

from taizhang.network.network import TensorNetwork
from taizhang.network.simplify import NetworkSizes, network_sizes, simplify


def random(*shape):
    return np.random.default_rng(sum(shape)).normal(size=shape)


def sizes(tensors, output=()):
    sizes = network_sizes(simplify(TensorNetwork(tensors, output)).shape)
    return sizes.num_tensors, sizes.num_indices


def test_a_chain_is_contracted():
    tensors = [(random(2, 2), (k, k + 1)) for k in range(100)]
    assert sizes(tensors, (0, 100)) == (1, 2)


def test_a_tree_of_matrices_is_contracted():
    assert sizes([(random(3, 3), (k, k // 2)) for k in range(2, 64)]) == (1, 0)


def test_vectors_go_into_their_neighbours():
    square = [(random(4, 4), "ab"), (random(4, 4), "bc"), (random(4, 4), "cd"), (random(4, 4), "da")]
    hub = [(random(4, 4), pair) for pair in ("ac", "bd")]
    assert sizes([*square, *hub, (random(4), "a"), (random(4), "b")]) == (6, 4)


def test_an_identity_joins_two_indices():
    ring = [(random(2, 2, 2), "abx"), (random(2, 2, 2), "bcx"), (random(2, 2, 2), "cay"), (np.eye(2), "xy")]
    assert sizes([*ring, (random(2, 2, 2), "abc")])[1] <= 4


def test_a_tensor_with_one_value_of_an_index_fixes_it():
    tensors = [
        (np.array([[0, 0], [2, 3]]), "ab"),
        (random(2, 2, 2), "acd"),
        (random(2, 2, 2), "bcd"),
        (random(2, 2), "cd"),
    ]
    network = TensorNetwork(tensors, "b")
    small = simplify(network)
    assert small.shape.inputs == ((0,),)
    np.testing.assert_allclose(eliminated_value(small), eliminated_value(network))


def test_output_indices_stay():
    network = TensorNetwork([(np.eye(2), "ab"), (np.array([1.0, 0.0]), "b")], "ab")
    np.testing.assert_allclose(eliminated_value(simplify(network)), [[1, 0], [0, 0]])


def test_zero_stays_zero():
    network = TensorNetwork([(np.zeros(2), "a"), (random(2, 3), "ab")], "b")
    small = simplify(network)
    assert small.shape.inputs == ((0,),)
    assert eliminated_value(small).tolist() == [0, 0, 0]
    assert eliminated_value(simplify(TensorNetwork([(np.zeros(()), ())]))) == 0


def test_nothing_is_one():
    assert eliminated_value(simplify(TensorNetwork([]))) == 1


def test_numbers_out_of_range_of_a_float_are_kept_in_the_exponent():
    small = simplify(TensorNetwork([(np.array(1e300), ()) for _ in range(10)]))
    assert small.exponent == pytest.approx(3000 * np.log2(10), abs=1)
    large = simplify(TensorNetwork([(np.full((2, 2), 1e250), (k, k + 1)) for k in range(10)]))
    assert float(np.log2(abs(large.arrays[0]))) + large.exponent == pytest.approx(2500 * np.log2(10) + 11)


def test_integers_do_not_overflow():
    network = TensorNetwork([(np.full(2, 2**62), "a") for _ in range(4)])
    assert eliminated_value(simplify(network)) == 2.0 * 2.0**248


def test_large_products_are_left_to_the_plan():
    matrix = np.broadcast_to(1.0, (1000, 1000))
    tensors = [(matrix, "ab"), (matrix, "bc"), (matrix, "ca")]
    assert sizes(tensors) == (3, 3)


def test_not_a_number_is_not_hidden():
    small = simplify(TensorNetwork([(np.array([np.nan, 0.0]), "a"), (random(2, 2), "ab")]))
    assert np.isnan(eliminated_value(small))


def test_a_hyperindex_on_very_many_tensors():
    tensors = [(random(2, 2), ("hub", k)) for k in range(20_000)] + [(random(2), (k,)) for k in range(20_000)]
    assert sizes(tensors) == (1, 0)


def test_sizes_are_counted():
    network = TensorNetwork([(random(2, 2), "ab"), (random(2), "a"), (random(2), "a")])
    assert network_sizes(network.shape) == NetworkSizes(
        num_tensors=3, num_indices=2, num_hyperindices=1, largest_rank=2
    )

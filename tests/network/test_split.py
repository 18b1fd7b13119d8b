import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.elimination import eliminated_value

from taizhang.circuit.circuit import Circuit, Operation
from taizhang.circuit.gates import gate
from taizhang.network.amplitude_network import AmplitudeNetwork
from taizhang.network.network import TensorNetwork
from taizhang.network.simplify import simplify
from taizhang.network.split import common_bases, may_have_common_bases


def random(rng, *shape):
    return rng.normal(size=shape) + 1j * rng.normal(size=shape)


def rotation(rng):
    return np.linalg.qr(random(rng, 2, 2))[0]


@given(st.integers(0, 1 << 32), st.integers(2, 8))
def test_common_bases_are_found(seed, others):
    rng = np.random.default_rng(seed)
    first, second, values = rotation(rng), rotation(rng), random(rng, others, 2)
    matrices = np.stack([first @ np.diag(value) @ second for value in values])[None]
    assert may_have_common_bases(matrices).all()
    pencils = common_bases(matrices)
    if pencils.good.all():
        back = pencils.first[:, None] @ (pencils.values[..., None] * pencils.second[:, None])
        np.testing.assert_allclose(back, matrices, atol=1e-13 * np.abs(matrices).max())
    else:
        assert np.abs(np.linalg.det(values[:2])) < 0.5 * np.linalg.norm(values) ** 2


def test_there_are_none_for_matrices_of_any_kind():
    matrices = random(np.random.default_rng(0), 50, 4, 2, 2)
    assert not may_have_common_bases(matrices).any()
    assert not common_bases(matrices).good.any()


def test_there_are_none_for_a_shear():
    matrices = np.array([[[[1, 0], [0, 1]], [[1, 1], [0, 1]]]], dtype=complex)
    assert not common_bases(matrices).good.any()


def test_a_tensor_of_rank_three_becomes_a_hyperindex():
    rng = np.random.default_rng(1)
    first, second, third = rotation(rng), rotation(rng), rotation(rng)
    middle = np.einsum("ak,bk,ck->abc", first, second, third)
    tensors = [(middle, "abc")]
    # Each of a, b, c leads into a separate cube, and the cubes are connected.
    for index, cube in zip("abc", ("defg", "hijk", "lmno"), strict=True):
        tensors.append((random(rng, 2, 2, 2, 2, 2), (index, *cube)))
    tensors += [(random(rng, 2, 2, 2, 2), quad) for quad in ("dhlp", "eimq", "fjnr", "gkos")]
    tensors += [(random(rng, 2, 2, 2, 2), "pqrs")]
    network = TensorNetwork(tensors)
    small = simplify(network)
    assert small.shape.num_tensors == network.shape.num_tensors - 1
    assert small.shape.num_indices == network.shape.num_indices - 2
    np.testing.assert_allclose(eliminated_value(small), eliminated_value(network), rtol=1e-12)


def test_a_circuit_of_cx_is_as_sparse_as_one_of_cz():
    rng = np.random.default_rng(0)
    both = []
    for name in ("cx", "cz"):
        steps = []
        for layer in range(8):
            steps += [Operation(gate("u", *rng.uniform(0, 3, size=3)), (q,)) for q in range(10)]
            steps += [Operation(gate(name), (q, q + 1)) for q in range(layer % 2, 9, 2)]
        steps += [Operation(gate("u", *rng.uniform(0, 3, size=3)), (q,)) for q in range(10)]
        both.append(AmplitudeNetwork(Circuit.from_operations(10, steps)).sizes_after)
    assert both[0].num_tensors <= both[1].num_tensors
    assert both[0].num_indices <= both[1].num_indices
    assert both[0].largest_rank <= 3


def test_hidden_indices_have_names_of_their_own():
    rng = np.random.default_rng(2)
    steps = [Operation(gate("u", *rng.uniform(0, 3, size=3)), (q,)) for q in range(6)]
    for layer in range(10):
        steps += [Operation(gate("cx"), (q, q + 1)) for q in range(layer % 2, 5, 2)]
        steps += [Operation(gate("u", *rng.uniform(0, 3, size=3)), (q,)) for q in range(6)]
    shape = AmplitudeNetwork(Circuit.from_operations(6, steps)).shape
    hidden = [name for name in shape.index_names if name.startswith("h")]
    assert hidden
    again = TensorNetwork.from_shape(shape, [random(rng, *[2] * len(term)) for term in shape.inputs])
    assert len(set(simplify(again).shape.index_names)) == simplify(again).shape.num_indices


@pytest.mark.parametrize("strength", [1e-3, 1e-6, 1e-9, 1e-12])
def test_what_is_badly_conditioned_is_left_alone(strength):
    rng = np.random.default_rng(3)
    shear = np.array([[1, 1 / strength], [0, 1]])
    middle = np.stack([np.eye(2), shear])
    tensors = [(middle, "cst"), (random(rng, 2, 2, 2), "csx"), (random(rng, 2, 2, 2), "txy"), (random(rng, 2, 2), "cy")]
    network = TensorNetwork(tensors)
    np.testing.assert_allclose(eliminated_value(simplify(network)), eliminated_value(network), rtol=1e-11)

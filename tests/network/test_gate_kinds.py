"""What light cones know of gates: images of Pauli products, qubits passed through, tensors; against full matrices."""

from __future__ import annotations

import functools
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.circuit.dense_observable import MATRICES

from taizhang.circuit.gate_polynomials import gate_polynomial
from taizhang.circuit.gate_table import RECORDS
from taizhang.network.cone_tensors import Angle, GateRecipe, RecipeBook
from taizhang.network.gate_kinds import gate_kinds, gate_tensors

LETTERS = "IXYZ"


def kind_of_one(matrices, num_controls):
    """The kind of a gate given at one or several sets of angles, shape (sets, rows, rows)."""
    kinds, kind_of = gate_kinds(np.asarray(matrices, dtype=complex)[np.newaxis], num_controls)
    assert len(kinds) == 1
    assert kind_of.tolist() == [0]
    return kinds[0]


def full_matrix(base, num_controls):
    full = np.eye(len(base) << num_controls, dtype=complex)
    full[-len(base) :, -len(base) :] = base
    return full


def legs_of(base, num_controls):
    return num_controls + len(base).bit_length() - 1


def product_matrix(code, legs):
    """The matrix of a product; the letter of the first leg is the lowest digit in base 4, its qubit the slowest."""
    letters = [LETTERS[code >> (2 * leg) & 3] for leg in range(legs)]
    return functools.reduce(np.kron, (MATRICES[letter] for letter in letters), np.eye(1))


def check_images(kind, base, num_controls):
    """Every image that is there is that of conjugation by the full matrix."""
    full, legs = full_matrix(base, num_controls), legs_of(base, num_controls)
    for code, image in enumerate(kind.images):
        if image >= 0:
            moved = full.conj().T @ product_matrix(code, legs) @ full
            sign = -1 if image % 2 else 1
            np.testing.assert_allclose(moved, sign * product_matrix(image // 2, legs), atol=1e-11)


def number_of_products(base, num_controls, code):
    """How many products the image of one is a sum of."""
    full, legs = full_matrix(base, num_controls), legs_of(base, num_controls)
    moved = full.conj().T @ product_matrix(code, legs) @ full
    weights = [np.trace(moved @ product_matrix(other, legs)) / len(full) for other in range(4**legs)]
    return np.count_nonzero(np.abs(weights) > 1e-9)


def generic(name):
    return np.array([0.7, 1.9, 0.4, 1.3])[: RECORDS[name].num_parameters]


@pytest.mark.parametrize("num_controls", range(4))
@pytest.mark.parametrize("name", RECORDS)
def test_images_are_those_of_conjugation(name, num_controls):
    base = RECORDS[name].matrix(*generic(name))
    kind, legs = kind_of_one([base], num_controls), legs_of(base, num_controls)
    if legs > 3:
        assert kind.images == ()
        return
    assert len(kind.images) == 4**legs
    check_images(kind, base, num_controls)
    for code, image in enumerate(kind.images):
        assert (image >= 0) == (number_of_products(base, num_controls, code) == 1)


@pytest.mark.parametrize("num_controls", range(4))
@pytest.mark.parametrize("name", RECORDS)
def test_qubits_passed_through_and_monomial_gates(name, num_controls):
    base = RECORDS[name].matrix(*generic(name))
    kind, full = kind_of_one([base], num_controls), full_matrix(base, num_controls)
    legs = legs_of(base, num_controls)
    rows, columns = np.nonzero(np.abs(full) > 1e-12)
    kept = [bool(np.all((rows >> legs - 1 - leg & 1) == (columns >> legs - 1 - leg & 1))) for leg in range(legs)]
    assert list(kind.through) == kept
    assert kind.num_controls == num_controls
    one_each = bool(np.all((np.abs(full) > 1e-12).sum(axis=0) == 1))
    # A star leaves several tensors, which are not products of ket and bra.
    assert kind.monomial == (one_each and not kind.is_star)


def contracted(kind, tensors, legs):
    """The full matrix from the tensors of a gate; axes: outs of all legs, then ins."""
    operands = []
    for axes, tensor in zip(kind.tensors, tensors, strict=True):
        numbers = {
            "t": lambda leg: leg,
            "o": lambda leg: leg,
            "i": lambda leg: legs + leg,
            "s": lambda leg: 2 * legs + leg,
        }
        operands += [tensor, [numbers[role](leg) for leg, role, _ in axes]]
    # The output has an own axis for the qubit before the gate where it passes through: a diagonal.
    ins = [3 * legs + leg if kind.through[leg] else legs + leg for leg in range(legs)]
    for leg in range(legs):
        if kind.through[leg]:
            operands += [np.eye(2), [leg, 3 * legs + leg]]
    size = 2**legs
    return np.einsum(*operands, [*range(legs), *ins], optimize="greedy").reshape(size, size)


@pytest.mark.parametrize("num_controls", range(6))
@pytest.mark.parametrize("name", RECORDS)
def test_the_tensors_of_a_gate_are_the_gate(name, num_controls):
    base = RECORDS[name].matrix(*generic(name))
    legs = legs_of(base, num_controls)
    kind = kind_of_one([base], num_controls)
    tensors = [tensor[0] for tensor in gate_tensors(kind, base[np.newaxis])]
    assert len(tensors) == (num_controls + 1 if kind.is_star else 1)
    assert all(tensor.shape == (2,) * len(axes) for tensor, axes in zip(tensors, kind.tensors, strict=True))
    np.testing.assert_allclose(contracted(kind, tensors, legs), full_matrix(base, num_controls), atol=1e-13)


@pytest.mark.parametrize("num_controls", range(3))
@pytest.mark.parametrize("name", RECORDS)
def test_axes_of_one_label_may_be_exchanged(name, num_controls):
    base = RECORDS[name].matrix(*generic(name))
    kind = kind_of_one([base], num_controls)
    for axes, tensor in zip(kind.tensors, gate_tensors(kind, base[np.newaxis]), strict=True):
        for one, other in itertools.combinations(range(len(axes)), 2):
            if axes[one][2] == axes[other][2]:
                np.testing.assert_array_equal(tensor[0], np.swapaxes(tensor[0], one, other))


@settings(max_examples=40)
@given(
    name=st.sampled_from([name for name in RECORDS if RECORDS[name].num_parameters]),
    num_controls=st.integers(0, 2),
    data=st.data(),
)
def test_what_is_known_of_a_gate_with_free_angles_holds_at_all_angles(name, num_controls, data):
    # Stage 1: a gate some of whose angles are free, the others at special values.
    count = RECORDS[name].num_parameters
    free = data.draw(st.lists(st.booleans(), min_size=count, max_size=count).filter(any))
    special = st.sampled_from([0.0, np.pi / 2, np.pi, 2 * np.pi, 0.3])
    fixed = data.draw(st.tuples(*[special] * count))
    angles = tuple(Angle(0.0, ((0, 1.0),)) if is_free else Angle(at) for is_free, at in zip(free, fixed, strict=True))
    book = RecipeBook([GateRecipe(name, num_controls, angles)])
    kind = book.kinds[0]
    # Stage 2: its facts at some values of the free angles.
    values = data.draw(st.tuples(*[st.floats(-7, 7)] * count))
    row = np.array([value if is_free else at for value, is_free, at in zip(values, free, fixed, strict=True)])
    base = gate_polynomial(name).matrices(row[np.newaxis])[0]
    check_images(kind, base, num_controls)
    now = kind_of_one([base], num_controls)
    assert all(kept or not always for kept, always in zip(now.through, kind.through, strict=True))
    assert now.monomial or not kind.monomial
    tensors = [tensor[0] for tensor in gate_tensors(kind, base[np.newaxis])]
    full = full_matrix(base, num_controls)
    np.testing.assert_allclose(contracted(kind, tensors, legs_of(base, num_controls)), full, atol=1e-12)


def test_rotations_of_free_angles_are_no_clifford_gates():
    free = Angle(0.0, ((0, 1.0),))
    moved = RecipeBook([GateRecipe("rx", 0, (free,)), GateRecipe("rx", 0, (Angle(np.pi / 2),))])
    parametric, quarter = (moved.kinds[number] for number in moved.kind_of)
    assert parametric.images == (0, 2, -1, -1)
    assert quarter.images[1] == 2
    assert all(image >= 0 for image in quarter.images)


def test_gates_of_one_group_have_their_own_symmetries():
    controlled = np.array([np.diag([1, np.exp(0.7j)]), np.diag([np.exp(0.2j), np.exp(0.7j)])])[:, np.newaxis]
    kinds, kind_of = gate_kinds(controlled, 1)
    labels = [[label for _, _, label in kinds[number].tensors[0]] for number in kind_of]
    assert labels == [[0, 0], [0, 1]]

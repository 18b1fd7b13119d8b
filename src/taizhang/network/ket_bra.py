"""Sparser networks of density matrices: a ket and bra as two bits, and tensors without zeros as products.

A wire of ket and bra is written as the bits x = ket ⊕ bra and k = ket. Relaxation, dephasing and all noise that is
symmetric around Z leave x as it is, so that x becomes one hyperindex through all of it; gates that are diagonal,
and changes between the bases of Z and X, couple k of one wire with x of another only: CZ is
(-1)^(k x' + x k' + x x'). So most tensors are products of tensors of two indices.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from taizhang._types import ComplexArray
from taizhang.network.network import TensorNetwork
from taizhang.network.simplify import simplify

Tensor = tuple[ComplexArray, tuple[str, ...]]

# Values 2 ket + bra in the order of x, then k.
_ORDER = (0, 3, 1, 2)
# Tensors of more axes are not factored; nor are those with elements this much smaller than the largest.
_MOST_AXES = 6
_SMALL = 1e-6
# A relative difference from 1 that is a rounding error.
_ROUNDING = 1e-12


def with_sparse_pairs(network: TensorNetwork) -> TensorNetwork:
    """Returns a network of the same value whose inner indices of size 4 are two of size 2 each; simplified.

    Args:
        network: Any network; what its indices of size 4 mean matters for how sparse it becomes, not for its value.
    """
    output = network.open_indices
    split = [_split(array, names, output) for array, names in network.tensors]
    bits = simplify(TensorNetwork([*split, _scalar(network.exponent)], output))
    factors = [factor for array, names in bits.tensors for factor in _factors(np.asarray(array), names)]
    return simplify(TensorNetwork([*factors, _scalar(bits.exponent)], output))


def _scalar(exponent: int) -> Tensor:
    return np.array(2.0**exponent, dtype=np.complex128), ()


def _split(array: ComplexArray, names: Sequence[str], output: Sequence[str]) -> Tensor:
    """A tensor with two axes for each of size 4 that is not of the output."""
    sizes: list[int] = []
    split: list[str] = []
    for axis, name in enumerate(names):
        if array.shape[axis] == 4 and name not in output:
            array = np.take(array, _ORDER, axis=axis)
            sizes += [2, 2]
            split += [f"{name}.x", f"{name}.k"]
        else:
            sizes.append(array.shape[axis])
            split.append(name)
    return array.reshape(sizes), tuple(split)


def _factors(array: ComplexArray, names: tuple[str, ...]) -> Iterator[Tensor]:
    """A tensor of bits without zeros as a product over the sets of axes that interact; else the tensor itself.

    Every such tensor is a product over all sets of axes of c(set)^(product of their bits), where c(set) is found by
    dividing along each axis. If no c of many axes differs from 1, the tensor is a product of tensors of few.
    """
    sizes = np.abs(array)
    count = array.ndim
    if not 3 <= count <= _MOST_AXES or set(array.shape) != {2} or sizes.min() < _SMALL * sizes.max():
        yield array, names
        return
    # Stage 1: the interactions, and the largest sets.
    table = array
    for axis in range(count):
        low, high = np.take(table, 0, axis), np.take(table, 1, axis)
        table = np.stack([low, high / low], axis=axis)
    sets = [choice for choice in itertools.product((0, 1), repeat=count) if sum(choice)]
    interacting = {frozenset(np.flatnonzero(choice)): table[choice] for choice in sets}
    interacting = {axes: value for axes, value in interacting.items() if abs(value - 1) > _ROUNDING}
    largest = [axes for axes in interacting if not any(axes < other for other in interacting)]
    if any(len(axes) == count for axes in largest):
        yield array, names
        return
    # Stage 2: a tensor for each of them, with what is left of the smaller sets.
    for axes in largest:
        order = sorted(axes)
        factor = np.ones((2,) * len(order), dtype=np.complex128)
        for inner in [other for other in interacting if other <= axes]:
            factor[tuple(1 if axis in inner else slice(None) for axis in order)] *= interacting.pop(inner)
        yield factor, tuple(names[axis] for axis in order)
    yield np.array(table[(0,) * count]), ()

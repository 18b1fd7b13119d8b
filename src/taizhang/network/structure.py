"""Structure of a small array that follows from its zeros.

Three facts about an array let a network shrink without changing its value: an axis of which only one value matters
(the index is constant), two axes that are zero wherever they differ, or wherever they agree (one index in two places),
and an array that is an outer product. The first two are read off the set of nonzero positions, held as one Python
integer with a bit for each position, so that a test is one bitwise operation.

The reductions were named column, diagonal and antidiagonal reduction by Gray & Kourtis, arXiv:2002.01935.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations
from math import prod
from typing import NamedTuple

import numpy as np

from taizhang._types import ComplexArray

# Numbers this much smaller than the largest of their array count as zero: sixteen roundings of double precision.
RELATIVE_ZERO = 2.0**-48
# Arrays with more elements are not examined.
MAX_ELEMENTS = 1 << 16
# Arrays of up to this many elements are scanned in Python, which is faster than any call of NumPy.
_FEW = 32
_BITS = tuple(1 << k for k in range(_FEW))
# Arrays with more axes are tested for single axes only when looking for outer products.
MAX_AXES_ALL_BIPARTITIONS = 6


class Tie(NamedTuple):
    """Two axes of size 2, or of equal size, that carry one index.

    Attributes:
        first: The axis that comes first.
        second: The other axis.
        flipped: False: nonzero only where the two agree. True: only where they differ (size 2).
    """

    first: int
    second: int
    flipped: bool


class Support(NamedTuple):
    """Where an array is not zero.

    Attributes:
        positions: Bit k is set when element k (C order) is not negligible.
        peak: The element of largest modulus, the first of several.
        largest: Its modulus.
    """

    positions: int
    peak: int
    largest: float


def support(array: ComplexArray) -> Support:
    """Finds the nonzero elements of an array.

    Args:
        array: Any array of at least one and at most `MAX_ELEMENTS` elements.

    Returns:
        The positions are 0 for an array of zeros. Where something is not finite, everything counts as nonzero.

    Example:
        >>> bin(support(np.eye(2)).positions)
        '0b1001'
    """
    if array.size <= _FEW:
        moduli = [abs(element) for element in array.ravel().tolist()]
        largest = max(moduli)
        peak = moduli.index(largest)
        if math.isfinite(sum(moduli)):
            threshold = largest * RELATIVE_ZERO
            positions = 0
            for modulus, bit in zip(moduli, _BITS, strict=False):
                if modulus > threshold:
                    positions |= bit
            return Support(positions, peak, largest)
        return Support((1 << array.size) - 1, peak, largest)
    sizes = np.abs(array).ravel()
    peak = int(sizes.argmax())
    largest = float(sizes[peak])
    if not math.isfinite(largest):
        return Support((1 << sizes.size) - 1, peak, largest)
    packed = np.packbits(sizes > largest * RELATIVE_ZERO, bitorder="little")
    return Support(int.from_bytes(packed.tobytes(), "little"), peak, largest)


@lru_cache(maxsize=1024)
def _layers(shape: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    """For each axis and value: the positions at which the axis has that value."""
    positions = np.arange(prod(shape)).reshape(shape)
    layers = []
    for axis, size in enumerate(shape):
        of_axis = []
        for value in range(size):
            flags = np.zeros(positions.size, dtype=np.bool_)
            flags[positions.take(value, axis=axis).ravel()] = True
            of_axis.append(int.from_bytes(np.packbits(flags, bitorder="little").tobytes(), "little"))
        layers.append(tuple(of_axis))
    return tuple(layers)


@lru_cache(maxsize=1024)
def _disagreements(shape: tuple[int, ...]) -> tuple[tuple[int, int, int], ...]:
    """For each pair of axes of equal size: (first, second, positions at which they differ)."""
    layers = _layers(shape)
    pairs = []
    for second, size in enumerate(shape):
        for first in range(second):
            if shape[first] == size and size > 1:
                agree = 0
                for a, b in zip(layers[first], layers[second], strict=True):
                    agree |= a & b
                pairs.append((first, second, ((1 << prod(shape)) - 1) & ~agree))
    return tuple(pairs)


def constant_axes(positions: int, shape: tuple[int, ...]) -> list[tuple[int, int]]:
    """Finds the axes of which only one value has nonzero elements.

    Args:
        positions: The nonzero positions, as `support` gives them; not 0.
        shape: Shape of the array.

    Returns:
        Pairs (axis, value).

    Example:
        >>> constant_axes(support(np.array([[0, 0], [3, 4]])).positions, (2, 2))
        [(0, 1)]
    """
    constants = []
    for axis, layers in enumerate(_layers(shape)):
        if len(layers) == 2:
            if not positions & layers[0]:
                constants.append((axis, 1))
            elif not positions & layers[1]:
                constants.append((axis, 0))
        elif len(layers) > 2:
            occupied = [value for value, layer in enumerate(layers) if positions & layer]
            if len(occupied) == 1:
                constants.append((axis, occupied[0]))
    return constants


def tied_axes(positions: int, shape: tuple[int, ...]) -> list[Tie]:
    """Finds the pairs of axes that carry one index.

    Args:
        positions: The nonzero positions, as `support` gives them.
        shape: Shape of the array.

    Example:
        >>> tied_axes(support(np.array([[0, 1], [1, 0]])).positions, (2, 2))
        [Tie(first=0, second=1, flipped=True)]
    """
    ties = []
    for first, second, differ in _disagreements(shape):
        if not positions & differ:
            ties.append(Tie(first, second, False))
        elif shape[first] == 2 and positions & differ == positions:
            ties.append(Tie(first, second, True))
    return ties


@lru_cache(maxsize=1024)
def _odd_positions(shape: tuple[int, ...]) -> tuple[tuple[tuple[int, int, int], int], ...]:
    """For each three axes of size 2: the positions at which their values have an odd sum."""
    layers = _layers(shape)
    two = [axis for axis, size in enumerate(shape) if size == 2]
    return tuple((axes, layers[axes[0]][1] ^ layers[axes[1]][1] ^ layers[axes[2]][1]) for axes in combinations(two, 3))


def tied_triples(positions: int, shape: tuple[int, ...]) -> list[tuple[tuple[int, int, int], bool]]:
    """Finds three axes of size 2 of which any two give the third, as their sum modulo 2.

    Args:
        positions: The nonzero positions, as `support` gives them.
        shape: Shape of the array.

    Returns:
        Pairs of the axes, ascending, and whether the sum of the three is odd.

    Example:
        >>> exclusive_or = np.array([[[1, 0], [0, 1]], [[0, 1], [1, 0]]])
        >>> tied_triples(support(exclusive_or).positions, (2, 2, 2))
        [((0, 1, 2), False)]
    """
    triples = []
    for axes, odd in _odd_positions(shape):
        if not positions & odd:
            triples.append((axes, False))
        elif positions & odd == positions:
            triples.append((axes, True))
    return triples


def split_product(
    array: ComplexArray, peak: int | None = None
) -> tuple[tuple[int, ...], ComplexArray, ComplexArray] | None:
    """Factors an array as an outer product of two smaller ones, if it is one.

    Args:
        array: At least one element must not be zero.
        peak: Position (C order) of the element of largest modulus, where it is known.

    Returns:
        The axes of the first factor in ascending order, the first factor, and the second factor over the other axes;
        None if no bipartition was found (beyond `MAX_AXES_ALL_BIPARTITIONS` axes only those are tried in which one
        factor has one axis).

    Example:
        >>> axes, first, second = split_product(np.array([[1, 2], [2, 4]]))
        >>> axes, np.outer(first, second).real.tolist()
        ((0,), [[1.0, 2.0], [2.0, 4.0]])
    """
    if array.ndim < 2:
        return None
    flat = array.ravel()
    if peak is None:
        peak = int(np.abs(flat).argmax())
    pivot = complex(flat[peak])
    negligible = abs(pivot) ** 2 * RELATIVE_ZERO
    elements = flat.tolist() if flat.size <= _FEW else flat
    for axes, minors in _minors(array.shape, peak):
        for position, here, there in minors:
            if abs(pivot * elements[position] - elements[here] * elements[there]) > negligible:
                break
        else:
            factors = _factors(array, axes, peak, pivot)
            if factors is not None:
                return axes, *factors
    return None


def _factors(
    array: ComplexArray, axes: tuple[int, ...], peak: int, pivot: complex
) -> tuple[ComplexArray, ComplexArray] | None:
    """Returns the factors of an array over some axes and the others, or None if it is not their product."""
    at = np.unravel_index(peak, array.shape)
    rest = tuple(axis for axis in range(array.ndim) if axis not in axes)
    first = np.asarray(array[tuple(slice(None) if axis in axes else at[axis] for axis in range(array.ndim))])
    second = np.asarray(array[tuple(at[axis] if axis in axes else slice(None) for axis in range(array.ndim))]) / pivot
    error = np.abs(array.transpose(axes + rest) - np.multiply.outer(first, second)).max()
    return (first, second) if error <= abs(pivot) * RELATIVE_ZERO else None


@lru_cache(maxsize=4096)
def _minors(shape: tuple[int, ...], peak: int) -> tuple[tuple[tuple[int, ...], tuple[tuple[int, int, int], ...]], ...]:
    """For each bipartition its axes and the minors with the peak that must vanish.

    A minor is (position, here, there): here has the coordinates of the position on the first factor's axes and those
    of the peak on the others, there the other way round. Of large arrays only one minor is given, with a position that
    differs from the peak on every axis; it rules out most bipartitions.
    """
    at = np.unravel_index(peak, shape)
    if prod(shape) <= _FEW:
        coordinates = list(np.ndindex(*shape))
        # Positions that differ from the peak on most axes come first: they rule out the most.
        coordinates.sort(key=lambda position: sum(x == y for x, y in zip(position, at, strict=True)))
    else:
        coordinates = [tuple((int(x) + 1) % size for x, size in zip(at, shape, strict=True))]
    bipartitions = []
    for axes in _bipartitions(len(shape)):
        minors = []
        for position in coordinates:
            here = tuple(position[k] if k in axes else int(at[k]) for k in range(len(shape)))
            there = tuple(int(at[k]) if k in axes else position[k] for k in range(len(shape)))
            if position not in (here, there):
                flat = (int(np.ravel_multi_index(where, shape)) for where in (position, here, there))
                minors.append(tuple(flat))
        bipartitions.append((axes, tuple(minors)))
    return tuple(bipartitions)  # type: ignore[arg-type]


@lru_cache(maxsize=64)
def _bipartitions(num_axes: int) -> tuple[tuple[int, ...], ...]:
    """Axes of the first factor of each bipartition to try, single axes first."""
    single = [(axis,) for axis in range(num_axes)]
    if num_axes == 2:
        return ((0,),)
    if num_axes > MAX_AXES_ALL_BIPARTITIONS:
        return tuple(single)
    return tuple(single) + tuple(_larger_parts(num_axes))


def _larger_parts(num_axes: int) -> Iterator[tuple[int, ...]]:
    """Yields the first part of each bipartition with two or more axes on both sides."""
    for members in range(1 << num_axes):
        part = tuple(axis for axis in range(num_axes) if members >> axis & 1)
        rest = num_axes - len(part)
        if len(part) >= 2 and rest >= 2 and (len(part) < rest or (len(part) == rest and members & 1)):
            yield part

"""Contraction of small arrays whose axes are labelled by any hashable values."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from math import prod
from typing import Any

import numpy as np

from taizhang._types import ComplexArray

# Contractions of more scalar multiplications than this are done pairwise, as matrix products where possible.
_LARGE_WORK = 1 << 13


def einsum(operands: Sequence[tuple[ComplexArray, Sequence[Hashable]]], output: Sequence[Hashable]) -> ComplexArray:
    """Multiplies arrays and sums over the labels that are not in the output.

    Args:
        operands: Pairs of an array and the labels of its axes; a label may repeat, on one array too.
        output: Labels of the result's axes, each once.

    Returns:
        The contraction, as numpy.einsum defines it, for up to 52 different labels.

    Example:
        >>> einsum([(np.eye(2), (7, 7)), (np.ones(3), ("a",))], ("a",))
        array([2., 2., 2.])
    """
    numbers: dict[Hashable, int] = {}
    sizes: dict[Hashable, int] = {}
    arguments: list[Any] = []
    for array, labels in operands:
        arguments += [array, [numbers.setdefault(label, len(numbers)) for label in labels]]
        sizes.update(zip(labels, array.shape, strict=True))
    large = prod(sizes.values()) > _LARGE_WORK
    return np.asarray(np.einsum(*arguments, [numbers[label] for label in output], optimize=large))

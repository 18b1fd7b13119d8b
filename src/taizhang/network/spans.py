"""Dynamic range of the elements of arrays, in powers of two."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

SMALL_ELEMENTS = 1 << 14
"""Arrays of up to this many elements are examined together."""

_PIECE = 1 << 18  # elements of a large array examined at once, a few MiB of temporaries


def float_type(array: np.typing.NDArray[np.generic]) -> type[np.floating]:
    """Returns the real type to examine an array's elements in: float64, or longdouble if it has that."""
    return np.longdouble if array.dtype.type in (np.longdouble, np.clongdouble) else np.float64


def element_spans(arrays: Sequence[np.typing.NDArray[np.generic]]) -> list[int]:
    """Returns for each array log2 of its largest element over its smallest nonzero one.

    The size of an element is the larger of its real and its imaginary part. Arrays that are zero or not finite give 0.

    Example:
        >>> element_spans([np.array([1.0, 0.0, 1e-300j]), np.ones(3)])
        [997, 0]
    """
    spans = [0] * len(arrays)
    small = [number for number, array in enumerate(arrays) if 0 < array.size <= SMALL_ELEMENTS and _is_plain(array)]
    # Networks have hundreds of tiny tensors: they are examined together as one array.
    together = np.concatenate([np.zeros(1), *(arrays[number] for number in small)], axis=None, dtype=np.complex128)
    sizes = np.maximum(np.abs(together.real), np.abs(together.imag))[1:]
    if small:
        starts = np.cumsum([0, *(arrays[number].size for number in small[:-1])])
        most = np.maximum.reduceat(sizes, starts)
        least = np.minimum.reduceat(np.where(sizes > 0, sizes, np.inf), starts)
        usable = (least <= most) & (most < np.inf)
        bits = np.where(usable, np.frexp(most)[1] - np.frexp(np.where(usable, least, 1.0))[1], 0)
        for number, span in zip(small, bits.tolist(), strict=True):
            spans[number] = span
    done = frozenset(small)
    for number, array in enumerate(arrays):
        if number not in done:
            spans[number] = _span(array)
    return spans


def _is_plain(array: np.typing.NDArray[np.generic]) -> bool:
    return float_type(array) is np.float64


def _span(array: np.typing.NDArray[np.generic]) -> int:
    flat = array.reshape(-1)
    least, most = np.inf, 0.0
    for start in range(0, flat.size, _PIECE):
        piece = flat[start : start + _PIECE]
        sizes = np.abs(piece.real).astype(float_type(array))
        if np.iscomplexobj(piece):
            sizes = np.maximum(sizes, np.abs(piece.imag))
        most = max(most, sizes.max())
        least = min(least, np.min(sizes, initial=np.inf, where=sizes > 0))
    if not 0 < least <= most < np.inf:
        return 0
    return int(np.frexp(most)[1]) - int(np.frexp(least)[1])

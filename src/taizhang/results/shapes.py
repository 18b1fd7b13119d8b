"""The sizes that a step contracts, as people read them."""

from __future__ import annotations

from collections.abc import Sequence


def shape_text(shape: Sequence[float]) -> str:
    """log2 of rows, columns, summed and batch, with digits after the point where a size is no power of two.

    Example:
        >>> shape_text((20.0, 2.0, 1.58496, 0.0))
        '20 2 1.58 0'
    """
    return " ".join(f"{part:.3g}" for part in shape)

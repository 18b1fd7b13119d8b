"""Readable sizes of a step: those of the matrix product that it is."""

from __future__ import annotations

from collections.abc import Sequence

MOST_WRITTEN_OUT = 1024
"""Sizes above this are written as powers of two, if they are powers of two."""


def shape_text(shape: Sequence[float]) -> str:
    """Writes the sizes m × n × k of the matrix product that a step is, and its batch size.

    Args:
        shape: log2 of the sizes kept from the first operand (m), from the second (n), summed (k), from both (batch).

    Example:
        >>> shape_text((20.0, 2.0, 1.58496, 0.0)), shape_text((4.0, 4.0, 5.0, 12.0))
        ('2^20 × 4 × 3', '16 × 16 × 32, batch 2^12')
    """
    m, n, k, batch = (_size(part) for part in shape)
    return f"{m} × {n} × {k}" + (f", batch {batch}" if batch != "1" else "")


def _size(log2: float) -> str:
    size = 2.0**log2
    if size < MOST_WRITTEN_OUT + 0.5:
        return f"{size:.0f}"
    return f"2^{log2:.0f}" if abs(log2 - round(log2)) < 1e-6 else f"{size:.3g}"

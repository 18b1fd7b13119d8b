"""A qubit's wire while a circuit is converted to a network.

A wire is an index, or a known bit, followed by a 2 x 2 matrix that is in no tensor yet. Products of single-qubit gates
accumulate in that matrix; a bit flip or a phase costs no tensor, since most later gates can use the same index.
"""

from __future__ import annotations

from dataclasses import dataclass

from taizhang.network.gate_form import Matrix2
from taizhang.network.structure import RELATIVE_ZERO

IDENTITY: Matrix2 = (1, 0, 0, 1)
FLIP: Matrix2 = (0, 1, 1, 0)


@dataclass(slots=True)
class Wire:
    """A qubit between gates: the index it is on, or the bit it is known to be, and a matrix. Treated as immutable.

    Attributes:
        index: The index, or None where its value is known.
        bit: The value where it is known.
        matrix: From the value of the index to that of the qubit, row by row; None for the identity.
        monomial: Whether the matrix is diagonal (phases) or antidiagonal (a flip and phases).
        flipped: Whether it is antidiagonal.
    """

    index: int | None
    bit: int = 0
    matrix: Matrix2 | None = None
    monomial: bool = True
    flipped: bool = False

    @property
    def known(self) -> bool:
        """Whether the qubit is in a known basis state."""
        return self.index is None and self.matrix is None


def product(second: Matrix2, first: Matrix2) -> Matrix2:
    """Returns the matrix of `first` followed by `second`."""
    a, b, c, d = second
    e, f, g, h = first
    return a * e + b * g, a * f + b * h, c * e + d * g, c * f + d * h


def then(wire: Wire, matrix: Matrix2) -> tuple[Wire, complex]:
    """Returns the wire after one more matrix, and a scalar factor.

    Example:
        >>> then(Wire(None, 0), (0, 1j, 1, 0))
        (Wire(index=None, bit=1, matrix=None, monomial=True, flipped=False), 1)
    """
    if wire.matrix is not None:
        matrix = product(matrix, wire.matrix)
    a, b, c, d = matrix
    if wire.index is None:
        upper, lower = (b, d) if wire.bit else (a, c)
        negligible = max(abs(upper), abs(lower)) * RELATIVE_ZERO
        if abs(lower) <= negligible:
            return Wire(None, 0), upper
        if abs(upper) <= negligible:
            return Wire(None, 1), lower
        return Wire(None, 0, (upper, 0, lower, 0), False), 1
    negligible = max(abs(a), abs(b), abs(c), abs(d)) * RELATIVE_ZERO
    if abs(b) <= negligible and abs(c) <= negligible:
        if a == d == 1:
            return Wire(wire.index), 1
        return Wire(wire.index, 0, (a, 0, 0, d)), 1
    if abs(a) <= negligible and abs(d) <= negligible:
        return Wire(wire.index, 0, (0, b, c, 0), True, True), 1
    return Wire(wire.index, 0, matrix, False), 1


def phases(wire: Wire) -> tuple[complex, complex]:
    """Returns the weights of a wire whose matrix is monomial, by the value of the index."""
    if wire.matrix is None:
        return 1, 1
    a, b, c, d = wire.matrix
    return (c, b) if wire.flipped else (a, d)


def bare(wire: Wire) -> Wire:
    """Returns a wire whose matrix is monomial, without its phases."""
    return Wire(wire.index, wire.bit, FLIP, True, True) if wire.flipped else Wire(wire.index, wire.bit)

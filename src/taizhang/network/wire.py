"""A qubit's wire while a circuit is turned into a network.

A wire is an index, or a known bit, with a 2 x 2 matrix behind it that no tensor has taken up yet. Products of
single-qubit gates gather in that matrix; a bit flip or a phase costs no tensor at all, for most of what comes next can
go on with the same index.
"""

from __future__ import annotations

from dataclasses import dataclass

from taizhang.network.gate_form import Matrix2
from taizhang.network.structure import RELATIVE_ZERO

IDENTITY: Matrix2 = (1, 0, 0, 1)
FLIP: Matrix2 = (0, 1, 1, 0)


@dataclass(slots=True)
class Wire:
    """A qubit between gates: the index it is on, or the bit it is known to be, and a matrix. Never changed once made.

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
    """Gives the matrix of `first`, then `second`."""
    a, b, c, d = second
    e, f, g, h = first
    return a * e + b * g, a * f + b * h, c * e + d * g, c * f + d * h


def then(wire: Wire, matrix: Matrix2) -> tuple[Wire, complex]:
    """Gives the wire after one more matrix, and a number that came off.

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
    """Gives the weights, by the value of the index, of a wire whose matrix is monomial."""
    if wire.matrix is None:
        return 1, 1
    a, b, c, d = wire.matrix
    return (c, b) if wire.flipped else (a, d)


def bare(wire: Wire) -> Wire:
    """Gives the wire without its phases, for a matrix that is monomial."""
    return Wire(wire.index, wire.bit, FLIP, True, True) if wire.flipped else Wire(wire.index, wire.bit)

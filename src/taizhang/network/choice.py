"""Choices: what selects the arrays of a network when one network of one shape serves many questions.

A tensor that depends on a choice is a table: it has an axis for the choice, which is never summed, and selecting a
value of the choice selects an array. The final bit of a qubit is a choice of two; the number of a Kraus
operator or a measured outcome could be further kinds.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias


class FinalBit(NamedTuple):
    """The bit that a qubit is found in at the end of a circuit.

    Attributes:
        qubit: The qubit.
    """

    qubit: int

    @property
    def size(self) -> int:
        """Number of values."""
        return 2


Choice: TypeAlias = FinalBit

"""Stabilizer codes of one logical qubit: generators and logical operators as Pauli strings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from taizhang.errors import ProblemError

BoolArray = npt.NDArray[np.bool_]
_BITS = {"I": (0, 0), "X": (1, 0), "Y": (1, 1), "Z": (0, 1)}
_LETTERS = np.array([["I", "Z"], ["X", "Y"]])


@dataclass(frozen=True, slots=True)
class StabilizerCode:
    """A code of n qubits with n - 1 generators, and so one logical qubit.

    Attributes:
        stabilizers: The generators, a letter I, X, Y or Z for each qubit, qubit 0 first.
        logical_x: The logical X.
        logical_z: The logical Z.

    Raises:
        ProblemError: A string has other letters or another length, operators do not commute as they must, or generators
            are not independent.

    Example:
        >>> StabilizerCode(("ZZI", "IZZ"), "XXX", "ZII").num_qubits
        3
    """

    stabilizers: tuple[str, ...]
    logical_x: str
    logical_z: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "stabilizers", tuple(self.stabilizers))
        every = (*self.stabilizers, self.logical_x, self.logical_z)
        wrong = next((each for each in every if len(each) != self.num_qubits or set(each) - set(_BITS)), None)
        if wrong is not None:
            raise ProblemError(
                f"operators are strings of I, X, Y and Z, one for each of {self.num_qubits} qubits, got {wrong!r:.40}"
            )
        if len(self.stabilizers) != self.num_qubits - 1:
            raise ProblemError(
                f"a code of {self.num_qubits} qubits with one logical qubit has {self.num_qubits - 1} generators, got "
                f"{len(self.stabilizers)}"
            )
        x, z = self._tableau()
        anticommute = (x @ z.T + z @ x.T) % 2
        expected = np.zeros_like(anticommute)
        expected[-1, -2] = expected[-2, -1] = 1
        if (anticommute != expected).any():
            first, second = np.argwhere(anticommute != expected)[0]
            raise ProblemError(
                f"{every[first][:40]} and {every[second][:40]} must {'anti' if expected[first, second] else ''}commute"
            )

    @property
    def num_qubits(self) -> int:
        """Number of qubits."""
        return len(self.logical_x)

    def _tableau(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        every = (*self.stabilizers, self.logical_x, self.logical_z)
        bits = np.array([[_BITS[letter] for letter in each] for each in every], dtype=np.int64)
        return bits[:, :, 0], bits[:, :, 1]

    def syndrome_of(self, error: str) -> BoolArray:
        """The syndrome of a Pauli error: for each generator whether it anticommutes."""
        x, z = self._tableau()
        bits = np.array([_BITS[letter] for letter in error], dtype=np.int64)
        return ((x[:-2] @ bits[:, 1] + z[:-2] @ bits[:, 0]) % 2).astype(bool)

    def pure_error(self, syndrome: Sequence[bool] | BoolArray) -> str:
        """A Pauli error with a syndrome, the same one for the same syndrome: it commutes with both logical operators.

        Args:
            syndrome: A bit for each generator.

        Raises:
            ProblemError: The syndrome has another length, or the generators are not independent.
        """
        wanted = np.asarray(syndrome, dtype=np.int64)
        if wanted.shape != (len(self.stabilizers),):
            raise ProblemError(
                f"a syndrome has a bit for each of the {len(self.stabilizers)} generators, got shape {wanted.shape}"
            )
        x, z = self._tableau()
        # Rows: what an error (x, z) anticommutes with; solved over GF(2) by elimination.
        matrix = np.concatenate([z, x], axis=1) % 2
        table = np.concatenate([matrix, np.concatenate([wanted, [0, 0]])[:, np.newaxis]], axis=1)
        pivots = []
        row = 0
        for column in range(2 * self.num_qubits):
            below = np.flatnonzero(table[row:, column])
            if not len(below):
                continue
            table[[row, row + below[0]]] = table[[row + below[0], row]]
            others = np.flatnonzero(table[:, column])
            others = others[others != row]
            table[others] ^= table[row]
            pivots.append(column)
            row += 1
            if row == len(table):
                break
        if row < len(table):
            raise ProblemError("the generators and logical operators are not independent; leave out products of others")
        solution = np.zeros(2 * self.num_qubits, dtype=np.int64)
        solution[pivots] = table[:, -1]
        return "".join(_LETTERS[a, b] for a, b in solution.reshape(2, -1).T)


def rotated_surface_code(distance: int) -> StabilizerCode:
    """The rotated surface code of d × d qubits, qubit r d + c at row r and column c.

    Args:
        distance: d, odd or even, at least 2.

    Raises:
        ProblemError: The distance is less than 2, or more than 100.

    Example:
        >>> rotated_surface_code(3).stabilizers[:2]
        ('XXIXXIIII', 'IIXIIXIII')
    """
    if isinstance(distance, bool) or not isinstance(distance, int) or not 2 <= distance <= 100:
        raise ProblemError(f"distance must be a whole number from 2 to 100, got {distance!r:.20}")
    generators: list[str] = []
    for kind in "XZ":
        for row in range(-1, distance):
            for column in range(-1, distance):
                inside = 0 <= row < distance - 1 and 0 <= column < distance - 1
                mine = (row + column) % 2 == (0 if kind == "X" else 1)
                # Faces of two qubits: of Z above and below, of X at the sides.
                above = row in (-1, distance - 1) and 0 <= column < distance - 1 and kind == "Z"
                aside = column in (-1, distance - 1) and 0 <= row < distance - 1 and kind == "X"
                if mine and (inside or above or aside):
                    corners = [(row + a, column + b) for a in (0, 1) for b in (0, 1)]
                    qubits = {r * distance + c for r, c in corners if 0 <= r < distance and 0 <= c < distance}
                    generators.append("".join(kind if each in qubits else "I" for each in range(distance**2)))
    first_row = "".join("X" if each < distance else "I" for each in range(distance**2))
    first_column = "".join("Z" if each % distance == 0 else "I" for each in range(distance**2))
    return StabilizerCode(tuple(generators), logical_x=first_row, logical_z=first_column)

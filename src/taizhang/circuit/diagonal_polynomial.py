"""Diagonal gates exp(-i angle T) for many angles at once, with derivatives, as `GatePolynomial` for the table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from taizhang._types import ComplexArray


@dataclass(frozen=True, slots=True)
class DiagonalPolynomial:
    """The matrices exp(-i angle T) of a real diagonal T as functions of the angle.

    Attributes:
        entries_of_values: Bytes of the diagonal of T, float64, 2**n of them, as a `DiagonalPhase` has them.

    Example:
        >>> values = np.array([0.0, 1.0])
        >>> DiagonalPolynomial(values.tobytes()).matrices(np.array([[np.pi]])).round(12).real.tolist()
        [[[1.0, 0.0], [0.0, -1.0]]]
    """

    entries_of_values: bytes

    def matrices(self, angles: npt.NDArray[np.float64]) -> ComplexArray:
        """Returns the matrices for many angles.

        Args:
            angles: In radians, shape (sets, 1).

        Returns:
            complex128, shape (sets, rows, rows).
        """
        values = np.frombuffer(self.entries_of_values)
        return _on_diagonals(np.exp(-1j * angles * values))

    def derivatives(self, angles: npt.NDArray[np.float64], by: int = 0) -> ComplexArray:
        """Returns the derivatives of the matrices by the angle, in the shape of `matrices`; `by` is 0."""
        values = np.frombuffer(self.entries_of_values)
        return _on_diagonals(-1j * values * np.exp(-1j * angles * values))


def _on_diagonals(rows: ComplexArray) -> ComplexArray:
    matrices = np.zeros((*rows.shape, rows.shape[-1]), dtype=np.complex128)
    places = np.arange(rows.shape[-1])
    matrices[:, places, places] = rows
    return matrices

"""Gates of the table as trigonometric polynomials of their angles, for many angles at once and for derivatives.

Every entry of every matrix of the table is a sum of exp(i f·angles) with frequencies f of -1, -1/2, 0, 1/2 or 1 for
each angle. The coefficients are read off samples by a discrete Fourier transform, exactly up to rounding; so matrices
and their derivatives need no formula of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
import numpy.typing as npt

from taizhang._types import ComplexArray
from taizhang.circuit.gate_table import RECORDS

# Multiples of 1/2 from -1 to 1.
_FREQUENCIES = (0.0, 0.5, 1.0, -1.0, -0.5)
_PERIOD = 4 * np.pi
# Rounding of the transform; true coefficients are at least 1/8.
_NEGLIGIBLE = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class GatePolynomial:
    """A gate of the table as a trigonometric polynomial.

    Attributes:
        frequencies: float64, shape (terms, angles).
        coefficients: complex128, shape (terms, rows, rows).
    """

    frequencies: npt.NDArray[np.float64]
    coefficients: ComplexArray

    def matrices(self, angles: npt.NDArray[np.float64]) -> ComplexArray:
        """Returns the matrices for many sets of angles.

        Args:
            angles: In radians, shape (sets, angles).

        Returns:
            complex128, shape (sets, rows, rows).
        """
        return self._sum(np.exp(1j * (angles @ self.frequencies.T)))

    def derivatives(self, angles: npt.NDArray[np.float64], by: int) -> ComplexArray:
        """Returns the derivatives of the matrices by one of the angles, in the shape of `matrices`."""
        return self._sum(np.exp(1j * (angles @ self.frequencies.T)) * (1j * self.frequencies[:, by]))

    def _sum(self, phases: ComplexArray) -> ComplexArray:
        terms = len(self.coefficients)
        sums = phases @ self.coefficients.reshape(terms, -1)
        return sums.reshape(len(phases), *self.coefficients.shape[1:])


@cache
def gate_polynomial(name: str) -> GatePolynomial:
    """Returns the polynomial of a gate of the table, without controls.

    Example:
        >>> gate_polynomial("p").matrices(np.array([[np.pi]])).round(12).real.tolist()
        [[[1.0, 0.0], [0.0, -1.0]]]
    """
    record = RECORDS[name]
    count, rows = record.num_parameters, 2**record.num_targets
    points = [_PERIOD * k / len(_FREQUENCIES) for k in range(len(_FREQUENCIES))]
    samples = np.array([record.matrix(*angles) for angles in product(points, repeat=count)])
    samples = samples.reshape(*(len(points),) * count, rows, rows)
    transformed = np.fft.fftn(samples, axes=tuple(range(count))) / len(points) ** count if count else samples
    transformed = transformed.reshape(-1, rows, rows)
    # Entries that vanish for all angles stay exactly 0.
    transformed.real[np.abs(transformed.real) < _NEGLIGIBLE] = 0
    transformed.imag[np.abs(transformed.imag) < _NEGLIGIBLE] = 0
    present = np.flatnonzero(np.any(transformed != 0, axis=(1, 2)))
    frequencies = np.array(list(product(_FREQUENCIES, repeat=count))).reshape(-1 if count else 1, count)
    return GatePolynomial(frequencies[present], transformed[present])

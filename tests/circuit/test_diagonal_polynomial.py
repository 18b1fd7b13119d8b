"""Matrices and derivatives of diagonal gates for many angles agree with the gates and with differences."""

from __future__ import annotations

import numpy as np

from taizhang.circuit.diagonal_gate import diagonal_phase
from taizhang.circuit.diagonal_polynomial import DiagonalPolynomial

VALUES = np.random.default_rng(5).normal(size=(2, 2, 2))
ANGLES = np.array([[0.3], [-1.7], [0.0]])


def test_matrices_are_those_of_the_gates():
    found = DiagonalPolynomial(VALUES.tobytes()).matrices(ANGLES)
    expected = [diagonal_phase(VALUES, angle).matrix for (angle,) in ANGLES]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-14)


def test_derivatives_are_differences():
    polynomial, step = DiagonalPolynomial(VALUES.tobytes()), 1e-5
    differences = (polynomial.matrices(ANGLES + step) - polynomial.matrices(ANGLES - step)) / (2 * step)
    np.testing.assert_allclose(polynomial.derivatives(ANGLES, 0), differences, rtol=0, atol=1e-9)

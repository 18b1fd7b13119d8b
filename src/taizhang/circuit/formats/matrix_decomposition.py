"""Exact decomposition of gates given by a matrix into named gates, global phase included.

One qubit: a rotation `u` and a phase. Two qubits: the canonical form of Cartan, local gates around
exp(i (a XX + b YY + c ZZ)), found in the magic basis, in which local gates are real.

Source: Kraus & Cirac, arXiv:quant-ph/0011050; Zhang, Vala, Sastry & Whaley, arXiv:quant-ph/0209120.
"""

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from taizhang._types import ComplexArray
from taizhang.errors import NumericalError

_MAGIC = np.array([[1, 0, 0, 1j], [0, 1j, 1, 0], [0, 1j, -1, 0], [1, 0, 0, -1j]]) / math.sqrt(2)
_PAULIS = (
    np.array([[0, 1], [1, 0]], dtype=np.complex128),
    np.array([[0, -1j], [1j, 0]], dtype=np.complex128),
    np.array([[1, 0], [0, -1]], dtype=np.complex128),
)
# Row k: 1, and the values of XX, YY and ZZ on the k-th vector of the magic basis.
_MAGIC_VALUES = np.array(
    [[1.0, *(np.vdot(vector, np.kron(pauli, pauli) @ vector).real for pauli in _PAULIS)] for vector in _MAGIC.T]
)
_TOLERANCE = 1e-12


def angles_of(matrix: ComplexArray) -> tuple[float, float, float, float]:
    """Returns theta, phi, lambda and gamma with matrix = exp(i gamma) u(theta, phi, lambda).

    Args:
        matrix: Unitary, shape (2, 2).

    Returns:
        The angles in radians; theta in [0, π].
    """
    (a, b), (c, d) = matrix.tolist()
    theta = 2 * math.atan2(abs(c), abs(a))
    if abs(a) < _TOLERANCE:
        gamma = cmath.phase(c)
        return theta, 0.0, cmath.phase(-b) - gamma, gamma
    gamma = cmath.phase(a)
    if abs(c) < _TOLERANCE:
        return theta, 0.0, cmath.phase(d) - gamma, gamma
    return theta, cmath.phase(c) - gamma, cmath.phase(-b) - gamma, gamma


@dataclass(frozen=True, slots=True, kw_only=True)
class CanonicalForm:
    """A gate of two qubits as exp(i phase) (left_0 ⊗ left_1) exp(i (a XX + b YY + c ZZ)) (right_0 ⊗ right_1).

    Attributes:
        phase: Angle of the global phase.
        interaction: a, b and c.
        left: Unitary matrices on the two qubits, applied last.
        right: Unitary matrices on the two qubits, applied first.
    """

    phase: float
    interaction: tuple[float, float, float]
    left: tuple[ComplexArray, ComplexArray]
    right: tuple[ComplexArray, ComplexArray]


def canonical_form(matrix: ComplexArray) -> CanonicalForm:
    """Returns the canonical form of a unitary matrix.

    Args:
        matrix: Unitary, shape (4, 4); the first qubit is the slower bit.

    Returns:
        The form; its parts multiplied give the matrix, phase included.

    Raises:
        NumericalError: The matrix is too far from a unitary one.
    """
    in_magic = _MAGIC.conj().T @ matrix @ _MAGIC
    determinant_phase = cmath.phase(complex(np.linalg.det(in_magic))) / 4
    in_magic = in_magic * cmath.exp(-1j * determinant_phase)
    # in_magic = K1 exp(i D) K2 with K1, K2 real: its transpose times itself is K2^T exp(2i D) K2.
    frame = _real_eigenvectors(in_magic.T @ in_magic)
    if np.linalg.det(frame) < 0:
        frame[:, 0] = -frame[:, 0]
    angles = np.angle(np.diag(frame.T @ in_magic.T @ in_magic @ frame)) / 2
    outer = (in_magic @ frame * np.exp(-1j * angles)).real
    if np.linalg.det(outer) < 0:
        angles[0] += math.pi
        outer[:, 0] = -outer[:, 0]
    phase, a, b, c = np.linalg.solve(_MAGIC_VALUES, angles).tolist()
    left, left_phase = _local_parts(_MAGIC @ outer @ _MAGIC.conj().T)
    right, right_phase = _local_parts(_MAGIC @ frame.T @ _MAGIC.conj().T)
    return CanonicalForm(
        phase=determinant_phase + phase + left_phase + right_phase, interaction=(a, b, c), left=left, right=right
    )


def _real_eigenvectors(symmetric: ComplexArray) -> npt.NDArray[np.float64]:
    """Returns real orthonormal eigenvectors, as columns, of a matrix that is unitary and symmetric.

    Its real and imaginary parts commute, so that almost any mixture of them has the eigenvectors of both; a mixture
    in which two eigenvalues coincide is detected, and the next one is tried.
    """
    for turn in range(32):
        mixture = math.cos(turn + 0.5) * symmetric.real + math.sin(turn + 0.5) * symmetric.imag
        vectors = np.linalg.eigh((mixture + mixture.T) / 2)[1]
        rest = vectors.T @ symmetric @ vectors
        if np.abs(rest - np.diag(np.diag(rest))).max() < 1e-7:
            return np.asarray(vectors, dtype=np.float64)
    raise NumericalError(
        "the matrix of a gate of two qubits has no canonical form; give a matrix closer to a unitary one"
    )


def _local_parts(product: npt.NDArray[Any]) -> tuple[tuple[ComplexArray, ComplexArray], float]:
    """Returns the unitary factors of their Kronecker product, and the angle of the remaining phase."""
    blocks = product.reshape(2, 2, 2, 2).transpose(0, 2, 1, 3).reshape(4, 4)
    first, _, second = np.linalg.svd(blocks)
    factors: tuple[ComplexArray, ComplexArray] = (
        (math.sqrt(2) * first[:, 0]).reshape(2, 2).astype(np.complex128),
        (math.sqrt(2) * second[0]).reshape(2, 2).astype(np.complex128),
    )
    phase = cmath.phase(complex(np.vdot(np.kron(*factors), product)))
    return factors, phase

"""Matrices of the gates, one function for each.

Each function takes the gate's parameters (radians) and returns a complex128 array of shape (2**n, 2**n). The first
qubit is the slowest bit of row and column numbers. Controls are not written out here: a controlled gate is a base
matrix and a number of controls.

Sources: Cross et al., arXiv:2104.14722 (OpenQASM 3; u, p, rx and related gates, with Qiskit's phases); Arute et al.,
Nature 574, 505 (2019) (fSim and the roots of X, Y and W as rotations by π/2).
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Sequence

import numpy as np

from taizhang._types import ComplexArray

_SQRT_HALF = math.sqrt(0.5)
_PAULI_X = np.array([[0, 1], [1, 0]], dtype=np.complex128)
_PAULI_Y = np.array([[0, -1j], [1j, 0]], dtype=np.complex128)
_PAULI_Z = np.array([[1, 0], [0, -1]], dtype=np.complex128)


def _array(rows: Sequence[Sequence[complex]]) -> ComplexArray:
    return np.array(rows, dtype=np.complex128)


def _diagonal(*entries: complex) -> ComplexArray:
    return np.diag(np.array(entries, dtype=np.complex128))


def _over_sqrt_2(rows: Sequence[Sequence[complex]]) -> ComplexArray:
    """Returns the rows divided by √2."""
    return np.array(rows, dtype=np.complex128) * _SQRT_HALF


def _exp(angle: float) -> complex:
    return cmath.rect(1.0, angle)


def _pauli_rotation(pauli: ComplexArray, angle: float) -> ComplexArray:
    """Returns exp(-i angle pauli / 2), for a matrix whose square is 1."""
    return np.asarray(math.cos(angle / 2) * np.eye(len(pauli)) - 1j * math.sin(angle / 2) * pauli)


def global_phase(angle: float) -> ComplexArray:
    """A phase alone, a gate on no qubit."""
    return _array([[_exp(angle)]])


def identity() -> ComplexArray:
    """The identity on one qubit."""
    return _diagonal(1, 1)


def identity_2() -> ComplexArray:
    """The identity on two qubits."""
    return _diagonal(1, 1, 1, 1)


def idle(_duration: float) -> ComplexArray:
    """The identity, whatever its duration."""
    return _diagonal(1, 1)


def x() -> ComplexArray:
    """Pauli X."""
    return _PAULI_X.copy()


def y() -> ComplexArray:
    """Pauli Y."""
    return _PAULI_Y.copy()


def z() -> ComplexArray:
    """Pauli Z."""
    return _PAULI_Z.copy()


def h() -> ComplexArray:
    """Hadamard."""
    return _over_sqrt_2([[1, 1], [1, -1]])


def s() -> ComplexArray:
    """Square root of Z."""
    return _diagonal(1, 1j)


def sdg() -> ComplexArray:
    """Inverse of s."""
    return _diagonal(1, -1j)


def t() -> ComplexArray:
    """Fourth root of Z."""
    return _diagonal(1, complex(_SQRT_HALF, _SQRT_HALF))


def tdg() -> ComplexArray:
    """Inverse of t."""
    return _diagonal(1, complex(_SQRT_HALF, -_SQRT_HALF))


def sx() -> ComplexArray:
    """Principal square root of X; exp(iπ/4) times x_1_2."""
    return _array([[0.5 + 0.5j, 0.5 - 0.5j], [0.5 - 0.5j, 0.5 + 0.5j]])


def sxdg() -> ComplexArray:
    """Inverse of sx."""
    return sx().conj()


def x_1_2() -> ComplexArray:
    """exp(-iπX/4)."""
    return _over_sqrt_2([[1, -1j], [-1j, 1]])


def y_1_2() -> ComplexArray:
    """exp(-iπY/4)."""
    return _over_sqrt_2([[1, -1], [1, 1]])


def hz_1_2() -> ComplexArray:
    """exp(-iπW/4) for W = (X + Y) / √2."""
    return _array([[_SQRT_HALF, -0.5 - 0.5j], [0.5 - 0.5j, _SQRT_HALF]])


def rx(angle: float) -> ComplexArray:
    """exp(-i angle X / 2)."""
    return _pauli_rotation(_PAULI_X, angle)


def ry(angle: float) -> ComplexArray:
    """exp(-i angle Y / 2)."""
    return _pauli_rotation(_PAULI_Y, angle)


def rz(angle: float) -> ComplexArray:
    """exp(-i angle Z / 2)."""
    return _diagonal(_exp(-angle / 2), _exp(angle / 2))


def rxy(axis: float, angle: float) -> ComplexArray:
    """exp(-i angle (cos(axis) X + sin(axis) Y) / 2)."""
    return _pauli_rotation(math.cos(axis) * _PAULI_X + math.sin(axis) * _PAULI_Y, angle)


def p(angle: float) -> ComplexArray:
    """Phase on |1>."""
    return _diagonal(1, _exp(angle))


def u(theta: float, phi: float, lam: float) -> ComplexArray:
    """Any gate of one qubit up to a phase; the upper left entry is cos(theta / 2)."""
    cosine, sine = math.cos(theta / 2), math.sin(theta / 2)
    return _array([[cosine, -_exp(lam) * sine], [_exp(phi) * sine, _exp(phi + lam) * cosine]])


def u2(phi: float, lam: float) -> ComplexArray:
    """u(π/2, phi, lam)."""
    return _over_sqrt_2([[1, -_exp(lam)], [_exp(phi), _exp(phi + lam)]])


def phased_u(theta: float, phi: float, lam: float, gamma: float) -> ComplexArray:
    """exp(i gamma) u(theta, phi, lam); with one control it is OpenQASM's cu."""
    return _exp(gamma) * u(theta, phi, lam)


def swap() -> ComplexArray:
    """Exchanges two qubits."""
    return _array([[1, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1]])


def iswap() -> ComplexArray:
    """Exchanges two qubits, with a phase i when they differ."""
    return _array([[1, 0, 0, 0], [0, 0, 1j, 0], [0, 1j, 0, 0], [0, 0, 0, 1]])


def iswapdg() -> ComplexArray:
    """Inverse of iswap."""
    return iswap().conj()


def fsim(theta: float, phi: float) -> ComplexArray:
    """exp(-i theta (XX + YY) / 2) and a phase exp(-i phi) on |11>."""
    cosine, sine = math.cos(theta), -1j * math.sin(theta)
    return _array([[1, 0, 0, 0], [0, cosine, sine, 0], [0, sine, cosine, 0], [0, 0, 0, _exp(-phi)]])


def rxx(angle: float) -> ComplexArray:
    """exp(-i angle XX / 2)."""
    return _pauli_rotation(np.kron(_PAULI_X, _PAULI_X), angle)


def ryy(angle: float) -> ComplexArray:
    """exp(-i angle YY / 2)."""
    return _pauli_rotation(np.kron(_PAULI_Y, _PAULI_Y), angle)


def rzz(angle: float) -> ComplexArray:
    """exp(-i angle ZZ / 2)."""
    equal, opposite = _exp(-angle / 2), _exp(angle / 2)
    return _diagonal(equal, opposite, opposite, equal)


def rzx(angle: float) -> ComplexArray:
    """exp(-i angle ZX / 2)."""
    return _pauli_rotation(np.kron(_PAULI_Z, _PAULI_X), angle)


def ecr() -> ComplexArray:
    """Echoed cross-resonance, (IX - XY) / √2 with the operator of the second qubit written first."""
    return _over_sqrt_2([[0, 0, 1, 1j], [0, 0, 1j, 1], [1, -1j, 0, 0], [-1j, 1, 0, 0]])


def dcx() -> ComplexArray:
    """cx(0, 1), then cx(1, 0)."""
    return _array([[1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1], [0, 1, 0, 0]])


def dcxdg() -> ComplexArray:
    """Inverse of dcx: cx(1, 0), then cx(0, 1)."""
    return dcx().T.copy()


def rccx() -> ComplexArray:
    """Toffoli up to phases (Maslov, arXiv:1508.03273): a Toffoli with a phase -1 on |101>, i and -i on |11·>."""
    matrix = _diagonal(1, 1, 1, 1, 1, -1, 0, 0)
    matrix[6, 7], matrix[7, 6] = -1j, 1j
    return matrix


def rc3x() -> ComplexArray:
    """Triply controlled X up to phases (Maslov, arXiv:1508.03273)."""
    matrix = _diagonal(*[1] * 12, 1j, -1j, 0, 0)
    matrix[14, 15], matrix[15, 14] = 1, -1
    return matrix


def rc3xdg() -> ComplexArray:
    """Inverse of rc3x."""
    return rc3x().conj().T.copy()

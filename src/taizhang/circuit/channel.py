"""Channels: completely positive maps on the density matrices of a few qubits, given by Kraus operators.

A channel maps ρ to Σ K ρ K†. Its superoperator acts on vectors in which each qubit has one index of size 4, ket and bra
paired: 2 * ket + bra. Then channels of several qubits are tensor products of such matrices, and a network of them has
the shape of the network without noise.

Source: Nielsen & Chuang, Quantum Computation and Quantum Information, section 8.2.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from taizhang._types import ComplexArray
from taizhang.errors import CircuitError, SizeLimitError

MAX_CHANNEL_QUBITS = 4
"""Qubits of a channel, whose matrices are dense."""

TOLERANCE, SINGLE_TOLERANCE = 1e-8, 1e-5
"""Deviation, in operator norm, from preserving the trace that is allowed in double and in single precision."""

# Kraus operators whose weight is less than this part of the largest are dropped.
_NEGLIGIBLE = 1e-15
PAULIS = {
    "I": np.eye(2, dtype=np.complex128),
    "X": np.array([[0, 1], [1, 0]], dtype=np.complex128),
    "Y": np.array([[0, -1j], [1j, 0]]),
    "Z": np.diag([1, -1]).astype(np.complex128),
}


class Mixture(NamedTuple):
    """A channel as unitaries, each with a probability.

    Attributes:
        probabilities: float64, shape (unitaries,).
        unitaries: complex128, shape (unitaries, 2**qubits, 2**qubits).
    """

    probabilities: npt.NDArray[np.float64]
    unitaries: ComplexArray


@dataclass(frozen=True)
class Channel:
    """A channel, an immutable, hashable value; made by the functions of `taizhang.channels`.

    Attributes:
        name: Its name.
        parameters: Its numbers, such as a probability.
        entries: Bytes of the Kraus operators, complex128.
        num_qubits: Qubits that it acts on.

    Example:
        >>> from taizhang import channels
        >>> channels.bit_flip(0.1).kraus.shape
        (2, 2, 2)
    """

    name: str
    parameters: tuple[float, ...]
    entries: bytes = field(repr=False)
    num_qubits: int

    @property
    def label(self) -> str:
        """Its name."""
        return self.name

    @cached_property
    def kraus(self) -> ComplexArray:
        """The Kraus operators, complex128, shape (operators, 2**num_qubits, 2**num_qubits), read-only."""
        size = 2**self.num_qubits
        return np.frombuffer(self.entries, dtype=np.complex128).reshape(-1, size, size)

    @cached_property
    def superoperator(self) -> ComplexArray:
        """The matrix on vectors with one index 2 * ket + bra a qubit, shape (4**num_qubits, 4**num_qubits)."""
        return superoperator_of(self.kraus)

    @cached_property
    def choi(self) -> ComplexArray:
        """The Choi matrix Σ |K⟩⟩⟨⟨K|, rows of K one after another: shape (4**num_qubits, 4**num_qubits)."""
        flat = self.kraus.reshape(len(self.kraus), -1)
        return np.asarray(np.einsum("ka,kb->ab", flat, flat.conj()), dtype=np.complex128)

    @cached_property
    def chi(self) -> ComplexArray:
        """The chi matrix: ρ ↦ Σ chi[a, b] P_a ρ P_b†, Pauli products in the order I, X, Y, Z, first qubit slowest."""
        basis = pauli_basis(self.num_qubits)
        amplitudes = np.einsum("aij,kij->ka", basis.conj(), self.kraus) / 2**self.num_qubits
        return np.asarray(np.einsum("ka,kb->ab", amplitudes, amplitudes.conj()), dtype=np.complex128)

    @cached_property
    def mixture(self) -> Mixture | None:
        """The channel as unitaries with probabilities, if each Kraus operator is a multiple of a unitary; else None."""
        size = 2**self.num_qubits
        weights = np.einsum("kij,kij->k", self.kraus, self.kraus.conj()).real / size
        if abs(weights.sum() - 1) > SINGLE_TOLERANCE:
            return None
        unitaries = self.kraus / np.sqrt(np.maximum(weights, 1e-300))[:, None, None]
        products = np.einsum("kji,kjl->kil", unitaries.conj(), unitaries)
        if np.abs(products - np.eye(size)).max() > TOLERANCE:
            return None
        return Mixture(weights / weights.sum(), unitaries)

    @property
    def preserves_trace(self) -> bool:
        """Whether Σ K†K is 1; otherwise it is a post-selection."""
        return bool(_deviation(self.kraus)[0] <= SINGLE_TOLERANCE)

    @property
    def chance(self) -> float:
        """The chance that something happens: 1 less the weight of the identity in the chi matrix."""
        return max(0.0, 1.0 - float(self.chi[0, 0].real))

    def __repr__(self) -> str:
        numbers = f"({', '.join(f'{number:.10g}' for number in self.parameters)})" if self.parameters else ""
        return self.name + numbers


def make_channel(
    operators: Sequence[npt.ArrayLike] | npt.ArrayLike,
    *,
    name: str = "kraus",
    parameters: Sequence[float] = (),
    trace_decreasing: bool = False,
) -> Channel:
    """Makes a channel of Kraus operators.

    Args:
        operators: The operators, shape (operators, 2**n, 2**n) for n of 1 to 4; the first qubit is the slowest bit.
        name: Name of the channel.
        parameters: Its numbers.
        trace_decreasing: Allow Σ K†K < 1, a post-selection.

    Raises:
        CircuitError: The shape is wrong, a number is not finite, or the trace is not preserved.
        SizeLimitError: It is on more than four qubits.
    """
    given = np.asarray(operators)
    single = given.dtype in (np.complex64, np.float32)
    try:
        kraus = given.astype(np.complex128)
    except (TypeError, ValueError):
        raise CircuitError(f"the Kraus operators of '{name}' must be matrices of numbers of one shape") from None
    if kraus.ndim != 3 or not len(kraus) or kraus.shape[1] != kraus.shape[2]:
        raise CircuitError(
            f"the Kraus operators of '{name}' have shape {kraus.shape}; give (operators, 2^n, 2^n), n from 1 to "
            f"{MAX_CHANNEL_QUBITS}"
        )
    num_qubits = _num_qubits(kraus.shape[1], f"the Kraus operators of '{name}' have")
    if not np.all(np.isfinite(kraus)):
        raise CircuitError(f"the Kraus operators of '{name}' hold a NaN or an infinity; every number must be finite")
    deviation, most, least = _deviation(kraus)
    allowed = SINGLE_TOLERANCE if single else TOLERANCE
    too_much = most - 1 if trace_decreasing else deviation
    if too_much > allowed:
        wanted = "a channel needs at most 1" if trace_decreasing else "a channel needs exactly 1"
        advice = "scale them" if trace_decreasing else "scale them, or pass trace_decreasing=True for a post-selection"
        raise CircuitError(
            f"the Kraus operators of '{name}' sum to K†K of eigenvalues from {least:.6g} to {most:.6g}; {wanted}; "
            f"{advice}"
        )
    weights = np.einsum("kij,kij->k", kraus, kraus.conj()).real
    kept = kraus[weights > _NEGLIGIBLE * max(weights.max(), 1e-300)] if weights.max() > 0 else kraus[:1]
    return Channel(name, tuple(map(float, parameters)), np.ascontiguousarray(kept).tobytes(), num_qubits)


def channel_from_choi(
    choi: npt.ArrayLike, *, name: str = "choi", called: str = "Choi matrix", trace_decreasing: bool = False
) -> Channel:
    """Makes a channel of its Choi matrix Σ |K⟩⟩⟨⟨K|, rows of K one after another.

    Args:
        choi: Shape (4**n, 4**n).
        name: Name of the channel.
        called: What errors call the matrix.
        trace_decreasing: Allow Σ K†K < 1.

    Raises:
        CircuitError: The map is not completely positive, or does not preserve the trace.
    """
    matrix = _square(choi, called, name)
    size = math.isqrt(len(matrix))
    _num_qubits(size, f"the {called} of '{name}' is on matrices of")
    spread = float(np.abs(matrix - matrix.conj().T).max())
    if spread > SINGLE_TOLERANCE:
        raise CircuitError(
            f"the {called} of '{name}' belongs to no map of Hermitian matrices; it is off by {spread:.3g}"
        )
    values, vectors = np.linalg.eigh((matrix + matrix.conj().T) / 2)
    if values[0] < -TOLERANCE * max(1.0, values[-1]):
        raise CircuitError(
            f"the {called} of '{name}' is not completely positive: its least eigenvalue is {values[0]:.4g}; a channel "
            "needs 0 or more"
        )
    kept = values > 1e-14 * max(values[-1], 1e-300)
    operators = (vectors[:, kept] * np.sqrt(values[kept])).T.reshape(-1, size, size)
    return make_channel(operators, name=name, trace_decreasing=trace_decreasing)


def channel_from_superoperator(
    superoperator: npt.ArrayLike, *, name: str = "superoperator", trace_decreasing: bool = False
) -> Channel:
    """Makes a channel of its superoperator, one index 2 * ket + bra of size 4 a qubit, first qubit slowest.

    Raises:
        CircuitError: The map is not completely positive, or does not preserve the trace.
    """
    matrix = _square(superoperator, "superoperator", name)
    num_qubits = _num_qubits(math.isqrt(len(matrix)), f"the superoperator of '{name}' is on matrices of")
    axes = matrix.reshape((2,) * (4 * num_qubits))
    # Axes: out ket, bra of each qubit, then in ket, bra of each; wanted: (out kets, in kets), (out bras, in bras).
    order = [2 * qubit + side + half for side in (0, 1) for half in (0, 2 * num_qubits) for qubit in range(num_qubits)]
    choi = axes.transpose(order).reshape(len(matrix), len(matrix))
    return channel_from_choi(choi, name=name, called="superoperator", trace_decreasing=trace_decreasing)


def channel_from_chi(chi: npt.ArrayLike, *, name: str = "chi", trace_decreasing: bool = False) -> Channel:
    """Makes a channel of its chi matrix over Pauli products in the order I, X, Y, Z, first qubit slowest.

    Raises:
        CircuitError: The map is not completely positive, or does not preserve the trace.
    """
    matrix = _square(chi, "chi matrix", name)
    num_qubits = _num_qubits(math.isqrt(len(matrix)), f"the chi matrix of '{name}' is on matrices of")
    basis = pauli_basis(num_qubits).reshape(4**num_qubits, -1)
    return channel_from_choi(
        basis.T @ matrix @ basis.conj(), name=name, called="chi matrix", trace_decreasing=trace_decreasing
    )


def superoperator_of(kraus: ComplexArray) -> ComplexArray:
    """The superoperator of Kraus operators, shape (4**n, 4**n), one index 2 * ket + bra of size 4 a qubit."""
    num_qubits = kraus.shape[1].bit_length() - 1
    matrix = np.einsum("kab,kcd->acbd", kraus, kraus.conj()).reshape((2,) * (4 * num_qubits))
    # Axes: out kets, out bras, in kets, in bras; wanted: out ket, bra of each qubit, in ket, bra of each.
    order = [
        half + side * num_qubits + qubit
        for half in (0, 2 * num_qubits)
        for qubit in range(num_qubits)
        for side in (0, 1)
    ]
    return np.ascontiguousarray(matrix.transpose(order).reshape(4**num_qubits, 4**num_qubits))


@lru_cache(maxsize=8)
def pauli_basis(num_qubits: int) -> ComplexArray:
    """All products of I, X, Y, Z, the first qubit slowest: shape (4**n, 2**n, 2**n)."""
    products = np.ones((1, 1, 1), dtype=np.complex128)
    letters = np.stack([PAULIS[letter] for letter in "IXYZ"])
    for _ in range(num_qubits):
        products = np.einsum("aij,bkl->abikjl", products, letters).reshape(
            4 * len(products), 2 * products.shape[1], 2 * products.shape[1]
        )
    return products


def _deviation(kraus: ComplexArray) -> tuple[float, float, float]:
    """How far Σ K†K is from 1 in operator norm, and its largest and least eigenvalue."""
    values = np.linalg.eigvalsh(np.einsum("kji,kjl->il", kraus.conj(), kraus))
    return float(np.abs(values - 1).max()), float(values[-1]), float(values[0])


def _num_qubits(size: int, what: str) -> int:
    if size < 2 or size & (size - 1):
        raise CircuitError(f"{what} {size} rows; give 2^n, n from 1 to {MAX_CHANNEL_QUBITS}")
    num_qubits = size.bit_length() - 1
    if num_qubits > MAX_CHANNEL_QUBITS:
        raise SizeLimitError(
            f"{what} {size} rows, of {num_qubits} qubits; at most {MAX_CHANNEL_QUBITS} qubits are allowed"
        )
    return num_qubits


def _square(given: npt.ArrayLike, called: str, name: str) -> ComplexArray:
    matrix = np.asarray(given)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or math.isqrt(len(matrix)) ** 2 != len(matrix):
        raise CircuitError(f"the {called} of '{name}' has shape {matrix.shape}; give (4^n, 4^n)")
    if matrix.dtype == object or not np.all(np.isfinite(matrix)):
        raise CircuitError(f"the {called} of '{name}' holds a NaN or an infinity; every number must be finite")
    return matrix.astype(np.complex128)

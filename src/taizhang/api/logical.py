"""The channel that noise on the qubits of a code makes of its logical qubit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from taizhang._types import ComplexArray
from taizhang.api.amplitudes import contract
from taizhang.circuit.channel import Channel, pauli_basis
from taizhang.errors import UsageError
from taizhang.network.logical_network import logical_network
from taizhang.options import explicit_options
from taizhang.problems.stabilizer_code import StabilizerCode
from taizhang.settings import OPTIONS, DoubleOptions, settings_of

if TYPE_CHECKING:
    from typing_extensions import Unpack


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LogicalChannel:
    """The channel of the logical qubit, given a syndrome, after the correction.

    Attributes:
        probability: Of the syndrome, for the logical state that is completely mixed.
        chi: The channel in the Pauli basis I, X, Y, Z, shape (4, 4), of trace 1; zeros for an impossible syndrome.
        correction: The Pauli operators that were applied, a letter for each qubit.
    """

    probability: float
    chi: ComplexArray
    correction: str

    @property
    def error(self) -> float:
        """1 - chi[0, 0]: the entanglement infidelity of the logical qubit after the correction."""
        return float(1 - self.chi[0, 0].real)

    @property
    def pauli_transfer(self) -> npt.NDArray[np.float64]:
        """The Pauli transfer matrix Tr(P_i Λ(P_j)) / 2, shape (4, 4)."""
        basis = pauli_basis(1)
        found = np.einsum("ab,iwx,axy,jyz,bzw->ij", self.chi, basis, basis, basis, basis, optimize=True) / 2
        return np.asarray(found.real)


@explicit_options(DoubleOptions, OPTIONS)
def logical_channel(
    code: StabilizerCode,
    noise: Channel | Sequence[Channel],
    syndrome: Sequence[Any] | npt.NDArray[Any],
    **options: Unpack[DoubleOptions],
) -> LogicalChannel:
    """Computes exactly what independent noise makes of the logical qubit of a code, for a syndrome read without error.

    Of the four corrections that fit the syndrome the one is applied that leaves the logical state best.

    Args:
        code: The code, such as `rotated_surface_code(7)`.
        noise: A channel of one qubit for all qubits, or one for each; any channel, coherent ones included.
        syndrome: A bit for each generator.
        options: See `taizhang.settings.OPTIONS`. Computation is in double precision.

    Raises:
        UsageError: The channels do not fit the code.
        ProblemError: The syndrome has another length.
        LimitError: The work does not fit the limits.

    Example:
        >>> from taizhang.circuit.channels import bit_flip
        >>> from taizhang.problems.stabilizer_code import rotated_surface_code
        >>> found = logical_channel(rotated_surface_code(3), bit_flip(0.01), [0] * 8)
        >>> round(found.probability, 5), found.error < 1e-5
        (0.91371, True)
    """
    settings_of(logical_channel, options)
    if not isinstance(code, StabilizerCode):
        raise UsageError(f"code must be a StabilizerCode, got {type(code).__name__}")
    given = [noise] * code.num_qubits if isinstance(noise, Channel) else list(noise)
    if len(given) != code.num_qubits or any(not isinstance(each, Channel) or each.num_qubits != 1 for each in given):
        raise UsageError(f"noise is a channel of one qubit, or one for each of the {code.num_qubits} qubits")
    error = code.pure_error(np.asarray(syndrome))
    network = logical_network(code, [each.chi for each in given], error)
    table = np.asarray(contract(network, dtype="complex128", **options)).reshape(4, 4)
    # 1, X̄, X̄Z̄ = -iȲ, Z̄.
    signs = np.array([1, 1, -1j, 1])
    chi = table * signs[:, np.newaxis] * signs.conj()
    probability = float(np.trace(chi).real)
    if probability <= 0:
        return LogicalChannel(probability=0.0, chi=np.zeros((4, 4), dtype=np.complex128), correction=error)
    # The best correction makes the largest diagonal element that of the identity.
    best = int(np.argmax(np.diagonal(chi).real))
    moved, letters = _corrected(chi / probability, best), ("", code.logical_x, "", code.logical_z)[best]
    correction = error
    for operator in (code.logical_x, code.logical_z) if best == 2 else (letters,):
        correction = _times(correction, operator) if operator else correction
    return LogicalChannel(probability=probability, chi=moved, correction=correction)


def _corrected(chi: ComplexArray, best: int) -> ComplexArray:
    """The channel after a Pauli operator, by its place in I, X, Y, Z."""
    basis = pauli_basis(1)
    change = np.einsum("aij,jk,bki->ab", basis, basis[best], basis) / 2
    return np.asarray(change @ chi @ change.conj().T)


def _times(first: str, second: str) -> str:
    """The product of two Pauli strings without its phase."""
    bits = {"I": 0, "X": 1, "Z": 2, "Y": 3}
    return "".join("IXZY"[bits[a] ^ bits[b]] for a, b in zip(first, second, strict=True))

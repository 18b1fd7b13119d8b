"""The channel that noise on the qubits of a code, or a circuit with noise, makes of its logical qubit."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from taizhang._checks import describe
from taizhang._random import stream
from taizhang._types import ComplexArray
from taizhang.api.all_syndromes import AllSyndromes
from taizhang.api.amplitudes import contract
from taizhang.api.arguments import check_circuit, read_count, read_qubits
from taizhang.api.contractions import Contraction
from taizhang.circuit.channel import Channel, pauli_basis
from taizhang.circuit.circuit import Circuit
from taizhang.errors import NumericalError, UsageError
from taizhang.network.logical_circuit import logical_circuit_network
from taizhang.network.logical_network import logical_network
from taizhang.network.network import TensorNetwork
from taizhang.options import explicit_options
from taizhang.problems.stabilizer_code import StabilizerCode
from taizhang.settings import OPTIONS, DoubleOptions, Settings, settings_of
from taizhang.tasks.decoding import distinct_syndromes

if TYPE_CHECKING:
    from typing_extensions import Unpack

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]

# Rows I, X, Y, Z: what a Pauli operator does to each of them.
_SIGNS = np.array([[1, 1, 1, 1], [1, 1, -1, -1], [1, -1, 1, -1], [1, -1, -1, 1]])
# Probabilities are sums of numbers up to 1: below this, less than three digits are known.
_LEAST_KNOWN = 1e-13
# Two corrections whose fidelities differ by less than this part are equally good: the first is taken.
_EQUAL = 1e-9
# Bits of the syndrome that are drawn at once.
_BITS_AT_ONCE = 8


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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LogicalChannels:
    """The channels of the logical qubit for many syndromes, each after its best correction.

    Attributes:
        syndromes: The syndromes, bool, shape (number, bits); None for all of them in ascending order, the first bit the
            slowest.
        probabilities: Of each syndrome, for the logical state that is completely mixed, shape (number,).
        pauli_transfers: The Pauli transfer matrix of each, times its probability, shape (number, 4, 4).
        corrections: The logical operator that was applied after the pure error of the syndrome, by its place in
            I, X, Y, Z, shape (number,).
        weights: The share of each syndrome in the mean: its probability, or how often it was drawn.
    """

    syndromes: BoolArray | None
    probabilities: FloatArray
    pauli_transfers: FloatArray
    corrections: npt.NDArray[np.int8]
    weights: FloatArray

    @property
    def mean(self) -> FloatArray:
        """The Pauli transfer matrix of the channel whatever the syndrome, after the best corrections, shape (4, 4)."""
        drawn = self.probabilities > 0
        factors = np.divide(self.weights, self.probabilities, out=np.zeros_like(self.weights), where=drawn)
        return np.asarray(np.tensordot(factors, self.pauli_transfers, axes=1))

    @property
    def error(self) -> float:
        """The entanglement infidelity of the logical qubit, whatever the syndrome."""
        return float(1 - np.trace(self.mean) / 4)


@explicit_options(DoubleOptions, OPTIONS)
class LogicalQubit:
    """The logical qubit of a code under noise, or under a circuit with noise: what each syndrome makes of it, exactly.

    The qubit begins encoded without error. The circuit acts, with channels, measurements, resets and conditions; its
    qubits other than the data begin in |0⟩. In the end all generators are measured without error. The syndrome has the
    bits of the circuit in their order, and then a bit for each generator.

    Probabilities are sums of terms of both signs, with an error of about 10^-16.

    Args:
        code: The code, such as `rotated_surface_code(3)`.
        noise: A circuit; or a channel of one qubit for all qubits, or one for each.
        data: The qubits of the circuit that are those of the code, in its order; by default the first.
        options: See `taizhang.settings.OPTIONS`. Computation is in double precision.

    Attributes:
        code: The code.
        circuit: The circuit.
        data: Its data qubits.

    Raises:
        UsageError: The circuit, channels or data do not fit the code.

    Example:
        >>> from taizhang.circuit.channels import bit_flip
        >>> qubit = LogicalQubit(StabilizerCode(("ZZI", "IZZ"), "XXX", "ZII"), bit_flip(0.1))
        >>> channels = qubit.channels()
        >>> channels.probabilities.round(6).tolist(), round(channels.error, 6)
        ([0.73, 0.09, 0.09, 0.09], 0.028)
    """

    __slots__ = ("_contractions", "_networks", "_settings", "circuit", "code", "data")

    code: StabilizerCode
    circuit: Circuit
    data: tuple[int, ...]

    def __init__(
        self,
        code: StabilizerCode,
        noise: Circuit | Channel | Sequence[Channel],
        *,
        data: Sequence[int] | None = None,
        **options: Unpack[DoubleOptions],
    ) -> None:
        self._settings = replace(settings_of(LogicalQubit, options), dtype="complex128")
        self.code = _check_code(code)
        count = code.num_qubits
        if isinstance(noise, Circuit):
            self.circuit = check_circuit(noise)
            if data is None and noise.num_qubits < count:
                raise UsageError(f"the circuit has {noise.num_qubits} qubits, and the code {count}")
            self.data = tuple(range(count)) if data is None else read_qubits(data, name="data")
            if any(not 0 <= qubit < noise.num_qubits for qubit in self.data) or len(set(self.data)) < len(self.data):
                raise UsageError(f"data must be different qubits of the {noise.num_qubits} of the circuit")
            if len(self.data) != count:
                raise UsageError(f"data must be the {count} qubits of the code, got {len(self.data)}")
        else:
            if data is not None:
                raise UsageError("data is for a circuit; channels are given for the qubits of the code")
            self.circuit = Circuit(count)
            for qubit, channel in enumerate(_channels_of(code, noise)):
                self.circuit = self.circuit.append(channel, qubit)
            self.data = tuple(range(count))
        self._networks: dict[tuple[int, bool], TensorNetwork] = {}
        self._contractions: dict[tuple[int, bool, int], Contraction] = {}

    @property
    def num_bits(self) -> int:
        """Number of bits of a syndrome: those of the circuit, and one for each generator."""
        return self.circuit.num_bits + len(self.code.stabilizers)

    def channel(self, syndrome: Sequence[Any] | npt.NDArray[Any]) -> LogicalChannel:
        """Computes the channel for a syndrome, after the best correction.

        Args:
            syndrome: A bit for each of the circuit's, and one for each generator.

        Raises:
            UsageError: The syndrome has another length or other values.
            NumericalError: The syndrome is so improbable that rounding hides its channel.
            LimitError: The work does not fit the limits.
        """
        bits = self._read(np.asarray(syndrome)[np.newaxis])
        transfers = self._transfers(bits)[0]
        if transfers[0, 0] < _LEAST_KNOWN:
            raise NumericalError(
                f"the probability of this syndrome, {max(transfers[0, 0], 0):.2g}, is too small beside the rounding "
                "error of 1e-16 for its channel to be known"
            )
        probability, best = float(transfers[0, 0]), int(_best_corrections(np.diagonal(transfers)[np.newaxis])[0])
        correction = self.code.pure_error(bits[0, self.circuit.num_bits :])
        return LogicalChannel(
            probability=probability,
            chi=_chi_of(_SIGNS[best][:, np.newaxis] * transfers / probability),
            correction=_with_logical(self.code, correction, best),
        )

    def channels(self, syndromes: npt.ArrayLike | None = None) -> LogicalChannels:
        """Computes the channels for many syndromes.

        Args:
            syndromes: Zeros and ones, shape (number, bits); all syndromes if not given, which takes 210 bytes each.

        Raises:
            UsageError: The syndromes have another shape or other values.
            LimitError: The work does not fit the limits.
        """
        if syndromes is not None:
            read = self._read(np.asarray(syndromes))
            distinct, where = distinct_syndromes(read)
            return _corrected_all(read, self._transfers(distinct)[where], None)
        number = 2**self.num_bits
        settings = self._setting_aside(208 * number)
        if not self.num_bits:
            return self.channels(np.zeros((1, 0), dtype=bool))
        every, found = self._all(settings), np.empty((4, 4, number))

        def take(out: int, before: int, element: FloatArray) -> None:
            found[out, before] = element

        every.each([(out, before) for out in range(4) for before in range(4)], take)
        return _corrected_all(None, found.transpose(2, 0, 1), None)

    def sample(self, shots: int) -> LogicalChannels:
        """Draws syndromes, the logical state being completely mixed, and computes the channel of each.

        Args:
            shots: How many. The seed is that of the options.

        Returns:
            The distinct syndromes; their weights say how often each was drawn.

        Raises:
            UsageError: The number is negative.
            LimitError: The work does not fit the limits.
        """
        generator = stream(self._settings.seed, "logical qubit")
        count = read_count(shots, name="shots")
        if count < 0:
            raise UsageError(f"shots must be at least 0, got {count}")
        drawn = np.zeros((count, 0), dtype=bool)
        while len(drawn) and drawn.shape[1] < self.num_bits:
            drawn = self._extended(drawn, generator)
        distinct, where = distinct_syndromes(drawn)
        counts = np.bincount(where, minlength=len(distinct)) / max(len(drawn), 1)
        return _corrected_all(distinct, self._transfers(distinct), counts)

    def mean(self) -> tuple[FloatArray, float]:
        """Sums over all syndromes, each after its best correction, in half of the memory of their channels.

        Returns:
            The Pauli transfer matrix of the corrected qubit, shape (4, 4), and its entanglement infidelity.

        Raises:
            LimitError: The work does not fit the limits.
        """
        settings = self._setting_aside(80 * 2**self.num_bits)
        if not self.num_bits:
            found = self.channels()
            return found.mean, found.error
        every, diagonals = self._all(settings), np.empty((4, 2**self.num_bits))

        def take_diagonal(out: int, before: int, element: FloatArray) -> None:
            diagonals[out] = element

        every.each([(pauli, pauli) for pauli in range(4)], take_diagonal)
        signs = _SIGNS[_best_corrections(diagonals.T)].astype(np.int8)
        total = np.diag([float(signs[:, pauli] @ diagonals[pauli]) for pauli in range(4)])

        def take(out: int, before: int, element: FloatArray) -> None:
            total[out, before] = signs[:, out] @ element

        every.each([(out, before) for out, before in itertools.product(range(4), repeat=2) if out != before], take)
        return total, float(1 - np.trace(total) / 4)

    def _setting_aside(self, held: int) -> Settings:
        return self._settings.setting_aside(held, f"work with all 2^{self.num_bits} syndromes", "ask for some of them")

    def _all(self, settings: Settings) -> AllSyndromes:
        network = logical_circuit_network(self.circuit, self.code, self.data, num_open=self.num_bits)
        return AllSyndromes(network, self.num_bits, settings)

    def _transfers(self, syndromes: BoolArray) -> FloatArray:
        """Transfer matrices of distinct syndromes."""
        found = np.empty((len(syndromes), 4, 4))
        for place, syndrome in enumerate(syndromes):
            found[place] = self._contracted(syndrome, self.num_bits, logical=True)
        return found

    def _extended(self, drawn: BoolArray, generator: np.random.Generator) -> BoolArray:
        """Draws a few more bits for each shot, given those it has."""
        known = drawn.shape[1]
        more = range(known, min(known + _BITS_AT_ONCE, self.num_bits))
        distinct, where = distinct_syndromes(drawn)
        found = np.zeros((len(drawn), len(more)), dtype=bool)
        points = generator.random(len(drawn))
        order = np.argsort(where, kind="stable")
        ends = np.cumsum(np.bincount(where, minlength=len(distinct)))
        for prefix, shots in zip(distinct, np.split(order, ends[:-1]), strict=True):
            steps = np.cumsum(np.maximum(self._contracted(prefix, more.stop, logical=False), 0))
            chosen = np.searchsorted(steps, points[shots] * steps[-1], side="right").clip(max=len(steps) - 1)
            found[shots] = chosen[:, np.newaxis] >> np.arange(len(more) - 1, -1, -1) & 1
        return np.concatenate([drawn, found], axis=1)

    def _contracted(self, syndrome: BoolArray, num_bits: int, *, logical: bool) -> FloatArray:
        """The network of the first bits, the very first of them fixed, by a plan that is kept."""
        key = num_bits, logical
        if key not in self._networks:
            self._networks[key] = logical_circuit_network(
                self.circuit, self.code, self.data, num_open=num_bits, logical=logical
            )
        network = self._networks[key].fix({f"s{bit}": int(value) for bit, value in enumerate(syndrome)})
        form = (*key, len(syndrome))
        if form not in self._contractions:
            self._contractions[form] = Contraction.of_settings(network.shape, self._settings)
        return np.asarray(self._contractions[form].value_of(network.arrays, network.exponent)).real

    def _read(self, given: npt.NDArray[Any]) -> BoolArray:
        if given.ndim != 2 or given.shape[1] != self.num_bits:
            raise UsageError(
                f"syndromes have {self.num_bits} bits: {self.circuit.num_bits} of the circuit and "
                f"{len(self.code.stabilizers)} of generators; got shape {given.shape}"
            )
        if given.dtype.kind not in "biuf" or not np.isin(given, (0, 1)).all():
            raise UsageError(f"syndromes are arrays of zeros and ones, got {describe(given)}")
        return np.ascontiguousarray(given, dtype=bool)

    def __repr__(self) -> str:
        return f"<LogicalQubit of {self.code.num_qubits} qubits, {self.num_bits} bits of syndrome>"


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
    given = _channels_of(_check_code(code), noise)
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
    moved = _corrected(chi / probability, best)
    return LogicalChannel(probability=probability, chi=moved, correction=_with_logical(code, error, best))


def _check_code(code: Any) -> StabilizerCode:
    if not isinstance(code, StabilizerCode):
        raise UsageError(f"code must be a StabilizerCode, got {type(code).__name__}")
    return code


def _channels_of(code: StabilizerCode, noise: Any) -> list[Channel]:
    """A channel for each qubit of a code."""
    if not isinstance(noise, (Channel, Sequence)):
        raise UsageError(f"noise is a circuit, a channel, or a list of channels, got {describe(noise)}")
    given = [noise] * code.num_qubits if isinstance(noise, Channel) else list(noise)
    if len(given) != code.num_qubits or any(not isinstance(each, Channel) or each.num_qubits != 1 for each in given):
        raise UsageError(f"noise is a channel of one qubit, or one for each of the {code.num_qubits} qubits")
    return given


def _best_corrections(diagonals: FloatArray) -> npt.NDArray[np.int8]:
    """The logical operator that leaves each channel nearest to the identity; of equally good ones the first.

    Args:
        diagonals: Of the Pauli transfer matrices, times the probabilities, shape (number, 4).
    """
    fidelities = diagonals @ _SIGNS
    close = fidelities >= fidelities.max(axis=1, keepdims=True) - _EQUAL * np.abs(diagonals[:, :1])
    return np.asarray(np.argmax(close, axis=1), dtype=np.int8)


def _corrected_all(syndromes: BoolArray | None, transfers: FloatArray, weights: FloatArray | None) -> LogicalChannels:
    """Applies the best corrections to matrices, in place."""
    corrections = _best_corrections(np.diagonal(transfers, axis1=1, axis2=2))
    transfers *= _SIGNS[corrections][:, :, np.newaxis]
    probabilities = np.maximum(transfers[:, 0, 0], 0)
    return LogicalChannels(
        syndromes=syndromes,
        probabilities=probabilities,
        pauli_transfers=transfers,
        corrections=corrections,
        weights=probabilities if weights is None else weights,
    )


def _chi_of(transfer: FloatArray) -> ComplexArray:
    """The matrix in the Pauli basis of a channel given by its Pauli transfer matrix."""
    # R_ij = Σ χ_ab Tr(P_i P_a P_j P_b) / 2, a matrix of R and χ that is unitary up to a factor of 2.
    basis = pauli_basis(1).conj()
    return np.asarray(np.einsum("ij,iwx,axy,jyz,bzw->ab", transfer, basis, basis, basis, basis, optimize=True) / 8)


def _with_logical(code: StabilizerCode, error: str, best: int) -> str:
    """A Pauli string times the logical operator that is `best` in I, X, Y, Z."""
    for operator in ((), (code.logical_x,), (code.logical_x, code.logical_z), (code.logical_z,))[best]:
        error = _times(error, operator)
    return error


def _corrected(chi: ComplexArray, best: int) -> ComplexArray:
    """The channel after a Pauli operator, by its place in I, X, Y, Z."""
    basis = pauli_basis(1)
    change = np.einsum("aij,jk,bki->ab", basis, basis[best], basis) / 2
    return np.asarray(change @ chi @ change.conj().T)


def _times(first: str, second: str) -> str:
    """The product of two Pauli strings without its phase."""
    bits = {"I": 0, "X": 1, "Z": 2, "Y": 3}
    return "".join("IXZY"[bits[a] ^ bits[b]] for a, b in zip(first, second, strict=True))

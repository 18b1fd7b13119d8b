"""Amplitudes that were asked for, beside the bitstrings that they belong to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from taizhang._types import ComplexArray
from taizhang.errors import InputError
from taizhang.results.bitstrings import opened_bitstrings


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Amplitudes:
    """Amplitudes ⟨bitstring|C|0…0⟩ of some bitstrings.

    Attributes:
        bitstrings: One for each amplitude, qubit 0 first.
        values: The amplitudes, complex, shape (len(bitstrings),).

    Raises:
        InputError: The numbers of bitstrings and values differ.

    Example:
        >>> pair = Amplitudes.of_batch("x1", [0], np.array([0.6, 0.8j]))
        >>> list(pair.records())
        [{'bitstring': '01', 're': 0.6, 'im': 0.0}, {'bitstring': '11', 're': 0.0, 'im': 0.8}]
        >>> pair.probabilities.round(2).tolist()
        [0.36, 0.64]
    """

    bitstrings: tuple[str, ...]
    values: ComplexArray

    def __post_init__(self) -> None:
        if self.values.shape != (len(self.bitstrings),):
            raise InputError(
                f"{len(self.bitstrings)} bitstrings were given with values of shape {self.values.shape}; "
                "give one value for each"
            )

    @classmethod
    def of_batch(cls, bitstring: str, open_qubits: list[int] | tuple[int, ...], values: ComplexArray) -> Amplitudes:
        """Gives the amplitudes of a batch one by one.

        Args:
            bitstring: Bits of all qubits; what stands at open ones is ignored.
            open_qubits: The open qubits, in the order of the axes of `values`.
            values: Shape (2,) * len(open_qubits).
        """
        return cls(
            bitstrings=tuple(opened_bitstrings(bitstring, open_qubits)),
            values=np.asarray(values, dtype=np.result_type(values, np.complex64)).reshape(-1),
        )

    @property
    def probabilities(self) -> np.typing.NDArray[np.float64]:
        """Squares of the moduli, float64, shape (len(bitstrings),)."""
        return np.asarray(np.abs(self.values.astype(np.complex128)) ** 2, dtype=np.float64)

    def records(self) -> Iterator[dict[str, str | float]]:
        """Gives one record for each amplitude, as the command line prints them."""
        for bitstring, value in zip(self.bitstrings, self.values.tolist(), strict=True):
            yield {"bitstring": bitstring, "re": value.real, "im": value.imag}

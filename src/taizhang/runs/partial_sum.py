"""Partial sums: the value of a piece of a run, and of several pieces added.

Each number has a mantissa in double precision and a separate power of two, as everywhere in the engine. Sums are added
as the engine adds slices, so that pieces add up to the bits of one contraction over all slices. As bytes a sum holds
little-endian numbers and nothing else; its checksum, over these bytes and what they belong to, is kept beside it.
"""

from __future__ import annotations

import hashlib
import math
import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from taizhang._types import ComplexArray
from taizhang.errors import RunDamagedError

ZERO_EXPONENT = -(2**62)
"""Exponent of a sum that is 0: below every other."""

_SMALLEST_POWER = -1023
"""Mantissas that would be scaled by a smaller power of two are dropped, as in the engine."""

_ONE_NUMBER = struct.Struct("<qdd")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PartialSum:
    """Sums over some slices, of one or several contractions.

    Attributes:
        mantissas: complex128, shape (contractions, elements of each).
        exponents: int64, shape (contractions,): value k is mantissas[k] * 2**exponents[k].
    """

    mantissas: ComplexArray
    exponents: npt.NDArray[np.int64]

    def plus(self, other: PartialSum) -> PartialSum:
        """Adds two sums. Exchanging the two changes no bit but the sign of a NaN.

        Both are brought to the larger exponent, which is exact, so that only the addition rounds.

        Example:
            >>> half = PartialSum(mantissas=np.array([[0.5 + 0j]]), exponents=np.array([1]))
            >>> nothing = PartialSum(mantissas=np.array([[0j]]), exponents=np.array([ZERO_EXPONENT]))
            >>> half.plus(half).plus(nothing).values().tolist()
            [[(2+0j)]]
        """
        if self.mantissas.size == 1:
            return self._plus_one_number(other)
        common = np.maximum(self.exponents, other.exponents)
        mantissas = np.empty(self.mantissas.shape, dtype=np.complex128)
        ours, theirs = _scale(self.exponents, common), _scale(other.exponents, common)
        mantissas.real = self.mantissas.real * ours + other.mantissas.real * theirs
        mantissas.imag = self.mantissas.imag * ours + other.mantissas.imag * theirs
        return PartialSum(mantissas=mantissas, exponents=common)

    def _plus_one_number(self, other: PartialSum) -> PartialSum:
        """The same for sums of a single number, without the cost of arrays."""
        ours, theirs = self.exponents.item(), other.exponents.item()
        common = max(ours, theirs)
        a, b = self.mantissas.item(), other.mantissas.item()
        scale_a, scale_b = _power(ours - common), _power(theirs - common)
        total = complex(a.real * scale_a + b.real * scale_b, a.imag * scale_a + b.imag * scale_b)
        return PartialSum(mantissas=np.array([[total]]), exponents=np.array([common]))

    def values(self, exponents: npt.NDArray[np.int64] | int = 0) -> ComplexArray:
        """The sums as plain complex128 numbers, shape (contractions, elements of each).

        Args:
            exponents: Powers of two to multiply by, one for each contraction or one for all.
        """
        # Beyond ±5000 every double overflows or vanishes; the bound also covers ZERO_EXPONENT.
        powers = np.clip(self.exponents + exponents, -5000, 5000).astype(np.int64)[:, np.newaxis]
        values = np.empty(self.mantissas.shape, dtype=np.complex128)
        with np.errstate(over="ignore", under="ignore"):
            values.real = np.ldexp(self.mantissas.real, powers)
            values.imag = np.ldexp(self.mantissas.imag, powers)
        return values

    def to_bytes(self) -> bytes:
        """The sum as bytes: the exponents, then the mantissas, little-endian."""
        return self.exponents.astype("<i8").tobytes() + self.mantissas.astype("<c16").tobytes()

    @classmethod
    def from_bytes(cls, content: bytes, *, shape: tuple[int, int]) -> PartialSum:
        """Reads a sum of known shape: contractions, and elements of each.

        Raises:
            RunDamagedError: The bytes are too few or too many.
        """
        contractions, elements = shape
        if len(content) != contractions * (8 + 16 * elements):
            raise RunDamagedError(
                f"a partial sum of {contractions} x {elements} numbers cannot have {len(content)} bytes"
            )
        if len(content) == _ONE_NUMBER.size:
            exponent, real, imag = _ONE_NUMBER.unpack(content)
            return cls(mantissas=np.array([[complex(real, imag)]]), exponents=np.array([exponent]))
        exponents = np.frombuffer(content, dtype="<i8", count=contractions).astype(np.int64)
        mantissas = np.frombuffer(content, dtype="<c16", offset=8 * contractions).astype(np.complex128)
        return cls(mantissas=mantissas.reshape(*shape), exponents=exponents)


def _scale(exponents: npt.NDArray[np.int64], common: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Factors that bring mantissas from their exponents to larger ones, shape (contractions, 1).

    Factors below 2**_SMALLEST_POWER are 0.
    """
    powers = exponents - common
    scale = np.ldexp(1.0, np.maximum(powers, _SMALLEST_POWER))
    scale[powers < _SMALLEST_POWER] = 0.0
    return np.asarray(scale, dtype=np.float64)[:, np.newaxis]


def _power(exponent: int) -> float:
    return math.ldexp(1.0, exponent) if exponent >= _SMALLEST_POWER else 0.0


def checksum(identity: str, *belongs_to: str | int, content: bytes) -> bytes:
    """sha256 over the identity of a run, what some bytes in it belong to, and the bytes.

    So bytes moved to another place or another run are detected as reliably as bytes that were changed.

    Example:
        >>> checksum("a", "sum", 1, content=b"x") == checksum("a", "sum", 2, content=b"x")
        False
    """
    digest = hashlib.sha256("|".join([identity, *map(str, belongs_to), ""]).encode())
    digest.update(content)
    return digest.digest()

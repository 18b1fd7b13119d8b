"""Converts mantissas and a power of two to plain floats, never silently to infinity or zero.

The engine keeps a separate power of two for every tensor, so its results may lie outside the range of the type of the
computation. An array that complex64 cannot hold becomes complex128. A value that complex128 cannot hold raises a
`NumericalError` with the mantissas and the exponent, so that no result is lost.

An array is computed relative to its largest element: elements more than 2**126 times smaller are rounding errors of
complex64, and may be rounded to 0.
"""

from __future__ import annotations

import math

import numpy as np

from taizhang._types import ComplexArray, DtypeName
from taizhang.errors import NumericalError

SIGNIFICANT_BITS = 126
"""Elements of an array are significant down to the largest one divided by two to this power."""

# More than the ratio of any two float64 numbers: all elements count as significant.
_ALL_BITS = 2200
# Elements handled at a time, so that temporary arrays are small.
_PIECE = 1 << 16
# Exponents, as of `math.frexp`, of numbers that a type holds with full precision.
_EXPONENTS: dict[DtypeName, range] = {"complex64": range(-125, 128), "complex128": range(-1021, 1025)}


def scaled_value(mantissa: ComplexArray, exponent: int, dtype: DtypeName) -> ComplexArray:
    """Computes mantissa * 2**exponent in the requested type, or in complex128 where that is too narrow.

    Args:
        mantissa: complex128, any shape, all elements finite.
        exponent: Power of two.
        dtype: Requested type for arrays; scalars are always complex128.

    Returns:
        The value, in the shape of `mantissa`.

    Raises:
        NumericalError: A significant element is outside the range of complex128; the error has both arguments.

    Example:
        >>> scaled_value(np.array([0.5 + 0j, 0.75]), 200, "complex64").dtype
        dtype('complex128')
    """
    smallest, largest = significant_exponents(mantissa)
    result_dtype: DtypeName = "complex128" if mantissa.ndim == 0 else dtype
    if largest is not None and smallest is not None:
        if not _fits(result_dtype, smallest + exponent, largest + exponent):
            result_dtype = "complex128"
        if not _fits(result_dtype, smallest + exponent, largest + exponent):
            raise out_of_range(mantissa, exponent)
    value = np.empty(mantissa.shape, dtype=result_dtype)
    _scale_pieces(value.reshape(-1), mantissa.reshape(-1), exponent)
    return value


def scale_into(target: ComplexArray, mantissa: ComplexArray, exponent: int) -> None:
    """Sets target = mantissa * 2**exponent, both flat, piece by piece, as both may be large.

    Raises:
        NumericalError: The largest element is outside the range of the target's type.
    """
    largest = _largest(mantissa)
    dtype: DtypeName = "complex64" if target.dtype == np.complex64 else "complex128"
    power = math.frexp(largest)[1] + exponent
    if largest > 0.0 and not _fits(dtype, power, power):
        if dtype == "complex128":
            raise out_of_range(mantissa, exponent)
        raise NumericalError(
            f"the largest of these amplitudes is about {decimal(largest, exponent)}, which complex64 cannot hold; "
            "use dtype complex128"
        )
    _scale_pieces(target, mantissa, exponent)


def _scale_pieces(target: ComplexArray, mantissa: ComplexArray, exponent: int) -> None:
    for start in range(0, len(target), _PIECE):
        piece = mantissa[start : start + _PIECE]
        target.real[start : start + _PIECE] = np.ldexp(piece.real, exponent)
        target.imag[start : start + _PIECE] = np.ldexp(piece.imag, exponent)


def narrow_type(values: ComplexArray, dtype: DtypeName) -> ComplexArray:
    """Converts values to a type; returns them unchanged if it cannot hold one of them.

    Example:
        >>> narrow_type(np.array([1e30 + 0j]), "complex64").dtype, narrow_type(np.array([1e60 + 0j]), "complex64").dtype
        (dtype('complex64'), dtype('complex128'))
    """
    smallest, largest = significant_exponents(values, bits=_ALL_BITS)
    if smallest is None or largest is None or _fits(dtype, smallest, largest):
        return values.astype(dtype, copy=False)
    return values


def significant_exponents(mantissa: ComplexArray, bits: int = SIGNIFICANT_BITS) -> tuple[int | None, int | None]:
    """Exponents, as of `math.frexp`, of the smallest significant element that is not 0 and of the largest element.

    The size of an element is the larger of its real and its imaginary part. Both are None where all elements are 0.
    """
    flat = mantissa.reshape(-1)
    largest = _largest(flat)
    if largest == 0.0:
        return None, None
    threshold = math.ldexp(largest, -bits)
    smallest = largest
    for start in range(0, len(flat), _PIECE):
        sizes = _sizes(flat[start : start + _PIECE])
        smallest = float(np.min(sizes, initial=smallest, where=(sizes >= threshold) & (sizes > 0)))
    return math.frexp(smallest)[1], math.frexp(largest)[1]


def out_of_range(mantissa: ComplexArray, exponent: int) -> NumericalError:
    """The error for a value that complex128 cannot hold; it states the magnitude of the value."""
    if mantissa.size == 1:
        number = complex(mantissa.reshape(-1)[0])
        text = f"{decimal(number.real, exponent)} {decimal(number.imag, exponent)}i"
    else:
        sizes = _sizes(mantissa.reshape(-1))
        nonzero = sizes[sizes > 0]
        text = f"from {decimal(float(nonzero.min()), exponent)} to {decimal(float(nonzero.max()), exponent)} in size"
    return NumericalError(
        f"the value is {text}, but complex128 holds sizes from 2.2e-308 to 1.8e+308; scale what is computed, or take "
        "mantissa and exponent from this error (the value is mantissa * 2**exponent)",
        mantissa=mantissa,
        exponent=exponent,
    )


def decimal(mantissa: float, exponent: int) -> str:
    """Writes mantissa * 2**exponent in decimal, whatever its size.

    Example:
        >>> decimal(0.75, 2000), decimal(-0.5, -1999), decimal(0.0, 5)
        ('+8.610980e+601', '-8.709810e-603', '+0')
    """
    if mantissa == 0.0:
        return "+0"
    log10 = math.log10(abs(mantissa)) + exponent * math.log10(2.0)
    power = math.floor(log10)
    digits = f"{10.0 ** (log10 - power):.6f}"
    if digits.startswith("10."):
        digits, power = "1.000000", power + 1
    return f"{'-' if mantissa < 0 else '+'}{digits}e{power:+03d}"


def _largest(flat: ComplexArray) -> float:
    """Size of the largest element; 0 for an empty array."""
    pieces = (flat[start : start + _PIECE] for start in range(0, len(flat), _PIECE))
    return max((float(_sizes(piece).max()) for piece in pieces), default=0.0)


def _fits(dtype: DtypeName, smallest: int, largest: int) -> bool:
    return smallest in _EXPONENTS[dtype] and largest in _EXPONENTS[dtype]


def _sizes(numbers: ComplexArray) -> np.typing.NDArray[np.float64]:
    return np.asarray(np.maximum(np.abs(numbers.real), np.abs(numbers.imag)), dtype=np.float64)

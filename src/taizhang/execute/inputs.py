"""Loads the arrays of a network for a program: laid out, scaled by powers of two, checked.

Amplitudes of hundreds of qubits are far below what a float can hold. So every tensor carries a power of two apart from
its elements: inputs are scaled here such that their largest part is between 1/2 and 1, steps go on from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from taizhang._types import ComplexArray, DtypeName
from taizhang.errors import NumericalError


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedInputs:
    """All inputs of a program.

    Attributes:
        elements: One after another as the program places them, shape (input_elements,).
        exponents: For each input the power of two that its elements are to be multiplied by.
    """

    elements: ComplexArray
    exponents: list[int]


def scaled(array: np.typing.NDArray[np.generic], number: int) -> tuple[ComplexArray, int]:
    """Splits an array into elements of size about 1, complex128, and a power of two.

    Args:
        array: Any numbers.
        number: Which input it is, for the error.

    Raises:
        NumericalError: An element is not finite.
    """
    numbers = np.asarray(array, dtype=np.complex128)
    parts = np.ascontiguousarray(numbers).reshape(-1).view(np.float64)
    largest = float(np.abs(parts).max()) if parts.size else 0.0
    if not np.isfinite(largest):
        raise NumericalError(
            f"tensor {number} of the network holds a NaN or an infinity; every element has to be a finite number"
        )
    exponent = int(np.frexp(largest)[1])
    return np.ldexp(numbers.real, -exponent) + 1j * np.ldexp(numbers.imag, -exponent), exponent


def load_inputs(
    arrays: Sequence[np.typing.NDArray[np.generic]],
    *,
    axis_orders: Sequence[Sequence[int]],
    offsets: Sequence[int],
    num_elements: int,
    dtype: DtypeName,
) -> LoadedInputs:
    """Lays out and scales arrays.

    Args:
        arrays: One for each input.
        axis_orders: For each the order in which its axes are laid out, slowest first.
        offsets: Where each starts, ascending.
        num_elements: Length of all of them together, with the gaps between them.
        dtype: Type wanted.

    Raises:
        NumericalError: An element is not finite; the message names the tensor.
    """
    elements = np.zeros(num_elements, dtype=dtype)
    exponents = []
    for number, (array, axes, offset) in enumerate(zip(arrays, axis_orders, offsets, strict=True)):
        mantissa, exponent = scaled(array, number)
        elements[offset : offset + mantissa.size] = mantissa.transpose(axes).reshape(-1)
        exponents.append(exponent)
    return LoadedInputs(elements=elements, exponents=exponents)

"""Loads the arrays of a network for a program: lays them out, scales them by powers of two, checks them.

Amplitudes of hundreds of qubits are far below what a float can represent. So every tensor carries a separate power of
two: inputs are scaled here so that their largest part is between 1/2 and 1, and each step rescales its result.

Networks have hundreds of tiny tensors, and one plan may be run for many sets of them. So all small arrays are
concatenated and handled as one, with a table of where each element goes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from taizhang._types import ComplexArray
from taizhang.errors import NumericalError
from taizhang.network.network import array_shape
from taizhang.network.spans import float_type
from taizhang.plan.cost import BYTES_PER_ELEMENT
from taizhang.program.program import Program

SMALL_ELEMENTS = 1 << 14
"""Arrays of up to this many elements are handled together."""

# Powers of two from here on, or their inverses, are no normal float64; they are applied as two factors.
_LARGEST_POWER = 1022


class LoadedInputs(NamedTuple):
    """All inputs of a program.

    Attributes:
        elements: One after another as the program places them, shape (input_elements,).
        exponents: For each input, the power of two to multiply its elements by.
    """

    elements: ComplexArray
    exponents: list[int]


def scaled(
    array: np.typing.NDArray[np.generic], number: int, program: Program | None = None
) -> tuple[ComplexArray, int]:
    """Splits an array into elements of size about 1, complex128, and a power of two.

    Args:
        array: Any numbers.
        number: Which input it is, for the error.
        program: The program it is an input of, for naming a slice in the error.

    Raises:
        NumericalError: An element is not finite.
    """
    array, before = as_double(array)
    numbers = np.asarray(array, dtype=np.complex128)
    largest = float(np.maximum(np.abs(numbers.real).max(initial=0.0), np.abs(numbers.imag).max(initial=0.0)))
    if not math.isfinite(largest):
        raise _not_finite(number, numbers, program)
    exponent = math.frexp(largest)[1]
    return _times_power_of_two(numbers, -exponent), exponent + before


def as_double(array: np.typing.NDArray[np.generic]) -> tuple[np.typing.NDArray[np.generic], int]:
    """Scales a longdouble array so that its largest element fits float64; returns other arrays unchanged.

    Returns:
        The array, and the power of two to multiply it by.
    """
    if float_type(array) is np.float64 or array.size == 0 or not np.all(np.isfinite(array)):
        return array, 0
    largest = max(np.abs(array.real).max(), np.abs(array.imag).max())
    power = int(np.frexp(largest)[1])
    scaled_parts = (np.ldexp(part, -power).astype(np.float64) for part in (array.real, array.imag))
    real, imag = scaled_parts
    return real + 1j * imag, power


class InputLoader:
    """Loads arrays for one program; immutable, so threads may share it.

    Args:
        program: The program.
    """

    __slots__ = ("_from", "_large", "_program", "_small", "_starts")

    def __init__(self, program: Program) -> None:
        self._program = program
        lengths = [place.num_elements for place in program.places[: program.num_inputs]]
        self._small = [number for number, length in enumerate(lengths) if length <= SMALL_ELEMENTS]
        self._large = [number for number, length in enumerate(lengths) if length > SMALL_ELEMENTS]
        self._starts = np.cumsum([0, *(lengths[number] for number in self._small)], dtype=np.intp)
        end = int(self._starts[-1])  # the place of a zero, for the gaps between inputs
        source = np.full(program.input_elements, end, dtype=np.intp)
        patterns: dict[tuple[tuple[int, ...], tuple[int, ...]], np.typing.NDArray[np.intp]] = {}
        for number, start in zip(self._small, self._starts.tolist(), strict=False):
            shape, axes = _layout(program, number)
            pattern = patterns.get((shape, axes))
            if pattern is None:
                pattern = np.arange(lengths[number], dtype=np.intp).reshape(shape).transpose(axes).reshape(-1)
                patterns[shape, axes] = pattern
            offset = program.places[number].offset
            np.add(pattern, start, out=source[offset : offset + lengths[number]])
        self._from = source

    @property
    def peak_bytes(self) -> int:
        """Bytes that loading holds at once, including its temporary arrays in double precision."""
        lengths = [self._program.places[number].num_elements for number in self._large]
        temporary = max([5 * int(self._starts[-1]), *(3 * length for length in lengths)])
        return (
            BYTES_PER_ELEMENT[self._program.dtype] * self._program.input_elements
            + BYTES_PER_ELEMENT["complex128"] * temporary
        )

    def load(self, arrays: Sequence[np.typing.NDArray[np.generic]]) -> LoadedInputs:
        """Lays out and scales arrays, one for each input, of the shapes the program has.

        Raises:
            NumericalError: An element is not finite; the message names the tensor.
        """
        program = self._program
        doubles = [as_double(array) for array in arrays]
        arrays, exponents = [array for array, _ in doubles], [exponent for _, exponent in doubles]
        small = [arrays[number] for number in self._small]
        together: ComplexArray = np.concatenate([*small, np.zeros(1)], axis=None, dtype=np.complex128)
        if small:
            largest = np.maximum.reduceat(np.abs(together.view(np.float64)), 2 * self._starts[:-1])
            wrong = np.flatnonzero(~np.isfinite(largest))
            if wrong.size:
                number = self._small[int(wrong[0])]
                raise _not_finite(number, np.asarray(arrays[number]), program)
            powers = np.frexp(largest)[1]
            lengths = np.diff(self._starts)
            lengths[-1] += 1
            together = _times_power_of_two(together, -np.repeat(powers, lengths))
            for number, power in zip(self._small, powers.tolist(), strict=True):
                exponents[number] += power
        elements = together.astype(program.dtype)[self._from]
        for number in self._large:
            mantissa, power = scaled(arrays[number], number, program)
            exponents[number] += power
            place = program.places[number]
            target = elements[place.offset : place.offset + place.num_elements]
            laid_out = mantissa.transpose(_layout(program, number)[1])
            target.reshape(laid_out.shape)[...] = laid_out
        return LoadedInputs(elements=elements, exponents=exponents)


def _layout(program: Program, number: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Shape of an input's array, and the order in which its axes are laid out."""
    shape, axes = program.input_shapes[number], program.axis_orders[number]
    held = array_shape(shape)
    if held == shape:
        return shape, axes
    place = {axis: position for position, axis in enumerate(axis for axis, size in enumerate(shape) if size != 1)}
    return held, tuple(place[axis] for axis in axes if axis in place)


def _times_power_of_two(numbers: ComplexArray, power: int | np.typing.NDArray[np.integer]) -> ComplexArray:
    result = numbers.copy()
    # In two factors where the power itself is out of the range of floats; results of about 1 are exact.
    for factor in (power,) if np.max(np.abs(power)) < _LARGEST_POWER else (power // 2, power - power // 2):
        result.real *= np.ldexp(1.0, factor)
        result.imag *= np.ldexp(1.0, factor)
    return result


def _not_finite(number: int, array: np.typing.NDArray[np.generic], program: Program | None) -> NumericalError:
    element = [int(position[0]) for position in np.nonzero(~np.isfinite(array))]
    slice_number = None
    if program and program.slice_sizes and len(element) == len(program.input_shapes[number]):
        slice_number = program.first_slice_that_reads(number, element)
    where = "" if slice_number is None else f", first read by slice {slice_number}"
    return NumericalError(
        f"tensor {number} of the network holds a NaN or an infinity{where}; every element must be finite",
        slice_number=slice_number,
    )

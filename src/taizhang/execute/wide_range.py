"""Contraction with an exponent for every element: slow, and accurate for elements of any size.

The engine keeps one power of two for each tensor, so elements of one tensor may differ by the range of a float: 2**126
in complex64, 2**1022 in complex128. Where a tensor holds both 1e200 and 1e-200, its small elements may be multiplied by
large ones of another, as in [1e200, 1e-200] · [1e-200, 1e200] = 2. Such networks are contracted here: every element is
a complex128 mantissa and an integer exponent, and each sum is aligned to the largest of its own terms.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from taizhang._types import ComplexArray
from taizhang.errors import NumericalError
from taizhang.execute.scaled_value import decimal
from taizhang.network.network import NetworkShape, array_shape
from taizhang.network.spans import float_type
from taizhang.plan.plan import Plan

Exponents = np.typing.NDArray[np.int64]

BYTES_PER_TERM = 96
"""Memory of a step for each of its multiply-adds."""

_ZERO = -(1 << 40)
"""Exponent of an element that is 0."""

_DOUBLE = range(-1021, 1025)
"""Exponents of normal numbers of complex128, as of `math.frexp`."""


@dataclass(frozen=True, slots=True)
class _Tensor:
    """Elements mantissa * 2**exponent; axes are in the order of `indices`, each once, none of size 1."""

    mantissa: ComplexArray
    exponent: Exponents
    indices: tuple[int, ...]


def most_terms(shape: NetworkShape, plan: Plan) -> int:
    """Multiply-adds of the largest step of one slice: the terms that `sum_of_slices` holds at once."""
    uses = _uses(shape)
    terms, largest = [frozenset(term).difference(plan.sliced_indices) for term in shape.inputs], 1
    for left, right in plan.tree.ssa_path:
        touched = terms[left] | terms[right]
        largest = max(largest, math.prod(shape.sizes[index] for index in touched))
        for index in terms[left] & terms[right]:
            uses[index] -= 1
        terms.append(frozenset(index for index in touched if uses[index] > 1))
    return largest


def sum_of_slices(
    plan: Plan, arrays: Sequence[np.typing.NDArray[np.generic]], slices: Iterable[int], *, exponent: int = 0
) -> tuple[ComplexArray, int]:
    """Contracts slices along the tree of a plan and adds them up in order.

    Args:
        plan: A plan of a network without row indices.
        arrays: The arrays of the network.
        slices: Slice numbers.
        exponent: Power of two to multiply the value by.

    Returns:
        Mantissa (complex128, in the shape of the value) and exponent of the sum. Every element is accurate to about
        double precision, relative to the terms that were added up for it.

    Raises:
        NumericalError: An input is not finite, or elements of the value are further apart than complex128 can hold.

    Example:
        >>> import numpy as np
        >>> from taizhang.network.network import TensorNetwork
        >>> network = TensorNetwork([(np.array([1e200, 1e-200]), "a"), (np.array([1e-200, 1e200]), "a")])
        >>> mantissa, power = sum_of_slices(Plan.from_ssa_path(network, [(0, 1)]), network.arrays, [0])
        >>> round(float(mantissa.real) * 2.0**power, 12)
        2.0
    """
    shape = plan.shape
    inputs = [_load(array, number, shape) for number, array in enumerate(arrays)]
    output = tuple(index for index in shape.output if shape.sizes[index] > 1)
    sizes = tuple(shape.sizes[index] for index in output)
    total = np.zeros(sizes, dtype=np.complex128)
    powers = np.full(sizes, _ZERO, dtype=np.int64)
    for number in slices:
        digits = np.unravel_index(number, [shape.sizes[index] for index in plan.sliced_indices] or [1])
        fixed = dict(zip(plan.sliced_indices, map(int, digits), strict=False))
        result = _contract_slice(shape, plan, [_fix(tensor, fixed) for tensor in inputs], fixed)
        place = tuple(fixed.get(index, slice(None)) for index in output)
        both = np.stack([total[place], result.mantissa]), np.stack([powers[place], result.exponent])
        total[place], powers[place] = _sum(*both)
    return _with_common_exponent(
        total.reshape(array_shape(shape.value_shape)), powers.reshape(array_shape(shape.value_shape)), exponent
    )


def _load(array: np.typing.NDArray[np.generic], number: int, shape: NetworkShape) -> _Tensor:
    numbers, powers = _split(array, number)
    term = tuple(index for index in shape.inputs[number] if shape.sizes[index] > 1)
    indices = tuple(dict.fromkeys(term))
    # A repeated index selects a diagonal: its strides add up.
    positions = np.arange(numbers.size, dtype=np.intp).reshape([shape.sizes[index] for index in term])
    strides = [
        sum(stride for stride, label in zip(positions.strides, term, strict=True) if label == index)
        for index in indices
    ]
    diagonal = np.lib.stride_tricks.as_strided(positions, [shape.sizes[index] for index in indices], strides)
    return _Tensor(numbers.reshape(-1)[diagonal], powers.reshape(-1)[diagonal], indices)


def _split(array: np.typing.NDArray[np.generic], number: int) -> tuple[ComplexArray, Exponents]:
    """Splits every element of a tensor into mantissa and exponent."""
    if not np.all(np.isfinite(array)):
        raise NumericalError(f"tensor {number} of the network holds a NaN or an infinity; every element must be finite")
    real, imag = (np.asarray(part, dtype=float_type(array)) for part in (array.real, array.imag))
    powers = np.frexp(np.maximum(np.abs(real), np.abs(imag)))[1]
    mantissa = np.ldexp(real, -powers).astype(np.float64) + 1j * np.ldexp(imag, -powers).astype(np.float64)
    return mantissa, np.where(mantissa == 0, _ZERO, powers.astype(np.int64))


def _fix(tensor: _Tensor, fixed: dict[int, int]) -> _Tensor:
    place = tuple(fixed.get(index, slice(None)) for index in tensor.indices)
    kept = tuple(index for index in tensor.indices if index not in fixed)
    return _Tensor(np.asarray(tensor.mantissa[place]), np.asarray(tensor.exponent[place]), kept)


def _contract_slice(shape: NetworkShape, plan: Plan, tensors: list[_Tensor], fixed: dict[int, int]) -> _Tensor:
    output = tuple(index for index in shape.output if shape.sizes[index] > 1 and index not in fixed)
    one = _Tensor(np.full((), 0.5 + 0j), np.ones((), dtype=np.int64), ())
    uses = _uses(shape)
    for left, right in plan.tree.ssa_path:
        a, b = tensors[left], tensors[right]
        for index in set(a.indices) & set(b.indices):
            uses[index] -= 1
        kept = tuple(index for index in dict.fromkeys((*a.indices, *b.indices)) if uses[index] > 1)
        tensors.append(_multiply(a, b, kept))
    return _multiply(tensors[-1] if tensors else one, one, output)


def _uses(shape: NetworkShape) -> list[int]:
    """Number of tensors that have each index, the output counted as one."""
    uses = [0] * shape.num_indices
    for term in (*shape.inputs, shape.output):
        for index in set(term):
            uses[index] += 1
    return uses


def _multiply(a: _Tensor, b: _Tensor, kept: Sequence[int]) -> _Tensor:
    """Multiplies two tensors and sums over the indices that are not kept."""
    summed = [index for index in dict.fromkeys((*a.indices, *b.indices)) if index not in kept]
    order = (*summed, *kept)
    (a_mantissa, a_exponent), (b_mantissa, b_exponent) = _spread(a, order), _spread(b, order)
    mantissa = a_mantissa * b_mantissa
    exponent = np.where(mantissa == 0, _ZERO, a_exponent + b_exponent)
    result = mantissa.shape[len(summed) :]
    return _Tensor(*_sum(mantissa.reshape(-1, *result), exponent.reshape(-1, *result)), tuple(kept))


def _spread(tensor: _Tensor, order: Sequence[int]) -> tuple[ComplexArray, Exponents]:
    """Mantissas and exponents with one axis for each index of `order`, of size 1 where the tensor lacks it."""
    axes = [tensor.indices.index(index) for index in order if index in tensor.indices]
    sizes = dict(zip(tensor.indices, tensor.mantissa.shape, strict=True))
    shape = [sizes.get(index, 1) for index in order]
    return tensor.mantissa.transpose(axes).reshape(shape), tensor.exponent.transpose(axes).reshape(shape)


def _sum(mantissa: ComplexArray, exponent: Exponents) -> tuple[ComplexArray, Exponents]:
    """Adds along the first axis, each sum aligned to its largest term."""
    largest = exponent.max(axis=0)
    # Shifts are bounded so that they fit a C int; 2**-2000 is 0 for every float64 anyway.
    shift = np.maximum(exponent - largest, -2000).astype(np.intc)
    aligned = np.ldexp(mantissa.real, shift).sum(axis=0) + 1j * np.ldexp(mantissa.imag, shift).sum(axis=0)
    return _normalise(np.asarray(aligned), np.asarray(largest))


def _normalise(numbers: ComplexArray, exponent: Exponents) -> tuple[ComplexArray, Exponents]:
    """Scales every mantissa so that its larger part is between 1/2 and 1."""
    powers = np.frexp(np.maximum(np.abs(numbers.real), np.abs(numbers.imag)))[1]
    mantissa = np.ldexp(numbers.real, -powers) + 1j * np.ldexp(numbers.imag, -powers)
    return mantissa, np.where(numbers == 0, _ZERO, exponent + powers)


def _with_common_exponent(mantissa: ComplexArray, powers: Exponents, exponent: int) -> tuple[ComplexArray, int]:
    """Gives all elements one exponent: 0 where floats can hold them so, otherwise that of the largest.

    Raises:
        NumericalError: The smallest element would be lost.
    """
    nonzero = powers > _ZERO
    if not nonzero.any():
        return mantissa, exponent
    least, most = (int(power) + exponent for power in (powers[nonzero].min(), powers[nonzero].max()))
    common = 0 if least in _DOUBLE and most in _DOUBLE else most
    if least - common not in _DOUBLE:
        raise NumericalError(
            f"elements of the value range from about {decimal(0.5, least)} to {decimal(0.5, most)}, which no array of "
            "floats can hold; take them from this error (the value is mantissa * 2**exponent, element by element)",
            mantissa=mantissa,
            exponent=powers + exponent,
        )
    shift = np.where(nonzero, powers + (exponent - common), 0).astype(np.intc)
    return np.ldexp(mantissa.real, shift) + 1j * np.ldexp(mantissa.imag, shift), common

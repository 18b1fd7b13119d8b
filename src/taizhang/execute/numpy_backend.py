"""The reference executor: the tree, slice by slice, with NumPy. Slow and obvious; others are tested against it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from string import ascii_letters

import numpy as np

from taizhang._types import ComplexArray, DtypeName
from taizhang.errors import NumericalError
from taizhang.execute.inputs import scaled
from taizhang.plan.plan_file import Plan


def sum_of_slices(
    plan: Plan, arrays: Sequence[np.typing.NDArray[np.generic]], slices: Iterable[int], *, dtype: DtypeName
) -> tuple[ComplexArray, int]:
    """Contracts each slice along the tree and adds them up in order.

    Args:
        plan: The plan.
        arrays: The arrays of its network.
        slices: Slice numbers.
        dtype: Type of all tensors.

    Returns:
        Mantissa (complex128, in the shape of the value) and exponent of the sum: the value is mantissa * 2**exponent.

    Raises:
        NumericalError: An input or the result of a slice is not finite.
    """
    shape, sizes = plan.shape, plan.shape.sizes
    loaded = [scaled(array, number) for number, array in enumerate(arrays)]
    total = np.zeros([sizes[index] for index in shape.output], dtype=np.complex128)
    exponent: int | None = None
    for slice_number in slices:
        digits = np.unravel_index(slice_number, [sizes[index] for index in plan.sliced_indices] or [1])
        value_of = dict(zip(plan.sliced_indices, map(int, digits), strict=False))
        tensors = [
            (_sliced(array.astype(dtype), term, value_of), tuple(i for i in term if i not in value_of), power)
            for (array, power), term in zip(loaded, shape.inputs, strict=True)
        ]
        open_indices = tuple(index for index in shape.output if index not in value_of)
        result, power = _contract(tensors, plan.tree.ssa_path, open_indices)
        if not np.all(np.isfinite(result)):
            raise NumericalError(
                f"slice {slice_number} gave a NaN or an infinity; check the network's arrays", slice_number=slice_number
            )
        common = power if exponent is None else max(exponent, power)
        total *= 2.0 ** max((common if exponent is None else exponent) - common, -1000)
        total[tuple(value_of.get(i, slice(None)) for i in shape.output)] += result * 2.0 ** max(power - common, -1000)
        exponent = common
    return total, exponent or 0


def _sliced(array: ComplexArray, term: Sequence[int], value_of: dict[int, int]) -> ComplexArray:
    return array[tuple(value_of.get(index, slice(None)) for index in term)]


def _contract(
    tensors: list[tuple[ComplexArray, tuple[int, ...], int]], path: Sequence[tuple[int, int]], output: tuple[int, ...]
) -> tuple[ComplexArray, int]:
    """Contracts along a path; elements of every tensor are kept near 1, their powers of two apart."""
    alive = dict(enumerate(tensors))
    for step, (left, right) in enumerate(path):
        (a, a_indices, a_power), (b, b_indices, b_power) = alive.pop(left), alive.pop(right)
        elsewhere = set(output).union(*(indices for _, indices, _ in alive.values()))
        kept = tuple(index for index in dict.fromkeys(a_indices + b_indices) if index in elsewhere)
        result = _einsum(a, a_indices, b, b_indices, kept)
        power = int(np.frexp(np.abs(result).max())[1])
        alive[len(tensors) + step] = (result * result.dtype.type(2.0**-power), kept, a_power + b_power + power)
    one = np.ones((), dtype=np.complex128)
    if not alive:
        return one, 0
    ((last, indices, power),) = alive.values()
    return _einsum(last, indices, one.astype(last.dtype), (), output), power


def _einsum(
    a: ComplexArray, a_indices: Sequence[int], b: ComplexArray, b_indices: Sequence[int], out: Sequence[int]
) -> ComplexArray:
    letter = dict(zip(dict.fromkeys((*a_indices, *b_indices)), ascii_letters, strict=False))
    terms = ["".join(letter[index] for index in indices) for indices in (a_indices, b_indices, out)]
    result: ComplexArray = np.asarray(np.einsum(f"{terms[0]},{terms[1]}->{terms[2]}", a, b, optimize=True))
    return result

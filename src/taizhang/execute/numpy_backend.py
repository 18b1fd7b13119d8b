"""The reference backend: contracts slice by slice with NumPy. Slow and simple; the native one is tested against it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from string import ascii_letters

import numpy as np

from taizhang._types import ComplexArray, DtypeName
from taizhang.errors import NumericalError
from taizhang.execute.inputs import scaled
from taizhang.network.network import NetworkShape
from taizhang.plan.plan import Plan


def sum_of_slices(
    plan: Plan,
    arrays: Sequence[np.typing.NDArray[np.generic]],
    slices: Iterable[int],
    *,
    dtype: DtypeName,
    rows: np.typing.NDArray[np.uint8] | None = None,
) -> tuple[ComplexArray, int]:
    """Contracts each slice along the tree and adds them up in order.

    Args:
        plan: The plan.
        arrays: The arrays of its network.
        slices: Slice numbers.
        dtype: Type of all tensors.
        rows: The rows to compute, where the network has row indices; shape (num_rows, number of row indices).

    Returns:
        Mantissa (complex128, in the shape of the value) and exponent of the sum: the value is mantissa * 2**exponent.

    Raises:
        NumericalError: An input or the result of a slice is not finite.
    """
    shape, sizes = plan.shape, plan.shape.sizes
    loaded = [scaled(array, number) for number, array in enumerate(arrays)]
    total = np.zeros(shape.value_shape, dtype=np.complex128)
    picker = _Rows(shape, rows)
    exponent: int | None = None
    for slice_number in slices:
        digits = np.unravel_index(slice_number, [sizes[index] for index in plan.sliced_indices] or [1])
        value_of = dict(zip(plan.sliced_indices, map(int, digits), strict=False))
        tensors = [
            (_sliced(array.astype(dtype), term, value_of), tuple(i for i in term if i not in value_of), power)
            for (array, power), term in zip(loaded, shape.inputs, strict=True)
        ]
        open_indices = tuple(index for index in picker.result if index not in value_of)
        result, power = _contract(tensors, plan.tree.ssa_path, open_indices, picker)
        if not np.all(np.isfinite(result)):
            raise NumericalError(
                f"slice {slice_number} gave a NaN or an infinity; check the network's arrays", slice_number=slice_number
            )
        common = power if exponent is None else max(exponent, power)
        total *= 2.0 ** max((common if exponent is None else exponent) - common, -1000)
        total[tuple(value_of.get(i, slice(None)) for i in picker.result)] += result * 2.0 ** max(power - common, -1000)
        exponent = common
    return total, exponent or 0


def _sliced(array: ComplexArray, term: Sequence[int], value_of: dict[int, int]) -> ComplexArray:
    return array[tuple(value_of.get(index, slice(None)) for index in term)]


class _Rows:
    """Turns row indices into the row axis where a result would have more of their values than there are rows."""

    def __init__(self, shape: NetworkShape, rows: np.typing.NDArray[np.uint8] | None) -> None:
        self.shape = shape
        self.axis = shape.num_indices
        self.digit_of = {} if rows is None else dict(zip(shape.row_indices, rows.T, strict=True))
        self.result = (self.axis, *shape.output) if self.digit_of else shape.output

    def needed(self, *terms: Sequence[int]) -> bool:
        """Whether the result of a step over these indices has the row axis."""
        kept = frozenset().union(*terms)
        return bool(self.digit_of) and (self.axis in kept or self.shape.has_rows(kept))

    def pick(self, array: ComplexArray, indices: tuple[int, ...]) -> tuple[ComplexArray, tuple[int, ...]]:
        """The rows of a tensor: its row indices replaced by the row axis."""
        if not any(index in self.digit_of for index in indices):
            return array, indices
        fixed = tuple(index for index in indices if index not in self.digit_of)
        # A row index may be on a tensor twice; each of its axes is fixed to the same digit.
        by_rows = np.stack(
            [
                array[tuple(int(self.digit_of[i][row]) if i in self.digit_of else slice(None) for i in indices)]
                for row in range(self.shape.num_rows)
            ]
        )
        return by_rows, (self.axis, *fixed)


def _contract(
    tensors: list[tuple[ComplexArray, tuple[int, ...], int]],
    path: Sequence[tuple[int, int]],
    output: tuple[int, ...],
    rows: _Rows,
) -> tuple[ComplexArray, int]:
    """Contracts along a path; keeps the elements of every tensor near 1 and its power of two separate."""
    alive = dict(enumerate(tensors))
    for step, (left, right) in enumerate(path):
        (a, a_indices, a_power), (b, b_indices, b_power) = alive.pop(left), alive.pop(right)
        if rows.needed(a_indices, b_indices):
            (a, a_indices), (b, b_indices) = rows.pick(a, a_indices), rows.pick(b, b_indices)
        elsewhere = set(output).union(rows.digit_of, *(indices for _, indices, _ in alive.values()))
        kept = tuple(index for index in dict.fromkeys(a_indices + b_indices) if index in elsewhere)
        result = _einsum(a, a_indices, b, b_indices, kept)
        power = int(np.frexp(np.abs(result).max())[1])
        alive[len(tensors) + step] = (result * result.dtype.type(2.0**-power), kept, a_power + b_power + power)
    one = np.ones((), dtype=np.complex128)
    if not alive:
        return one, 0
    ((last, indices, power),) = alive.values()
    last, indices = rows.pick(last, indices)
    return _einsum(last, indices, one.astype(last.dtype), (), output), power


def _einsum(
    a: ComplexArray, a_indices: Sequence[int], b: ComplexArray, b_indices: Sequence[int], out: Sequence[int]
) -> ComplexArray:
    letter = dict(zip(dict.fromkeys((*a_indices, *b_indices)), ascii_letters, strict=False))
    terms = ["".join(letter[index] for index in indices) for indices in (a_indices, b_indices, out)]
    result: ComplexArray = np.asarray(np.einsum(f"{terms[0]},{terms[1]}->{terms[2]}", a, b, optimize=True))
    return result

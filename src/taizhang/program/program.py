"""Programs: a plan compiled to steps with operands, addresses and strides.

A `Program` is what an executor runs. It fixes everything that does not depend on the values of tensors: the axis order
of every tensor, the place of every intermediate in one arena, and which steps run again when the slice number changes.
It holds only integers, so it can be read, compared and passed to native code as flat arrays.

Memory is one arena of elements. Its first `shared_elements` hold what is computed once and kept for all slices; every
slice reuses the rest. So several workers share the first part and each has a copy of the second.

If only some joint values of the row indices are computed, tensors that would have more of these values than there are
rows have a row axis instead, with an entry for each row (see `tree_facts`). A step with `rows` makes each row of its
output from one row of each operand, looked up by the digits of the rows: the value of each row index in each row. The
digits are given when the program runs.

Steps are sorted by `level`. Slice numbers count through the sliced indices, the last fastest; a step of level `l`
depends on the first `l` of them only. When digit `d` of the slice number (from 0, the slowest) is the slowest one that
changed, the steps of level `d + 1` and above run again: always a suffix of the list of steps.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from taizhang._types import DtypeName
from taizhang.plan.cost import BYTES_PER_ELEMENT

Region: TypeAlias = Literal["input", "arena", "block"]

ONE = -1
"""Number of the tensor that is the scalar 1, the second operand of a step on one tensor."""


def count_of(slices: range) -> int:
    """Returns the number of consecutive slices, which may exceed the range of `len`.

    Example:
        >>> count_of(range(3, 2**70)) == 2**70 - 3
        True
    """
    return max(slices.stop - slices.start, 0)


class Mode(NamedTuple):
    """One loop of a step: an index with its size and its stride, in elements, in each of the three tensors.

    Stride 0 means that the tensor does not have the index.
    """

    size: int
    a: int
    b: int
    out: int


class Place(NamedTuple):
    """Where and how a tensor is stored.

    Attributes:
        region: An input, an intermediate in the arena, or a piece inside a block of steps.
        offset: First element, from the start of its region. The slice number adds to the offset of sliced inputs.
        indices: Its indices without sliced ones, slowest first. An index that an input has twice is listed once.
        strides: Stride of each of `indices`, in elements.
        num_elements: Elements that it occupies.
    """

    region: Region
    offset: int
    indices: tuple[int, ...]
    strides: tuple[int, ...]
    num_elements: int


ROW = -1
"""In a `RowPick`, stands for the number of the row instead of the position of a row index."""


class RowPick(NamedTuple):
    """Which rows of its operands a step multiplies for each row of its output.

    A row of an operand starts at the sum, over pairs of `a` or `b`, of a digit times a stride. The digit is that of the
    row index at a position, or the number of the row where that is `ROW`. Rows of the first operand are read in full,
    and rows that meet the same row of the second are processed together.

    Attributes:
        a: Pairs of position and stride for the first operand.
        b: The same for the second.
        a_elements: Elements from the first to the last of a row of the first operand.
        out_elements: The same for a row of the output.
    """

    a: tuple[tuple[int, int], ...]
    b: tuple[tuple[int, int], ...]
    a_elements: int
    out_elements: int


class Step(NamedTuple):
    """One pairwise contraction.

    Attributes:
        a: Number of the first operand: an input, or `num_inputs + k` for the output of step `k` of the plan's path.
        b: Number of the second operand; `ONE` if there is only one.
        out: Number of the output.
        modes: Its loops, without those of size 1.
        loops: Loops around the step, the same for all steps of its block; each iteration runs `modes` once.
        block: Number of the block that the step belongs to, -1 for none. The steps of a block are consecutive and run
            together in each iteration of their loops, on pieces of tensors that fit in cache.
        level: Number of sliced indices, from the first one, that it depends on.
        multiply_adds: Complex multiply-adds of one execution.
        traffic_elements: Elements of both operands and the output.
        rows: For a step that looks up rows, which rows meet; `modes` are then those within a row.
    """

    a: int
    b: int
    out: int
    modes: tuple[Mode, ...]
    loops: tuple[Mode, ...]
    block: int
    level: int
    multiply_adds: int
    traffic_elements: int
    rows: RowPick | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A plan compiled to steps for one dtype.

    Attributes:
        dtype: Type of all elements.
        input_shapes: Shape of each input.
        axis_orders: For each input the order in which its axes are laid out, slowest first.
        places: Place of each tensor, by number: inputs first, then outputs of steps.
        steps: In order of execution, sorted by level.
        result: Number of the tensor that is the value (of a slice); `ONE` for a network without tensors.
        output_shape: Shape of the value.
        slice_sizes: Size of each sliced index, the slowest first.
        sliced_axes: For each input the axes with a sliced index: (axis, position among the sliced indices).
        slice_strides: For each sliced index and each input that has it: (input, stride).
        output_axes: Size of each axis of a slice's result, and its stride in the value; the slowest first.
        output_slice_strides: For each sliced index its stride in the value, in elements; 0 for those summed over.
        input_elements: Elements of all inputs, one after another.
        arena_elements: Elements of the arena of one worker.
        shared_elements: Elements at its start that are the same for all slices.
        sliced_elements: Elements from its start to the end of those that steps of level 1 and above write.
        block_elements: Elements of the pieces inside a block that each thread holds.
        num_rows: Number of rows; 0 where there are no row indices.
        row_sizes: Size of each row index.
    """

    dtype: DtypeName
    input_shapes: tuple[tuple[int, ...], ...]
    axis_orders: tuple[tuple[int, ...], ...]
    places: tuple[Place, ...]
    steps: tuple[Step, ...]
    result: int
    output_shape: tuple[int, ...]
    slice_sizes: tuple[int, ...]
    sliced_axes: tuple[tuple[tuple[int, int], ...], ...]
    slice_strides: tuple[tuple[tuple[int, int], ...], ...]
    output_axes: tuple[tuple[int, int], ...]
    output_slice_strides: tuple[int, ...]
    input_elements: int
    arena_elements: int
    shared_elements: int
    sliced_elements: int
    block_elements: int
    num_rows: int = 0
    row_sizes: tuple[int, ...] = ()

    @property
    def num_inputs(self) -> int:
        """Number of tensors of the network."""
        return len(self.axis_orders)

    @property
    def num_slices(self) -> int:
        """Number of slices whose sum is the value."""
        return math.prod(self.slice_sizes)

    @property
    def is_empty(self) -> bool:
        """Whether an input has no elements because an index has size 0: then the value is 0 or has no elements."""
        return any(0 in shape for shape in self.input_shapes)

    @property
    def output_elements(self) -> int:
        """Elements of the value."""
        return math.prod(self.output_shape)

    def first_slice_that_reads(self, number: int, element: Sequence[int]) -> int:
        """Returns the lowest slice number in which an element of an input is read.

        Args:
            number: The input.
            element: Its position along each axis.
        """
        digits = [0] * len(self.slice_sizes)
        for axis, position in self.sliced_axes[number]:
            digits[position] = element[axis]
        slice_number = 0
        for digit, size in zip(digits, self.slice_sizes, strict=True):
            slice_number = slice_number * size + digit
        return slice_number

    def runs_of_level(self, level: int, slices: range) -> int:
        """Counts the runs of a step of `level` when one worker runs consecutive slices in order."""
        if not slices:
            return 0
        period = math.prod(self.slice_sizes[level:])
        return (slices[-1] // period) - (slices[0] // period) + 1

    def multiply_adds(self, slices: range | None = None) -> int:
        """Counts the complex multiply-adds of running consecutive slices in order, each shared step once.

        Args:
            slices: The slices; all by default.
        """
        slices = range(self.num_slices) if slices is None else slices
        return sum(step.multiply_adds * self.runs_of_level(step.level, slices) for step in self.steps)

    def memory_bytes(self, workers: int = 1) -> int:
        """Returns the bytes of inputs and arenas when `workers` slices are in memory at once.

        Workspaces of the kernels and the sums of the slices are added by the executor, which knows their size.
        """
        per_worker = max(self.sliced_elements - self.shared_elements, 0)
        return BYTES_PER_ELEMENT[self.dtype] * (self.input_elements + self.arena_elements + (workers - 1) * per_worker)

"""The cost of a plan: the single definition used everywhere.

A step contracts two tensors; it costs the product of the sizes of all indices it touches, in complex multiply-adds. A
step keeps an index while another tensor, or the output, still has it. Slicing an index removes it from every step and
multiplies the number of runs by its size.

Slices run in order of their number, which counts through the sliced indices, the last fastest. A step depends on the
sliced indices of the inputs below it; its *level* is one more than the position of the last of them, 0 if there are
none. It runs again only when one of the first `level` digits of the slice number changes, so steps of a low level are
shared by many slices. The result of such a step is kept while steps of a higher level still use it.

If a network has row indices (a sparse state), what a step touches or makes has at most as many joint values of them as
there are rows, so together they count for no more. Inputs have all values.

Sources: Gray & Kourtis, arXiv:2002.01935 (cost, slicing); Huang et al., arXiv:2005.06787 (sharing between
slices); Pan, Chen & Zhang, arXiv:2111.03011 (rows).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from taizhang._types import DtypeName
from taizhang.errors import PlanError
from taizhang.network.network import NetworkShape
from taizhang.plan.tree import ContractionTree

BYTES_PER_ELEMENT: dict[str, int] = {"complex64": 8, "complex128": 16}


class StepCost(NamedTuple):
    """Figures of one step of a plan; sizes are those within one slice.

    Attributes:
        left: Number of one tensor contracted.
        right: Number of the other.
        level: The step runs again when one of the first `level` digits of the slice number changes.
        runs: Number of runs of the step over all slices, given its level.
        values: Number of values of the sliced indices it depends on, the fewest possible runs; `values <= runs`.
        multiply_adds: Complex multiply-adds of one run.
        rows: Product of the sizes of kept indices on `left` alone.
        columns: Product of the sizes of kept indices on `right` alone.
        summed: Product of the sizes of indices that end here.
        batch: Product of the sizes of kept indices on both. If the result is stored by row, each row of the operand
            with fewer rows is multiplied by a group of rows of the other: the number of rows of the former is in
            `batch`, the size of a group, rounded down, in `rows` or `columns`.
        left_elements: Elements of `left`.
        right_elements: Elements of `right`.
        out_elements: Elements of the result.
    """

    left: int
    right: int
    level: int
    runs: int
    values: int
    multiply_adds: int
    rows: int
    columns: int
    summed: int
    batch: int
    left_elements: int
    right_elements: int
    out_elements: int

    @property
    def elements_moved(self) -> int:
        """Elements read and written by one run."""
        return self.left_elements + self.right_elements + self.out_elements


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Work and memory of a plan, over all slices. Counts are exact integers.

    Attributes:
        multiply_adds_naive: Complex multiply-adds when every step runs in every slice.
        multiply_adds_shared: The same when a step runs once per value of the sliced indices it depends on.
        multiply_adds_executed: What the executor does, running steps by their level; between the other two.
        width: log2 of the elements of the largest intermediate, in one slice.
        num_slices: Number of slices.
        peak_bytes: Peak memory: inputs, intermediates, tensors kept between slices, and the sum of slices.
        traffic_bytes: Bytes read and written by the steps executed.
    """

    multiply_adds_naive: int
    multiply_adds_shared: int
    multiply_adds_executed: int
    width: float
    num_slices: int
    peak_bytes: int
    traffic_bytes: int

    @property
    def log10_multiply_adds_naive(self) -> float:
        """log10 of `multiply_adds_naive` (0 where there is no work)."""
        return math.log10(max(self.multiply_adds_naive, 1))

    @property
    def log10_multiply_adds_shared(self) -> float:
        """log10 of `multiply_adds_shared` (0 where there is no work)."""
        return math.log10(max(self.multiply_adds_shared, 1))

    @property
    def log10_multiply_adds_executed(self) -> float:
        """log10 of `multiply_adds_executed` (0 where there is no work)."""
        return math.log10(max(self.multiply_adds_executed, 1))


def cost_of(
    shape: NetworkShape,
    tree: ContractionTree,
    sliced_indices: Sequence[int] = (),
    *,
    dtype: DtypeName = "complex64",
) -> Cost:
    """Counts the work and memory of contracting a network along `tree`, over all slices.

    Args:
        shape: The network.
        tree: A complete tree over its tensors.
        sliced_indices: The indices to slice, each once, in the order of the digits of the slice number.
        dtype: Type of all tensors, for the bytes.

    Returns:
        The cost; counts are exact.

    Raises:
        PlanError: The tree is for another number of tensors, or a sliced index is unknown or repeated.

    Example:
        >>> shape = NetworkShape(inputs=((0, 1), (1, 2), (2, 0)), output=(), sizes=(2, 4, 8))
        >>> cost = cost_of(shape, ContractionTree(num_tensors=3, ssa_path=((0, 1), (3, 2))), (1,))
        >>> cost.multiply_adds_naive, cost.num_slices, cost.width
        (128, 4, 4.0)
    """
    return cost_of_steps(shape, step_costs(shape, tree, sliced_indices), sliced_indices, dtype=dtype)


def step_costs(shape: NetworkShape, tree: ContractionTree, sliced_indices: Sequence[int] = ()) -> tuple[StepCost, ...]:
    """Counts the work and memory of every step of a plan, in the order of `tree.ssa_path`.

    Raises:
        PlanError: The tree is for another number of tensors, or a sliced index is unknown or repeated.
    """
    _check(shape, tree, sliced_indices)
    # Stage 1: how often each level runs, and how many tensors still have each index.
    size_of = _SizeOf(shape)
    sliced = frozenset(sliced_indices)
    place = {index: position for position, index in enumerate(sliced_indices)}
    runs_at_level = [1]
    for index in sliced_indices:
        runs_at_level.append(runs_at_level[-1] * shape.sizes[index])

    terms = [frozenset(term) for term in shape.inputs]
    depends = [term & sliced for term in terms]
    uses = [0] * shape.num_indices
    for term in (*terms, frozenset((*shape.output, *shape.row_indices))):
        for index in term:
            uses[index] += 1
    terms = [term - sliced for term in terms]

    # Stage 2: walk the path. An index ends at the step that merges its last two uses.
    steps = []
    for left, right in tree.ssa_path:
        a, b = terms[left], terms[right]
        both = a & b
        for index in both:
            uses[index] -= 1
        ended = frozenset(index for index in a | b if uses[index] == 1)
        kept = (a | b) - ended
        terms.append(kept)
        dependence = depends[left] | depends[right]
        depends.append(dependence)
        level = 1 + max((place[index] for index in dependence), default=-1)
        summed = size_of(ended)
        if size_of.by_rows(kept):
            # Stored by row: the joint row values are not the product of those of the operands.
            rows, columns, batch = _group_rows(size_of, a - ended, b - ended)
            multiply_adds, out_elements = size_of(a | b), size_of(kept)
        else:
            rows, columns, batch = size_of(a - both - ended), size_of(b - both - ended), size_of(both - ended)
            multiply_adds, out_elements = rows * columns * batch * summed, rows * columns * batch
        steps.append(
            StepCost(
                left=left,
                right=right,
                level=level,
                runs=runs_at_level[level],
                values=size_of(dependence),
                multiply_adds=multiply_adds,
                rows=rows,
                columns=columns,
                summed=summed,
                batch=batch,
                left_elements=size_of(a, all_values=left < shape.num_tensors),
                right_elements=size_of(b, all_values=right < shape.num_tensors),
                out_elements=out_elements,
            )
        )
    return tuple(steps)


def cost_of_steps(
    shape: NetworkShape,
    steps: Sequence[StepCost],
    sliced_indices: Sequence[int],
    *,
    dtype: DtypeName = "complex64",
) -> Cost:
    """Adds up the figures returned by `step_costs`."""
    bytes_per_element = BYTES_PER_ELEMENT[dtype]
    num_slices = math.prod(shape.sizes[index] for index in sliced_indices)
    sliced = frozenset(sliced_indices)
    output_slice = shape.num_elements([i for i in (*shape.output, *shape.row_indices) if i not in sliced])
    largest = max((step.out_elements for step in steps), default=output_slice) or 1  # 0 where an index has size 0
    return Cost(
        multiply_adds_naive=num_slices * sum(step.multiply_adds for step in steps),
        multiply_adds_shared=sum(step.values * step.multiply_adds for step in steps),
        multiply_adds_executed=sum(step.runs * step.multiply_adds for step in steps),
        width=math.log2(largest),
        num_slices=num_slices,
        peak_bytes=bytes_per_element * _peak_elements(shape, steps, num_slices),
        traffic_bytes=bytes_per_element * sum(step.runs * step.elements_moved for step in steps),
    )


def _peak_elements(shape: NetworkShape, steps: Sequence[StepCost], num_slices: int) -> int:
    """Returns the most elements alive at once: all inputs, the intermediates of each moment, the result.

    A result used by a step of the same level lives from the step that makes it to the step that uses it. A result used
    at a higher level is kept while the steps of that level run repeatedly: it lives during all later steps, and
    also during the earlier ones of a higher level.
    """
    num_tensors, num_steps = shape.num_tensors, len(steps)
    inputs = sum(math.prod(shape.sizes[index] for index in term) for term in shape.inputs)
    result = math.prod(shape.value_shape)
    accumulated = 2 * result if num_slices > 1 else result  # slices are summed in double precision

    change = [0] * (num_steps + 1)
    kept_level: list[int | None] = [None] * num_steps
    for number, step in enumerate(steps):
        change[number] += step.out_elements
        for operand in (step.left, step.right):
            maker = operand - num_tensors
            if maker >= 0:
                if steps[maker].level == step.level:
                    change[number + 1] -= steps[maker].out_elements
                else:
                    kept_level[maker] = steps[maker].level
    alive = [0] * num_steps
    total = 0
    for number in range(num_steps):
        total += change[number]
        alive[number] = total
    kept_later = [0] * (max((step.level for step in steps), default=0) + 1)
    for number in range(num_steps - 1, -1, -1):
        alive[number] += sum(kept_later[: steps[number].level])
        level = kept_level[number]
        if level is not None:
            kept_later[level] += steps[number].out_elements
    return inputs + accumulated + max(alive, default=0)


def _check(shape: NetworkShape, tree: ContractionTree, sliced_indices: Sequence[int]) -> None:
    if tree.num_tensors != shape.num_tensors:
        raise PlanError(
            f"the tree is over {tree.num_tensors} tensors, but the network has {shape.num_tensors}; "
            "make a plan for this network"
        )
    for index in sliced_indices:
        if not 0 <= index < shape.num_indices:
            raise PlanError(f"sliced index {index} is not in the network, whose indices are range({shape.num_indices})")
        if shape.sizes[index] == 0:
            raise PlanError(f"index '{shape.index_names[index]}' has size 0; an index without values cannot be sliced")
    rows = frozenset(sliced_indices).intersection(shape.row_indices)
    if rows:
        raise PlanError(f"index '{shape.index_names[min(rows)]}' is a row index; row indices cannot be sliced")
    if len(set(sliced_indices)) != len(sliced_indices):
        raise PlanError("an index is repeated in sliced_indices; each may be sliced once")


class _SizeOf:
    """Number of elements over a set of indices."""

    def __init__(self, shape: NetworkShape) -> None:
        self.sizes = shape.sizes
        self.all_two = all(size == 2 for size in shape.sizes)
        self.rows = frozenset(shape.row_indices)
        self.num_rows = shape.num_rows

    def __call__(self, indices: Collection[int], *, all_values: bool = False) -> int:
        """Counts the elements over `indices`; row indices count for at most the rows, unless `all_values`."""
        if self.rows and not all_values:
            present = self.rows.intersection(indices)
            if present:
                return self._product(frozenset(indices) - present) * min(self._product(present), self.num_rows)
        return self._product(indices)

    def count_rows(self, indices: Collection[int]) -> int:
        """Counts the joint values of the row indices among `indices`, at most the rows."""
        return min(self._product(self.rows.intersection(indices)), self.num_rows)

    def by_rows(self, indices: frozenset[int]) -> bool:
        """Whether a result over `indices` is stored by row."""
        return bool(self.rows) and self._product(self.rows & indices) > self.num_rows

    def _product(self, indices: Collection[int]) -> int:
        if self.all_two:
            return 1 << len(indices)
        return math.prod(self.sizes[index] for index in indices)


def _group_rows(size_of: _SizeOf, a: frozenset[int], b: frozenset[int]) -> tuple[int, int, int]:
    """Returns rows, columns and batch of a step whose result is stored by row."""
    both = a & b - size_of.rows
    rows, columns, batch = size_of(a - both - size_of.rows), size_of(b - both - size_of.rows), size_of(both)
    rows_of_a, rows_of_b = size_of.count_rows(a), size_of.count_rows(b)
    if rows_of_b <= rows_of_a:
        return rows * (size_of.num_rows // rows_of_b), columns, batch * rows_of_b
    return rows, columns * (size_of.num_rows // rows_of_a), batch * rows_of_a

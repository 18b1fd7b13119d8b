"""Facts about the tensors and steps of a tree that do not depend on the memory layout.

If the network has row indices, a tensor whose row indices have more joint values than there are rows is a sparse state,
stored by row: in place of these indices it has one, the *row axis*, whose number follows those of the network. Inputs
are never stored so. A step is ordinary if both operands have the row axis, or if one has it and the other no row index.
All other steps whose result has the row axis combine different rows of the operands in each row: `by_rows` steps, which
look up the rows of their operands.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from taizhang.network.network import NetworkShape
from taizhang.program.program import ONE


class Pair(NamedTuple):
    """One step before axis orders are known.

    Attributes:
        number: Number of its output.
        a: The operand with more elements; of a `by_rows` step the one with more rows.
        b: The other operand; `ONE` if there is none.
        level: Number of sliced indices it depends on, from the slowest.
        by_rows: Whether the rows of both operands have to be looked up for each row of the output.
    """

    number: int
    a: int
    b: int
    level: int
    by_rows: bool = False


class TreeFacts(NamedTuple):
    """A walked tree; sliced indices are gone.

    Attributes:
        indices: Indices of each tensor, by number.
        lengths: Elements of each tensor.
        death: For each index the step of the path that sums it; the number of steps for those of the output.
        pairs: The steps, sorted by level, otherwise in the order of the path.
        sizes: Size of each index, that of the row axis last.
        row_like: The row indices, and the row axis.
    """

    indices: list[frozenset[int]]
    lengths: list[int]
    death: list[int]
    pairs: list[Pair]
    sizes: tuple[int, ...]
    row_like: frozenset[int] = frozenset()


def walk(shape: NetworkShape, path: Sequence[tuple[int, int]], sliced: Sequence[int]) -> TreeFacts:
    """Walks a path once. A network of one tensor has one step, which contracts it with the scalar 1.

    Args:
        shape: The network.
        path: Pairs of tensor numbers.
        sliced: Sliced indices, the slowest first.
    """
    # Stage 1: sizes, and for each input and index what the walk needs to know.
    row_axis = shape.num_indices
    sizes = (*shape.sizes, shape.num_rows) if shape.row_indices else shape.sizes
    row_indices = frozenset(shape.row_indices)
    row_like = row_indices | {row_axis} if row_indices else row_indices
    position = {index: number for number, index in enumerate(sliced)}
    gone = frozenset(sliced)
    # `indices` keeps all row indices of a tensor; in `stored` the row axis replaces them.
    indices = [frozenset(term) - gone for term in shape.inputs]
    stored = list(indices)
    level = [max((1 + position[index] for index in term if index in position), default=0) for term in shape.inputs]
    holders = [0] * shape.num_indices
    for term in [*indices, frozenset((*shape.output, *shape.row_indices)) - gone]:
        for index in term:
            holders[index] += 1

    # Stage 2: walk the path; an index dies at the step that merges its last two holders.
    death = [len(path)] * len(sizes)
    lengths = [math.prod([sizes[index] for index in term]) for term in indices]
    pairs = []
    for step, (left, right) in enumerate(path if shape.num_tensors != 1 else [(0, ONE)]):
        a, b = (left, right) if right == ONE or lengths[left] >= lengths[right] else (right, left)
        b_indices = indices[b] if b != ONE else frozenset()
        a_indices = indices[a]
        for index in a_indices & b_indices:
            holders[index] -= 1
        kept = set()
        for index in a_indices | b_indices:
            if holders[index] > 1:
                kept.add(index)
            else:
                death[index] = step
        result = frozenset(kept)
        by_rows = False
        if row_indices and shape.has_rows(result):
            result = result - row_indices | {row_axis}
            by_rows = not row_indices.isdisjoint(stored[a].union(stored[b] if b != ONE else ()))
            if (
                by_rows
                and b != ONE
                and _count_rows(stored[b], row_like, sizes) > _count_rows(stored[a], row_like, sizes)
            ):
                a, b = b, a
        pairs.append(Pair(len(indices), a, b, max(level[a], level[b] if b != ONE else 0), by_rows))
        indices.append(frozenset(kept))
        stored.append(result)
        lengths.append(math.prod([sizes[index] for index in result]))
        level.append(pairs[-1].level)

    # Stage 3: sort by level. Sorting is stable, so the order of the path is kept within a level.
    pairs.sort(key=lambda pair: pair.level)
    return TreeFacts(stored, lengths, death, pairs, sizes, row_like)


def _count_rows(indices: frozenset[int], row_like: frozenset[int], sizes: Sequence[int]) -> int:
    return math.prod([sizes[index] for index in indices & row_like])

"""What a tree says of its tensors and steps, before anything is laid out in memory.

Where the network has row indices, a tensor whose row indices have more joint values than there are rows is held row by
row: in place of these indices it has one, the *row axis*, whose number follows those of the network. Inputs are never
held so. A step of which both operands have the row axis, or one has it and the other no row index, is like any other.
All other steps whose result has the row axis meet different rows of both operands in each row: steps *by rows*.
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
        a: The operand with more elements; of a step by rows the one with more rows.
        b: The other one; `ONE` where there is none.
        level: How many sliced indices it depends on, from the slowest.
        by_rows: Whether each row of the output is made of rows of both operands that have to be looked up.
    """

    number: int
    a: int
    b: int
    level: int
    by_rows: bool = False


class TreeFacts(NamedTuple):
    """A walked tree; sliced indices are gone.

    Attributes:
        indices: Of each tensor, by number.
        lengths: Elements of each tensor.
        death: For each index the step of the path that sums it; the number of steps for those of the output.
        pairs: The steps, sorted by level, otherwise in the order of the path.
        sizes: Of each index, that of the row axis last.
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
    row_axis = shape.num_indices
    sizes = (*shape.sizes, shape.num_rows) if shape.row_indices else shape.sizes
    row_indices = frozenset(shape.row_indices)
    row_like = row_indices | {row_axis} if row_indices else row_indices
    position = {index: number for number, index in enumerate(sliced)}
    gone = frozenset(sliced)
    # With all row indices; those that the row axis stands for are left out in `held`.
    indices = [frozenset(term) - gone for term in shape.inputs]
    held = list(indices)
    level = [max((1 + position[index] for index in term if index in position), default=0) for term in shape.inputs]
    holders = [0] * shape.num_indices
    for term in [*indices, frozenset((*shape.output, *shape.row_indices)) - gone]:
        for index in term:
            holders[index] += 1
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
        made = frozenset(kept)
        by_rows = False
        if row_indices and shape.has_rows(made):
            made = made - row_indices | {row_axis}
            by_rows = not row_indices.isdisjoint(held[a].union(held[b] if b != ONE else ()))
            if by_rows and b != ONE and _rows(held[b], row_like, sizes) > _rows(held[a], row_like, sizes):
                a, b = b, a
        pairs.append(Pair(len(indices), a, b, max(level[a], level[b] if b != ONE else 0), by_rows))
        indices.append(frozenset(kept))
        held.append(made)
        lengths.append(math.prod([sizes[index] for index in made]))
        level.append(pairs[-1].level)
    pairs.sort(key=lambda pair: pair.level)
    return TreeFacts(held, lengths, death, pairs, sizes, row_like)


def _rows(indices: frozenset[int], row_like: frozenset[int], sizes: Sequence[int]) -> int:
    return math.prod([sizes[index] for index in indices & row_like])

"""What a tree says of its tensors and steps, before anything is laid out in memory."""

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
        a: The operand with more elements.
        b: The other one; `ONE` where there is none.
        level: How many sliced indices it depends on, from the slowest.
    """

    number: int
    a: int
    b: int
    level: int


class TreeFacts(NamedTuple):
    """A walked tree; sliced indices are gone.

    Attributes:
        indices: Of each tensor, by number.
        lengths: Elements of each tensor.
        death: For each index the step of the path that sums it; the number of steps for those of the output.
        pairs: The steps, sorted by level, otherwise in the order of the path.
    """

    indices: list[frozenset[int]]
    lengths: list[int]
    death: list[int]
    pairs: list[Pair]


def walk(shape: NetworkShape, path: Sequence[tuple[int, int]], sliced: Sequence[int]) -> TreeFacts:
    """Walks a path once. A network of one tensor has one step, which contracts it with the scalar 1.

    Args:
        shape: The network.
        path: Pairs of tensor numbers.
        sliced: Sliced indices, the slowest first.
    """
    sizes = shape.sizes
    position = {index: number for number, index in enumerate(sliced)}
    gone = frozenset(sliced)
    indices = [frozenset(term) - gone for term in shape.inputs]
    level = [max((1 + position[index] for index in term if index in position), default=0) for term in shape.inputs]
    holders = [0] * shape.num_indices
    for term in [*indices, frozenset(shape.output) - gone]:
        for index in term:
            holders[index] += 1
    death = [len(path)] * shape.num_indices
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
        pairs.append(Pair(len(indices), a, b, max(level[a], level[b] if b != ONE else 0)))
        indices.append(frozenset(kept))
        lengths.append(math.prod([sizes[index] for index in kept]))
        level.append(pairs[-1].level)
    pairs.sort(key=lambda pair: pair.level)
    return TreeFacts(indices, lengths, death, pairs)

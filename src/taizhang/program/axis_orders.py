"""The axis order of each tensor.

This decision matters most for speed. Every index is summed at exactly one step of the tree, its death. All tensors
order their axes by death, the earliest slowest, the latest fastest: then the indices that a step sums are the slow ones
of both operands in the same order, the indices that stay are the fast ones, and data is read and written in long
contiguous runs. Two exceptions:

- The few fastest axes of a large output, which fill the lanes of a vector, are all taken from one operand (the larger),
  so that no vector has to be gathered from both.
- Tensors that a block of steps reads or writes piece by piece have the indices it loops over slowest, so that pieces
  are contiguous.

Small inputs are laid out the same way when they are loaded; sliced indices are their slowest axes. The row axis and row
indices are slower than all others, so that a row is contiguous.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from taizhang.network.network import NetworkShape
from taizhang.program.blocks import Block, BlockLimits
from taizhang.program.program import ONE
from taizhang.program.tree_facts import Pair, TreeFacts

LARGE_ELEMENTS = 1 << 12
"""Outputs with fewer elements are ordered by death alone."""

LARGE_INPUT_ELEMENTS = 1 << 20
"""Inputs with more elements keep their axis order and are not transposed when they are loaded."""


class AxisOrders(NamedTuple):
    """Axis orders, slowest first.

    Attributes:
        axes: For each input its axes.
        indices: For each tensor its indices; for those inside a block only the indices of a piece.
        loops: For each block the indices that it loops over.
    """

    axes: tuple[tuple[int, ...], ...]
    indices: list[tuple[int, ...]]
    loops: list[frozenset[int]]


def choose_orders(
    shape: NetworkShape,
    sliced: Sequence[int],
    facts: TreeFacts,
    blocks: Sequence[Block],
    limits: BlockLimits,
) -> AxisOrders:
    """Chooses the axis order of every tensor, in the order in which they are made.

    Args:
        shape: The network.
        sliced: Sliced indices, the slowest first.
        facts: The walked tree, its steps in the order of execution.
        blocks: Blocks of steps.
        limits: The limits that the blocks were made with.
    """
    # Stage 1: inputs. Indices rank by death; row indices and the row axis come before all others.
    gone = frozenset(sliced)
    rank = [(step, index) for index, step in enumerate(facts.death)]
    for index in facts.row_like:
        rank[index] = (-1, index)
    axes = _input_axes(shape, sliced, rank)
    orders: list[tuple[int, ...]] = []
    for term, order in zip(shape.inputs, axes, strict=True):
        orders.append(tuple(dict.fromkeys(term[axis] for axis in order if term[axis] not in gone)))

    # Stage 2: blocks that read an input. What they loop over must be known before the outputs inside them.
    orders += [()] * len(facts.pairs)
    loops: list[frozenset[int]] = [frozenset()] * len(blocks)
    block_of = {pair.number: number for number, block in enumerate(blocks) for pair in block.pairs}
    reader_of = {block.pairs[0].a: number for number, block in enumerate(blocks)}
    for number in range(shape.num_tensors):
        if number in reader_of:
            lanes = _fastest(
                orders[number], blocks[reader_of[number]].passing - facts.row_like, facts.sizes, limits.lanes
            )
            loops[reader_of[number]] = _loops(blocks[reader_of[number]], lanes, frozenset(), facts, facts.sizes)

    # Stage 3: outputs of steps, in order of execution.
    root = len(facts.indices) - 1
    for pair in facts.pairs:
        number = pair.number
        if number == root:  # the value: its order is given
            rows = facts.indices[number] & facts.row_like
            orders[number] = (*rows, *(index for index in shape.output if index not in gone))
            continue
        writer = block_of.get(number)
        looped = loops[writer] if writer is not None else frozenset()
        if facts.lengths[number] < LARGE_ELEMENTS and writer is None and number not in reader_of:
            orders[number] = tuple(sorted(facts.indices[number], key=rank.__getitem__))
            continue
        present = facts.indices[number]
        # Inside a block a tensor is one piece: it lacks the indices that the block loops over.
        if writer is not None and blocks[writer].pairs[-1] is not pair:
            present = present - looped
        lanes = _lanes(facts, orders, pair, looped, limits.lanes)
        # A block that reads this tensor keeps its lanes fast and loops over others, which go slowest here.
        read = frozenset[int]()
        if number in reader_of:
            kept_fast = [*_missing_lanes(blocks[reader_of[number]], lanes, facts, facts.sizes, limits.lanes), *lanes]
            read = loops[reader_of[number]] = _loops(blocks[reader_of[number]], kept_fast, looped, facts, facts.sizes)
        rest = [index for index in present if index not in lanes]
        rest.sort(key=lambda index: (-2 * (index in looped) - (index in read), rank[index]))
        orders[number] = _rows_first((*rest, *lanes), facts.row_like)
    return AxisOrders(axes, orders, loops)


def _input_axes(
    shape: NetworkShape, sliced: Sequence[int], rank: Sequence[tuple[int, int]]
) -> tuple[tuple[int, ...], ...]:
    """Returns for each input its axes, slowest first: sliced ones, then by rank; large inputs keep their order."""
    rank = list(rank)
    rows = frozenset(shape.row_indices)
    for position, index in enumerate(sliced):
        rank[index] = (-2, position)
    orders = []
    for term in shape.inputs:
        axes = range(len(term))
        large = math.prod([shape.sizes[index] for index in term]) > LARGE_INPUT_ELEMENTS
        if large and rows.isdisjoint(term):
            orders.append(tuple(axes))
        else:
            orders.append(tuple(sorted(axes, key=[rank[index] for index in term].__getitem__)))
    return tuple(orders)


def _lanes(
    facts: TreeFacts, orders: Sequence[Sequence[int]], pair: Pair, looped: frozenset[int], num_lanes: int
) -> list[int]:
    """Returns the fastest indices of a large output: the fastest kept ones of the operand that keeps more."""
    sizes, indices = facts.sizes, facts.indices
    out = indices[pair.number] - looped - facts.row_like
    in_b = indices[pair.b] if pair.b != ONE else frozenset()
    from_a = [index for index in orders[pair.a] if index in out and index not in in_b]
    from_b = [index for index in orders[pair.b] if index in out and index not in indices[pair.a]] if in_b else []
    larger = from_a if math.prod([sizes[i] for i in from_a]) >= math.prod([sizes[i] for i in from_b]) else from_b
    return _fastest(larger, out, sizes, num_lanes)


def _rows_first(order: tuple[int, ...], row_like: frozenset[int]) -> tuple[int, ...]:
    if not row_like:
        return order
    return tuple(sorted(order, key=lambda index: index not in row_like))


def _fastest(order: Sequence[int], allowed: frozenset[int], sizes: Sequence[int], num_lanes: int) -> list[int]:
    """Returns the fastest allowed indices of `order`, in order, until their sizes multiply to `num_lanes`."""
    chosen: list[int] = []
    elements = 1
    for index in reversed(order):
        if elements >= num_lanes:
            break
        if index in allowed:
            chosen.insert(0, index)
            elements *= sizes[index]
    return chosen


def _missing_lanes(
    block: Block, lanes: Sequence[int], facts: TreeFacts, sizes: Sequence[int], num_lanes: int
) -> list[int]:
    """Returns what a block keeps fast besides those of `lanes` that pass through it: the longest-lived that do."""
    elements = math.prod([sizes[index] for index in lanes if index in block.passing])
    by_death = sorted(block.passing.difference(lanes, facts.row_like), key=lambda index: (facts.death[index], index))
    return _fastest(by_death, block.passing, sizes, -(-num_lanes // elements))


def _loops(
    block: Block, kept_fast: Sequence[int], before: frozenset[int], facts: TreeFacts, sizes: Sequence[int]
) -> frozenset[int]:
    """Returns as few indices to loop over as make the pieces small; first those in `before`, then the long-lived."""
    free = sorted(
        block.passing.difference(kept_fast), key=lambda index: (index not in before, -facts.death[index], index)
    )
    chosen: list[int] = []
    pieces = 1
    for index in sorted(free, key=lambda index: (index not in before, -facts.death[index], index)):
        if pieces >= block.pieces:
            break
        chosen.append(index)
        pieces *= sizes[index]
    return frozenset(chosen)

"""Blocks: consecutive steps on one large tensor that read and write memory once.

A long chain of steps, each of which contracts a large tensor with a small one, is bound by memory: every step reads and
writes the large tensor. The indices of the large tensor that no step of a chain touches can be looped over outside:
for each of their values all steps of the chain run on a piece of the tensor that fits in cache. So a block of steps
reads its first tensor and writes its last one, and the tensors in between never leave the cache. State-vector
simulators do the same with consecutive gates (Häner & Steiger, arXiv:1704.01127).

A chain is cut where the indices that pass through untouched no longer suffice to make the pieces small. Dynamic
programming finds the cuts that minimise the tensors between blocks, which go through memory.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import NamedTuple

from taizhang.program.program import ONE
from taizhang.program.tree_facts import Pair, TreeFacts


class BlockLimits(NamedTuple):
    """When to make blocks; all limits in elements.

    Attributes:
        large: Tensors of at least this size are worth keeping out of memory.
        piece: Largest piece of a tensor inside a block.
        branch: Largest other operand of a step of a block.
        lanes: The fastest indices of the large tensor, together of this size, are never looped over.
    """

    large: int = 1 << 18
    piece: int = 1 << 15
    branch: int = 1 << 10
    lanes: int = 1 << 5


NO_BLOCKS = BlockLimits(large=1 << 62)


class Block(NamedTuple):
    """Two or more steps to run together.

    Attributes:
        pairs: The steps; the first operand of each is the output of the one before.
        passing: Indices of the first operand of the first step and of the output of the last, which all steps keep.
        pieces: Least number of pieces to cut the tensors into.
    """

    pairs: tuple[Pair, ...]
    passing: frozenset[int]
    pieces: int


def find_blocks(facts: TreeFacts, sizes: Sequence[int], limits: BlockLimits) -> list[Block]:
    """Finds all chains of a program and cuts each into blocks; steps in no block are left out."""
    blocks = []
    for chain in _chains(facts, limits):
        blocks.extend(_cut(chain, facts, sizes, limits))
    return blocks


def order_with_blocks(pairs: Sequence[Pair], blocks: Collection[Block]) -> list[Pair]:
    """Orders the steps such that those of each block are consecutive, at the place of its last one."""
    block_ending_in = {block.pairs[-1]: block.pairs for block in blocks}
    early = {pair for block in blocks for pair in block.pairs[:-1]}
    ordered: list[Pair] = []
    for pair in pairs:
        if pair not in early:
            ordered.extend(block_ending_in.get(pair, (pair,)))
    return ordered


def _chains(facts: TreeFacts, limits: BlockLimits) -> list[list[Pair]]:
    """Finds the longest chains in which a large tensor meets small ones with nothing large in between."""
    root = len(facts.indices) - 1

    def is_link(pair: Pair) -> bool:
        small = pair.b != ONE and not pair.by_rows and facts.lengths[pair.b] <= limits.branch
        return small and facts.lengths[pair.a] >= limits.large and pair.number != root

    chains: list[list[Pair]] = []
    ending_in: dict[int, list[Pair]] = {}
    largest_since: dict[int, int] = {}
    for pair in facts.pairs:
        length = facts.lengths[pair.number]
        if is_link(pair):
            chain = ending_in.pop(pair.a, None)
            since = largest_since.pop(pair.a, 0)
            if chain is None or chain[-1].level != pair.level or 4 * since > facts.lengths[pair.a]:
                chain = []
                chains.append(chain)
            chain.append(pair)
            ending_in[pair.number] = chain
        for number in largest_since:
            largest_since[number] = max(largest_since[number], length)
        if pair.number in ending_in:
            largest_since[pair.number] = 0
    return chains


def _cut(chain: Sequence[Pair], facts: TreeFacts, sizes: Sequence[int], limits: BlockLimits) -> list[Block]:
    """Cuts a chain such that the least data goes through memory."""
    lengths, indices = facts.lengths, facts.indices
    # best[k]: least traffic of the first k steps, where their last part begins, and its block.
    best: list[tuple[int, int, Block | None]] = [(0, 0, None)]
    for last in range(len(chain)):
        out = chain[last].number
        options: list[tuple[int, int, Block | None]] = []
        largest = 0
        for first in range(last, -1, -1):
            source = chain[first].a
            block = None
            if first < last:
                largest = max(largest, lengths[chain[first].number])
                passing = indices[source] & indices[out]
                pieces = -(-largest // limits.piece)
                # Longer parts have fewer passing indices and larger tensors: none of them fits either.
                if pieces * limits.lanes > math.prod([sizes[index] for index in passing]):
                    break
                block = Block(pairs=tuple(chain[first : last + 1]), passing=passing, pieces=pieces)
            options.append((best[first][0] + lengths[source] + lengths[out], first, block))
        best.append(min(options, key=lambda option: option[0]))
    blocks: list[Block] = []
    end = len(chain)
    while end:
        _, end, block = best[end]
        if block is not None:
            blocks.insert(0, block)
    return blocks

"""Runs of steps on one large tensor, cut into blocks that touch memory once.

A long chain of steps, each of which contracts a large tensor with a small one, is bound by memory: every step reads and
writes the large tensor. The indices of the large tensor that no step of a chain touches can be looped over outside:
for each of their values all steps of the chain run on a piece of the tensor that fits a cache. So a block of steps
reads its first tensor and writes its last one, and what is between never leaves the cache. State-vector simulators do
the same with runs of gates (Häner & Steiger, arXiv:1704.01127).

A chain is cut where the indices that pass through untouched no longer suffice to make the pieces small. Where to cut
is found by dynamic programming, such that the tensors between blocks, which go through memory, are the smallest.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from taizhang.program.program import ONE
from taizhang.program.tree_facts import Pair, TreeFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockLimits:
    """When to make blocks, all in elements.

    Attributes:
        large: Tensors from here on are worth keeping out of memory.
        piece: Largest piece of a tensor inside a block.
        branch: Largest other operand of a step of a block.
        lanes: The fastest indices of the large tensor, together of this size, are never looped over.
    """

    large: int = 1 << 18
    piece: int = 1 << 15
    branch: int = 1 << 10
    lanes: int = 1 << 5


NO_BLOCKS = BlockLimits(large=1 << 62)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Steps to run together, at least two.

    Attributes:
        pairs: The steps; the first operand of each is the output of the one before.
        passing: Indices of the first operand of the first step and of the output of the last, which all steps keep.
        pieces: Number of pieces to cut the tensors into, at least.
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
    """The steps with those of each block next to each other, at the place of its last one."""
    whole = {block.pairs[-1]: block.pairs for block in blocks}
    early = {pair for block in blocks for pair in block.pairs[:-1]}
    ordered: list[Pair] = []
    for pair in pairs:
        if pair not in early:
            ordered.extend(whole.get(pair, (pair,)))
    return ordered


def _chains(facts: TreeFacts, limits: BlockLimits) -> list[list[Pair]]:
    """Longest runs of steps in which a large tensor meets small ones, and nothing large happens in between."""
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
    """Cuts a chain such that the least goes through memory."""
    lengths, indices = facts.lengths, facts.indices
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

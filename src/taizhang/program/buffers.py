"""Places in one arena for tensors that live at different times.

Offline dynamic storage allocation: each tensor has a size and a lifetime, and two that are alive at once must not
overlap. The largest are placed first, each in the gap between its already placed contemporaries that fits it best
(Pisarchyk & Lee, arXiv:2001.03288, "greedy by size"). Sizes here are mostly powers of two, for which little is lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

ALIGNMENT = 16
"""Elements to which every place is rounded up, so that all start at a cache line."""


class Lifetime(NamedTuple):
    """When a tensor is alive: from the step that makes it to the last that reads it, both included."""

    first: int
    last: int
    num_elements: int


def rounded_up(num_elements: int) -> int:
    """The next multiple of `ALIGNMENT`."""
    return -(-num_elements // ALIGNMENT) * ALIGNMENT


def assign_offsets(lifetimes: Sequence[Lifetime], *, bottom: Iterable[int] = ()) -> tuple[list[int], int]:
    """Gives each tensor an offset in an arena such that no two alive at once overlap.

    Args:
        lifetimes: Of each tensor.
        bottom: Numbers of tensors to stack from offset 0, in this order, before all others.

    Returns:
        The offset of each tensor in elements, and the length of the arena.

    Example:
        >>> assign_offsets([Lifetime(0, 1, 64), Lifetime(1, 2, 32), Lifetime(2, 3, 64)])
        ([0, 64, 0], 96)
    """
    offsets = [-1] * len(lifetimes)
    end = 0
    for number in bottom:
        offsets[number] = end
        end += rounded_up(lifetimes[number].num_elements)
    together = _alive_together(lifetimes)
    rest = (number for number in range(len(lifetimes)) if offsets[number] < 0)
    for number in sorted(rest, key=lambda number: -lifetimes[number].num_elements):
        taken = [
            (offsets[other], offsets[other] + rounded_up(lifetimes[other].num_elements))
            for other in together[number]
            if offsets[other] >= 0
        ]
        wanted = rounded_up(lifetimes[number].num_elements)
        offsets[number] = _best_gap(taken, wanted) if taken else 0
        end = max(end, offsets[number] + wanted)
    return offsets, end


def _alive_together(lifetimes: Sequence[Lifetime]) -> list[list[int]]:
    """For each tensor the others that are alive at some step at which it is."""
    together: list[list[int]] = [[] for _ in lifetimes]
    alive: list[int] = []
    for number in sorted(range(len(lifetimes)), key=lambda number: lifetimes[number].first):
        first = lifetimes[number].first
        alive = [other for other in alive if lifetimes[other].last >= first]
        together[number].extend(alive)
        for other in alive:
            together[other].append(number)
        alive.append(number)
    return together


def _best_gap(taken: list[tuple[int, int]], wanted: int) -> int:
    """Start of the smallest gap of at least `wanted` elements; the last, endless one if no other is large enough."""
    taken.sort()
    best, best_length, position = -1, -1, 0
    for start, end in taken:
        if start - position >= wanted and (best < 0 or start - position < best_length):
            best, best_length = position, start - position
        if end > position:
            position = end
    return best if best >= 0 else position

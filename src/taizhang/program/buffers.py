"""Memory offsets in one arena for tensors that live at different times.

Offline dynamic storage allocation: each tensor has a size and a lifetime, and two that are alive at once must not
overlap. The largest are placed first, each in the gap between its already placed contemporaries that fits it best
(Pisarchyk & Lee, arXiv:2001.03288, "greedy by size"). Sizes here are mostly powers of two, for which little is lost.

Most tensors of a network are so small that their places do not matter: they share a separate part of the arena, with a
list of free places for each size.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import heappop, heappush
from typing import NamedTuple

ALIGNMENT = 16
"""Every place is rounded up to a multiple of this many elements, so that all start at a cache line."""

SMALL_ELEMENTS = 1 << 8
"""Tensors of up to this many elements, or up to 1/1024 of the largest one, are small."""


class Lifetime(NamedTuple):
    """When a tensor is alive: from the step that makes it to the last that reads it, inclusive."""

    first: int
    last: int
    num_elements: int


def round_up(num_elements: int) -> int:
    """Rounds up to a multiple of `ALIGNMENT`."""
    return -(-num_elements // ALIGNMENT) * ALIGNMENT


def assign_offsets(lifetimes: Sequence[Lifetime], *, bottom: Iterable[int] = ()) -> tuple[list[int], int]:
    """Assigns each tensor an offset in an arena such that no two alive at once overlap.

    Args:
        lifetimes: Lifetime of each tensor.
        bottom: Numbers of tensors to stack from offset 0, in this order, before all others.

    Returns:
        The offset of each tensor in elements, and the length of the arena.

    Example:
        >>> assign_offsets([Lifetime(0, 1, 640), Lifetime(1, 2, 320), Lifetime(2, 3, 640)])
        ([0, 640, 0], 960)
    """
    sizes = [round_up(life.num_elements) for life in lifetimes]
    offsets = [-1] * len(lifetimes)
    end = 0
    for number in bottom:
        offsets[number] = end
        end += sizes[number]
    small_at_most = max(max(sizes, default=0) >> 10, SMALL_ELEMENTS)
    small = [number for number, size in enumerate(sizes) if size <= small_at_most and offsets[number] < 0]
    large = [number for number, size in enumerate(sizes) if size > small_at_most or offsets[number] >= 0]
    small_part = (end, end + _share_places(lifetimes, sizes, small, offsets, end))
    together = _alive_together(lifetimes, large)
    for number in sorted(large, key=lambda number: -sizes[number]):
        if offsets[number] < 0:
            taken = [(offset, offset + sizes[k]) for k in together[number] if (offset := offsets[k]) >= 0]
            offsets[number] = _best_gap([*taken, small_part], sizes[number])
    return offsets, max((offset + size for offset, size in zip(offsets, sizes, strict=True)), default=0)


def _share_places(
    lifetimes: Sequence[Lifetime], sizes: Sequence[int], numbers: Sequence[int], offsets: list[int], start: int
) -> int:
    """Assigns `numbers`, in order of birth, places from `start` on, reusing those left; returns the length taken."""
    end = start
    free: dict[int, list[int]] = {}
    alive: list[tuple[int, int]] = []
    for number in sorted(numbers, key=lambda number: lifetimes[number].first):
        first, last, _ = lifetimes[number]
        while alive and alive[0][0] < first:
            left = heappop(alive)[1]
            free.setdefault(sizes[left], []).append(offsets[left])
        places = free.get(sizes[number])
        if places:
            offsets[number] = places.pop()
        else:
            offsets[number] = end
            end += sizes[number]
        heappush(alive, (last, number))
    return end - start


def _alive_together(lifetimes: Sequence[Lifetime], numbers: Sequence[int]) -> dict[int, list[int]]:
    """Returns for each of `numbers` the others among them with an overlapping lifetime."""
    together: dict[int, list[int]] = {number: [] for number in numbers}
    alive: list[int] = []
    for number in sorted(numbers, key=lambda number: lifetimes[number].first):
        first = lifetimes[number].first
        alive = [other for other in alive if lifetimes[other].last >= first]
        together[number].extend(alive)
        for other in alive:
            together[other].append(number)
        alive.append(number)
    return together


def _best_gap(taken: list[tuple[int, int]], length: int) -> int:
    """Returns the start of the smallest gap of at least `length` elements, or the end if none is large enough."""
    taken.sort()
    best, best_length, position = -1, -1, 0
    for start, end in taken:
        if start - position >= length and (best < 0 or start - position < best_length):
            best, best_length = position, start - position
        if end > position:
            position = end
    return best if best >= 0 else position

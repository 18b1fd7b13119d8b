"""A set of piece numbers, kept as ranges: small for any number of pieces that are done roughly in order."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable


class PieceSet:
    """Numbers from 0, kept as disjoint ranges in order.

    Args:
        ranges: The initial content, in order, not overlapping.

    Example:
        >>> pieces = PieceSet([range(0, 5), range(8, 10)])
        >>> pieces.remove(2), pieces.remove(2), pieces.take(3), len(pieces)
        (True, False, [0, 1, 3], 3)
        >>> pieces.add(3)
        >>> 3 in pieces, list(pieces.ranges())
        (True, [range(3, 5), range(8, 10)])
    """

    __slots__ = ("_count", "_starts", "_stops")

    def __init__(self, ranges: Iterable[range] = ()) -> None:
        entries = [entry for entry in ranges if entry]
        self._starts = [entry.start for entry in entries]
        self._stops = [entry.stop for entry in entries]
        self._count = sum(entry.stop - entry.start for entry in entries)

    def __len__(self) -> int:
        return self._count

    def __contains__(self, number: int) -> bool:
        at = bisect_right(self._starts, number) - 1
        return at >= 0 and number < self._stops[at]

    def ranges(self) -> Iterable[range]:
        """The ranges, in order."""
        return map(range, self._starts, self._stops)

    def add(self, number: int) -> None:
        """Adds a number, if it is not in the set."""
        at = bisect_right(self._starts, number)
        if at and number < self._stops[at - 1]:
            return
        self._count += 1
        before = at > 0 and self._stops[at - 1] == number
        after = at < len(self._starts) and self._starts[at] == number + 1
        if before and after:
            self._stops[at - 1] = self._stops.pop(at)
            del self._starts[at]
        elif before:
            self._stops[at - 1] += 1
        elif after:
            self._starts[at] -= 1
        else:
            self._starts.insert(at, number)
            self._stops.insert(at, number + 1)

    def remove(self, number: int) -> bool:
        """Removes a number; returns whether it was in the set."""
        at = bisect_right(self._starts, number) - 1
        if at < 0 or number >= self._stops[at]:
            return False
        self._count -= 1
        start, stop = self._starts[at], self._stops[at]
        if start == number:
            self._starts[at] += 1
            if start + 1 == stop:
                del self._starts[at], self._stops[at]
        elif number == stop - 1:
            self._stops[at] -= 1
        else:
            self._stops[at] = number
            self._starts.insert(at + 1, number + 1)
            self._stops.insert(at + 1, stop)
        return True

    def cut(self, first: int) -> None:
        """Removes all numbers from `first` on."""
        kept = [range(entry.start, min(entry.stop, first)) for entry in self.ranges() if entry.start < first]
        self._starts = [entry.start for entry in kept]
        self._stops = [entry.stop for entry in kept]
        self._count = sum(map(len, kept))

    def take(self, most: int) -> list[int]:
        """Removes and returns the lowest numbers, at most `most` of them."""
        taken: list[int] = []
        while self._starts and len(taken) < most:
            stop = min(self._stops[0], self._starts[0] + most - len(taken))
            taken.extend(range(self._starts[0], stop))
            self._starts[0] = stop
            if stop == self._stops[0]:
                del self._starts[0], self._stops[0]
        self._count -= len(taken)
        return taken


def ranges_between(done: Iterable[range], count: int) -> Iterable[range]:
    """The parts of `range(count)` outside ranges that are in order and do not overlap."""
    end = 0
    for entry in done:
        if entry.start > end:
            yield range(end, entry.start)
        end = entry.stop
    if end < count:
        yield range(end, count)

"""The fixed binary order in which the partial sums of a run are added.

The pieces of one contraction are the leaves of a binary tree over their numbers: node `(level, number)` covers the
pieces `number << level .. (number + 1) << level`. A piece that is done waits until its sibling is there, then both
become their parent, as carries do in a binary counter. So the order of additions, and with it every bit of the sum,
does not depend on which worker computed which piece or on the order of arrival; and only a few sums are kept for any
number of pieces. The nodes kept are also the only record of what is done: no piece can be counted twice, or be done and
not counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from taizhang.runs.partial_sum import PartialSum


class Node(NamedTuple):
    """A node of the trees of a run.

    Attributes:
        group: Number of its group of contractions; each group has its own tree.
        level: log2 of the largest number of pieces it covers.
        number: Its number within the level.
    """

    group: int
    level: int
    number: int

    def parts(self, num_parts: int) -> range:
        """The pieces that it covers, counted from 0 within the group."""
        return range(self.number << self.level, min((self.number + 1) << self.level, num_parts))


class Change(NamedTuple):
    """The effect of adding a piece: nodes that are no longer needed, and the new one with its sum."""

    removed: tuple[Node, ...]
    added: Node
    sum: PartialSum


def top_level(num_parts: int) -> int:
    """Level of the node that covers all pieces of a group.

    Example:
        >>> [top_level(count) for count in (1, 2, 3, 1000)]
        [0, 1, 2, 10]
    """
    return (num_parts - 1).bit_length()


class SumTree:
    """The sums that wait for their siblings, of all groups of a run.

    Args:
        parts_of: Returns the number of pieces of a group.
        nodes: Nodes that are done already, with their sums.
    """

    __slots__ = ("_parts_of", "nodes")

    def __init__(self, parts_of: Callable[[int], int], nodes: Iterable[tuple[Node, PartialSum]] = ()) -> None:
        self._parts_of = parts_of
        self.nodes: dict[Node, PartialSum] = dict(nodes)

    def insert(self, group: int, part: int, total: PartialSum) -> Change:
        """Adds a piece that is not done yet, and merges it with its siblings as far as they are done.

        A group that is complete is not kept: its sum is in the change that completed it.
        """
        num_parts = self._parts_of(group)
        level, top, number, removed = 0, top_level(num_parts), part, []
        while level < top:
            sibling = number ^ 1
            if sibling << level < num_parts:
                node = Node(group, level, sibling)
                other = self.nodes.pop(node, None)
                if other is None:
                    break
                removed.append(node)
                total = other.plus(total) if sibling < number else total.plus(other)
            level += 1
            number >>= 1
        added = Node(group, level, number)
        if level < top:
            self.nodes[added] = total
        return Change(tuple(removed), added, total)

    def sum_so_far(self, group: int) -> PartialSum | None:
        """The sum of the pieces done of an incomplete group, in order of their numbers; None where none is."""
        held = sorted((node.number << node.level, node) for node in self.nodes if node.group == group)
        total: PartialSum | None = None
        for _, node in held:
            total = self.nodes[node] if total is None else total.plus(self.nodes[node])
        return total

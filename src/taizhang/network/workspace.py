"""A tensor network under reduction: tensors come, go and change their indices.

This is the bookkeeping; which reductions to make is the matter of `reduce.py`. An index ≥ 0 is summed over, unless it
is kept for the output. An index -1 - q stands for the final bit of qubit q: it is never summed, and an axis that
carries it makes its tensor a table over that bit. A tensor whose table would be large is held by its number in a
`Recipe`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from heapq import heappop, heappush
from math import prod

import numpy as np

from taizhang._types import ComplexArray
from taizhang.network.einsum import einsum
from taizhang.network.recipe import Contract, Lookup, Pick, Recipe, Reverse, ScaledProduct, normalised

# Tables over final bits are kept up to this many elements.
MAX_TABLE = 1 << 10
# Arrays are scaled when their largest element leaves this range.
_LARGE, _SMALL = 2.0**64, 2.0**-64


class Node:
    """A tensor in the workspace.

    Attributes:
        axes: The index of each axis; may repeat until the node has been tidied.
        array: The array, or None where the recipe makes it.
        entry: Number of the recipe's entry that makes the array; -1 where there is an array.
        key: The set of the indices ≥ 0.
    """

    __slots__ = ("array", "axes", "entry", "key")

    def __init__(self, axes: tuple[int, ...], array: ComplexArray | None, entry: int = -1) -> None:
        self.axes = axes
        self.array = array
        self.entry = entry
        self.key = frozenset([index for index in axes if index >= 0])


class Workspace:
    """The network while it is being reduced.

    Args:
        tensors: Pairs of indices and an array.
        output: Indices that are kept.
        sizes: Size of each index ≥ 0.

    Attributes:
        nodes: The tensors, by number.
        on: For each index ≥ 0 that is there the numbers of its tensors, in order of arrival.
        sizes: Size of each index ≥ 0.
        output: Indices that are kept.
        scalar: The constant number split off so far.
        scalar_nodes: Numbers split off that depend on final bits.
        recipe: Steps left for when the bits are known.
        vanished: Whether the value was found to be zero.
    """

    def __init__(
        self,
        tensors: Iterable[tuple[tuple[int, ...], ComplexArray]],
        output: Collection[int],
        sizes: Sequence[int],
        scalar: ScaledProduct,
    ) -> None:
        self.nodes: dict[int, Node] = {}
        self.on: dict[int, dict[int, None]] = {}
        self.by_key: dict[frozenset[int], int] = {}
        self.sizes = list(sizes)
        self.output = frozenset(output)
        self.scalar = scalar
        self.scalar_nodes: list[Node] = []
        self.recipe = Recipe()
        self.vanished = False
        self._all_two = all(size == 2 for size in sizes)
        self._queue: list[tuple[int, int]] = []
        self.next_number = 0
        for axes, array in tensors:
            self.insert(Node(axes, array))

    def new_index(self, size: int) -> int:
        """Gives an index that is on no tensor yet."""
        self.sizes.append(size)
        self._all_two = self._all_two and size == 2
        return len(self.sizes) - 1

    # Tensors

    def insert(self, node: Node) -> None:
        """Takes a tensor in, and puts it on the queue."""
        number = self.next_number
        self.next_number = number + 1
        self.nodes[number] = node
        for index in node.key:
            self.on.setdefault(index, {})[number] = None
        heappush(self._queue, (len(node.key), number))

    def remove(self, number: int) -> Node:
        """Takes a tensor out."""
        node = self.nodes.pop(number)
        for index in node.key:
            tensors = self.on[index]
            del tensors[number]
            if not tensors:
                del self.on[index]
        if self.by_key.get(node.key) == number:
            del self.by_key[node.key]
        return node

    def next_queued(self) -> int | None:
        """Gives the number of a tensor to look at, of lowest rank; None when all have been."""
        while self._queue:
            _, number = heappop(self._queue)
            if number in self.nodes:
                return number
        return None

    def requeue(self, indices: Iterable[int]) -> None:
        """Puts the tensors on some indices on the queue again."""
        for index in indices:
            for number in self.on.get(index, ()):
                heappush(self._queue, (len(self.nodes[number].key), number))

    def size(self, indices: Collection[int]) -> int:
        """Number of elements over these indices, all ≥ 0."""
        if self._all_two:
            return 1 << len(indices)
        return prod([self.sizes[index] for index in indices])

    def drop_scalar(self, node: Node) -> None:
        """Takes up a tensor without indices ≥ 0, which is in the network no more."""
        if node.array is None or node.axes:
            self.scalar_nodes.append(node)
            return
        self.scalar.multiply(complex(node.array))
        self.vanished = self.vanished or self.scalar.mantissa == 0

    def scale(self, node: Node, largest: float) -> None:
        """Keeps the elements of an array near 1, given the largest modulus among them."""
        if node.array is not None and not _SMALL < largest < _LARGE:
            node.array, exponent = normalised(node.array)
            self.scalar.multiply(1.0, exponent)

    # Contractions

    def tidied(self, node: Node, alone: Collection[int]) -> Node:
        """Gives a node with repeated indices made one, and some indices summed."""
        if node.array is not None:
            flat = [k for k, index in enumerate(node.axes) if index in alone and self.sizes[index] == 1]
            node = Node(tuple([i for k, i in enumerate(node.axes) if k not in flat]), node.array.squeeze(tuple(flat)))
        axes = tuple(dict.fromkeys(index for index in node.axes if index not in alone))
        return node if axes == node.axes else self._contracted([node], axes)

    def contract(self, first: Node, second: Node, summed: Collection[int]) -> Node:
        """Gives the product of two nodes, with some indices summed."""
        axes = tuple(dict.fromkeys(index for index in first.axes + second.axes if index not in summed))
        return self._contracted([first, second], axes)

    def _contracted(self, nodes: list[Node], axes: tuple[int, ...]) -> Node:
        num_bits = sum(index < 0 for index in axes)
        small = num_bits == 0 or self.size([i for i in axes if i >= 0]) << num_bits <= MAX_TABLE or len(nodes) == 1
        if small and all(node.array is not None for node in nodes):
            return Node(axes, einsum([(node.array, node.axes) for node in nodes], axes))  # type: ignore[misc]
        return self._deferred(nodes, tuple(index for index in axes if index >= 0))

    def _deferred(self, nodes: list[Node], axes: tuple[int, ...]) -> Node:
        operands = tuple((self.entry(node), tuple(index for index in node.axes if index >= 0)) for node in nodes)
        return Node(axes, None, self.recipe.add(Contract(operands, axes)))

    def entry(self, node: Node) -> int:
        """Gives the number of the recipe's entry that makes a node's array once the bits are known."""
        if node.array is None:
            return node.entry
        bits = list(dict.fromkeys(index for index in node.axes if index < 0))
        others = [index for index in node.axes if index >= 0]
        # Bits go to the front; one that repeats becomes one.
        if len(bits) + len(others) == len(node.axes):
            order = [node.axes.index(bit) for bit in bits] + [k for k, i in enumerate(node.axes) if i >= 0]
            table = node.array.transpose(order)
        else:
            table = einsum([(node.array, node.axes)], list(dict.fromkeys(bits + others)))
        return self.recipe.add(Lookup(np.asarray(table, order="C"), tuple(-1 - bit for bit in bits)))

    # Changes of an index

    def fix(self, index: int, value: int) -> None:
        """Gives an index one value, everywhere."""
        for number in list(self.on.get(index, ())):
            node = self.remove(number)
            while index in node.axes:
                axis = node.axes.index(index)
                axes = node.axes[:axis] + node.axes[axis + 1 :]
                if node.array is None:
                    node = Node(axes, None, self.recipe.add(Pick(node.entry, axis, -1, value)))
                else:
                    node = Node(axes, np.asarray(node.array.take(value, axis=axis)))
            self.insert(node)

    def rename(self, old: int, new: int, flipped: bool, flipped_by: int = 0) -> None:
        """Puts one index, or a final bit, for another, everywhere.

        Args:
            old: The index that goes, ≥ 0.
            new: The index, or final bit, that takes its place.
            flipped: Whether value 0 of the one is value 1 of the other.
            flipped_by: A final bit; where it is 1, they are flipped once more. 0: none.
        """
        for number in list(self.on.get(old, ())):
            node = self.remove(number)
            while old in node.axes:
                axis = node.axes.index(old)
                if flipped:
                    node = self._reversed(node, axis, 0)
                if flipped_by:
                    node = self._reversed(node, axis, flipped_by)
                    axis = node.axes.index(old)
                node = self._with_index(node, axis, new)
            self.insert(node)

    def _reversed(self, node: Node, axis: int, by: int) -> Node:
        """Reverses an axis, always or where a final bit is 1; a table may get that bit as its first axis."""
        if node.array is not None and by == 0:
            return Node(node.axes, np.flip(node.array, axis))
        if node.array is not None and node.array.size * 2 <= MAX_TABLE:
            return Node((by, *node.axes), np.stack([node.array, np.flip(node.array, axis)]))
        axes = tuple(index for index in node.axes if index >= 0)
        place = axis - sum(index < 0 for index in node.axes[:axis])
        return Node(axes, None, self.recipe.add(Reverse(self.entry(node), place, -1 - by)))

    def _with_index(self, node: Node, axis: int, new: int) -> Node:
        """Puts another index on an axis."""
        if node.array is None and new < 0:
            axes = node.axes[:axis] + node.axes[axis + 1 :]
            return Node(axes, None, self.recipe.add(Pick(node.entry, axis, -1 - new, 0)))
        return Node((*node.axes[:axis], new, *node.axes[axis + 1 :]), node.array, node.entry)

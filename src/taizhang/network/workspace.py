"""A tensor network under reduction: tensors are added, removed and given other indices.

This is the bookkeeping; `reduce.py` decides which reductions to make. An index is summed over, unless it is
kept for the output. A tensor that depends on choices (`choice.py`) is a table, with an axis for each choice before
those of its indices. A tensor whose table would be large is represented by an entry of a `Recipe`.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from heapq import heappop, heappush

import numpy as np

from taizhang._types import ComplexArray
from taizhang.network.choice import Choice
from taizhang.network.einsum import einsum
from taizhang.network.recipe import Contract, Lookup, Pick, Recipe, Reverse, ScaledProduct, normalise

# Tables over choices are kept up to this many elements.
MAX_TABLE = 1 << 10
# Arrays are scaled when their largest element leaves this range.
_LARGE, _SMALL = 2.0**64, 2.0**-64


class Node:
    """A tensor in the workspace.

    Attributes:
        choices: The choices that select the array from the table; each once.
        axes: The index of each axis of the array; may repeat until the node has been tidied.
        array: The table: an axis for each choice, then one for each of `axes`; None where the recipe makes the array.
        entry: Number of the recipe's entry that makes the array; None where there is a table.
        key: The set of the indices.
    """

    __slots__ = ("array", "axes", "choices", "entry", "key")

    def __init__(
        self,
        axes: tuple[int, ...],
        array: ComplexArray | None,
        *,
        choices: tuple[Choice, ...] = (),
        entry: int | None = None,
    ) -> None:
        self.choices = choices
        self.axes = axes
        self.array = array
        self.entry = entry
        self.key = frozenset(axes)

    @property
    def labels(self) -> tuple[Choice | int, ...]:
        """What each axis of the table is for."""
        return (*self.choices, *self.axes)


class Workspace:
    """The network while it is being reduced.

    Args:
        nodes: The tensors.
        output: Indices that are kept.
        sizes: Size of each index.

    Attributes:
        nodes: The tensors, by number.
        on: For each index in use the numbers of its tensors, in order of insertion.
        sizes: Size of each index.
        output: Indices that are kept.
        scalar: The constant factor split off so far.
        scalar_nodes: Scalar factors that depend on choices.
        recipe: Steps to take once the choices are made.
        vanished: Whether the value is known to be zero.
    """

    def __init__(
        self,
        nodes: Iterable[Node],
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
        for node in nodes:
            self.insert(node)

    def new_index(self, size: int) -> int:
        """Makes an index that is on no tensor yet."""
        self.sizes.append(size)
        self._all_two = self._all_two and size == 2
        return len(self.sizes) - 1

    # Tensors

    def insert(self, node: Node) -> None:
        """Adds a tensor and queues it."""
        number = self.next_number
        self.next_number = number + 1
        self.nodes[number] = node
        for index in node.key:
            self.on.setdefault(index, {})[number] = None
        heappush(self._queue, (len(node.key), number))

    def remove(self, number: int) -> Node:
        """Removes a tensor."""
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
        """Returns the number of a queued tensor of lowest rank; None when the queue is empty."""
        while self._queue:
            _, number = heappop(self._queue)
            if number in self.nodes:
                return number
        return None

    def requeue(self, indices: Iterable[int]) -> None:
        """Queues the tensors on some indices again."""
        for index in indices:
            for number in self.on.get(index, ()):
                heappush(self._queue, (len(self.nodes[number].key), number))

    def size(self, indices: Collection[int]) -> int:
        """Number of elements over these indices."""
        if self._all_two:
            return 1 << len(indices)
        return math.prod([self.sizes[index] for index in indices])

    def drop_scalar(self, node: Node) -> None:
        """Absorbs a tensor without indices, which is no longer in the network."""
        if node.array is None or node.choices:
            self.scalar_nodes.append(node)
            return
        self.scalar.multiply(complex(node.array))
        self.vanished = self.vanished or self.scalar.mantissa == 0

    def scale(self, node: Node, largest: float) -> None:
        """Rescales an array whose largest modulus, `largest`, is far from 1."""
        if node.array is not None and not _SMALL < largest < _LARGE:
            node.array, exponent = normalise(node.array)
            self.scalar.multiply(1.0, exponent)

    # Contractions

    def tidied(self, node: Node, alone: Collection[int]) -> Node:
        """Returns a node with repeated indices merged and some indices summed."""
        if node.array is not None:
            flat = [k for k, index in enumerate(node.axes) if index in alone and self.sizes[index] == 1]
            first = len(node.choices)
            node = Node(
                tuple([i for k, i in enumerate(node.axes) if k not in flat]),
                node.array.squeeze(tuple([first + k for k in flat])),
                choices=node.choices,
            )
        axes = tuple(dict.fromkeys(index for index in node.axes if index not in alone))
        return node if axes == node.axes else self._contract_nodes([node], axes)

    def contract(self, first: Node, second: Node, summed: Collection[int]) -> Node:
        """Returns the product of two nodes, with some indices summed."""
        axes = tuple(dict.fromkeys(index for index in first.axes + second.axes if index not in summed))
        return self._contract_nodes([first, second], axes)

    def _contract_nodes(self, nodes: list[Node], axes: tuple[int, ...]) -> Node:
        choices = tuple(dict.fromkeys(choice for node in nodes for choice in node.choices))
        table = math.prod(choice.size for choice in choices)
        small = not choices or self.size(axes) * table <= MAX_TABLE or len(nodes) == 1
        operands = [(node.array, node.labels) for node in nodes if node.array is not None]
        if small and len(operands) == len(nodes):
            return Node(axes, einsum(operands, (*choices, *axes)), choices=choices)
        entries = tuple((self.entry(node), node.axes) for node in nodes)
        return Node(axes, None, entry=self.recipe.add(Contract(entries, axes)))

    def entry(self, node: Node) -> int:
        """Returns the number of the recipe's entry that makes a node's array once the choices are made."""
        if node.entry is not None:
            return node.entry
        return self.recipe.add(Lookup(np.asarray(node.array, order="C"), node.choices))

    # Changes of an index

    def fix(self, index: int, value: int) -> None:
        """Fixes an index to one value, everywhere."""
        for number in list(self.on.get(index, ())):
            node = self.remove(number)
            while index in node.axes:
                axis = node.axes.index(index)
                axes = node.axes[:axis] + node.axes[axis + 1 :]
                if node.array is None:
                    entry = self.recipe.add(Pick(self.entry(node), axis, None, value))
                    node = Node(axes, None, entry=entry)
                else:
                    array = node.array.take(value, axis=len(node.choices) + axis)
                    node = Node(axes, np.asarray(array), choices=node.choices)
            self.insert(node)

    def rename(self, old: int, new: int | Choice, flipped: bool, flipped_by: Choice | None = None) -> None:
        """Replaces an index by another index or by a choice, everywhere.

        Args:
            old: The index to replace.
            new: The index or choice that replaces it.
            flipped: Whether value 0 of `old` is value 1 of `new`.
            flipped_by: A choice; where it is 1, they are flipped once more.
        """
        for number in list(self.on.get(old, ())):
            node = self.remove(number)
            while old in node.axes:
                axis = node.axes.index(old)
                if flipped:
                    node = self._reverse(node, axis, None)
                if flipped_by is not None:
                    node = self._reverse(node, axis, flipped_by)
                if isinstance(new, int):
                    axes = (*node.axes[:axis], new, *node.axes[axis + 1 :])
                    node = Node(axes, node.array, choices=node.choices, entry=node.entry)
                else:
                    node = self._select(node, axis, new)
            self.insert(node)

    def _reverse(self, node: Node, axis: int, by: Choice | None) -> Node:
        """Reverses an axis, always or where a choice is 1, which may become the first axis of a table."""
        if node.array is not None and by is None:
            return Node(node.axes, np.flip(node.array, len(node.choices) + axis), choices=node.choices)
        if node.array is not None and by is not None:
            flipped = np.flip(node.array, len(node.choices) + axis)
            if by in node.choices:
                place = node.choices.index(by)
                table = np.stack([node.array.take(0, place), flipped.take(1, place)], axis=place)
                return Node(node.axes, table, choices=node.choices)
            if node.array.size * 2 <= MAX_TABLE:
                return Node(node.axes, np.stack([node.array, flipped]), choices=(by, *node.choices))
        return Node(node.axes, None, entry=self.recipe.add(Reverse(self.entry(node), axis, by)))

    def _select(self, node: Node, axis: int, by: Choice) -> Node:
        """Lets a choice select the value of an axis."""
        axes = node.axes[:axis] + node.axes[axis + 1 :]
        if node.array is None:
            return Node(axes, None, entry=self.recipe.add(Pick(self.entry(node), axis, by)))
        place = len(node.choices) + axis
        if by in node.choices:
            first = node.choices.index(by)
            table = np.moveaxis(np.diagonal(node.array, axis1=first, axis2=place), -1, first)
            return Node(axes, table, choices=node.choices)
        return Node(axes, np.moveaxis(node.array, place, 0), choices=(by, *node.choices))

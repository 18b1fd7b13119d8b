"""The reductions: small contractions and changes of indices that make a network smaller.

Each tensor is examined when it is new or has changed, those of lowest rank first:

- indices on no other tensor are summed, repeated indices are merged, tensors without indices are multiplied out;
- two tensors are contracted when the result is no larger than the larger of the two. That is so in two cases only: the
  indices of one are among those of the other, or they share an index that is on no third tensor. So it is enough to
  examine the tensors on one index, and at one tensor for each index of degree two;
- from the zeros of a tensor: an index of which only one value matters is fixed, two tied indices become one, and an
  outer product is split.

Nothing here makes a larger tensor than the network had. Sources: Gray & Kourtis, arXiv:2002.01935; the undirected view
of diagonal tensors is that of Boixo et al., arXiv:1712.05384.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, islice

from taizhang._types import ComplexArray
from taizhang.network.choice import Choice
from taizhang.network.structure import MAX_ELEMENTS, constant_axes, split_product, support, tied_axes, tied_triples
from taizhang.network.workspace import Node, Workspace

# Contractions over more than this many elements are left to the plan.
MAX_WORK = 1 << 18
MAX_UNION_RANK = 28
# Of the tensors on a hyperindex, at most this many are searched for one that contains a given tensor.
_MAX_LOOKED_AT = 64
# Of those that contain it, at most this many are compared.
_MAX_CHOICE = 4
# Subsets of the indices are looked up for tensors up to this rank only.
_MAX_RANK_OF_SUBSETS = 6


def reduce(work: Workspace, *, by_values: bool = True) -> None:
    """Applies the reductions until none applies.

    Args:
        work: The network, modified in place.
        by_values: Whether zeros of the arrays may be used, and not only the shape.
    """
    while (number := work.next_queued()) is not None and not work.vanished:
        if _tidy(work, number) or _merge_equal(work, number):
            continue
        if by_values and _use_values(work, number):
            continue
        if not _absorb(work, number):
            work.by_key[work.nodes[number].key] = number


def _replace(work: Workspace, number: int, node: Node) -> None:
    work.remove(number)
    if node.key:
        work.insert(node)
    else:
        work.drop_scalar(node)


def _tidy(work: Workspace, number: int) -> bool:
    """Sums indices on this tensor alone, merges repeated ones, multiplies out scalars."""
    node = work.nodes[number]
    alone = [index for index in node.key if len(work.on[index]) == 1 and index not in work.output]
    ones = [index for index in node.key if work.sizes[index] == 1 and index not in work.output]
    if alone or ones or len(node.key) == 0 or len(set(node.axes)) != len(node.axes):
        _replace(work, number, work.tidied(node, {*alone, *ones}))
        return True
    return False


def _merge(work: Workspace, first: int, second: int) -> None:
    both = (first, second)
    left, right = work.nodes[first], work.nodes[second]
    summed = [
        index
        for index in left.key | right.key
        if index not in work.output and all(number in both for number in work.on[index])
    ]
    work.remove(first)
    _replace(work, second, work.contract(left, right, summed))


def _merge_equal(work: Workspace, number: int) -> bool:
    """Multiplies two tensors with the same indices."""
    other = work.by_key.get(work.nodes[number].key, number)
    if other == number:
        return False
    _merge(work, other, number)
    return True


# By shape


def _absorb(work: Workspace, number: int) -> bool:
    """Contracts a tensor with the neighbour that gives the smallest result, if that is no larger than both."""
    node = work.nodes[number]
    size = work.size(node.key)
    best: tuple[int, int, int] | None = None
    for other in _partners(work, number):
        key = work.nodes[other].key
        union = node.key | key
        summed = [index for index in node.key & key if len(work.on[index]) == 2 and index not in work.output]
        num_products = work.size(union)
        result = num_products // work.size(summed)
        if num_products <= MAX_WORK and result <= max(size, work.size(key)) and len(union) <= MAX_UNION_RANK:
            candidate = (result, len(work.nodes[other].choices), other)
            best = min(best or candidate, candidate)
    if best is None:
        return False
    _merge(work, number, best[2])
    return True


def _partners(work: Workspace, number: int) -> Iterator[int]:
    """Yields all tensors with which the product may be no larger."""
    node = work.nodes[number]
    for index in node.key:
        tensors = work.on[index]
        if len(tensors) == 2 and index not in work.output:
            yield next(other for other in tensors if other != number)
    rarest = min(node.key, key=lambda index: len(work.on[index]))
    num_containing = 0
    for other in islice(work.on[rarest], _MAX_LOOKED_AT):
        if other != number and node.key <= work.nodes[other].key:
            yield other
            num_containing += 1
            if num_containing == _MAX_CHOICE:
                break
    if len(node.key) <= _MAX_RANK_OF_SUBSETS:
        for rank in range(1, len(node.key)):
            for subset in combinations(node.key, rank):
                inside = work.by_key.get(frozenset(subset))
                if inside is not None:
                    yield inside


# By value


def _use_values(work: Workspace, number: int) -> bool:
    """Uses the zeros of a tensor; returns whether the network has changed."""
    node = work.nodes[number]
    if node.array is None or node.array.size > MAX_ELEMENTS:
        return False
    nonzero = support(node.array)
    positions = nonzero.positions
    if positions == 0:
        work.vanished = True
        return True
    work.scale(node, nonzero.largest)
    full = positions.bit_count() == node.array.size
    if not full and (_fix_constant(work, node, positions) or _join_tied(work, number, positions)):
        return True
    return _split(work, number, nonzero.peak)


def _fix_constant(work: Workspace, node: Node, positions: int) -> bool:
    for axis, value in constant_axes(positions, node.array.shape):  # type: ignore[union-attr]
        index = node.labels[axis]
        if isinstance(index, int) and index not in work.output:
            work.fix(index, value)
            return True
    return False


def _join_tied(work: Workspace, number: int, positions: int) -> bool:
    node = work.nodes[number]
    for tie in tied_axes(positions, node.array.shape):  # type: ignore[union-attr]
        kept, lost = node.labels[tie.first], node.labels[tie.second]
        if _binding(work, kept) < _binding(work, lost):
            kept, lost = lost, kept
        if not isinstance(lost, int) or lost in work.output:
            continue
        if isinstance(kept, int) or kept.size == work.sizes[lost]:
            work.rename(lost, kept, tie.flipped)
            return True
    return bool(node.choices) and _join_by_choice(work, node, positions)


def _join_by_choice(work: Workspace, node: Node, positions: int) -> bool:
    """Joins two indices of which a choice says whether they agree or differ."""
    for triple, odd in tied_triples(positions, node.array.shape):  # type: ignore[union-attr]
        lost, *others = sorted((node.labels[axis] for axis in triple), key=lambda index: _binding(work, index))
        choice, kept = sorted(others, key=lambda index: isinstance(index, int))
        if isinstance(lost, int) and not isinstance(choice, int) and lost not in work.output:
            work.rename(lost, kept, odd, choice)
            return True
    return False


def _binding(work: Workspace, index: int | Choice) -> int:
    """Returns the rank of an index when two are tied: the larger one stays."""
    if not isinstance(index, int):
        return 1 << 61
    return 1 << 62 if index in work.output else len(work.on[index])


def _split(work: Workspace, number: int, peak: int) -> bool:
    node = work.nodes[number]
    if node.array is None or node.array.ndim < 2:
        return False
    product = split_product(node.array, peak)
    if product is None:
        return False
    inside, first, second = product
    work.remove(number)
    _insert(work, _part_of(node, first, inside))
    _insert(work, _part_of(node, second, [k for k in range(node.array.ndim) if k not in inside]))
    return True


def _part_of(node: Node, array: ComplexArray, places: Sequence[int]) -> Node:
    """A factor of a node that has some of the axes of its table."""
    labels = [node.labels[place] for place in places]
    axes = tuple(label for label in labels if isinstance(label, int))
    return Node(axes, array, choices=tuple(label for label in labels if not isinstance(label, int)))


def _insert(work: Workspace, node: Node) -> None:
    if node.key:
        work.insert(node)
    else:
        work.drop_scalar(node)

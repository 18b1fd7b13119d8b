"""Splitting a tensor along a hidden index, so that its rank falls.

A controlled gate is diagonal in the right basis of its target: CX is a CZ between two Hadamards. More generally, let
the matrices that a tensor has over two of its axes, one for each value of the others, be V a W with the same V and W
and diagonal a. Then the tensor is

      s ─┐                s ─ V ─┐
         T ─ others   =          k ─ a ─ others
      t ─┘                t ─ W ─┘

over a hyperindex k, and where s or t is on one other tensor only, that tensor takes up V or W and has k in place of it.
So no index is added, the rank falls by one, and a circuit of CX becomes as sparse as one of CZ. Of a tensor of rank 3
nothing may be left but the hyperindex. This is a canonical polyadic decomposition of rank 2; V comes from the
eigenvectors of a pencil of matrices: Leurgans, Ross & Abel, SIAM J. Matrix Anal. Appl. 14, 1064 (1993).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from taizhang._types import ComplexArray
from taizhang.network.reduce import reduce
from taizhang.network.workspace import Node, Workspace

# V and W are not used if they would amplify rounding errors by more than this factor.
MAX_CONDITION = 8.0
# Errors neglected, relative to the largest element.
TOLERANCE = 2.0**-46
# Tensors of higher rank, and larger tables over choices, are left alone.
MAX_RANK = 6
MAX_ELEMENTS = 1 << 10


class Pencils(NamedTuple):
    """For each member of a batch, matrices that are diagonal in common bases: matrix = first @ diag(values) @ second.

    Attributes:
        good: Whether such bases exist and are well conditioned; shape (batch,). If not, the rest is meaningless.
        first: Shape (batch, 2, 2), columns of norm 1.
        values: Shape (batch, others, 2).
        second: Shape (batch, 2, 2), rows of norm 1.
    """

    good: npt.NDArray[np.bool_]
    first: ComplexArray
    values: ComplexArray
    second: ComplexArray


def common_bases(matrices: ComplexArray) -> Pencils:
    """Finds bases in which matrices are diagonal.

    Args:
        matrices: Finite, shape (batch, others, 2, 2). Each member of the batch has separate bases.

    Example:
        >>> pencils = common_bases(np.array([[np.eye(2), [[0, 1], [1, 0]]]]))
        >>> np.abs(pencils.first).round(3).tolist(), pencils.good.tolist()
        ([[[0.707, 0.707], [0.707, 0.707]]], [True])
    """
    sample, other, _ = _combinations(matrices)
    good = np.abs(np.linalg.det(other)) > (np.abs(other) ** 2).sum(axis=(1, 2)) / MAX_CONDITION**2
    base = np.where(good[:, None, None], other, np.eye(2))
    first, back, fine = _invert(np.linalg.eig(sample @ np.linalg.inv(base))[1])
    good &= fine
    second = back @ base
    second, forth, fine = _invert(second / np.linalg.norm(second, axis=-1, keepdims=True))
    good &= fine
    values = np.diagonal(back[:, None] @ matrices @ forth[:, None], axis1=-2, axis2=-1)
    error = np.abs(first[:, None] @ (values[..., None] * second[:, None]) - matrices).max(axis=(1, 2, 3))
    good &= error <= np.abs(matrices).max(axis=(1, 2, 3)) * TOLERANCE
    return Pencils(good, first, values, second)


def _invert(matrices: ComplexArray) -> tuple[ComplexArray, ComplexArray, npt.NDArray[np.bool_]]:
    """Returns 2 x 2 matrices, their inverses, and which are well conditioned; the others become the identity."""
    # |det| of columns (or rows) of norm 1 is about 2 / condition.
    well = np.abs(np.linalg.det(matrices)) > 2 / MAX_CONDITION
    matrices = np.where(well[:, None, None], matrices, np.eye(2))
    return matrices, np.linalg.inv(matrices), well


def may_have_common_bases(matrices: ComplexArray) -> npt.NDArray[np.bool_]:
    """Tests quickly for which members of a batch `common_bases` may succeed.

    In common bases X N⁻¹ Y = Y N⁻¹ X for all combinations X, Y, N of the matrices.

    Args:
        matrices: Shape (batch, others, 2, 2).

    Returns:
        Shape (batch,); False where there are certainly none.
    """
    left, base, right = _combinations(matrices)
    adjugate = np.stack([base[:, ::-1, 1], base[:, ::-1, 0]], axis=-2) * np.array([[1, -1], [-1, 1]])
    middle = left @ adjugate @ right - right @ adjugate @ left
    scale = np.abs(left).max(axis=(1, 2)) * np.abs(base).max(axis=(1, 2)) * np.abs(right).max(axis=(1, 2))
    return np.asarray(np.abs(middle).max(axis=(1, 2)) <= scale * 1e-10)


def _combinations(matrices: ComplexArray) -> tuple[ComplexArray, ComplexArray, ComplexArray]:
    """Returns three generic combinations of the matrices; irrational weights avoid accidental cancellation."""
    count = np.arange(1, matrices.shape[1] + 1)
    weights = np.exp(1j * np.sqrt(np.array([[2.0], [3.0], [5.0]])) * count**2)
    mixed = (weights @ matrices.reshape(len(matrices), -1, 4)).reshape(-1, 3, 2, 2)
    return mixed[:, 0], mixed[:, 1], mixed[:, 2]


class Split(NamedTuple):
    """A way to split a tensor.

    Attributes:
        s: The index that V acts on.
        t: The index that W acts on.
        parts: Arrays of a, V and W, the choices of the tensor first; the hidden index is the last axis of a and V,
            and the axis before t in W.
    """

    s: int
    t: int
    parts: tuple[ComplexArray, ComplexArray, ComplexArray]


def split_hidden(work: Workspace) -> int:
    """Splits all tensors that can be split, and reduces the network again.

    Args:
        work: A reduced network, modified in place.

    Returns:
        The number of splits, each of which made one new index.
    """
    splits = 0
    ways: dict[int, list[Split]] = {}
    new = list(work.nodes)
    while not work.vanished:
        ways = {number: known for number, known in ways.items() if number in work.nodes}
        ways.update(_ways_to_split(work, new))
        before = work.next_number
        done = _split_once(work, ways)
        if not done:
            break
        splits += done
        reduce(work)
        new = [number for number in range(before, work.next_number) if number in work.nodes]
    return splits


def _ways_to_split(work: Workspace, numbers: Iterable[int]) -> dict[int, list[Split]]:
    """Finds for some tensors the ways in which their arrays can be split."""
    groups: dict[tuple[int, int], list[tuple[int, tuple[int, ...]]]] = defaultdict(list)
    for number in numbers:
        node = work.nodes[number]
        if node.array is None or not 3 <= len(node.key) <= MAX_RANK or node.array.size > MAX_ELEMENTS:
            continue
        if node.array.shape == (2,) * node.array.ndim and np.isfinite(node.array).all():
            groups[len(node.choices), len(node.key)].append((number, tuple(sorted(node.key))))
    ways: dict[int, list[Split]] = defaultdict(list)
    for (num_choices, rank), members in groups.items():
        arrays = np.stack([_order_axes(work.nodes[number], order) for number, order in members])
        first = 1 + num_choices
        for s, t in combinations(range(rank), 2):
            for which, parts in _parts(np.moveaxis(arrays, (first + s, first + t), (-2, -1)), num_choices):
                number, order = members[which]
                ways[number].append(Split(order[s], order[t], parts))
    return ways


def _order_axes(node: Node, order: Sequence[int]) -> ComplexArray:
    """Returns a node's table with the axes of its indices in the given order."""
    first = len(node.choices)
    places = [*range(first), *(first + node.axes.index(index) for index in order)]
    return np.transpose(node.array, places)  # type: ignore[arg-type]


def _parts(
    arrays: ComplexArray, num_choices: int
) -> Iterator[tuple[int, tuple[ComplexArray, ComplexArray, ComplexArray]]]:
    """Yields the numbers of the arrays of a batch that split at their last two axes, with the parts."""
    table = arrays.shape[1 : 1 + num_choices]
    others = arrays.shape[1 + num_choices : -2]
    matrices = arrays.reshape(len(arrays), 2**num_choices, -1, 2, 2)
    hopeful = may_have_common_bases(matrices.reshape(-1, *matrices.shape[2:])).reshape(len(arrays), -1).all(axis=1)
    which = np.flatnonzero(hopeful)
    if which.size == 0:
        return
    pencils = common_bases(matrices[which].reshape(-1, *matrices.shape[2:]))
    good = pencils.good.reshape(len(which), -1).all(axis=1)
    values = pencils.values.reshape(len(which), *table, *others, 2)
    first = pencils.first.reshape(len(which), *table, 2, 2)
    second = pencils.second.reshape(len(which), *table, 2, 2)
    for place in np.flatnonzero(good).tolist():
        yield int(which[place]), (values[place], first[place], second[place])


def _split_once(work: Workspace, ways: dict[int, list[Split]]) -> int:
    """Splits each tensor at most once, first those that lose two indices; returns the number of splits."""
    choices = []
    for number, splits in ways.items():
        goes = {index for index in work.nodes[number].key if len(work.on[index]) == 2 and index not in work.output}
        for place, split in enumerate(splits):
            going = (split.s in goes) + (split.t in goes)
            if going:
                choices.append((-going, number, place))
    done = 0
    gone: set[int] = set()
    for going, number, place in sorted(choices):
        if number not in work.nodes:
            continue
        node, split = work.nodes[number], ways[number][place]
        # An index is lost once only; without those already lost the split may no longer be worthwhile.
        lost = {index for index in (split.s, split.t) if index in work.on and len(work.on[index]) == 2} - gone
        if len(lost - work.output) < -going:
            continue
        gone |= lost
        _apply(work, number, node, split)
        done += 1
    return done


def _apply(work: Workspace, number: int, node: Node, split: Split) -> None:
    others = sorted(node.key - {split.s, split.t})
    values, first, second = split.parts
    hidden = work.new_index(2)
    work.remove(number)
    work.insert(Node((*others, hidden), values, choices=node.choices))
    work.insert(Node((split.s, hidden), first, choices=node.choices))
    work.insert(Node((hidden, split.t), second, choices=node.choices))

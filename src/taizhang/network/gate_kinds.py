"""Gates as light cones see them: what a gate does to Pauli letters, which qubits it passes through, its tensors.

All of it is read off matrices. For a gate whose angles are parameters, several matrices at unrelated angles are given,
and only what holds for all of them counts: so it holds for all angles, and not by chance for the present ones.
"""

from __future__ import annotations

from functools import cache
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from taizhang._types import ComplexArray
from taizhang.network.gate_form import MAX_DENSE_AXES, MAX_DENSE_CONTROLS

# Gates of more qubits have no table of images: it has 4**n entries.
_MAX_IMAGE_QUBITS = 3
# Larger entries are not taken for 0.
_ZERO = 1e-12

TensorAxes = tuple[tuple[int, str, int], ...]
"""For each axis its leg, its role (`t` through, `o` out, `i` in, `s` inside the gate), and its label: axes of one label
may be exchanged."""


class GateKind(NamedTuple):
    """The structure of a gate.

    Attributes:
        num_controls: Controls, the first legs.
        through: For each leg whether the gate leaves the qubit's basis states as they are.
        monomial: Whether the gate takes each basis state to one basis state, up to a phase.
        images: For each product of letters on the legs, the product it becomes; see `taizhang_core::cones::circuit`.
        tensors: The axes of each tensor that the gate leaves.
    """

    num_controls: int
    through: tuple[bool, ...]
    monomial: bool
    images: tuple[int, ...]
    tensors: tuple[TensorAxes, ...]

    @property
    def is_star(self) -> bool:
        """Whether the gate is a sum of two products: of the identity, and of what it adds where all controls are 1."""
        return len(self.tensors) > 1


def gate_kinds(matrices: ComplexArray, num_controls: int) -> tuple[list[GateKind], npt.NDArray[np.intp]]:
    """Finds the kinds of gates.

    Args:
        matrices: Of the bases, at one or several sets of angles for each gate; shape (gates, sets, rows, rows).
        num_controls: Controls that each base has.

    Returns:
        The different kinds, and the number of the kind of each gate.
    """
    # Stage 1: facts about the structure of each gate, as rows of a table.
    count, _, rows, _ = matrices.shape
    targets = rows.bit_length() - 1
    legs = num_controls + targets
    nonzero = np.any(np.abs(matrices) > _ZERO, axis=1)
    through = _through(nonzero, targets)
    monomial = (nonzero.sum(axis=1).max(axis=1) == 1)[:, None]
    images = _images(matrices, num_controls)
    symmetric = _symmetric(matrices, through, num_controls)
    facts = np.concatenate([through, monomial, symmetric, images], axis=1).astype(np.int32)

    # Stage 2: one kind for each different row.
    different, kind_of = np.unique(facts, axis=0, return_inverse=True)
    kind_of = kind_of.reshape(-1)
    kinds: list[GateKind] = []
    for row in different:
        is_through = (*(True,) * num_controls, *map(bool, row[:targets]))
        kinds.append(
            GateKind(
                num_controls=num_controls,
                through=is_through,
                monomial=bool(row[targets]) and not _needs_star(num_controls, targets),
                images=tuple(row[targets + 1 + legs :].tolist()),
                tensors=_tensor_axes(is_through, num_controls, row[targets + 1 : targets + 1 + legs].tolist()),
            )
        )
    return kinds, kind_of.astype(np.intp).reshape(count)


def gate_tensors(kind: GateKind, matrices: ComplexArray, *, derivative: bool = False) -> list[ComplexArray]:
    """Makes the tensors of many gates of one kind.

    Args:
        kind: The kind.
        matrices: Of the bases, shape (gates, rows, rows).
        derivative: Whether the matrices are derivatives: then the tensors are derivatives too.

    Returns:
        For each tensor of the kind an array, shape (gates, 2, …, 2).
    """
    count, rows, _ = matrices.shape
    targets = rows.bit_length() - 1
    identity: ComplexArray = (np.zeros((rows, rows)) if derivative else np.eye(rows)).astype(np.complex128)
    if kind.is_star:
        arm = np.zeros((2, 2)) if derivative else np.array([[1, 1], [0, 1]])
        body = np.stack([np.broadcast_to(identity, matrices.shape), matrices - identity], axis=1)
        bodies = _diagonals(body, 1, targets, kind.through[kind.num_controls :])
        # Of a derivative only the body depends on the angles; arms are 0 there and never multiplied with it.
        return [*[np.broadcast_to(arm, (count, 2, 2))] * kind.num_controls, bodies]
    full = np.empty((count, 2**kind.num_controls, rows, rows), dtype=np.complex128)
    full[:] = identity
    full[:, -1] = matrices
    return [_diagonals(full, kind.num_controls, targets, kind.through[kind.num_controls :])]


def _diagonals(arrays: ComplexArray, before: int, targets: int, through: tuple[bool, ...]) -> ComplexArray:
    """Reshapes matrices to axes of size 2 and takes the diagonal of targets that are passed through.

    The axes are: gates, `before` leading ones, outs of all targets (or what passes through), ins of the others.
    """
    count = len(arrays)
    tensor = arrays.reshape(count, *(2,) * (before + 2 * targets))
    outs = list(range(1 + before, 1 + before + targets))
    labels = [*range(1 + before), *outs]
    labels += [out if passes else out + targets for out, passes in zip(outs, through, strict=True)]
    kept = list(dict.fromkeys(labels))
    operands: list[Any] = [tensor, labels, kept]
    return np.asarray(np.einsum(*operands))


def _needs_star(num_controls: int, targets: int) -> bool:
    return num_controls > MAX_DENSE_CONTROLS or (num_controls > 0 and num_controls + 2 * targets > MAX_DENSE_AXES)


def _through(nonzero: npt.NDArray[np.bool_], targets: int) -> npt.NDArray[np.bool_]:
    """For each gate and target whether all entries that change its bit are 0."""
    rows = nonzero.shape[1]
    bits = np.arange(rows)[:, None] >> np.arange(targets - 1, -1, -1) & 1
    changes = bits[:, None, :] != bits[None, :, :]
    touched = np.einsum("gab,abt->gt", nonzero.astype(np.int64), changes.astype(np.int64))
    return np.asarray(touched == 0)


def _images(matrices: ComplexArray, num_controls: int) -> npt.NDArray[np.int32]:
    """For each gate the image of each product of letters; shape (gates, 4**qubits), or (gates, 0) for wide gates."""
    count, sets, rows, _ = matrices.shape
    qubits = num_controls + rows.bit_length() - 1
    if qubits > _MAX_IMAGE_QUBITS:
        return np.zeros((count, 0), dtype=np.int32)
    # Stage 1: the matrices with their controls.
    size = 2**qubits
    full = np.zeros((count * sets, size, size), dtype=np.complex128)
    full[:] = np.eye(size)
    full[:, size - rows :, size - rows :] = matrices.reshape(-1, rows, rows)
    # Stage 2: coefficients of G† P G in products Q, for all P and Q.
    products = _pauli_products(qubits)
    moved = np.einsum("gba,pbc,gcd->gpad", full.conj(), products, full, optimize=True)
    weights = np.einsum("gpad,qda->gpq", moved, products, optimize=True).real / size
    # Stage 3: those with a single coefficient, the same for all sets of angles.
    weights = weights.reshape(count, sets, len(products), len(products))
    place = np.abs(weights[:, 0]).argmax(axis=2)
    found = np.take_along_axis(weights, place[:, None, :, None], axis=3)[..., 0]
    others = np.abs(weights)
    np.put_along_axis(others, np.broadcast_to(place[:, None, :, None], (count, sets, len(products), 1)), 0, axis=3)
    single = np.all(others.max(axis=3) < _ZERO, axis=1) & np.all(found * found[:, :1] > 0, axis=1)
    images = 2 * place + (found[:, 0] < 0)
    return np.where(single, images, -1).astype(np.int32)


@cache
def _pauli_products(qubits: int) -> ComplexArray:
    """Matrices of all products; the letter of the first qubit is the lowest digit of the number, in base 4."""
    letters = np.array([[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
    products = np.ones((1, 1, 1), dtype=np.complex128)
    for _ in range(qubits):
        # The next qubit is a faster axis of the matrix and a higher digit of the number.
        products = np.einsum("pab,qcd->qpacbd", products, letters).reshape(4 * len(products), 2 * products.shape[1], -1)
    return products


def _symmetric(matrices: ComplexArray, through: npt.NDArray[np.bool_], num_controls: int) -> npt.NDArray[np.int32]:
    """For each gate and leg the first leg that it may be exchanged with, itself included; shape (gates, legs).

    Controls are alike, and where a gate passes through all legs, those that its diagonal is symmetric in.
    """
    count, sets, rows, _ = matrices.shape
    legs = num_controls + rows.bit_length() - 1
    first = np.tile(np.arange(legs, dtype=np.int32), (count, 1))
    first[:, :num_controls] = 0
    if legs > _MAX_IMAGE_QUBITS:
        return first
    diagonals = np.ones((count, sets, 2**legs), dtype=np.complex128)
    diagonals[..., -rows:] = np.diagonal(matrices, axis1=2, axis2=3)
    diagonals = diagonals.reshape(count, sets, *(2,) * legs)
    all_through = through.all(axis=1)
    for one, other in combinations(range(legs), 2):
        same = (diagonals == np.swapaxes(diagonals, 2 + one, 2 + other)).reshape(count, -1).all(axis=1)
        alike = same & all_through & (first[:, other] == other)
        first[alike, other] = first[alike, one]
    return first


def _tensor_axes(through: tuple[bool, ...], num_controls: int, symmetric: list[int]) -> tuple[TensorAxes, ...]:
    legs, targets = len(through), range(num_controls, len(through))
    body = [(leg, "t" if through[leg] else "o", symmetric[leg]) for leg in targets]
    body += [(leg, "i", legs + leg) for leg in targets if not through[leg]]
    if _needs_star(num_controls, len(targets)):
        inside = (0, "s", 2 * legs)
        return (*(((inside), (leg, "t", leg)) for leg in range(num_controls)), (inside, *body))
    return ((*((leg, "t", symmetric[leg]) for leg in range(num_controls)), *body),)

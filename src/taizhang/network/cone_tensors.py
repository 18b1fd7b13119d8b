"""The elements of the tensors of light cones, as functions of a circuit's parameters, and their derivatives.

All different tensors of all cones are kept in one flat array, the *table*. A tensor is named by its *source*: the
recipe of its gate (the gate, with angles that are affine in the parameters), which of the gate's tensors it is, and its
side: the ket, the bra (the conjugate), or both (the product of the two). Tables for new values of the parameters take a
few array operations, however many gates there are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from taizhang._types import ComplexArray
from taizhang.circuit.gate_polynomials import gate_polynomial
from taizhang.circuit.gate_table import RECORDS
from taizhang.network.gate_kinds import GateKind, gate_kinds, gate_tensors

Side = str
"""`k` for the ket, `a` for the bra, `b` for both."""

LETTER, START = 2**32 - 1, 2**32 - 2
"""Recipes of the tensors of Pauli letters, and of |0>."""

_LETTERS: dict[int, ComplexArray] = {
    1: np.array([[0, 1], [1, 0]], dtype=np.complex128),
    2: np.array([[0, -1j], [1j, 0]], dtype=np.complex128),
    3: np.array([1, -1], dtype=np.complex128),
}
_START: ComplexArray = np.array([1, 0], dtype=np.complex128)
# Unrelated angles: what holds at these, of polynomials with few terms, holds at all.
_GENERIC = np.array([[0.7390851, 1.9021605], [2.5066283, 0.5671433], [1.2020569, 2.2955872]])


class Angle(NamedTuple):
    """An angle that is affine in the parameters.

    Attributes:
        constant: In radians.
        terms: Pairs of the number of a parameter and its coefficient.
    """

    constant: float
    terms: tuple[tuple[int, float], ...] = ()


class GateRecipe(NamedTuple):
    """A gate whose angles may depend on parameters.

    Attributes:
        name: Name of its record in the table of gates.
        num_controls: Its controls.
        angles: Its angles.
        entries: For a gate given by its matrix, the bytes of that, complex128; otherwise None.
    """

    name: str
    num_controls: int
    angles: tuple[Angle, ...] = ()
    entries: bytes | None = None


class Source(NamedTuple):
    """Where the elements of a tensor come from.

    Attributes:
        recipe: Number of a recipe, or `LETTER`, or `START`.
        tensor: Which of the gate's tensors; for a letter which one, 1 to 3 for X, Y, Z.
        side: The side.
    """

    recipe: int
    tensor: int
    side: Side


@dataclass(frozen=True, slots=True, eq=False)
class _Group:
    """Recipes of one gate with a number of controls.

    Attributes:
        recipes: Their numbers.
        constants: The constant parts of their angles, shape (recipes, angles).
        rows: Of each term of an angle: the place of the recipe among `recipes`.
        angles: The same: which angle.
        parameters: The same: which parameter.
        coefficients: The same: its coefficient.
        matrices: For gates without angles, their matrices.
    """

    name: str
    num_controls: int
    recipes: npt.NDArray[np.intp]
    constants: npt.NDArray[np.float64]
    rows: npt.NDArray[np.intp]
    angles: npt.NDArray[np.intp]
    parameters: npt.NDArray[np.intp]
    coefficients: npt.NDArray[np.float64]
    matrices: ComplexArray | None = None

    def values(self, point: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The angles of all recipes, shape (recipes, angles)."""
        values = self.constants.copy()
        if len(self.rows):
            np.add.at(values, (self.rows, self.angles), self.coefficients * point[self.parameters])
        return values

    def all_matrices(self, point: npt.NDArray[np.float64]) -> ComplexArray:
        """The matrices of all recipes, shape (recipes, rows, rows)."""
        if self.matrices is not None:
            return self.matrices
        return gate_polynomial(self.name).matrices(self.values(point))


class RecipeBook:
    """The recipes of a circuit's gates, and their kinds.

    Args:
        recipes: The different recipes.

    Attributes:
        kinds: The different kinds.
        kind_of: For each recipe the number of its kind.
    """

    def __init__(self, recipes: Sequence[GateRecipe]) -> None:
        # Stage 1: group by gate; a gate given by its matrix is a group of its own.
        members: dict[tuple[object, ...], list[int]] = defaultdict(list)
        for number, recipe in enumerate(recipes):
            members[recipe.name, recipe.num_controls, recipe.entries].append(number)
        self.groups = [_make_group(recipes, numbers) for numbers in members.values()]

        # Stage 2: the kinds of each group.
        self.kind_of = np.zeros(len(recipes), dtype=np.uint32)
        known: dict[GateKind, int] = {}
        for group in self.groups:
            samples, sample_of = _sampled(group)
            kinds, kind_of = gate_kinds(samples, group.num_controls)
            numbers = [known.setdefault(kind, len(known)) for kind in kinds]
            self.kind_of[group.recipes] = np.array(numbers, dtype=np.uint32)[kind_of][sample_of]
        self.kinds = list(known)


def _make_group(recipes: Sequence[GateRecipe], numbers: Sequence[int]) -> _Group:
    first = recipes[numbers[0]]
    terms = [
        (row, place, parameter, coefficient)
        for row, number in enumerate(numbers)
        for place, angle in enumerate(recipes[number].angles)
        for parameter, coefficient in angle.terms
    ]
    constants = np.array([[angle.constant for angle in recipes[number].angles] for number in numbers], dtype=np.float64)
    matrices: ComplexArray | None = None
    if first.entries is not None:
        size = int(np.sqrt(len(first.entries) // 16))
        matrices = np.frombuffer(first.entries, dtype=np.complex128).reshape(1, size, size)
    elif not first.angles:
        matrices = RECORDS[first.name].matrix()[np.newaxis]
    columns = np.array(terms, dtype=np.float64).reshape(-1, 4).T
    return _Group(
        name=first.name,
        num_controls=first.num_controls,
        recipes=np.array(numbers, dtype=np.intp),
        constants=constants.reshape(len(numbers), -1),
        rows=columns[0].astype(np.intp),
        angles=columns[1].astype(np.intp),
        parameters=columns[2].astype(np.intp),
        coefficients=columns[3].copy(),
        matrices=matrices,
    )


def _sampled(group: _Group) -> tuple[ComplexArray, npt.NDArray[np.intp]]:
    """Matrices of the gates of a group at some sets of angles; free angles differ in each set.

    Returns:
        The matrices, shape (samples, sets, rows, rows), and for each recipe its sample: recipes that differ in what
        their free angles are have the same.
    """
    if group.matrices is not None:
        return group.matrices[:, np.newaxis], np.zeros(len(group.recipes), dtype=np.intp)
    polynomial = gate_polynomial(group.name)
    if not len(group.rows):
        return polynomial.matrices(group.constants)[:, np.newaxis], np.arange(len(group.recipes))
    count = group.constants.shape[1]
    fixed = group.constants.copy()
    # Angles are finite, so infinity marks those that are free.
    fixed[group.rows, group.angles] = np.inf
    different, sample_of = np.unique(fixed, axis=0, return_inverse=True)
    generic = np.concatenate([_GENERIC, _GENERIC + 0.1234567], axis=1)[:, :count]
    sets = [polynomial.matrices(np.where(np.isinf(different), row, different)) for row in generic]
    return np.stack(sets, axis=1), sample_of.reshape(-1)


@dataclass(slots=True, eq=False)
class _Block:
    """Sources of one tensor of gates of one kind in one group, on one side."""

    group: int
    kind: int
    tensor: int
    side: Side
    places: npt.NDArray[np.intp]
    """For each source the place of its recipe in the group."""
    offsets: npt.NDArray[np.intp]
    """For each source its first element in the table."""
    size: int
    depends: bool
    """Whether they depend on parameters."""
    elements: npt.NDArray[np.intp] = field(init=False)

    def __post_init__(self) -> None:
        self.elements = self.offsets[:, np.newaxis] + np.arange(self.size)


class ConeTensors:
    """The table of all tensors of some cones.

    Args:
        book: The recipes.
        sources: The different sources, in the order in which the cones number them.
        num_parameters: Number of parameters.

    Attributes:
        starts: For each source its first element in the table; then the table's length.
        depends: For each source whether its elements may depend on a parameter.
    """

    def __init__(self, book: RecipeBook, sources: Sequence[Source], num_parameters: int) -> None:
        self._book = book
        self.num_parameters = num_parameters
        place_of: dict[int, tuple[int, int]] = {}
        for number, group in enumerate(book.groups):
            place_of.update({recipe: (number, place) for place, recipe in enumerate(group.recipes.tolist())})

        # Stage 1: the size and the block of each source.
        sizes = np.zeros(len(sources), dtype=np.intp)
        members: dict[tuple[int, int, int, Side], list[tuple[int, int]]] = defaultdict(list)
        fixed: list[tuple[int, ComplexArray]] = []
        for number, source in enumerate(sources):
            if source.recipe >= START:
                array = _START if source.recipe == START else _LETTERS[source.tensor].reshape(-1)
                sizes[number] = array.size
                fixed.append((number, array))
                continue
            kind = int(book.kind_of[source.recipe])
            group_number, place = place_of[source.recipe]
            sizes[number] = 2 ** len(book.kinds[kind].tensors[source.tensor])
            members[group_number, kind, source.tensor, source.side].append((number, place))

        # Stage 2: their places in the table.
        self.starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.intp)
        self.depends = np.zeros(len(sources), dtype=np.bool_)
        self._fixed = [(self.starts[number], array) for number, array in fixed]
        self._blocks = []
        for (group_number, kind, tensor, side), pairs in members.items():
            numbers, places = (np.array(column, dtype=np.intp) for column in zip(*pairs, strict=True))
            size = int(sizes[numbers[0]])
            group, of_both = book.groups[group_number], side == "b"
            depends = len(group.rows) > 0 and not of_both and tensor == len(book.kinds[kind].tensors) - 1
            self.depends[numbers] = depends
            self._blocks.append(_Block(group_number, kind, tensor, side, places, self.starts[numbers], size, depends))

    def table(self, point: npt.NDArray[np.float64]) -> ComplexArray:
        """Computes all elements.

        Args:
            point: A value of each parameter, shape (parameters,).

        Returns:
            complex128, shape (starts[-1],).
        """
        table: ComplexArray = np.empty(int(self.starts[-1]), dtype=np.complex128)
        for start, array in self._fixed:
            table[start : start + array.size] = array
        matrices: dict[int, ComplexArray] = {}
        for block in self._blocks:
            if block.group not in matrices:
                matrices[block.group] = self._book.groups[block.group].all_matrices(point)
            kind = self._book.kinds[block.kind]
            tensor = gate_tensors(kind, matrices[block.group][block.places])[block.tensor]
            tensor = tensor.reshape(len(block.places), -1)
            if block.side == "a":
                tensor = tensor.conj()
            elif block.side == "b":
                tensor = (tensor * tensor.conj()).astype(np.complex128)
            table[block.elements] = tensor
        return table

    def gradient(self, point: npt.NDArray[np.float64], adjoints: ComplexArray) -> ComplexArray:
        """Turns derivatives by the elements into derivatives by the parameters.

        Args:
            point: A value of each parameter, shape (parameters,).
            adjoints: Derivatives of the value by each element of the table, shape (starts[-1],).

        Returns:
            complex128, shape (parameters,).
        """
        gradient: ComplexArray = np.zeros(self.num_parameters, dtype=np.complex128)
        by_angle: dict[int, ComplexArray] = {}
        for block in self._blocks:
            group = self._book.groups[block.group]
            kind = self._book.kinds[block.kind]
            # What gates leave on both sides at once, and controls of a star, do not depend on angles.
            if not block.depends:
                continue
            sums = by_angle.setdefault(block.group, np.zeros(group.constants.shape, dtype=np.complex128))
            values = group.values(point)[block.places]
            for angle in np.unique(group.angles).tolist():
                slopes = gate_polynomial(group.name).derivatives(values, angle)
                tensor = gate_tensors(kind, slopes, derivative=True)[block.tensor].reshape(len(block.places), -1)
                if block.side == "a":
                    tensor = tensor.conj()
                np.add.at(sums, (block.places, angle), np.einsum("ge,ge->g", adjoints[block.elements], tensor))
        for number, sums in by_angle.items():
            group = self._book.groups[number]
            np.add.at(gradient, group.parameters, group.coefficients * sums[group.rows, group.angles])
        return gradient

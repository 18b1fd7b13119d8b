"""The networks of expectation values: one for each different light cone of the Pauli products of observables.

The networks are built and compared by the compiled core; see `taizhang_core::cones`. Here a circuit is prepared for
that: gates with the same tensors become one recipe, gates of the same structure one kind.

Light cones of ket and bra together, with variables shared by both, are the undirected graphs of Boixo et al.,
arXiv:1712.05384, on both sides; contracting each of the different cones of a sum once is due to QTensor (Lykov et al.,
arXiv:2012.02430), for QAOA.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from taizhang import _native
from taizhang.circuit.circuit import Circuit
from taizhang.circuit.diagonal_gate import DiagonalPhase
from taizhang.circuit.parameter import ParameterExpression
from taizhang.network.cone_tensors import Angle, ConeTensors, GateRecipe, RecipeBook, Source
from taizhang.network.couplings import merge_couplings
from taizhang.network.network import NetworkShape

Letters = tuple[tuple[int, str], ...]
"""A Pauli product: pairs of a qubit and a letter, X, Y or Z, each qubit once."""

Gates: TypeAlias = list[tuple[GateRecipe, tuple[int, ...]]]
"""The gates of a circuit in order of time, each with its qubits."""

_LETTER_NUMBER = {"X": 1, "Y": 2, "Z": 3}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cone:
    """Products with equal networks.

    Attributes:
        shape: Number of the network's shape.
        num_qubits: Qubits in the cone.
        num_products: Products whose value, up to the sign, is that of this network.
        sources: For each tensor of the shape the number of its source.
    """

    shape: int
    num_qubits: int
    num_products: int
    sources: npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class ConeNetworks:
    """The networks of a list of products.

    Attributes:
        cone_of: For each product the number of its cone; -1 where its value is 1 or -1, -2 where it is 0.
        signs: For each product the sign of its value against that of its cone, or against 1.
        cones: The different networks.
        shapes: Their shapes; all indices have size 2.
        tensors: Their elements.
        found: The core's object, for `circuit_of_cone`.
    """

    cone_of: npt.NDArray[np.int64]
    signs: npt.NDArray[np.int8]
    cones: tuple[Cone, ...]
    shapes: tuple[NetworkShape, ...]
    tensors: ConeTensors
    found: _native.Cones

    @functools.cached_property
    def cones_of_shape(self) -> tuple[tuple[int, ...], ...]:
        """For each shape the numbers of its cones, ascending."""
        numbers: list[list[int]] = [[] for _ in self.shapes]
        for number, cone in enumerate(self.cones):
            numbers[cone.shape].append(number)
        return tuple(map(tuple, numbers))

    def circuit_of_cone(self, number: int) -> tuple[list[tuple[int, int]], list[int]]:
        """For one product of a cone: pairs of qubit and letter (0 to 3 for I, X, Y, Z), and its gates, latest first."""
        return self.found.circuit_of_class(number)


def cone_networks(
    num_qubits: int,
    gates: Gates,
    products: Sequence[Letters],
    *,
    num_parameters: int = 0,
    moving: bool = True,
    sharing: bool = True,
    threads: int = 1,
) -> ConeNetworks:
    """Builds the networks of Pauli products.

    Args:
        num_qubits: Qubits of the circuit, initially |0>.
        gates: Its gates in order of time, each with its qubits.
        products: The products.
        num_parameters: Number of parameters that angles depend on.
        moving: Whether gates are moved through products where these stay products, and couplings written as several
            gates are merged.
        sharing: Whether equal networks are found.
        threads: Number of threads.

    Example:
        >>> h, cx = GateRecipe("h", 0), GateRecipe("x", 1)
        >>> networks = cone_networks(2, [(h, (0,)), (cx, (0, 1))], [((0, "Z"), (1, "Z")), ((0, "Z"),)])
        >>> networks.cone_of.tolist(), networks.signs.tolist()
        ([-1, -2], [1, 1])
    """
    # Stage 1: the different recipes, and the circuit as flat arrays.
    gates = merge_couplings(gates) if moving else gates
    number_of: dict[GateRecipe, int] = {}
    recipe_of = np.array([number_of.setdefault(recipe, len(number_of)) for recipe, _ in gates], dtype=np.uint32)
    book = RecipeBook(list(number_of))
    qubits, starts = _flat([qubits for _, qubits in gates])
    letters, product_starts = _flat(
        [tuple([4 * qubit + _LETTER_NUMBER[letter] for qubit, letter in product]) for product in products]
    )

    # Stage 2: the networks.
    found = _native.find_cones(
        num_qubits,
        book.kinds,
        book.kind_of[recipe_of],
        recipe_of,
        qubits,
        starts,
        letters,
        product_starts,
        moving=moving,
        sharing=sharing,
        threads=threads,
    )
    sources = [Source(*source) for source in found.sources()]
    shapes = []
    for number in range(found.num_shapes()):
        inputs, count = found.shape(number)
        shapes.append(NetworkShape(inputs=tuple(map(tuple, inputs)), output=(), sizes=(2,) * count))
    return ConeNetworks(
        cone_of=found.class_of_product(),
        signs=found.sign_of_product(),
        cones=tuple(
            Cone(shape=shape, num_qubits=count, num_products=products, sources=found.sources_of_class(number))
            for number, (shape, count, products) in enumerate(found.classes())
        ),
        shapes=tuple(shapes),
        tensors=ConeTensors(book, sources, num_parameters),
        found=found,
    )


def fixed_gates(circuit: Circuit) -> Gates:
    """The gates of a circuit without parameters.

    Raises:
        CircuitError: An operation is not a gate, or parameters have no values.
    """
    known: dict[object, GateRecipe] = {}
    gates = []
    for operation in circuit.operations:
        gate = operation.gate
        recipe = known.get(gate)
        if recipe is None:
            angles = tuple(Angle(angle) for angle in gate.parameters)
            recipe = known[gate] = GateRecipe(gate.name, gate.num_controls, angles, gate.entries)
        gates.append((recipe, operation.qubits))
    return gates


def parametric_gates(circuit: Circuit) -> tuple[Gates, tuple[str, ...], npt.NDArray[np.float64]]:
    """The gates of a circuit as functions of its parameters.

    Where the circuit has no named parameters, every angle of its gates is one: `theta0`, `theta1`, … in order.

    Returns:
        The gates; the names of the parameters; and the values of the angles where these have any, float64, shape
        (parameters,), empty for named parameters.

    Raises:
        CircuitError: An operation is not a gate.
    """
    names = circuit.parameters
    if names:
        number_of = {name: number for number, name in enumerate(names)}
        known: dict[object, GateRecipe] = {}
        gates = []
        for operation in circuit.operations:
            gate = operation.any_gate
            recipe = known.get(gate)
            if recipe is None:
                angles = tuple(_angle(angle, number_of) for angle in gate.parameters)
                diagonal = gate.entries_of_values if isinstance(gate, DiagonalPhase) else None
                recipe = known[gate] = GateRecipe(gate.name, gate.num_controls, angles, gate.entries, diagonal)
            gates.append((recipe, operation.qubits))
        return gates, names, np.zeros(0)
    values: list[float] = []
    gates = []
    for recipe, qubits in fixed_gates(circuit):
        # The angle of `u0` is a duration.
        if recipe.angles and recipe.name != "u0":
            first = len(values)
            values += [angle.constant for angle in recipe.angles]
            free = tuple(Angle(0.0, ((first + place, 1.0),)) for place in range(len(recipe.angles)))
            gates.append((recipe._replace(angles=free), qubits))
        else:
            gates.append((recipe, qubits))
    return gates, tuple(f"theta{number}" for number in range(len(values))), np.array(values, dtype=np.float64)


def _angle(angle: float | ParameterExpression, number_of: Mapping[str, int]) -> Angle:
    if isinstance(angle, ParameterExpression):
        return Angle(angle.constant, tuple((number_of[name], factor) for name, factor in angle.terms))
    return Angle(angle)


def _flat(lists: Sequence[tuple[int, ...]]) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint64]]:
    """Concatenates lists; returns the elements, and where each list starts."""
    elements = np.array([element for part in lists for element in part], dtype=np.uint32)
    starts = np.cumsum([0, *map(len, lists)], dtype=np.uint64)
    return elements, starts

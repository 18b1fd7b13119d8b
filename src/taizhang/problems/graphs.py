"""Weighted graphs in the forms in which people have them: edges, mappings, matrices, graphs of networkx."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any, TypeAlias

import numpy as np

from taizhang._checks import describe, read_integer
from taizhang.circuit.circuit import MAX_QUBITS
from taizhang.errors import ProblemError
from taizhang.problems.clause import read_variable

Edge: TypeAlias = tuple[int, int, float]
"""Two vertices, the smaller first, and the weight."""


@dataclass(frozen=True, slots=True)
class Graph:
    """A weighted graph on vertices 0 to `num_vertices - 1`.

    Attributes:
        num_vertices: Number of vertices.
        edges: The edges, sorted; no self-loop, no edge twice.
    """

    num_vertices: int
    edges: tuple[Edge, ...]


def read_graph(given: Any, *, num_vertices: int | None = None) -> Graph:
    """Reads a graph in any accepted form.

    Args:
        given: Edges `(u, v)` or `(u, v, weight)`; a mapping from `(u, v)` to the weight; a NumPy array, the symmetric
            matrix of weights, where 0 is no edge; or an undirected graph of networkx whose nodes are 0 to n - 1, with
            the edges' `weight` if they have one. Weights are 1 by default.
        num_vertices: Number of vertices; by default the rows of the matrix, the nodes of the networkx graph, or 1 + the
            largest vertex.

    Raises:
        ProblemError: A vertex is not a whole number from 0, an edge joins a vertex to itself or occurs twice, a weight
            is not a finite number, or the matrix is not symmetric.

    Example:
        >>> read_graph([(2, 0), (0, 1, 0.5)])
        Graph(num_vertices=3, edges=((0, 1, 0.5), (0, 2, 1.0)))
    """
    edges, counted = _edges_of(given)
    collector = EdgeCollector()
    for edge in edges:
        collector.add(edge)
    least = max(counted, collector.num_vertices)
    number = least if num_vertices is None else read_integer(num_vertices, name="num_vertices", error=ProblemError)
    if not least <= number <= MAX_QUBITS:
        reason = f"the graph has vertex {least - 1}" if number < least else f"at most {MAX_QUBITS} are allowed"
        raise ProblemError(f"num_vertices is {number}, but {reason}; give another number, or leave it out")
    return Graph(number, collector.edges())


class EdgeCollector:
    """Collects edges, and checks that no edge occurs twice or joins a vertex to itself."""

    def __init__(self) -> None:
        self._weights: dict[tuple[int, int], float] = {}
        self.num_vertices = 0

    def add(self, edge: Any) -> None:
        """Adds an edge `(u, v)` or `(u, v, weight)`.

        Raises:
            ProblemError: It is not allowed.
        """
        if isinstance(edge, str) or not hasattr(edge, "__len__") or len(edge) not in (2, 3):
            raise ProblemError(f"an edge must be (u, v) or (u, v, weight), got {edge!r:.40}")
        first, second = read_variable(edge[0], called="a vertex"), read_variable(edge[1], called="a vertex")
        if first == second:
            raise ProblemError(f"the edge ({first}, {second}) must join two different vertices; remove the self-loop")
        pair = (min(first, second), max(first, second))
        if pair in self._weights:
            raise ProblemError(f"the edge {pair} is given twice; give each edge once, in one direction")
        self._weights[pair] = read_weight(edge[2] if len(edge) == 3 else 1.0, f"the weight of edge {pair}")
        self.num_vertices = max(self.num_vertices, pair[1] + 1)

    def edges(self) -> tuple[Edge, ...]:
        """The edges, sorted."""
        return tuple((first, second, weight) for (first, second), weight in sorted(self._weights.items()))


def read_weight(given: Any, name: str) -> float:
    """Returns a weight.

    Raises:
        ProblemError: It is not a finite real number.
    """
    if isinstance(given, (Real, np.generic)) and not isinstance(given, np.complexfloating):
        try:
            weight = float(given)
        except (OverflowError, TypeError, ValueError):
            weight = math.inf
        if math.isfinite(weight):
            return weight
        raise ProblemError(f"{name} must be finite, got {given!s:.40}")
    raise ProblemError(f"{name} must be a number, got {describe(given)}")


def _edges_of(given: Any) -> tuple[Iterable[Any], int]:
    """Returns the edges of a graph, and the number of vertices that it is known to have."""
    if isinstance(given, Mapping):
        return _edges_of_mapping(given), 0
    if isinstance(given, np.ndarray):
        return _edges_of_matrix(given), len(given) if given.ndim else 0
    if hasattr(given, "is_directed") and hasattr(given, "edges") and hasattr(given, "nodes"):
        return _edges_of_networkx(given)
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise ProblemError(
            f"a graph must be edges such as [(0, 1), (1, 2, 0.5)], a mapping, a matrix or a networkx graph, got "
            f"{describe(given)}; a file is read by read_problem"
        )
    return given, 0


def _edges_of_mapping(given: Mapping[Any, Any]) -> Iterator[Any]:
    for pair, weight in given.items():
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise ProblemError(f"an edge must be a pair such as (0, 1), got {pair!r:.40}")
        yield (*pair, weight)


def _edges_of_matrix(matrix: np.ndarray[Any, Any]) -> Iterator[Any]:
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or matrix.dtype.kind not in "biuf":
        raise ProblemError(
            f"a graph as an array must be a square matrix of weights, got {describe(matrix)}; give edges as a list"
        )
    if not np.all(np.isfinite(matrix)):
        row, column = (int(place) for place in np.argwhere(~np.isfinite(matrix))[0])
        raise ProblemError(f"the weight of edge ({row}, {column}) must be finite, got {matrix[row, column]}")
    if not np.array_equal(matrix, matrix.T):
        row, column = (int(place) for place in np.argwhere(matrix != matrix.T)[0])
        raise ProblemError(
            f"the matrix of a graph must be symmetric, got {matrix[row, column]} at ({row}, {column}) and "
            f"{matrix[column, row]} at ({column}, {row})"
        )
    for row, column in np.argwhere(np.triu(matrix)).tolist():
        yield row, column, float(matrix[row, column])


def _edges_of_networkx(given: Any) -> tuple[Iterable[Any], int]:
    if given.is_directed():
        raise ProblemError("the networkx graph must be undirected; convert it by its to_undirected()")
    nodes = set(given.nodes)
    if nodes != set(range(len(nodes))):
        raise ProblemError(
            f"the nodes of the networkx graph must be 0 to {len(nodes) - 1}, each a whole number; number them by "
            "networkx.convert_node_labels_to_integers"
        )
    return ((u, v, data.get("weight", 1.0)) for u, v, data in given.edges(data=True)), len(nodes)

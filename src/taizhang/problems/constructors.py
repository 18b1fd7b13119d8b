"""The usual problems as weighted constraint satisfaction: MaxCut, MAX-SAT, QUBO, Ising, independent set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np

from taizhang._checks import describe, read_integer
from taizhang.errors import ProblemError, SizeLimitError
from taizhang.problems.clause import MAX_CLAUSE_VARIABLES, Clause, read_variable
from taizhang.problems.graphs import read_graph, read_weight
from taizhang.problems.wcsp import Wcsp


def maxcut(graph: Any, *, num_vertices: int | None = None) -> Wcsp:
    """Returns MaxCut: the total weight of the edges whose ends have different bits, to be maximised.

    Args:
        graph: Edges `(u, v)` or `(u, v, weight)`, vertices numbered from 0; a mapping from `(u, v)` to the weight; a
            NumPy array, the symmetric matrix of weights; or an undirected networkx graph.
        num_vertices: Number of vertices; by default 1 + the largest.

    Raises:
        ProblemError: The graph has a self-loop, an edge twice, or a weight that is not finite.

    Example:
        >>> maxcut([(0, 1), (1, 2), (0, 2)]).best_by_enumeration()
        ('001', 2.0)
    """
    read = read_graph(graph, num_vertices=num_vertices)
    clauses = (Clause.of((u, v), 0, weight, weight, 0) for u, v, weight in read.edges)
    return Wcsp(clauses, num_variables=read.num_vertices)


def max_sat(
    clauses: Iterable[Sequence[int]], *, weights: Sequence[float] | None = None, num_variables: int | None = None
) -> Wcsp:
    """Returns MAX-SAT: the total weight of the satisfied clauses, to be maximised.

    Args:
        clauses: Each a sequence of literals as in DIMACS files: k means that bit k - 1 is 1, -k that it is 0.
        weights: One number for each clause; 1 by default.
        num_variables: Number of variables; by default the largest literal.

    Raises:
        ProblemError: A clause is empty or has a literal 0, or a weight is not finite.
        SizeLimitError: A clause has more than 20 variables.

    Example:
        >>> max_sat([(1, -2), (2, 3), (-3, -1)]).best_by_enumeration()
        ('001', 3.0)
    """
    given = [_read_literals(number, literals) for number, literals in enumerate(clauses)]
    factors = [1.0] * len(given) if weights is None else list(weights)
    if len(factors) != len(given):
        raise ProblemError(f"weights must be one number for each of the {len(given)} clauses, got {len(factors)}")
    largest = max((abs(literal) for literals in given for literal in literals), default=0)
    return Wcsp(
        (
            _sat_clause(literals, read_weight(factor, f"the weight of clause {number}"))
            for number, (literals, factor) in enumerate(zip(given, factors, strict=True))
        ),
        num_variables=largest if num_variables is None else num_variables,
    )


def _read_literals(number: int, literals: Any) -> frozenset[int]:
    if isinstance(literals, str) or not isinstance(literals, Iterable):
        raise ProblemError(f"clause {number} must be a sequence of literals such as (1, -2), got {describe(literals)}")
    read = frozenset(
        read_integer(literal, name=f"a literal of clause {number}", error=ProblemError) for literal in literals
    )
    if not read or 0 in read:
        got = "0 among them" if read else "none"
        raise ProblemError(f"clause {number} must have literals such as 1 or -2, got {got}")
    return read


def _sat_clause(literals: frozenset[int], weight: float) -> Clause:
    variables = tuple(sorted({read_variable(abs(literal) - 1) for literal in literals}))
    if any(-literal in literals for literal in literals):  # satisfied whatever the bits
        return Clause.of((), weight)
    if len(variables) > MAX_CLAUSE_VARIABLES:
        raise SizeLimitError(
            f"a clause has {len(variables)} variables; at most {MAX_CLAUSE_VARIABLES} are allowed, split it"
        )
    values = [weight] * 2 ** len(variables)
    values[sum((-(variable + 1) in literals) << place for place, variable in enumerate(reversed(variables)))] = 0.0
    return Clause.of(variables, *values)


def qubo(matrix: Any, *, num_variables: int | None = None, maximise: bool = False) -> Wcsp:
    """Returns a quadratic problem of bits: the sum of Q[i, j] x_i x_j, to be minimised.

    Args:
        matrix: Q, shape (n, n), not necessarily symmetric: both Q[i, j] and Q[j, i] count. Or a mapping from `(i, j)`
            to the number; `(i, i)` is the linear term of x_i.
        num_variables: Number of variables; by default n, or 1 + the largest.
        maximise: Whether the largest value is the best instead.

    Raises:
        ProblemError: The matrix is not square, or a number is not finite.

    Example:
        >>> qubo({(0, 0): -1, (1, 1): -1, (0, 1): 3}).best_by_enumeration()
        ('01', -1.0)
    """
    entries, size = _entries_of(matrix, "the matrix of a QUBO")
    clauses = (_quadratic(i, j, weight) for i, j, weight in entries)
    return Wcsp(clauses, num_variables=size if num_variables is None else num_variables, maximise=maximise)


def ising(
    J: Any,  # noqa: N803 - the letter of the field
    h: Sequence[float] | Mapping[int, float] | None = None,
    *,
    offset: float = 0.0,
    num_variables: int | None = None,
    maximise: bool = False,
) -> Wcsp:
    """Returns an Ising problem: the sum of J[i, j] s_i s_j and h[i] s_i and the offset, to be minimised.

    Spin s_i is 1 where bit i is 0, and -1 where it is 1, as the eigenvalues of Z.

    Args:
        J: Couplings in any form of a graph that `maxcut` takes; each pair counts once.
        h: Fields: one number for each spin, or a mapping from spins to numbers.
        offset: Number that is added.
        num_variables: Number of spins; by default 1 + the largest.
        maximise: Whether the largest value is the best instead.

    Raises:
        ProblemError: A coupling is of a spin with itself or given twice, or a number is not finite.

    Example:
        >>> ising({(0, 1): 1.0}, [0.5, 0]).best_by_enumeration()
        ('10', -1.5)
    """
    graph = read_graph(J)
    fields = dict(h) if isinstance(h, Mapping) else dict(enumerate(() if h is None else h))
    size = max(graph.num_vertices, *(read_variable(spin) + 1 for spin in fields), 0)

    def terms() -> Iterator[Clause]:
        yield Clause.of((), read_weight(offset, "the offset"))
        for u, v, weight in graph.edges:
            yield Clause.of((u, v), weight, -weight, -weight, weight)
        for spin, given in fields.items():
            field = read_weight(given, f"the field of spin {spin}")
            yield Clause.of((spin,), field, -field)

    return Wcsp(terms(), num_variables=size if num_variables is None else num_variables, maximise=maximise)


def independent_set(
    graph: Any,
    penalty: float = 2.0,
    *,
    weights: Sequence[float] | None = None,
    num_vertices: int | None = None,
) -> Wcsp:
    """Returns maximum independent set: the chosen vertices' weight, less a penalty for each edge between two of them.

    Args:
        graph: In any form that `maxcut` takes; weights of edges do not count.
        penalty: Of each edge whose ends both have bit 1. The best assignment is an independent set if it is larger
            than every weight.
        weights: Weights of the vertices, 1 by default.
        num_vertices: Number of vertices; by default 1 + the largest.

    Raises:
        ProblemError: The graph has a self-loop or an edge twice, or a number is not finite.

    Example:
        >>> independent_set([(0, 1), (1, 2)]).best_by_enumeration()
        ('101', 2.0)
    """
    read = read_graph(graph, num_vertices=num_vertices)
    cost = read_weight(penalty, "the penalty")
    factors = [1.0] * read.num_vertices if weights is None else list(weights)
    if len(factors) != read.num_vertices:
        raise ProblemError(
            f"weights must be one number for each of the {read.num_vertices} vertices, got {len(factors)}"
        )

    def terms() -> Iterator[Clause]:
        for vertex, given in enumerate(factors):
            yield Clause.of((vertex,), 0, read_weight(given, f"the weight of vertex {vertex}"))
        for u, v, _ in read.edges:
            yield Clause.of((u, v), 0, 0, 0, -cost)

    return Wcsp(terms(), num_variables=read.num_vertices)


def _quadratic(i: int, j: int, weight: float) -> Clause:
    """The clause weight * x_i * x_j."""
    return Clause.of((i,), 0, weight) if i == j else Clause.of((min(i, j), max(i, j)), 0, 0, 0, weight)


def _entries_of(given: Any, name: str) -> tuple[Iterator[tuple[int, int, float]], int | None]:
    """Returns the entries of a matrix or mapping that are not zero, and the size of a matrix."""
    if isinstance(given, Mapping):
        return _entries_of_mapping(given, name), None
    try:
        matrix = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise ProblemError(f"{name} must be an array of real numbers or a mapping, got {describe(given)}") from None
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ProblemError(f"{name} must be square, got shape {matrix.shape}")
    pairs = product(range(len(matrix)), repeat=2)
    entries = ((i, j, read_weight(matrix[i, j], f"entry ({i}, {j}) of {name}")) for i, j in pairs if matrix[i, j] != 0)
    return entries, len(matrix)


def _entries_of_mapping(given: Mapping[Any, Any], name: str) -> Iterator[tuple[int, int, float]]:
    for pair, value in given.items():
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise ProblemError(f"{name} must have entries such as (0, 1), got {pair!r:.40}")
        i, j = read_variable(pair[0]), read_variable(pair[1])
        yield i, j, read_weight(value, f"entry ({i}, {j}) of {name}")

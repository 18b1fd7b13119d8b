"""The usual problems have the costs of their definitions."""

from __future__ import annotations

import itertools

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taizhang.errors import ProblemError, SizeLimitError
from taizhang.problems.constructors import independent_set, ising, max_sat, maxcut, qubo

few = settings(deadline=None, derandomize=True, max_examples=40)
N = 4
ROWS = np.array(list(itertools.product([0, 1], repeat=N)))
PAIRS = list(itertools.combinations(range(N), 2))
weights = st.integers(-4, 4) | st.floats(-4, 4)
weighted_edges = st.dictionaries(st.sampled_from(PAIRS), weights)


@few
@given(weighted_edges)
def test_maxcut_is_the_weight_of_the_cut_in_every_form_of_a_graph(edges):
    expected = sum((w * (ROWS[:, u] != ROWS[:, v]) for (u, v), w in edges.items()), np.zeros(len(ROWS)))
    matrix = np.zeros((N, N))
    graph = nx.empty_graph(N)
    for (u, v), w in edges.items():
        matrix[u, v] = matrix[v, u] = w
        graph.add_edge(u, v, weight=w)
    for form in (edges, [(v, u, w) for (u, v), w in edges.items()], matrix, graph):
        problem = maxcut(form, num_vertices=N)
        assert problem.maximise
        np.testing.assert_allclose(problem.cost(ROWS), expected, rtol=0, atol=1e-12)


def test_graphs_without_weights_have_weight_one():
    problem = maxcut(nx.random_regular_graph(3, 10, seed=1))
    assert problem == maxcut(sorted(nx.random_regular_graph(3, 10, seed=1).edges))
    assert problem.num_variables == 10
    assert problem.observable().norm1 == 15
    assert maxcut(np.ones((3, 3), dtype=int) - np.eye(3, dtype=int)).best_by_enumeration()[1] == 2


@few
@given(st.lists(st.lists(st.sampled_from([-4, -3, -2, -1, 1, 2, 3, 4]), min_size=1, max_size=4), max_size=5), st.data())
def test_max_sat_is_the_weight_of_the_satisfied_clauses(clauses, data):
    factors = data.draw(st.lists(weights, min_size=len(clauses), max_size=len(clauses)))
    problem = max_sat(clauses, weights=factors, num_variables=N)
    expected = [
        sum(w for c, w in zip(clauses, factors, strict=True) if any(row[abs(k) - 1] == (k > 0) for k in c))
        for row in ROWS
    ]
    np.testing.assert_allclose(problem.cost(ROWS), expected, rtol=0, atol=1e-12)


@few
@given(st.lists(weights, min_size=N * N, max_size=N * N))
def test_qubo_is_the_quadratic_form(entries):
    matrix = np.array(entries, dtype=float).reshape(N, N)
    expected = np.einsum("si,ij,sj->s", ROWS, matrix, ROWS)
    problem = qubo(matrix)
    assert not problem.maximise
    np.testing.assert_allclose(problem.cost(ROWS), expected, rtol=0, atol=1e-12)
    mapping = {(i, j): matrix[i, j] for i in range(N) for j in range(N)}
    np.testing.assert_allclose(qubo(mapping).cost(ROWS), expected, rtol=0, atol=1e-12)


@few
@given(weighted_edges, st.lists(weights, min_size=N, max_size=N), weights)
def test_ising_is_the_energy_of_the_spins(couplings, fields, offset):
    spins = 1 - 2 * ROWS
    expected = sum((w * spins[:, u] * spins[:, v] for (u, v), w in couplings.items()), offset + spins @ fields)
    problem = ising(couplings, fields, offset=offset)
    assert (problem.num_variables, problem.maximise) == (N, False)
    np.testing.assert_allclose(problem.cost(ROWS), expected, rtol=0, atol=1e-12)
    assert ising(couplings, dict(enumerate(fields)), offset=offset) == problem
    observable = problem.observable()
    assert all(dict(observable.terms).get(((u, "Z"), (v, "Z")), 0) == w for (u, v), w in couplings.items())


@few
@given(st.sets(st.sampled_from(PAIRS)))
def test_the_best_independent_set_is_one(edges):
    problem = independent_set(edges, num_vertices=N)
    bitstring, cost = problem.best_by_enumeration()
    assert not any(bitstring[u] == bitstring[v] == "1" for u, v in edges)
    complement = nx.complement(nx.Graph([*edges, *((k, k) for k in range(N))]))
    complement.remove_edges_from(list(nx.selfloop_edges(complement)))
    assert cost == bitstring.count("1") == max(map(len, nx.find_cliques(complement)))


def test_weights_and_penalty_of_independent_sets():
    problem = independent_set([(0, 1)], 0.5, weights=[1, 3])
    assert [problem.cost(bits) for bits in ("00", "10", "01", "11")] == [0, 1, 3, 3.5]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: maxcut([(1, 1)]), "the edge (1, 1) must join two different vertices; remove the self-loop"),
        (lambda: maxcut([(0, 1), (1, 0)]), "the edge (0, 1) is given twice; give each edge once, in one direction"),
        (lambda: maxcut([(0, 1, float("nan"))]), "the weight of edge (0, 1) must be finite, got nan"),
        (lambda: maxcut([(0, 1, "a")]), "the weight of edge (0, 1) must be a number, got a str"),
        (lambda: maxcut([(0, 1, 2, 3)]), "an edge must be (u, v) or (u, v, weight), got (0, 1, 2, 3)"),
        (lambda: maxcut({3: 1.0}), "an edge must be a pair such as (0, 1), got 3"),
        (lambda: maxcut([("a", "b")]), "a vertex must be a whole number, got 'a'"),
        (
            lambda: maxcut("graph.txt"),
            "a graph must be edges such as [(0, 1), (1, 2, 0.5)], a mapping, a matrix or a networkx graph, got a str; "
            "a file is read by read_problem",
        ),
        (
            lambda: maxcut(np.array([[0, 1], [2, 0]])),
            "the matrix of a graph must be symmetric, got 1 at (0, 1) and 2 at (1, 0)",
        ),
        (lambda: maxcut(np.eye(2)), "the edge (0, 0) must join two different vertices; remove the self-loop"),
        (lambda: maxcut(np.full((2, 2), np.inf)), "the weight of edge (0, 0) must be finite, got inf"),
        (
            lambda: maxcut(np.zeros((2, 3))),
            "a graph as an array must be a square matrix of weights, got an array of float64 of shape (2, 3); give "
            "edges as a list",
        ),
        (
            lambda: maxcut(nx.DiGraph([(0, 1)])),
            "the networkx graph must be undirected; convert it by its to_undirected()",
        ),
        (
            lambda: maxcut(nx.Graph([("a", "b")])),
            "the nodes of the networkx graph must be 0 to 1, each a whole number; number them by "
            "networkx.convert_node_labels_to_integers",
        ),
        (
            lambda: maxcut([(0, 5)], num_vertices=3),
            "num_vertices is 3, but the graph has vertex 5; give another number, or leave it out",
        ),
        (lambda: max_sat([(1, 0)]), "clause 0 must have literals such as 1 or -2, got 0 among them"),
        (lambda: max_sat([(1,), ()]), "clause 1 must have literals such as 1 or -2, got none"),
        (lambda: max_sat([3]), "clause 0 must be a sequence of literals such as (1, -2), got an int"),
        (lambda: max_sat([(1,)], weights=[1, 2]), "weights must be one number for each of the 1 clauses, got 2"),
        (lambda: max_sat([(1,)], weights=[np.inf]), "the weight of clause 0 must be finite, got inf"),
        (lambda: qubo([[1, 2, 3]]), "the matrix of a QUBO must be square, got shape (1, 3)"),
        (
            lambda: qubo("a"),
            "the matrix of a QUBO must be an array of real numbers or a mapping, got a str",
        ),
        (lambda: qubo([[np.nan]]), "entry (0, 0) of the matrix of a QUBO must be finite, got nan"),
        (lambda: qubo({0: 1}), "the matrix of a QUBO must have entries such as (0, 1), got 0"),
        (lambda: ising({(0, 0): 1}), "the edge (0, 0) must join two different vertices; remove the self-loop"),
        (lambda: ising({}, [np.nan]), "the field of spin 0 must be finite, got nan"),
        (lambda: ising({}, offset=np.inf), "the offset must be finite, got inf"),
        (lambda: independent_set([(0, 1)], np.nan), "the penalty must be finite, got nan"),
        (
            lambda: independent_set([(0, 1)], weights=[1]),
            "weights must be one number for each of the 2 vertices, got 1",
        ),
    ],
)
def test_wrong_problems_are_refused(make, message):
    with pytest.raises(ProblemError) as raised:
        make()
    assert str(raised.value) == message


def test_large_clauses_are_refused_before_their_arrays_are_made():
    with pytest.raises(SizeLimitError, match="a clause has 60 variables; at most 20 are allowed, split it"):
        max_sat([range(1, 61)])

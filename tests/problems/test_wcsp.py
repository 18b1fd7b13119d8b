"""Weighted constraint satisfaction: costs, observables and the best assignment agree with the definition."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.circuit.dense_observable import dense

from taizhang.circuit.observable import Observable
from taizhang.errors import CircuitError, ProblemError, SizeLimitError, UsageError
from taizhang.problems.clause import walsh_coefficients
from taizhang.problems.wcsp import Wcsp

few = settings(deadline=None, derandomize=True, max_examples=50)
N = 4


@st.composite
def clause_lists(draw, num_variables=N, max_size=3):
    """Pairs of variables and values."""
    pairs = []
    for _ in range(draw(st.integers(0, 5))):
        variables = draw(st.permutations(range(num_variables)))[: draw(st.integers(0, max_size))]
        numbers = st.lists(
            st.integers(-5, 5) | st.floats(-5, 5), min_size=2 ** len(variables), max_size=2 ** len(variables)
        )
        pairs.append((tuple(variables), np.array(draw(numbers), dtype=float).reshape((2,) * len(variables))))
    return pairs


def cost_by_definition(pairs, bits):
    return sum(values[tuple(bits[variable] for variable in variables)] for variables, values in pairs)


@few
@given(clause_lists())
def test_the_cost_is_the_sum_of_the_clauses(pairs):
    problem = Wcsp(pairs, num_variables=N)
    rows = np.array(list(itertools.product([0, 1], repeat=N)), dtype=np.uint8)
    expected = [cost_by_definition(pairs, row) for row in rows]
    np.testing.assert_allclose(problem.cost(rows), expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(problem.enumerate_costs(), expected, rtol=0, atol=1e-12)
    texts = ["".join(map(str, row)) for row in rows]
    np.testing.assert_array_equal(problem.cost(texts), problem.cost(rows))
    assert problem.cost(texts[5]) == problem.cost(rows[5]) == problem.cost(rows[5].tolist()) == problem.cost(rows)[5]


@few
@given(clause_lists())
def test_the_observable_is_the_cost(pairs):
    problem = Wcsp(pairs, num_variables=N)
    observable = problem.observable()
    assert observable.is_diagonal
    assert observable.is_hermitian
    np.testing.assert_allclose(dense(observable, N), np.diag(problem.enumerate_costs()), rtol=0, atol=1e-11)


@few
@given(clause_lists(), st.booleans())
def test_the_best_is_the_best_of_all(pairs, maximise):
    problem = Wcsp(pairs, num_variables=N, maximise=maximise)
    bitstring, cost = problem.best_by_enumeration()
    every = [cost_by_definition(pairs, bits) for bits in itertools.product([0, 1], repeat=N)]
    assert abs(cost - (max if maximise else min)(every)) <= 1e-12
    assert problem.cost(bitstring) == cost


@few
@given(clause_lists())
def test_equal_problems_are_equal_values(pairs):
    problem = Wcsp(pairs, num_variables=N)
    turned = [(variables[::-1], values.transpose()) for variables, values in pairs]
    again = Wcsp(turned, num_variables=N)
    assert again == problem
    assert hash(again) == hash(problem)
    assert Wcsp(pairs, num_variables=N, maximise=False) != problem
    assert [clause.variables for clause in problem.clauses] == sorted({clause.variables for clause in problem.clauses})


def test_the_example_of_the_documentation():
    problem = Wcsp({(0, 1): [[0, 1], [1, 0]], (2,): [0, 3]})
    assert repr(problem) == "Wcsp of 3 variables, 2 clauses of at most 2, to maximise"
    assert (problem.num_variables, len(problem), problem.offset, problem.maximise) == (3, 2, 0, True)
    assert problem.observable() == Observable("2 - 0.5 Z0 Z1 - 1.5 Z2")
    with pytest.raises(ValueError, match="read-only"):
        problem.clauses[0].values[0, 0] = 1


def test_clauses_of_the_same_variables_are_added():
    problem = Wcsp([((0, 1), [[0, 1], [2, 3]]), ((1, 0), [[0, 1], [2, 3]]), ((), 5)])
    assert len(problem) == 1
    assert problem.clauses[0].values.tolist() == [[0, 3], [3, 6]]
    assert problem.offset == 5
    assert problem.cost("01") == 8


def test_problems_of_no_clauses():
    assert Wcsp({}).best_by_enumeration() == ("", 0)
    assert Wcsp({}, num_variables=2).cost(np.zeros((3, 2), dtype=int)).tolist() == [0, 0, 0]
    assert Wcsp({(): 2.5}).observable() == Observable(2.5)
    assert bool(Wcsp({}))


def test_many_assignments_are_computed_in_parts(monkeypatch):
    monkeypatch.setattr("taizhang.problems.wcsp._CHUNK_ELEMENTS", 10)
    problem = Wcsp({(k, k + 1): [[0, 1], [1, 0]] for k in range(3)})
    rows = np.array(list(itertools.product([0, 1], repeat=4)))
    np.testing.assert_array_equal(problem.cost(rows), (rows[:, 1:] != rows[:, :-1]).sum(axis=1))


def test_walsh_coefficients_are_inner_products():
    values = np.random.default_rng(1).normal(size=(5, 8))
    every = list(itertools.product([0, 1], repeat=3))
    signs = np.array([[(-1) ** np.dot(place, bits) for bits in every] for place in every])
    np.testing.assert_allclose(walsh_coefficients(values), values @ signs / 8, rtol=0, atol=1e-14)


@pytest.mark.parametrize(
    ("clauses", "message"),
    [
        (
            {(0, 1): [[0, 1, 2], [1, 0, 2]]},
            "clause (0, 1) must have an array of shape (2, 2), one axis for each variable, got shape (2, 3)",
        ),
        (
            {(0, 1): [0, 1]},
            "clause (0, 1) must have an array of shape (2, 2), one axis for each variable, got shape (2,)",
        ),
        (
            {(0, 1): [[0, 1], [1]]},
            "the values of clause (0, 1) must be an array with an axis of length 2 for each variable",
        ),
        ({(3, 3): [[0, 1], [1, 0]]}, "clause (3, 3) has variable 3 twice; its variables must differ"),
        ({(0,): [0, float("nan")]}, "the values of clause (0,) must be finite, got nan"),
        ({(0,): [0, 1j]}, "the values of clause (0,) must be real numbers, got an array of complex128"),
        ({(0,): ["a", "b"]}, "the values of clause (0,) must be real numbers, got an array of <U1"),
        ({(-1,): [0, 1]}, "a variable must be from 0 to 99999, got -1"),
        ({(0.5,): [0, 1]}, "a variable must be a whole number, got 0.5"),
        ({3: [0, 1]}, "the variables of a clause must be a tuple such as (0, 1), got 3"),
        ([(0, 1, 2)], "a clause must be a pair of its variables and its values, got (0, 1, 2)"),
        (
            [((0,), [0, 1e308]), ((0,), [0, 1e308])],
            "the values of the clauses of (0,) add up to more than a float can hold; give smaller ones",
        ),
        (
            "graph.txt",
            "clauses must be a mapping such as {(0, 1): [[0, 1], [1, 0]]}, got a str; a file is read by read_problem",
        ),
    ],
)
def test_wrong_clauses_are_refused(clauses, message):
    with pytest.raises(ProblemError) as raised:
        Wcsp(clauses)
    assert str(raised.value) == message


def test_wrong_sizes_and_assignments_are_refused():
    problem = Wcsp({(0, 4): [[0, 1], [1, 0]]})
    with pytest.raises(ProblemError, match="num_variables is 3, but clauses have variable 4; give another number"):
        Wcsp({(0, 4): [[0, 1], [1, 0]]}, num_variables=3)
    with pytest.raises(ProblemError, match="num_variables is 100001, but at most 100000 are allowed"):
        Wcsp({}, num_variables=100_001)
    with pytest.raises(ProblemError, match="the assignment has 2 bits, but the problem has 5 variables; give one bit"):
        problem.cost("01")
    with pytest.raises(CircuitError, match="has '2' at qubit 1"):
        problem.cost("02000")
    with pytest.raises(ProblemError, match="the bits of an assignment must be 0 or 1, got 2"):
        problem.cost(np.full((1, 5), 2))
    with pytest.raises(UsageError, match="the assignment must be a string such as '0110'"):
        problem.cost(3)
    with pytest.raises(SizeLimitError, match="all assignments of 25 variables are too many; at most 24 variables"):
        Wcsp({}, num_variables=25).best_by_enumeration()
    with pytest.raises(SizeLimitError, match="has 21 variables; at most 20 are allowed, split it into several"):
        Wcsp({tuple(range(21)): 0})

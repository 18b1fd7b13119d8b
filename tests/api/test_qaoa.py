"""QAOA of a problem: energies against closed forms and differences, optimisation, samples, refusals."""

import math
from itertools import pairwise

import numpy as np
import pytest

import taizhang as tz
from taizhang.errors import CircuitError, UsageError

# A ring of 8 vertices with its long diagonals: 3-regular, without triangles.
MOEBIUS = [*pairwise(range(8)), (7, 0), *((vertex, vertex + 4) for vertex in range(4))]
DOUBLE = {"dtype": "complex128", "threads": 1}


def test_one_layer_has_the_value_of_the_closed_form():
    # Wang et al., arXiv:1706.02998: each edge of a 3-regular graph without triangles.
    gamma, beta = 0.6, 0.4
    edge = 0.5 + 0.5 * math.sin(4 * beta) * math.sin(gamma) * math.cos(gamma) ** 2
    found = tz.qaoa(tz.maxcut(MOEBIUS), 1, **DOUBLE).energy([gamma], [beta])
    assert found == pytest.approx(12 * edge, abs=1e-10)


def test_gradients_are_those_of_differences():
    problem = tz.max_sat([[1, -2, 3], [-1, 2], [2, 3, 4], [-4]], weights=[1.5, 0.5, 1.0, 0.25])
    made = tz.qaoa(problem, 2, **DOUBLE)
    point = np.array([0.3, 0.5, 0.7, 0.2])
    value, gradient = made.value_and_gradient(point[:2], point[2:])
    assert made.parameters == ("gamma1", "gamma2", "beta1", "beta2")
    assert value == pytest.approx(made.energy(point[:2], point[2:]), abs=1e-12)
    for place in range(4):
        step = 1e-3 * np.eye(4)[place]
        at = [made.energy((point + k * step)[:2], (point + k * step)[2:]) for k in (-2, -1, 1, 2)]
        assert gradient[place] == pytest.approx((at[0] - 8 * at[1] + 8 * at[2] - at[3]) / 12e-3, abs=1e-8)


@pytest.mark.parametrize("method", ["L-BFGS-B", "COBYLA"])
def test_optimising_improves_on_the_start_and_on_fewer_layers(method):
    problem = tz.maxcut(MOEBIUS)
    one, two = (tz.qaoa(problem, depth, **DOUBLE) for depth in (1, 2))
    best = one.optimize(([0.1], [0.1]), method=method)
    assert best.energy == pytest.approx(12 * (0.5 + 1 / (3 * math.sqrt(3))), abs=1e-4)
    assert best.energy == pytest.approx(one.energy(best.gammas, best.betas), abs=1e-10)
    assert best.evaluations == len(best.energies)
    assert two.optimize(best).energy > best.energy + 0.5


def test_a_problem_that_minimises_is_minimised():
    problem = tz.ising({(0, 1): 1.0, (1, 2): -0.5}, {2: 0.3})
    made = tz.qaoa(problem, 1, **DOUBLE)
    gammas, betas = made.start()
    best = made.optimize()
    assert not problem.maximise
    assert best.energy <= made.energy(gammas, betas)
    assert best.energy >= made.bound() - 1e-9


def test_samples_have_their_costs_and_the_best_of_them():
    problem = tz.maxcut(MOEBIUS)
    made = tz.qaoa(problem, 1, **DOUBLE)
    drawn = made.sample(200, [0.6], [0.4], seed=3)
    assert drawn.bits.shape == (200, 8)
    np.testing.assert_allclose(drawn.costs, problem.cost(drawn.bits))
    assert drawn.best.cost == drawn.costs.max()
    assert made.best(drawn) == drawn.best
    assert problem.cost([drawn.best.bitstring])[0] == drawn.best.cost


@pytest.mark.parametrize(
    ("ask", "error", "words"),
    [
        (lambda made: made.energy([0.1, 0.2], [0.3]), UsageError, "gammas must be 1 angle"),
        (lambda made: made.energy([0.1], []), UsageError, "betas must be 1 angle"),
        (lambda made: made.energy([math.nan], [0.3]), CircuitError, "finite"),
        (lambda made: made.optimize(method="guess"), UsageError, "method must be one of"),
        (lambda made: made.optimize(tolerance=2), UsageError, "tolerance must be"),
        (lambda made: made.optimize(0.5), UsageError, "start must be a pair"),
        (lambda made: made.best([]), UsageError, "at least one bitstring"),
        (lambda made: tz.qaoa(made.problem, 0), UsageError, "depth must be from 1"),
        (lambda _: tz.qaoa("graph.txt", 1), UsageError, "problem must be a Wcsp"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(ask, error, words):
    made = tz.qaoa(tz.maxcut([(0, 1)]), 1, **DOUBLE)
    with pytest.raises(error, match=words) as refused:
        ask(made)
    assert "\n" not in str(refused.value)

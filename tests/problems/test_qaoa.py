"""QAOA circuits are the exponentials of cost and mixer; the fixed angles give their published values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.problems.test_wcsp import N, clause_lists

import taizhang as tz
from taizhang.circuit.parameter import Parameter
from taizhang.circuit.state_vector import state_vector
from taizhang.errors import SizeLimitError, UsageError
from taizhang.problems.constructors import max_sat, maxcut
from taizhang.problems.qaoa import clause_phase, qaoa_circuit
from taizhang.problems.qaoa_angles import fixed_angles, interpolate_angles
from taizhang.problems.wcsp import Wcsp

few = settings(deadline=None, derandomize=True, max_examples=25)


def exact_state(problem, gammas, betas):
    """The state by the definition."""
    number = problem.num_variables
    state = np.full(2**number, 2 ** (-number / 2), dtype=complex)
    costs = problem.enumerate_costs()
    for gamma, beta in zip(gammas, betas, strict=True):
        state = state * np.exp(-1j * gamma * costs)
        mixer = np.array([[np.cos(beta), -1j * np.sin(beta)], [-1j * np.sin(beta), np.cos(beta)]])
        for qubit in range(number):
            state = np.moveaxis(np.tensordot(mixer, state.reshape((2,) * number), (1, qubit)), 0, qubit).reshape(-1)
    return state


@few
@given(clause_lists(), st.lists(st.tuples(st.floats(-3, 3), st.floats(-3, 3)), min_size=1, max_size=2))
def test_the_state_is_that_of_the_definition_up_to_a_phase(pairs, angles):
    problem = Wcsp(pairs, num_variables=N)
    gammas, betas = zip(*angles, strict=True)
    expected = exact_state(problem, gammas, betas)
    circuit = qaoa_circuit(problem, len(angles), gammas=gammas, betas=betas)
    assert abs(abs(np.vdot(state_vector(circuit), expected)) - 1) < 1e-9
    # The same by parameters that are bound later.
    ansatz = qaoa_circuit(problem, len(angles))
    names = {f"gamma{k}": g for k, g in enumerate(gammas, 1)} | {f"beta{k}": b for k, b in enumerate(betas, 1)}
    bound = ansatz.bind({name: names[name] for name in ansatz.parameters})
    assert abs(abs(np.vdot(state_vector(bound), expected)) - 1) < 1e-9


def test_each_clause_is_one_gate():
    problem = max_sat([(1, 2, 3), (-1, 4), (2,)])
    circuit = qaoa_circuit(problem, 2)
    assert circuit.parameters == ("gamma1", "beta1", "gamma2", "beta2")
    assert circuit.gate_counts() == {"rx": 8, "h": 4, "diagonal": 4, "rz": 2}
    cut = qaoa_circuit(maxcut([(0, 1), (1, 2, -2.0)]), 1)
    assert [repr(step) for step in cut[3:5]] == ["rzz(-gamma1) 0 1", "rzz(2*gamma1) 1 2"]


def test_angles_may_be_expressions():
    theta = Parameter("theta")
    circuit = qaoa_circuit(maxcut([(0, 1)]), 2, gammas=[theta, 2 * theta], betas=[0.1, theta / 2])
    assert circuit.parameters == ("theta",)


def test_constant_clauses_have_no_gate():
    assert clause_phase(Wcsp({(0, 1): np.ones((2, 2))}).clauses[0], 0.5) is None
    assert len(qaoa_circuit(Wcsp({(): 3.0}, num_variables=2), 1)) == 4


def test_wrong_depths_and_angles_are_refused():
    problem = maxcut([(0, 1)])
    with pytest.raises(UsageError, match="depth must be from 1 to 10000, got 0"):
        qaoa_circuit(problem, 0)
    with pytest.raises(UsageError, match=r"depth must be a whole number, got 1\.5"):
        qaoa_circuit(problem, 1.5)
    with pytest.raises(UsageError, match="gammas must be 2 angles, one for each layer, got 1"):
        qaoa_circuit(problem, 2, gammas=[0.1])
    with pytest.raises(UsageError, match="problem must be a Wcsp, got a list"):
        qaoa_circuit([(0, 1)], 1)
    with pytest.raises(UsageError, match="depth must be 1 or more, got 0"):
        fixed_angles(0)
    large = Wcsp({tuple(range(11)): np.random.default_rng(1).normal(size=(2,) * 11)})
    with pytest.raises(SizeLimitError, match="a diagonal gate may have at most 10 qubits, got 11"):
        qaoa_circuit(large, 1)


def tree_cut(gammas, betas, degree=3):
    """Share of the edges that is cut on a regular graph without short cycles.

    The iteration of Basso et al., arXiv:2110.14206, section 3, over the bits of one vertex in time, ket and bra.
    """
    depth = len(gammas)
    phases = np.concatenate([gammas, [0.0], np.negative(gammas[::-1])])
    shape = (2,) * len(phases)
    # Amplitudes of one vertex's path: mixers of the ket, then those of the bra.
    weight = np.full(shape, 0.5, dtype=complex)
    for layer, beta in enumerate([*betas, *np.negative(betas[::-1])]):
        mixer = np.array([[np.cos(beta), 1j * np.sin(beta)], [1j * np.sin(beta), np.cos(beta)]])
        weight = weight * mixer.reshape((1,) * layer + (2, 2) + (1,) * (len(phases) - layer - 2))

    def across(paths):
        """Sums over the path at the other end of an edge; the constant of exp(-i gamma (1 - s t) / 2) cancels."""
        for axis, phase in enumerate(phases):
            edge = np.exp(-0.5j * phase * np.array([[1, -1], [-1, 1]]))
            paths = np.moveaxis(np.tensordot(edge, paths, (1, axis)), 0, axis)
        return paths

    branch = np.ones(shape, dtype=complex)
    for _ in range(depth):
        branch = across(weight * branch) ** (degree - 1)
    spin = np.array([1, -1]).reshape((1,) * depth + (2,) + (1,) * depth)
    middle = spin * weight * branch
    return float(np.real(0.5 - 0.5 * np.sum(middle * across(middle))))


@pytest.mark.parametrize(
    ("depth", "expected"), [(1, 0.6924), (2, 0.7559), (3, 0.7924), (4, 0.8169), (5, 0.8364), (6, 0.8499)]
)
def test_fixed_angles_give_their_published_values(depth, expected):
    assert abs(tree_cut(*fixed_angles(depth)) - expected) < 1e-4


def test_the_first_layer_has_its_closed_form():
    gamma, beta = 0.4, 0.3
    expected = 0.5 + 0.5 * np.sin(4 * beta) * np.sin(gamma) * np.cos(gamma) ** 2
    assert abs(tree_cut([gamma], [beta]) - expected) < 1e-12
    # The Petersen graph has no triangles and no squares.
    outer, spokes = [(k, (k + 1) % 5) for k in range(5)], [(k, k + 5) for k in range(5)]
    problem = maxcut([*outer, *spokes, *((k + 5, (k + 2) % 5 + 5) for k in range(5))])
    state = state_vector(qaoa_circuit(problem, 1, gammas=[gamma], betas=[beta]))
    assert abs(np.abs(state) ** 2 @ problem.enumerate_costs() / 15 - expected) < 1e-12


def test_more_layers_are_interpolated():
    assert interpolate_angles([0.3]) == (0.3, 0.3)
    np.testing.assert_allclose(interpolate_angles([0.3, 0.6, 0.9]), [0.3, 0.5, 0.7, 0.9])
    gammas, betas = fixed_angles(8)
    assert len(gammas) == len(betas) == 8
    assert list(gammas) == sorted(gammas)
    assert list(betas) == sorted(betas, reverse=True)


# By contraction


@settings(deadline=None, derandomize=True, max_examples=8)
@given(clause_lists())
def test_the_energy_of_bound_circuits_is_that_of_the_definition(pairs):
    problem = Wcsp(pairs, num_variables=N)
    gammas, betas = [0.4, -0.9], [0.3, 1.1]
    state = exact_state(problem, gammas, betas)
    circuit = qaoa_circuit(problem, 2, gammas=gammas, betas=betas)
    energy = tz.expectation(circuit, problem.observable(), dtype="complex128")
    assert abs(energy - np.abs(state) ** 2 @ problem.enumerate_costs()) < 1e-9


def test_the_energy_of_an_ansatz_has_the_derivatives_of_the_definition():
    problem = maxcut([(0, 1), (1, 2, 0.5), (0, 2), (2, 3, -1.0)])
    energy = tz.Energy(qaoa_circuit(problem, 1), problem.observable(), dtype="complex128")
    value, gradient = energy.value_and_gradient([0.4, 0.3])

    def exact(gamma, beta):
        return np.abs(exact_state(problem, [gamma], [beta])) ** 2 @ problem.enumerate_costs()

    step = 1e-5
    differences = [
        (exact(0.4 + step, 0.3) - exact(0.4 - step, 0.3)) / (2 * step),
        (exact(0.4, 0.3 + step) - exact(0.4, 0.3 - step)) / (2 * step),
    ]
    assert abs(value - exact(0.4, 0.3)) < 1e-10
    np.testing.assert_allclose(gradient, differences, rtol=0, atol=1e-8)

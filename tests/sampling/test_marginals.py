import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.chi_squared import exact_probabilities, p_value
from tests.small_circuits import ising
from tests.strategies import circuits

import taizhang as tz
from taizhang.circuit.circuit import Operation
from taizhang.sampling.actions import actions_of
from taizhang.sampling.marginals import sample_by_marginals
from taizhang.sampling.measurement_order import plan_measurements
from taizhang.sampling.uniforms import Uniforms


def sampled(circuit, shots, seed=0, first=0):
    actions = actions_of(circuit)
    plan = plan_measurements(actions, circuit.num_qubits, shots)
    return sample_by_marginals(actions, circuit.num_qubits, plan, first, shots, Uniforms(seed, "marginals"))


@settings(max_examples=40, derandomize=True)
@given(circuits(max_qubits=5, max_operations=25), st.integers(0, 5))
def test_any_circuit_is_sampled_with_its_probabilities(circuit, seed):
    assert p_value(sampled(circuit, 2000, seed), exact_probabilities(circuit)) > 1e-5


def test_shots_are_the_same_in_any_portions():
    circuit = ising(9, 3)
    at_once = sampled(circuit, 300)
    parts = np.concatenate([sampled(circuit, 120), sampled(circuit, 180, first=120)])
    assert np.array_equal(at_once, parts)


def test_a_thousand_qubits_are_sampled_through_a_small_window():
    circuit = ising(1000, 2)
    actions = actions_of(circuit)
    plan = plan_measurements(actions, 1000, 500)
    assert plan.window <= 6
    bits = sample_by_marginals(actions, 1000, plan, 0, 500, Uniforms(0, "marginals"))
    # The middle of the chain sees its light cone only: the same as in a short chain.
    shift = 500 - 6
    inside = [op for op in circuit.operations if all(shift <= qubit < shift + 13 for qubit in op.qubits)]
    moved = (Operation(op.gate, tuple(qubit - shift for qubit in op.qubits)) for op in inside)
    short = tz.Circuit.from_operations(13, moved)
    chance = exact_probabilities(short).reshape((2,) * 13).sum(axis=tuple(k for k in range(13) if k != 6))
    assert bits[:, 500].mean() == pytest.approx(chance[1], abs=4 * np.sqrt(0.25 / 500))


def test_a_circuit_that_entangles_too_much_has_no_plan():
    circuit = tz.sycamore_circuit(53, cycles=10, seed=1)
    assert plan_measurements(actions_of(circuit), 53, 100) is None

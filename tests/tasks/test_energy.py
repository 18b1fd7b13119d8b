"""Energies: what is kept between calls, their limits, and what they refuse."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.optimize

import taizhang as tz
from taizhang import _native
from taizhang.circuit.circuit import Circuit
from taizhang.errors import CircuitError, MemoryLimitError, TimeLimitError, UsageError
from taizhang.network import cones
from taizhang.settings import Settings
from taizhang.tasks import energy as energy_module

DOUBLE = {"dtype": "complex128", "threads": 1}
GAMMA, BETA = tz.Parameter("gamma"), tz.Parameter("beta")


def ring(num_qubits=6):
    """MaxCut of a ring at depth 1, and its cost."""
    circuit = Circuit(num_qubits)
    for qubit in range(num_qubits):
        circuit = circuit.h(qubit)
    for qubit in range(num_qubits):
        circuit = circuit.append("rzz", qubit, (qubit + 1) % num_qubits, parameters=[-GAMMA])
    for qubit in range(num_qubits):
        circuit = circuit.rx(qubit, 2 * BETA)
    cost = sum((0.5 - 0.5 * tz.Z(q) * tz.Z((q + 1) % num_qubits) for q in range(num_qubits)), tz.Observable(0))
    return circuit, cost


def ring_value(gamma, beta, num_qubits=6):
    """Its closed form: a ring without triangles."""
    return num_qubits * (0.5 + 0.25 * math.sin(4 * beta) * math.sin(2 * gamma))


# What is kept


def test_only_the_first_calls_plan_build_and_compile(monkeypatch):
    circuit, cost = ring()
    energy = tz.Energy(circuit, [cost, "Z0 Z3"], **DOUBLE)
    energy([0.4, 0.3])
    energy.value_and_gradient([0.4, 0.3])

    def refuse(*args, **options):
        raise AssertionError("planned again")

    for module, name in [
        (_native, "search_plan"),
        (_native, "slice_plan"),
        (_native, "find_cones"),
        (_native, "Engine"),
        (cones, "cone_networks"),
        (energy_module, "compile_gradient"),
        (energy_module, "prepare_cones"),
    ]:
        monkeypatch.setattr(module, name, refuse)
    assert energy([0.5, 0.2])[0] == pytest.approx(ring_value(0.5, 0.2), abs=1e-12)
    values, gradient = energy.value_and_gradient([0.5, 0.2])
    assert values[0] == pytest.approx(ring_value(0.5, 0.2), abs=1e-12)
    assert gradient.shape == (2, 2)
    with pytest.raises(AssertionError, match="planned again"):
        tz.Energy(circuit, cost, **DOUBLE)


def test_a_call_leaves_nothing_behind():
    circuit, cost = ring()
    energy = tz.Energy(circuit, cost, **DOUBLE)
    first = energy.value_and_gradient([0.5, 0.2])
    energy.value_and_gradient([1.5, -0.2])
    again = energy.value_and_gradient([0.5, 0.2])
    assert first[0] == again[0]
    assert first[1].tobytes() == again[1].tobytes()
    assert energy([0.5, 0.2]) == pytest.approx(first[0], abs=1e-13)


def test_the_gradient_is_that_of_the_closed_form():
    energy = tz.Energy(*ring(), **DOUBLE)
    gamma, beta = 0.4, 0.3
    value, gradient = energy.value_and_gradient(gamma=gamma, beta=beta)
    assert value == pytest.approx(ring_value(gamma, beta), abs=1e-12)
    wanted = [
        6 * 0.5 * math.sin(4 * beta) * math.cos(2 * gamma),
        6 * math.cos(4 * beta) * math.sin(2 * gamma),
    ]
    assert energy.parameters == ("gamma", "beta")
    np.testing.assert_allclose(gradient, wanted, atol=1e-12)


def test_scipy_finds_the_best_angles():
    circuit, cost = ring()
    energy = tz.Energy(circuit, -cost, **DOUBLE)
    found = scipy.optimize.minimize(energy.value_and_gradient, [0.3, 0.2], jac=True, method="L-BFGS-B")
    assert found.success
    # Three quarters of the edges of a ring are cut at depth 1.
    assert found.fun == pytest.approx(-4.5, abs=1e-8)


# Ways to give values


def test_values_in_order_by_name_and_as_keywords_are_the_same():
    energy = tz.Energy(*ring(), **DOUBLE)
    wanted = energy([0.5, 0.2])
    assert isinstance(wanted, float)
    assert energy(np.array([0.5, 0.2])) == wanted
    assert energy({"beta": 0.2, "gamma": 0.5}) == wanted
    assert energy(beta=0.2, gamma=0.5) == wanted


def test_many_points_have_an_axis_of_their_own():
    circuit, cost = ring()
    points = np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]])
    one, two = tz.Energy(circuit, cost, **DOUBLE), tz.Energy(circuit, [cost, "X0"], **DOUBLE)
    values = one(points)
    assert (values.shape, values.dtype) == ((3,), np.float64)
    np.testing.assert_allclose(values, [ring_value(*point) for point in points], atol=1e-12)
    assert two(points).shape == (3, 2)
    assert two(points[0]).shape == (2,)
    assert one(points[:0]).shape == (0,)
    np.testing.assert_array_equal(two(points)[:, 0], values)


def test_circuits_without_named_parameters_have_their_angles():
    circuit = Circuit(2).ry(0, 0.3).cx(0, 1).append("fsim", 0, 1, parameters=[0.2, 0.4])
    energy = tz.Energy(circuit, "Z0 + X0 X1", **DOUBLE)
    assert energy.parameters == ("theta0", "theta1", "theta2")
    assert energy() == pytest.approx(tz.expectation(circuit, "Z0 + X0 X1", dtype="complex128"), abs=1e-12)
    changed = Circuit(2).ry(0, 0.3).cx(0, 1).append("fsim", 0, 1, parameters=[0.7, 0.4])
    wanted = tz.expectation(changed, "Z0 + X0 X1", dtype="complex128")
    assert energy(theta1=0.7) == pytest.approx(wanted, abs=1e-12)
    assert energy.gradient().shape == (3,)


def test_a_circuit_without_angles_has_an_empty_gradient():
    value, gradient = tz.Energy(Circuit(1).h(0).t(0).h(0), "Z0", **DOUBLE).value_and_gradient()
    assert value == pytest.approx(math.sqrt(0.5), abs=1e-12)
    assert gradient.shape == (0,)


def test_values_that_are_known_need_no_contraction():
    energy = tz.Energy(Circuit(2).h(0).cx(0, 1).rz(1, GAMMA), ["Z0 Z1 + 0.5", "Z0", 3], **DOUBLE)
    assert energy.plan.num_known == 2
    assert energy([0.4]).tolist() == [1.5, 0.0, 3.0]
    values, gradient = energy.value_and_gradient([0.4])
    assert values.tolist() == [1.5, 0.0, 3.0]
    assert gradient.tolist() == [[0.0], [0.0], [0.0]]


def test_observables_that_are_not_hermitian_have_complex_values():
    energy = tz.Energy(Circuit(1).ry(0, GAMMA), "1j Z0 + X0", **DOUBLE)
    assert energy([0.3]) == pytest.approx(1j * math.cos(0.3) + math.sin(0.3), abs=1e-12)


# Limits


def wide_circuit(layers=5):
    """A cone whose contraction needs much memory."""
    circuit = Circuit(16)
    for layer in range(layers):
        for qubit in range(16):
            circuit = circuit.ry(qubit, GAMMA + 0.1 * qubit)
        for step in (1, 4):
            for qubit in range(16):
                circuit = circuit.append("rzz", qubit, (qubit + step) % 16, parameters=[BETA + 0.1 * layer])
    return circuit


def test_derivatives_that_do_not_fit_are_refused(monkeypatch):
    energy = tz.Energy(*ring(), **DOUBLE)
    monkeypatch.setattr(Settings, "free_bytes", lambda _: 100)
    with pytest.raises(MemoryLimitError, match=r"^derivatives need .*, but the memory limit is .*; allow more memory"):
        energy.value_and_gradient([0.5, 0.2])


def test_a_cone_that_does_not_fit_is_refused_before_the_work(monkeypatch):
    monkeypatch.setattr(Settings, "free_bytes", lambda _: 2000)
    with pytest.raises(MemoryLimitError, match=r"^a light cone of 16 qubits.* is too wide for the memory limit of"):
        tz.Energy(wide_circuit(), "Z0", plan_time=0.2, **DOUBLE)


def test_the_time_limit_holds_for_values_and_derivatives():
    with pytest.raises(TimeLimitError):
        tz.Energy(*ring(), time_limit=1e-9, **DOUBLE)([0.1, 0.2])
    with pytest.raises(TimeLimitError, match=r"^the derivatives are predicted to take .*, but the time limit is"):
        tz.Energy(*ring(), time_limit=1e-9, **DOUBLE).value_and_gradient([0.1, 0.2])


# Errors


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"gamma": 0.1}, "the parameter 'beta' has no value; give a number for it"),
        ({"gamma": 0.1, "beta": 0.2, "alpha": 1}, "'alpha' is not a parameter without a value; those are gamma, beta"),
        ([0.1], "values must be 2 numbers, one for each parameter in order"),
        ([0.1, 0.2, 0.3], "values must be 2 numbers"),
        (np.zeros((4, 3)), "values must be 2 numbers"),
        ([0.1, math.nan], "the value of the parameter 'beta' must be a finite number, got nan"),
        ([math.inf, 0.1], "the value of the parameter 'gamma' must be a finite number, got inf"),
        ([0.1, "x"], "the value of the parameter 'beta' must be a finite number, got 'x'"),
        (np.zeros((1, 2, 2)), "must be"),
        (0.3, "values must be numbers in order, or a mapping from names"),
        (None, "the parameter 'gamma' has no value"),
    ],
)
def test_wrong_values_are_named(values, message):
    energy = tz.Energy(*ring(), **DOUBLE)
    for function in (energy, energy.value_and_gradient):
        with pytest.raises(CircuitError, match=message):
            function(values)


def test_values_are_given_in_one_way():
    with pytest.raises(UsageError, match="give them in one way only"):
        tz.Energy(*ring(), **DOUBLE)([0.1, 0.2], gamma=0.1)


def test_gradients_are_those_of_hermitian_observables_at_one_point():
    circuit, cost = ring()
    with pytest.raises(UsageError, match="a gradient needs a Hermitian observable"):
        tz.Energy(circuit, [cost, "1j Z0"], **DOUBLE).gradient([0.1, 0.2])
    with pytest.raises(UsageError, match="a gradient is computed at one point"):
        tz.Energy(circuit, cost, **DOUBLE).gradient(np.zeros((3, 2)))


def test_observables_fit_the_circuit():
    with pytest.raises(CircuitError, match="the observable has Z9, but the circuit has 6 qubits"):
        tz.Energy(ring()[0], "Z9")


def test_expectations_need_values_for_all_parameters():
    with pytest.raises(CircuitError, match="gamma"):
        tz.expectation(*ring())

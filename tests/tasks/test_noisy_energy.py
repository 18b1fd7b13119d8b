"""Values and gradients of noisy circuits as functions of their parameters, against differences and other ways."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import optimize

import taizhang as tz
from taizhang import channels

DOUBLE = {"dtype": "complex128", "trials": 1}
GATES = [
    ("rx", 1, 1),
    ("u", 1, 3),
    ("p", 1, 1),
    ("rzz", 2, 1),
    ("crx", 2, 1),
    ("cu", 2, 4),
    ("fsim", 2, 2),
    ("rxx", 2, 1),
]
SUMS = ["Z0 Z1 + 0.3 X2 - 2", "Y1"]


@st.composite
def parametric_circuits(draw):
    names = [tz.Parameter(name) for name in "abc"]
    circuit = tz.Circuit(3, bits={"c": 1})
    for _ in range(draw(st.integers(1, 6))):
        name, qubits, count = draw(st.sampled_from(GATES))
        chosen = draw(st.permutations(range(3)))[:qubits]
        angles = [draw(st.sampled_from([0.4, names[0], 2 * names[1] - 0.3, names[0] + names[2]])) for _ in range(count)]
        circuit = circuit.append(name, *chosen, parameters=angles)
        kind = draw(st.sampled_from(["damp", "mix", "measure", "reset", "none"]))
        if kind == "damp":
            circuit = circuit.append(channels.amplitude_damping(0.2), chosen[0])
        elif kind == "mix":
            circuit = circuit.append(channels.depolarizing2(0.1), 0, 2)
        elif kind == "measure":
            circuit = circuit.measure(chosen[0], "c").append("x", 1, when="c")
        elif kind == "reset":
            circuit = circuit.reset(chosen[0]).h(chosen[0])
    return circuit.append(channels.bit_flip(0.05), 1)


@settings(max_examples=25, deadline=None)
@given(parametric_circuits(), st.integers(0, 1000))
def test_gradients_are_slopes(circuit, seed):
    assume(circuit.parameters)
    energy = tz.Energy(circuit, SUMS, **DOUBLE)
    point = np.random.default_rng(seed).uniform(-2, 2, len(energy.parameters))
    values, gradient = energy.value_and_gradient(point)
    bound = circuit.bind(dict(zip(energy.parameters, point.tolist(), strict=True)))
    assert np.allclose(values, tz.expectation(bound, SUMS, **DOUBLE), atol=1e-10)
    step = 1e-5
    for number in range(len(point)):
        away = np.zeros(len(point))
        away[number] = step
        slope = (energy(point + away) - energy(point - away)) / (2 * step)
        assert np.allclose(gradient[:, number], slope, atol=1e-6)


def test_without_noise_it_is_the_gradient_of_the_other_way():
    circuit = tz.Circuit(2).rx(0, 0.3).u(1, 0.4, 0.5, 0.6).cx(0, 1).rzz(0, 1, 0.7).ry(0, 0.2)
    plain = tz.Energy(circuit, "Z0 + X1", **DOUBLE)
    noisy = tz.Energy(circuit.append(channels.bit_flip(0.0), 0), "Z0 + X1", **DOUBLE)
    assert noisy.parameters == plain.parameters
    assert noisy() == pytest.approx(plain())
    assert noisy.gradient() == pytest.approx(plain.gradient(), abs=1e-10)
    assert noisy.plan.num_products == 2


def test_an_optimiser_finds_the_least_value():
    theta, phi = tz.Parameter("theta"), tz.Parameter("phi")
    circuit = tz.Circuit(2).ry(0, theta).cx(0, 1).append(channels.depolarizing2(0.1), 0, 1).ry(1, phi)
    energy = tz.Energy(circuit, "Z0 Z1 + 0.5 X0", **DOUBLE)
    found = optimize.minimize(energy.value_and_gradient, [0.3, 0.2], jac=True)
    around = [energy([found.x[0] + a, found.x[1] + b]) for a, b in ((0.1, 0), (-0.1, 0), (0, 0.1), (0, -0.1))]
    assert found.fun <= min(around) + 1e-12
    assert np.abs(energy.gradient(found.x)).max() < 1e-4

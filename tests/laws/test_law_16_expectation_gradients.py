"""Law 16: gradients of expectation values are those of differences, and add up over the uses of a parameter."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.pauli_values import value_by_state_vector
from tests.strategies import _mixed_gate, observables

import taizhang as tz
from taizhang.circuit.circuit import Circuit, Operation
from taizhang.circuit.gates import RECORDS, gate
from taizhang.circuit.observable import Observable
from taizhang.circuit.parametric_gate import ParametricGate
from taizhang.settings import Settings

PARAMETERS = [tz.Parameter(name) for name in ("alpha", "beta", "theta[0]")]
WITH_ANGLES = sorted(name for name, record in RECORDS.items() if record.num_parameters and name != "u0")
DOUBLE = {"dtype": "complex128", "threads": 1}


def values_at(circuit, sums, names, point):
    bound = circuit.bind(dict(zip(names, point, strict=True)))
    return np.array([value_by_state_vector(bound, observable).real for observable in sums])


def differences(circuit, sums, names, point, step=2e-4):
    """Central differences of order 4, shape (observables, parameters)."""
    columns = []
    for number in range(len(names)):
        shift = step * np.eye(len(names))[number]
        near, far = (
            values_at(circuit, sums, names, point + k * shift) - values_at(circuit, sums, names, point - k * shift)
            for k in (1, 2)
        )
        columns.append((8 * near - far) / (12 * step))
    return np.array(columns).T


def random_expression(rng):
    """An angle that is affine in one or two parameters."""
    angle = PARAMETERS[rng.integers(3)] * float(rng.choice([1, -1, 2, 0.5, 0.3])) + float(rng.choice([0, 0, 0.4, -1]))
    return angle + 0.7 * PARAMETERS[rng.integers(3)] if rng.random() < 0.3 else angle


def random_gate(rng, names=WITH_ANGLES, most_controls=5):
    """A gate with at least one angle that is an expression."""
    name = str(rng.choice(names))
    count = RECORDS[name].num_parameters
    fixed = [float(rng.choice([0, math.pi / 2, math.pi, 0.3])) for _ in range(count)]
    given = [random_expression(rng) if rng.random() < 0.6 else angle for angle in fixed]
    given[rng.integers(count)] = random_expression(rng)
    chosen = ParametricGate(name, tuple(given))
    return chosen.controlled(int(rng.integers(1, most_controls + 1))) if rng.random() < 0.4 else chosen


@st.composite
def ansatzes(draw, max_qubits=6, max_operations=18):
    """Circuits of any gates, about half with angles that depend on parameters, in superposition from the start."""
    num_qubits = draw(st.integers(1, max_qubits))
    rng = np.random.default_rng(draw(st.integers(0, 1 << 32)))
    operations = [Operation(gate("ry", 0.4 + 0.5 * qubit), (qubit,)) for qubit in range(num_qubits)]
    for _ in range(draw(st.integers(1, max_operations))):
        chosen = random_gate(rng) if rng.random() < 0.5 else _mixed_gate(rng)
        if chosen.num_qubits <= num_qubits:
            operations.append(Operation(chosen, tuple(map(int, rng.permutation(num_qubits)[: chosen.num_qubits]))))
    return Circuit.from_operations(num_qubits, operations)


def check(circuit, sums, point, **options):
    energy = tz.Energy(circuit, sums, **DOUBLE, **options)
    values, gradient = energy.value_and_gradient(point)
    names, size = energy.parameters, max(1.0, *(observable.norm1 for observable in sums))
    assert names == circuit.parameters
    assert gradient.shape == (len(sums), len(names))
    np.testing.assert_allclose(values, energy(point), atol=1e-12 * size, rtol=0)
    np.testing.assert_allclose(values, values_at(circuit, sums, names, point), atol=1e-10 * size, rtol=0)
    np.testing.assert_allclose(gradient, differences(circuit, sums, names, point), atol=1e-7 * size, rtol=0)


@settings(max_examples=25)
@given(circuit=ansatzes(), data=st.data())
def test_gradients_are_those_of_differences(circuit, data):
    assume(circuit.parameters)
    sums = [data.draw(observables(circuit.num_qubits, 4, real=True)) for _ in range(2)]
    angles = st.one_of(st.sampled_from([0.0, math.pi / 2, math.pi]), st.floats(-3, 3))
    point = data.draw(st.lists(angles, min_size=len(circuit.parameters), max_size=len(circuit.parameters)))
    check(circuit, sums, np.array(point), **data.draw(st.sampled_from([{}, {}, {"width": 2}, {"width": 4}])))


@pytest.mark.parametrize("controls", [0, 1, 2, 4])
@pytest.mark.parametrize("name", WITH_ANGLES)
def test_every_gate_with_any_number_of_controls(name, controls):
    count, targets = RECORDS[name].num_parameters, RECORDS[name].num_targets
    theta = [tz.Parameter(f"theta[{number}]") for number in range(count)]
    chosen = ParametricGate(name, tuple(2 * each + 0.1 for each in theta)).controlled(controls)
    num_qubits = max(1, controls + targets)
    circuit = Circuit(num_qubits)
    for qubit in range(num_qubits):
        circuit = circuit.ry(qubit, 1.1 + 0.4 * qubit)
    circuit = circuit.append(chosen, *range(chosen.num_qubits))
    for qubit in range(num_qubits):
        circuit = circuit.rx(qubit, 0.7 + 0.1 * qubit)
    last = num_qubits - 1
    check(circuit, [Observable("X0 - 0.5 Z0"), Observable(f"Y0 + Z{last}")], np.linspace(0.3, 1.4, count))


ROTATIONS = ["rx", "ry", "rz", "rxx", "ryy", "rzz", "rzx", "p"]


@settings(max_examples=15)
@given(seed=st.integers(0, 1 << 32), data=st.data())
def test_gradients_of_rotations_are_those_of_shifted_values(seed, data):
    rng = np.random.default_rng(seed)
    num_qubits = 4
    circuit = Circuit(num_qubits).h(0).h(1).ry(2, 1.0)
    for name in data.draw(st.lists(st.sampled_from([*ROTATIONS, "cx", "h"]), min_size=1, max_size=12)):
        chosen = gate(name, float(rng.uniform(-3, 3))) if name in ROTATIONS else gate(name)
        circuit = circuit.append(chosen, *map(int, rng.permutation(num_qubits)[: chosen.num_qubits]))
    observable = data.draw(observables(num_qubits, real=True))
    energy = tz.Energy(circuit, observable, **DOUBLE)
    angles = [angle for step in circuit for angle in step.gate.parameters]
    assert energy.parameters == tuple(f"theta{number}" for number in range(len(angles)))
    shifts = math.pi / 2 * np.eye(len(angles))
    wanted = (energy(np.array(angles) + shifts) - energy(np.array(angles) - shifts)) / 2
    np.testing.assert_allclose(energy.gradient(), wanted, atol=1e-11 * max(1, observable.norm1), rtol=0)


@settings(max_examples=15)
@given(circuit=ansatzes(max_qubits=5, max_operations=10), data=st.data())
def test_the_gradient_of_a_parameter_is_the_sum_over_its_uses(circuit, data):
    names = circuit.parameters
    assume(names)
    observable = data.draw(observables(circuit.num_qubits, 3, real=True))
    point = dict(zip(names, np.linspace(-1, 2, len(names)).tolist(), strict=True))
    # Every angle with parameters becomes a parameter of its own; the chain rule gives the gradient back.
    operations, uses, values = [], [], {}
    for step in circuit.operations:
        action = step.action
        if isinstance(action, ParametricGate):
            fresh = []
            for angle in action.parameters:
                if isinstance(angle, float):
                    fresh.append(angle)
                    continue
                own = tz.Parameter(f"use[{len(uses)}]")
                values[own.name] = angle.value_of(point)
                uses.append(dict(angle.terms))
                fresh.append(own)
            action = ParametricGate(action.name, tuple(fresh), action.num_controls)
        operations.append(Operation(action, step.qubits))
    apart = tz.Energy(Circuit(circuit.num_qubits, operations), observable, **DOUBLE)
    slopes = dict(zip(apart.parameters, apart.gradient(values), strict=True))
    wanted = [sum(use.get(name, 0.0) * slopes[f"use[{k}]"] for k, use in enumerate(uses)) for name in names]
    found = tz.Energy(circuit, observable, **DOUBLE).gradient(point)
    np.testing.assert_allclose(found, wanted, atol=1e-11 * max(1, observable.norm1), rtol=0)


@settings(max_examples=10)
@given(circuit=ansatzes(max_qubits=5), data=st.data(), threads=st.integers(2, 3))
def test_threads_do_not_change_a_bit(circuit, data, threads):
    assume(circuit.parameters)
    sums = [data.draw(observables(circuit.num_qubits, 4, real=True)) for _ in range(2)]
    dtype = data.draw(st.sampled_from(["complex64", "complex128"]))
    point = np.linspace(-1, 1, len(circuit.parameters))
    found = []
    for count in (1, threads):
        energy = tz.Energy(circuit, sums, dtype=dtype, threads=count, trials=2, width=3)
        found.append([part.tobytes() for part in energy.value_and_gradient(point)])
    assert found[0] == found[1]


def entangled(num_qubits, layers):
    """Rotations and couplings on a ring, with two parameters for each layer."""
    circuit = Circuit(num_qubits)
    for layer in range(layers):
        one, two = tz.Parameter(f"one[{layer}]"), tz.Parameter(f"two[{layer}]")
        for qubit in range(num_qubits):
            circuit = circuit.ry(qubit, one + 0.1 * qubit)
        for qubit in range(num_qubits):
            circuit = circuit.append("rzz", qubit, (qubit + 1) % num_qubits, parameters=[two * (1 + 0.1 * qubit)])
    return circuit


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
def test_gradients_in_slices_when_memory_is_short(dtype, monkeypatch):
    circuit = entangled(10, 5)
    sums = [Observable("X0 X4"), Observable("Z1 + 2 X2 X3")]
    point = np.linspace(0.2, 1.7, len(circuit.parameters))
    energy = tz.Energy(circuit, sums, dtype=dtype, threads=1)
    values, gradient = energy.value_and_gradient(point)
    short = tz.Energy(circuit, sums, dtype=dtype, threads=1)
    whole = sum(batch.program.num_slices for batch in energy._program.gradient_batches())
    needed = max(batch.program.peak_bytes(1, workers=1, threads=1) for batch in energy._program.gradient_batches())
    gathered = max(batch.peak_bytes(1) for batch in energy._program.gradient_batches())
    monkeypatch.setattr(Settings, "free_bytes", lambda _: needed // 2)
    batches = short._program.gradient_batches()
    assert sum(batch.program.num_slices for batch in batches) > whole
    assert all(batch.program.peak_bytes(1, workers=1, threads=1) <= needed // 2 for batch in batches)
    # The arrays that are gathered are not in the limit for one program.
    monkeypatch.setattr(Settings, "free_bytes", lambda _: 4 * gathered)
    found, slopes = short.value_and_gradient(point)
    tolerance = {"complex64": 1e-4, "complex128": 1e-11}[dtype]
    np.testing.assert_allclose(found, values, atol=tolerance)
    np.testing.assert_allclose(slopes, gradient, atol=tolerance)


def test_products_without_parameters_have_no_gradient():
    theta = tz.Parameter("theta")
    circuit = Circuit(3).h(0).t(0).h(0).rx(1, theta).h(2)
    value, gradient = tz.Energy(circuit, "Z0 + Z1 + X2", **DOUBLE).value_and_gradient([0.3])
    assert value == pytest.approx(math.cos(math.pi / 4) + math.cos(0.3) + 1, abs=1e-12)
    np.testing.assert_allclose(gradient, [-math.sin(0.3)], atol=1e-12)

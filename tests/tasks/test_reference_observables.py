"""Expectation values and derivatives that independent programs computed, on the circuits of the shared folder."""

from __future__ import annotations

import json

import numpy as np
import pytest
from tests.shared_data import needs_shared_data, shared_path

import taizhang as tz

# Name of the value, circuit, observable.
CASES = [
    *(
        (f"qaoa_n{nodes}_p{depth}",) * 2
        for nodes, depth in ((100, 1), (100, 2), (100, 3), (1000, 1), (1000, 2), (1000, 3))
    ),
    ("qaoa_weighted_n100_p2", "qaoa_n100_p2w"),
    ("hea_ising_n20_l4", "hea20"),
    ("hea_heisenberg_n100_l3", "hea100h"),
    ("otoc_4x4_l10", "otoc16"),
]


def reference(name):
    cases = json.loads(shared_path("reference", "observables.json").read_text(encoding="utf-8"))["cases"]
    return next(case for case in cases if case["name"] == name)


def observable_of(name):
    return tz.Observable(shared_path("observables", f"{name}.observable.txt").read_text(encoding="utf-8"))


def size_of(observable):
    return sum(abs(coefficient) for _, coefficient in observable.terms)


@needs_shared_data
@pytest.mark.parametrize(("name", "files"), CASES)
def test_values_and_gradients(name, files):
    known, observable = reference(name), observable_of(files)
    circuit = tz.read_circuit(shared_path("observables", f"{files}.qasm"))
    assert tz.expectation(circuit, observable) == pytest.approx(known["value"], abs=3e-6 * size_of(observable))
    energy = tz.Energy(circuit, observable, dtype="complex128")
    value, gradient = energy.value_and_gradient()
    assert value == pytest.approx(known["value"], abs=1e-11 * size_of(observable))
    if "gradient_norm" in known:
        assert np.linalg.norm(gradient) == pytest.approx(known["gradient_norm"], abs=1e-9 * size_of(observable))
    if "gradient_per_parameter_in_gate_order" in known:
        np.testing.assert_allclose(gradient, known["gradient_per_parameter_in_gate_order"], atol=1e-9)


@needs_shared_data
@pytest.mark.parametrize("name", ["z62", "weight10", "weight17"])
@pytest.mark.parametrize("angle", [0.0, 0.3, np.pi / 4, 1.0, np.pi / 2])
def test_kicked_ising(name, angle):
    known = reference(f"kicked_ising_{name}_theta{angle:.4f}")
    circuit = tz.read_circuit(shared_path("observables", "kicked_ising_127_t5_pi4.qasm"))
    theta = tz.Parameter("theta")
    steps = [
        tz.Operation(tz.gate("rx", theta), step.qubits) if step.gate.name == "rx" else step
        for step in circuit.operations
    ]
    energy = tz.Energy(tz.Circuit(127, steps), observable_of(f"kicked_ising_{name}"), dtype="complex128")
    value, gradient = energy.value_and_gradient([angle])
    assert value == pytest.approx(known["value"], abs=1e-12)
    if "derivative_by_theta" in known:
        assert gradient[0] == pytest.approx(known["derivative_by_theta"], abs=1e-10)

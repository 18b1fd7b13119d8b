"""Circuits and networks from and to quimb."""

from __future__ import annotations

import numpy as np
import pytest
import quimb.tensor as qtn

import taizhang as tz


def random_quimb(seed, qubits=4):
    rng = np.random.default_rng(seed)
    circuit = qtn.Circuit(qubits)
    for _ in range(14):
        a, b = rng.permutation(qubits)[:2].tolist()
        t = rng.uniform(-2, 2, 3).tolist()
        kind = rng.integers(8)
        if kind == 0:
            circuit.h(a)
        elif kind == 1:
            circuit.u3(*t, a)
        elif kind == 2:
            circuit.cx(a, b)
        elif kind == 3:
            circuit.rzz(t[0], a, b)
        elif kind == 4:
            circuit.apply_gate("RY", params=[t[0]], qubits=[a], controls=[b])
        elif kind == 5:
            circuit.apply_gate("FSIM", t[0], t[1], a, b)
        elif kind == 6:
            circuit.apply_gate_raw(np.linalg.qr(rng.normal(size=(4, 4)) + 1j * rng.normal(size=(4, 4)))[0], (a, b))
        else:
            circuit.swap(a, b)
    return circuit


@pytest.mark.parametrize("seed", range(50))
def test_amplitudes_are_those_of_quimb(seed):
    circuit = random_quimb(seed)
    read = tz.from_quimb(circuit)
    expected = circuit.to_dense().reshape(-1)
    np.testing.assert_allclose(tz.state_vector(read, dtype="complex128"), expected, atol=1e-9)
    back = tz.to_quimb(read)
    np.testing.assert_allclose(back.to_dense().reshape(-1), expected, atol=1e-9)


def test_our_plans_serve_both():
    circuit = random_quimb(3)
    planner = tz.Planner(trials=1)
    theirs = circuit.amplitude("0110", optimize=planner)
    assert theirs == pytest.approx(tz.amplitude(tz.from_quimb(circuit), "0110"), abs=1e-6)


def test_names_are_kept():
    circuit = qtn.Circuit(2)
    circuit.h(0)
    circuit.rz(0.3, 1)
    circuit.cz(0, 1)
    assert [step.action.label for step in tz.from_quimb(circuit)] == ["h", "rz", "cz"]


def test_networks_both_ways():
    network = qtn.TN_rand_reg(8, 3, 2, seed=1, phys_dim=None)
    ours = tz.from_quimb(network)
    value = complex(network.contract())
    assert tz.contract(ours, dtype="complex128") == pytest.approx(value)
    assert complex(tz.to_quimb(ours).contract()) == pytest.approx(value)
    opened = qtn.MPS_rand_state(5, 3, seed=2)
    read = tz.from_quimb(opened)
    assert read.shape.output == tuple(read.shape.output)
    found = np.asarray(tz.contract(read, dtype="complex128"))
    np.testing.assert_allclose(found.reshape(-1), opened.to_dense().reshape(-1), atol=1e-9)


def test_what_is_something_else_is_refused():
    with pytest.raises(tz.UsageError, match="from_quimb takes a Circuit or a TensorNetwork of quimb"):
        tz.from_quimb([1, 2])
    with pytest.raises(tz.UsageError, match="to_quimb takes a Circuit or a TensorNetwork, got a list"):
        tz.to_quimb([1, 2])

"""Samples of noisy circuits: the method of least predicted time, and why."""

from __future__ import annotations

import numpy as np
import pytest

import taizhang as tz
from taizhang import channels
from taizhang.observer import Silent
from taizhang.settings import Settings
from taizhang.tasks.noisy_samples import draw_noisy


def brick(qubits, layers, channel):
    rng = np.random.default_rng(1)
    circuit = tz.Circuit(qubits)
    for layer in range(layers):
        for qubit in range(qubits):
            circuit = circuit.append(tz.gate("u", *rng.uniform(0, 6, 3)), qubit).append(channel, qubit)
        for qubit in range(layer % 2, qubits - 1, 2):
            circuit = circuit.cz(qubit, qubit + 1)
    return circuit


def drawn(circuit, shots, method="auto"):
    return draw_noisy(circuit, shots, method, Settings.checked(trials=1, threads=1), Silent())


def test_shallow_circuits_are_sampled_exactly():
    found = drawn(brick(30, 4, channels.depolarizing(0.01)), 20)
    assert found.method == "exact"
    assert found.reason.startswith("exact probabilities are predicted to take")
    assert found.bits.shape == (20, 30)


def test_deep_circuits_are_sampled_by_trajectories():
    found = drawn(brick(16, 24, channels.depolarizing(1e-4)), 3)
    assert found.method == "trajectories"
    assert ", trajectories " in found.reason
    assert found.bits.shape == (3, 16)


def test_deep_circuits_without_trajectories_say_so():
    circuit = brick(8, 12, channels.depolarizing(0.01)).reset(0).ry(0, 0.3)
    found = drawn(circuit, 3)
    assert found.method == "exact"
    with pytest.raises(tz.CircuitError, match="'reset' is not a gate"):
        drawn(circuit, 3, "trajectories")


def test_both_methods_draw_from_the_same_distribution():
    circuit = brick(3, 3, channels.amplitude_damping(0.1))
    exact = tz.probabilities(circuit, dtype="complex128")
    for method in ("exact", "trajectories"):
        rows = drawn(circuit, 8000, method).bits
        for outcome, chance in exact.items():
            seen = int((rows == [int(digit) for digit in outcome]).all(axis=1).sum())
            assert abs(seen - 8000 * chance) < 5 * np.sqrt(8000 * chance) + 1

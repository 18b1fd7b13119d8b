"""Exact or from trajectories: by the predicted times, with the reason."""

from __future__ import annotations

import numpy as np

import taizhang as tz
from taizhang import channels
from taizhang._resources import needed_bytes
from taizhang.observer import Silent
from taizhang.settings import Settings
from taizhang.tasks.noisy_expectation import choose_method


def brick(qubits, layers, channel, *, far=False):
    rng = np.random.default_rng(1)
    circuit = tz.Circuit(qubits)
    for layer in range(layers):
        for qubit in range(qubits):
            circuit = circuit.append(tz.gate("u", 0.3 + qubit, 0.7 * layer, 1.1), qubit).append(channel, qubit)
        order = rng.permutation(qubits).tolist() if far else range(qubits)
        for at in range(layer % 2, qubits - 1, 2):
            circuit = circuit.cz(order[at], order[at + 1])
    return circuit


def memory_beside_this_process():
    return f"{needed_bytes() + (5 << 28)}B"


def chosen(circuit, trajectories=100, **options):
    given = Settings.checked(trials=1, threads=1, **options)
    found = choose_method(circuit, [tz.Observable("Z3")], given, Silent(), trajectories)
    return found.method, found.reason


def test_what_is_quick_is_exact():
    method, reason = chosen(brick(20, 4, channels.depolarizing(0.01)))
    assert method == "exact"
    assert reason.startswith("the exact network is predicted to take")


def test_what_is_wide_is_from_trajectories():
    circuit = brick(20, 14, channels.depolarizing(1e-4), far=True)
    method, reason = chosen(circuit, memory=memory_beside_this_process())
    assert method == "trajectories", reason
    assert "100 trajectories" in reason


def test_without_trajectories_it_stays_exact():
    half = brick(20, 7, channels.depolarizing(1e-4), far=True)
    circuit = half.reset(3) + half
    method, reason = chosen(circuit, memory=memory_beside_this_process())
    assert method == "exact"
    assert "there are no trajectories: 'reset'" in reason

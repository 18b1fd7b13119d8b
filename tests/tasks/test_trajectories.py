"""Expectation values from trajectories: unbiased, with error bars that cover, the same for the same seed."""

from __future__ import annotations

import numpy as np
import pytest

import taizhang as tz
from taizhang import channels


def noisy(qubits=4, layers=3, p=0.05):
    circuit = tz.Circuit(qubits)
    for layer in range(layers):
        for qubit in range(qubits):
            circuit = circuit.ry(qubit, 0.4 + 0.3 * qubit + layer).append(channels.depolarizing(p), qubit)
        for qubit in range(layer % 2, qubits - 1, 2):
            circuit = circuit.cz(qubit, qubit + 1).append(channels.depolarizing2(p), qubit, qubit + 1)
    return circuit


SUMS = ["Z1 Z2", "X0 + 0.5 Z3 - 1"]


def mixed():
    """A channel that is a mixture of other unitaries than Pauli products."""
    rotation = tz.gate("u", 0.3, 0.4, 0.5).unitary()
    return channels.kraus([np.sqrt(0.8) * np.eye(2), np.sqrt(0.2) * rotation])


def test_any_mixture_of_unitaries():
    circuit = tz.Circuit(3).h(0).append(mixed(), 0).cx(0, 1).append(mixed(), 1).ry(2, 0.7).cz(1, 2)
    circuit = circuit.append(channels.depolarizing2(0.2), 1, 2)
    exact = tz.expectation(circuit, ["X0 X1", "Z2"], dtype="complex128")
    found = tz.estimate_expectation(circuit, ["X0 X1", "Z2"], trajectories=3000, seed=1)
    assert (np.abs(found.values - exact) < 4 * found.standard_errors + 1e-6).all()
    assert found.standard_errors.max() < 0.02


def test_the_mean_is_the_exact_value_and_the_error_covers_it():
    exact = tz.expectation(noisy(), SUMS, dtype="complex128")
    away = []
    for seed in range(40):
        found = tz.estimate_expectation(noisy(), SUMS, trajectories=200, seed=seed)
        assert found.num_trajectories == 200
        assert 1 < found.num_distinct <= 200
        away.append((found.values - exact) / found.standard_errors)
    deviations = np.array(away)
    assert np.abs(deviations).max() < 4.5
    # The mean over all seeds, in units of its own error, and the spread of single ones.
    assert np.abs(deviations.mean(axis=0)).max() * np.sqrt(40) < 4
    assert 0.7 < deviations.std() < 1.4


def test_the_same_seed_gives_the_same_on_any_number_of_threads():
    one = tz.estimate_expectation(noisy(), SUMS, trajectories=100, seed=3, threads=1, trials=1)
    two = tz.estimate_expectation(noisy(), SUMS, trajectories=100, seed=3, threads=2, trials=1)
    assert one.values.tolist() == two.values.tolist()
    assert (
        one.values.tolist()
        != tz.estimate_expectation(noisy(), SUMS, trajectories=100, seed=4, trials=1).values.tolist()
    )


def test_it_goes_on_until_the_error_is_reached():
    found = tz.estimate_expectation(noisy(), SUMS, target_error=0.03, seed=1)
    assert found.standard_errors.max() <= 0.03
    assert found.num_trajectories >= 64
    few = tz.estimate_expectation(noisy(), SUMS, target_error=1e-9, trajectories=300, seed=1)
    assert few.num_trajectories == 300


def test_rare_faults_give_few_different_choices():
    found = tz.estimate_expectation(noisy(p=1e-4), SUMS, trajectories=1000, seed=1)
    assert found.num_distinct < 60


@pytest.mark.parametrize(
    ("circuit", "options", "said"),
    [
        (
            tz.Circuit(1).append(channels.amplitude_damping(0.1), 0),
            {},
            "'amplitude_damping' is not a mixture of unitaries",
        ),
        (tz.Circuit(1).reset(0), {}, "'reset' is not a gate"),
        (noisy(), {"trajectories": 0}, "trajectories must be from 1 to 100,000,000, got 0"),
        (noisy(), {"target_error": -1}, "target_error must be a positive number, got -1"),
    ],
)
def test_what_cannot_be_is_refused(circuit, options, said):
    with pytest.raises(tz.TaizhangError, match=said):
        tz.estimate_expectation(circuit, "Z0", **options)


def test_complex_observables_are_refused():
    with pytest.raises(tz.UsageError, match="trajectories are of Hermitian observables"):
        tz.estimate_expectation(noisy(), tz.X(0) * tz.Z(0))

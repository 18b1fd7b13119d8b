"""Expectation values from trajectories: unbiased, with error bars that cover, the same for the same seed."""

from __future__ import annotations

import math
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.chi_squared import p_value

import taizhang as tz
from taizhang import channels
from taizhang.tasks.trajectory_choices import likeliest


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
    # The one without faults has its exact probability; those drawn have one fault nearly always.
    assert found.num_distinct < 400
    exact = tz.expectation(noisy(p=1e-4), SUMS, dtype="complex128")
    assert (np.abs(found.values - exact) < 5 * found.standard_errors + 1e-6).all()
    assert found.standard_errors.max() < 1e-4


@pytest.mark.parametrize(
    ("circuit", "options", "said"),
    [
        (
            tz.Circuit(27).append(channels.amplitude_damping(0.1), 0),
            {"observable": " ".join(f"Z{qubit}" for qubit in range(27))},
            "'amplitude_damping' is not a mixture of unitaries",
        ),
        (noisy(), {"exhaustive_to": 2}, "exhaustive_to must be a number between 0 and 1, got 2"),
        (noisy(), {"exhaustive_to": 0.1, "trajectories": 5}, "exhaustive_to draws no trajectories"),
        (noisy(layers=30, p=0.2), {"exhaustive_to": 0.01}, "the 100,000 likeliest choices of operators leave"),
        (tz.Circuit(1).reset(0), {}, "'reset' is not a gate"),
        (noisy(), {"trajectories": 0}, "trajectories must be from 1 to 100,000,000, got 0"),
        (noisy(), {"target_error": -1}, "target_error must be a positive number, got -1"),
    ],
)
def test_what_cannot_be_is_refused(circuit, options, said):
    options = dict(options)
    with pytest.raises(tz.TaizhangError, match=said):
        tz.estimate_expectation(circuit, options.pop("observable", "Z0"), **options)


def test_complex_observables_are_refused():
    with pytest.raises(tz.UsageError, match="trajectories are of Hermitian observables"):
        tz.estimate_expectation(noisy(), tz.X(0) * tz.Z(0))


def damped(strength=0.1):
    circuit = noisy(p=0.02)
    for qubit in range(4):
        circuit = circuit.append(channels.amplitude_damping(strength), qubit).ry(qubit, 0.3)
        circuit = circuit.append(channels.thermal_relaxation(0.05, 1.0, 0.8), qubit)
    return circuit


def test_channels_that_are_no_mixtures_of_unitaries():
    exact = tz.expectation(damped(), [*SUMS, "Y0 Y1"], dtype="complex128")
    away = []
    for seed in range(20):
        found = tz.estimate_expectation(damped(), [*SUMS, "Y0 Y1"], trajectories=500, seed=seed)
        away.append((found.values - exact) / found.standard_errors)
    deviations = np.array(away)
    assert np.abs(deviations).max() < 4.5
    assert np.abs(deviations.mean(axis=0)).max() * np.sqrt(20) < 4
    assert 0.7 < deviations.std() < 1.4


def test_the_likeliest_choices_give_bounds_that_hold():
    circuit = noisy(layers=2, p=0.01)
    exact = tz.expectation(circuit, SUMS, dtype="complex128")
    before = np.inf
    for left in (0.1, 0.02, 0.003):
        found = tz.estimate_expectation(circuit, SUMS, exhaustive_to=left, dtype="complex128")
        assert (np.abs(found.values - exact) <= found.bounds + 1e-12).all()
        assert found.bounds.max() <= 1.5 * left
        assert found.bounds.max() < before
        before = found.bounds.max()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(st.floats(0.01, 1), min_size=1, max_size=4), min_size=1, max_size=4))
def test_the_likeliest_choices_come_in_order_and_each_once(weights):
    places = [SimpleNamespace(probabilities=sorted((w / sum(row) for w in row), reverse=True)) for row in weights]
    found = list(likeliest(places))
    chances = [chance for _, chance in found]
    assert len({choice.tobytes() for choice, _ in found}) == len(found) == math.prod(len(row) for row in weights)
    assert sum(chances) == pytest.approx(1)
    assert all(later <= earlier * (1 + 1e-9) for earlier, later in pairwise(chances))
    for choice, chance in found:
        product = math.prod(place.probabilities[at] for place, at in zip(places, choice, strict=True))
        assert chance == pytest.approx(product)


def close_to(rows, circuit):
    """Whether samples are of the exact distribution: chi squared over its outcomes."""
    exact = np.zeros(2 ** rows.shape[1])
    for outcome, chance in tz.probabilities(circuit, dtype="complex128").items():
        exact[int(outcome.replace(" ", ""), 2)] = chance
    return p_value(rows, exact) > 1e-4


@pytest.mark.parametrize("circuit", [noisy(), damped(0.3)])
def test_samples_are_of_the_exact_distribution(circuit):
    assert close_to(tz.sample(circuit, 20_000, method="trajectories", seed=5), circuit)


def test_samples_of_measured_bits_have_errors_of_reading():
    circuit = noisy(3, 2, 0.1)
    circuit = tz.Circuit(3, circuit.operations, bits={"a": 1, "b": 3})
    circuit = circuit.measure(2, "a", readout=tz.readout(0.2, 0.1)).measure([0, 1], ["b[2]", "b[0]"])
    rows = tz.sample(circuit, 20_000, method="trajectories", seed=2)
    assert rows.shape == (20_000, 4)
    assert close_to(rows, circuit)


def test_samples_are_the_same_for_the_same_seed_on_any_number_of_threads():
    one, two = (tz.sample(damped(), 300, method="trajectories", seed=3, threads=t, trials=1) for t in (1, 2))
    assert one.tolist() == two.tolist()
    assert one.tolist() != tz.sample(damped(), 300, method="trajectories", seed=4, trials=1).tolist()


def test_samples_of_circuits_too_wide_for_states():
    circuit = tz.Circuit(30).h(0)
    for qubit in range(29):
        circuit = circuit.cx(qubit, qubit + 1)
    circuit = circuit.append(channels.bit_flip(0.5), 29)
    rows = tz.sample(circuit, 64, method="trajectories", seed=1)
    assert (rows[:, :29] == rows[:, :1]).all()
    assert 12 < (rows[:, 29] == rows[:, 0]).sum() < 52
    with pytest.raises(tz.CircuitError, match="samples with such channels are of circuits of at most 26 qubits"):
        tz.sample(circuit.append(channels.amplitude_damping(0.1), 0), 1, method="trajectories")


def test_what_has_no_trajectories_is_refused():
    with pytest.raises(tz.CircuitError, match="'h' comes after a measurement of its qubit"):
        tz.sample(tz.Circuit(1, bits=1).measure(0, "c").h(0), 1, method="trajectories")
    circuit = tz.Circuit(1)
    for _ in range(20):
        circuit = circuit.append(channels.amplitude_damping(1.0), 0)
    with pytest.raises(tz.CircuitError, match=r"one draw in 1.05e\+06 would be kept"):
        tz.sample(circuit, 1, method="trajectories")
    with pytest.raises(tz.UsageError, match="without a directory"):
        tz.sample(noisy(), 1, method="trajectories", directory="x")
    with pytest.raises(tz.TimeLimitError, match="different trajectories are predicted to take"):
        tz.sample(noisy(20, 2), 1000, method="trajectories", time_limit="1ms")

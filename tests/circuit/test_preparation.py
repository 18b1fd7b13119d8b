"""Starts other than |0…0⟩."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import taizhang as tz

STATES = {"0": [1, 0], "1": [0, 1], "+": [1, 1], "-": [1, -1], "r": [1, 1j], "l": [1, -1j]}


def product(states):
    return reduce(np.kron, [np.array(state, dtype=complex) / np.linalg.norm(state) for state in states])


def random_state(seed, count):
    rng = np.random.default_rng(seed)
    state = rng.normal(size=2**count) + 1j * rng.normal(size=2**count)
    return state / np.linalg.norm(state)


@given(st.text("01+-rl", min_size=1, max_size=6))
def test_signs_are_states(signs):
    found = tz.state_vector(tz.Circuit(len(signs), initial=signs), dtype="complex128")
    assert np.allclose(found, product([STATES[sign] for sign in signs]), atol=1e-12)


@given(st.integers(0, 10_000))
def test_states_of_each_qubit_and_of_some(seed):
    states = [random_state(seed + k, 1) for k in range(3)]
    found = tz.state_vector(tz.Circuit(3, initial=np.array(states)), dtype="complex128")
    assert np.allclose(found, product(states), atol=1e-12)
    pair = random_state(seed, 2)
    found = tz.state_vector(tz.Circuit(3, initial={(2, 0): pair, 1: states[1]}), dtype="complex128")
    expected = np.einsum("ca,b->abc", pair.reshape(2, 2), states[1]).reshape(-1)
    assert np.allclose(found, expected, atol=1e-12)


def test_operations_follow_the_start():
    circuit = tz.Circuit(2, initial="10").cx(0, 1)
    assert tz.amplitude(circuit, "11") == pytest.approx(1)
    assert tz.expectation(tz.Circuit(1, initial="r"), "Y0") == pytest.approx(1)
    assert tz.probabilities(tz.Circuit(1, bits=1, initial="1").measure(0, "c")) == pytest.approx({"1": 1})


@pytest.mark.parametrize(
    ("initial", "said"),
    [
        ("01", "initial must have 3 of the signs"),
        ("01x", "initial must have 3 of the signs"),
        (np.eye(2), r"initial has the shape \(2, 2\); give \(3, 2\)"),
        ([[1, 0], [2, 0], [1, 0]], r"qubits \[1\] has norm 2; it must be 1"),
        ([[1, 0], [np.nan, 0], [1, 0]], r"has norm nan"),
        ({3: [1, 0]}, "not in the circuit or is named twice"),
        ({0: [1, 0], (0, 1): [1, 0, 0, 0]}, "named twice"),
        ({(1, 1): [1, 0, 0, 0]}, "names a qubit twice"),
        ({0: [1, 0, 0]}, "must have 2 numbers"),
        (object(), "initial must be text"),
    ],
)
def test_what_is_no_state_is_refused(initial, said):
    with pytest.raises(tz.CircuitError, match=said):
        tz.Circuit(3, initial=initial)

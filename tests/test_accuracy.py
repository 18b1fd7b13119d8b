"""Accuracy of amplitudes, from circuit to number."""

import pytest
from benchmarks.accuracy import ghz, product, relative_difference

import taizhang as tz


def test_single_precision_is_near_double_on_a_deep_grid():
    circuit, zeros = tz.grid_circuit(6, 6, 24, seed=3), "0" * 36
    plan = tz.plan(circuit, trials=2)
    single, double = (tz.amplitude(circuit, zeros, plan=plan, dtype=dtype) for dtype in ("complex64", "complex128"))
    assert relative_difference(single, double) < 1e-5


@pytest.mark.parametrize("state", [ghz(300), product(200), product(400)], ids=["ghz 300", "product 200", "product 400"])
def test_states_of_hundreds_of_qubits_are_right_in_single_precision(state):
    circuit, bitstring, exact = state
    assert relative_difference(tz.amplitude(circuit, bitstring), exact) < 1e-6

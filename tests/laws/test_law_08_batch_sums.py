"""Law 8: the probabilities of a batch add up to the probability of the bits that are fixed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.strategies import circuits

import taizhang as tz


@settings(max_examples=40)
@given(circuits(max_qubits=6, max_operations=20), st.data())
def test_a_batch_sums_to_the_marginal_of_its_fixed_bits(circuit, data):
    order = data.draw(st.permutations(range(circuit.num_qubits)))
    opened = order[: data.draw(st.integers(0, circuit.num_qubits))]
    fixed = sorted(set(order) - set(opened))
    bits = data.draw(st.lists(st.integers(0, 1), min_size=circuit.num_qubits, max_size=circuit.num_qubits))
    bitstring = "".join(map(str, bits))
    options = {"dtype": "complex128", "threads": 1}
    batch = tz.amplitude_batch(circuit, bitstring, open_qubits=opened, **options)
    marginals = tz.marginal_probabilities(circuit, fixed, **options)
    expected = marginals[tuple(bits[qubit] for qubit in fixed)]
    assert (np.abs(batch) ** 2).sum() == pytest.approx(expected, abs=1e-10)


@settings(max_examples=20)
@given(circuits(max_qubits=6, max_operations=20))
def test_all_probabilities_sum_to_one(circuit):
    assert (np.abs(tz.state_vector(circuit, dtype="complex128", threads=1)) ** 2).sum() == pytest.approx(1, abs=1e-10)

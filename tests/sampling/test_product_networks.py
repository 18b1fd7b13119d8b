"""Product batches equal the batches of the complete bitstrings."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.strategies import circuits

import taizhang as tz
from taizhang.circuit.state_vector import state_vector
from taizhang.sampling.product_batches import prepare_products
from taizhang.settings import Settings

DOUBLE = Settings.checked(trials=1, dtype="complex128", threads=1)


def expected(circuit, contractor, left_bits, right_bits, opened):
    exact = state_vector(circuit)
    values = np.empty((*contractor.counts, *(2,) * len(opened)), dtype=complex)
    for place in np.ndindex(*values.shape):
        bits = np.zeros(circuit.num_qubits, dtype=int)
        bits[list(contractor.sides[0])] = left_bits[place[0]][list(contractor.sides[0])]
        bits[list(contractor.sides[1])] = right_bits[place[1]][list(contractor.sides[1])]
        bits[list(opened)] = place[2:]
        values[place] = exact[int("".join(map(str, bits)), 2)]
    return values


@settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(circuit=circuits(min_qubits=1, max_qubits=6), data=st.data())
def test_product_batches_of_any_circuit(circuit, data):
    opened = data.draw(st.lists(st.integers(0, circuit.num_qubits - 1), unique=True, max_size=2))
    counts = (data.draw(st.integers(1, 3)), data.draw(st.integers(1, 4)))
    rng = np.random.default_rng(data.draw(st.integers(0, 1 << 32)))
    sides = [rng.integers(0, 2, size=(count, circuit.num_qubits)).astype(np.uint8) for count in counts]
    left = data.draw(st.lists(st.integers(0, circuit.num_qubits - 1), unique=True))
    contractor = prepare_products(circuit, DOUBLE, left=left, counts=counts, open_qubits=opened)
    reference = expected(circuit, contractor, *sides, opened)
    np.testing.assert_allclose(contractor.run(*sides), reference, rtol=0, atol=1e-12)


def test_product_batches_of_a_chaotic_circuit():
    circuit = tz.sycamore_circuit(16, cycles=8, seed=4)
    rng = np.random.default_rng(0)
    sides = [rng.integers(0, 2, size=(count, 16)).astype(np.uint8) for count in (5, 8)]
    contractor = prepare_products(circuit, Settings.checked(trials=2), left=range(8), counts=(5, 8), open_qubits=(3, 9))
    reference = expected(circuit, contractor, *sides, (3, 9))
    np.testing.assert_allclose(contractor.run(*sides), reference, rtol=0, atol=2e-6 * abs(reference).max())
    assert contractor.sides == ((0, 1, 2, 4, 5, 6, 7), (8, 10, 11, 12, 13, 14, 15))


def test_other_numbers_of_sides_are_refused():
    circuit = tz.Circuit(2).append("h", 0)
    contractor = prepare_products(circuit, DOUBLE, left=[0], counts=(2, 2))
    with pytest.raises(tz.UsageError, match="prepared for 2 and 2"):
        contractor.run(np.zeros((1, 2), dtype=np.uint8), np.zeros((2, 2), dtype=np.uint8))

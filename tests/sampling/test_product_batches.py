"""Samples from product batches."""

import numpy as np
import pytest
from tests.chi_squared import exact_probabilities, outcomes_of, p_value
from tests.small_circuits import chaotic, ghz

import taizhang as tz
from taizhang.errors import NumericalError, UsageError
from taizhang.sampling.partition import BatchGrid, choose_batch_grid
from taizhang.sampling.product_batches import ProductBatches, distinct_bits
from taizhang.settings import Settings

LEAST_P_VALUE = 1e-4


def test_candidates_are_amplitudes_of_different_bits_in_any_portions():
    circuit = chaotic(9, 6, 1)
    grid = BatchGrid(left=(0, 1, 2, 3), opened=(4, 5), right=(6, 7, 8), counts=(3, 4))
    source = ProductBatches(circuit, grid, Settings.checked(threads=1, trials=2, seed=5))
    bits, amplitudes = source.candidates(0, 30)
    state = tz.state_vector(circuit, dtype="complex128", threads=1).reshape((2,) * 9)
    for row, found in zip(bits, amplitudes, strict=True):
        expected = state[tuple(slice(None) if qubit in (4, 5) else row[qubit] for qubit in range(9))]
        np.testing.assert_allclose(found, expected.reshape(-1), atol=1e-6)
    for start in (0, 12):
        assert len(np.unique(bits[start : start + 12], axis=0)) == 12
    again = [source.candidates(*part)[0] for part in ((0, 5), (5, 10), (15, 15))]
    assert np.array_equal(np.concatenate(again), bits)
    assert source.predicted_seconds(13) == 2 * source.predicted_seconds(12)


@pytest.mark.parametrize(("batch_qubits", "shots"), [(0, 800), (3, 1500), (5, 1500)])
def test_samples_have_the_probabilities_of_the_state_vector(batch_qubits, shots):
    circuit = tz.sycamore_circuit(12, cycles=10, seed=2)
    run = tz.sample_run(circuit, shots=shots, seed=3, pair_sides=True, batch_qubits=batch_qubits, threads=1)
    bits = np.concatenate(list(run))
    probabilities = exact_probabilities(circuit)
    assert p_value(bits, probabilities) > LEAST_P_VALUE
    scaled = 2.0**12 * probabilities[outcomes_of(bits)]
    report = run.report()
    assert scaled.mean() - 1 == pytest.approx(report.linear_xeb, abs=0.05)
    assert report.standard_error == pytest.approx(scaled.std() / np.sqrt(shots), rel=0.1)
    assert "product batches" in report.remarks[-1]


def test_samples_are_the_same_on_any_number_of_threads_and_with_any_memory():
    circuit = tz.sycamore_circuit(14, cycles=8, seed=4)
    one, two, other = (
        tz.sample(circuit, shots=300, seed=seed, pair_sides=True, **options)
        for seed, options in ((5, {"threads": 1}), (5, {"threads": 2, "memory": "4GiB", "trials": 3}), (6, {}))
    )
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)


def test_the_grid_parts_the_qubits_and_spares_most_values_of_a_side():
    grid = choose_batch_grid(tz.sycamore_circuit(16, cycles=8, seed=4), 4, 100_000, seed=1)
    assert sorted([*grid.left, *grid.opened, *grid.right]) == list(range(16))
    assert len(grid.opened) == 4
    assert grid.counts[0] <= 2 ** (len(grid.left) - 2)
    assert grid.counts[1] <= 2 ** (len(grid.right) - 2)


@pytest.mark.parametrize(("count", "width"), [(8, 3), (5, 12), (40, 13), (3, 60)])
def test_bits_of_a_side_are_all_different(count, width):
    bits = distinct_bits(np.random.default_rng(1), count, width)
    assert bits.shape == (count, width)
    assert len(np.unique(bits, axis=0)) == count
    assert set(bits.reshape(-1)) <= {0, 1}


def test_circuits_that_are_not_chaotic_are_refused():
    with pytest.raises(NumericalError, match="gate-by-gate"):
        tz.sample(ghz(16), shots=200, pair_sides=True, batch_qubits=4, threads=1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fidelity": 0.5}, "one of the two"),
        ({"batch_qubits": 7}, "at least two"),
        ({"method": "state-vector"}, "frugal"),
    ],
)
def test_options_that_exclude_product_batches_are_refused(options, message):
    with pytest.raises(UsageError, match=message):
        tz.sample(chaotic(8, 6, 1), shots=5, threads=1, pair_sides=True, **options)

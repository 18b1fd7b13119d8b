"""Samples of a part of the slices, compared with the exact state of that part."""

import numpy as np
import pytest
from tests.chi_squared import exact_probabilities, outcomes_of, p_value
from tests.small_circuits import ghz

import taizhang as tz
from taizhang.errors import NumericalError
from taizhang.sampling.batches import IndependentBatches
from taizhang.sampling.frugal import FrugalOptions, FrugalSampler
from taizhang.sampling.open_qubits import choose_batch_qubits
from taizhang.settings import Settings

LEAST_P_VALUE = 1e-4


def sampler_of(circuit, *, seed, trials, fidelity, batch_qubits, shots):
    """A sampler whose plan, and so the summed slices, is the same on any machine."""
    settings = Settings.checked(seed=seed, threads=1, trials=trials, objective="multiply_adds")
    opened = choose_batch_qubits(circuit, batch_qubits, seed)
    contractor = IndependentBatches(circuit, opened, settings, num_batches=shots, fidelity=fidelity)
    options = FrugalOptions(fidelity=fidelity, batch_qubits=batch_qubits)
    return FrugalSampler(circuit, settings, options, contractor, shots), contractor


def state_of_part(contractor, num_qubits):
    """Unnormalised probabilities of the summed part of the slices, from all batches."""
    fixed = [qubit for qubit in range(num_qubits) if qubit not in contractor.open_qubits]
    axes = (*fixed, *contractor.open_qubits)
    bits = np.zeros((2 ** len(fixed), num_qubits), dtype=np.uint8)
    bits[:, fixed] = np.arange(len(bits))[:, np.newaxis] >> np.arange(len(fixed))[::-1] & 1
    return (np.abs(contractor.run(bits)) ** 2).reshape((2,) * num_qubits).transpose(np.argsort(axes)).reshape(-1)


@pytest.mark.parametrize(
    ("num_qubits", "seed", "trials", "fidelity"),
    [(12, 0, 1, 0.1), (12, 1, 2, 0.25), (12, 2, 4, 0.5), (14, 0, 2, 0.3), (14, 1, 4, 0.1), (16, 1, 4, 0.25)],
)
def test_samples_follow_the_state_of_the_summed_slices(num_qubits, seed, trials, fidelity):
    circuit = tz.sycamore_circuit(num_qubits, cycles=10, seed=4)
    sampler, contractor = sampler_of(circuit, seed=seed, trials=trials, fidelity=fidelity, batch_qubits=5, shots=1500)
    bits = sampler.draw(0, 1500)
    part, probabilities = state_of_part(contractor, num_qubits), exact_probabilities(circuit)
    assert p_value(bits, part / part.sum()) > LEAST_P_VALUE
    report = sampler.report()
    assert report.fidelity == pytest.approx(fidelity, rel=0.35)
    assert report.fidelity == pytest.approx(part.sum(), rel=0.05)
    expected = 2.0**num_qubits * (part * probabilities).sum() / part.sum() - 1
    assert report.linear_xeb == pytest.approx(expected, abs=4 * report.standard_error + 0.03)
    scaled = 2.0**num_qubits * probabilities[outcomes_of(bits)]
    assert scaled.mean() - 1 == pytest.approx(report.linear_xeb, abs=5 * scaled.std() / np.sqrt(1500))
    assert "measured for the bound" in " ".join(report.remarks)
    assert 0 < report.standard_error < 0.1


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("trials", [1, 4, 8])
def test_no_plan_of_a_chaotic_circuit_is_refused(seed, trials):
    circuit = tz.sycamore_circuit(16, cycles=10, seed=4)
    sampler, _ = sampler_of(circuit, seed=seed, trials=trials, fidelity=0.25, batch_qubits=8, shots=20)
    assert len(sampler.draw(0, 20)) == 20
    assert sampler.batches_per_sample < 3


def test_a_part_that_is_too_small_or_too_large_is_changed():
    _, contractor = sampler_of(
        tz.sycamore_circuit(12, cycles=10, seed=4), seed=1, trials=2, fidelity=0.25, batch_qubits=4, shots=60
    )
    paths = contractor.paths_taken
    assert contractor.meets(0.27)
    assert contractor.paths_taken == paths
    assert not contractor.meets(0.1)
    assert contractor.paths_taken == round(2.5 * paths)
    assert contractor.fidelity == contractor.paths_taken / contractor.num_paths
    assert not contractor.meets(1.0)
    assert contractor.paths_taken == (paths + round(2.5 * paths)) // 2


def test_the_bound_does_not_depend_on_portions():
    circuit = tz.sycamore_circuit(12, cycles=10, seed=4)
    options = {"seed": 1, "trials": 2, "fidelity": 0.25, "batch_qubits": 4, "shots": 60}
    one, other = (sampler_of(circuit, **options)[0] for _ in range(2))
    assert np.array_equal(np.concatenate([one.draw(0, 20), one.draw(20, 40)]), other.draw(0, 60))


class OneBatchIn:
    """Batches of which only one in `period` has a nonzero probability."""

    open_qubits, rows, num_paths, paths_taken, fidelity, remarks = (0, 1, 2, 3), 1, 8, 2, 0.25, ()

    def __init__(self, period):
        self._period = period

    def predicted_seconds(self, num_batches):
        return 0.01 * num_batches

    def meets(self, norm):
        return True

    def candidates(self, first, count, observer=None):
        numbers = np.arange(first, first + count)
        amplitudes = np.repeat(np.where(numbers % self._period == 0, 2.0**-6, 0.0), 16).reshape(count, 16)
        return np.zeros((count, 12), dtype=np.uint8), amplitudes.astype(complex)


@pytest.mark.parametrize(("period", "message"), [(1 << 50, "have none"), (64, "batches a sample")])
def test_a_part_with_too_little_probability_is_refused(period, message):
    options = FrugalOptions(fidelity=0.25, batch_qubits=4)
    sampler = FrugalSampler(ghz(12), Settings.checked(threads=1), options, OneBatchIn(period), 20)
    with pytest.raises(NumericalError, match=message):
        sampler.draw(0, 20)

import numpy as np
import pytest
from tests.chi_squared import exact_probabilities, p_value
from tests.small_circuits import chaotic, ghz, ising, of_many_kinds, w_state

import taizhang as tz
from taizhang.errors import NumericalError, SizeLimitError, UsageError
from taizhang.sampling.batches import IndependentBatches
from taizhang.sampling.frugal import FrugalOptions, FrugalSampler
from taizhang.sampling.gate_by_gate import GateByGateSampler
from taizhang.sampling.open_qubits import choose_batch_qubits
from taizhang.settings import Settings

SMALL = of_many_kinds(largest=9)
LEAST_P_VALUE = 1e-4


@pytest.mark.parametrize("method", ["state-vector", "marginals", "gate-by-gate", "auto"])
@pytest.mark.parametrize("name", SMALL)
def test_every_method_samples_with_the_probabilities_of_the_state_vector(name, method):
    circuit = SMALL[name]
    bits = tz.sample(circuit, shots=3000, seed=1, method=method, threads=1)
    assert bits.shape == (3000, circuit.num_qubits)
    assert bits.dtype == np.uint8
    assert p_value(bits, exact_probabilities(circuit)) > LEAST_P_VALUE


@pytest.mark.parametrize("batch_qubits", [3, 5, 12])
def test_frugal_rejection_samples_chaotic_circuits_with_their_probabilities(batch_qubits):
    circuit = tz.sycamore_circuit(12, cycles=10, seed=2)
    bits = tz.sample(circuit, shots=1500, seed=3, method="frugal", batch_qubits=batch_qubits, threads=1)
    assert p_value(bits, exact_probabilities(circuit)) > LEAST_P_VALUE


def test_gate_by_gate_without_state_vectors_gives_the_same_samples():
    circuit = chaotic(6, 4, 2)
    settings = Settings.checked(seed=4, threads=1)
    by_amplitudes = GateByGateSampler(circuit, settings, dense_qubits=0).draw(0, 40)
    assert np.array_equal(by_amplitudes, tz.sample(circuit, shots=40, seed=4, method="gate-by-gate", threads=1))


@pytest.mark.parametrize("method", ["state-vector", "marginals", "gate-by-gate", "frugal"])
def test_the_same_seed_gives_the_same_samples_on_any_number_of_threads(method):
    circuit = chaotic(10, 14, 2)
    options = {"batch_qubits": 4} if method == "frugal" else {}
    one, two, other = (
        tz.sample(circuit, shots=200, seed=seed, method=method, threads=threads, **options)
        for seed, threads in ((5, 1), (5, 2), (6, 1))
    )
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("method", ["state-vector", "marginals", "gate-by-gate", "frugal"])
def test_fewer_shots_are_the_first_of_more(method):
    circuit = chaotic(8, 8, 2)
    options = {"batch_qubits": 3} if method == "frugal" else {}
    few, many = (tz.sample(circuit, shots=shots, seed=5, method=method, threads=1, **options) for shots in (20, 150))
    assert np.array_equal(few, many[:20])


def test_the_most_probable_of_each_batch_raise_the_cross_entropy_with_a_remark():
    circuit = tz.sycamore_circuit(14, cycles=10, seed=4)
    run = tz.sample_run(circuit, shots=300, seed=1, top=1, batch_qubits=5, threads=1)
    bits = np.concatenate(list(run))
    scaled = 2.0**14 * exact_probabilities(circuit)[bits.astype(int) @ (1 << np.arange(14)[::-1])]
    assert scaled.mean() - 1 == pytest.approx(run.report().linear_xeb, rel=1e-3)
    assert scaled.mean() > 3.5
    assert "not a fidelity" in " ".join(run.report().remarks)


def test_frugal_rejection_refuses_circuits_that_are_not_chaotic():
    with pytest.raises(NumericalError, match="gate-by-gate"):
        tz.sample(ghz(16), shots=200, method="frugal", batch_qubits=4, threads=1)


def test_auto_takes_the_window_for_wide_circuits_and_says_why():
    run = tz.sample_run(ising(300, 2), shots=50)
    assert run.method == "marginals"
    assert "qubits entangled at most" in run.reason
    assert sum(len(portion) for portion in run) == 50


def test_samples_of_a_wide_w_state_have_one_one_each():
    assert set(tz.sample(w_state(60), shots=300, seed=2).sum(axis=1)) == {1}


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"shots": 0}, UsageError, "from 1"),
        ({"shots": 5, "method": "magic"}, UsageError, "gate-by-gate"),
        ({"shots": 5, "fidelity": 0.0}, UsageError, "above 0"),
        ({"shots": 5, "fidelity": float("nan")}, UsageError, "above 0"),
        ({"shots": 5, "fidelity": 0.5, "method": "marginals"}, UsageError, "frugal"),
        ({"shots": 5, "top": 2, "per_batch": 2}, UsageError, "one of them"),
        ({"shots": 5, "top": 9, "batch_qubits": 3}, UsageError, "top must be at most 8, "),
    ],
)
def test_invalid_options_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        tz.sample(chaotic(8, 6, 1), threads=1, **options)


def test_methods_that_do_not_fit_say_which_would():
    circuit = tz.sycamore_circuit(53, cycles=10, seed=1)
    with pytest.raises(SizeLimitError, match="auto"):
        tz.sample(circuit, shots=1, method="state-vector")
    with pytest.raises(SizeLimitError, match="gate-by-gate"):
        tz.sample(circuit, shots=1, method="marginals")


def frugal_sampler(circuit, shots, batch_qubits):
    settings = Settings.checked(seed=2, threads=1)
    machine = IndependentBatches(circuit, choose_batch_qubits(circuit, batch_qubits, 2), settings)
    return FrugalSampler(circuit, settings, FrugalOptions(), machine, shots)


def test_trying_frugal_rejection_out_changes_no_sample():
    circuit = chaotic(9, 10, 3)
    tried, other = frugal_sampler(circuit, 100, 4), frugal_sampler(circuit, 100, 4)
    tried.try_out()
    assert np.array_equal(tried.draw(0, 100), other.draw(0, 100))


def test_trying_frugal_rejection_out_refuses_circuits_that_are_not_chaotic():
    with pytest.raises(NumericalError, match="not those of a chaotic one"):
        frugal_sampler(ghz(14), 1000, 4).try_out()
    with pytest.raises(NumericalError, match="variance"):
        frugal_sampler(ising(14, 1) + ising(14, 2), 1000, 4).try_out()

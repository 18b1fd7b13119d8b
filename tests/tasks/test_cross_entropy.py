"""Cross entropy computed in portions: intermediate figures, and interruption."""

import numpy as np
import pytest
from tests.small_circuits import chaotic

import taizhang as tz
from taizhang.circuit.formats.sample_file import CountedBitstrings
from taizhang.errors import TimeLimitError
from taizhang.settings import Settings
from taizhang.tasks import cross_entropy
from taizhang.tasks.cross_entropy import compute_xeb

CIRCUIT = chaotic(12, 8, 1)
SETTINGS = Settings.checked(threads=1, trials=2)


@pytest.fixture
def samples():
    bits = np.random.default_rng(3).integers(0, 2, size=(60, 12)).astype(np.uint8)
    return CountedBitstrings.of(bits, 12)


@pytest.fixture
def small_portions(monkeypatch):
    monkeypatch.setattr(cross_entropy, "_portion", lambda contractor, wanted: 7)


class Watch:
    def __init__(self):
        self.done, self.predictions = [], []

    def stage(self, name):
        pass

    def searching(self, progress):
        pass

    def predicted(self, seconds):
        self.predictions.append(seconds)

    def contracting(self, done, whole):
        self.done.append((done, whole))


def test_portions_give_the_figures_of_the_whole_and_progress_goes_on(samples, small_portions):
    watch, estimates = Watch(), []
    result = compute_xeb(
        CIRCUIT, samples, SETTINGS, observer=watch, on_estimate=lambda xeb, done: estimates.append((xeb, done))
    )
    amplitudes = tz.amplitudes(CIRCUIT, samples.bitstrings, threads=1, trials=2)
    scaled = 2.0**12 * abs(amplitudes) ** 2
    assert result.xeb.linear_xeb == pytest.approx(np.average(scaled, weights=samples.counts) - 1, rel=1e-4)
    assert result.num_computed == result.num_asked == len(samples.bitstrings)
    assert watch.done == sorted(watch.done)
    assert watch.done[-1] == (result.num_asked, result.num_asked)
    assert len(watch.predictions) == 1
    assert [done for _, done in estimates] == list(range(7, result.num_asked, 7))
    assert estimates[1][0].linear_xeb == pytest.approx(scaled[:14].mean() - 1, rel=1e-4)
    assert estimates[1][0].standard_error == pytest.approx(scaled[:14].std(ddof=1) / np.sqrt(14), rel=1e-4)


def interrupt_after(portions):
    def estimated(xeb, done):
        if done == 7 * portions:
            raise KeyboardInterrupt

    return estimated


def test_an_interruption_gives_what_was_computed(samples, small_portions):
    result = compute_xeb(CIRCUIT, samples, SETTINGS, on_estimate=interrupt_after(3), keep_what_is_done=True)
    assert (result.num_computed, result.xeb.num_distinct) == (21, 21)
    assert result.num_asked == len(samples.bitstrings)
    with pytest.raises(KeyboardInterrupt):
        compute_xeb(CIRCUIT, samples, SETTINGS, on_estimate=interrupt_after(3))


def test_an_interruption_before_anything_is_done_is_one(samples, small_portions):
    class Impatient(Watch):
        def contracting(self, done, whole):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compute_xeb(CIRCUIT, samples, SETTINGS, observer=Impatient(), keep_what_is_done=True)


def test_work_beyond_the_time_limit_is_refused_before_it_starts(samples):
    watch = Watch()
    with pytest.raises(TimeLimitError, match="predicted to take"):
        compute_xeb(CIRCUIT, samples, Settings.checked(threads=1, trials=2, time_limit=1e-9), observer=watch)
    assert not watch.done


def counted(bits):
    return CountedBitstrings.of(np.asarray(bits, dtype=np.uint8), np.shape(bits)[1])


def ghz(qubits):
    circuit = tz.Circuit(qubits).append("h", 0)
    for qubit in range(1, qubits):
        circuit = circuit.append("cx", qubit - 1, qubit)
    return circuit


def product(qubits):
    circuit = tz.Circuit(qubits)
    for qubit in range(qubits):
        circuit = circuit.append("ry", qubit, parameters=[0.3 + 0.1 * qubit])
    return circuit


@pytest.mark.parametrize("circuit", [ghz(12), product(12), tz.grid_circuit(3, 4, 3, seed=1)])
def test_a_circuit_that_is_not_chaotic_is_recognised_by_its_own_amplitudes(circuit):
    random = np.random.default_rng(5).integers(0, 2, size=(200, 12))
    for bits in (random, tz.sample(circuit, 200, seed=1)):
        xeb = compute_xeb(circuit, counted(bits), SETTINGS).xeb
        assert xeb.chaotic is False
        assert "not chaotic" in str(xeb)
        assert xeb.to_dict()["chaotic"] is False


def test_a_chaotic_circuit_is_not_blamed_for_its_samples():
    probable = np.argsort(-np.abs(tz.state_vector(CIRCUIT)))[:300]  # the most probable bitstrings: no samples of it
    bits = (probable[:, None] >> np.arange(11, -1, -1)) & 1
    xeb = compute_xeb(CIRCUIT, counted(bits), SETTINGS).xeb
    assert xeb.p_value < 1e-3
    assert xeb.chaotic is True
    # Its own samples, and uniform ones, follow the distribution, so nothing more is computed.
    for bits in (tz.sample(CIRCUIT, 300, seed=2), np.random.default_rng(1).integers(0, 2, size=(300, 12))):
        assert compute_xeb(CIRCUIT, counted(bits), SETTINGS).xeb.chaotic is None

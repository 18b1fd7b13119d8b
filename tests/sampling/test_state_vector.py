import numpy as np

from taizhang.sampling.state_vector import VectorSampler, bits_of


def test_outcomes_come_with_their_probabilities_across_portions():
    draw = np.random.default_rng(1)
    state = draw.normal(size=1 << 16) + 1j * draw.normal(size=1 << 16)
    sampler = VectorSampler(state)
    numbers = draw.random(50_000)
    ends = np.cumsum(np.abs(state) ** 2)
    assert np.array_equal(sampler.outcomes(numbers), np.searchsorted(ends, numbers * ends[-1], side="right"))


def test_outcomes_without_probability_are_never_drawn():
    state = np.zeros(1 << 15, dtype=np.complex64)
    state[[3, 20_000]] = 0.6, 0.8
    numbers = np.array([0.0, 0.3, 0.36, 0.5, np.nextafter(1.0, 0.0)])
    assert set(VectorSampler(state).outcomes(numbers)) == {3, 20_000}


def test_bits_are_written_qubit_zero_first():
    assert bits_of(np.array([1, 4]), 3).tolist() == [[0, 0, 1], [1, 0, 0]]

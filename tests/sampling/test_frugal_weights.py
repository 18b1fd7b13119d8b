import numpy as np
import pytest

from taizhang.sampling.frugal_weights import (
    accept_batches,
    bound_of_weights,
    drawn_from,
    expected_top,
    largest_of,
)


@pytest.mark.parametrize("size", [1, 4, 64, 4096])
def test_the_bound_clips_what_it_says(size):
    weights = np.random.default_rng(0).gamma(size, 1 / size, size=2_000_000)
    bound = bound_of_weights(size, 1e-3)
    assert np.maximum(weights - bound, 0).mean() == pytest.approx(1e-3, rel=0.1)


def test_the_mean_of_the_most_probable_is_as_expected():
    batches = np.random.default_rng(0).exponential(size=(100_000, 16))
    taken = np.take_along_axis(batches, largest_of(batches, 3), axis=1)
    assert taken.mean() - 1 == pytest.approx(expected_top(16, 3), abs=0.01)


def test_batches_are_taken_and_bitstrings_drawn_in_proportion():
    draw = np.random.default_rng(1)
    batches = draw.exponential(size=(4, 8))
    weights = batches.mean(axis=1)
    numbers, places = draw.random(400_000), draw.random((400_000, 1))
    which = draw.integers(4, size=400_000)
    taken = accept_batches(weights[which], weights.max(), numbers)
    drawn = drawn_from(batches[which[taken]], places[taken])[:, 0]
    counts = np.bincount(8 * which[taken] + drawn, minlength=32)
    expected = len(taken) * batches.reshape(-1) / batches.sum()
    assert (((counts - expected) ** 2) / expected).sum() < 31 + 4 * np.sqrt(62)


def test_a_place_without_probability_is_never_drawn():
    assert drawn_from(np.array([[0.0, 1.0, 0.0]]), np.array([[0.0, np.nextafter(1.0, 0.0)]])).tolist() == [[1, 1]]

import numpy as np
import pytest

from taizhang.sampling.frugal_weights import PILOT_BATCHES, bound_from_pilot, bound_of_weights


@pytest.mark.parametrize("shape", [1.5, 10.0, 60.0, 256.0])
@pytest.mark.parametrize("seed", range(3))
def test_the_bound_is_rarely_exceeded(shape, seed):
    random = np.random.default_rng(seed)
    bound = bound_from_pilot(0.1 * random.gamma(shape, 1 / shape, size=PILOT_BATCHES), 256)
    weights = 0.1 * random.gamma(shape, 1 / shape, size=100_000)
    assert np.maximum(weights - bound, 0).sum() / weights.sum() < 2e-3
    assert bound < 0.1 * 2.5 * bound_of_weights(int(shape))


def test_the_bound_is_above_the_largest_weight_and_none_where_there_are_no_weights():
    weights = np.concatenate([np.full(63, 0.01), [10.0]])
    assert bound_from_pilot(weights, 256) >= 10
    assert bound_from_pilot(np.zeros(64), 256) == 0

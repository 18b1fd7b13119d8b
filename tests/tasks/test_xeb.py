import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taizhang.errors import InputError
from taizhang.tasks.xeb import Xeb, porter_thomas


def amplitudes_of(scaled, num_qubits):
    return np.sqrt(scaled / 2.0**num_qubits) * np.exp(1j)


@pytest.mark.parametrize("fidelity", [0.0, 0.1, 1.0])
def test_samples_of_a_fidelity_have_it_as_their_cross_entropy(fidelity):
    draw = np.random.default_rng(4)
    number = 20_000
    # z e^-z is the density of the sum of two exponential variables.
    noise = draw.exponential(size=number)
    scaled = noise + draw.exponential(size=number) * (draw.random(number) < fidelity)
    estimate = Xeb.of_amplitudes(amplitudes_of(scaled, 30), [1] * number, 30)
    assert abs(estimate.linear_xeb - fidelity) < 3 * estimate.standard_error
    assert abs(estimate.log_xeb - fidelity) < 3 * estimate.log_standard_error
    assert estimate.p_value > 0.01


def test_samples_of_another_distribution_fail_the_kolmogorov_smirnov_test():
    scaled = np.random.default_rng(4).exponential(size=5000) * 0.5 + 0.5
    assert Xeb.of_amplitudes(amplitudes_of(scaled, 10), [1] * 5000, 10).p_value < 1e-6


@settings(max_examples=50)
@given(st.lists(st.tuples(st.floats(0.01, 10), st.integers(1, 5)), min_size=2, max_size=20))
def test_counts_stand_for_samples_that_came_again(pairs):
    scaled, counts = np.array([z for z, _ in pairs]), [count for _, count in pairs]
    together = Xeb.of_amplitudes(amplitudes_of(scaled, 8), counts, 8)
    one_by_one = Xeb.of_amplitudes(amplitudes_of(np.repeat(scaled, counts), 8), [1] * sum(counts), 8)
    for name in ("linear_xeb", "standard_error", "log_xeb", "log_standard_error", "num_samples"):
        assert getattr(together, name) == pytest.approx(getattr(one_by_one, name))
    assert together.kolmogorov_smirnov == pytest.approx(one_by_one.kolmogorov_smirnov)


def test_many_qubits_neither_underflow_nor_overflow():
    amplitudes = np.full(3, math.sqrt(2.0) ** -900, dtype=np.complex128)
    estimate = Xeb.of_amplitudes(amplitudes, [1, 1, 1], 900)
    assert estimate.linear_xeb == pytest.approx(0, abs=1e-9)


def test_infinite_figures_are_null_in_json_and_explained_in_text():
    estimate = Xeb.of_amplitudes(np.array([0.0, 1.0]), [1, 2], 2)
    fields = json.loads(json.dumps(estimate.to_dict(), allow_nan=False))
    assert fields["log_xeb"] is None
    assert "probability 0" in str(estimate)
    assert Xeb.of_amplitudes(np.array([0.5]), [1], 2).to_dict()["standard_error"] is None


def test_counts_must_fit():
    with pytest.raises(InputError):
        Xeb.of_amplitudes(np.ones(2), [1], 3)


def test_porter_thomas_is_a_distribution():
    z = np.linspace(0, 40, 4001)
    for fidelity in (0.0, 0.4, 1.0):
        law = porter_thomas(z, fidelity)
        assert law[0] == 0
        assert np.all(np.diff(law) >= -1e-15)
        assert law[-1] == pytest.approx(1)

import numpy as np
import pytest

from taizhang.errors import UsageError
from taizhang.results.xeb import Xeb
from taizhang.results.xeb_plot import plot_xeb


@pytest.mark.parametrize(
    "scaled", [np.random.default_rng(0).exponential(size=500), np.array([0.0]), np.array([1e6, 1])]
)
def test_a_histogram_is_drawn_of_any_samples(tmp_path, scaled):
    found = Xeb.of_amplitudes(np.sqrt(scaled / 2**20), [1] * len(scaled), 20)
    plot_xeb(found, tmp_path / "xeb.png")
    assert (tmp_path / "xeb.png").stat().st_size > 10_000


def test_an_ending_that_cannot_be_drawn_is_told(tmp_path):
    found = Xeb.of_amplitudes(np.ones(2), [1, 1], 1)
    with pytest.raises(UsageError, match="svg"):
        plot_xeb(found, tmp_path / "xeb.bmp")

import math
import sys
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

import taizhang as tz
from taizhang.plots.cross_entropy import plot_xeb
from taizhang.tasks.xeb import Xeb

RANDOM = np.random.default_rng(0)
CHAOTIC = Xeb.of_amplitudes(np.sqrt(RANDOM.gamma(2, size=2000) / 2**20), [1] * 2000, 20)


def words_of(xeb, tmp_path):
    plot_xeb(xeb, tmp_path / "xeb.svg")
    root = ElementTree.fromstring((tmp_path / "xeb.svg").read_text(encoding="utf-8"))
    return " ".join(node.text for node in root.iter("{http://www.w3.org/2000/svg}text"))


@pytest.mark.parametrize(
    "scaled", [np.random.default_rng(0).exponential(size=500), np.array([0.0]), np.array([1e6, 1])]
)
def test_a_histogram_is_drawn_of_any_samples(tmp_path, scaled):
    xeb = Xeb.of_amplitudes(np.sqrt(scaled / 2**20), [1] * len(scaled), 20)
    plot_xeb(xeb, tmp_path / "xeb.png")
    assert (tmp_path / "xeb.png").stat().st_size > 10_000
    assert "Linear XEB" in words_of(xeb, tmp_path)


def test_both_reference_densities_lie_over_the_fitted_one(tmp_path):
    plot_xeb(CHAOTIC, tmp_path / "xeb.svg")
    root = ElementTree.fromstring((tmp_path / "xeb.svg").read_text(encoding="utf-8"))
    lines = [node for node in root.iter("{http://www.w3.org/2000/svg}path") if node.get("fill") == "none"]
    dashed = [node for node in lines if node.get("stroke-dasharray")]
    assert len(dashed) == 4  # in the legend and in the axes
    fitted = max(index for index, node in enumerate(lines) if node.get("stroke-width") == "5")
    assert all(lines.index(node) > fitted for node in dashed[-2:])


def test_a_picture_warns_if_porter_thomas_is_no_reference(tmp_path):
    assert "chaotic" not in words_of(CHAOTIC, tmp_path)
    # A state of two bitstrings, such as GHZ: amplitudes at random bitstrings are zero.
    two = Xeb.of_amplitudes(np.full(2, math.sqrt(0.5)), [50, 50], 20, at_random=np.zeros(100))
    assert "This circuit is not chaotic" in words_of(two, tmp_path)
    unknown = Xeb.of_amplitudes(np.full(2, math.sqrt(0.5)), [50, 50], 20)
    assert "the circuit is not chaotic, or the samples" in words_of(unknown, tmp_path)
    # The most probable bitstrings of a chaotic circuit are not samples of it, but the circuit is still chaotic.
    at_random = np.sqrt(RANDOM.exponential(size=200) / 2**20)
    chosen = np.sqrt((4 + RANDOM.exponential(size=200)) / 2**20)
    selected = Xeb.of_amplitudes(chosen, [1] * 200, 20, at_random=at_random)
    assert "The circuit is chaotic, but these samples" in words_of(selected, tmp_path)


def test_an_ending_that_cannot_be_drawn_is_refused(tmp_path):
    with pytest.raises(tz.UsageError, match="svg"):
        plot_xeb(CHAOTIC, tmp_path / "xeb.bmp")


def test_a_missing_matplotlib_is_reported_with_the_remedy(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(tz.MissingPackageError, match=r"pip install 'taizhang\[plot\]'"):
        plot_xeb(CHAOTIC, tmp_path / "xeb.png")

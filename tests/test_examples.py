"""The examples run as a reader runs them, and say what they should."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import taizhang as tz

EXAMPLES = Path(__file__).parents[1] / "examples"


def test_surface17(tmp_path):
    done = subprocess.run(
        [sys.executable, EXAMPLES / "surface17.py", "--rounds", "1", "--scales", "0.5,1", "--picture", "errors.svg"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    line = r"65,536 syndromes .* ([0-9.]+) with the best corrections, ([0-9.]+) with those of matching"
    numbers = re.findall(line, done.stdout)
    assert len(numbers) == 2
    (low, low_matched), (high, high_matched) = (tuple(map(float, pair)) for pair in numbers)
    # Errors of the second order, and no decoder is better than the exact one.
    assert 0 < low < low_matched
    assert 3 < high / low < 5
    assert high < high_matched < 2 * high
    assert (tmp_path / "errors.svg").read_text(encoding="utf-8").startswith("<?xml")


@pytest.mark.parametrize("crosstalk", [0.0, 0.12])
def test_two_rounds_of_surface17_keep_the_trace(crosstalk):
    example = runpy.run_path(str(EXAMPLES / "surface17.py"))
    qubit = tz.LogicalQubit(example["code"](), example["surface17"](2, crosstalk=crosstalk))
    assert qubit.num_bits == 24
    quiet = qubit.channel(np.zeros(24))
    assert quiet.probability == pytest.approx(0.59227185 if not crosstalk else 0.59226929, abs=1e-8)
    # Errors of one data qubit at the very end.
    ends = np.zeros((4, 24))
    ends[[1, 2, 3], [16, 19, 22]] = 1
    some = qubit.channels(ends)
    assert some.probabilities[0] == pytest.approx(quiet.probability)
    assert (some.probabilities[1:] < 0.01 * quiet.probability).all()
    # An outcome that errs in reading is seen by the next round.
    flipped = np.zeros(24)
    flipped[8] = 1
    assert 0.005 < qubit.channel(flipped).probability / quiet.probability < 0.05

import numpy as np
import pytest

from taizhang.errors import InputError
from taizhang.results.amplitudes import Amplitudes


def test_a_batch_has_a_bitstring_for_each_value():
    values = np.arange(4).reshape(2, 2) * (1 + 1j)
    amplitudes = Amplitudes.of_batch("x0x", (2, 0), values)
    assert amplitudes.bitstrings == ("000", "100", "001", "101")
    assert amplitudes.values.tolist() == values.reshape(-1).tolist()
    assert amplitudes.probabilities.tolist() == pytest.approx([0, 2, 8, 18])


def test_a_batch_of_one_is_an_amplitude():
    assert list(Amplitudes.of_batch("01", [], np.array(0.5j)).records()) == [{"bitstring": "01", "re": 0.0, "im": 0.5}]


def test_every_value_needs_a_bitstring():
    with pytest.raises(InputError, match="2 bitstrings were given with values of shape"):
        Amplitudes(bitstrings=("0", "1"), values=np.zeros(3, dtype=complex))

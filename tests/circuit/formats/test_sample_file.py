import codecs
import io

import numpy as np
import pytest

from taizhang.circuit.formats import sample_file
from taizhang.circuit.formats.sample_file import CountedBitstrings, read_samples
from taizhang.errors import CircuitError, CircuitFileError


def read(text, num_qubits=3):
    return read_samples(io.BytesIO(text), num_qubits)


@pytest.mark.parametrize(
    "text",
    [
        b"010\n111\n010\n",
        b"\r\n010\r\n111\r\n010",
        b"010 2\n111 1\n",
        b"010\t1\n111\n\n  010 1\n",
        b'{"010": 2, "111": 1}',
        b'\n {\n  "010": 2,\n  "111": 1,\n "000": 0}\n',
    ],
)
def test_lines_counts_and_json_give_the_same_samples(text):
    assert read(text) == CountedBitstrings(bitstrings=("010", "111"), counts=(2, 1))


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        (b"010\n01\n", 2, "3 qubits"),
        (b"010\n\n0x0\n", 3, "'x'"),
        (b"010 many\n", 1, "count"),
        (b"010 -1\n", 1, "count"),
        (b"010 1 2\n", 1, "'1 2'"),
        (b"010 9999999999999999\n", 1, "10^15"),
        (b"0b010\n", 1, "5 characters"),
        (b'{"010": 1,\n "0101": 2}', 2, "4 characters"),
        (b'{"010": 1.5}', 1, "whole number"),
        (b'{"010": true}', 1, "whole number"),
        (b'{"010": {"a": 1}}', 1, "whole number"),
        (b'{"010": -3}', 1, "whole number"),
        (b'{"010": 1', 1, "not JSON"),
        (b'{"010": 1,\n\n "111" 2}', 3, "not JSON"),
        (b"{" * 100_000, 1, "JSON"),
        (b'{"a":' * 100_000, 0, "JSON"),
        (b"0" * 10_000, 1, "characters"),
        (b"\xff\xfe010\n", 1, "characters"),
        (b"", 0, "no sample"),
        (b"010 0\n", 0, "no sample"),
        (b"{}", 0, "no sample"),
    ],
)
def test_what_cannot_be_read_is_reported_with_its_line(text, line, reason):
    with pytest.raises(CircuitFileError, match=r".*") as caught:
        read(text)
    assert reason in str(caught.value)
    assert caught.value.line == line
    assert len(str(caught.value).splitlines()) == 1


def test_too_many_samples_are_refused(monkeypatch):
    monkeypatch.setattr(sample_file, "MAX_DISTINCT", 2)
    with pytest.raises(sample_file.SizeLimitError, match="split"):
        read(b"010\n011\n000\n")


def test_arrays_strings_and_counts_are_samples_too():
    expected = {"01": 2, "11": 1}
    for given in (np.array([[0, 1], [1, 1], [0, 1]]), ["01", "11", "01"], expected):
        samples = CountedBitstrings.of(given, 2)
        assert dict(zip(samples.bitstrings, samples.counts, strict=True)) == expected
        assert samples.num_samples == 3


@pytest.mark.parametrize(
    "given", [np.zeros((2, 3)), np.full((1, 2), 2), ["012"], {"01": -1}, {"01": 0.5}, [], {}, np.zeros((0, 2))]
)
def test_what_is_no_sample_is_refused(given):
    with pytest.raises(CircuitError):
        CountedBitstrings.of(given, 2)


@pytest.mark.parametrize("text", [b"010 2\n111\n", b'{"010": 2, "111": 1}', b"\n010\n010\n111"])
def test_a_byte_order_mark_is_skipped(text):
    assert read_samples(io.BytesIO(codecs.BOM_UTF8 + text), 3).counts == (2, 1)

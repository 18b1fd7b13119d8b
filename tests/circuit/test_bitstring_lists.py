import codecs
import io

import numpy as np
import pytest

from taizhang.circuit.bitstring_lists import as_array, as_strings, expand_open_qubits, read_bitstrings
from taizhang.errors import CircuitError, CircuitFileError


def read(text, num_qubits=3, open_qubits=()):
    return read_bitstrings(io.BytesIO(text), num_qubits, open_qubits)


def test_lines_are_bitstrings():
    assert read(b"010\r\n\n  111\n000") == ("010", "111", "000")
    assert read(b"x10\n", open_qubits=[0]) == ("x10",)


def test_a_file_is_read_by_its_path(tmp_path):
    path = tmp_path / "bits.txt"
    path.write_text("01\n10\n")
    assert read_bitstrings(path, 2) == ("01", "10")
    assert read_bitstrings(str(path), 2) == ("01", "10")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"010\n01\n", "line 2: the bitstring has 2 characters, but the circuit has 3 qubits"),
        (b"012\n", "line 1: the bitstring has '2' at qubit 2; give 0 or 1"),
        (b"0\xff1\n", "line 1: the bitstring has"),
        (b"0\x001\n", r"line 1: the bitstring has '\\x00' at qubit 1"),
        (b"\n \n", "the file holds no bitstring"),
        (b"0" * 100_000_000, "line 1: the bitstring has 67 characters"),
    ],
)
def test_what_is_no_bitstring_is_named_with_its_line(text, message):
    with pytest.raises(CircuitFileError, match=message):
        read(text)


def test_a_wrong_file_is_named(tmp_path):
    path = tmp_path / "bits.txt"
    path.write_text("0\n")
    with pytest.raises(CircuitFileError, match=r"bits\.txt, line 1"):
        read_bitstrings(path, 2)


def test_bits_and_strings_are_the_same_thing():
    bits = np.random.default_rng(0).integers(0, 2, size=(50, 70), dtype=np.uint8)
    np.testing.assert_array_equal(as_array(as_strings(bits)), bits)
    assert as_array([]).shape == (0, 0)
    with pytest.raises(CircuitError, match="bitstring 1 has 3 characters"):
        as_array(["01", "011"])


def test_open_qubits_count_through_their_bits_the_last_fastest():
    assert list(expand_open_qubits("0101", [])) == ["0101"]
    assert list(expand_open_qubits("xx01", [1, 0])) == ["0001", "1001", "0101", "1101"]


def test_a_byte_order_mark_is_skipped():
    assert read_bitstrings(io.BytesIO(codecs.BOM_UTF8 + b"010\n111\n"), 3) == ("010", "111")
    with pytest.raises(CircuitFileError, match="line 2"):
        read_bitstrings(io.BytesIO(b"010\n" + codecs.BOM_UTF8 + b"111\n"), 3)

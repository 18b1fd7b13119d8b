import pytest

from taizhang.circuit.bitstring import parse_bitstring
from taizhang.errors import CircuitError


def test_bits_are_read_from_left_to_right():
    assert parse_bitstring("0110", 4) == (0, 1, 1, 0)


def test_what_stands_at_an_open_qubit_is_ignored():
    assert parse_bitstring("1x1", 3, open_qubits=[1, 2]) == (1, 0, 0)


def test_no_bitstring_is_needed_where_all_is_open():
    assert parse_bitstring(None, 2, open_qubits=[1, 0]) == (0, 0)


@pytest.mark.parametrize(
    ("bitstring", "opened", "message"),
    [
        ("01", [], "the bitstring has 2 characters, but the circuit has 3 qubits; give one for each qubit"),
        ("0x1", [], "the bitstring has 'x' at qubit 1; give 0 or 1"),
        ("0²1", [], "the bitstring has '²' at qubit 1; give 0 or 1"),
        ("02x", [1, 2], "the bitstring has '2' at qubit 1; give 0 or 1 (or x, since it is open)"),
        (
            None,
            [1],
            "no bitstring was given, but 2 of the 3 qubits are not open; give one character 0 or 1 for each qubit",
        ),
    ],
)
def test_what_does_not_fit_is_said(bitstring, opened, message):
    with pytest.raises(CircuitError) as error:
        parse_bitstring(bitstring, 3, opened)
    assert str(error.value) == message

"""OpenQASM 3 with loops, cases, subroutines and assignments of bits: what the circuits compute."""

from __future__ import annotations

import math
import warnings

import pytest

import taizhang as tz
from taizhang.circuit.formats.openqasm import read_openqasm

HEAD = 'OPENQASM 3.0; include "stdgates.inc"; '
DOUBLE = {"dtype": "complex128", "trials": 1}


def distribution(text, **options):
    return tz.probabilities(read_openqasm(HEAD + text, final_measurements=True, **options), **DOUBLE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # The condition holds where the block begins, whatever the block does to its bits.
        (
            "qubit[2] q; bit[2] c; x q[0]; c[0] = measure q[0]; if (c[0]) { c[0] = 0; x q[1]; c[1] = measure q[1]; }",
            "01",
        ),
        (
            "qubit[2] q; bit[2] c; if (c == 0) { x q[0]; c[0] = measure q[0]; } else { x q[1]; } c[1] = measure q[1];",
            "10",
        ),
        # Text has bit 0 last; a register is a number with bit 0 its least significant one.
        ('qubit q; bit[3] c = "011"; if (c == 3) { x q; } bit d = measure q;', "110 1"),
        ("qubit q; bit[2] c; bit[2] d; c[1] = true; d = ~c;", "01 10"),
        ("qubit q; bit[2] c; bit[2] d; c[0] = 1; d[1] = 1; c = c ^ d; d &= c;", "11 01"),
        ("qubit q; bit[2] c; bit d; c[1] = 1; d = c == 2; c[0] = c[1] & !d | d;", "11 1"),
        ("qubit q; bit[3] c; for int i in [0:2] { if (i != 1) { c[i] = 1; } }", "101"),
        # Cases.
        (
            "qubit[2] q; bit[2] c; bit[2] d; c[1] = 1; "
            "switch (c) { case 0, 1 { x q[0]; } case 2 { x q[1]; } default { x q; } } d = measure q;",
            "01 01",
        ),
        (
            'qubit q; bit[2] c; int n; c[1] = 1; n = c; c = "00"; switch (n) { case 2 { x q; } } bit d = measure q;',
            "00 1",
        ),
        ("qubit q; bit[2] c; switch (int(c)) { case 3 { } default { x q; } } bit d = measure q;", "00 1"),
        # Loops: until a flag is down.
        (
            'qubit q; bit[2] c; c = "11"; while (c != 0) { if (c[1]) { c[1] = 0; } else { c[0] = 0; '
            "} x q; } bit d = measure q;",
            "00 0",
        ),
        # Subroutines: bits are given by value.
        (
            "def f(qubit a, bit b) -> bit { b = !b; if (b) { x a; } return measure a; } qubit q; "
            "bit c; bit d; d = f(q, c);",
            "0 1",
        ),
        (
            "def twice(qubit[2] a, int n) { for int i in [1:n] { x a[0]; cx a[0], a[1]; } } "
            "def both(qubit a, qubit b) -> bit[2] { let r = a ++ b; bit[2] out; out[0] = measure a; "
            "out[1] = measure b; return out; } "
            "qubit[2] q; bit[2] c; twice(q[{1, 0}], 1); c = both(q[0], q[1]);",
            "11",
        ),
    ],
)
def test_programs_have_one_outcome(text, expected):
    assert distribution(text) == pytest.approx({expected: 1})


def test_repeat_until_success():
    # Each try succeeds with probability 3/4.
    theta = 2 * math.asin(0.5)
    text = f"qubit q; bit c; c = 1; while (c) {{ reset q; ry({theta!r}) q; c = measure q; }}"
    with pytest.warns(tz.errors.LoopWarning, match=r"^0.003906 of the probability has not left a loop"):
        assert distribution(text, max_turns=4) == pytest.approx({"0": 1 - 4**-4, "1": 4**-4})
    read = read_openqasm(HEAD + text, max_turns=2)
    with pytest.warns(tz.errors.LoopWarning):
        assert tz.expectation(read, "Z0", **DOUBLE) == pytest.approx(1 - 2 / 16)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert distribution(text) == pytest.approx({"0": 1})


def test_a_register_with_an_underscore_is_of_working_bits():
    with pytest.warns(tz.errors.CircuitFileWarning, match="'_c' begins with an underscore"):
        read = read_openqasm(HEAD + "qubit q; bit _c; bit d; _c = 1; if (_c) x q; d = measure q;")
    assert tz.probabilities(read, **DOUBLE) == pytest.approx({"1": 1})

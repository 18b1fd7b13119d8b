"""Observables are written and read without loss; what is not a sum is refused at its column."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.strategies import observables

from taizhang.circuit import observable_text
from taizhang.circuit.observable import Observable, X, Y, Z
from taizhang.errors import CircuitFileError, SizeLimitError

few = settings(deadline=None, derandomize=True, max_examples=100)
any_number = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False), st.complex_numbers(allow_nan=False, allow_infinity=False)
)


@few
@given(observables(6))
def test_what_is_printed_reads_as_the_same(observable):
    assert Observable(str(observable)) == observable


@few
@given(any_number, st.sampled_from([(), ((3, "Y"),)]))
def test_every_number_is_printed_exactly(number, product):
    observable = Observable.from_terms([(product, number)])
    assert Observable(str(observable)).terms == observable.terms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.5 X3 - 2 Z0 Z7", 0.5 * X(3) - 2 * Z(0) * Z(7)),
        ("0.5*X3-2*Z0Z7", 0.5 * X(3) - 2 * Z(0) * Z(7)),
        (" - Z0\n+ 1", 1 - Z(0)),
        ("+Z0", Z(0)),
        ("75", Observable(75)),
        ("0", Observable(0)),
        (".5 + 1e-3 Z1 + 2.E+2", 200.5 + 1e-3 * Z(1)),
        ("I0 Z2 I7", Z(2)),
        ("3 I1", Observable(3)),
        ("(0.5+2j) Y1 - (1-1j)*X0 + ( -2 ) Z0", (0.5 + 2j) * Y(1) - (1 - 1j) * X(0) - 2 * Z(0)),
        ("2j Z0 - .5j", 2j * Z(0) - 0.5j),
        ("X0 Y0", 1j * Z(0)),
        ("Z0 Z0", Observable(1)),
        ("Z7 X0", X(0) * Z(7)),
        ("Z0 - Z0", Observable(0)),
        ("Z00012", Z(12)),
        ("Z99999", Z(99_999)),
    ],
)
def test_sums_are_read(text, expected):
    assert Observable(text) == expected


@pytest.mark.parametrize(
    ("text", "column", "reason"),
    [
        ("Z0 Q1", 4, "the letter must be I, X, Y or Z, got Q"),
        ("z0", 1, "the letter must be I, X, Y or Z, got z; write it as a capital"),
        ("Z", 1, "letter Z must be followed by the number of its qubit, such as Z0"),
        ("Z0 + 2 X", 8, "letter X must be followed by the number of its qubit, such as X0"),
        ("Z 0", 1, "letter Z must be followed by the number of its qubit, such as Z0"),
        ("0Z", 2, "letter Z must be followed by the number of its qubit, such as Z0"),
        ("3 * ", 5, "a product such as Z0 X3 must follow '*', got the end of the text"),
        ("3 * 2", 5, "a product such as Z0 X3 must follow '*', got '2'"),
        ("3 ** Z0", 4, "a product such as Z0 X3 must follow '*', got '*'"),
        ("* Z0", 1, "'*' must come between a number and a product; write 2 * Z0"),
        ("Z0 * X1", 4, "'*' must come between a number and a product; write 2 * Z0"),
        ("", 1, "the observable is empty; write a sum of Pauli products such as 'Z0 Z1 - 0.5 X3'"),
        (" \n", 1, "the observable is empty; write a sum of Pauli products such as 'Z0 Z1 - 0.5 X3'"),
        ("nan Z0", 1, "the number must be finite, got nan"),
        ("Z0 - inf", 6, "the number must be finite, got inf"),
        ("1e999 Z0", 1, "the number must be finite, got 1e999"),
        ("Z0 -", 5, "a number or a product such as Z0 X3 must follow '-', got the end of the text"),
        ("Z0 + - X1", 6, "a number or a product such as Z0 X3 must follow '+', got '-'"),
        ("Z0 2", 4, "a further term must begin with + or -, got 2; numbers come before their products"),
        ("2 3 Z0", 3, "a further term must begin with + or -, got 3; numbers come before their products"),
        ("Z0 ; X1", 4, "the sum must go on with +, - or I, X, Y, Z, got ';'"),
        ("(1+2 Z0", 1, "a number in parentheses must be complex, such as (0.5+2j)"),
        ("Z0 + X100000", 6, "the qubit must be from 0 to 99999, got 100000"),
        ("X1 Z" + "9" * 5000, 4, "the qubit must be from 0 to 99999, got 99999999999999999999…"),
        ("1" * 2000, 1, "a number must have at most 1000 characters, got 2000"),
        ("Z٣", 1, "letter Z must be followed by the number of its qubit, such as Z0"),
    ],
)
def test_what_is_no_sum_is_refused_at_its_column(text, column, reason):
    with pytest.raises(CircuitFileError) as raised:
        Observable(text)
    assert (raised.value.column, raised.value.reason) == (column, reason)
    assert len(raised.value.excerpt) < 300


def test_the_place_is_shown_below_the_sentence():
    with pytest.raises(CircuitFileError) as raised:
        Observable("Z0 Q1")
    assert str(raised.value) == "column 4: the letter must be I, X, Y or Z, got Q\n  Z0 Q1\n     ^"


@few
@given(st.text(alphabet="IXYZQ0123456789.eEj+-*() \t", max_size=20))
def test_any_text_is_read_or_refused_inside_it(text):
    try:
        read = Observable(text)
    except CircuitFileError as error:
        columns = range(1, len(text) + 2)
        read = Observable(0) if error.column in columns else None
    assert read is not None
    assert Observable(str(read)) == read


@pytest.mark.parametrize(
    "text", ["(" + " " * 200_000, "(" + "1" * 200_000, "(1" + " " * 200_000, "(1." + "1" * 200_000, " " * 200_000 + "Q"]
)
def test_wrong_text_takes_time_linear_in_its_length(text):
    start = time.perf_counter()
    with pytest.raises(CircuitFileError):
        Observable(text)
    assert time.perf_counter() - start < 5  # a quadratic search takes minutes


def test_too_much_text_is_refused(monkeypatch):
    monkeypatch.setattr(observable_text, "MAX_CHARACTERS", 4)
    with pytest.raises(SizeLimitError, match="has 5 characters; at most 4 are allowed, split it into several sums"):
        Observable("Z0+Z1")

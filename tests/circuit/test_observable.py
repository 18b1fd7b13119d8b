"""Observables compute as their matrices do, and keep equal values in equal form."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.circuit.dense_observable import dense
from tests.strategies import observables

from taizhang.circuit import observable as module
from taizhang.circuit.observable import I, Observable, X, Y, Z
from taizhang.errors import CircuitError, SizeLimitError, UsageError

N = 3
few = settings(deadline=None, derandomize=True, max_examples=60)
letters = st.lists(st.tuples(st.integers(0, N - 1), st.sampled_from("IXYZ")), max_size=8)


def assert_equals(observable, matrix):
    scale = 1 + np.abs(matrix).max()
    np.testing.assert_allclose(dense(observable, N) / scale, matrix / scale, rtol=0, atol=1e-12)


# Algebra


@few
@given(observables(N), observables(N), st.complex_numbers(max_magnitude=10))
def test_sums_and_products_are_those_of_the_matrices(first, second, number):
    a, b, one = dense(first, N), dense(second, N), np.eye(2**N)
    assert_equals(first + second, a + b)
    assert_equals(first - second, a - b)
    assert_equals(first * second, a @ b)
    assert_equals(number * first, number * a)
    assert_equals(first * number, number * a)
    assert_equals(first + number, a + number * one)
    assert_equals(number - first, number * one - a)
    assert_equals(-first, -a)
    assert_equals(first.adjoint(), a.conj().T)
    assert_equals(first / 4, a / 4)


@few
@given(letters)
def test_a_product_in_any_order_is_that_of_its_matrices(given_letters):
    expected = np.eye(2**N)
    for pair in given_letters:
        expected = expected @ dense(Observable.from_terms([([pair], 1)]), N)
    assert_equals(Observable.from_terms([(given_letters, 1)]), expected)


@few
@given(observables(N, max_terms=3), st.integers(0, 3))
def test_powers_are_repeated_products(observable, exponent):
    assert_equals(observable**exponent, np.linalg.matrix_power(dense(observable, N), exponent))


small = st.lists(st.tuples(letters, st.sampled_from([1, -1, 2, 1j])), max_size=3).map(Observable.from_terms)


@few
@given(small, small)
def test_commutation_is_that_of_the_matrices(first, second):
    a, b = dense(first, N), dense(second, N)
    assert first.commutes_with(second) == (np.abs(a @ b - b @ a).max() < 1e-9)
    assert first.commutes_with(first)
    assert first.commutes_with(Observable(2))


def test_sums_commute_although_their_products_do_not():
    assert (X(0) + Z(1)).commutes_with(X(0) + Z(1))
    assert not (X(0) + Z(1)).commutes_with(Z(0))
    swap = Observable("X0 X1 + Y0 Y1 + Z0 Z1")
    assert swap.commutes_with(X(0) + X(1))
    assert not swap.commutes_with(X(0) + 2 * X(1))


# Form


@few
@given(observables(N), st.randoms(use_true_random=False))
def test_equal_sums_have_equal_terms_and_hashes(observable, random):
    shuffled = list(observable.terms)
    random.shuffle(shuffled)
    again = Observable.from_terms((product[::-1], coefficient) for product, coefficient in shuffled)
    assert again == observable
    assert again.terms == observable.terms
    assert hash(again) == hash(observable)


@few
@given(observables(N), observables(N))
def test_terms_are_merged_sorted_and_not_zero(first, second):
    total = first * second + first
    products = [product for product, _ in total]
    assert products == sorted(set(products))
    assert all(type(coefficient) is complex and coefficient for _, coefficient in total)
    assert first - first == Observable(0)
    assert len(first - first) == 0


def test_the_fixed_products_of_letters():
    assert X(0) * Y(0) == 1j * Z(0)
    assert Y(0) * X(0) == -1j * Z(0)
    assert Z(0) * Z(0) == I(5) == Observable(1)
    assert (X(0) * Y(1)).terms == ((((0, "X"), (1, "Y")), 1),)


def test_properties():
    observable = Observable("0.5 X3 - 2 Z0 Z7 + 4")
    assert (observable.constant, observable.num_qubits, observable.qubits) == (4, 8, (0, 3, 7))
    assert observable.norm1 == 6.5
    assert observable.is_hermitian
    assert not observable.is_diagonal
    assert len(observable) == 3
    assert list(observable) == list(observable.terms)
    nothing = Observable(0)
    assert (nothing.constant, nothing.num_qubits, nothing.qubits, nothing.norm1) == (0, 0, (), 0)
    assert nothing.is_hermitian
    assert Observable("1j Z0").is_hermitian is False
    assert Observable("Z0 Z5 + 2").is_diagonal
    assert Observable("1j X0").adjoint() == Observable("-1j X0")


def test_it_is_frozen_and_can_be_copied():
    observable = Observable("Z0 + X1")
    with pytest.raises(FrozenInstanceError):
        observable.terms = ()
    assert copy.deepcopy(observable) == observable
    assert pickle.loads(pickle.dumps(observable)) == observable  # noqa: S301 - our own bytes
    assert {observable: 1}[Observable("X1 + Z0")] == 1


def test_numbers_of_numpy_count_as_numbers():
    assert np.float64(2) * Z(0) == Z(0) * np.int64(2) == Observable("2 Z0")
    assert np.complex64(1j) + X(0) == X(0) + 1j
    assert Observable.from_terms([([(np.int64(3), "Z")], np.float32(0.5))]) == 0.5 * Z(3)
    assert type(Observable.from_terms([([(np.int64(3), "Z")], 1)]).terms[0][0][0][0]) is int
    with pytest.raises(TypeError):
        np.ones(3) * Z(0)


def test_other_operands_are_left_to_python():
    for wrong in ("Z0", None, [1]):
        with pytest.raises(TypeError):
            Z(0) + wrong
        with pytest.raises(TypeError):
            Z(0) * wrong
        with pytest.raises(TypeError):
            Z(0) - wrong
    with pytest.raises(TypeError):
        Z(0) / Z(1)


def test_a_large_one_is_shown_in_short():
    observable = Observable.from_terms([(((qubit, "Z"),), 1) for qubit in range(1000)])
    assert repr(observable) == "Observable('Z0 + Z1 + Z2 + Z3 + Z4 + Z5 … 994 more')"
    assert len(repr(Observable.from_terms([([(qubit, "Z") for qubit in range(5000)], 1)]))) < 220


# Errors


def test_a_circuit_with_too_few_qubits_is_refused():
    Observable("Z0 Z9").check_qubits(10)
    Observable(3).check_qubits(0)
    message = "the observable has Z12, but the circuit has 10 qubits, numbered 0 to 9; use letters on these qubits only"
    with pytest.raises(CircuitError) as raised:
        Observable("2 + X3 + Z0 Z12").check_qubits(10)
    assert str(raised.value) == message
    with pytest.raises(CircuitError, match="has X1, but the circuit has 1 qubit, numbered 0; "):
        X(1).check_qubits(1)


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ([("Z0", 1)], "a Pauli product must be a tuple of pairs such as (0, 'Z'), got a str"),
        ([([0, 1], 1)], "a Pauli product must consist of pairs such as (0, 'Z'), got 0"),
        ([([(0, "Q")], 1)], "the letter on qubit 0 must be I, X, Y or Z, got 'Q'"),
        ([([(0, ["Z"])], 1)], "the letter on qubit 0 must be I, X, Y or Z, got ['Z']"),
        ([([(0, "XY")], 1)], "the letter on qubit 0 must be I, X, Y or Z, got 'XY'"),
        ([([(-1, "X")], 1)], "a qubit of an observable must be from 0 to 99999, got -1"),
        ([([(100_000, "X")], 1)], "a qubit of an observable must be from 0 to 99999, got 100000"),
        ([([(0.5, "X")], 1)], "a qubit of an observable must be a whole number, got 0.5"),
        ([([(1, "X"), (True, "X")], 1)], "a qubit of an observable must be a whole number, got True"),
        ([([(0, "X")], "1")], "the coefficient of X0 must be a number, got a str"),
        ([([(0, "X")], float("nan"))], "the coefficient of X0 must be finite, got (nan+0j)"),
        ([((), 1e308), ((), 1e308)], "the coefficient of the identity must be finite, got (inf+0j)"),
        ([(0, "X", 1)], "a term must be a pair of a product and its coefficient, got (0, 'X', 1)"),
    ],
)
def test_wrong_terms_are_refused(terms, message):
    with pytest.raises((CircuitError, UsageError)) as raised:
        Observable.from_terms(terms)
    assert str(raised.value) == message


def test_wrong_numbers_and_types_are_refused():
    with pytest.raises(UsageError, match="is made from text such as 'Z0 Z1' or from a number, got a list"):
        Observable([])
    with pytest.raises(CircuitError, match="cannot be divided by 0"):
        Z(0) / 0
    with pytest.raises(CircuitError, match="exponent of an observable must be 0 or more, got -1"):
        Z(0) ** -1
    with pytest.raises(UsageError, match=r"exponent of an observable must be a whole number, got 0\.5"):
        Z(0) ** 0.5
    with pytest.raises(CircuitError, match="coefficient of Z0 must be finite"):
        1e300 * Z(0) * 1e300
    with pytest.raises(UsageError, match="other must be an Observable, got a str"):
        Z(0).commutes_with("Z0")
    with pytest.raises(CircuitError, match="must be from 0 to 99999, got 100000"):
        Y(100_000)


def test_too_many_terms_are_refused(monkeypatch):
    monkeypatch.setattr(module, "MAX_TERMS", 8)
    large = Observable("Z0 + Z1 + Z2")
    with pytest.raises(SizeLimitError, match="the product may have at most 8 terms, got 9; use fewer terms"):
        large * large
    with pytest.raises(SizeLimitError, match="the commutator may have at most 8 terms, got 9"):
        large.commutes_with(large)
    with pytest.raises(SizeLimitError, match="an observable may have at most 8 terms, got 9"):
        Observable.from_terms(([(qubit, "Z")], 1) for qubit in range(10))

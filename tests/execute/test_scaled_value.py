"""Conversion of mantissas and exponents to floats."""

import math
from decimal import Decimal, localcontext

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import taizhang as tz
from taizhang.errors import NumericalError
from taizhang.execute.scaled_value import decimal, scale_into, scaled_value


@given(st.floats(0.5, 1, exclude_max=True), st.integers(-1200, 1200), st.sampled_from(["complex64", "complex128"]))
def test_a_value_is_right_or_refused(mantissa, exponent, dtype):
    numbers = np.array([mantissa, 0, -1j * mantissa])
    if not -1021 <= exponent <= 1024:
        with pytest.raises(NumericalError) as caught:
            scaled_value(numbers, exponent, dtype)
        assert caught.value.exponent == exponent
        np.testing.assert_array_equal(caught.value.mantissa, numbers)
        return
    value = scaled_value(numbers, exponent, dtype)
    np.testing.assert_allclose(value, numbers * math.ldexp(0.5, exponent) * 2, rtol=1e-6)
    assert value.dtype == (dtype if -125 <= exponent <= 127 else "complex128")


def test_elements_too_small_for_single_precision_make_it_double():
    assert scaled_value(np.array([1, 2.0**-30 + 0j]), -100, "complex64").dtype == np.complex128
    # Beside this one the other is a rounding error.
    assert scaled_value(np.array([1, 2.0**-130 + 0j]), 0, "complex64").dtype == np.complex64


@given(st.floats(0.5, 1, exclude_max=True), st.integers(-30000, 30000), st.booleans())
def test_numbers_of_any_size_are_written_in_decimal(mantissa, exponent, negative):
    with localcontext() as context:
        context.Emax, context.Emin = 10**6, -(10**6)
        expected = Decimal(mantissa) * Decimal(2) ** exponent
        shown = Decimal(decimal(-mantissa if negative else mantissa, exponent))
        assert abs(abs(shown) / expected - 1) < Decimal("1e-5")
        assert (shown < 0) == negative


def test_amplitudes_of_very_many_qubits_are_not_silently_zero():
    def plus(n):
        return tz.Circuit.from_operations(n, [tz.Operation(tz.gate("h"), (q,)) for q in range(n)])

    with pytest.raises(tz.NumericalError, match="e-332") as caught:
        tz.amplitude(plus(2200), "0" * 2200)
    error = caught.value
    assert math.log2(abs(error.mantissa.item())) + error.exponent == pytest.approx(-1100)
    batch = tz.amplitude_batch(plus(300), "0" * 300, open_qubits=[0])
    np.testing.assert_allclose(batch * 2.0**150, [1, 1], rtol=1e-4)


def test_a_batch_too_small_for_its_type_asks_for_a_wider_one():
    with pytest.raises(NumericalError, match="use dtype complex128"):
        scale_into(np.empty(1, dtype=np.complex64), np.array([0.5 + 0j]), -200)


def test_an_element_beyond_the_type_is_found_behind_many_ordinary_ones():
    numbers = np.full(1 << 17, 0.5 + 0j)
    numbers[-1] = 2.0**1000
    with pytest.raises(NumericalError):
        scale_into(np.empty(1 << 17, dtype=np.complex128), numbers, 100)

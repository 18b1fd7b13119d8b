from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.strategies import angles

from taizhang.circuit.gate_polynomials import gate_polynomial
from taizhang.circuit.gate_table import RECORDS

WITH_ANGLES = [name for name, record in RECORDS.items() if record.num_parameters]


def random_angles(name, sets=7):
    return np.random.default_rng(len(name)).uniform(-7, 7, size=(sets, RECORDS[name].num_parameters))


@pytest.mark.parametrize("name", RECORDS)
def test_matrices_are_those_of_the_table(name):
    given_angles = random_angles(name)
    wanted = np.array([RECORDS[name].matrix(*row) for row in given_angles])
    np.testing.assert_allclose(gate_polynomial(name).matrices(given_angles), wanted, atol=1e-13)


@settings(max_examples=50)
@given(name=st.sampled_from(WITH_ANGLES), data=st.data())
def test_matrices_at_special_angles_are_those_of_the_table(name, data):
    row = data.draw(st.tuples(*[angles] * RECORDS[name].num_parameters))
    found = gate_polynomial(name).matrices(np.array([row]))
    np.testing.assert_allclose(found[0], RECORDS[name].matrix(*row), atol=1e-13)


@pytest.mark.parametrize("name", WITH_ANGLES)
def test_derivatives_are_those_of_differences(name):
    polynomial, point, step = gate_polynomial(name), random_angles(name), 1e-3
    for by in range(RECORDS[name].num_parameters):
        shift = step * np.eye(RECORDS[name].num_parameters)[by]
        near, far = (polynomial.matrices(point + k * shift) - polynomial.matrices(point - k * shift) for k in (1, 2))
        wanted = (8 * near - far) / (12 * step)
        np.testing.assert_allclose(polynomial.derivatives(point, by), wanted, atol=1e-11)


@pytest.mark.parametrize("name", RECORDS)
def test_entries_that_are_always_zero_are_exactly_zero(name):
    some = np.array([RECORDS[name].matrix(*row) for row in random_angles(name, 20)])
    zero = np.all(np.abs(some) < 1e-14, axis=0)
    assert not np.any(gate_polynomial(name).matrices(random_angles(name))[:, zero])

"""Parameters and their expressions: arithmetic against numbers, writing, and what is refused."""

from __future__ import annotations

import copy
import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.strategies import expressions, parameter_names, values_for

from taizhang.circuit.parameter import Parameter, ParameterExpression, as_angle
from taizhang.errors import CircuitError

GAMMA, BETA = Parameter("gamma"), Parameter("beta")
factors = st.one_of(st.integers(-4, 4), st.floats(-5, 5).filter(lambda x: x == 0 or abs(x) > 1e-3))
assignments = values_for(["alpha", "beta", "gamma", "theta[0]", "theta[10]"])


def close(value: float) -> object:
    return pytest.approx(value, rel=1e-12, abs=1e-9)


@given(expressions(), expressions(), factors, assignments)
def test_arithmetic_of_expressions_is_that_of_their_values(left, right, factor, values):
    a, b = left.value_of(values), right.value_of(values)
    assert (left + right).value_of(values) == close(a + b)
    assert (left - right).value_of(values) == close(a - b)
    assert (factor * left).value_of(values) == (left * factor).value_of(values) == close(factor * a)
    assert (left + factor).value_of(values) == (factor + left).value_of(values) == close(a + factor)
    assert (left - factor).value_of(values) == close(a - factor)
    assert (factor - left).value_of(values) == close(factor - a)
    assert (-left).value_of(values) == close(-a)
    assert +left == left
    if factor:
        assert (left / factor).value_of(values) == close(a / factor)


@given(expressions(), assignments, st.sets(parameter_names))
def test_binding_in_two_steps_is_binding_at_once(expression, values, first):
    some = expression.bind({name: values[name] for name in first})
    assert not first & set(some.parameters)
    assert some.value_of(values) == close(expression.value_of(values))


@given(expressions())
def test_the_written_form_means_the_expression(expression):
    names = {"alpha": Parameter("alpha"), "beta": Parameter("beta"), "gamma": Parameter("gamma")}
    total = ParameterExpression((), 0.0)
    for part in repr(expression).replace(" - ", " + -").split(" + "):
        factor, _, name = part.rpartition("*")
        if name.lstrip("-").isidentifier() or "[" in name:
            sign = -1 if name.startswith("-") else 1
            known = names.get(name.lstrip("-")) or Parameter(name.lstrip("-"))
            total = total + (float(factor) if factor else 1) * sign * known
        else:
            total = total + float(name)
    assert total == expression


@given(expressions())
def test_copies_are_equal(expression):
    assert pickle.loads(pickle.dumps(expression)) == copy.deepcopy(expression) == expression  # noqa: S301
    assert hash(copy.copy(expression)) == hash(expression)


def test_a_parameter_equals_its_expression_and_stays_one_when_copied():
    assert 2 * GAMMA - GAMMA == GAMMA
    assert hash(2 * GAMMA - GAMMA) == hash(GAMMA)
    assert GAMMA != BETA
    assert GAMMA != "gamma"
    assert type(pickle.loads(pickle.dumps(GAMMA))) is Parameter  # noqa: S301
    assert Parameter("θ[3]").name == "θ[3]"


def test_terms_are_sorted_and_zero_terms_dropped():
    assert (2 * GAMMA - BETA).terms == (("beta", -1.0), ("gamma", 2.0))
    assert (GAMMA + BETA - GAMMA).terms == (("beta", 1.0),)
    assert as_angle(GAMMA - GAMMA + 1) == 1.0
    assert (GAMMA - GAMMA + 2) * BETA == 2 * BETA
    assert BETA / (GAMMA - GAMMA + 2) == 0.5 * BETA


@pytest.mark.parametrize(
    ("expression", "written"),
    [
        (2 * GAMMA - 0.5, "2*gamma - 0.5"),
        (-GAMMA, "-gamma"),
        (0.25 * GAMMA - BETA + 3, "-beta + 0.25*gamma + 3"),
        (GAMMA - GAMMA, "0"),
        (1e20 * GAMMA, "1e+20*gamma"),
    ],
)
def test_expressions_are_written_as_people_write_them(expression, written):
    assert repr(expression) == written


def test_numpy_numbers_are_numbers():
    assert np.float64(2) * GAMMA == 2 * GAMMA
    assert GAMMA + np.float32(0.5) == GAMMA + 0.5
    assert GAMMA / np.int64(2) == GAMMA / 2
    assert GAMMA.value_of({"gamma": np.float64(0.5)}) == 0.5


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda: GAMMA * BETA, r"gamma \* beta is not a sum of parameters times numbers"),
        (lambda: (2 * GAMMA) / BETA, r"\(2\*gamma\) / beta is not a sum"),
        (lambda: 1 / GAMMA, "1 / gamma is not a sum"),
        (lambda: GAMMA**2, r"gamma \*\* 2 is not a sum"),
        (lambda: 2**GAMMA, r"2 \*\* gamma is not a sum"),
        (lambda: abs(GAMMA), r"abs\(gamma\) is not a sum"),
        (lambda: math.sin(GAMMA), "the expression gamma is not a number yet"),
        (lambda: GAMMA / 0, "was divided by zero"),
        (lambda: GAMMA * math.inf, "must be finite"),
        (lambda: GAMMA + math.nan, "must be finite"),
        (lambda: 1e300 * GAMMA * 1e300, "must be finite"),
        (lambda: GAMMA.value_of({"beta": 1}), "the parameter 'gamma' has no value"),
        (lambda: (1e300 * GAMMA).value_of({"gamma": 1e300}), "is not finite for the values given"),
        (lambda: ParameterExpression((("b", 1.0), ("a", 1.0))), "must be in order of names"),
        (lambda: ParameterExpression((("a", 0.0),)), "none zero"),
    ],
)
def test_what_is_not_affine_is_refused_in_one_sentence(use, message):
    with pytest.raises(CircuitError, match=message):
        use()


@pytest.mark.parametrize("use", [lambda: GAMMA * 1j, lambda: "2" * GAMMA, lambda: GAMMA + None, lambda: GAMMA < 1])
def test_what_is_no_number_is_not_joined(use):
    with pytest.raises(TypeError):
        use()


@pytest.mark.parametrize("name", ["", "2x", "a b", "a[", "a[x]", "a[1][2]", "a-b", "a" * 257, 3, None])
def test_names_that_are_no_identifiers_are_refused(name):
    with pytest.raises(CircuitError, match="the name of a parameter must be"):
        Parameter(name)

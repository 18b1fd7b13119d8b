"""Diagonal gates with parameters are exp(-i angle T) once they have values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taizhang.circuit.circuit import Circuit, Operation
from taizhang.circuit.diagonal_gate import DiagonalPhase, diagonal_phase
from taizhang.circuit.gates import Gate, gate
from taizhang.circuit.parameter import Parameter
from taizhang.circuit.parametric_gate import SymbolicGate
from taizhang.circuit.state_vector import state_vector
from taizhang.errors import CircuitError, SizeLimitError

GAMMA = Parameter("gamma")
few = settings(deadline=None, derandomize=True, max_examples=40)
tables = st.integers(1, 3).flatmap(
    lambda n: st.lists(st.floats(-5, 5), min_size=2**n, max_size=2**n).map(lambda v: np.array(v).reshape((2,) * n))
)
angles = st.floats(-5, 5)


@few
@given(tables, angles, st.floats(-2, 2))
def test_the_bound_gate_is_the_exponential(values, angle, factor):
    phase = diagonal_phase(values, factor * GAMMA + 0.25)
    bound = phase.bind({"gamma": angle}) if isinstance(phase, SymbolicGate) else phase
    expected = np.exp(-1j * (factor * angle + 0.25) * values.reshape(-1))
    np.testing.assert_allclose(bound.matrix, np.diag(expected), rtol=0, atol=1e-12)
    assert bound.diagonal


@few
@given(tables, angles, st.integers(0, 2), st.integers(-3, 3))
def test_inverses_controls_and_powers_are_those_of_the_bound_gate(values, angle, controls, exponent):
    phase, bound = diagonal_phase(values, GAMMA), diagonal_phase(values, angle)
    at = {"gamma": angle}
    np.testing.assert_allclose(phase.inverse().bind(at).matrix, bound.inverse().matrix, rtol=0, atol=1e-12)
    controlled = phase.controlled(controls).bind(at)
    np.testing.assert_allclose(controlled.unitary(), bound.controlled(controls).unitary(), rtol=0, atol=1e-12)
    power = phase.power(exponent)
    power = power.bind(at) if isinstance(power, SymbolicGate) else power
    np.testing.assert_allclose(power.matrix, bound.power(exponent).matrix, rtol=0, atol=1e-11)


def test_circuits_bind_it_as_gates_of_the_table():
    values = np.arange(8.0).reshape(2, 2, 2)
    phase = diagonal_phase(values, 2 * GAMMA)
    circuit = Circuit(4).h(0).h(2).h(3).append(phase, 3, 0, 2).rx(0, Parameter("beta"))
    assert circuit.parameters == ("gamma", "beta")
    assert circuit.gate_counts() == {"h": 3, "diagonal": 1, "rx": 1}
    at = [0.3, 0.7]
    expected = Circuit(4).h(0).h(2).h(3).append(diagonal_phase(values, 0.6), 3, 0, 2).rx(0, 0.7)
    assert circuit.bind(at) == expected
    assert circuit.bind({"beta": 0.7}).parameters == ("gamma",)
    np.testing.assert_allclose(
        np.vdot(state_vector(circuit.inverse().bind(at[::-1]).inverse()), state_vector(expected)), 1, atol=1e-12
    )
    assert circuit.controlled().bind(at).num_qubits == 5
    assert "Diagonal(2*gamma):0" in circuit.draw(width=120)
    assert "diagonal(2*gamma)" in circuit.draw("svg")
    with pytest.raises(CircuitError, match="has the parameter gamma without a value"):
        _ = state_vector(circuit)


def test_on_no_qubits_it_is_a_global_phase():
    assert diagonal_phase(2.0, GAMMA) == gate("gphase", -2 * GAMMA)
    assert diagonal_phase(2.0, 0.25) == gate("gphase", -0.5)


def test_it_is_a_value():
    first, second = (diagonal_phase([[0, 1], [1, 0]], GAMMA) for _ in range(2))
    assert first == second
    assert len({first, second, first.inverse()}) == 2
    assert isinstance(Operation(first, (1, 0)).inverse().action, DiagonalPhase)
    assert (first.num_controls, first.num_targets, first.label, first.entries) == (0, 2, "diagonal", None)
    assert first.values.tolist() == [[0, 1], [1, 0]]
    assert isinstance(diagonal_phase([0, 1], GAMMA - GAMMA + 1), Gate)
    with pytest.raises(ValueError, match="read-only"):
        first.values[0, 0] = 3


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: diagonal_phase([0, 1, 2], GAMMA), "must have shape (2, …, 2), got (3,)"),
        (lambda: diagonal_phase([0, np.nan], GAMMA), "must be finite; replace those that are not"),
        (lambda: diagonal_phase([0, 1e300], 1e300), "must be finite, got the angle 1e+300; give a smaller one"),
        (lambda: DiagonalPhase(b"", GAMMA), "must have 2^n values, got 0 bytes"),
        (lambda: DiagonalPhase(bytes(8), GAMMA), "must have 2^n values, got 8 bytes"),
        (lambda: DiagonalPhase(bytes(24), GAMMA), "must have 2^n values, got 24 bytes"),
        (lambda: DiagonalPhase(bytes(16), 0.5), "the angle 0.5 has no parameter; make the gate by diagonal_phase"),
        (lambda: diagonal_phase([0, 1], GAMMA).power(0.5), "cannot be raised to the power 0.5 before its parameters"),
        (lambda: diagonal_phase([0, 1], GAMMA).bind({}), "the parameter 'gamma' has no value; give a number for it"),
    ],
)
def test_what_is_not_one_is_refused(make, message):
    with pytest.raises(CircuitError) as raised:
        make()
    assert message in str(raised.value)


def test_too_many_qubits_are_refused():
    with pytest.raises(SizeLimitError, match="a diagonal gate may have at most 10 qubits, got 11; split it"):
        diagonal_phase(np.zeros((2,) * 11), GAMMA)
    with pytest.raises(SizeLimitError, match="at most 10 qubits, got 12"):
        diagonal_phase(np.zeros((2, 2)), GAMMA).controlled(10)

"""Gates: names, parameters and error messages."""

from __future__ import annotations

import math

import numpy as np
import pytest

from taizhang.circuit.gates import Gate, gate, unitary_gate
from taizhang.errors import CircuitError, SizeLimitError


def test_roots_are_rotations_by_a_quarter_turn():
    np.testing.assert_allclose(gate("x_1_2").matrix, gate("rx", math.pi / 2).matrix)
    np.testing.assert_allclose(gate("y_1_2").matrix, gate("ry", math.pi / 2).matrix)
    np.testing.assert_allclose(gate("hz_1_2").matrix, gate("rxy", math.pi / 4, math.pi / 2).matrix)


def test_sx_differs_from_x_1_2_by_a_phase():
    np.testing.assert_allclose(gate("sx").matrix, np.exp(0.25j * math.pi) * gate("x_1_2").matrix)


def test_fsim_of_a_quarter_turn_and_no_phase_is_the_inverse_of_iswap():
    np.testing.assert_allclose(gate("fs", math.pi / 2, 0).matrix, gate("is").inverse().matrix, atol=1e-15)


def test_controlled_gates_are_a_base_and_a_number_of_controls():
    assert gate("cx") == gate("x").controlled() == gate("CX") == gate("cnot")
    assert gate("ccx") == gate("cx").controlled() == gate("toffoli")
    assert gate("c3sqrtx") == gate("sx").controlled(3)
    assert gate("cccz") == gate("c3z") == gate("z").controlled(3)


def test_forty_controls_need_no_large_matrix():
    large = gate("x").controlled(40)
    assert large.num_qubits == 41
    assert large.matrix.shape == (2, 2)
    assert large.label == "c40x"
    assert gate("c40x") == large


def test_a_controlled_global_phase_is_a_phase_gate():
    assert gate("gphase", 0.5).controlled() == gate("p", 0.5)
    assert gate("gphase", 0.5).controlled(2) == gate("cp", 0.5)


def test_powers_are_named_where_they_have_names():
    assert gate("x").power(0.5) == gate("sx")
    assert gate("z").power(0.25) == gate("t")
    assert gate("s").power(-1) == gate("sdg")
    assert gate("cx").power(2) == gate("id").controlled()
    assert gate("rz", 0.5).power(3) == gate("rz", 1.5)
    assert gate("swap").power(0.5).power(2) == gate("swap")


def test_matrices_are_made_once():
    assert gate("rx", 0.25).matrix is gate("rx", 0.25).matrix


def test_unknown_gate_is_named_in_the_error_with_names_like_it():
    with pytest.raises(CircuitError, match=r"no gate 'cnott'; did you mean .*cnot"):
        gate("cnott")
    with pytest.raises(CircuitError, match=r"no gate 'q{40}…'"):
        gate("q" * 10_000_000)


def test_wrong_number_of_parameters_is_reported():
    with pytest.raises(CircuitError, match="gate 'rx' was given 0 parameters; it takes 1"):
        gate("rx")
    with pytest.raises(CircuitError, match="gate 'h' was given 1 parameters; it takes none"):
        gate("h", 0.5)


@pytest.mark.parametrize("angle", [math.nan, math.inf])
def test_parameters_must_be_finite(angle):
    with pytest.raises(CircuitError, match="give finite numbers"):
        gate("rx", angle)


def test_too_many_controls_are_refused():
    with pytest.raises(CircuitError, match="give between 0 and 100000"):
        gate("c999999x")
    with pytest.raises(CircuitError, match="-1 controls"):
        gate("x").controlled(-1)


def test_an_alias_is_no_record():
    with pytest.raises(CircuitError, match=r"make it by gate\('cx'\)"):
        Gate("cx")


def test_matrix_that_is_not_unitary_is_refused():
    with pytest.raises(CircuitError, match=r"gate 'mine' is not unitary: .* differs from 1 by 1"):
        unitary_gate([[1, 1], [0, 1]], name="mine")
    with pytest.raises(CircuitError, match="not unitary"):
        unitary_gate([[math.nan, 0], [0, 1]])


@pytest.mark.parametrize("shape", [(2,), (3, 3), (2, 4), (0, 0)])
def test_matrix_of_a_wrong_shape_is_refused(shape):
    with pytest.raises(CircuitError, match="shape"):
        unitary_gate(np.ones(shape))


def test_matrix_that_is_too_large_is_refused():
    with pytest.raises(SizeLimitError, match="2048 rows"):
        unitary_gate(np.eye(2048))
    with pytest.raises(SizeLimitError, match="use `matrix`"):
        gate("x").controlled(20).unitary()


def test_diagonal_is_seen_in_a_matrix():
    assert unitary_gate(np.diag([1, 1j])).diagonal
    assert not unitary_gate([[0, 1], [1, 0]]).diagonal


def test_changing_the_array_does_not_change_the_gate():
    array = np.eye(2, dtype=complex)
    chosen = unitary_gate(array)
    array[0, 0] = 5
    assert chosen.matrix[0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        chosen.matrix[0, 0] = 5

import numpy as np
import pytest

from taizhang.circuit.gates import gate, unitary_gate
from taizhang.network.gate_form import Tied, gate_form


def ranks(name, *parameters, known=None):
    chosen = gate(name, *parameters)
    return sorted(core.array.ndim for core in gate_form(chosen, known or (None,) * chosen.num_qubits).cores)


@pytest.mark.parametrize("name", ["cz", "cp", "rzz"])
def test_a_diagonal_gate_has_no_new_index(name):
    angles = [] if name == "cz" else [0.3]
    assert ranks(name, *angles) == [2]


def test_wires_cross_in_a_swap_and_leave_nothing():
    form = gate_form(gate("swap"), (None, None))
    assert form.cores == ()
    assert [output.leg for output in form.outputs] == [form.inputs[1], form.inputs[0]]
    assert not any(form.touched)


def test_wires_cross_in_an_iswap_and_leave_a_diagonal():
    form = gate_form(gate("iswap"), (None, None))
    assert [core.array.shape for core in form.cores] == [(2, 2)]
    assert [output.leg for output in form.outputs] == [form.inputs[1], form.inputs[0]]


def test_a_control_has_no_new_index():
    assert ranks("cx") == [3]
    assert ranks("ccx") == [4]
    assert ranks("ccz") == [3]
    assert ranks("fsim", 0.3, 0.2) == [4]


def test_a_gate_of_many_controls_is_a_star():
    assert ranks("c40x") == [2] * 40 + [3]
    assert ranks("c40z") == [2] * 41


def test_a_known_control_decides():
    assert ranks("cx", known=(0, None)) == []
    form = gate_form(gate("cx"), (1, None))
    assert form.cores == ()
    assert form.outputs[1].matrix == (0, 1, 1, 0)
    form = gate_form(gate("ch"), (1, None))
    assert form.cores == ()
    assert form.outputs[1].matrix == pytest.approx(np.array([1, 1, 1, -1]) / np.sqrt(2))


def test_a_classical_gate_on_known_bits_leaves_nothing():
    form = gate_form(gate("c5x"), (1, 1, 1, 1, 1, 0))
    assert form.cores == ()
    assert [(output.leg, output.bit) for output in form.outputs] == [(None, 1)] * 6


def test_a_copy_shares_the_index():
    form = gate_form(gate("cx"), (None, 0))
    assert form.cores == ()
    assert form.outputs[0].leg == form.outputs[1].leg == form.inputs[0]


def test_a_copy_is_undone():
    form = gate_form(gate("cx"), (None, Tied(0, False)))
    assert form.cores == ()
    assert (form.outputs[1].leg, form.outputs[1].bit) == (None, 0)
    form = gate_form(gate("cx"), (None, Tied(0, True)))
    assert (form.outputs[1].leg, form.outputs[1].bit) == (None, 1)


def test_controls_that_cannot_both_be_one_switch_the_gate_off():
    form = gate_form(gate("ccx"), (None, Tied(0, True), None))
    assert form.cores == ()


def test_a_product_of_gates_leaves_nothing():
    form = gate_form(unitary_gate(np.kron(gate("h").matrix, gate("t").matrix)), (None, None))
    assert form.cores == ()
    assert not any(form.touched)

"""Law 10, for circuits: writing and reading keeps the circuit."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from tests.strategies import circuits, grcs_circuits

from taizhang.circuit.formats.grcs_text import read_grcs, write_grcs
from taizhang.circuit.formats.qsim_text import read_qsim, write_qsim
from taizhang.circuit.state_vector import state_vector


@settings(deadline=None)
@given(circuits())
def test_qsim_text_keeps_every_amplitude_with_its_phase(circuit):
    if any(step.gate.entries is not None and step.gate.num_targets > 1 for step in circuit.operations):
        return
    again = read_qsim(write_qsim(circuit))
    assert again.num_qubits == circuit.num_qubits
    np.testing.assert_allclose(state_vector(again), state_vector(circuit), atol=1e-12)


@given(circuits(matrices=False))
def test_writing_what_was_read_gives_the_same_text(circuit):
    text = write_qsim(circuit)
    assert write_qsim(read_qsim(text)) == text


@given(grcs_circuits())
def test_grcs_text_keeps_the_operations_of_each_qubit(circuit):
    again = read_grcs(write_grcs(circuit))
    for qubit in range(circuit.num_qubits):
        of_qubit = [step for step in circuit.operations if qubit in step.qubits]
        assert [step for step in again.operations if qubit in step.qubits] == of_qubit


@settings(deadline=None)
@given(circuits(max_qubits=4, max_operations=8))
def test_the_inverse_brings_back_the_first_state(circuit):
    state = state_vector(circuit + circuit.inverse())
    assert abs(state[0] - 1) < 1e-11

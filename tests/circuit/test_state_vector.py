"""State-vector simulation compared with independent programs and with itself."""

from __future__ import annotations

import json

import numpy as np
import pytest
from tests.shared_data import needs_shared_data, shared_path

from taizhang.circuit.circuit import Circuit
from taizhang.circuit.formats.grcs_text import read_grcs
from taizhang.circuit.formats.qsim_text import read_qsim
from taizhang.circuit.state_vector import state_vector
from taizhang.errors import SizeLimitError

SMALL = [
    "grcs_cz_4x4_20_0.txt",
    "grcs_is_4x4_16_0.txt",
    "sycamore_n12_m14_efgh.qsim",
    "sycamore_n18_m14_efgh.qsim",
    "sycamore_n20_m14_efgh.qsim",
]


@needs_shared_data
@pytest.mark.parametrize("name", SMALL)
def test_amplitudes_are_those_of_independent_programs(name):
    read = read_grcs if name.endswith(".txt") else read_qsim
    state = state_vector(read(shared_path("circuits", name).read_bytes(), source=name))
    reference = json.loads(shared_path("reference", "amplitudes.json").read_text())[name]["amplitudes"]
    for entry in reference:
        expected = complex(entry["re"], entry["im"])
        assert abs(state[int(entry["bitstring"], 2)] - expected) < 1e-10 * abs(expected)


def test_qubit_0_is_the_slowest_axis():
    assert np.argmax(np.abs(state_vector(Circuit(3).append("x", 0)))) == 0b100


def test_controls_come_first():
    circuit = Circuit(3).append("x", 2).append("cx", 2, 0)
    assert np.argmax(np.abs(state_vector(circuit))) == 0b101


def test_too_many_qubits_are_refused_before_memory_is_touched():
    with pytest.raises(SizeLimitError, match="at most 26"):
        state_vector(Circuit(60))


def test_the_dtype_is_the_one_asked_for():
    assert state_vector(Circuit(2).append("h", 1), dtype=np.complex64).dtype == np.complex64


def test_no_qubits_and_a_phase_make_a_number():
    state = state_vector(Circuit(0).append("gphase", parameters=[0.5]))
    np.testing.assert_allclose(state, [np.exp(0.5j)])

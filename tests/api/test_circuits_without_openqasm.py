"""Circuits that OpenQASM has no words for are computed, here and in run folders, as all others are."""

from __future__ import annotations

import numpy as np
import pytest

import taizhang as tz
from taizhang.circuit.formats.openqasm_writer import write_openqasm3
from taizhang.circuit.gates import unitary_gate

OPTIONS = {"trials": 2, "threads": 1, "memory": "4GiB"}


def random_unitary(num_qubits: int, seed: int):
    random = np.random.default_rng(seed)
    size = 1 << num_qubits
    return np.linalg.qr(random.normal(size=(size, size)) + 1j * random.normal(size=(size, size)))[0]


@pytest.fixture
def circuit():
    wide = unitary_gate(random_unitary(3, 1), name="wide")
    wider = unitary_gate(random_unitary(4, 2), name="wider")
    return tz.Circuit(5).h(0).append(wide, 2, 0, 4).append(wider, 1, 4, 3, 0).append(wide.controlled(), 3, 1, 0, 2)


@pytest.fixture
def expected(circuit):
    return tz.state_vector(circuit, dtype="complex128")


def test_openqasm_refuses_them(circuit):
    with pytest.raises(tz.CircuitError, match="matrix on 3 qubits"):
        write_openqasm3(circuit)


def test_every_question_is_answered(circuit, expected):
    bitstrings = [f"{number:05b}" for number in range(32)]
    np.testing.assert_allclose(tz.amplitudes(circuit, bitstrings, **OPTIONS), expected, atol=1e-6)
    assert tz.amplitude(circuit, "10110", **OPTIONS) == pytest.approx(expected[0b10110], abs=1e-6)
    batch = tz.amplitude_batch(circuit, "00000", open_qubits=[1, 3], **OPTIONS)
    np.testing.assert_allclose(batch, expected.reshape((2,) * 5)[0, :, 0, :, 0], atol=1e-6)
    marginal = tz.marginal_probabilities(circuit, [4], **OPTIONS)
    np.testing.assert_allclose(marginal, (abs(expected.reshape(16, 2)) ** 2).sum(axis=0), atol=1e-6)
    samples = tz.sample(circuit, 50, seed=1)
    assert samples.shape == (50, 5)
    assert np.isfinite(tz.xeb(circuit, samples, **OPTIONS).linear_xeb)


def test_a_run_leaves_the_file_of_the_circuit_out(circuit, expected, tmp_path):
    value = tz.run(circuit, "10110", directory=tmp_path / "RUN", piece_time="1ms", **OPTIONS)
    assert value == pytest.approx(expected[0b10110], abs=1e-6)
    assert not (tmp_path / "RUN" / "circuit.qasm").exists()
    assert tz.resume(tmp_path / "RUN") == value
    assert tz.verify(tmp_path / "RUN", threads=1).same_bits
    assert tz.report(tmp_path / "RUN").exists()


def test_a_circuit_without_qubits_has_one_amplitude(tmp_path):
    empty = tz.Circuit(0)
    assert tz.amplitude(empty, "", **OPTIONS) == 1
    np.testing.assert_array_equal(tz.amplitudes(empty, ["", ""], **OPTIONS), [1, 1])
    assert tz.run(empty, "", directory=tmp_path / "RUN", **OPTIONS) == 1


@pytest.mark.parametrize("dtype", [np.complex128, np.dtype("complex128"), "complex128"])
def test_a_type_may_be_given_as_numpy_has_it(circuit, expected, dtype):
    values = tz.amplitude_batch(circuit, "00000", open_qubits=range(5), dtype=dtype).reshape(-1)
    np.testing.assert_allclose(values, expected, atol=1e-13)
    with pytest.raises(tz.UsageError, match=r"dtype must be complex64 or complex128, got <class 'numpy.float32'>"):
        tz.amplitude(circuit, "00000", dtype=np.float32)

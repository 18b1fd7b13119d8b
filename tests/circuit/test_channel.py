"""Channels: their forms, what they do, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import taizhang as tz
from taizhang import channels
from taizhang.circuit.channel import pauli_basis


def random_kraus(qubits, seed, operators=3):
    rng = np.random.default_rng(seed)
    size = 2**qubits
    matrix = rng.normal(size=(operators * size, size)) + 1j * rng.normal(size=(operators * size, size))
    return np.linalg.qr(matrix)[0].reshape(operators, size, size)


def paired(matrix):
    """The vector of a density matrix with one index 2 * ket + bra of size 4 a qubit."""
    n = len(matrix).bit_length() - 1
    axes = matrix.reshape((2,) * (2 * n))
    return axes.transpose([side * n + qubit for qubit in range(n) for side in (0, 1)]).reshape(-1)


@given(qubits=st.integers(1, 3), seed=st.integers(0, 1 << 32))
def test_all_forms_are_of_one_map(qubits, seed):
    kraus = random_kraus(qubits, seed)
    channel = channels.kraus(kraus)
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(2**qubits, 2**qubits)) + 1j * rng.normal(size=(2**qubits, 2**qubits))
    state = root @ root.conj().T
    after = sum(k @ state @ k.conj().T for k in kraus)
    np.testing.assert_allclose(channel.superoperator @ paired(state), paired(after), atol=1e-10)
    basis = pauli_basis(qubits)
    by_chi = np.einsum("ab,aij,jk,blk->il", channel.chi, basis, state, basis.conj())
    np.testing.assert_allclose(by_chi, after, atol=1e-10)
    for other in (
        channels.superoperator(channel.superoperator),
        channels.choi(channel.choi),
        channels.chi(channel.chi),
    ):
        np.testing.assert_allclose(other.superoperator, channel.superoperator, atol=1e-10)


@given(seed=st.integers(0, 1 << 32))
def test_kraus_operators_that_differ_by_a_unitary_are_one_channel(seed):
    kraus = random_kraus(1, seed)
    mixed = np.einsum("ab,bij->aij", np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))[0], kraus)
    np.testing.assert_allclose(channels.kraus(mixed).superoperator, channels.kraus(kraus).superoperator, atol=1e-12)


EVERY = [
    channels.depolarizing(0.1),
    channels.depolarizing2(0.2),
    channels.pauli(0.1, 0.2, 0.3),
    channels.bit_flip(0.3),
    channels.phase_flip(0.4),
    channels.amplitude_damping(0.2),
    channels.phase_damping(0.3),
    channels.generalized_amplitude_damping(0.3, 0.1),
    channels.thermal_relaxation(0.5, 1.0, 1.5, 0.2),
    channels.reset_error(0.2, 0.3),
    channels.coherent(tz.gate("rzz", 0.1)),
]


@pytest.mark.parametrize("channel", EVERY, ids=repr)
def test_every_channel_preserves_the_trace(channel):
    assert channel.preserves_trace
    trace = paired(np.eye(2**channel.num_qubits))
    np.testing.assert_allclose(trace @ channel.superoperator, trace, atol=1e-12)
    assert hash(channel) == hash(type(channel)(channel.name, channel.parameters, channel.entries, channel.num_qubits))


def test_conventions():
    # p is the chance that something happens: 3/4 leaves nothing of a qubit, 15/16 nothing of two.
    np.testing.assert_allclose(channels.depolarizing(0.75).superoperator @ paired(np.diag([1, 0])), [0.5, 0, 0, 0.5])
    both = channels.depolarizing2(15 / 16).superoperator @ paired(np.diag([1.0, 0, 0, 0]))
    np.testing.assert_allclose(both, paired(np.eye(4) / 4), atol=1e-12)
    assert channels.depolarizing(0.3).chance == pytest.approx(0.3)
    coherence = channels.phase_damping(0.36).superoperator[1, 1]
    assert coherence == pytest.approx(0.8)
    relaxed = channels.thermal_relaxation(2.0, 3.0, 1.0).superoperator
    assert relaxed[3, 3] == pytest.approx(np.exp(-2 / 3))
    assert relaxed[1, 1] == pytest.approx(np.exp(-2))
    assert relaxed[0, 3] == pytest.approx(1 - np.exp(-2 / 3))


def test_mixtures():
    mixture = channels.pauli(0.1, 0, 0.2).mixture
    assert mixture is not None
    np.testing.assert_allclose(sorted(mixture.probabilities), [0.1, 0.2, 0.7])
    assert channels.amplitude_damping(0.1).mixture is None


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (
            lambda: channels.kraus([np.eye(2), 0.2 * np.eye(2)]),
            r"sum to K†K of eigenvalues from 1.04 to 1.04; a channel needs exactly 1; scale them, or pass trace_decr",
        ),
        (lambda: channels.kraus([1.1 * np.eye(2)], trace_decreasing=True), "a channel needs at most 1; scale them"),
        (lambda: channels.kraus(np.eye(2)), r"have shape \(2, 2\); give \(operators, 2\^n, 2\^n\)"),
        (lambda: channels.kraus([np.eye(3)]), "have 3 rows; give 2\\^n"),
        (lambda: channels.kraus([np.eye(32)]), "of 5 qubits; at most 4 qubits are allowed"),
        (lambda: channels.kraus([[[np.nan, 0], [0, 1]]]), "hold a NaN or an infinity"),
        (lambda: channels.choi(np.diag([1.0, 0, 0, -0.2])), "is not completely positive: its least eigenvalue is -0.2"),
        (
            lambda: channels.superoperator(np.diag([1.0, 1, -1, 1])),
            "belongs to no map of Hermitian matrices",
        ),
        (lambda: channels.chi(np.diag([0.5, 0, 0, 0])), "a channel needs exactly 1"),
        (lambda: channels.chi(np.eye(3)), r"has shape \(3, 3\)"),
        (lambda: channels.depolarizing(1.1), "p of 'depolarizing' must be a probability from 0 to 1, got 1.1"),
        (lambda: channels.bit_flip(float("nan")), "must be a probability from 0 to 1, got nan"),
        (lambda: channels.pauli(0.5, 0.4, 0.3), "add up to 1.2; at most 1 is possible"),
        (lambda: channels.thermal_relaxation(1, 1, 3), "t1 = 1 and t2 = 3; no relaxation has t2 above 2 t1 = 2"),
        (lambda: channels.thermal_relaxation(-1, 1, 1), "t of 'thermal_relaxation' must be a positive time"),
        (lambda: tz.readout(0.1, 1.5), "p10 of 'readout' must be a probability"),
    ],
)
def test_what_is_no_channel_is_refused_with_its_deviation(make, said):
    with pytest.raises((tz.CircuitError, tz.SizeLimitError), match=said):
        make()


def test_single_precision_is_judged_as_such():
    kraus = (random_kraus(1, 1) * (1 + 1e-6)).astype(np.complex64)
    assert channels.kraus(kraus).num_qubits == 1
    with pytest.raises(tz.CircuitError, match="a channel needs exactly 1"):
        channels.kraus(kraus.astype(np.complex128))

"""Logical channels, against the dense channel of small codes."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import taizhang as tz

FIVE = tz.StabilizerCode(("XZZXI", "IXZZX", "XIXZZ", "ZXIXZ"), "XXXXX", "ZZZZZ")
PAULIS = {
    "I": np.eye(2, dtype=complex),
    "X": np.array([[0, 1], [1, 0]], dtype=complex),
    "Y": np.array([[0, -1j], [1j, 0]]),
    "Z": np.diag([1, -1]).astype(complex),
}
ROTATION = tz.channels.kraus([np.cos(0.2) * np.eye(2) - 1j * np.sin(0.2) * (PAULIS["X"] + PAULIS["Z"]) / np.sqrt(2)])
NOISES = {
    "depolarizing": tz.channels.depolarizing(0.1),
    "damping": tz.channels.amplitude_damping(0.2),
    "rotation": ROTATION,
}


def dense(operators):
    found = np.eye(1)
    for each in operators:
        found = np.kron(found, PAULIS[each])
    return found


def dense_channel(code, noises, syndrome, correction):
    """The logical channel as a chi matrix that is not normalised, from matrices of all qubits."""
    count = code.num_qubits
    projector = np.eye(2**count, dtype=complex)
    for each in code.stabilizers:
        projector = projector @ (np.eye(2**count) + dense(each)) / 2
    plus = projector @ (np.eye(2**count) + dense(code.logical_z)) / 2
    zero = np.linalg.eigh((plus + plus.conj().T) / 2)[1][:, -1]
    code_space = np.stack([zero, dense(code.logical_x) @ zero], axis=1)
    selected = np.eye(2**count, dtype=complex)
    for each, bit in zip(code.stabilizers, syndrome, strict=True):
        selected = selected @ (np.eye(2**count) + (-1) ** int(bit) * dense(each)) / 2
    back = code_space.conj().T @ dense(correction) @ selected
    choi = np.zeros((2, 2, 2, 2), dtype=complex)
    for i, j in itertools.product(range(2), repeat=2):
        state = np.outer(code_space[:, i], code_space[:, j].conj()).reshape((2,) * (2 * count))
        for qubit, noise in enumerate(noises):
            last = np.moveaxis(state, (qubit, count + qubit), (-2, -1))
            last = np.einsum("kab,...bc,kdc->...ad", noise.kraus, last, noise.kraus.conj())
            state = np.moveaxis(last, (-2, -1), (qubit, count + qubit))
        choi[:, i, :, j] = back @ state.reshape(2**count, 2**count) @ back.conj().T
    basis = np.array([PAULIS[each] for each in "IXYZ"])
    return np.einsum("axi,xiyj,byj->ab", basis.conj(), choi, basis) / 4


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("code", [FIVE, tz.rotated_surface_code(2)], ids=["five qubits", "four qubits"])
def test_all_syndromes_of_small_codes(code, noise):
    noises = [NOISES[noise], tz.channels.phase_damping(0.1), *[NOISES[noise]] * (code.num_qubits - 2)]
    total, transfer = 0.0, np.zeros((4, 4))
    for syndrome in itertools.product((0, 1), repeat=len(code.stabilizers)):
        found = tz.logical_channel(code, noises, syndrome)
        expected = dense_channel(code, noises, syndrome, found.correction)
        np.testing.assert_allclose(found.chi * found.probability, expected, atol=1e-10)
        assert found.probability == pytest.approx(np.trace(expected).real, abs=1e-10)
        assert found.chi[0, 0].real >= np.diagonal(found.chi).real.max() - 1e-9 or found.probability == 0
        total += found.probability
        transfer += found.probability * found.pauli_transfer
    assert total == pytest.approx(1)
    np.testing.assert_allclose(transfer[0], [1, 0, 0, 0], atol=1e-9)


def test_pauli_noise_on_nine_qubits():
    code = tz.rotated_surface_code(3)
    p = 0.1
    syndrome = [0, 0, 0, 0, 1, 0, 0, 1]
    found = tz.logical_channel(code, tz.channels.bit_flip(p), syndrome)
    chances = {0: 0.0, 1: 0.0}
    for flips in itertools.product("IX", repeat=9):
        error = "".join(flips)
        if (code.syndrome_of(error) == np.array(syndrome, dtype=bool)).all():
            anticommutes = sum(a != "I" and b != "I" for a, b in zip(error, code.logical_z, strict=True)) % 2
            chances[anticommutes] += p ** error.count("X") * (1 - p) ** error.count("I")
    assert found.probability == pytest.approx(sum(chances.values()))
    assert found.error == pytest.approx(min(chances.values()) / sum(chances.values()))
    assert (code.syndrome_of(found.correction) == np.array(syndrome, dtype=bool)).all()
    impossible = tz.logical_channel(code, tz.channels.bit_flip(p), [1, 0, 0, 0, 0, 1, 0, 0])
    assert impossible.probability == 0
    assert not impossible.chi.any()


def test_a_large_code():
    code = tz.rotated_surface_code(7)
    found = tz.logical_channel(code, tz.channels.amplitude_damping(0.05), np.zeros(48, dtype=bool))
    assert 0 < found.error < 1e-4
    assert np.linalg.eigvalsh(found.chi).min() > -1e-12
    assert np.trace(found.chi) == pytest.approx(1)
    np.testing.assert_allclose(found.pauli_transfer, np.eye(4), atol=1e-3)


@pytest.mark.parametrize("distance", [2, 3, 4, 5, 8])
def test_errors_of_any_syndrome(distance):
    code = tz.rotated_surface_code(distance)
    assert len(code.stabilizers) == distance**2 - 1
    assert code.logical_x.count("X") == code.logical_z.count("Z") == distance
    for seed in range(5):
        syndrome = np.random.default_rng(seed).integers(2, size=distance**2 - 1).astype(bool)
        np.testing.assert_array_equal(code.syndrome_of(code.pure_error(syndrome)), syndrome)


def test_what_does_not_fit_is_refused():
    with pytest.raises(tz.ProblemError, match="ZZ and XI must commute"):
        tz.StabilizerCode(("ZZ",), "XI", "ZI")
    with pytest.raises(tz.ProblemError, match="XX and ZZ must anticommute"):
        tz.StabilizerCode(("XX",), "XX", "ZZ")
    with pytest.raises(tz.ProblemError, match="strings of I, X, Y and Z, one for each of 2 qubits, got 'ZA'"):
        tz.StabilizerCode(("ZA",), "XX", "ZI")
    with pytest.raises(tz.ProblemError, match="has 2 generators, got 1"):
        tz.StabilizerCode(("ZZI",), "XXX", "ZII")
    with pytest.raises(tz.ProblemError, match="not independent"):
        tz.StabilizerCode(("ZZI", "ZZI"), "XXX", "ZII").pure_error([0, 1])
    with pytest.raises(tz.ProblemError, match="a bit for each of the 4 generators, got shape"):
        tz.logical_channel(FIVE, ROTATION, [0, 1])
    with pytest.raises(tz.ProblemError, match="distance must be"):
        tz.rotated_surface_code(1)
    with pytest.raises(tz.UsageError, match="one for each of the 5 qubits"):
        tz.logical_channel(FIVE, [ROTATION], [0] * 4)
    with pytest.raises(tz.UsageError, match="must be a StabilizerCode, got str"):
        tz.logical_channel("five", ROTATION, [0] * 4)

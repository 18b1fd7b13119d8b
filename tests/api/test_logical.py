"""Logical channels, against the dense channel of small codes."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from tests.network.density_matrices import embed, histories

import taizhang as tz
from taizhang.api import all_syndromes

FIVE = tz.StabilizerCode(("XZZXI", "IXZZX", "XIXZZ", "ZXIXZ"), "XXXXX", "ZZZZZ")
PAULIS = {
    "I": np.eye(2, dtype=complex),
    "X": np.array([[0, 1], [1, 0]], dtype=complex),
    "Y": np.array([[0, -1j], [1j, 0]]),
    "Z": np.diag([1, -1]).astype(complex),
}
# What the Pauli operators I, X, Y, Z, one a row, do to each of them.
SIGNS = np.array([[1, 1, 1, 1], [1, 1, -1, -1], [1, -1, 1, -1], [1, -1, -1, 1]])
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


def dense_transfers(code, circuit, data):
    """The Pauli transfer matrices times probabilities for all syndromes, shape (2**bits, 4, 4), from dense matrices."""
    n, count = circuit.num_qubits, code.num_qubits
    on_data = lambda letters: embed(dense(letters), list(data), n)  # noqa: E731
    one = np.eye(2**n)
    x, z = on_data(code.logical_x), on_data(code.logical_z)
    logical = [one, x, 1j * x @ z, z]
    rest = [qubit for qubit in range(n) if qubit not in data]
    start = one / 2
    for each in code.stabilizers:
        start = start @ (one + on_data(each)) / 2
    for qubit in rest:
        start = start @ embed(np.diag([1.0, 0.0]), [qubit], n)
    found = np.zeros((2 ** (circuit.num_bits + count - 1), 4, 4))
    for before, operator in enumerate(logical):
        for record, state in histories(circuit, operator @ start).items():
            for final in itertools.product((0, 1), repeat=count - 1):
                seen = state
                for each, bit in zip(code.stabilizers, final, strict=True):
                    seen = (one + (-1) ** bit * on_data(each)) / 2 @ seen
                place = int("".join(map(str, (*record, *final))), 2)
                found[place, :, before] = [np.trace(each @ seen).real for each in logical]
    return found


def checked_twice(code, noise, seed):
    """A circuit that measures the first generator twice, noisily, with a correction and a reset between."""
    rng = np.random.default_rng(seed)
    count = code.num_qubits
    circuit = tz.Circuit(count + 1, bits={"c": 2})
    for bit in range(2):
        circuit = circuit.h(count).append(noise, count)
        for qubit, letter in enumerate(code.stabilizers[0]):
            if letter != "I":
                circuit = circuit.append({"X": "cx", "Z": "cz"}[letter], count, qubit)
                circuit = circuit.append(noise, qubit).rz(qubit, rng.normal() / 10)
        circuit = circuit.h(count).measure(count, f"c[{bit}]", readout=tz.readout(0.02, 0.05))
        if not bit:
            circuit = circuit.reset(count).append("z", 0, when="c[0]").rzz(0, 1, 0.3)
    return circuit


@pytest.mark.parametrize("noise", ["depolarizing", "damping", "rotation"])
@pytest.mark.parametrize("code", [FIVE, tz.rotated_surface_code(2)], ids=["five qubits", "four qubits"])
def test_circuits_against_dense_matrices(code, noise):
    circuit = checked_twice(code, NOISES[noise], 1)
    # The data in another place, and in another order.
    data = [2, *range(3, code.num_qubits + 1), 0]
    places = {**dict(enumerate(data)), code.num_qubits: 1}
    circuit = circuit.on_qubits([places[qubit] for qubit in range(circuit.num_qubits)], num_qubits=circuit.num_qubits)
    expected = dense_transfers(code, circuit, data)
    qubit = tz.LogicalQubit(code, circuit, data=data, trials=4)
    everything = qubit.channels()
    signs = SIGNS[everything.corrections]
    np.testing.assert_allclose(everything.pauli_transfers * signs[:, :, np.newaxis], expected, atol=1e-12)
    np.testing.assert_allclose(everything.probabilities, expected[:, 0, 0], atol=1e-12)
    # No correction is better.
    diagonals = np.diagonal(expected, axis1=1, axis2=2)
    best = (diagonals @ SIGNS).max(axis=1)
    assert everything.error == pytest.approx(1 - best.sum() / 4, abs=1e-12)
    total, error = qubit.mean()
    np.testing.assert_allclose(total, everything.mean, atol=1e-12)
    assert error == pytest.approx(everything.error, abs=1e-12)
    # One syndrome, some, and drawn ones.
    place = int(np.argsort(everything.probabilities)[-3])
    syndrome = [int(bit) for bit in format(place, f"0{qubit.num_bits}b")]
    one = qubit.channel(syndrome)
    np.testing.assert_allclose(one.pauli_transfer * one.probability, everything.pauli_transfers[place], atol=1e-12)
    assert (code.syndrome_of(one.correction) == np.array(syndrome[circuit.num_bits :], dtype=bool)).all()
    some = qubit.channels([syndrome, [0] * qubit.num_bits, syndrome])
    np.testing.assert_allclose(some.pauli_transfers[2], everything.pauli_transfers[place], atol=1e-12)
    drawn = qubit.sample(4000)
    assert drawn.weights.sum() == pytest.approx(1)
    weights = np.zeros(len(expected))
    weights[drawn.syndromes @ (1 << np.arange(qubit.num_bits - 1, -1, -1))] = drawn.weights
    spread = np.sqrt(everything.probabilities * (1 - everything.probabilities) / 4000)
    assert (np.abs(weights - everything.probabilities) < 5.5 * spread + 1e-3).all()
    assert drawn.error == pytest.approx(everything.error, abs=0.02)


@pytest.mark.parametrize("readout", [0.02, 0.5])
def test_all_syndromes_in_parts_and_with_bits_that_are_searched(monkeypatch, readout):
    code = tz.rotated_surface_code(2)
    circuit = checked_twice(code, NOISES["damping"], 2).measure(4, "c[1]", readout=tz.readout(readout, readout))
    expected = dense_transfers(code, circuit, [0, 1, 2, 3])
    monkeypatch.setattr(all_syndromes, "_MOST_OPEN", 3)
    monkeypatch.setattr(all_syndromes, "_MANY_BITS", 1)
    monkeypatch.setattr(all_syndromes, "_BRIEF_SECONDS", 0.01)
    monkeypatch.setattr(all_syndromes, "_BITS_TOGETHER", 2)
    found = tz.LogicalQubit(code, circuit).channels()
    signs = SIGNS[found.corrections]
    np.testing.assert_allclose(found.pauli_transfers * signs[:, :, np.newaxis], expected, atol=1e-12)


def test_the_same_channel_from_the_code_and_from_a_circuit():
    code = tz.rotated_surface_code(3)
    noises = [NOISES["damping"], *[tz.channels.thermal_relaxation(1.0, 20.0, 15.0)] * 8]
    qubit = tz.LogicalQubit(code, noises)
    for syndrome in ([0] * 8, [1, 0, 0, 0, 0, 1, 0, 0], [0, 0, 1, 1, 0, 0, 1, 1]):
        found, expected = qubit.channel(syndrome), tz.logical_channel(code, noises, syndrome)
        assert found.probability == pytest.approx(expected.probability, rel=1e-9)
        np.testing.assert_allclose(found.chi, expected.chi, atol=1e-9)
        assert found.correction == expected.correction


def test_circuits_that_do_not_fit_are_refused():
    code = tz.rotated_surface_code(2)
    quiet = tz.Circuit(4)
    with pytest.raises(tz.UsageError, match="has 3 qubits, and the code 4"):
        tz.LogicalQubit(code, tz.Circuit(3))
    with pytest.raises(tz.UsageError, match="data must be the 4 qubits of the code, got 2"):
        tz.LogicalQubit(code, quiet, data=[0, 1])
    with pytest.raises(tz.UsageError, match="different qubits of the 4"):
        tz.LogicalQubit(code, quiet, data=[0, 1, 2, 2])
    with pytest.raises(tz.UsageError, match="data is for a circuit"):
        tz.LogicalQubit(code, ROTATION, data=[0, 1, 2, 3])
    with pytest.raises(tz.UsageError, match="syndromes have 3 bits: 0 of the circuit and 3 of generators"):
        tz.LogicalQubit(code, quiet).channel([0, 0])
    with pytest.raises(tz.UsageError, match="a channel, or a list of channels, got an int"):
        tz.LogicalQubit(code, 3)
    with pytest.raises(tz.UsageError, match="shots must be at least 0, got -1"):
        tz.LogicalQubit(code, quiet).sample(-1)
    with pytest.raises(tz.UsageError, match="zeros and ones"):
        tz.LogicalQubit(code, quiet).channel([0, 2, 0])
    with pytest.raises(tz.NumericalError, match="the probability of this syndrome, 0, is too small"):
        tz.LogicalQubit(code, quiet).channel([0, 1, 0])
    with pytest.raises(tz.LimitError, match=r"work with all 2\^48 syndromes needs"):
        tz.LogicalQubit(tz.rotated_surface_code(7), ROTATION).channels()
    with pytest.raises(tz.UsageError, match="must be a StabilizerCode, got str"):
        tz.LogicalQubit("five", quiet)


def test_a_circuit_without_noise_keeps_the_qubit():
    found = tz.LogicalQubit(tz.rotated_surface_code(2), tz.Circuit(4)).sample(10)
    assert found.syndromes.tolist() == [[False] * 3]
    assert found.weights.tolist() == [1.0]
    assert found.error == pytest.approx(0, abs=1e-12)
    assert len(tz.LogicalQubit(tz.rotated_surface_code(2), tz.Circuit(4)).sample(0).weights) == 0


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

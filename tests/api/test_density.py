"""Probabilities, density matrices, fidelities, purities and samples of circuits of any kind."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.network.density_matrices import density_matrix, histories
from tests.network.test_doubled import dynamic_circuits
from tests.strategies import circuits

import taizhang as tz
from taizhang import channels

DOUBLE = {"dtype": "complex128", "trials": 1}
few = settings(max_examples=40, deadline=None)


def distribution(circuit):
    """The probability of each record, register by register."""
    found = {}
    for record, state in histories(circuit).items():
        words = [
            "".join(str(record[bit]) for bit in circuit.registers.bits_of(name)) for name in circuit.registers.names
        ]
        found[" ".join(words)] = np.trace(state).real
    return found


@few
@given(dynamic_circuits())
def test_distributions_of_the_classical_bits(circuit):
    expected = distribution(circuit)
    found = tz.probabilities(circuit, least=1e-9, **DOUBLE)
    assert list(found) == sorted(found)
    for record, chance in expected.items():
        assert found.get(record, 0.0) == pytest.approx(chance, abs=1e-9)
    assert sum(found.values()) == pytest.approx(1, abs=1e-9)
    for record in list(found)[:2]:
        assert tz.probability(circuit, record, **DOUBLE) == pytest.approx(found[record], abs=1e-10)
    both = tz.probability(circuit, list(found)[:5], **DOUBLE)
    np.testing.assert_allclose(both, list(found.values())[:5], atol=1e-10)


@few
@given(circuits(max_qubits=4, max_operations=8))
def test_circuits_of_gates_have_the_squares_of_their_amplitudes(circuit):
    state = tz.state_vector(circuit, dtype="complex128")
    n = circuit.num_qubits
    found = tz.probabilities(circuit, least=0, **DOUBLE)
    for number, amplitude in enumerate(state):
        assert found.get(f"{number:0{n}b}", 0.0) == pytest.approx(abs(amplitude) ** 2, abs=1e-10)
    np.testing.assert_allclose(tz.density_matrix(circuit, **DOUBLE), np.outer(state, state.conj()), atol=1e-10)
    assert tz.purity(circuit, **DOUBLE) == pytest.approx(1, abs=1e-9)
    assert tz.fidelity(circuit, circuit, **DOUBLE) == pytest.approx(1, abs=1e-9)


@few
@given(dynamic_circuits(), circuits(min_qubits=3, max_qubits=3, max_operations=6))
def test_purities_and_fidelities_are_those_of_density_matrices(circuit, ideal):
    state = density_matrix(circuit)
    assert tz.purity(circuit, **DOUBLE) == pytest.approx(np.trace(state @ state).real, abs=1e-9)
    if circuit.num_qubits == 3:
        target = tz.state_vector(ideal, dtype="complex128")
        expected = (target.conj() @ state @ target).real
        assert tz.fidelity(circuit, ideal, **DOUBLE) == pytest.approx(expected, abs=1e-9)


@few
@given(dynamic_circuits(), st.sampled_from(["Z0", "X0 - 0.5 Z0 + 2", "Y0"]))
def test_expectation_values(circuit, text):
    observable = tz.Observable(text)
    state = density_matrix(circuit)
    letters = {"X": np.array([[0, 1], [1, 0]]), "Y": np.array([[0, -1j], [1j, 0]]), "Z": np.diag([1, -1])}
    rest = np.eye(2 ** (circuit.num_qubits - 1))
    expected = observable.constant.real + sum(
        value.real * np.trace(np.kron(letters[product[0][1]], rest) @ state).real
        for product, value in observable.terms
        if product
    )
    assert tz.expectation(circuit, observable, **DOUBLE) == pytest.approx(expected, abs=1e-9)


@few
@given(dynamic_circuits(), st.integers(0, 1), st.integers(0, 1))
def test_values_of_the_shots_that_have_given_bits(circuit, first, last):
    states = [state for record, state in histories(circuit).items() if (record[0], record[2]) == (first, last)]
    chance = sum((np.trace(state).real for state in states), 0.0)
    given = {"a[0]": str(first), "b": str(last)}
    if chance < 1e-6:
        return
    z = np.kron(np.diag([1, -1]), np.eye(2 ** (circuit.num_qubits - 1)))
    expected = 0.5 + 2 * sum(np.trace(z @ state).real for state in states) / chance
    found = tz.expectation(circuit, ["0.5 + 2 Z0", "3"], given=given, **DOUBLE)
    assert found == pytest.approx([expected, 3], abs=1e-8)


def teleportation(noise=0.0):
    circuit = tz.Circuit(3, bits={"a": 1, "b": 1, "out": 1}).u(0, 0.7, 0.4, 1.1).h(1).cx(1, 2).cx(0, 1).h(0)
    circuit = circuit.measure(0, "a").measure(1, "b")
    if noise:
        circuit = circuit.append(channels.depolarizing(noise), 2)
    circuit = circuit.append("x", 2, when="b").append("z", 2, when="a[0]")
    return circuit.u(2, -0.7, -1.1, -0.4).measure(2, "out")


def test_teleportation():
    found = tz.probabilities(teleportation(), **DOUBLE)
    assert list(found) == ["0 0 0", "0 1 0", "1 0 0", "1 1 0"]
    assert all(chance == pytest.approx(0.25) for chance in found.values())
    assert tz.probability(teleportation(), out="1") == pytest.approx(0, abs=1e-6)
    assert tz.probability(teleportation(0.3), out="1", **DOUBLE) == pytest.approx(0.2)
    assert tz.probabilities(teleportation(), bits="out") == {"0": pytest.approx(1)}


def test_samples_follow_the_distribution_and_their_seed():
    circuit = teleportation(0.3)
    expected = tz.probabilities(circuit, **DOUBLE)
    drawn = tz.sample(circuit, 20_000, seed=5)
    assert drawn.shape == (20_000, 3)
    counts = dict.fromkeys(expected, 0)
    for row in drawn.tolist():
        counts[" ".join(map(str, row))] += 1
    for record, chance in expected.items():
        assert abs(counts[record] - 20_000 * chance) < 5 * (20_000 * chance) ** 0.5
    assert (tz.sample(circuit, 20_000, seed=5, threads=1, trials=1) == drawn).all()
    assert (tz.sample(circuit, 20_000, seed=6) != drawn).any()


def test_samples_of_noisy_circuits_without_bits_are_of_all_qubits():
    circuit = tz.Circuit(12).x(0).append(channels.bit_flip(0.25), 0)
    for qubit in range(11):
        circuit = circuit.cx(qubit, qubit + 1)
    drawn = tz.sample(circuit, 4000, seed=1)
    assert drawn.shape == (4000, 12)
    assert (drawn == drawn[:, :1]).all()
    assert abs(drawn[:, 0].mean() - 0.75) < 0.04


def test_bits_beyond_a_block_are_walked():
    circuit = tz.Circuit(1, bits=30)
    for bit in range(30):
        circuit = circuit.ry(0, 0.1).measure(0, [bit]).reset(0)
    found = tz.probabilities(circuit.ry(0, 1.0), least=1e-6, **DOUBLE)
    flip = np.sin(0.05) ** 2
    assert found["0" * 30] == pytest.approx((1 - flip) ** 30)
    assert found["0" * 29 + "1"] == pytest.approx(flip * (1 - flip) ** 29)
    assert tz.probability(circuit, "1" * 30, **DOUBLE) == pytest.approx(flip**30, rel=1e-6)


def test_a_hundred_noisy_qubits_exactly():
    circuit = tz.Circuit(100)
    for layer in range(4):
        for qubit in range(100):
            circuit = circuit.ry(qubit, 0.3 + 0.01 * qubit)
        for qubit in range(layer % 2, 99, 2):
            circuit = circuit.cz(qubit, qubit + 1).append(channels.depolarizing2(0.01), qubit, qubit + 1)
    value = tz.expectation(circuit, "Z50 Z51", dtype="complex128")
    assert value == pytest.approx(tz.expectation(circuit, "Z50 Z51", dtype="complex128", trials=3), abs=1e-12)
    assert abs(value) < 1


@pytest.mark.parametrize(
    ("use", "said"),
    [
        (lambda: tz.probability(teleportation(), "00"), "the values of the classical bits must be 3 zeros and ones"),
        (lambda: tz.probability(teleportation(), "0a0"), "must be 3 zeros and ones, got '0a0'"),
        (lambda: tz.probability(tz.Circuit(2), "1"), "the values of the qubits must be 2 zeros and ones"),
        (lambda: tz.probability(teleportation(), {"d": "1"}), "has no register 'd'"),
        (lambda: tz.probability(teleportation(), d="1"), "d"),
        (lambda: tz.probability(teleportation(), "000", a="1"), "give them in one way only"),
        (lambda: tz.probability(teleportation()), "bits must be text"),
        (lambda: tz.probabilities(teleportation(), [7]), "qubit 7 is not in the circuit"),
        (lambda: tz.probabilities(teleportation(), [0], bits="a"), "qubits and bits were both given"),
        (lambda: tz.probabilities(teleportation(), bits=["a", "a"]), "a bit is given twice"),
        (lambda: tz.probabilities(teleportation(), least=2), "least must be a probability"),
        (lambda: tz.density_matrix(tz.Circuit(2), [0, 0]), "or given twice"),
        (lambda: tz.density_matrix(tz.Circuit(40)), "but the memory limit is"),
        (lambda: tz.expectation(tz.Circuit(1, bits=1).x(0).measure(0, "c"), "Z0", given="0"), "have the probability 0"),
        (lambda: tz.expectation(teleportation(), "Z0", given="0"), "must be 3 zeros and ones"),
        (lambda: tz.fidelity(tz.Circuit(2), tz.Circuit(3)), "the circuits have 2 and 3 qubits; give as many"),
        (lambda: tz.fidelity(tz.Circuit(1), tz.Circuit(1).reset(0)), "'reset' is not a gate"),
        (
            lambda: tz.sample(teleportation(), 3, method="marginals"),
            "measurements in the middle is sampled with the methods",
        ),
        (
            lambda: tz.expectation(tz.Circuit(9).reset(0).append("c7x", *range(8)), "Z7"),
            "at most 5 are allowed; decompose it",
        ),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(use, said):
    with pytest.raises(tz.TaizhangError, match=said) as error:
        use()
    assert "\n" not in str(error.value)

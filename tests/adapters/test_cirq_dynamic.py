"""Cirq's circuits with channels, measurements anywhere, resets and classical control, against Cirq's own simulators."""

from __future__ import annotations

import warnings

import cirq
import numpy as np
import pytest
import sympy

import taizhang as tz

Q = cirq.LineQubit.range(3)
DOUBLE = {"dtype": "complex128", "trials": 1}
CONFUSION = {(0,): np.array([[0.8, 0.2], [0.1, 0.9]])}


def same_counts(circuit, shots=20_000, **options):
    """Whether the outcomes of Cirq's simulator have our probabilities: no deviation beyond five of its errors."""
    read = tz.from_cirq(circuit, final_measurements=True, **options)
    exact = tz.probabilities(read, **DOUBLE)
    result = cirq.DensityMatrixSimulator(seed=7).run(circuit, repetitions=shots)
    # Records in order of the keys' first appearance, as our registers are.
    keys = sorted(result.records, key=lambda key: list(read.registers.names).index(key))
    columns = [
        ["".join(map(str, row)) for row in instance]
        for key in keys
        for instance in np.moveaxis(result.records[key], 1, 0)
    ]
    seen: dict[str, int] = {}
    for words in zip(*columns, strict=True):
        seen[" ".join(words)] = seen.get(" ".join(words), 0) + 1
    assert set(seen) <= set(exact)
    for outcome, chance in exact.items():
        error = np.sqrt(shots * chance * (1 - chance)) + 1
        assert abs(seen.get(outcome, 0) - shots * chance) < 5 * error, (outcome, chance, seen.get(outcome, 0))
    return exact


def start():
    return [cirq.ry(0.7)(Q[0]), cirq.ry(1.1)(Q[1]), cirq.CNOT(Q[0], Q[2])]


@pytest.mark.parametrize(
    "operations",
    [
        [cirq.measure(Q[0], key="m"), cirq.X(Q[0]), cirq.measure(Q[0], Q[1], key="n")],
        [cirq.measure(Q[0], Q[1], key="m"), cirq.X(Q[2]).with_classical_controls("m"), cirq.measure(Q[2], key="n")],
        [cirq.measure(Q[0], key="m", invert_mask=(True,)), cirq.reset(Q[0]), cirq.measure(Q[0], key="n")],
        [cirq.measure(Q[0], key="m", confusion_map=CONFUSION), cirq.measure(Q[0], key="n")],
        [cirq.measure(Q[0], key="m", confusion_map=CONFUSION, invert_mask=(True,)), cirq.measure(Q[0], key="n")],
        [
            cirq.measure(*Q, key="m"),
            cirq.X(Q[0]).with_classical_controls(sympy.Eq(sympy.Symbol("m"), 3)),
            cirq.measure(Q[0], key="n"),
        ],
        [
            cirq.measure(Q[0], key="a"),
            cirq.measure(Q[1], key="b"),
            cirq.X(Q[2]).with_classical_controls(sympy.Symbol("a") > 0, sympy.Ne(sympy.Symbol("b"), 1)),
            cirq.H(Q[0]).with_classical_controls(sympy.Or(sympy.Symbol("a") >= 1, sympy.Symbol("b") < 1)),
            cirq.measure(Q[2], Q[0], key="n"),
        ],
        [
            cirq.measure(*Q, key="m"),
            cirq.X(Q[0]).with_classical_controls(
                cirq.BitMaskKeyCondition("m", bitmask=5, target_value=4, equal_target=True)
            ),
            cirq.X(Q[1]).with_classical_controls(cirq.BitMaskKeyCondition("m", bitmask=6)),
            cirq.measure(*Q, key="n"),
        ],
        [cirq.depolarize(0.3)(Q[0]), cirq.amplitude_damp(0.4)(Q[1]), cirq.measure(*Q, key="m")],
        [
            cirq.depolarize(0.2, n_qubits=2)(Q[0], Q[1]),
            cirq.bit_flip(0.1)(Q[2]).with_tags("t"),
            cirq.measure(*Q, key="m"),
        ],
        [
            cirq.measure(Q[0], key="m"),
            cirq.CircuitOperation(cirq.FrozenCircuit(cirq.X(Q[1]), cirq.H(Q[2]))).with_classical_controls("m"),
            cirq.measure(Q[1], Q[2], key="n"),
        ],
    ],
)
def test_outcomes_are_those_of_cirq(operations):
    same_counts(cirq.Circuit(start(), operations))


def test_keys_that_are_measured_again_have_registers_of_their_own():
    body = cirq.FrozenCircuit(cirq.H(Q[0]), cirq.measure(Q[0], key="m"))
    read = tz.from_cirq(cirq.Circuit(cirq.CircuitOperation(body, repetitions=3, use_repetition_ids=False)))
    assert read.registers.names == ("m", "m_2", "m_3")
    assert len(tz.probabilities(read, **DOUBLE)) == 8
    named = cirq.CircuitOperation(body, repetitions=2, use_repetition_ids=True)
    assert len(tz.from_cirq(cirq.Circuit(named)).registers) == 2


def test_repeat_until_is_written_out_and_what_is_left_is_told():
    body = cirq.FrozenCircuit(cirq.reset(Q[0]), cirq.H(Q[0]), cirq.measure(Q[0], key="m"))
    until = cirq.CircuitOperation(
        body, repeat_until=cirq.KeyCondition(cirq.MeasurementKey("m")), use_repetition_ids=False
    )
    circuit = cirq.Circuit(until, cirq.CNOT(Q[0], Q[1]), cirq.measure(Q[1], key="n"))
    read = tz.from_cirq(circuit, max_turns=3)
    assert read.registers.results.names == ("m", "n")
    with pytest.warns(tz.LoopWarning, match="^0.0625 of the probability"):
        assert tz.probabilities(read, **DOUBLE) == pytest.approx({"0 0": 1 / 16, "1 1": 15 / 16})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert tz.probability(tz.from_cirq(circuit, max_turns=50), "11", **DOUBLE) == pytest.approx(1)


def test_random_noisy_circuits_have_the_density_matrix_of_cirq():
    noise = [
        cirq.depolarize(0.1),
        cirq.amplitude_damp(0.2),
        cirq.phase_damp(0.3),
        cirq.phase_flip(0.2),
        cirq.ResetChannel(),
    ]
    noise += [cirq.generalized_amplitude_damp(0.3, 0.4), cirq.asymmetric_depolarize(0.1, 0.05, 0.2)]
    for seed in range(20):
        rng = np.random.default_rng(seed)
        circuit = cirq.testing.random_circuit(Q, n_moments=6, op_density=0.7, random_state=seed)
        moments = []
        for moment in circuit:
            moments += [moment, cirq.Moment(noise[rng.integers(len(noise))](Q[rng.integers(3)]))]
        circuit = cirq.Circuit(moments)
        expected = (
            cirq.DensityMatrixSimulator(dtype=np.complex128).simulate(circuit, qubit_order=Q).final_density_matrix
        )
        found = tz.density_matrix(tz.from_cirq(circuit, qubit_order=Q), **DOUBLE)
        np.testing.assert_allclose(found, expected, atol=1e-7)


def test_noise_models_of_cirq_are_applied_by_cirq():
    ideal = cirq.Circuit(cirq.H(Q[0]), cirq.CNOT(Q[0], Q[1]))
    noisy = tz.from_cirq(ideal.with_noise(cirq.ConstantQubitNoiseModel(cirq.depolarize(0.03))))
    assert tz.expectation(noisy, "Z0 Z1", **DOUBLE) == pytest.approx((1 - 0.04) ** 3)


@pytest.mark.parametrize(
    ("operations", "message"),
    [
        (
            [cirq.X(Q[0]).with_classical_controls("m"), cirq.measure(Q[0], key="m")],
            "about 'm', which is not measured before it",
        ),
        (
            [cirq.measure(Q[0], key="m"), cirq.X(Q[0]).with_classical_controls(sympy.Symbol("m") ** 2 > 1)],
            "compare keys with whole numbers",
        ),
        (
            [cirq.measure(*Q, key="m", confusion_map={(0, 1): np.eye(4)}), cirq.X(Q[0])],
            "has a confusion map of 2 qubits together",
        ),
        (
            [cirq.measure_single_paulistring(cirq.X(Q[0]), key="x"), cirq.X(Q[0])],
            "does not measure in the computational",
        ),
    ],
)
def test_what_is_not_supported_is_refused_in_one_sentence(operations, message):
    with pytest.raises(tz.CircuitError, match=message) as raised:
        tz.from_cirq(cirq.Circuit(operations))
    assert "\n" not in str(raised.value)

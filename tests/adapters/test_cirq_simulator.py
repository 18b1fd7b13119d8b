"""The simulator for Cirq: every case with Cirq's own simulator and with ours."""

from __future__ import annotations

from itertools import pairwise

import cirq
import numpy as np
import pytest
import sympy
from tests.adapters.circuit_numbers import RANDOM_CIRCUITS

import taizhang as tz
from taizhang.adapters.cirq import Simulator

Q = cirq.LineQubit.range(3)
SIMULATORS = [cirq.Simulator, Simulator]


def random_circuit(seed, qubits=4, moments=8):
    domain = {
        **cirq.testing.DEFAULT_GATE_DOMAIN,
        cirq.FSimGate(0.3, 0.4): 2,
        cirq.PhasedFSimGate(0.1, 0.2, 0.3, 0.4, 0.5): 2,
    }
    return cirq.testing.random_circuit(qubits, moments, 0.7, gate_domain=domain, random_state=seed)


@pytest.mark.parametrize("seed", range(RANDOM_CIRCUITS))
def test_random_circuits(seed):
    circuit = random_circuit(seed)
    order = sorted(circuit.all_qubits())
    ours, theirs = Simulator(dtype="complex128"), cirq.Simulator(dtype=np.complex128)
    expected = theirs.simulate(circuit, qubit_order=order).final_state_vector
    found = ours.simulate(circuit, qubit_order=order)
    np.testing.assert_allclose(found.final_state_vector, expected, atol=1e-7)
    numbers = [0, 3, 2 ** len(order) - 1]
    np.testing.assert_allclose(
        ours.compute_amplitudes(circuit, numbers, qubit_order=order), expected[numbers], atol=1e-7
    )
    sums = [cirq.Z(order[0]) * cirq.X(order[1]) + 0.5, cirq.Y(order[-1]) * 2]
    values = ours.simulate_expectation_values(circuit, sums, qubit_order=order)
    np.testing.assert_allclose(values, theirs.simulate_expectation_values(circuit, sums, qubit_order=order), atol=1e-6)


@pytest.mark.parametrize("simulator", SIMULATORS)
class TestBoth:
    def test_runs_have_records_of_each_key(self, simulator):
        circuit = cirq.Circuit(
            cirq.X(Q[0]), cirq.measure(Q[0], Q[1], key="a", invert_mask=(False, True)), cirq.measure(Q[2], key="b")
        )
        result = simulator(seed=1).run(circuit, repetitions=3)
        assert result.measurements["a"].tolist() == [[1, 1]] * 3
        assert result.measurements["b"].tolist() == [[0]] * 3
        assert result.records["a"].shape == (3, 1, 2)

    def test_keys_in_two_places_have_instances(self, simulator):
        body = cirq.FrozenCircuit(cirq.X(Q[0]), cirq.measure(Q[0], key="m"))
        circuit = cirq.Circuit(cirq.CircuitOperation(body, repetitions=3, use_repetition_ids=False))
        assert simulator().run(circuit, repetitions=2).records["m"].tolist() == [[[1], [0], [1]]] * 2

    def test_sweeps(self, simulator):
        angle = sympy.Symbol("a")
        circuit = cirq.Circuit(cirq.ry(angle)(Q[0]), cirq.CNOT(Q[0], Q[1]))
        values = cirq.Linspace("a", 0, 3, 4)
        states = simulator().simulate_sweep(circuit, values)
        expected = [[np.cos(a / 2), 0, 0, np.sin(a / 2)] for a in np.linspace(0, 3, 4)]
        np.testing.assert_allclose([each.final_state_vector for each in states], expected, atol=1e-6)
        found = simulator().simulate_expectation_values_sweep(circuit, [cirq.Z(Q[0])], values)
        np.testing.assert_allclose(np.array(found)[:, 0], np.cos(np.linspace(0, 3, 4)), atol=1e-6)
        measured = circuit + cirq.measure(Q[0], key="m")
        runs = simulator(seed=3).run_sweep(measured, values, repetitions=400)
        means = [run.measurements["m"].mean() for run in runs]
        np.testing.assert_allclose(means, np.sin(np.linspace(0, 3, 4) / 2) ** 2, atol=0.15)

    def test_order_of_qubits_and_initial_states(self, simulator):
        circuit = cirq.Circuit(cirq.X(Q[0]), cirq.I(Q[1]), cirq.CNOT(Q[1], Q[2]))
        order = [Q[2], Q[0], Q[1]]
        for number in (0, 1, 6):
            found = simulator().simulate(circuit, qubit_order=order, initial_state=number).final_state_vector
            expected = cirq.Simulator().simulate(circuit, qubit_order=order, initial_state=number).final_state_vector
            np.testing.assert_allclose(found, expected, atol=1e-6)

    def test_measured_states_collapse(self, simulator):
        circuit = cirq.Circuit(cirq.H(Q[0]), cirq.CNOT(Q[0], Q[1]), cirq.measure(Q[0], key="m"))
        seen = set()
        for seed in range(12):
            result = simulator(seed=seed).simulate(circuit)
            (outcome,) = result.measurements["m"].tolist()
            seen.add(outcome)
            expected = np.zeros(4)
            expected[3 * outcome] = 1
            np.testing.assert_allclose(np.abs(result.final_state_vector), expected, atol=1e-6)
        assert seen == {0, 1}

    def test_wrong_input(self, simulator):
        with pytest.raises(ValueError, match="no measurements"):
            simulator().run(cirq.Circuit(cirq.H(Q[0])))
        measured = cirq.Circuit(cirq.H(Q[0]), cirq.measure(Q[0]))
        with pytest.raises(ValueError, match="terminal measurements"):
            simulator().simulate_expectation_values(measured, cirq.Z(Q[0]))
        found = simulator().simulate_expectation_values(
            cirq.Circuit(cirq.X(Q[0]), cirq.measure(Q[0])), cirq.Z(Q[0]), permit_terminal_measurements=True
        )
        np.testing.assert_allclose(found, [-1], atol=1e-6)

    def test_seeds(self, simulator):
        circuit = cirq.Circuit(cirq.H.on_each(*Q), cirq.measure(*Q, key="m"))
        first, again = (simulator(seed=5).run(circuit, repetitions=20).measurements["m"].tolist() for _ in range(2))
        assert first == again
        chosen = simulator(seed=5)
        assert chosen.run(circuit, repetitions=20) != chosen.run(circuit, repetitions=20)
        assert simulator().run(circuit, repetitions=40) != simulator().run(circuit, repetitions=40)

    def test_no_repetitions(self, simulator):
        assert simulator().run(cirq.Circuit(cirq.measure(Q[0], key="m")), repetitions=0).records["m"].shape[0] == 0


def test_samples_from_amplitudes_have_the_distribution():
    circuit = cirq.Circuit(cirq.H(Q[0]), cirq.CNOT(Q[0], Q[1]), cirq.X(Q[2]))
    counts = Simulator().sample_from_amplitudes(circuit, {}, seed=1, repetitions=1000)
    assert set(counts) == {0b001, 0b111}
    assert 400 < counts[0b001] < 600
    with pytest.raises(ValueError, match="non-unitary"):
        Simulator().sample_from_amplitudes(cirq.Circuit(cirq.measure(Q[0])), {}, seed=1)


def test_it_is_taken_as_a_sampler_by_cirq():
    circuit = cirq.Circuit(cirq.H(Q[0]), cirq.CNOT(Q[0], Q[1]))
    values = Simulator(seed=1).sample_expectation_values(circuit, cirq.Z(Q[0]) * cirq.Z(Q[1]), num_samples=50)
    assert values == [pytest.approx([1.0])]
    collector = cirq.PauliSumCollector(circuit, 2 * cirq.X(Q[0]) * cirq.X(Q[1]), samples_per_term=50)
    collector.collect(sampler=Simulator(seed=2))
    assert collector.estimated_energy() == pytest.approx(2.0)


def test_named_and_grid_qubits_and_wide_circuits():
    qubits = cirq.GridQubit.rect(5, 8)
    circuit = cirq.Circuit(cirq.H(qubits[0]), (cirq.CNOT(a, b) for a, b in pairwise(qubits)))
    amplitude = Simulator().compute_amplitudes(circuit, [0, 2**40 - 1, 1])
    np.testing.assert_allclose(amplitude, [0.5**0.5, 0.5**0.5, 0], atol=1e-6)
    result = Simulator(seed=1).run(circuit + cirq.measure(*qubits, key="m"), repetitions=10).measurements["m"]
    assert (result == result[:, :1]).all()


def test_a_sweep_takes_one_plan():
    qubits = cirq.LineQubit.range(30)
    symbols = sympy.symbols("a0:30")
    circuit = cirq.Circuit()
    for layer in range(4):
        circuit += cirq.Circuit(cirq.rx(0.3 + symbol)(qubit) for symbol, qubit in zip(symbols, qubits, strict=True))
        circuit += cirq.Circuit(cirq.CZ(qubits[k], qubits[k + 1]) for k in range(layer % 2, 29, 2))
    simulator = Simulator(trials=1)
    rng = np.random.default_rng(1)
    points = [{f"a{k}": value for k, value in enumerate(rng.uniform(0.1, 1, 30))} for _ in range(20)]
    for point in points:
        simulator.compute_amplitudes(circuit, [5], param_resolver=point)
    assert simulator.kept.searches == 1


def test_options_are_checked_when_it_is_made():
    with pytest.raises(tz.UsageError, match="there is no option 'memroy'"):
        Simulator(memroy="1GiB")
    with pytest.raises(tz.CircuitError, match="dimension 3"):
        Simulator().simulate(cirq.Circuit(cirq.IdentityGate(qid_shape=(3,))(cirq.LineQid(0, 3))))

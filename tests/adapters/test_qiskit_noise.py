"""Noise models of Qiskit Aer, against Qiskit Aer's density matrices."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.quantum_info import Kraus
from qiskit_aer import AerSimulator
from qiskit_aer import noise as aer

import taizhang as tz

DOUBLE = {"dtype": "complex128", "trials": 1}
UNITARY = np.array([[np.cos(0.2), -np.sin(0.2)], [np.sin(0.2), np.cos(0.2)]])


def reverse(matrix, count):
    """A matrix of Qiskit with the first qubit the slowest bit."""
    order = list(range(count))[::-1]
    tensor = np.asarray(matrix).reshape((2,) * (2 * count))
    return tensor.transpose(order + [count + axis for axis in order]).reshape(2**count, 2**count)


def of_aer(circuit, model):
    circuit = circuit.copy()
    circuit.save_density_matrix()
    simulator = AerSimulator(method="density_matrix", noise_model=model)
    return reverse(simulator.run(circuit, shots=1).result().data()["density_matrix"], circuit.num_qubits)


def random_circuit(seed, count=3, length=12):
    rng = np.random.default_rng(seed)
    circuit = QuantumCircuit(count)
    for _ in range(length):
        a, b = rng.permutation(count)[:2].tolist()
        match rng.integers(6):
            case 0:
                circuit.cx(a, b)
            case 1:
                circuit.u(*rng.uniform(0, 6, 3), a)
            case 2:
                circuit.x(a)
            case 3:
                circuit.id(a)
            case 4:
                circuit.h(a)
            case _:
                circuit.reset(a)
    return circuit


def model():
    found = aer.NoiseModel()
    found.add_all_qubit_quantum_error(aer.depolarizing_error(0.1, 1), ["u", "h"])
    found.add_all_qubit_quantum_error(aer.depolarizing_error(0.05, 2), ["cx"])
    found.add_quantum_error(aer.pauli_error([("XI", 0.1), ("YZ", 0.2), ("II", 0.7)]), ["cx"], [0, 1])
    found.add_quantum_error(aer.amplitude_damping_error(0.2).tensor(aer.phase_damping_error(0.3)), ["cx"], [2, 1])
    found.add_all_qubit_quantum_error(aer.amplitude_damping_error(0.3), ["x"])
    found.add_all_qubit_quantum_error(aer.thermal_relaxation_error(50, 30, 10, 0.1), ["id"])
    found.add_all_qubit_quantum_error(aer.reset_error(0.1, 0.2), ["reset"])
    found.add_quantum_error(aer.coherent_unitary_error(UNITARY), ["h"], [1])
    return found


@pytest.mark.parametrize("seed", range(15))
def test_the_density_matrix_is_that_of_aer(seed):
    circuit = random_circuit(seed)
    found = tz.density_matrix(tz.from_qiskit(circuit, noise_model=model()), **DOUBLE)
    np.testing.assert_allclose(found, of_aer(circuit, model()), atol=1e-10)


def test_the_parameter_of_depolarizing_is_another():
    # Qiskit's is 4p/3 for one qubit, and 16p/15 for two.
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    noise = aer.NoiseModel()
    noise.add_all_qubit_quantum_error(aer.depolarizing_error(4 * 0.03 / 3, 1), ["h"])
    noise.add_all_qubit_quantum_error(aer.depolarizing_error(16 * 0.06 / 15, 2), ["cx"])
    ours = tz.Circuit(2).h(0).append(tz.channels.depolarizing(0.03), 0)
    ours = ours.cx(0, 1).append(tz.channels.depolarizing2(0.06), 0, 1)
    found = tz.density_matrix(tz.from_qiskit(circuit, noise_model=noise), **DOUBLE)
    np.testing.assert_allclose(found, tz.density_matrix(ours, **DOUBLE), atol=1e-12)


def test_errors_of_reading_and_before_measurements():
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure([0, 1], [0, 1])
    noise = aer.NoiseModel()
    noise.add_all_qubit_readout_error(aer.ReadoutError([[0.9, 0.1], [0.2, 0.8]]))
    noise.add_readout_error(aer.ReadoutError([[0.7, 0.3], [0.4, 0.6]]), [1])
    noise.add_all_qubit_quantum_error(aer.pauli_error([("X", 0.1), ("I", 0.9)]), ["measure"])
    exact = tz.probabilities(tz.from_qiskit(circuit, noise_model=noise), **DOUBLE)
    shots = 40_000
    counts = AerSimulator(noise_model=noise, seed_simulator=3).run(circuit, shots=shots).result().get_counts()
    for outcome, chance in exact.items():
        seen = counts.get(outcome[::-1], 0)
        assert abs(seen - shots * chance) < 5 * np.sqrt(shots * chance)


def test_errors_are_within_blocks_too():
    circuit = QuantumCircuit(1, 1)
    circuit.x(0)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.h(0)
        circuit.h(0)
    noise = aer.NoiseModel()
    noise.add_all_qubit_quantum_error(aer.pauli_error([("X", 0.1), ("Z", 0.2), ("I", 0.7)]), ["h"])
    read = tz.from_qiskit(circuit, noise_model=noise)
    # The flips of the second error, and the phases of the first, which the second h makes flips.
    assert tz.expectation(read, "Z0", **DOUBLE) == pytest.approx(-(1 - 2 * 0.1) * (1 - 2 * 0.2))


def test_channels_as_instructions():
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.append(Kraus([np.sqrt(0.9) * np.eye(2), np.sqrt(0.1) * np.diag([1, -1])]).to_instruction(), [0])
    circuit.cx(0, 1)
    circuit.append(aer.depolarizing_error(0.2, 2).to_instruction(), [1, 0])
    found = tz.density_matrix(tz.from_qiskit(circuit), **DOUBLE)
    np.testing.assert_allclose(found, of_aer(circuit, None), atol=1e-10)


def test_final_measurements_are_left_out_unless_they_are_read_wrongly():
    circuit = QuantumCircuit(1, 1)
    circuit.h(0)
    circuit.measure(0, 0)
    noise = aer.NoiseModel()
    noise.add_all_qubit_quantum_error(aer.pauli_error([("X", 0.1), ("I", 0.9)]), ["h"])
    assert tz.from_qiskit(circuit, noise_model=noise).num_bits == 0
    assert tz.from_qiskit(circuit, noise_model=noise, final_measurements=True).num_bits == 1
    noise.add_all_qubit_readout_error(aer.ReadoutError([[0.9, 0.1], [0.2, 0.8]]))
    assert tz.from_qiskit(circuit, noise_model=noise).num_bits == 1


def test_what_would_change_nothing_is_refused():
    noise = aer.NoiseModel()
    noise.add_all_qubit_quantum_error(aer.depolarizing_error(0.1, 1), ["sx", "rz"])
    circuit = QuantumCircuit(1)
    circuit.h(0)
    with pytest.raises(tz.CircuitError, match="the noise model is about rz, sx, and none of these is in the circuit"):
        tz.from_qiskit(circuit, noise_model=noise)
    with pytest.raises(tz.UsageError, match="noise_model must be a NoiseModel of Qiskit Aer, got a str"):
        tz.from_qiskit(circuit, noise_model="noise")
    together = aer.NoiseModel()
    together.add_readout_error(aer.ReadoutError(0.6 * np.eye(4) + 0.1), [0, 1])
    with pytest.raises(tz.CircuitError, match="errors of reading several qubits together"):
        tz.from_qiskit(circuit, noise_model=together)

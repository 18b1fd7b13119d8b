"""The backend for Qiskit, beside Aer, and under what wraps a backend."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, transpile
from qiskit.circuit import Clbit, Parameter
from qiskit.circuit.library import get_standard_gate_name_mapping
from qiskit.exceptions import QiskitError
from qiskit.primitives import BackendEstimatorV2, BackendSamplerV2
from qiskit.providers import JobStatus
from qiskit.quantum_info import SparsePauliOp
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel, ReadoutError, depolarizing_error

import taizhang as tz
from taizhang.adapters.qiskit import BackendV2

SHOTS = 4000


def ghz(qubits):
    circuit = QuantumCircuit(qubits)
    circuit.h(0)
    for qubit in range(qubits - 1):
        circuit.cx(qubit, qubit + 1)
    circuit.measure_all()
    return circuit


def with_registers():
    circuit = QuantumCircuit(QuantumRegister(3), ClassicalRegister(2, "a"), ClassicalRegister(3, "b"))
    circuit.x(0)
    circuit.ry(0.7, 1)
    circuit.measure(0, 1)
    circuit.measure(1, 4)
    circuit.measure(2, 0)
    return circuit


def with_control_flow():
    circuit = QuantumCircuit(QuantumRegister(2), ClassicalRegister(2, "a"), ClassicalRegister(1, "b"))
    circuit.h(0)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(1)
    circuit.measure(1, 1)
    circuit.reset(0)
    circuit.measure(0, 2)
    return circuit


def with_loose_bits():
    circuit = QuantumCircuit(QuantumRegister(2), [Clbit(), Clbit(), Clbit()])
    circuit.x(1)
    circuit.measure(1, 2)
    return circuit


@pytest.mark.parametrize("make", [lambda: ghz(4), with_registers, with_control_flow, with_loose_bits])
def test_counts_and_their_form_are_those_of_aer(make):
    circuit = make()
    ours = BackendV2().run(circuit, shots=SHOTS, memory=True, seed_simulator=3).result()
    theirs = AerSimulator().run(circuit, shots=SHOTS, memory=True, seed_simulator=3).result()
    assert set(ours.get_counts()) == set(theirs.get_counts())
    for outcome, count in theirs.get_counts().items():
        assert abs(ours.get_counts()[outcome] - count) < 6 * np.sqrt(SHOTS)
    memory = ours.get_memory()
    assert len(memory) == SHOTS
    assert {word: memory.count(word) for word in set(memory)} == ours.get_counts()


def test_a_list_of_circuits_has_a_result_for_each():
    result = BackendV2().run([ghz(3), with_registers()], shots=50).result()
    assert [len(next(iter(counts)).replace(" ", "")) for counts in result.get_counts()] == [3, 5]
    assert result.success
    header = result.results[1].header
    sizes = header["creg_sizes"] if isinstance(header, dict) else header.creg_sizes
    assert sizes == [["a", 2], ["b", 3]]
    assert pickle.loads(pickle.dumps(result)).get_counts() == result.get_counts()  # noqa: S301


def test_any_number_of_qubits_and_transpile_changes_nothing():
    backend = BackendV2()
    assert backend.num_qubits is None
    wide = ghz(100)
    for level in range(4):
        assert transpile(wide, backend, optimization_level=level) == wide
    assert set(backend.run(wide, shots=20).result().get_counts()) == {"0" * 100, "1" * 100}
    everything = QuantumCircuit(5, 5)
    for name, gate in get_standard_gate_name_mapping().items():
        if name not in ("delay", "measure", "reset"):
            made = gate.to_mutable() if hasattr(gate, "to_mutable") else gate.copy()
            made.params = [0.1 * (place + 1) for place in range(len(made.params))]
            everything.append(made, list(range(made.num_qubits)))
    everything.mcx([0, 1, 2, 3], 4)
    everything.mcp(0.3, [0, 1, 2], 3)
    everything.unitary(np.eye(4)[[0, 2, 1, 3]], [1, 3])
    everything.barrier()
    everything.reset(2)
    everything.measure(range(5), range(5))
    assert transpile(everything, backend, optimization_level=0) == everything
    assert backend.run(everything, shots=10).result().success


def test_it_serves_what_wraps_a_backend():
    bits = BackendSamplerV2(backend=BackendV2()).run([with_registers()], shots=100).result()[0].data
    assert set(bits.a.get_counts()) == {"10"}
    state = QuantumCircuit(2)
    state.h(0)
    state.cx(0, 1)
    asked = [SparsePauliOp("XX"), SparsePauliOp("ZZ"), SparsePauliOp("ZI")]
    values = BackendEstimatorV2(backend=BackendV2()).run([(state, asked)]).result()[0].data.evs
    np.testing.assert_allclose(values, [1, 1, 0], atol=0.2)


def test_noise():
    noise = NoiseModel()
    noise.add_all_qubit_quantum_error(depolarizing_error(0.3, 2), ["cx"])
    noise.add_all_qubit_readout_error(ReadoutError([[0.9, 0.1], [0.2, 0.8]]))
    circuit = ghz(3)
    ours = BackendV2(noise_model=noise).run(circuit, shots=SHOTS, seed_simulator=1).result().get_counts()
    theirs = AerSimulator(noise_model=noise).run(circuit, shots=SHOTS, seed_simulator=1).result().get_counts()
    for outcome in set(ours) | set(theirs):
        assert abs(ours.get(outcome, 0) - theirs.get(outcome, 0)) < 6 * np.sqrt(SHOTS)


def test_seeds():
    backend, circuit = BackendV2(), ghz(2)

    def memory(seed):
        return backend.run(circuit, shots=64, memory=True, seed_simulator=seed).result().get_memory()

    assert memory(5) == memory(5)
    assert memory(5) != memory(6)
    assert memory(None) != memory(None)


def test_a_sweep_takes_one_plan():
    theta = Parameter("theta")
    circuit = QuantumCircuit(30)
    for layer in range(4):
        circuit.rx(0.4, range(30))
        circuit.rz(theta, range(30))
        for qubit in range(layer % 2, 29, 2):
            circuit.cx(qubit, qubit + 1)
    circuit.measure_all()
    backend = BackendV2(options={"trials": 1, "method": "frugal"})
    backend.run(circuit.assign_parameters([0.1]), shots=4).result()
    first = backend.kept.searches
    backend.run([circuit.assign_parameters([0.1 * k]) for k in range(2, 7)], shots=4).result()
    assert first >= 1
    assert backend.kept.searches == first


def test_what_cannot_be_is_refused_when_it_is_given():
    with pytest.raises(tz.UsageError, match="memry"):
        BackendV2(options={"memry": "1GiB"})
    backend = BackendV2()
    with pytest.raises(QiskitError, match="run takes circuits, got 'x'"):
        backend.run(["x"])
    with pytest.raises(QiskitError, match="shots must be a whole number from 1, got 0"):
        backend.run(ghz(2), shots=0)
    unbound = QuantumCircuit(1, 1)
    unbound.rx(Parameter("a"), 0)
    unbound.measure(0, 0)
    with pytest.raises(QiskitError, match=r"the parameters a of .* have no values; assign them first"):
        backend.run(unbound)
    with pytest.warns(UserWarning, match="the option meas_level is not used"):
        backend.run(ghz(2), meas_level=2).result()
    with pytest.warns(UserWarning, match="no classical bits"):
        assert backend.run(QuantumCircuit(1)).result().success


def test_a_job_can_be_cancelled():
    rng = np.random.default_rng(1)
    hard = QuantumCircuit(36)
    for _ in range(24):
        for qubit in range(36):
            hard.u(*rng.uniform(0, 3, 3), qubit)
        pairs = rng.permutation(36).reshape(-1, 2).tolist()
        for a, b in pairs:
            hard.cz(a, b)
    hard.measure_all()
    job = BackendV2(options={"time_limit": "100d"}).run(hard, shots=10)
    assert job.status() == JobStatus.RUNNING
    assert job.cancel()
    with pytest.raises(tz.TaizhangError):
        job.result()
    assert job.status() in (JobStatus.CANCELLED, JobStatus.ERROR)

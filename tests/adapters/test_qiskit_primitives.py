"""The sampler and the estimator for Qiskit: every case with Qiskit's reference class and with ours."""

from __future__ import annotations

import pickle
import time

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter, ParameterVector
from qiskit.circuit.library import efficient_su2
from qiskit.circuit.random import random_circuit
from qiskit.exceptions import QiskitError
from qiskit.primitives import StatevectorEstimator, StatevectorSampler
from qiskit.primitives.containers.bindings_array import BindingsArray
from qiskit.primitives.containers.observables_array import ObservablesArray
from qiskit.primitives.containers.sampler_pub import SamplerPub
from qiskit.providers import JobStatus
from qiskit.quantum_info import Pauli, SparsePauliOp, Statevector
from tests.adapters.circuit_numbers import RANDOM_CIRCUITS

import taizhang as tz
from taizhang.adapters.qiskit import EstimatorV2, SamplerV2
from taizhang.errors import StoppedError

SAMPLERS = [StatevectorSampler, SamplerV2]
ESTIMATORS = [StatevectorEstimator, EstimatorV2]
SHOTS = 5000


def bell():
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    return circuit


def one_angle():
    circuit = QuantumCircuit(2)
    circuit.ry(Parameter("a"), 0)
    circuit.cx(0, 1)
    circuit.measure_all()
    return circuit


def close(array, target, shots=SHOTS):
    counts = array.get_int_counts() if hasattr(array, "get_int_counts") else array
    for outcome in {*counts, *target}:
        chance = target.get(outcome, 0) / sum(target.values())
        assert abs(counts.get(outcome, 0) - shots * chance) < 5 * np.sqrt(shots * chance * (1 - chance)) + 1


@pytest.mark.parametrize("sampler", SAMPLERS)
class TestSampler:
    def test_pubs_of_every_spelling(self, sampler):
        circuit = one_angle()
        angle = float(np.pi / 2)
        pubs = [
            (circuit, [angle]),
            (circuit, [[angle]]),
            (circuit, {"a": angle}),
            (circuit, BindingsArray({tuple(circuit.parameters): [angle]})),
            SamplerPub.coerce((circuit, [angle])),
            (bell(),),
            (bell(), None),
            (bell(), [], None),
            bell(),
        ]
        result = sampler(seed=4).run(pubs, shots=SHOTS).result()
        assert len(result) == len(pubs)
        for pub in result:
            data = pub.data.meas
            close(data if data.ndim == 0 else data[0], {0: 1, 3: 1})

    def test_arrays_of_parameters(self, sampler):
        values = np.linspace(0.1, 3, 6).reshape(2, 3, 1)
        result = sampler(seed=1).run([(one_angle(), values)], shots=SHOTS).result()[0]
        assert result.data.shape == (2, 3)
        assert result.data.meas.shape == (2, 3)
        for index in np.ndindex(2, 3):
            one = np.sin(values[(*index, 0)] / 2) ** 2
            close(result.data.meas[index], {0: 1 - one, 3: one})

    @pytest.mark.parametrize("size", [1, 8, 9, 17])
    def test_registers_of_many_sizes(self, sampler, size):
        first, second = ClassicalRegister(size, "first"), ClassicalRegister(2, "second")
        circuit = QuantumCircuit(QuantumRegister(size), first, second)
        circuit.x(range(0, size, 2))
        circuit.measure(range(size), first)
        data = sampler().run([circuit], shots=3).result()[0].data
        assert data.first.array.shape == (3, -(-size // 8))
        expected = "".join("1" if bit % 2 == 0 else "0" for bit in reversed(range(size)))
        assert data.first.get_counts() == {expected: 3}
        assert data.second.get_counts() == {"00": 3}

    def test_measurements_in_another_order(self, sampler):
        circuit = QuantumCircuit(3, 3)
        circuit.x(0)
        circuit.measure([0, 1, 2], [2, 1, 0])
        assert sampler().run([circuit], shots=2).result()[0].data.c.get_counts() == {"100": 2}

    def test_shots_of_the_pub_come_first(self, sampler):
        chosen = sampler(default_shots=7)
        results = chosen.run([(bell(), None, 3), bell()]).result()
        assert [each.data.meas.num_shots for each in results] == [3, 7]
        assert chosen.run([bell()], shots=5).result()[0].metadata["shots"] == 5
        assert chosen.default_shots == 7

    def test_seeds(self, sampler):
        runs = [sampler(seed=seed).run([bell()], shots=60).result()[0].data.meas.array.tolist() for seed in (1, 1, 2)]
        assert runs[0] == runs[1] != runs[2]

    def test_results_can_be_used(self, sampler):
        result = sampler(seed=2).run([bell()], shots=64).result()
        again = pickle.loads(pickle.dumps(result))  # noqa: S301
        assert again[0].data.meas == result[0].data.meas
        assert len(result[0].join_data().get_bitstrings()) == 64
        assert result[0].data.meas.postselect(0, 1).slice_bits([1]).get_counts().keys() == {"1"}
        assert result.metadata["version"] == 2

    def test_wrong_input(self, sampler):
        chosen = sampler()
        with pytest.raises((ValueError, TypeError)):
            chosen.run(bell()).result()
        with pytest.raises(ValueError, match=r"."):
            chosen.run([one_angle()]).result()
        with pytest.raises(ValueError, match=r"."):
            chosen.run([(bell(), [1.0])]).result()
        for shots, kind in ((0, ValueError), (-1, ValueError), (1.5, TypeError), ("3", TypeError)):
            with pytest.raises(kind):
                chosen.run([bell()], shots=shots).result()

    def test_a_circuit_without_registers_warns(self, sampler):
        circuit = QuantumCircuit(1)
        with pytest.warns(UserWarning, match="no output classical registers"):
            job = sampler().run([circuit], shots=3)
        assert len(job.result()[0].data) == 0


@pytest.mark.parametrize("estimator", ESTIMATORS)
class TestEstimator:
    def test_observables_and_points(self, estimator):
        circuit = efficient_su2(3, reps=1)
        observables = [
            SparsePauliOp.from_list([("IIZ", 1.0), ("XXI", 0.5), ("III", -2.0)]),
            SparsePauliOp("YZX"),
        ]
        values = np.random.default_rng(3).uniform(0, 3, (4, circuit.num_parameters))
        pubs = [
            (circuit, observables, values[:2]),
            (circuit, [[each] for each in observables], values),
            (circuit, observables[0], values[0]),
        ]
        found = estimator().run(pubs).result()
        reference = StatevectorEstimator().run(pubs).result()
        for ours, other in zip(found, reference, strict=True):
            assert ours.data.evs.shape == other.data.evs.shape
            np.testing.assert_allclose(ours.data.evs, other.data.evs, atol=1e-5)
            np.testing.assert_array_equal(ours.data.stds, 0)

    def test_precision_adds_noise(self, estimator):
        circuit = QuantumCircuit(1)
        observable = ObservablesArray(["Z"] * 400)
        result = estimator(seed=1, default_precision=0.1).run([(circuit, observable)]).result()[0]
        assert abs(result.data.evs.mean() - 1) < 0.03
        assert 0.08 < result.data.evs.std() < 0.12
        assert result.metadata["target_precision"] == 0.1

    def test_wrong_input(self, estimator):
        circuit = QuantumCircuit(2)
        for pub in ((circuit, "Z"), (circuit, ["ZZ"], [1.0]), (circuit,)):
            with pytest.raises((ValueError, QiskitError)):
                estimator().run([pub]).result()
        with pytest.raises(ValueError, match=r"."):
            estimator().run([(circuit, "ZZ")], precision=-1).result()


def test_projectors_are_computed():
    circuit = QuantumCircuit(2)
    circuit.ry(0.7, 0)
    circuit.h(1)
    found = EstimatorV2().run([(circuit, ["I0", "I1", "+I", "-I", "rI", "+1"])]).result()[0].data.evs
    zero = np.cos(0.35) ** 2
    np.testing.assert_allclose(found, [zero, 1 - zero, 1, 0, 0.5, 1 - zero], atol=1e-6)


def test_angles_that_are_no_sums_are_bound_first():
    angle = Parameter("a")
    circuit = QuantumCircuit(1)
    circuit.ry(angle * angle, 0)
    found = EstimatorV2().run([(circuit, "Z", [[0.5], [1.0]])]).result()[0].data.evs
    np.testing.assert_allclose(found, np.cos([0.25, 1.0]), atol=1e-6)


def test_measurements_in_the_middle_and_control_flow():
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(1)
    circuit.measure(1, 1)
    counts = SamplerV2(seed=1).run([circuit], shots=1000).result()[0].data.c.get_counts()
    assert set(counts) == {"00", "11"}


def layered(qubits, layers):
    angles = ParameterVector("t", qubits * layers)
    circuit = QuantumCircuit(qubits)
    for layer in range(layers):
        for qubit in range(qubits):
            circuit.rx(0.4, qubit)
            circuit.rz(angles[layer * qubits + qubit], qubit)
        for qubit in range(layer % 2, qubits - 1, 2):
            circuit.cx(qubit, qubit + 1)
    return circuit


def test_a_sweep_of_a_hundred_points_takes_one_plan_of_each_shape():
    circuit = layered(30, 4)
    values = np.random.default_rng(1).uniform(0.2, 1, (100, circuit.num_parameters))
    estimator = EstimatorV2(options={"trials": 1})
    found = estimator.run([(circuit, ["I" * 14 + "ZZ" + "I" * 14], values)]).result()[0].data.evs
    assert found.shape == (100,)
    searched = estimator.kept.searches
    assert searched <= 1
    estimator.run([(circuit, ["I" * 14 + "ZZ" + "I" * 14], values[:3])]).result()
    assert estimator.kept.searches == searched
    measured = circuit.copy()
    measured.measure_all()
    sampler = SamplerV2(seed=1, options={"trials": 1, "method": "frugal"})
    sampler.run([(measured, values[:2])], shots=4).result()
    once = sampler.kept.searches
    assert once >= 1
    sampler.run([(measured, values[2:6])], shots=4).result()
    assert sampler.kept.searches == once


def test_a_job_that_is_cancelled_stops():
    circuit = layered(26, 12)
    circuit.measure_all()
    bound = circuit.assign_parameters(np.linspace(0.1, 1, circuit.num_parameters))
    job = SamplerV2(seed=1).run([bound] * 50, shots=10)
    time.sleep(0.3)
    job.cancel()
    started = time.monotonic()
    with pytest.raises(StoppedError):
        job.result()
    assert time.monotonic() - started < 20
    assert job.cancelled()
    assert job.in_final_state()
    assert job.status() == JobStatus.CANCELLED


def test_what_cannot_be_is_refused_when_it_is_given():
    with pytest.raises(tz.UsageError, match="there is no option 'memroy'"):
        SamplerV2(options={"memroy": "1GiB"})
    circuit = QuantumCircuit(1, 1)
    with circuit.while_loop((circuit.clbits[0], 0)):
        circuit.break_loop()
    with pytest.raises(QiskitError, match="'break_loop'"):
        SamplerV2().run([circuit])


@pytest.mark.parametrize("seed", range(RANDOM_CIRCUITS))
def test_random_circuits_have_qiskits_states_and_samples(seed):
    circuit = random_circuit(5, 6, max_operands=3, seed=seed)
    state = Statevector(circuit)
    labels = ["ZIXIY", "IIZZI", "XXXXX"]
    values = EstimatorV2(options={"dtype": "complex128"}).run([(circuit, labels)]).result()[0].data.evs
    np.testing.assert_allclose(values, [state.expectation_value(Pauli(label)).real for label in labels], atol=1e-9)
    circuit.measure_all()
    shots = 4096
    counts = SamplerV2(seed=seed).run([circuit], shots=shots).result()[0].data.meas.get_int_counts()
    found = np.bincount(list(counts), weights=list(counts.values()), minlength=32) / shots
    # Four standard errors of the total variation of 32 outcomes.
    assert np.abs(found - state.probabilities()).sum() / 2 < 4 * np.sqrt(32 / shots) / 2

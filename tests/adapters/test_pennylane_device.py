"""The PennyLane device, beside PennyLane's own simulators."""

from __future__ import annotations

import jax
import numpy as np
import pennylane as qml
import pytest
from pennylane import numpy as pnp
from pennylane.exceptions import DeviceError
from tests.adapters.circuit_numbers import RANDOM_CIRCUITS

import taizhang as tz

WIRES = ["a", 3, "c", 0]


def random_operations(rng, wires, count=14, channels=False):
    made = []
    for _ in range(count):
        a, b, c = (wires[k] for k in rng.permutation(len(wires))[:3])
        t = rng.uniform(-2, 2, 3).tolist()
        choices = [
            qml.RX(t[0], a), qml.RY(t[0], a), qml.RZ(t[0], a), qml.PhaseShift(t[0], a), qml.U1(t[0], a),
            qml.U2(t[0], t[1], a), qml.U3(*t, a), qml.Rot(*t, a), qml.Hadamard(a), qml.SX(a), qml.adjoint(qml.T(a)),
            qml.CNOT([a, b]), qml.CZ([a, b]), qml.CY([a, b]), qml.CH([a, b]), qml.SWAP([a, b]), qml.ISWAP([a, b]),
            qml.CRX(t[0], [a, b]), qml.CRY(t[0], [a, b]), qml.CRZ(t[0], [a, b]), qml.CRot(*t, [a, b]),
            qml.ControlledPhaseShift(t[0], [a, b]), qml.IsingXX(t[0], [a, b]), qml.IsingYY(t[0], [a, b]),
            qml.IsingZZ(t[0], [a, b]), qml.IsingXY(t[0], [a, b]), qml.MultiRZ(t[0], [a, b, c]),
            qml.PauliRot(t[0], "XYZ", [a, b, c]), qml.SingleExcitation(t[0], [a, b]), qml.Toffoli([a, b, c]),
            qml.CCZ([a, b, c]), qml.CSWAP([a, b, c]), qml.MultiControlledX([a, b, c], [0, 1]),
            qml.ctrl(qml.RX(t[0], a), control=[b, c], control_values=[0, 1]), qml.pow(qml.IsingXX(t[0], [a, b]), 0.5),
            qml.QFT([a, b, c]), qml.GlobalPhase(t[0]), qml.ECR([a, b]), qml.PSWAP(t[0], [a, b]),
        ]  # fmt: skip
        if channels:
            choices = [
                *choices[:6], qml.CNOT([a, b]), qml.DepolarizingChannel(0.1, a), qml.AmplitudeDamping(0.2, b),
                qml.BitFlip(0.1, c), qml.PhaseDamping(0.3, a),
            ]  # fmt: skip
        made.append(choices[rng.integers(len(choices))])
    return made


def hermitian(rng, wires):
    matrix = rng.normal(size=(2 ** len(wires),) * 2) + 1j * rng.normal(size=(2 ** len(wires),) * 2)
    return qml.Hermitian(matrix + matrix.conj().T, wires)


def measurements(rng, wires):
    a, b, c, _ = wires
    total = 0.3 * qml.X(a) @ qml.Z(b) + 1.5 * qml.Y(c) - 0.2 * qml.I(a)
    return [
        qml.expval(total),
        qml.var(qml.Z(a) @ qml.Y(b)),
        qml.var(total),
        qml.expval(hermitian(rng, [b, a])),
        qml.var(hermitian(rng, [c])),
        qml.expval(hermitian(rng, wires)),
        qml.var(hermitian(rng, wires)),
        qml.expval(qml.Projector([1, 0], [c, a])),
        qml.expval(qml.Hadamard(a) @ qml.Z(c)),
        qml.expval(qml.Projector(np.array([0.6, 0.8j]), [b])),
        qml.probs([c, a]),
        qml.probs(op=qml.X(a) @ qml.Y(b)),
        qml.probs(),
        qml.purity([a, b]),
        qml.vn_entropy([b]),
        qml.mutual_info([a], [c]),
        qml.density_matrix([c, a]),
        qml.state(),
    ]


def both(tape, other="default.qubit", wires=WIRES, **options):
    ours, theirs = qml.device("taizhang.qubit", wires=wires, **options), qml.device(other, wires=wires)
    return qml.execute([tape], ours, diff_method=None)[0], qml.execute([tape], theirs, diff_method=None)[0]


@pytest.mark.parametrize("seed", range(RANDOM_CIRCUITS))
def test_random_circuits(seed):
    rng = np.random.default_rng(seed)
    tape = qml.tape.QuantumScript(random_operations(rng, WIRES), measurements(rng, WIRES))
    for measured, ours, theirs in zip(tape.measurements, *both(tape), strict=True):
        assert np.shape(ours) == np.shape(theirs)
        np.testing.assert_allclose(ours, theirs, atol=1e-7, err_msg=str(measured))


@pytest.mark.parametrize("seed", range(max(RANDOM_CIRCUITS // 4, 2)))
def test_random_circuits_with_channels(seed):
    rng = np.random.default_rng(seed)
    operations = random_operations(rng, WIRES, channels=True)
    measured = [each for each in measurements(rng, WIRES) if not isinstance(each, qml.measurements.StateMP)]
    tape = qml.tape.QuantumScript(operations, [*measured, qml.density_matrix(["c", "a"])])
    for measured, ours, theirs in zip(tape.measurements, *both(tape, "default.mixed"), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-7, err_msg=str(measured))


@pytest.mark.parametrize("seed", range(RANDOM_CIRCUITS))
def test_samples_have_the_distribution(seed):
    rng = np.random.default_rng(seed)
    shots = 4000
    tape = qml.tape.QuantumScript(random_operations(rng, WIRES), [qml.probs(["c", "a", 3])], shots=shots)
    ours, _ = both(tape, seed=seed)
    exact, _ = both(qml.tape.QuantumScript(tape.operations, tape.measurements))
    # Four standard errors of the total variation of eight outcomes.
    assert np.abs(ours - exact).sum() / 2 < 4 * np.sqrt(8 / shots) / 2


def test_values_from_samples():
    def circuit(w):
        qml.RY(0.4, w[0])
        qml.CNOT([w[0], w[1]])
        qml.RX(1.1, w[2])
        return (
            qml.expval(qml.X(w[0]) @ qml.X(w[1])),
            qml.var(qml.Z(w[2])),
            qml.expval(0.5 * qml.Z(w[0]) + 2 * qml.Y(w[2])),
            qml.expval(qml.Hermitian(np.array([[1, 2j], [-2j, 3]]), w[1])),
            qml.expval(qml.Projector([1], w[2])),
            qml.probs(wires=[w[1], w[0]]),
        )

    device = qml.device("taizhang.qubit", wires=WIRES, seed=3)
    sampled = qml.set_shots(qml.QNode(circuit, device), shots=40000)(WIRES)
    exact = qml.QNode(circuit, qml.device("default.qubit", wires=WIRES))(WIRES)
    for ours, theirs in zip(sampled, exact, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=0.1)


def test_shapes_with_several_numbers_of_shots():
    device = qml.device("taizhang.qubit", wires=2, seed=1)

    @qml.set_shots(shots=[10, 20, (5, 2)])
    @qml.qnode(device)
    def circuit():
        qml.Hadamard(0)
        qml.CNOT([0, 1])
        return qml.expval(qml.Z(0)), qml.sample(wires=[0, 1]), qml.counts()

    result = circuit()
    assert [np.shape(part[1]) for part in result] == [(10, 2), (20, 2), (5, 2), (5, 2)]
    assert [sum(part[2].values()) for part in result] == [10, 20, 5, 5]
    assert all(set(part[2]) <= {"00", "11"} for part in result)


def test_classical_shadows_beside_other_measurements():
    device = qml.device("taizhang.qubit", wires=2, seed=1)

    @qml.set_shots(shots=2000)
    @qml.qnode(device)
    def circuit():
        qml.Hadamard(0)
        qml.CNOT([0, 1])
        return qml.counts(), qml.shadow_expval(qml.Z(0) @ qml.Z(1)), qml.expval(qml.X(0) @ qml.X(1))

    counts, shadow, product = circuit()
    assert set(counts) == {"00", "11"}
    assert shadow == pytest.approx(1, abs=0.3)
    assert product == pytest.approx(1)


def test_second_derivatives_are_by_parameter_shift():
    @qml.qnode(qml.device("taizhang.qubit", wires=1), max_diff=2)
    def circuit(t):
        qml.RX(t, 0)
        return qml.expval(qml.Z(0))

    assert qml.grad(qml.grad(circuit))(pnp.array(0.3)) == pytest.approx(-np.cos(0.3))


def test_a_long_product_from_samples():
    device = qml.device("taizhang.qubit", wires=60, seed=1)

    @qml.set_shots(shots=100)
    @qml.qnode(device)
    def circuit():
        for wire in range(60):
            qml.X(wire)
        return qml.expval(qml.prod(*(qml.Z(wire) for wire in range(59)))), qml.var(2 * qml.Z(0) @ qml.Z(59))

    assert circuit() == (-1, 0)


# Gradients


def cost(device, method, observables, wires):
    @qml.qnode(device, diff_method=method)
    def circuit(t):
        qml.RX(t[0], wires[0])
        qml.Rot(t[1], t[2], t[3], wires[1])
        qml.CRY(t[4], [wires[0], wires[2]])
        qml.IsingXX(t[5], [wires[1], wires[2]])
        qml.U3(t[6], t[7], t[8], wires[3])
        qml.IsingZZ(2 * t[0], [wires[2], wires[3]])
        qml.ControlledPhaseShift(t[9], [wires[3], wires[0]])
        qml.SingleExcitation(t[10], [wires[1], wires[3]])
        qml.MultiRZ(t[11], [wires[0], wires[1], wires[2]])
        qml.RY(0.3, wires[1])
        return [measure(o) for measure, o in observables]

    return lambda t: qml.math.stack(circuit(t))


@pytest.mark.parametrize("method", ["best", "device", "adjoint"])
def test_gradients_are_those_of_pennylane(method):
    w = WIRES
    rng = np.random.default_rng(2)
    observables = [
        (qml.expval, qml.Z(w[0]) @ qml.X(w[2]) + 0.5 * qml.Y(w[3])),
        (qml.expval, qml.Hermitian(np.array([[1, 2j], [-2j, 3]]), w[1])),
        (qml.var, qml.X(w[1]) - 0.2 * qml.Z(w[2])),
        (qml.expval, qml.Projector([1, 0], [w[0], w[3]])),
    ]
    angles = pnp.array(rng.uniform(-1, 1, 12), requires_grad=True)
    device = qml.device("taizhang.qubit", wires=w)
    with device.tracker:
        found = qml.jacobian(cost(device, method, observables, w))(angles)
    expected = qml.jacobian(cost(qml.device("default.qubit", wires=w), "backprop", observables, w))(angles)
    np.testing.assert_allclose(found, expected, atol=1e-7)
    # One execution, and no shifted ones.
    assert device.tracker.totals == {"execute_and_derivative_batches": 1, "executions": 1, "derivatives": 1}


def test_gradients_of_one_measurement_with_one_or_no_parameter():
    device = qml.device("taizhang.qubit", wires=1)
    one = qml.tape.QuantumScript([qml.RX(0.3, 0), qml.RY(0.2, 0)], [qml.expval(qml.Z(0))], trainable_params=[0])
    none = qml.tape.QuantumScript([qml.RX(0.3, 0)], [qml.expval(qml.Z(0))], trainable_params=[])
    both_of_two = qml.tape.QuantumScript([qml.RX(0.3, 0), qml.RY(0.2, 0)], [qml.expval(qml.Z(0))])
    values, derivatives = device.execute_and_compute_derivatives((one, none, both_of_two))
    np.testing.assert_allclose(values, [np.cos(0.3) * np.cos(0.2), np.cos(0.3), np.cos(0.3) * np.cos(0.2)])
    assert derivatives[0].shape == ()
    assert derivatives[1] == ()
    np.testing.assert_allclose(derivatives[2], [-np.sin(0.3) * np.cos(0.2), -np.cos(0.3) * np.sin(0.2)])
    assert device.compute_derivatives(one) == pytest.approx(float(derivatives[0]))


def test_with_samples_gradients_are_by_parameter_shift():
    device = qml.device("taizhang.qubit", wires=1, seed=1)

    @qml.set_shots(shots=20000)
    @qml.qnode(device)
    def circuit(t):
        qml.RX(t, 0)
        return qml.expval(qml.Z(0))

    assert qml.grad(circuit)(pnp.array(0.7)) == pytest.approx(-np.sin(0.7), abs=0.05)


def test_noisy_gradients():
    @qml.qnode(qml.device("taizhang.qubit", wires=2))
    def ours(t):
        qml.RX(t[0], 0)
        qml.DepolarizingChannel(0.1, 0)
        qml.CNOT([0, 1])
        qml.RY(t[1], 1)
        return qml.expval(qml.Z(0) @ qml.Z(1))

    angles = pnp.array([0.4, 0.8])
    theirs = qml.QNode(ours.func, qml.device("default.mixed", wires=2), diff_method="backprop")
    np.testing.assert_allclose(qml.grad(ours)(angles), qml.grad(theirs)(angles), atol=1e-7)


def test_jax_takes_it():
    @qml.qnode(qml.device("taizhang.qubit", wires=2), interface="jax")
    def circuit(t):
        qml.RX(t[0], 0)
        qml.CRY(t[1], [0, 1])
        return qml.expval(qml.Z(1))

    t = jax.numpy.array([0.3, 0.6])
    expected = jax.grad(qml.QNode(circuit.func, qml.device("default.qubit", wires=2), interface="jax"))(t)
    np.testing.assert_allclose(jax.grad(circuit)(t), expected, atol=1e-6)


# Sweeps, widths


def test_a_sweep_takes_one_plan():
    device = qml.device("taizhang.qubit", wires=30, trials=1)

    @qml.qnode(device)
    def circuit(t):
        for layer in range(4):
            for wire in range(30):
                qml.RX(0.4, wire)
                qml.RZ(t[layer, wire], wire)
            for wire in range(layer % 2, 29, 2):
                qml.CNOT([wire, wire + 1])
        return qml.expval(qml.Z(14) @ qml.Z(15))

    rng = np.random.default_rng(1)
    for _ in range(100):
        circuit(rng.uniform(0.2, 1, (4, 30)))
    assert device.kept.searches <= 1
    for _ in range(10):
        qml.grad(circuit)(pnp.array(rng.uniform(0.2, 1, (4, 30))))
    assert len(device._energies) == 1


def test_a_gradient_on_a_hundred_wires():
    @qml.qnode(qml.device("taizhang.qubit", wires=100))
    def circuit(t):
        for wire in range(100):
            qml.RY(t[wire], wire)
        for wire in range(99):
            qml.CZ([wire, wire + 1])
        for wire in range(100):
            qml.RX(t[100 + wire], wire)
        return qml.expval(qml.sum(*(qml.Z(wire) @ qml.Z(wire + 1) for wire in range(99))))

    t = pnp.array(np.random.default_rng(0).uniform(-1, 1, 200))
    gradient = qml.grad(circuit)(t)
    step = np.zeros(200)
    step[117] = 1e-4
    assert gradient[117] == pytest.approx(float(circuit(t + step) - circuit(t - step)) / 2e-4, abs=1e-5)


def test_wires_without_a_device_order():
    tape = qml.tape.QuantumScript([qml.X("b"), qml.Hadamard("a")], [qml.expval(qml.Z("b")), qml.state()])
    ours, theirs = both(tape, wires=None)
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-9)


def test_states_are_prepared():
    rng = np.random.default_rng(4)
    state = rng.normal(size=8) + 1j * rng.normal(size=8)
    state /= np.linalg.norm(state)
    for prepared in (
        qml.StatePrep(state, wires=["c", "a", 0]),
        qml.BasisState([1, 0, 1], wires=[0, 3, "a"]),
        qml.AmplitudeEmbedding(state, wires=[3, 0, "c"]),
    ):
        tape = qml.tape.QuantumScript([prepared, qml.CNOT(["a", 3])], [qml.state()])
        np.testing.assert_allclose(*both(tape), atol=1e-8)


def test_measurements_in_the_middle():
    def circuit(angle):
        qml.RX(angle, 0)
        outcome = qml.measure(0, reset=True)
        qml.cond(outcome, qml.RY)(0.7, 1)
        return qml.expval(qml.Z(1)), qml.expval(qml.Z(0)), qml.probs(op=outcome), qml.expval(outcome)

    ours = qml.QNode(circuit, qml.device("taizhang.qubit", wires=2))(0.9)
    theirs = qml.QNode(circuit, qml.device("default.qubit"))(0.9)
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-7)


def test_seeds():
    def samples(device):
        tape = qml.tape.QuantumScript([qml.Hadamard(0)], [qml.sample(wires=0)], shots=64)
        return [np.asarray(device.execute(tape)).ravel().tolist() for _ in range(2)]

    first, again = samples(qml.device("taizhang.qubit", seed=5)), samples(qml.device("taizhang.qubit", seed=5))
    assert first == again
    assert first[0] != first[1]
    assert samples(qml.device("taizhang.qubit")) != samples(qml.device("taizhang.qubit"))


# Refusals


class Odd(qml.operation.Operation):
    num_wires = 1


@pytest.mark.parametrize(
    ("operations", "measured", "shots", "message"),
    [
        ([Odd(0)], qml.expval(qml.Z(0)), None, "Odd.* not supported with taizhang.qubit"),
        ([], qml.sample(wires=0), None, "not accepted for analytic simulation"),
        ([], qml.state(), 10, "not accepted with finite shots"),
        (
            [],
            qml.expval(qml.Projector(np.eye(2**13, 1)[:, 0], range(13))),
            None,
            "Projector on 13 wires is not supported",
        ),
        ([qml.BitFlip(0.1, 0)], qml.state(), None, "density_matrix|channel|unitary|gates"),
    ],
)
def test_what_cannot_be_is_a_device_error(operations, measured, shots, message):
    tape = qml.tape.QuantumScript(operations, [measured], shots=shots)
    with pytest.raises(DeviceError, match=message):
        qml.execute([tape], qml.device("taizhang.qubit", wires=14), diff_method=None)


def test_options_are_checked_when_it_is_made():
    with pytest.raises(tz.UsageError, match="memry"):
        qml.device("taizhang.qubit", wires=1, memry="1GiB")
    device = qml.device("taizhang.qubit", wires=1, dtype="complex64", threads=1)
    with pytest.raises(DeviceError, match="mcm_method='deferred'"):
        qml.QNode(lambda: qml.expval(qml.Z(0)), device, mcm_method="tree-traversal")()
    with pytest.raises(qml.exceptions.QuantumFunctionError, match="does not support backprop"):
        qml.QNode(lambda: qml.expval(qml.Z(0)), device, diff_method="backprop")()
    with pytest.raises(qml.exceptions.WireError, match="not found on the device"):
        qml.QNode(lambda: qml.expval(qml.Z(7)), device)()

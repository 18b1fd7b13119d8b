"""Circuits from PennyLane, against its own simulators."""

from __future__ import annotations

import numpy as np
import pennylane as qml
import pytest

import taizhang as tz

ANGLES = [0.3, 0.7, 1.1]


def random_tape(seed):
    rng = np.random.default_rng(seed)
    operations = []
    for _ in range(12):
        a, b, c = rng.permutation(3).tolist()
        t = rng.uniform(-2, 2, 3).tolist()
        operations.append(
            [
                qml.Hadamard(a),
                qml.Rot(*t, wires=a),
                qml.PhaseShift(t[0], a),
                qml.adjoint(qml.S(a)),
                qml.CNOT([a, b]),
                qml.IsingXX(t[0], [a, b]),
                qml.MultiRZ(t[1], [a, b, c]),
                qml.Toffoli([a, b, c]),
                qml.ctrl(qml.RX(t[2], a), control=[b, c], control_values=[0, 1]),
                qml.QubitUnitary(qml.matrix(qml.U3(*t, wires=0)), a),
                qml.SingleExcitation(t[0], [a, b]),
                qml.GlobalPhase(t[1]),
                qml.QFT([a, b, c]),
                qml.CSWAP([a, b, c]),
            ][rng.integers(14)]
        )
    return qml.tape.QuantumScript(operations)


@pytest.mark.parametrize("seed", range(30))
def test_the_state_is_that_of_pennylane(seed):
    tape = random_tape(seed)
    order = [2, 0, 1]
    expected = qml.matrix(tape, wire_order=order)[:, 0]
    found = tz.state_vector(tz.from_pennylane(tape, wires=order), dtype="complex128")
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_channels_are_those_of_pennylane():
    operations = [qml.RY(0.7, 0), qml.DepolarizingChannel(0.1, 0), qml.CNOT([0, 1]), qml.AmplitudeDamping(0.3, 1)]
    tape = qml.tape.QuantumScript([*operations, qml.PhaseFlip(0.2, 0)], [qml.density_matrix([0, 1])])
    expected = qml.device("default.mixed", wires=2).execute(tape)
    found = tz.density_matrix(tz.from_pennylane(tape), dtype="complex128")
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_gates_of_the_table_are_kept_by_name():
    tape = qml.tape.QuantumScript(
        [qml.X(0), qml.RZ(0.3, 1), qml.CZ([1, 0]), qml.IsingZZ(0.2, [0, 1]), qml.Barrier([0])]
    )
    assert [step.action.label for step in tz.from_pennylane(tape)] == ["x", "rz", "cz", "rzz"]


def test_what_cannot_be_read_is_refused():
    with pytest.raises(tz.UsageError, match="from_pennylane takes a tape of PennyLane, got a str"):
        tz.from_pennylane("tape")
    with pytest.raises(tz.CircuitError, match="acts on wire 1, which is not in `wires`"):
        tz.from_pennylane(qml.tape.QuantumScript([qml.X(1)]), wires=[0])
    with pytest.raises(tz.CircuitError, match="named twice"):
        tz.from_pennylane(qml.tape.QuantumScript([qml.X(0)]), wires=[0, 0])

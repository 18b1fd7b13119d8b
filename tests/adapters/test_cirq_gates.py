"""Every gate of Cirq, alone, inverted, to a power and controlled, has the state that Cirq gives, or is refused."""

from __future__ import annotations

import inspect
import itertools

import cirq
import numpy as np
import pytest
import sympy
from tests.adapters.test_cirq import cirq_state, turned

import taizhang as tz
from taizhang.adapters.cirq import from_cirq
from taizhang.circuit.state_vector import state_vector
from taizhang.errors import CircuitError

POSITIONAL = [(), (0.3,), (2,), (3,), (0.3, 0.2), (0.3, 0.2, 0.1), (0.1, 0.2, 0.3, 0.4, 0.5), (2, 1), (cirq.X, 2)]
POSITIONAL += [([0.1, 0.2, 0.3, 0.5],), ([0.1 * k * k for k in range(8)],), ([1, 0],), ([2, 0, 1],)]
NAMED = [{}, {"exponent": 0.3}, {"exponent": 0.3, "phase_exponent": 0.2}, {"exponent": 0.3, "global_shift": 0.1}]
NAMED += [{"rads": 0.3}, {"num_qubits": 3, "exponent": 0.2}]
PER_CLASS = 3


def with_simple_arguments():
    """Gates of every class of Cirq that can be made from numbers, with at most three tries of arguments each."""
    made = []
    for name, kind in inspect.getmembers(cirq, inspect.isclass):
        if not issubclass(kind, cirq.Gate) or kind in (cirq.MeasurementGate, cirq.ResetChannel):
            continue
        count = 0
        for positional, named in itertools.product(POSITIONAL, NAMED):
            try:
                gate = kind(*positional, **named)
                fits = cirq.num_qubits(gate) <= 5 and set(cirq.qid_shape(gate)) <= {2}
                matrix = cirq.unitary(gate, None)
                # Some classes do not check what they are given.
                fits = fits and (
                    matrix is None or (len(matrix) == 2 ** cirq.num_qubits(gate) and cirq.is_unitary(matrix))
                )
            except Exception:  # whatever a constructor raises for arguments that do not fit
                continue
            if fits and count < PER_CLASS:
                made.append((f"{name}-{count}", gate))
                count += 1
    return made


def with_other_arguments():
    unitary = cirq.testing.random_unitary
    pair = cirq.LineQubit.range(2)
    clifford = cirq.CliffordGate.from_op_list([cirq.H(pair[0]), cirq.CNOT(*pair), cirq.S(pair[1])], pair)
    gates = [
        cirq.BooleanHamiltonianGate(["a", "b", "c"], ["a & b", "c ^ a"], 0.3), clifford,
        cirq.MatrixGate(unitary(8, random_state=1)), cirq.MatrixGate(unitary(4, random_state=2), name="x"),
        cirq.PauliInteractionGate(cirq.X, True, cirq.Y, False, exponent=0.3),
        cirq.PauliStringPhasorGate(cirq.DensePauliString("XYZ", coefficient=-1), exponent_neg=0.3, exponent_pos=0.1),
        cirq.PhasedXZGate(x_exponent=0.1, z_exponent=0.2, axis_phase_exponent=0.3), cirq.SingleQubitCliffordGate.X_sqrt,
        cirq.WaitGate(cirq.Duration(nanos=3), num_qubits=2), cirq.RandomGateChannel(sub_gate=cirq.H, probability=1),
        cirq.DensePauliString("XIZ", coefficient=1j), cirq.QuantumFourierTransformGate(3, without_reverse=True),
        cirq.UniformSuperpositionGate(5, 3), cirq.DiagonalGate([0.1 * k * k for k in range(16)]), cirq.givens(0.3),
        cirq.QubitPermutationGate([2, 0, 3, 1]), cirq.riswap(0.3), cirq.ms(0.3), cirq.CCX**0.3, cirq.CCZ**0.3,
        cirq.PhasedISwapPowGate(phase_exponent=0.1, exponent=0.2), cirq.cphase(0.3), cirq.X**-1, cirq.Y**2, cirq.rx(7),
        cirq.X**3, cirq.Z**5.5, cirq.XPowGate(global_shift=0.5), cirq.XPowGate(exponent=-0.5, global_shift=0.25),
        cirq.bit_flip(), cirq.SWAP**-1, cirq.ISWAP**3, cirq.H**2, cirq.ISwapPowGate(global_shift=0.3),
        cirq.CZPowGate(global_shift=0.5), cirq.CXPowGate(global_shift=0.5), cirq.CCXPowGate(global_shift=0.5),
    ]  # fmt: skip
    return [(f"{type(gate).__name__}-other-{place}", gate) for place, gate in enumerate(gates)]


ALL = [*with_simple_arguments(), *with_other_arguments()]


def variants(gate):
    """The gate, and what Cirq makes of it by inverting it, raising it to a power and adding controls."""
    yield gate
    for make in (
        lambda: cirq.inverse(gate, None),
        lambda: cirq.pow(gate, 0.3, None),
        gate.controlled,
        lambda: gate.controlled(2, control_values=[0, 1]),
        lambda: cirq.ControlledGate(gate, control_values=cirq.SumOfProducts([(0, 1), (1, 0)])),
    ):
        try:
            made = make()
        except (TypeError, ValueError, NotImplementedError, sympy.SympifyError):
            continue  # Cirq lacks it for this gate
        if made is not None:
            yield made


def test_nearly_all_gates_of_cirq_are_tried():
    assert len({type(gate) for _, gate in ALL}) > 50


def assert_same_channel(circuit, qubits):
    """Channels, read with the qubits in the same order, give the density matrix that Cirq gives."""
    expected = cirq.DensityMatrixSimulator(dtype=np.complex128).simulate(circuit, qubit_order=qubits)
    read = from_cirq(circuit, qubit_order=qubits)
    found = tz.density_matrix(read, dtype="complex128", trials=1)
    np.testing.assert_allclose(found, expected.final_density_matrix, atol=1e-7)


@pytest.mark.parametrize(("name", "gate"), ALL, ids=[name for name, _ in ALL])
def test_the_state_is_that_of_cirq(name, gate):
    for kind in variants(gate):
        qubits = cirq.LineQubit.range(cirq.num_qubits(kind))
        circuit = turned(qubits) + cirq.Circuit(kind.on(*qubits[::-1]))
        if not isinstance(kind, cirq.WaitGate) and not cirq.has_unitary(kind):
            if cirq.has_kraus(kind) and not cirq.is_measurement(kind) and not cirq.is_parameterized(kind):
                assert_same_channel(circuit, qubits)
                continue
            with pytest.raises(CircuitError, match=r"of the Cirq circuit|not unitary"):
                from_cirq(circuit, qubit_order=qubits)
            continue
        state = state_vector(from_cirq(circuit, qubit_order=qubits))
        np.testing.assert_allclose(state, cirq_state(circuit, qubits), atol=1e-7)

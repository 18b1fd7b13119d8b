"""Random blocks within blocks, under any names, controls, inverses and powers, have the states of Qiskit and Cirq."""

from __future__ import annotations

import cirq
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import library
from qiskit.exceptions import QiskitError
from tests.adapters import test_cirq, test_qiskit

from taizhang.adapters.cirq import from_cirq
from taizhang.adapters.qiskit import from_qiskit
from taizhang.circuit.state_vector import state_vector
from taizhang.errors import CircuitError

# Of directives, of gates of the library, of other instructions, and of none.
NAMES = st.sampled_from(
    ["barrier", "delay", "measure", "reset", "r", "unitary", "h", "rz", "ccx", "initialize", "own", ""]
)
GATES = [
    library.HGate(),
    library.RXGate(0.3),
    library.SXdgGate(),
    library.CXGate(ctrl_state=0),
    library.CUGate(1, 2, 3, 4),
]
GATES += [library.iSwapGate(), library.CCXGate(), library.RZZGate(0.4), library.MCPhaseGate(0.5, 2)]


@st.composite
def qiskit_blocks(draw, num_qubits, depth):
    circuit = QuantumCircuit(num_qubits, name=draw(NAMES), global_phase=draw(st.floats(-3, 3)))
    for _ in range(draw(st.integers(1, 3))):
        if depth == 0 or draw(st.booleans()):
            gate = draw(st.sampled_from([gate for gate in GATES if gate.num_qubits <= num_qubits]))
        else:
            size = draw(st.integers(1, num_qubits))
            gate = draw(qiskit_blocks(size, depth - 1)).to_gate()
            change = draw(st.sampled_from(["inverse", "power", "control", "none"]))
            annotated = draw(st.booleans())
            if change == "inverse":
                gate = gate.inverse(annotated=annotated)
            elif change == "power":
                gate = gate.power(draw(st.sampled_from([2, 3, -1])), annotated=annotated)
            elif change == "control" and size < num_qubits:
                count = draw(st.integers(1, num_qubits - size))
                state = draw(st.integers(0, 2**count - 1))
                gate = gate.control(count, ctrl_state=state, annotated=annotated)
        circuit.append(gate, draw(st.permutations(range(num_qubits)))[: gate.num_qubits])
    return circuit


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.data())
def test_blocks_within_blocks_have_the_state_of_qiskit(data):
    try:
        circuit = test_qiskit.turned(3).compose(data.draw(qiskit_blocks(3, 2)))
    except (QiskitError, LookupError, TypeError, ValueError):
        return  # Qiskit mistakes a block for its own gate of that name, and cannot add controls to it
    try:
        read = from_qiskit(circuit)
    except CircuitError as error:
        assert "named like a gate of Qiskit's" in str(error)  # noqa: PT017
        return
    np.testing.assert_allclose(state_vector(read), test_qiskit.qiskit_state(circuit), atol=1e-9)


Q = cirq.LineQubit.range(4)
CIRQ_GATES = [cirq.X, cirq.Y**0.3, cirq.CNOT, cirq.ISWAP**0.5, cirq.XPowGate(exponent=0.3, global_shift=0.4), cirq.CCX]
CIRQ_GATES += [cirq.GlobalPhaseGate(1j), cirq.DensePauliString("XZ", coefficient=-1), cirq.ParallelGate(cirq.T, 2)]
CIRQ_GATES += [cirq.QuantumFourierTransformGate(2), cirq.IdentityGate(2), cirq.FSimGate(0.1, 0.2)]


@st.composite
def cirq_operations(draw, qubits, depth):
    qubits = draw(st.permutations(qubits))
    kind = draw(st.sampled_from(["gate", "circuit", "controlled"])) if depth else "gate"
    if kind == "circuit":
        inner = cirq.FrozenCircuit(draw(st.lists(cirq_operations(qubits, depth - 1), min_size=1, max_size=3)))
        targets = dict(zip(sorted(inner.all_qubits()), qubits, strict=False))
        made = cirq.CircuitOperation(inner, repetitions=draw(st.integers(-2, 3)), qubit_map=targets)
    elif kind == "controlled" and len(qubits) > 2:
        values = [draw(st.sampled_from([0, 1, (0, 1)]))]
        made = draw(cirq_operations(qubits[1:], depth - 1)).controlled_by(qubits[0], control_values=values)
    else:
        gate = draw(st.sampled_from([gate for gate in CIRQ_GATES if cirq.num_qubits(gate) <= len(qubits)]))
        made = gate.on(*qubits[: cirq.num_qubits(gate)])
    return made.with_tags("tag") if draw(st.booleans()) else made


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.lists(cirq_operations(Q, 3), max_size=4))
def test_operations_within_operations_have_the_state_of_cirq(operations):
    circuit = test_cirq.turned(Q) + cirq.Circuit(operations)
    state = state_vector(from_cirq(circuit, qubit_order=Q))
    np.testing.assert_allclose(state, test_cirq.cirq_state(circuit, Q), atol=1e-6)

"""Writing OpenQASM: what is written means the same when it is read back, here and in Qiskit."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import qasm2, qasm3, quantum_info

import taizhang as tz
from taizhang.circuit.circuit import Circuit, Operation
from taizhang.circuit.formats.matrix_decomposition import angles_of, canonical_form
from taizhang.circuit.formats.openqasm import read_openqasm
from taizhang.circuit.formats.openqasm_writer import write_openqasm2, write_openqasm3
from taizhang.circuit.formats.read import read_circuit, write_circuit
from taizhang.circuit.gates import RECORDS, Gate, gate, unitary_gate
from taizhang.circuit.state_vector import state_vector
from taizhang.errors import CircuitError

ANGLES = st.one_of(
    st.floats(-7, 7), st.sampled_from([0.0, math.pi, -math.pi, math.pi / 2, -math.pi / 4, 2 * math.pi, 1e-9])
)


def random_unitary(seed, size):
    rng = np.random.default_rng(seed)
    q, r = np.linalg.qr(rng.normal(size=(size, size)) + 1j * rng.normal(size=(size, size)))
    return q * (np.diag(r) / np.abs(np.diag(r)))


@st.composite
def gates(draw, max_qubits=6):
    """Any gate of the table or given by a matrix on one or two qubits, with controls."""
    kind = draw(st.sampled_from([*sorted(RECORDS), "matrix 1", "matrix 2"]))
    if kind.startswith("matrix"):
        seed = draw(st.integers(0, 2**32))
        base = unitary_gate(random_unitary(seed, 2 ** int(kind[-1])))
    else:
        base = gate(kind, *(draw(ANGLES) for _ in range(RECORDS[kind].num_parameters)))
    return base.controlled(draw(st.integers(0, max_qubits - base.num_qubits)))


@st.composite
def circuits(draw, num_qubits=6, max_gates=4):
    operations = []
    for each in draw(st.lists(gates(num_qubits), max_size=max_gates)):
        qubits = draw(st.permutations(range(num_qubits)))[: each.num_qubits]
        operations.append(Operation(each, tuple(qubits)))
    return Circuit.from_operations(num_qubits, operations)


def stirred(circuit):
    """The state after a circuit that starts in a state without symmetry."""
    start = Circuit(circuit.num_qubits)
    for qubit in range(circuit.num_qubits):
        start = start.append("u3", qubit, parameters=(0.3 + qubit, 0.5 - qubit, 0.7 * qubit))
        if qubit:
            start = start.append("cx", qubit - 1, qubit)
    return state_vector(start + circuit)


@given(circuits())
@settings(max_examples=150, deadline=None)
def test_version_3_read_back_is_the_same_circuit(circuit):
    read = read_openqasm(write_openqasm3(circuit))
    np.testing.assert_allclose(stirred(read), stirred(circuit), atol=1e-10)


@given(circuits())
@settings(max_examples=150, deadline=None)
def test_version_2_read_back_is_the_same_circuit_up_to_a_phase(circuit):
    read = read_openqasm(write_openqasm2(circuit))
    assert abs(abs(np.vdot(stirred(read), stirred(circuit))) - 1) < 1e-10


@pytest.mark.parametrize("name", sorted(RECORDS))
@pytest.mark.parametrize("num_controls", [0, 1, 2, 3])
def test_each_gate_is_written_exactly(name, num_controls):
    angles = (0.3, 1.1, -0.7, 2.3)[: RECORDS[name].num_parameters]
    written = gate(name, *angles).controlled(num_controls)
    num_qubits = max(1, written.num_qubits)
    circuit = Circuit.from_operations(num_qubits, [Operation(written, tuple(range(written.num_qubits))[::-1])])
    np.testing.assert_allclose(stirred(read_openqasm(write_openqasm3(circuit))), stirred(circuit), atol=1e-12)
    if name not in ("gphase", "phased_u") or num_controls:
        np.testing.assert_allclose(stirred(read_openqasm(write_openqasm2(circuit))), stirred(circuit), atol=1e-12)


@pytest.mark.parametrize("name", ["x", "z", "h", "rz", "p", "swap"])
@pytest.mark.parametrize("idle", [0, 1, 3])
def test_many_controls_are_written_exactly_in_version_2(name, idle):
    written = gate(name, *(0.3,) * RECORDS[name].num_parameters)
    written = written.controlled(8 - written.num_targets)
    circuit = Circuit.from_operations(8 + idle, [Operation(written, tuple(range(8)))])
    text = write_openqasm2(circuit)
    np.testing.assert_allclose(stirred(read_openqasm(text)), stirred(circuit), atol=1e-12)


def test_many_controls_cost_a_number_of_gates_that_grows_slowly():
    def count(num_controls, num_qubits):
        operation = Operation(gate("x").controlled(num_controls), tuple(range(num_controls + 1)))
        return write_openqasm2(Circuit.from_operations(num_qubits, [operation])).count("\n")

    assert count(40, 80) < 4 * 40 + 10
    assert count(40, 42) < 8 * 40 + 10
    assert count(40, 41) < 10 * 40 * 40


@pytest.mark.parametrize("seed", range(20))
def test_matrices_are_put_together_again_from_their_parts(seed):
    one, two = random_unitary(seed, 2), random_unitary(seed, 4)
    theta, phi, lam, gamma = angles_of(one)
    np.testing.assert_allclose(np.exp(1j * gamma) * gate("u", theta, phi, lam).matrix, one, atol=1e-13)
    np.testing.assert_allclose(put_together(canonical_form(two)), two, atol=1e-12)


@pytest.mark.parametrize("name", ["swap", "iswap", "dcx", "ecr", "id2"])
def test_canonical_forms_of_symmetric_gates_exist(name):
    matrix = gate(name).matrix
    np.testing.assert_allclose(put_together(canonical_form(matrix)), matrix, atol=1e-12)
    product = np.kron(random_unitary(1, 2), random_unitary(2, 2))
    np.testing.assert_allclose(put_together(canonical_form(product)), product, atol=1e-12)
    around = product @ matrix @ np.kron(random_unitary(3, 2), random_unitary(4, 2))
    np.testing.assert_allclose(put_together(canonical_form(around)), around, atol=1e-12)


def put_together(form):
    middle = np.eye(4)
    for name, strength in zip(("rxx", "ryy", "rzz"), form.interaction, strict=True):
        middle = gate(name, -2 * strength).matrix @ middle
    return np.exp(1j * form.phase) * np.kron(*form.left) @ middle @ np.kron(*form.right)


def test_numbers_keep_every_digit():
    circuit = Circuit(1).append("rx", 0, parameters=[0.1 + 0.2]).append("rz", 0, parameters=[-1.5e-300])
    assert read_openqasm(write_openqasm2(circuit)) == circuit
    assert read_openqasm(write_openqasm3(circuit)) == circuit


def test_standard_gates_come_back_as_they_were():
    names = ["h", "x", "s", "tdg", "sx", "sxdg", "cx", "cz", "ccx", "cswap", "c3x", "swap", "ch"]
    circuit = Circuit(4)
    for name in names:
        circuit = circuit.append(name, *range(gate(name).num_qubits))
    circuit = circuit.append("cu", 0, 1, parameters=[0.1, 0.2, 0.3, 0.4]).append("crz", 2, 0, parameters=[0.5])
    assert read_openqasm(write_openqasm2(circuit)) == circuit
    assert read_openqasm(write_openqasm3(circuit)) == circuit


def test_what_cannot_be_written_is_named():
    wide = Circuit.from_operations(3, [Operation(unitary_gate(np.eye(8), name="wide"), (0, 1, 2))])
    for write in (write_openqasm2, write_openqasm3):
        with pytest.raises(CircuitError, match="'wide' is given by a matrix on 3 qubits"):
            write(wide)
        with pytest.raises(CircuitError, match="0 qubits cannot be written"):
            write(Circuit(0))


def test_files_are_written_by_their_ending(tmp_path):
    circuit = Circuit(2).append("h", 0).append("cx", 0, 1)
    write_circuit(circuit, tmp_path / "two.qasm")
    write_circuit(circuit, tmp_path / "three.qasm", format="qasm3")
    assert (tmp_path / "two.qasm").read_text().startswith("OPENQASM 2.0;")
    assert (tmp_path / "three.qasm").read_text().startswith("OPENQASM 3.0;")
    assert read_circuit(tmp_path / "two.qasm") == read_circuit(tmp_path / "three.qasm") == circuit


@pytest.mark.parametrize("write", [write_openqasm2, write_openqasm3])
def test_qiskit_reads_what_is_written(write):
    operations = []
    for position, (name, record) in enumerate(sorted(RECORDS.items())):
        each = gate(name, *(0.3, 1.1, -0.7, 2.3)[: record.num_parameters])
        each = each.controlled(position % 2) if name != "gphase" else each
        operations.append(Operation(each, tuple((position + k) % 5 for k in range(each.num_qubits))))
    operations.append(Operation(unitary_gate(random_unitary(5, 4)), (3, 1)))
    operations.append(Operation(Gate("u", (0.1, 0.2, 0.3), 2), (0, 1, 2)))
    circuit = Circuit.from_operations(5, operations)
    if write is write_openqasm2:
        loaded = qasm2.loads(write(circuit), custom_instructions=qasm2.LEGACY_CUSTOM_INSTRUCTIONS)
    else:
        loaded = qasm3.loads(write(circuit))
    theirs = quantum_info.Statevector(loaded.reverse_bits()).data
    assert abs(abs(np.vdot(theirs, state_vector(circuit))) - 1) < 1e-10


def test_measurements_resets_and_conditions_are_written_and_read_back():
    circuit = Circuit(3, bits={"a": 1, "b": 2}).h(0).cx(0, 1).measure(0, "a").measure([1, 2], "b").reset(0)
    circuit = circuit.append("x", 0, when="a").append("rz", 1, 0.5, when="b == 2").measure(0, "a", when=("b", 3))
    for text in (write_openqasm2(circuit), write_openqasm3(circuit)):
        read = read_openqasm(text, final_measurements=True)
        assert read.registers == circuit.registers
        assert tz.probabilities(read, dtype="complex128", trials=1) == pytest.approx(
            tz.probabilities(circuit, dtype="complex128", trials=1), abs=1e-12
        )
    more = circuit.append("y", 2, when="b[0] and !a[0] or b >= 2").append("z", 1, when="a[0] ^ b[1]")
    again = read_openqasm(write_openqasm3(more), final_measurements=True)
    assert tz.density_matrix(again, dtype="complex128", trials=1) == pytest.approx(
        tz.density_matrix(more, dtype="complex128", trials=1), abs=1e-12
    )
    with pytest.raises(CircuitError, match="OpenQASM 2 compares whole registers with a number by == only"):
        write_openqasm2(more)
    with pytest.raises(CircuitError, match="is not a gate"):
        write_openqasm3(circuit.append(tz.channels.bit_flip(0.1), 0))
    with pytest.raises(CircuitError, match="OpenQASM has no readout errors"):
        write_openqasm3(circuit.measure(0, "a", readout=tz.readout(0.1, 0.1)))


def test_assignments_of_bits_are_written_in_openqasm_3_and_read_again():
    circuit = tz.Circuit(2, bits={"a": 2, "_if": 1}).h(0).measure(0, "a[0]").assign("_if", "a == 1 or !a[1]")
    circuit = circuit.x(1).assign("a[1]", True, when="_if").assign("a[0]", "a[0] ^ a[1]")
    again = read_openqasm(write_openqasm3(circuit))
    assert again.registers == circuit.registers
    assert tz.probabilities(again) == pytest.approx(tz.probabilities(circuit))
    with pytest.raises(tz.CircuitError, match="OpenQASM 2 has no assignments of bits"):
        write_openqasm2(circuit)

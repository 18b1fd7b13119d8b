"""Stim's circuits: gates by Stim's own matrices, records by Stim's own samples, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
import stim
from hypothesis import given, settings
from hypothesis import strategies as st

import taizhang as tz
from taizhang.circuit.formats.stim_gates import CONTROLLED, NOISE, PAIRS, SINGLE
from taizhang.circuit.formats.stim_text import read_stim
from taizhang.circuit.formats.stim_writer import write_stim
from taizhang.circuit.state_vector import state_vector

FIFTEEN = "0.01,0.02,0.03,0.04,0.05,0.06,0.07,0.08,0.09,0.1,0.02,0.03,0.04,0.05,0.06"


def matrix_of(circuit):
    """The unitary of a circuit of gates."""
    n = circuit.num_qubits
    columns = []
    for number in range(2**n):
        start = tz.Circuit(n)
        for qubit in range(n):
            start = start.x(qubit) if number >> (n - 1 - qubit) & 1 else start
        columns.append(state_vector(start + circuit))
    return np.array(columns).T


@pytest.mark.parametrize("name", [*SINGLE, *CONTROLLED, *PAIRS])
def test_gates_are_those_of_stim(name):
    text = f"{name} {'0' if name in SINGLE else '0 1'}"
    ours = matrix_of(read_stim(text))
    theirs = stim.Tableau.from_circuit(stim.Circuit(text)).to_unitary_matrix(endian="big")
    assert abs(np.trace(ours.conj().T @ theirs)) == pytest.approx(len(ours), abs=1e-5)


def records(text, shots=20_000):
    drawn = stim.Circuit(text).compile_sampler(seed=7).sample(shots).astype(int)
    found, counts = np.unique(drawn, axis=0, return_counts=True)
    return {"".join(map(str, row)): count / shots for row, count in zip(found, counts, strict=True)}


@pytest.mark.parametrize(
    "text",
    [
        "H 0\nCX 0 1\nM 0 1",
        "X 0\nM !0 0\nM(0.2) 0",
        "H 0\nMX 0\nMY 0\nMY 0\nMZ 0",
        "RX 0\nRY 1\nMX 0\nMY !1\nM 0 1",
        "H 0\nMR 0 0\nMRX 1 1",
        "H 0\nCX 0 1\nM 0\nCX rec[-1] 1\nM 1",
        "H 0\nM 0\nCZ rec[-1] 1\nCY rec[-1] 1\nM 1\nMX 1",
        "MPP X0*X1 Z0*Z1 !Y0*Y1\nMXX 0 1\nMZZ !0 1\nMYY(0.25) 0 1",
        "REPEAT 3 {\n H 0\n M 0\n REPEAT 2 {\n  X 1\n }\n}\nM 1",
        "DEPOLARIZE1(0.3) 0\nDEPOLARIZE2(0.4) 0 1\nX_ERROR(0.1) 0\nY_ERROR(0.1) 1\nZ_ERROR(0.5) 0\nM 0 1",
        f"PAULI_CHANNEL_1(0.1,0.2,0.3) 0\nH 1\nPAULI_CHANNEL_2({FIFTEEN}) 0 1\nH 1\nM 0 1",
        "E(0.3) X0 Y1\nE(0.2) Z0\nM 0 1",
        "QUBIT_COORDS(0, 1) 0\nTICK\nR 0\nX 0\nM 0\nDETECTOR(1, 2) rec[-1]\nOBSERVABLE_INCLUDE(0) rec[-1]\nTICK",
    ],
)
def test_records_are_distributed_as_those_of_stim(text):
    expected = records(text)
    found = tz.probabilities(read_stim(text), dtype="complex128", trials=1, least=1e-9)
    assert sum(found.values()) == pytest.approx(1)
    for record in {*expected, *found}:
        chance = found.get(record, 0.0)
        assert abs(expected.get(record, 0.0) - chance) < 5 * (chance * (1 - chance) / 20_000) ** 0.5 + 1e-9


def test_rotations_are_read_from_tags():
    circuit = read_stim("I[R_X(theta=0.25)] 0\nI[R_Z(theta=0.5*pi)] 0 1\nI[R_Y(theta=-1e-1)] 1\nI[note] 1")
    assert [step.gate.name for step in circuit.operations] == ["rx", "rz", "rz", "ry", "id"]
    assert circuit.operations[1].gate.parameters[0] == pytest.approx(np.pi / 2)


def test_a_memory_experiment_is_read(tmp_path):
    code = stim.Circuit.generated(
        "surface_code:rotated_memory_z", distance=3, rounds=2, after_clifford_depolarization=0.01
    )
    path = tmp_path / "memory.stim"
    code.to_file(str(path))
    circuit = tz.read_circuit(path)
    assert circuit.num_bits == code.num_measurements
    assert tz.inspect(circuit).channels["depolarizing2"] > 0
    drawn = code.compile_sampler(seed=1).sample(4000)
    last = [circuit.num_bits - 1]
    found = tz.probabilities(circuit, bits=[f"rec[{last[0]}]"], dtype="complex128")
    assert abs(found["1"] - drawn[:, -1].mean()) < 0.05


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("H 0\nFOO 1", 2, "the instruction 'FOO' is not known"),
        ("H(0.1) 0", 1, "the gate 'H' takes no arguments, got 1"),
        ("CX 0", 1, "'CX' takes pairs of targets, got 1 targets"),
        ("DEPOLARIZE1 0", 1, "'DEPOLARIZE1' takes 1 probability, got 0"),
        ("X_ERROR(1.5) 0", 1, "must be a probability from 0 to 1"),
        ("X_ERROR(a) 0", 1, "the arguments must be numbers"),
        ("M 0\nCX rec[-2] 0", 2, "before the first measurement; there are 1 so far"),
        ("CX 0 0", 1, "was given qubit 0 twice"),
        ("H -1", 1, "'-1' is no target"),
        ("H X0", 1, "a qubit is expected here, as a number"),
        ("MPP 0*1", 1, "a product is written as"),
        ("REPEAT 0 {\nH 0\n}", 1, "a whole number of times from 1"),
        ("REPEAT 3\nH 0", 1, "a block is repeated as in"),
        ("REPEAT 3 {\nH 0", 2, "the file ends within a block"),
        ("H 0\n}", 2, "'}' ends no block"),
        ("H 0 {", 1, "begins a block of 'REPEAT' only"),
        ("REPEAT 100000000 {\nH 0 1\n}", 3, "in all; at most 10000000 are allowed"),
        ("REPEAT 2 {\n" * 70, 65, "nested more than 64 levels"),
        ("H 99999999", 1, "is too large"),
        ("ELSE_CORRELATED_ERROR(0.1) X0", 1, "is not known, or not supported"),
        ("", 1, "the circuit has no qubits"),
        ("E(0.1) X0 X1 X2 X3 X4", 1, "at most 4 qubits, got 5"),
    ],
)
def test_what_is_wrong_is_told_at_its_line(text, line, said):
    with pytest.raises(tz.CircuitFileError, match=said.replace("(", r"\(")) as error:
        read_stim(text)
    assert error.value.line == line


def test_every_noise_instruction_is_read():
    for name, (size, count, _) in NOISE.items():
        arguments = ",".join(["0.01"] * count)
        circuit = read_stim(f"{name}({arguments}) {' '.join(map(str, range(size)))}")
        assert circuit.operations[0].action.num_qubits == size


@st.composite
def stim_circuits(draw):
    """Circuits that Stim's format has."""
    circuit = tz.Circuit(3, bits={"c": 4})
    written = []
    for _ in range(draw(st.integers(1, 10))):
        a, b, c = draw(st.permutations(range(3)))
        kind = draw(st.sampled_from(["one", "two", "three", "channel", "measure", "reset", "when"]))
        if kind == "one":
            name = draw(st.sampled_from(["h", "x", "s", "sdg", "t", "tdg", "sx", "y", "z", "id"]))
            angles = [draw(st.floats(-3, 3)) for _ in range(3)]
            others = [tz.gate("rx", angles[0]), tz.gate("p", angles[1]), tz.gate("u", *angles)]
            circuit = circuit.append(draw(st.sampled_from([tz.gate(name), *others])), a)
        elif kind == "two":
            names = ["cx", "cy", "cz", "swap", "iswap", "iswapdg", "ecr", "ch", "csx"]
            others = [tz.gate("rxx", math.pi / 2), tz.gate("rzz", 0.3), tz.gate("crx", 0.4), tz.gate("fsim", 0.3, 0.2)]
            circuit = circuit.append(draw(st.sampled_from([*map(tz.gate, names), *others])), a, b)
        elif kind == "three":
            circuit = circuit.append(draw(st.sampled_from(["ccx", "ccz"])), a, b, c)
        elif kind == "channel":
            some = [tz.channels.depolarizing(0.1), tz.channels.bit_flip(0.2), tz.channels.pauli(0.1, 0.2, 0.3)]
            circuit = circuit.append(draw(st.sampled_from(some)), a)
            circuit = circuit.append(tz.channels.depolarizing2(0.3), b, c)
        elif kind == "measure" and len(written) < 4:
            readout = draw(st.sampled_from([None, tz.readout(0.1, 0.1)]))
            circuit = circuit.measure(a, [len(written)], readout=readout)
            written.append(a)
        elif kind == "reset":
            circuit = circuit.reset(a)
        else:
            name = draw(st.sampled_from("xyz"))
            circuit = circuit.append(name, a, when=draw(st.sampled_from(["c[0]", "c[1] == 1", "c[0] ^ c[2]"])))
    return circuit


@settings(max_examples=60, deadline=None)
@given(stim_circuits())
def test_what_is_written_means_the_same(circuit):
    text = write_stim(circuit)
    again = read_stim(text)
    same = {"dtype": "complex128", "trials": 1}
    np.testing.assert_allclose(tz.density_matrix(again, **same), tz.density_matrix(circuit, **same), atol=1e-10)
    measured = sum(step.action.label == "measure" for step in circuit.operations)
    if measured:
        ours = tz.probabilities(circuit, bits=[f"c[{bit}]" for bit in range(measured)], **same)
        theirs = tz.probabilities(again, **same)
        assert {key.replace(" ", ""): chance for key, chance in ours.items()} == pytest.approx(theirs)
    # Stim reads it as well: rotations as the identity.
    assert stim.Circuit(text).num_measurements == measured


@pytest.mark.parametrize(
    ("circuit", "said"),
    [
        (tz.Circuit(1).append(tz.channels.amplitude_damping(0.1), 0), "'amplitude_damping' is another"),
        (tz.Circuit(1, bits=1).measure(0, "c", readout=tz.readout(0.1, 0.2)), "this readout error has two"),
        (tz.Circuit(1, bits=1).append("h", 0, when="c"), "Pauli gates under conditions only, not 'h'"),
        (tz.Circuit(1, bits=2).append("x", 0, when="c == 1"), "on one bit or the parity of some"),
        (tz.Circuit(4).append("cccx", 0, 1, 2, 3), "on 4 qubits is not written for Stim"),
        (tz.Circuit(1, bits=1).assign("c", True), "'assign' is not a gate"),
    ],
)
def test_what_stim_does_not_have_is_refused(circuit, said):
    with pytest.raises(tz.CircuitError, match=said):
        write_stim(circuit)

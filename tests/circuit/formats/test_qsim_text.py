"""qsim's text: reading, writing, and errors with their line and column."""

from __future__ import annotations

import contextlib
import time
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taizhang.circuit.circuit import Circuit, Operation
from taizhang.circuit.formats.grcs_text import read_grcs
from taizhang.circuit.formats.qsim_text import read_qsim, write_qsim
from taizhang.circuit.gates import gate, unitary_gate
from taizhang.circuit.state_vector import state_vector
from taizhang.errors import CircuitError, CircuitFileError


def lines(*parts):
    return "\n".join(parts) + "\n"


EVERY_GATE = {
    "id1 0": ("id", (0,)),
    "h 0": ("h", (0,)),
    "t 0": ("t", (0,)),
    "x 0": ("x", (0,)),
    "y 0": ("y", (0,)),
    "z 0": ("z", (0,)),
    "s 0": ("s", (0,)),
    "x_1_2 0": ("x_1_2", (0,)),
    "y_1_2 0": ("y_1_2", (0,)),
    "hz_1_2 0": ("hz_1_2", (0,)),
    "rx 0 0.5": ("rx", (0,), 0.5),
    "ry 0 -.5": ("ry", (0,), -0.5),
    "rz 0 5e-1": ("rz", (0,), 0.5),
    "rxy 0 0.5 0.25": ("rxy", (0,), 0.5, 0.25),
    "id2 0 1": ("id2", (0, 1)),
    "cz 0 1": ("cz", (0, 1)),
    "cnot 0 1": ("cx", (0, 1)),
    "cx 0 1": ("cx", (0, 1)),
    "sw 0 1": ("swap", (0, 1)),
    "is 0 1": ("iswap", (0, 1)),
    "fs 0 1 0.5 0.25": ("fsim", (0, 1), 0.5, 0.25),
    "cp 0 1 0.5": ("cp", (0, 1), -0.5),
    "p 0.5": ("gphase", (), 0.5),
    "c 1 x 0": ("cx", (1, 0)),
    "c 1 2 rz 0 0.5": ("ccrz", (1, 2, 0), 0.5),
    "c 2 cp 0 1 0.5": ("ccp", (2, 0, 1), -0.5),
}


@pytest.mark.parametrize("line", EVERY_GATE)
def test_every_gate_is_read(line):
    name, qubits, *angles = EVERY_GATE[line]
    assert read_qsim(lines("3", "7 " + line)).operations == (Operation(gate(name, *angles), qubits),)


def test_spaces_blank_lines_and_windows_ends_do_not_matter():
    text = "\n 2 \r\n\r\n0 h 0 \r\n\t0  h\t1\n\n1 cz 0 1"
    assert len(read_qsim(text).operations) == 3
    assert read_qsim(text.encode()) == read_qsim(text)


def test_measurements_at_the_end_are_left_out():
    circuit = read_qsim(lines("2", "0 h 0", "1 m 0", "1 h 1", "2 m 1"))
    assert [step.gate.name for step in circuit.operations] == ["h", "h"]


WRONG = [
    ("", 1, 1, "the text is empty"),
    (lines("x"), 1, 1, "the first line must be the number of qubits, got 'x'"),
    (lines("-3"), 1, 1, "the first line must be the number of qubits, got '-3'"),
    (lines("2000000000"), 1, 1, "number of qubits 2000000000 is too large; at most 100000"),
    (lines("9" * 5000), 1, 1, "is too large"),
    (lines("2", "0 h 0", "0 hh 1"), 3, 3, "'hh' is not a gate of qsim text; its gates are"),
    (lines("2", "0 h 2"), 2, 5, "qubit 2 does not exist; the circuit has 2 qubits"),
    (lines("2", "0 h -1"), 2, 5, "a qubit must be an integer from 0, got '-1'"),
    (lines("2", "0 h 1_1"), 2, 5, "a qubit must be an integer from 0, got '1_1'"),
    (lines("2", "0 h"), 2, 3, "followed by 0 numbers; it takes 1 qubits and 0 parameters"),
    (lines("2", "0 h 0 1"), 2, 3, "followed by 2 numbers"),
    (lines("2", "0 rx 0"), 2, 3, "it takes 1 qubits and 1 parameters"),
    (lines("2", "0 rx 0 1e999"), 2, 8, "parameter 1e999 is too large"),
    (lines("2", "0 rx 0 nan"), 2, 8, "a parameter must be a decimal number, got 'nan'"),
    (lines("2", "0 rx 0 1_0"), 2, 8, "a parameter must be a decimal number, got '1_0'"),
    (lines("2", "0 rx 0 0x10"), 2, 8, "decimal number"),
    (lines("2", "0 cz 1 1"), 2, 3, "qubit 1 twice"),
    (lines("2", "1 h 0", "0 h 1"), 3, 1, "time 0 comes after time 1"),
    (lines("2", "0 h 0", "0 t 0"), 3, 1, "qubit 0 is used twice at time 0"),
    (lines("2", "0"), 2, 1, "the line ends after the time"),
    (lines("2", "h 0"), 2, 1, "a time must be an integer from 0, got 'h'"),
    (lines("2", "99999999999 h 0"), 2, 1, "the time 99999999999 is too large"),
    (lines("2", "0 c 1"), 2, 5, "'c' must be followed by control qubits and a gate"),
    (lines("2", "0 c x 1"), 2, 5, "'c' must be followed by control qubits"),
    (lines("2", "0 c 1 x 1"), 2, 7, "qubit 1 twice"),
    (lines("2", "0 m"), 2, 1, "'m' must be followed by the qubits to measure"),
    (lines("2", "0 m 0", "1 h 0"), 3, 1, "qubit 0 is used after its measurement in line 2"),
    (lines("2", "0 m 0", "1 m 0"), 3, 1, "used after its measurement"),
    (lines("2", "0 if x"), 2, 3, "'if' is not a gate"),
    (lines("2", "0 h 0\0"), 2, 6, "NUL byte"),
    (lines("2", "0 hé 0"), 2, 3, "'hé' is not a gate"),
    (lines("2", "0 " + "h" * 70_000), 2, 1, "longer than 65536 bytes"),
    ("1" * 10**6, 1, 1, "longer than 65536 bytes"),
    ("2\n\n  \n\n0 h 5", 5, 5, "qubit 5"),
    ("\N{LATIN SMALL LETTER E WITH ACUTE}" * 10, 1, 1, "number of qubits"),
]


@pytest.mark.parametrize(("text", "line", "column", "reason"), WRONG)
def test_what_is_wrong_is_reported_with_its_place(text, line, column, reason):
    with pytest.raises(CircuitFileError) as caught:
        read_qsim(text, source="some.qsim")
    assert reason in caught.value.reason
    assert (caught.value.line, caught.value.column) == (line, column)
    assert str(caught.value).startswith(f"some.qsim, line {line}, column {column}: ")
    assert len(str(caught.value)) < 400


def test_grcs_text_knows_its_own_gates_only():
    assert len(read_grcs(lines("2", "0 h 0", "1 is 0 1")).operations) == 2
    for line in ("0 rx 0 0.5", "0 fs 0 1 0.5 0.5", "0 c 0 x 1"):
        with pytest.raises(CircuitFileError, match="is not a gate of GRCS text"):
            read_grcs(lines("2", line))


@pytest.mark.parametrize(
    "text",
    [
        b"2\n" + b"\n" * 20_000_000,
        b"2\n0 h 0\n" + b"1" * 60_000_000,
        b"\0" * 60_000_000,
        b"x" * 100_000_000,
        b"2\n" + b" " * 60_000_000,
        b"2\n0 c " + b"1 " * 30_000 + b"x 0\n",
        b"100000\n" + b"0 m " + b"5 " * 20_000,
    ],
    ids=["blank lines", "long number", "NUL", "too long", "long blank line", "many controls", "many measurements"],
)
def test_hostile_text_is_refused_fast_and_in_little_memory(text):
    start = time.process_time()
    with contextlib.suppress(CircuitFileError):
        read_qsim(text)
    assert time.process_time() - start < 5  # well below a second on a machine that is not busy
    tracemalloc.start()
    with contextlib.suppress(CircuitFileError):
        read_qsim(text)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100e6


WORDS = st.sampled_from([*"0123", "-1", "h", "cz", "c", "m", "rx", "fs", "p", "0.5", "1e999", "\0", "é", "99999999999"])


@given(st.lists(st.lists(WORDS, max_size=6).map(" ".join), max_size=12).map("\n".join))
def test_any_text_is_read_or_refused_with_a_place(text):
    for whole in (text, "4\n" + text):
        place = None
        try:
            read_qsim(whole)
        except CircuitFileError as error:
            place = error.line, error.column
        assert place is None or min(place) >= 1


def test_the_same_gate_on_the_same_qubits_is_one_object():
    first, second, third = read_qsim(lines("2", "0 cz 0 1", "1 cz 0 1", "2 cz 1 0")).operations
    assert first is second
    assert first is not third


def test_writer_gives_each_operation_the_first_free_time():
    circuit = Circuit(3).append("h", 0).append("h", 1).append("cx", 0, 1).append("rz", 2, parameters=[0.1])
    assert write_qsim(circuit) == lines("3", "0 h 0", "0 h 1", "0 rz 2 0.1", "1 cnot 0 1")


def test_gates_that_qsim_does_not_have_are_written_in_its_gates():
    circuit = Circuit(4)
    for name, *angles in [("sx",), ("sdg",), ("u3", 0.1, 0.2, 0.3), ("u2", 0.1, 0.2), ("p", 0.4), ("csx",),
                          ("cu", 1, 2, 3, 4),
                          ("rxx", 0.3), ("ccx",), ("rccx",), ("rc3x",), ("ecr",), ("cswap",), ("ccp", 0.5), ("dcx",),
                          ("y_1_2",), ("x",), ("y",), ("cy",), ("cryy", 0.7)]:  # fmt: skip
        chosen = gate(name, *angles)
        circuit = circuit.append("h", 0).append(chosen, *range(chosen.num_qubits)).append("h", 3)
    circuit = circuit.append(unitary_gate([[0, 1j], [1, 0]]).controlled(), 3, 1)
    np.testing.assert_allclose(state_vector(read_qsim(write_qsim(circuit))), state_vector(circuit), atol=1e-13)


def test_a_matrix_on_two_qubits_is_written_in_named_gates():
    matrix = gate("iswap").unitary() @ np.kron(gate("u", 0.1, 0.2, 0.3).unitary(), gate("h").unitary())
    circuit = Circuit(2).append("h", 0).append(unitary_gate(1j * matrix, name="mine"), 1, 0)
    np.testing.assert_allclose(state_vector(read_qsim(write_qsim(circuit))), state_vector(circuit), atol=1e-12)


def test_a_matrix_on_three_qubits_cannot_be_written():
    with pytest.raises(CircuitError, match="'mine' is given by a matrix on 3 qubits"):
        write_qsim(Circuit(3).append(unitary_gate(np.eye(8), name="mine"), 0, 1, 2))


def test_three_megabytes_are_read_in_seconds():
    layer = [f"rz {qubit} {0.123456789 * qubit + 0.5!r}" for qubit in range(53)]
    text = lines("53", *(f"{time_} {rest}" for time_ in range(2500) for rest in layer))
    assert len(text) > 3e6
    start = time.process_time()
    circuit = read_qsim(text)
    assert time.process_time() - start < 10  # below two on a machine that is not busy
    assert len(circuit.operations) == 2500 * 53


def test_an_error_shows_the_line_and_a_caret_under_the_place():
    with pytest.raises(CircuitFileError) as caught:
        read_qsim("2\n0 h 0\n1\thh 1\n", source="some.qsim")
    sentence, *shown = str(caught.value).split("\n")
    assert sentence.startswith("some.qsim, line 3, column 3: 'hh' is not a gate")
    assert shown == ["  1 hh 1", "    ^"]

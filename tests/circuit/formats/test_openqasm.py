"""Reading OpenQASM: the meaning of files (compared with Qiskit), errors and their places, hostile files, speed."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from qiskit import qasm2, qasm3, quantum_info
from tests.shared_data import needs_shared_data, shared_path

from taizhang.circuit.circuit import Circuit, Operation
from taizhang.circuit.formats.openqasm import read_openqasm
from taizhang.circuit.formats.read import read_circuit
from taizhang.circuit.gates import gate
from taizhang.circuit.state_vector import state_vector
from taizhang.errors import CircuitFileError

HEAD_2 = 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[3];\ncreg c[3];\n'
HEAD_3 = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[3] q;\nbit[3] c;\n'

# Applied to every qubit before the gate under test, so that every column of its matrix matters.
STIR_2 = "u3(0.3,0.5,0.7) q[0]; u3(1.3,0.2,2.7) q[1]; u3(0.9,1.5,0.1) q[2]; cx q[0],q[1]; cx q[1],q[2];\n"


def qiskit_state(text):
    """The state that Qiskit finds, qubit 0 the slowest axis."""
    if "OPENQASM 3" in text:
        circuit = qasm3.loads(text)
    else:
        circuit = qasm2.loads(text, custom_instructions=qasm2.LEGACY_CUSTOM_INSTRUCTIONS)
    circuit.remove_final_measurements()
    return quantum_info.Statevector(circuit.reverse_bits()).data


def same_as_qiskit(text):
    np.testing.assert_allclose(state_vector(read_openqasm(text)), qiskit_state(text), atol=1e-12)


def same_circuits(left, right):
    """Whether two circuits take states to equal states, phases included."""
    stir = read_openqasm(HEAD_2 + STIR_2)
    if left.num_qubits != 3:
        stir = Circuit(left.num_qubits)
        for qubit in range(left.num_qubits):
            stir = stir.append("u3", qubit, parameters=(0.3 + qubit, 0.5, 0.7 * qubit))
    np.testing.assert_allclose(state_vector(stir + left), state_vector(stir + right), atol=1e-12)


QELIB1 = [
    "u3(0.1,0.2,0.3)",
    "u2(0.1,0.2)",
    "u1(0.3)",
    "u(0.1,0.2,0.3)",
    "p(0.3)",
    "u0(1)",
    "id",
    "x",
    "y",
    "z",
    "h",
    "s",
    "sdg",
    "t",
    "tdg",
    "rx(0.3)",
    "ry(0.3)",
    "rz(0.3)",
    "sx",
    "sxdg",
    "swap",
    "cx",
    "cy",
    "cz",
    "ch",
    "ccx",
    "cswap",
    "crx(0.3)",
    "cry(0.3)",
    "crz(0.3)",
    "cu1(0.3)",
    "cp(0.3)",
    "cu3(0.1,0.2,0.3)",
    "csx",
    "cu(0.1,0.2,0.3,0.4)",
    "rxx(0.3)",
    "rzz(0.3)",
    "rccx",
    "rc3x",
    "c3x",
    "c3sqrtx",
    "c4x",
]


@pytest.mark.parametrize("call", QELIB1)
def test_gates_of_qelib1_mean_what_they_mean_in_qiskit(call):
    sizes = {"rc3x": 4, "c3x": 4, "c3sqrtx": 4, "c4x": 5, "ccx": 3, "cswap": 3, "rccx": 3}
    name = call.split("(")[0]
    qubits = sizes.get(name, 2 if name in ("swap", "rxx", "rzz") or (name[0] == "c" and len(name) < 5) else 1)
    text = 'OPENQASM 2.0; include "qelib1.inc"; qreg q[5]; h q;\n'
    text += "".join(f"ry(0.{k + 3}) q[{k}]; rz(0.{k + 1}) q[{k}];" for k in range(5)) + "cx q[0],q[1]; cx q[3],q[4];"
    operands = ",".join(f"q[{k}]" for k in (3, 1, 4, 0, 2)[:qubits])
    same_as_qiskit(f"{text}{call} {operands};")


@pytest.mark.parametrize(
    "body",
    [
        "U(0.1,0.2,0.3) q[0]; CX q[0],q[2];",
        "gate g(a,b) x,y { rx(a/2) x; cx x,y; u1(-b) y; } g(pi/3,-2^2) q[0],q[2]; g(1,sin(0.5)*2) q[1],q[0];",
        "qreg r[3]; cx q,r; ry(0.3) r; cx q[0],r; barrier q,r; crz(0.7) r,q;",
        "gate e a { } gate f(t) a,b { e a; rzz(t+1) a,b; } f(ln(2)) q[2],q[1];",
        "ry(-pi/4) q; rx(sqrt(2)/3-1) q[0]; rz(exp(1)*cos(1)) q[1]; u1(tan(0.3)) q[2]; measure q -> c;",
    ],
)
def test_programs_of_version_2_mean_what_they_mean_in_qiskit(body):
    same_as_qiskit(HEAD_2 + STIR_2 + body)


STDGATES = [
    "p(0.3)",
    "x",
    "y",
    "z",
    "h",
    "s",
    "sdg",
    "t",
    "tdg",
    "sx",
    "rx(0.3)",
    "ry(0.3)",
    "rz(0.3)",
    "cx",
    "cy",
    "cz",
    "cp(0.3)",
    "crx(0.3)",
    "cry(0.3)",
    "crz(0.3)",
    "ch",
    "swap",
    "ccx",
    "cswap",
    "cu(0.1,0.2,0.3,0.4)",
    "CX",
    "phase(0.3)",
    "cphase(0.3)",
    "id",
    "u1(0.3)",
    "u2(0.1,0.2)",
    "u3(0.1,0.2,0.3)",
    "U(0.1,0.2,0.3)",
]


@pytest.mark.parametrize("modifier", ["", "inv @ ", "ctrl @ ", "pow(3) @ ", "negctrl @ inv @ "])
def test_gates_of_stdgates_mean_what_they_mean_in_qiskit(modifier):
    text = 'OPENQASM 3.0; include "stdgates.inc"; qubit[4] q; h q;\n'
    text += "".join(f"ry(0.{k + 3}) q[{k}]; rz(0.{k + 1}) q[{k}];" for k in range(4)) + "cx q[0],q[1]; cx q[3],q[2];\n"
    for call in STDGATES:
        name = call.split("(")[0]
        qubits = {"ccx": 3, "cswap": 3}.get(name, 2 if name[0] in "cC" or name == "swap" else 1) + ("ctrl" in modifier)
        text += f"{modifier}{call} {','.join(f'q[{k}]' for k in (3, 1, 0, 2)[:qubits])};\n"
    same_as_qiskit(text)


@pytest.mark.parametrize(
    "body",
    [
        "gate g(t) a, b { ctrl @ rz(t/2) a, b; h a; } g(0.3) q[0], q[2]; inv @ g(1) q[1], q[0];",
        "let a = q[0:1]; h a; cx a, q[1:2]; let b = q[{2, 0}]; ry(0.4) b; x q[0:2:2]; z q[-1];",
        "ctrl(2) @ x q[0], q[1], q[2]; ctrl @ ctrl @ ry(0.3) q[2], q[0], q[1];",
        "U(0.1, 0.2, 0.3) q[0]; ry(0.2) q; c = measure q;",
        "gphase(0.3); gate g a { U(pi, 0, pi) a; gphase(-pi/2); } g q[1]; ctrl @ g q[0], q[2];",
    ],
)
def test_programs_of_version_3_mean_what_they_mean_in_qiskit(body):
    stir = "u3(0.3,0.5,0.7) q[0]; u3(1.3,0.2,2.7) q[1]; u3(0.9,1.5,0.1) q[2]; cx q[0],q[1]; cx q[1],q[2];\n"
    same_as_qiskit(HEAD_3 + stir + body)


@pytest.mark.parametrize(
    ("body", "same"),
    [
        ("for int i in [0:2] h q[i];", "h q;"),
        ("const float x = pi/3; const int n = 2; rx(x*n) q[n]; ry(-x+1) q[n-1];", "rx(2*pi/3) q[2]; ry(1-pi/3) q[1];"),
        ("gate t a { u2(0.3,pi) a; } t q;", "u2(0.3,pi) q;"),
        ("for uint i in {2, 0} { rx(i * 0.5) q[i]; }", "rx(1.0) q[2]; rx(0) q[0];"),
        ("float x = 1.5; for int i in [0:1] { x /= 2; ry(x) q[i]; }", "ry(0.75) q[0]; ry(0.375) q[1];"),
        ("negctrl @ x q[0], q[1];", "x q[0]; cx q[0], q[1]; x q[0];"),
        ("pow(2) @ s q[0]; pow(0.5) @ x q[1]; pow(-1) @ t q[2];", "z q[0]; sx q[1]; tdg q[2];"),
        ("pow(0.5) @ pow(2) @ z q[0];", "id q[0];"),
        ("pow(0.5) @ rx(3) q[0]; pow(1.5) @ cp(2) q[0], q[1];", "rx(1.5) q[0]; cp(3) q[0], q[1];"),
        ("ctrl @ gphase(0.7) q[1]; ctrl(2) @ gphase(0.2) q[0], q[1];", "p(0.7) q[1]; cp(0.2) q[0], q[1];"),
        ("gate g a { s a; s a; } pow(0.5) @ g q[0];", "s q[0];"),
        (
            "gate g(t) a, b { rxx2(t) a, b; } g(0.6) q[0], q[1];",
            "h q[0]; h q[1]; cx q[0], q[1]; rz(0.6) q[1]; cx q[0], q[1]; h q[0]; h q[1];",
        ),
        (
            "gate g(t) a, b { rxx2(t) a, b; } ctrl @ pow(0.25) @ g(1.2) q[2], q[0], q[1];",
            "ctrl @ rxx2(0.3) q[2], q[0], q[1];",
        ),
        ("gate g a { x a; gphase(0.4); } ctrl @ pow(2) @ g q[0], q[1];", "p(0.8) q[0];"),
        ("let a = q[1:2] ++ q[0]; cx a[0], a[2];", "cx q[1], q[0];"),
        ("gphase(pi/3); x q[0]; gphase(-pi/3);", "x q[0];"),
        ("bool b = 2 > 1; int k = int(b) + (5 % 3) * 2 ** 2; rz(k) q[0];", "rz(9) q[0];"),
    ],
)
def test_version_3_means_what_plainer_statements_mean(body, same):
    head = HEAD_3 + ("gate rxx2(t) a, b { h a; h b; cx a, b; rz(t) b; cx a, b; h a; h b; }\n")
    same_circuits(read_openqasm(head + body), read_openqasm(head + same))


def test_standard_gates_are_kept_by_name():
    circuit = read_openqasm(HEAD_2 + "ccx q[0],q[1],q[2]; rzz(0.5) q[0],q[2]; measure q -> c;")
    assert circuit.operations == (Operation(gate("ccx"), (0, 1, 2)), Operation(gate("rzz", 0.5), (0, 2)))
    assert read_openqasm(HEAD_3 + "ctrl @ x q[0], q[1];").operations == (Operation(gate("cx"), (0, 1)),)
    assert read_openqasm(HEAD_3 + "inv @ s q[0];").operations == (Operation(gate("sdg"), (0,)),)


def test_registers_keep_the_order_of_their_declaration():
    circuit = read_openqasm('OPENQASM 2.0; include "qelib1.inc"; qreg b[2]; creg c[1]; qreg a[1]; x a[0]; y b[1];')
    assert circuit.num_qubits == 3
    assert [step.qubits for step in circuit.operations] == [(2,), (1,)]


def test_text_and_bytes_and_files_are_read_the_same_way(tmp_path):
    text = HEAD_3 + "rx(π/2) q[0];"
    path = tmp_path / "circuit.qasm"
    path.write_text(text, encoding="utf-8")
    assert read_openqasm(text) == read_openqasm(text.encode()) == read_circuit(path)


REFUSED = [
    (HEAD_2 + "if (d==1) x q[0];", 5, 5, "not known here"),
    (HEAD_2 + "if (c==c) x q[0];", 5, 8, "no value before the circuit runs"),
    (HEAD_2 + "opaque g a; g q[0];", 5, 13, "opaque"),
    (HEAD_2 + "h q[7];", 5, 5, "use one from 0 to 2"),
    (HEAD_2 + "nosuch q[0];", 5, 1, "the gate 'nosuch' is not known"),
    (HEAD_2 + "cx q[1],q[1];", 5, 9, "twice"),
    (HEAD_2 + "gate g a { g a; }", 5, 12, "calls itself"),
    (HEAD_2 + 'include "/etc/passwd";', 5, 9, "is not opened"),
    (HEAD_3 + "while (true) { }", 5, 1, "steps of loops"),
    (HEAD_3 + "def f() -> bit { }", 5, 1, "returns nothing"),
    (HEAD_3 + "rx(1/2) q[0];", 5, 5, "1.0/2"),
    (HEAD_3 + "int i = c[0];", 5, 9, "no value before the circuit runs"),
    (HEAD_3 + "π π;", 5, 1, "not known"),
    ("OPENQASM 2.0;\nqreg q[1]; \ud800", 2, 12, "U+D800"),
    (HEAD_2 + "h q[0]\ncx q[0],q[1];", 5, 7, "expected ',' or ';'"),
    ("", 1, 1, "declares no qubits"),
]


@pytest.mark.parametrize(("text", "line", "column", "part"), REFUSED)
def test_what_is_not_a_circuit_is_refused_at_its_place(text, line, column, part):
    with pytest.raises(CircuitFileError) as caught:
        read_openqasm(text, source="file.qasm")
    assert part in caught.value.reason
    assert (caught.value.line, caught.value.column, caught.value.source) == (line, column, "file.qasm")
    assert str(caught.value).startswith(f"file.qasm, line {line}, column {column}: ")


@pytest.mark.parametrize(("text", "line", "column", "part"), [case for case in REFUSED if case[0]])
def test_an_error_shows_the_line_and_a_caret_under_the_place(text, line, column, part):
    with pytest.raises(CircuitFileError) as caught:
        read_openqasm(text, source="file.qasm")
    sentence, shown, caret = str(caught.value).split("\n")
    assert sentence == caught.value.sentence
    assert part in sentence
    assert caught.value.excerpt == f"{shown[2:]}\n{caret[2:]}"
    assert shown == "  " + text.split("\n")[line - 1].rstrip().replace("\ud800", "?")
    assert caret == " " * (column + 1) + "^"


def test_long_and_unprintable_lines_are_shown_short_and_printable():
    with pytest.raises(CircuitFileError) as caught:
        read_openqasm(HEAD_2 + "h q[0]; " * 100_000 + "\x1b[31m")
    shown, caret = caught.value.excerpt.split("\n")
    assert len(shown) <= 100
    assert shown.isprintable()
    assert shown[len(caret) - 1] == "\N{REPLACEMENT CHARACTER}"


def bomb(levels, body="x a; x a;"):
    lines = [f"gate g0 a {{ {body} }}"]
    lines += [f"gate g{k} a {{ g{k - 1} a; g{k - 1} a; }}" for k in range(1, levels)]
    return HEAD_2 + "\n".join(lines) + f"\ng{levels - 1} q[0];"


HOSTILE = {
    "doubling gates": lambda: bomb(60),
    "doubling nothing": lambda: bomb(60, ""),
    "doubling powers": lambda: HEAD_3 + "gate a x { h x; }\n" + "pow(1000000000000000) @ a q[0];",
    "huge register": lambda: "OPENQASM 2.0; qreg q[2000000000];",
    "nested parentheses": lambda: HEAD_2 + f"rx({'(' * 20_000}1{')' * 20_000}) q[0];",
    "more parentheses": lambda: HEAD_2 + f"rx({'(' * 20_000_000}",
    "nested signs": lambda: HEAD_2 + f"rx({'-' * 20_000}1) q[0];",
    "nested loops": lambda: HEAD_3 + "for int i in [0:1] { " * 20_000,
    "huge number": lambda: HEAD_2 + "rx(1e999) q[0];",
    "tower of powers": lambda: HEAD_2 + "rx(9^9^9^9) q[0];",
    "tower of integers": lambda: HEAD_3 + "rx(9**9**9**9) q[0];",
    "division by zero": lambda: HEAD_2 + "rx(1/0) q[0];",
    "NUL": lambda: HEAD_2 + "x q[0];\0\0",
    "one long line": lambda: HEAD_2 + "x q[0];" * 140_000_000,
    "one long word": lambda: HEAD_2 + "x" * 60_000_000,
    "one long number": lambda: HEAD_2 + "rx(" + "1" * 60_000_000,
    "one long blank": lambda: HEAD_2 + " " * 60_000_000 + "?",
    "recursive gates": lambda: HEAD_2 + "gate a x { b x; } gate b x { a x; } a q[0];",
    "open comment": lambda: HEAD_2 + "/* " + "x" * 60_000_000,
    "open string": lambda: HEAD_2 + 'include "' + "x" * 60_000_000,
    "not UTF-8": lambda: HEAD_2.encode() + b"\xff\xfe\x00",
    "other file": lambda: HEAD_2 + 'include "/etc/passwd";',
    "long loop": lambda: HEAD_3 + "for int i in [0:9223372036854775806] { }",
    "loops in loops": lambda: HEAD_3 + "for int i in [0:99999] " * 4 + "x q[0];",
    "many controls": lambda: HEAD_3 + "ctrl(2000000000) @ x q[0];",
    "chain of definitions": lambda: (
        HEAD_2 + "gate g0 a { x a; }\n" + "".join(f"gate g{k} a {{ g{k - 1} a; }}\n" for k in range(1, 90_000))
    ),
    "many registers": lambda: "OPENQASM 2.0;" + "".join(f"qreg q{k}[1];" for k in range(200_000)),
    "many parameters": lambda: HEAD_2 + f"rx({'1,' * 30_000_000}1) q[0];",
    "many operands": lambda: HEAD_2 + f"cx {'q,' * 30_000_000}q;",
    "many barriers": lambda: HEAD_2 + f"barrier {'q,' * 30_000_000}q;",
    "long sum": lambda: HEAD_2 + f"rx({'1+' * 30_000_000}1) q[0];",
    "long set": lambda: HEAD_3 + f"for int i in {{{'1,' * 30_000_000}1}} x q[0];",
    "long definition": lambda: HEAD_2 + f"gate g a {{ {'x a;' * 15_000_000} }}",
    "long body of a loop": lambda: HEAD_3 + f"for int i in [0:1] {{ {'x q;' * 15_000_000} }}",
    "long alias": lambda: HEAD_3 + f"let a = q{' ++ q' * 10_000_000};",
    "many modifiers": lambda: HEAD_3 + f"{'inv@' * 15_000_000} x q[0];",
    "many empty statements": lambda: HEAD_3 + f"for int i in [0:1] {{ {';' * 60_000_000} }}",
    "many formal parameters": lambda: HEAD_2 + f"gate g({','.join(f'p{k}' for k in range(1_000_000))}) a {{ }}",
    "hardware qubits": lambda: "OPENQASM 3.0;" + "".join(f"delay[1ns] $9{k};" for k in range(100_000)),
    "huge hardware qubit": lambda: "OPENQASM 3.0; reset $4000000000;",
    "nested boxes": lambda: HEAD_3 + "box { " * 1_000_000,
    "many annotations": lambda: HEAD_3 + "@a\n" * 20_000_000,
    "many pragmas": lambda: HEAD_3 + "pragma a\n" * 6_000_000 + "?",
    "many resets": lambda: (
        HEAD_2 + f"gate g {','.join(f'a{k}' for k in range(50_000))} {{ {'reset a0;' * 300_000} ? }}"
    ),
    "many phases of no qubits": lambda: (
        "OPENQASM 3.0; gate f0(t) { gphase(t); } "
        + "".join(f"gate f{k}(t) {{ f{k - 1}(t); f{k - 1}(t); }}" for k in range(1, 60))
        + "f59(1);"
    ),
    "labels without end": lambda: HEAD_2 + f"gate g(t) a {{ }} g({'+' * 30_000_000}",
    "no version": lambda: "qreg q[1];" + "U(0,0,0) q[0];" * 1_000_000 + "?",
    "wide gates": lambda: 'OPENQASM 3.0; include "stdgates.inc"; qubit[100000] q;' + "for int i in [0:99999] x q;",
}

# Runs in a separate process, whose peak memory is reset before reading.
HOSTILE_CHILD = """
import json, sys, time
from pathlib import Path
from taizhang.circuit.formats.openqasm import read_openqasm
from taizhang.errors import CircuitFileError
from tests.circuit.formats.test_openqasm import HOSTILE

def kilobytes(key):
    return next(int(line.split()[1]) for line in Path("/proc/self/status").read_text().splitlines() if key in line)

text = HOSTILE[sys.argv[1]]()
Path("/proc/self/clear_refs").write_text("5")
before = kilobytes("VmRSS")
start = time.process_time()
try:
    read_openqasm(text)
    error = None
except CircuitFileError as caught:
    error = [caught.line, caught.column, caught.reason]
seconds = time.process_time() - start
print(json.dumps({"error": error, "seconds": seconds, "kilobytes": kilobytes("VmHWM") - before}))
"""


@pytest.mark.parametrize("case", [name for name in HOSTILE if name != "one long line"])
def test_hostile_files_are_refused_with_their_place(case):
    text = HOSTILE[case]()
    start = time.process_time()
    with pytest.raises(CircuitFileError) as caught:
        read_openqasm(text)
    assert time.process_time() - start < 3
    assert caught.value.line >= 1
    assert caught.value.column >= 1
    assert len(str(caught.value)) < 750
    assert "\n" not in caught.value.sentence


@pytest.mark.parametrize(
    "case", ["open comment", "wide gates", "long sum", "long definition", "long body of a loop", "many registers"]
)
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="on this system: no /proc of Linux")
def test_the_worst_of_hostile_files_take_little_time_and_memory(case):
    run = subprocess.run([sys.executable, "-c", HOSTILE_CHILD, case], capture_output=True, text=True, check=True)
    found = json.loads(run.stdout)
    assert found["error"] is not None
    assert found["seconds"] < 2
    assert found["kilobytes"] < 200_000


def test_a_file_of_three_megabytes_reads_in_about_a_second():
    lines = [f"rz({k * 1e-3:.12f}) q[{k % 50}];\ncx q[{k % 50}],q[{(k + 7) % 50}];\n" for k in range(75_000)]
    text = 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[50];\n' + "".join(lines)
    assert len(text) > 3_000_000
    start = time.process_time()
    circuit = read_openqasm(text)
    assert time.process_time() - start < 4
    assert len(circuit.operations) == 150_000


def test_random_changes_of_a_file_give_a_circuit_or_a_file_error():
    rng = np.random.default_rng(7)
    good = (
        HEAD_3 + "gate g(t) a, b { ctrl @ rz(t/2) a, b; gphase(t); }\nfor int i in [0:1] { g(i*0.5) q[i], q[i+1]; }\n"
        "pow(0.5) @ g(1) q[0], q[1]; c = measure q;"
    ).encode()
    for _ in range(1000):
        text = bytearray(good)
        for place in rng.integers(0, len(text), rng.integers(1, 4)):
            text[place] = rng.choice(np.frombuffer(b"()[]{};,@+-*/0123456789abgqx \n.\xff\x00", np.uint8))
        with suppress(CircuitFileError):
            circuit = read_openqasm(bytes(text))
            assert all(map(math.isfinite, (angle for step in circuit.operations for angle in step.gate.parameters)))


NOT_VALID = {"vqe_uccsd_n6.qasm": (2286, "the register 'q' is not known")}


REAL_FILES = [
    pytest.param(path, id=path.name, marks=[pytest.mark.slow] if path.name == "qft_n18.qasm" else [])
    for path in sorted(shared_path("circuits", "qasm").glob("*.qasm"))
]


@needs_shared_data
@pytest.mark.parametrize("path", REAL_FILES)
def test_real_files_mean_what_they_mean_in_qiskit(path):
    text = path.read_text()
    if path.name in NOT_VALID:
        with pytest.raises(CircuitFileError, match=NOT_VALID[path.name][1]) as caught:
            read_openqasm(text)
        assert caught.value.line == NOT_VALID[path.name][0]
        text = "\n".join(line for line in text.splitlines() if not line.startswith("measure"))
    circuit = read_openqasm(text)
    assert circuit.operations
    if circuit.num_qubits <= 18:
        np.testing.assert_allclose(state_vector(circuit), qiskit_state(text), atol=1e-10)

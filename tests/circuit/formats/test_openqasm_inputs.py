"""Inputs of OpenQASM 3: read as parameters of the circuit, and written from them."""

from __future__ import annotations

import math
import random
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import qasm3, quantum_info
from tests.strategies import parametric_circuits, values_for

from taizhang.api.amplitudes import amplitude
from taizhang.circuit.circuit import Circuit
from taizhang.circuit.formats.openqasm import read_openqasm
from taizhang.circuit.formats.openqasm_names import openqasm_names
from taizhang.circuit.formats.openqasm_writer import write_openqasm2, write_openqasm3
from taizhang.circuit.formats.read import read_circuit, write_circuit
from taizhang.circuit.gates import gate
from taizhang.circuit.operation import Operation
from taizhang.circuit.parameter import Parameter
from taizhang.circuit.state_vector import state_vector
from taizhang.errors import CircuitError, CircuitFileError

HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\ninput float[64] gamma;\ninput angle[32] beta;\nqubit[2] q;\n'
GAMMA, BETA = Parameter("gamma"), Parameter("beta")
STANDARD = ("rx", "ry", "rz", "p", "crx", "cp", "cu")


def test_inputs_are_parameters():
    circuit = read_openqasm(HEAD + "rx(-beta + pi/2) q[0]; rz(gamma/2) q; gphase(gamma); gphase(0.5);")
    assert circuit.operations == (
        Operation(gate("rx", -BETA + math.pi / 2), (0,)),
        Operation(gate("rz", GAMMA / 2), (0,)),
        Operation(gate("rz", GAMMA / 2), (1,)),
        Operation(gate("gphase", GAMMA + 0.5), ()),
    )
    assert circuit.parameters == ("beta", "gamma")


def test_inputs_go_through_definitions_and_modifiers():
    text = HEAD + "gate zz(t) a, b { cx a,b; rz(2*t) b; cx a,b; } ctrl @ inv @ rx(beta) q[0], q[1]; inv @ zz(gamma) q;"
    text = text.replace("zz(gamma) q;", "zz(gamma) q[0], q[1];")
    expected = Circuit(2).append("crx", 0, 1, parameters=[-BETA]).cx(0, 1).rz(1, -2 * GAMMA).cx(0, 1)
    assert read_openqasm(text) == expected
    inverse = read_openqasm(HEAD + "inv @ U(gamma, beta, 0.5) q[0]; pow(3) @ rz(beta) q[1];")
    assert inverse == Circuit(2).u(0, -GAMMA, -0.5, -BETA).rz(1, 3 * BETA)


def test_a_circuit_with_inputs_is_the_circuit_with_their_values():
    numbers = random.Random(1)
    pairs = [numbers.sample(range(30), 2) for _ in range(45)]

    def text(head, gamma, beta):
        costs = "".join(f"cx q[{a}], q[{b}];\nrz({gamma}) q[{b}];\ncx q[{a}], q[{b}];\n" for a, b in pairs)
        return f"{head}h q;\n{costs}rx({beta}) q;\n"

    inputs = "input float[64] gamma1;\ninput float[64] beta1;\n"
    head = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'
    free = read_openqasm(text(f"{head}{inputs}qubit[30] q;\n", "-1.0*gamma1", "2*beta1"))
    fixed = read_openqasm(text('OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[30];\n', -0.616, 2 * 0.393))
    assert free.parameters == ("gamma1", "beta1")
    assert free.bind({"gamma1": 0.616, "beta1": 0.393}) == fixed


@pytest.mark.parametrize(
    ("statement", "column", "message"),
    [
        ("rx(sin(gamma)) q[0];", 4, "the function sin of an input is not supported"),
        ("rx(gamma*beta) q[0];", 9, "angles may be sums of inputs times numbers only"),
        ("for int i in [0:gamma] x q[0];", 17, "expected an integer, got an input without a value"),
        ("if (gamma > 0) { x q[0]; }", 11, "sums of inputs times numbers only"),
        ("pow(gamma) @ x q[0];", 5, "expected a number, got an input without a value"),
        ("pow(0.5) @ U(gamma, 0, 0) q[0];", 1, "this power of it is no sum of inputs times numbers"),
        ("input int n;", 7, "an input of the type 'int' is not supported"),
        ("input bit b;", 7, "an input of the type 'bit' is not supported"),
    ],
)
def test_what_inputs_cannot_do_is_refused_with_its_place(statement, column, message):
    with pytest.raises(CircuitFileError) as refused:
        read_openqasm(HEAD + statement)
    assert message in refused.value.reason
    assert (refused.value.line, refused.value.column) == (6, column)


def test_names_that_parameters_cannot_have_are_refused():
    with pytest.raises(CircuitFileError, match=r"the name of a parameter must be .* got 'a²'"):
        read_openqasm("OPENQASM 3.0; input float a²; qubit q;")


def test_many_inputs_take_little_time():
    names = [f"t{k}" for k in range(20_000)]
    declared = "".join(f"input float {name};\n" for name in names)
    rotations = "".join(f"rx(2*{name} - 1) q[0];\n" for name in names)
    circuit = read_openqasm(HEAD + declared + rotations)
    assert circuit.parameters == tuple(names)
    assert circuit.bind([0.5] * len(names)).operations[-1] == Operation(gate("rx", 0.0), (0,))


def test_sums_of_all_inputs_in_loops_are_refused_before_they_take_long():
    names = [f"t{k}" for k in range(1000)]
    declared = "".join(f"input float {name};\n" for name in names)
    text = HEAD + declared + f"for int i in [1:4000] rx(i*({'+'.join(names)})) q[0];\n"
    started = time.perf_counter()
    with pytest.raises(
        CircuitFileError, match=r"the expressions of inputs up to here have more than .* make them shorter"
    ):
        read_openqasm(text)
    assert time.perf_counter() - started < 10


def test_an_amplitude_needs_values(tmp_path):
    file = tmp_path / "ansatz.qasm"
    file.write_text(HEAD + "rx(gamma) q[0];")
    circuit = read_circuit(file)
    with pytest.raises(CircuitError, match=r"^the circuit has the parameter gamma without a value; give it with"):
        amplitude(circuit, "00")
    assert amplitude(circuit.bind({"gamma": math.pi}), "10") == pytest.approx(-1j)


# Writing


@given(parametric_circuits(max_qubits=3, max_operations=6), st.data())
@settings(deadline=None)
def test_what_is_written_reads_back_as_the_same_circuit(circuit, data):
    values = data.draw(values_for(circuit.parameters))
    names = openqasm_names(circuit.parameters)
    again = read_openqasm(write_openqasm3(circuit))
    assert set(again.parameters) <= set(names.values())
    given_names = {names[name]: value for name, value in values.items() if names[name] in again.parameters}
    np.testing.assert_allclose(state_vector(again.bind(given_names)), state_vector(circuit.bind(values)), atol=1e-9)


@given(parametric_circuits(max_qubits=3))
def test_gates_of_the_language_read_back_as_they_are(circuit):
    kept = tuple(step for step in circuit.operations if step.action.label in STANDARD and "[" not in repr(step))
    standard = Circuit(circuit.num_qubits, kept)
    assert read_openqasm(write_openqasm3(standard)) == standard


def test_inputs_are_written_as_people_write_them(tmp_path):
    circuit = Circuit(2).rx(0, 2 * GAMMA - 0.5).append("crz", 0, 1, parameters=[-BETA]).gphase(GAMMA)
    lines = write_openqasm3(circuit).splitlines()
    assert lines[2:] == [
        "input float[64] gamma;",
        "input float[64] beta;",
        "qubit[2] q;",
        "rx(2*gamma - 0.5) q[0];",
        "crz(-beta) q[0], q[1];",
        "gphase(gamma);",
    ]
    write_circuit(circuit, tmp_path / "c.qasm", format="qasm3")
    assert read_circuit(tmp_path / "c.qasm") == circuit


def test_names_that_the_language_lacks_are_changed():
    names = ["theta[3]", "theta_3", "x", "pi", "q", "input", "θ"]
    assert list(openqasm_names(names).values()) == ["theta_3", "theta_3_", "x_", "pi_", "q_", "input_", "θ"]
    circuit = Circuit(1)
    for name in names:
        circuit = circuit.rx(0, Parameter(name))
    assert read_openqasm(write_openqasm3(circuit)).parameters == tuple(openqasm_names(names).values())


def test_version_2_has_no_parameters():
    with pytest.raises(CircuitError, match="the circuit has the parameters gamma and beta without values"):
        write_openqasm2(Circuit(1).rx(0, GAMMA).rx(0, BETA))


def test_qiskit_reads_inputs_as_its_parameters():
    circuit = Circuit(2).h(0).rzz(0, 1, 2 * GAMMA).append("crx", 1, 0, parameters=[BETA / 2 + 0.25]).gphase(0.3)
    theirs = qasm3.loads(write_openqasm3(circuit))
    values = {"gamma": 0.7, "beta": -1.3}
    bound = theirs.assign_parameters({symbol: values[symbol.name] for symbol in theirs.parameters})
    expected = state_vector(circuit.bind(values)).reshape(2, 2).T.reshape(4)
    np.testing.assert_allclose(quantum_info.Statevector(bound).data, expected, atol=1e-9)

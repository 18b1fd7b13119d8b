"""Circuits built gate by gate with methods, one for each gate of the table."""

from __future__ import annotations

import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.circuit.write_gate_methods import FILE, method_names, source

from taizhang.circuit.circuit import Circuit
from taizhang.circuit.gate_methods import GateMethods
from taizhang.circuit.gate_table import NAMES, RECORDS
from taizhang.circuit.gates import gate, size_of
from taizhang.circuit.operation import Operation
from taizhang.errors import CircuitError


def test_the_file_of_methods_follows_from_the_gate_table():
    assert FILE.read_text(encoding="utf-8") == source(), "run python -m tests.circuit.write_gate_methods"


def test_each_base_has_a_method():
    assert set(RECORDS) <= set(method_names())
    assert set(NAMES) - set(method_names()) == {"is", "CX", "U"}


@given(st.sampled_from(method_names()), st.data())
def test_a_method_appends_the_gate_of_its_name(name, data):
    num_qubits, num_parameters = size_of(name)
    qubits = data.draw(st.permutations(range(6)))[:num_qubits]
    angles = [data.draw(st.floats(-7, 7)) for _ in range(num_parameters)]
    circuit = getattr(Circuit(6).h(5), name)(*qubits, *angles)
    assert circuit.operations == (Operation(gate("h"), (5,)), Operation(gate(name, *angles), tuple(qubits)))
    assert circuit == Circuit(6).h(5).append(name, *qubits, *angles)
    assert circuit == Circuit(6).h(5).append(name, *qubits, parameters=angles)


def test_no_method_hides_another():
    own = {name for name, member in vars(Circuit).items() if inspect.isfunction(member) or isinstance(member, property)}
    assert not own & set(method_names())
    assert all(name in vars(GateMethods) for name in method_names())


def test_arguments_have_names():
    assert Circuit(2).crz(control=1, target=0, angle=0.5) == Circuit(2).append("crz", 1, 0, 0.5)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda c: c.append("rx", 0), r"gate 'rx' takes 1 qubit and then 1 angle, got 1 number$"),
        (lambda c: c.append("fsim", 0, 1, 0.5), r"gate 'fsim' takes 2 qubits and then 2 angles, got 3 numbers"),
        (lambda c: c.append("rx", 0, 0.5, parameters=[0.5]), "must be integers and come before its angles, got 0.5"),
        (lambda c: c.append("h", 0.5), r"qubits of gate 'h' must be integers and come before its angles, got 0\.5"),
        (lambda c: c.rz(0.3, 1), r"qubits of gate 'rz' must be integers and come before its angles, got 0\.3"),
        (lambda c: c.append("h", "0"), "qubits of gate 'h' must be integers"),
        (lambda c: c.append("h", [0, 1]), r"must be integers and come before its angles, got \[0, 1\]"),
        (lambda c: c.append(7, 0), "a gate must be a Gate, a channel or the name of one, got 7"),
        (lambda c: c.append("hh", 0), "there is no gate 'hh'"),
        (lambda c: c.append("rx", 0, "a"), "angles of gate 'rx' must be numbers, got 'a'"),
        (lambda c: c.rx(0, None), "angles of gate 'rx' must be numbers, got None"),
        (lambda c: c.rx(0, 1j), "angles of gate 'rx' must be numbers, got 1j"),
        (lambda c: c.rx(0, float("nan")), "give finite numbers"),
        (lambda c: c.h(2), "gate 'h' was given qubit 2; the circuit has 2 qubits, numbered from 0"),
        (lambda c: c.cx(0, 0), "gate 'cx' was given qubit 0 twice"),
    ],
)
def test_wrong_arguments_are_reported(build, message):
    with pytest.raises(CircuitError, match=message):
        build(Circuit(2))

"""Writing OpenQASM 2.0 and OpenQASM 3.

Gates of the language's standard include are written by name, the others as sequences of them (`rewriting`). Numbers
are written so that reading them back is exact. The meaning of names is Qiskit's.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Mapping
from itertools import islice

from taizhang.circuit.check_circuit import check_circuit
from taizhang.circuit.circuit import Circuit, Operation
from taizhang.circuit.formats.openqasm_conditions import declarations, lines_of
from taizhang.circuit.formats.openqasm_names import openqasm_names
from taizhang.circuit.formats.rewriting import rewrite, with_few_controls
from taizhang.circuit.gates import RECORDS, Gate, ParametricGate
from taizhang.circuit.parameter import Angle, ParameterExpression
from taizhang.circuit.parametric_gate import make_gate
from taizhang.errors import CircuitError


def write_openqasm2(circuit: Circuit) -> str:
    """Returns the circuit as OpenQASM 2.0.

    OpenQASM 2 has no global phase: `gphase` and the phases of gates given by their matrix are left out where they
    have no controls, so that reading the text gives the same circuit up to a global phase.

    Args:
        circuit: Of at least one qubit.

    Returns:
        The text.

    Raises:
        CircuitError: The circuit has no qubits, parameters without values, or a gate given by a matrix on more than
            two qubits.

    Example:
        >>> print(write_openqasm2(Circuit(2).append("h", 0).append("cx", 0, 1)))
        OPENQASM 2.0;
        include "qelib1.inc";
        qreg q[2];
        h q[0];
        cx q[0],q[1];
        <BLANKLINE>
    """
    _check(check_circuit(circuit))
    lines = ["OPENQASM 2.0;", 'include "qelib1.inc";', f"qreg q[{circuit.num_qubits}];"]
    lines.extend(declarations(circuit.registers, 2))
    for operation in circuit.operations:
        lines.extend(lines_of(operation, circuit, 2, lambda gate: _lines_2(gate, circuit.num_qubits)))
    return "\n".join(lines) + "\n"


def write_openqasm3(circuit: Circuit) -> str:
    """Returns the circuit as OpenQASM 3; reading it gives the same circuit, global phase included.

    Parameters without values become inputs. Their names stay what they are where the language allows them; `theta[3]`
    becomes `theta_3`, and `_` is added to words of the language and names of gates.

    Args:
        circuit: Of at least one qubit.

    Returns:
        The text.

    Raises:
        CircuitError: The circuit has no qubits, or a gate given by a matrix on more than two qubits.

    Example:
        >>> print(write_openqasm3(Circuit(3).append("c2rz", 0, 1, 2, parameters=[0.5])))
        OPENQASM 3.0;
        include "stdgates.inc";
        qubit[3] q;
        ctrl @ crz(0.5) q[0], q[1], q[2];
        <BLANKLINE>
    """
    _check(circuit)
    names = openqasm_names(circuit.parameters)
    inputs = [f"input float[64] {name};" for name in names.values()]
    lines = ["OPENQASM 3.0;", 'include "stdgates.inc";', *inputs, f"qubit[{circuit.num_qubits}] q;"]
    lines.extend(declarations(circuit.registers, 3))
    for operation in circuit.operations:
        lines.extend(lines_of(operation, circuit, 3, lambda gate: _lines_3(gate, names)))
    return "\n".join(lines) + "\n"


def _check(circuit: Circuit) -> None:
    if circuit.num_qubits == 0:
        raise CircuitError("a circuit of 0 qubits cannot be written as OpenQASM; give it at least one")


def _angles(written: Gate | ParametricGate, names: Mapping[str, str] | None = None) -> str:
    angles = [_angle(angle, names or {}) for angle in written.parameters]
    return f"({','.join(angles)})" if angles else ""


def _angle(angle: Angle, names: Mapping[str, str]) -> str:
    """An angle with these names for its parameters."""
    if not isinstance(angle, ParameterExpression):
        return repr(angle)
    terms = sorted((names[name], factor) for name, factor in angle.terms)
    return repr(ParameterExpression(tuple(terms), angle.constant))


def _lines_2(operation: Operation, num_qubits: int) -> Iterator[str]:
    waiting = deque([operation])
    while waiting:
        step = waiting.popleft()
        name = _name_2(step.gate)
        if name is not None:
            yield f"{name}{_angles(step.gate)} {','.join(f'q[{qubit}]' for qubit in step.qubits)};"
            continue
        if step.gate.name == "id" or (step.gate.name == "gphase" and step.gate.num_controls == 0):
            continue
        simpler = rewrite(step)
        if simpler == [step]:
            used = set(step.qubits)
            idle = (qubit for qubit in range(num_qubits) if qubit not in used)
            simpler = list(with_few_controls(step, list(islice(idle, len(used)))))
        waiting.extendleft(reversed(simpler))


def _name_2(written: Gate) -> str | None:
    # Other readers refuse a duration that is not an integer.
    if written.entries is not None or (written.name == "u0" and not written.parameters[0].is_integer()):
        return None
    names = RECORDS[written.name].qasm2
    return names[written.num_controls] or None if written.num_controls < len(names) else None


def _lines_3(operation: Operation, names: Mapping[str, str]) -> Iterator[str]:
    waiting = deque([operation])
    while waiting:
        step = _with_plain_phase(waiting.popleft())
        chosen = step.table_gate
        head = _head_3(chosen)
        if head is None:
            waiting.extendleft(reversed(rewrite(step)))
            continue
        operands = ", ".join(f"q[{qubit}]" for qubit in step.qubits)
        angles = _angles(chosen, names)
        yield f"{head}{angles} {operands};" if operands else f"{head}{angles};"


def _with_plain_phase(step: Operation) -> Operation:
    """Returns a controlled `u` or `u2` as `cu`: readers differ in the phases of `U` and `u2`, not in those of `cu`."""
    plain = step.table_gate
    if plain.entries is not None or plain.num_controls == 0 or plain.name not in ("u", "u2"):
        return step
    angles = (math.pi / 2, *plain.parameters)[-3:]
    return Operation(make_gate("phased_u", (*angles, 0.0), plain.num_controls), step.qubits)


def _head_3(written: Gate | ParametricGate) -> str | None:
    """Returns the gate's modifiers and name, or None where stdgates.inc has no such base."""
    if written.entries is not None:
        return None
    if written.name == "sxdg":
        return _modifier(written.num_controls) + "inv @ sx"
    names = RECORDS[written.name].qasm3
    known = [controls for controls, name in enumerate(names[: written.num_controls + 1]) if name]
    return _modifier(written.num_controls - known[-1]) + names[known[-1]] if known else None


def _modifier(num_controls: int) -> str:
    if num_controls <= 1:
        return "ctrl @ " * num_controls
    return f"ctrl({num_controls}) @ "

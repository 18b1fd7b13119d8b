"""Reading OpenQASM 2.0, and the gate level of OpenQASM 3.

The text is read by the compiled core (`native/core/src/openqasm`), which opens no file, has `qelib1.inc` and
`stdgates.inc` built in, expands the gates that the file defines, and refuses what is too large before it is expanded.
The meaning of every gate name is Qiskit's. Measurements at the end, barriers and delays are accepted and left out. The
inputs of OpenQASM 3 become parameters of the circuit.

Sources: Cross et al., arXiv:1707.03429 (OpenQASM 2); Cross et al., arXiv:2104.14722 (OpenQASM 3).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from taizhang import _native
from taizhang._lazy import lazy_module
from taizhang.circuit.circuit import Circuit, Operation
from taizhang.circuit.formats import DEFAULT_TURNS, MAX_TEXT_BYTES, check_turns
from taizhang.circuit.gates import Gate, ParametricGate, find_name, gate, unitary_gate
from taizhang.circuit.parameter import ParameterExpression, check_name
from taizhang.errors import CircuitError, CircuitFileError, CircuitFileWarning

if TYPE_CHECKING:
    from taizhang.circuit.formats import openqasm_events
else:
    openqasm_events = lazy_module("taizhang.circuit.formats.openqasm_events")

# Name or number of a product, parameters (an integer is the number of an expression), powers, number of controls.
_ReadGate: TypeAlias = "tuple[str | int, tuple[float | int, ...], tuple[float, ...], int]"
# Names, expressions (numbers of names with their factors, and a number), terms of the global phase.
_Inputs: TypeAlias = tuple[list[str], list[tuple[list[tuple[int, float]], float]], list[tuple[int, float]]]
# Numbers of gates, qubits of each operation, global phase.
_Steps: TypeAlias = tuple[list[int], list[tuple[int, ...]], float]
# Name, number of qubits, steps.
_Product: TypeAlias = tuple[str, int, _Steps]


def read_openqasm(
    text: str | bytes,
    *,
    source: str | None = None,
    final_measurements: bool = False,
    max_turns: int = DEFAULT_TURNS,
) -> Circuit:
    """Returns the circuit of an OpenQASM 2 or 3 text.

    Read in full: OpenQASM 2.0. Of OpenQASM 3: registers, hardware qubits, aliases, gate definitions, the modifiers
    `ctrl`, `negctrl`, `inv` and `pow`, `gphase`, constants and variables of the types int, uint, float, angle, bool and
    duration, `for` over ranges and sets, measurements and `reset` anywhere, `if`, `else`, `switch`, `while` and `def`
    with a `return` at its end, assignments of bits, `box`, `input` of the types float and angle, and `delay` as the
    identity. `angle` is a real number, not reduced modulo 2π. An input is a parameter of the circuit, of which angles
    may be sums of multiples. Conditions compare registers and bits with numbers and with each other, and join such by
    `!`, `&&`, `||`, `~`, `&`, `|` and `^`. Registers whose names begin with an underscore are of working bits.

    A text without a version is read as OpenQASM 2 where it includes qelib1.inc, or has `qreg` and nothing of OpenQASM
    3; otherwise as OpenQASM 3. What other programs write outside the language (`sxdg` in OpenQASM 3, `gphase`
    in OpenQASM 2) is read with a warning; unknown pragmas and annotations are left out with a warning.

    Args:
        text: The text, as `str` or in UTF-8; at most 64 MiB.
        source: Name of the file, for errors.
        final_measurements: Keep measurements at the end, and with them the registers of bits. Otherwise these are left
            out of a circuit that has nothing else than gates.
        max_turns: Turns up to which a `while` that depends on measured bits is written out. What has not left it then
            is reported by a warning wherever values are computed.

    Returns:
        The circuit; its qubits are those of all registers in the order of their declaration, then the hardware qubits
        `$0`, `$1`, … up to the largest that is used. Gates of the standard includes are kept by name. Global phases are
        kept, gathered in one `gphase` at the end.

    Raises:
        CircuitFileError: The text is not OpenQASM, has more than what is named above, or passes a limit
            (100,000 qubits, 10 million gates, nesting, size of numbers); at the line and column given.

    Warns:
        CircuitFileWarning: The text is read, but is not strictly OpenQASM, or a part of it was left out.

    Example:
        >>> read_openqasm('OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; h q[0]; cx q[0],q[1];').operations
        (h 0, cx 0 1)
    """
    if isinstance(text, str):
        text = _encode(text, source)
    turns = check_turns(max_turns)
    num_qubits, read_gates, steps, products, inputs, classical, notes = _native.read_openqasm(text, source, turns)
    for reason, line, column, excerpt in notes:
        warning = CircuitFileWarning(reason, line=line, column=column, source=source, excerpt=excerpt)
        warnings.warn(warning, stacklevel=2)
    expressions, phase = _expressions(inputs, source)
    gates = _gates(read_gates, products, expressions)
    registers, happened, dynamic = classical
    if not (dynamic or (final_measurements and happened)):
        return Circuit.from_operations(num_qubits, _operations(gates, steps, phase))
    return openqasm_events.dynamic_circuit(num_qubits, list(_operations(gates, steps, phase)), registers, happened)


def _expressions(inputs: _Inputs, source: str | None) -> tuple[list[ParameterExpression], ParameterExpression]:
    """Returns the expressions of the inputs, and the part of the global phase that depends on inputs."""
    names, expressions, phase_terms = inputs
    try:
        for name in names:
            check_name(name)
    except CircuitError as error:
        raise CircuitFileError(str(error), source=source) from error

    def named(terms: Sequence[tuple[int, float]], constant: float = 0.0) -> ParameterExpression:
        return ParameterExpression(tuple(sorted((names[number], factor) for number, factor in terms)), constant)

    return [named(terms, constant) for terms, constant in expressions], named(phase_terms)


def _gates(
    read_gates: Sequence[_ReadGate], products: Sequence[_Product], expressions: Sequence[ParameterExpression]
) -> list[Gate | ParametricGate]:
    """Returns the gates in order; a gate uses only products whose gates come before it."""
    gates: list[Gate | ParametricGate] = []
    # Looked up once for each name: files have many gates of one name with different angles.
    names: dict[str, tuple[str, int]] = {}
    for base, parameters, powers, num_controls in read_gates:
        new: Gate | ParametricGate
        if isinstance(base, str):
            record = names.get(base)
            if record is None:
                record = names[base] = find_name(base)
            if expressions and any(type(given) is int for given in parameters):
                angles = (expressions[given] if isinstance(given, int) else given for given in parameters)
                new = ParametricGate(record[0], tuple(angles), record[1])
            else:
                new = Gate(record[0], parameters, record[1])
        else:
            new = _product(products[base], gates)
        for power in powers:
            new = new.power(power)
        gates.append(new.controlled(num_controls) if num_controls else new)
    return gates


def _operations(
    gates: Sequence[Gate | ParametricGate], steps: _Steps, more_phase: ParameterExpression | None = None
) -> Iterator[Operation]:
    """Returns the operations of numbered gates on their qubits, and at the end the global phase if there is one."""
    numbers, qubits, number = steps
    operations = map(Operation, map(gates.__getitem__, numbers), qubits)
    phase = number if more_phase is None or not more_phase.terms else more_phase + number
    return chain(operations, [Operation(gate("gphase", phase), ())]) if phase else operations


def _product(product: _Product, gates: Sequence[Gate | ParametricGate]) -> Gate:
    """Returns the matrix gate of a gate that the file defines, of at most six qubits."""
    name, num_qubits, steps = product
    matrix = np.eye(2**num_qubits, dtype=np.complex128).reshape((2,) * (2 * num_qubits))
    for step in _operations(gates, steps):
        count = len(step.qubits)
        tensor = step.gate.unitary().reshape((2,) * (2 * count))
        product_axes = (tuple(range(count, 2 * count)), step.qubits)
        matrix = np.moveaxis(np.tensordot(tensor, matrix, axes=product_axes), range(count), step.qubits)
    return unitary_gate(matrix.reshape(2**num_qubits, 2**num_qubits), name=name)


def _encode(text: str, source: str | None) -> bytes:
    if len(text) > MAX_TEXT_BYTES:
        raise CircuitFileError(
            f"the text has {len(text)} characters, but at most {MAX_TEXT_BYTES} bytes are allowed; "
            "make it smaller, for instance with 'gate' or 'for'",
            line=1,
            column=1,
            source=source,
            excerpt=_native.excerpt(text[:1000].encode("utf-8", "replace"), 0),
        )
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        before = text[: error.start]
        shown = text[before.rfind("\n") + 1 : error.start + 1000].encode("utf-8", "replace")
        raise CircuitFileError(
            f"the character U+{ord(text[error.start]):04X} cannot be encoded in UTF-8; remove it",
            line=1 + before.count("\n"),
            column=len(before) - before.rfind("\n"),
            source=source,
            excerpt=_native.excerpt(shown, len(before[before.rfind("\n") + 1 :].encode())),
        ) from error

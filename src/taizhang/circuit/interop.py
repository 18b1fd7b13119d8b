"""Circuits from and to Qiskit and Cirq, which are optional packages.

Qubit k of a Qiskit circuit is qubit k here; Qiskit prints bitstrings the other way round. Qubits of a Cirq circuit are
numbered in Cirq's own order of qubits. Global phases are kept. Measurements at the end are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from taizhang._optional import optional_module
from taizhang.circuit.circuit import Circuit, Operation, check_sizes
from taizhang.circuit.gates import MAX_DENSE_QUBITS, Gate, gate, unitary_gate
from taizhang.errors import CircuitError

# Qiskit's names of gates that mean the same here; control gates are taken apart before.
_QISKIT_NAMES = {"global_phase": "gphase", "rcccx": "rc3x"} | {
    name: name
    for names in (
        ("id", "x", "y", "z", "h", "s", "sdg", "t", "tdg", "sx", "sxdg", "rx", "ry", "rz", "p", "u1", "u2", "u3", "u"),
        ("swap", "iswap", "rxx", "ryy", "rzz", "rzx", "ecr", "dcx", "rccx"),
    )
    for name in names
}
_QISKIT_CLASSES = {
    "gphase": "GlobalPhaseGate",
    "id": "IGate",
    "x": "XGate",
    "y": "YGate",
    "z": "ZGate",
    "h": "HGate",
    "s": "SGate",
    "sdg": "SdgGate",
    "t": "TGate",
    "tdg": "TdgGate",
    "sx": "SXGate",
    "sxdg": "SXdgGate",
    "rx": "RXGate",
    "ry": "RYGate",
    "rz": "RZGate",
    "p": "PhaseGate",
    "u": "UGate",
    "swap": "SwapGate",
    "iswap": "iSwapGate",
    "rxx": "RXXGate",
    "ryy": "RYYGate",
    "rzz": "RZZGate",
    "rzx": "RZXGate",
    "ecr": "ECRGate",
    "dcx": "DCXGate",
    "rccx": "RCCXGate",
    "rc3x": "RC3XGate",
}
_IGNORED = ("barrier", "delay")


def from_qiskit(circuit: Any) -> Circuit:
    """Makes a circuit from a `qiskit.QuantumCircuit`.

    Args:
        circuit: Without free parameters; gates, barriers, and measurements with nothing after them.

    Returns:
        The circuit; qubit k is `circuit.qubits[k]`.

    Raises:
        MissingPackageError: Qiskit is not installed.
        CircuitError: Something in the circuit is not a gate, or a parameter has no value.
    """
    _import("qiskit", "qiskit")
    check_sizes(circuit.num_qubits)
    places = {qubit: place for place, qubit in enumerate(circuit.qubits)}
    operations = list(_from_qiskit_data(circuit, places, set()))
    if circuit.global_phase:
        operations.append(Operation(gate("gphase", _number(circuit.global_phase, "the global phase")), ()))
    return Circuit.from_operations(circuit.num_qubits, operations)


def to_qiskit(circuit: Circuit) -> Any:
    """Makes a `qiskit.QuantumCircuit` from a circuit.

    Args:
        circuit: Any circuit.

    Returns:
        Qiskit's circuit on as many qubits; qubit k is qubit k.

    Raises:
        MissingPackageError: Qiskit is not installed.
        SizeLimitError: A gate that Qiskit lacks has too large a matrix.
    """
    qiskit = _import("qiskit", "qiskit")
    library = _import("qiskit.circuit.library", "qiskit")
    made = qiskit.QuantumCircuit(circuit.num_qubits)
    for step in circuit.operations:
        if step.gate.name == "gphase" and step.gate.num_controls == 0:
            made.global_phase += step.gate.parameters[0]
        else:
            chosen, qubits = _to_qiskit_gate(library, step)
            made.append(chosen, qubits)
    return made


def from_cirq(circuit: Any, *, qubit_order: Sequence[Any] | None = None) -> Circuit:
    """Makes a circuit from a `cirq.Circuit`.

    Args:
        circuit: Without free symbols; unitary operations, and measurements with nothing after them.
        qubit_order: Which qubit of Cirq is which here. Cirq's own order by default.

    Returns:
        The circuit.

    Raises:
        MissingPackageError: Cirq is not installed.
        CircuitError: An operation has no matrix, or a qubit is not in `qubit_order`.
    """
    cirq = _import("cirq", "cirq-core")
    qubits = sorted(circuit.all_qubits()) if qubit_order is None else list(qubit_order)
    places = {qubit: place for place, qubit in enumerate(qubits)}
    missing = [qubit for qubit in circuit.all_qubits() if qubit not in places]
    if missing:
        raise CircuitError(f"qubit {missing[0]} of the Cirq circuit is not in `qubit_order`; name every qubit there")
    check_sizes(len(qubits))
    return Circuit.from_operations(len(qubits), _from_cirq_operations(cirq, circuit, places))


def to_cirq(circuit: Circuit) -> Any:
    """Makes a `cirq.Circuit` from a circuit.

    Args:
        circuit: Any circuit.

    Returns:
        Cirq's circuit on `cirq.LineQubit.range(num_qubits)`; qubits without operations are in it as identities.

    Raises:
        MissingPackageError: Cirq is not installed.
    """
    cirq = _import("cirq", "cirq-core")
    qubits = cirq.LineQubit.range(circuit.num_qubits)
    used = {qubit for step in circuit.operations for qubit in step.qubits}
    made = cirq.Circuit(cirq.I(qubits[qubit]) for qubit in range(circuit.num_qubits) if qubit not in used)
    made.append(
        _to_cirq_gate(cirq, step.gate).on(*(qubits[qubit] for qubit in step.qubits)) for step in circuit.operations
    )
    return made


def _import(module: str, package: str) -> Any:
    """Returns an optional module."""
    return optional_module(module, package=package, what_for="exchanging circuits with another program")


def _number(value: Any, what: str) -> float:
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise CircuitError(f"{what} is {value}, which is not a number; bind all parameters first") from error


def _from_qiskit_data(circuit: Any, places: dict[Any, int], measured: set[int]) -> Iterator[Operation]:
    for instruction in circuit.data:
        kind, qubits = instruction.operation, tuple(places[qubit] for qubit in instruction.qubits)
        if kind.name in _IGNORED:
            continue
        if measured.intersection(qubits):
            raise CircuitError(
                f"'{kind.name}' comes after a measurement of its qubit; only measurements at the end are supported"
            )
        if kind.name == "measure":
            measured.update(qubits)
            continue
        chosen = _from_qiskit_gate(kind)
        if chosen is not None:
            yield Operation(chosen, qubits)
        else:
            yield from _from_qiskit_definition(kind, qubits)


def _from_qiskit_gate(kind: Any) -> Gate | None:
    """Returns the gate of the table that Qiskit's gate is, or None."""
    base = getattr(kind, "base_gate", None)
    if base is not None and hasattr(kind, "num_ctrl_qubits"):
        if kind.ctrl_state != 2**kind.num_ctrl_qubits - 1:
            return None
        if kind.name == "cu":
            return gate("cu", *_parameters(kind))
        inner = _from_qiskit_gate(base)
        return None if inner is None else inner.controlled(kind.num_ctrl_qubits)
    if hasattr(kind, "base_op"):
        return _from_qiskit_modifiers(kind)
    if kind.name == "unitary" and kind.num_qubits <= MAX_DENSE_QUBITS:
        return unitary_gate(_first_qubit_slowest(np.asarray(kind.to_matrix())))
    if kind.name == "r":
        angle, axis = _parameters(kind)
        return gate("rxy", axis, angle)
    name = _QISKIT_NAMES.get(kind.name)
    # A user's own gate may have the name of one of Qiskit's.
    if name is None or not _is_of_qiskits_library(kind):
        return None
    return gate(name, *_parameters(kind))


def _from_qiskit_modifiers(kind: Any) -> Gate | None:
    """Returns the gate that one of Qiskit's with modifiers (control, inverse, power) is, or None."""
    chosen = _from_qiskit_gate(kind.base_op)
    for modifier in kind.modifiers:
        if chosen is None:
            return None
        if hasattr(modifier, "num_ctrl_qubits"):
            all_ones = modifier.ctrl_state in (None, 2**modifier.num_ctrl_qubits - 1)
            chosen = chosen.controlled(modifier.num_ctrl_qubits) if all_ones else None
        elif hasattr(modifier, "power"):
            chosen = chosen.power(_number(modifier.power, "a power"))
        else:
            chosen = chosen.inverse()
    return chosen


def _is_of_qiskits_library(kind: Any) -> bool:
    # Gates without parameters are instances of a class made on the fly; base_class is the one that was written.
    return str(getattr(kind, "base_class", type(kind)).__module__).startswith("qiskit.circuit.library")


def _parameters(kind: Any) -> list[float]:
    return [_number(value, f"a parameter of '{kind.name}'") for value in kind.params]


def _from_qiskit_definition(kind: Any, qubits: tuple[int, ...]) -> Iterator[Operation]:
    """Yields the operations that Qiskit defines a gate by, or its matrix where it is small."""
    definition = getattr(kind, "definition", None)
    if definition is None or getattr(kind, "condition", None) is not None or kind.num_clbits:
        if hasattr(kind, "to_matrix") and kind.num_qubits <= MAX_DENSE_QUBITS:
            yield Operation(unitary_gate(_first_qubit_slowest(np.asarray(kind.to_matrix())), name=kind.name), qubits)
            return
        raise CircuitError(f"'{kind.name}' of the Qiskit circuit is not a gate; remove it, or decompose the circuit")
    places = {qubit: qubits[place] for place, qubit in enumerate(definition.qubits)}
    yield from _from_qiskit_data(definition, places, set())
    if definition.global_phase:
        yield Operation(gate("gphase", _number(definition.global_phase, "a global phase")), ())


def _first_qubit_slowest(matrix: Any) -> Any:
    """Returns a matrix with the bits of its row and column numbers reversed."""
    num_qubits = len(matrix).bit_length() - 1
    order = list(range(num_qubits))[::-1]
    tensor = matrix.reshape((2,) * (2 * num_qubits))
    return tensor.transpose(order + [num_qubits + axis for axis in order]).reshape(matrix.shape)


def _to_qiskit_gate(library: Any, step: Operation) -> tuple[Any, list[int]]:
    chosen = step.gate
    qubits = list(step.qubits)
    name = _QISKIT_CLASSES.get(chosen.name) if chosen.entries is None else None
    if name is None:
        base = library.UnitaryGate(_first_qubit_slowest(chosen.matrix), label=chosen.name)
    else:
        base = getattr(library, name)(*chosen.parameters)
    if chosen.num_controls == 0:
        return base, qubits
    if chosen.name == "gphase":
        phase = gate("gphase", *chosen.parameters).controlled(chosen.num_controls)
        return _to_qiskit_gate(library, Operation(phase, step.qubits))
    return base.control(chosen.num_controls, annotated=False), qubits


def _from_cirq_operations(cirq: Any, circuit: Any, places: dict[Any, int]) -> Iterator[Operation]:
    measured: set[int] = set()
    for moment in circuit:
        for operation in moment.operations:
            qubits = tuple(places[qubit] for qubit in operation.qubits)
            if measured.intersection(qubits):
                raise CircuitError(
                    f"'{operation}' comes after a measurement of its qubit; only measurements at the end are supported"
                )
            if cirq.is_measurement(operation):
                measured.update(qubits)
            else:
                yield from _from_cirq_operation(cirq, operation, qubits)


def _from_cirq_operation(cirq: Any, operation: Any, qubits: tuple[int, ...]) -> Iterator[Operation]:
    plain = operation.untagged
    if isinstance(plain, cirq.ControlledOperation) and all(
        values == (1,) for values in getattr(plain.control_values, "_qubit_sums", [()])
    ):
        num_controls = len(plain.controls)
        for inner in _from_cirq_operation(cirq, plain.sub_operation, qubits[num_controls:]):
            yield Operation(inner.gate.controlled(num_controls), qubits[:num_controls] + inner.qubits)
        return
    chosen = _from_cirq_gate(cirq, plain.gate)
    if chosen is None:
        if len(qubits) > MAX_DENSE_QUBITS or not cirq.has_unitary(plain):
            raise CircuitError(
                f"'{operation}' of the Cirq circuit has no matrix of at most {MAX_DENSE_QUBITS} qubits; bind its "
                "symbols, or decompose it"
            )
        chosen = unitary_gate(cirq.unitary(plain), name=type(plain.gate).__name__)
    yield Operation(chosen, qubits)


def _from_cirq_gate(cirq: Any, kind: Any) -> Gate | None:
    """Returns the gate of the table that Cirq's gate is, or None."""
    for name, other in _cirq_constants(cirq):
        if kind == other:
            return gate(name)
    if isinstance(kind, cirq.FSimGate) and not cirq.is_parameterized(kind):
        return gate("fsim", float(kind.theta), float(kind.phi))
    for name, rotation in (("rx", cirq.Rx), ("ry", cirq.Ry), ("rz", cirq.Rz)):
        if isinstance(kind, rotation) and not cirq.is_parameterized(kind):
            return gate(name, float(kind._rads))
    return None


def _cirq_constants(cirq: Any) -> list[tuple[str, Any]]:
    return [
        ("id", cirq.I),
        ("x", cirq.X),
        ("y", cirq.Y),
        ("z", cirq.Z),
        ("h", cirq.H),
        ("s", cirq.S),
        ("t", cirq.T),
        ("sdg", cirq.S**-1),
        ("tdg", cirq.T**-1),
        ("sx", cirq.X**0.5),
        ("cx", cirq.CNOT),
        ("cz", cirq.CZ),
        ("swap", cirq.SWAP),
        ("iswap", cirq.ISWAP),
        ("ccx", cirq.CCX),
        ("ccz", cirq.CCZ),
        ("cswap", cirq.CSWAP),
    ]


def _to_cirq_gate(cirq: Any, chosen: Gate) -> Any:
    if chosen.entries is None:
        for name, other in _cirq_constants(cirq):
            if chosen == gate(name):
                return other
    makers = {"rx": cirq.rx, "ry": cirq.ry, "rz": cirq.rz, "fsim": cirq.FSimGate}
    if chosen.entries is None and chosen.name in makers:
        base = makers[chosen.name](*chosen.parameters)
    elif chosen.num_targets == 0:
        base = cirq.GlobalPhaseGate(complex(chosen.matrix[0, 0]))
    else:
        base = cirq.MatrixGate(chosen.matrix, name=repr(Gate(chosen.name, chosen.parameters, 0, chosen.entries)))
    return base.controlled(chosen.num_controls) if chosen.num_controls else base

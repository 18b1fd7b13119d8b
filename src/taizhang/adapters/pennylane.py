"""Circuits from PennyLane; and its device, `qml.device("taizhang.qubit")`, which `pennylane_device` defines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from taizhang._checks import describe
from taizhang._lazy import lazy_module
from taizhang._optional import optional_module
from taizhang.adapters.matching import gate_of_matrix
from taizhang.circuit.channel import MAX_CHANNEL_QUBITS, make_channel
from taizhang.circuit.circuit import Circuit, check_sizes
from taizhang.circuit.gates import MAX_DENSE_QUBITS, gate
from taizhang.circuit.operation import Operation
from taizhang.circuit.parameter import Angle
from taizhang.circuit.preparation import preparation
from taizhang.errors import CircuitError, UsageError

pennylane_device: Any = lazy_module("taizhang.adapters.pennylane_device")

_SMALL_QUBITS = 2
_MOST_NESTED = 100
# PennyLane's classes for gates of the table.
_CLASSES = {
    "Hadamard": "h",
    "PauliX": "x",
    "PauliY": "y",
    "PauliZ": "z",
    "S": "s",
    "T": "t",
    "SX": "sx",
    "CNOT": "cx",
    "CY": "cy",
    "CZ": "cz",
    "CH": "ch",
    "SWAP": "swap",
    "ISWAP": "iswap",
    "Toffoli": "ccx",
    "CCZ": "ccz",
    "CSWAP": "cswap",
    "RX": "rx",
    "RY": "ry",
    "RZ": "rz",
    "PhaseShift": "p",
    "U1": "p",
    "U2": "u2",
    "U3": "u",
    "CRX": "crx",
    "CRY": "cry",
    "CRZ": "crz",
    "ControlledPhaseShift": "cp",
    "IsingXX": "rxx",
    "IsingYY": "ryy",
    "IsingZZ": "rzz",
}
_WITHOUT_EFFECT = ("Barrier", "WireCut", "Snapshot", "Identity")


def from_pennylane(tape: Any, *, wires: Any = None) -> Circuit:
    """Makes a circuit from a tape of PennyLane.

    Args:
        tape: A `QuantumScript` or `QuantumTape`, such as `qml.workflow.construct_tape(qnode)(…)` gives: gates and
            channels with numbers as parameters. Its measurements are left out.
        wires: The wire of each qubit, in order; by default the tape's own order of wires.

    Returns:
        The circuit. Gates of the table are kept by name, others by their matrix or their decomposition.

    Raises:
        MissingPackageError: PennyLane is not installed.
        UsageError: `tape` is something else.
        CircuitError: An operation is not supported, or acts on a wire that is not in `wires`.

    Example:
        >>> import pennylane as qml
        >>> tape = qml.tape.QuantumScript([qml.Hadamard(0), qml.CNOT([0, 1]), qml.IsingZZ(0.3, [0, 1])])
        >>> from_pennylane(tape).operations
        (h 0, cx 0 1, rzz(0.3) 0 1)
    """
    qml = _import()
    if not isinstance(tape, qml.tape.QuantumScript):
        raise UsageError(f"from_pennylane takes a tape of PennyLane, got {describe(tape)}")
    order = list(tape.wires if wires is None else wires)
    check_sizes(len(order))
    places = {wire: place for place, wire in enumerate(order)}
    if len(places) != len(order):
        raise CircuitError("a wire is named twice in `wires`; name each once")
    return Circuit(len(order), operations_of(tape.operations, places))


def operations_of(
    operations: Any, places: Mapping[Any, int], angle: Callable[[int, int], Angle | None] | None = None
) -> Iterator[Operation]:
    """Operations of the circuit for operations of a tape.

    Args:
        operations: Those of PennyLane.
        places: The qubit of each wire.
        angle: For the number of an operation, and of a parameter in it, another angle than its own, or None. Only gates
            of the table are asked for.

    Raises:
        CircuitError: An operation is not supported, or acts on a wire that has no qubit.
    """
    qml, known = _import(), gates_of_table()
    touched: set[Any] = set()
    for number, operation in enumerate(operations):
        name = known.get(type(operation))
        placed = all(wire in places for wire in operation.wires)
        if name is not None and placed:
            angles: tuple[Angle, ...] = tuple(map(_number, operation.parameters))
            if angle is not None:
                other = (angle(number, place) for place in range(len(angles)))
                angles = tuple(own if new is None else new for own, new in zip(angles, other, strict=True))
            yield Operation(gate(name, *angles), tuple(places[wire] for wire in operation.wires))
        elif placed and _prepares(qml, operation) and not touched.intersection(operation.wires):
            state = np.asarray(operation.state_vector()).reshape(-1)
            yield from preparation(len(places), {tuple(places[wire] for wire in operation.wires): state})
        else:
            yield from _read(qml, operation, places, 0)
        touched.update(operation.wires)


@lru_cache(maxsize=1)
def gates_of_table() -> Mapping[type, str]:
    """The names of the gates of the table for PennyLane's classes."""
    return {getattr(_import(), name): ours for name, ours in _CLASSES.items()}


def _prepares(qml: Any, operation: Any) -> bool:
    """Whether it prepares a state of a few qubits, which one gate does."""
    return isinstance(operation, qml.StatePrep) and len(operation.wires) <= MAX_DENSE_QUBITS


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise CircuitError(
            f"the parameter {value!s:.40} of the PennyLane tape must be a number; give a single one"
        ) from None


def _import() -> Any:
    return optional_module(
        "pennylane", package="pennylane", what_for="exchanging circuits with PennyLane", extra="pennylane"
    )


def _read(qml: Any, operation: Any, places: Mapping[Any, int], depth: int) -> Iterator[Operation]:
    name = f"'{operation.name}' of the PennyLane tape"
    if depth > _MOST_NESTED:
        raise CircuitError(f"{name} is decomposed more than {_MOST_NESTED} times")
    missing = [wire for wire in operation.wires if wire not in places]
    if missing:
        raise CircuitError(f"{name} acts on wire {missing[0]}, which is not in `wires`; name every wire there")
    if qml.math.is_abstract(operation.parameters[0]) if operation.parameters else False:
        raise CircuitError(f"{name} has a parameter without a value; give numbers")
    qubits = tuple(places[wire] for wire in operation.wires)
    if operation.name in _WITHOUT_EFFECT:
        return
    # Stage 1: global phases and channels.
    if operation.name == "GlobalPhase":
        yield Operation(gate("gphase", -float(operation.parameters[0])), ())
        return
    if isinstance(operation, qml.operation.Channel):
        if len(qubits) > MAX_CHANNEL_QUBITS:
            raise CircuitError(f"{name} is a channel on {len(qubits)} qubits; at most {MAX_CHANNEL_QUBITS} are allowed")
        yield Operation(make_channel(np.array(operation.kraus_matrices()), name=operation.name), qubits)
        return
    # Stage 2: gates by their matrix; large ones by their decomposition, if they have one.
    decomposed = operation.has_decomposition and len(qubits) > _SMALL_QUBITS and operation.name != "Toffoli"
    if operation.has_matrix and len(qubits) <= MAX_DENSE_QUBITS and not decomposed:
        matrix = np.asarray(qml.matrix(operation), dtype=np.complex128)
        numbers = [float(value) for value in operation.parameters if np.ndim(value) == 0]
        yield Operation(gate_of_matrix(operation.name, numbers, matrix), qubits)
    elif operation.has_decomposition:
        for part in operation.decomposition():
            yield from _read(qml, part, places, depth + 1)
    else:
        raise CircuitError(f"{name} has neither a matrix nor a decomposition; measurements and others are not read")


def __getattr__(name: str) -> Any:
    # It is a subclass of PennyLane's class, which is imported only for it.
    if name == "TaizhangDevice":
        _import()
        return pennylane_device.TaizhangDevice
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")

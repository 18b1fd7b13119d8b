"""Circuits from PennyLane."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from taizhang._checks import describe
from taizhang._optional import optional_module
from taizhang.adapters.matching import gate_of_matrix
from taizhang.circuit.channel import MAX_CHANNEL_QUBITS, make_channel
from taizhang.circuit.circuit import Circuit, check_sizes
from taizhang.circuit.gates import MAX_DENSE_QUBITS, gate
from taizhang.circuit.operation import Operation
from taizhang.errors import CircuitError, UsageError

_SMALL_QUBITS = 2
_MOST_NESTED = 100


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
    qml = optional_module("pennylane", package="pennylane", what_for="exchanging circuits with another program")
    if not isinstance(tape, qml.tape.QuantumScript):
        raise UsageError(f"from_pennylane takes a tape of PennyLane, got {describe(tape)}")
    order = list(tape.wires if wires is None else wires)
    check_sizes(len(order))
    places = {wire: place for place, wire in enumerate(order)}
    if len(places) != len(order):
        raise CircuitError("a wire is named twice in `wires`; name each once")
    return Circuit(len(order), (step for operation in tape.operations for step in _read(qml, operation, places, 0)))


def _read(qml: Any, operation: Any, places: dict[Any, int], depth: int) -> Iterator[Operation]:
    name = f"'{operation.name}' of the PennyLane tape"
    if depth > _MOST_NESTED:
        raise CircuitError(f"{name} is decomposed more than {_MOST_NESTED} times")
    missing = [wire for wire in operation.wires if wire not in places]
    if missing:
        raise CircuitError(f"{name} acts on wire {missing[0]}, which is not in `wires`; name every wire there")
    if qml.math.is_abstract(operation.parameters[0]) if operation.parameters else False:
        raise CircuitError(f"{name} has a parameter without a value; give numbers")
    qubits = tuple(places[wire] for wire in operation.wires)
    if operation.name in ("Barrier", "WireCut", "Snapshot", "Identity"):
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

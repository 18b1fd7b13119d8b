"""Layout of the operations of a circuit: layers of time, each of them one or more columns wide.

Each operation is in the earliest layer that its qubits allow, as `Circuit.depth` counts them. An operation on several
qubits is joined by a vertical line; those of one layer whose lines would cross or touch stand in columns side by side.
Qubits below the last one shown share one row, so the work for an operation is bounded by the number of rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from taizhang.circuit.circuit import Circuit
from taizhang.circuit.gates import Gate
from taizhang.circuit.operation import Operation
from taizhang.circuit.parameter import Angle, ParameterExpression, as_angle
from taizhang.circuit.parametric_gate import SymbolicGate

_MOST_ASSIGNMENTS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Operations of a circuit in columns, and the number left out.

    Attributes:
        columns: The operations drawn; in each column no two touch or cross.
        rows: Number of qubits shown: the first ones.
        hidden_qubits: Number of qubits not shown.
        hidden_operations: Number of operations not shown, those on hidden qubits alone included.
        phase: Sum of the global phases among the operations shown, in radians.
        assignments: The assignments of bits among them, in order.
    """

    columns: tuple[tuple[Operation, ...], ...]
    rows: int
    hidden_qubits: int
    hidden_operations: int
    phase: Angle
    assignments: tuple[str, ...] = ()

    def notes(self) -> Iterator[str]:
        """Notes about what the drawing does not show as gates."""
        if self.phase:
            shown = repr(self.phase) if isinstance(self.phase, ParameterExpression) else f"{self.phase:.6g}"
            yield f"global phase {shown}"
        yield from self.assignments[:_MOST_ASSIGNMENTS]
        if len(self.assignments) > _MOST_ASSIGNMENTS:
            yield f"… {len(self.assignments) - _MOST_ASSIGNMENTS:,} more assignments of bits"
        hidden = ((self.hidden_operations, "operation"), (self.hidden_qubits, "qubit"))
        left_out = [f"{number:,} more {noun}{'' if number == 1 else 's'}" for number, noun in hidden if number]
        if left_out:
            yield f"… {', '.join(left_out)}"


def arrange(circuit: Circuit, *, most_qubits: int, most_columns: int, most_operations: int) -> Columns:
    """Arranges the operations of a circuit in columns, within limits.

    After an operation that is left out, nothing more is drawn on its qubits: the drawing shows a beginning of the
    circuit.

    Args:
        circuit: The circuit.
        most_qubits: Largest number of qubits to show, from the first.
        most_columns: Largest number of columns.
        most_operations: Largest number of operations.

    Returns:
        The operations in columns.
    """
    # Stage 1: put each operation in the earliest layer that its qubits allow.
    rows = min(circuit.num_qubits, most_qubits)
    next_layer = [0] * rows
    layers: list[list[Operation]] = []
    num_shown = 0
    phase: Angle = 0.0
    assignments: list[str] = []
    for operation in circuit:
        if num_shown == most_operations or min(next_layer, default=0) >= most_columns:
            break
        shown = [qubit for qubit in operation.qubits if qubit < rows]
        if not operation.qubits:  # a global phase or an assignment is a note, not a symbol
            if isinstance(operation.action, (Gate, SymbolicGate)):
                phase += operation.any_gate.parameters[0]
            else:
                assignments.append(repr(operation.action))
            num_shown += 1
        if not shown:
            continue
        layer = max(next_layer[qubit] for qubit in shown)
        for qubit in shown:
            next_layer[qubit] = layer + 1
        if layer >= most_columns:  # left out, but it blocks its qubits for later operations
            continue
        if layer == len(layers):
            layers.append([])
        layers[layer].append(operation)
        num_shown += 1
    # Stage 2: split each layer into columns, as long as they fit.
    columns: list[tuple[Operation, ...]] = []
    for number, layer_operations in enumerate(layers):
        split = _split(layer_operations, rows)
        if number and len(columns) + len(split) > most_columns:
            num_shown -= sum(map(len, layers[number:]))
            break
        columns.extend(split)
    return Columns(
        columns=tuple(columns),
        rows=rows,
        hidden_qubits=circuit.num_qubits - rows,
        hidden_operations=len(circuit) - num_shown,
        phase=as_angle(phase) if isinstance(phase, ParameterExpression) else phase,
        assignments=tuple(assignments),
    )


def _split(layer: list[Operation], rows: int) -> list[tuple[Operation, ...]]:
    """Splits a layer into columns in which no two operations touch or cross: each goes in the first column that fits.

    In order of their first rows, this needs only as many columns as operations overlap in one row.
    """
    columns: list[list[Operation]] = []
    ends: list[int] = []
    for operation in sorted(layer, key=lambda operation: min(operation.qubits)):
        first, last = min(operation.qubits), min(max(operation.qubits), rows)
        column = next((number for number, end in enumerate(ends) if end < first), len(columns))
        if column == len(columns):
            columns.append([])
            ends.append(last)
        columns[column].append(operation)
        ends[column] = last
    return [tuple(column) for column in columns]

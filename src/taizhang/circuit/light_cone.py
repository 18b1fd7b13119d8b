"""Light cones: the gates that can affect a result on some qubits.

Going backwards from the end of a circuit, a gate on none of the qubits that matter so far cancels between the state and
its conjugate and may be left out; any other gate makes all of its qubits matter. If only probabilities are needed, so
may a gate that keeps the basis states of those of its qubits that matter, as long as no later gate changes them.
"""

from __future__ import annotations

from collections.abc import Sequence

from taizhang.circuit.circuit import Circuit, Operation


def light_cone(
    circuit: Circuit, qubits: Sequence[int], *, probabilities: bool = False
) -> tuple[Circuit, tuple[int, ...]]:
    """Returns the part of a circuit that can affect some qubits at its end.

    Args:
        circuit: The circuit.
        qubits: The qubits that matter.
        probabilities: Whether only their probabilities matter, not the phases.

    Returns:
        A circuit on fewer qubits that gives `qubits` the same state (or the same probabilities), and the qubits of the
        given circuit that its qubits are, ascending.

    Example:
        >>> chain = Circuit(4).append("h", 0).append("cx", 0, 1).append("cx", 2, 3).append("cx", 1, 2)
        >>> light_cone(chain, [1])
        (Circuit of 4 qubits, 4 operations, (0, 1, 2, 3))
        >>> light_cone(chain, [1], probabilities=True)
        (Circuit of 2 qubits, 2 operations, (0, 1))
    """
    matter = set(qubits)
    measured = set(qubits) if probabilities else set()
    kept: list[Operation] = []
    for operation in reversed(circuit.operations):
        touched = matter.intersection(operation.qubits)
        if not touched or (touched <= measured and _keeps(operation, touched)):
            continue
        kept.append(operation)
        matter.update(operation.qubits)
        measured.difference_update(operation.qubits)
    ascending = tuple(sorted(matter))
    place = {qubit: number for number, qubit in enumerate(ascending)}
    moved = (Operation(step.action, tuple(place[qubit] for qubit in step.qubits)) for step in reversed(kept))
    return Circuit.from_operations(len(ascending), moved), ascending


def _keeps(operation: Operation, qubits: set[int]) -> bool:
    """Whether an operation leaves the basis states of some of its qubits as they are."""
    return operation.any_gate.diagonal or qubits <= set(operation.qubits[: operation.any_gate.num_controls])

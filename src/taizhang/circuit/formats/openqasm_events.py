"""What OpenQASM has beside gates, as operations: measurements, resets, conditions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from taizhang.circuit import channels
from taizhang.circuit.circuit import Circuit
from taizhang.circuit.classical import Conditional, Measure, Reset
from taizhang.circuit.condition import AllOf, Compare, Condition, Parity
from taizhang.circuit.operation import Action, Operation

Event = tuple[Any, ...]


def dynamic_circuit(
    num_qubits: int,
    gates: Sequence[Operation],
    registers: Sequence[tuple[str, int]],
    events: Sequence[tuple[int, Event]],
) -> Circuit:
    """Puts what happens between gates into a circuit.

    Args:
        num_qubits: Number of qubits.
        gates: The gates, in order.
        registers: Names and sizes of the registers of bits.
        events: What happens beside gates, each with the number of gates before it, in order.
    """
    sized = {name: size for name, size in registers if size}
    return Circuit(num_qubits, _operations(gates, events), bits=sized)


def _operations(gates: Sequence[Operation], events: Sequence[tuple[int, Event]]) -> Iterator[Operation]:
    conditions: list[Condition] = []

    def under(action: Action) -> Action:
        for condition in reversed(conditions):
            action = Conditional(condition, action)
        return action

    done = 0
    for place, event in events:
        for step in gates[done:place]:
            yield Operation(under(step.action), step.qubits) if conditions else step
        done = place
        kind = event[0]
        if kind == "if":
            conditions.append(_condition(event[1]))
        elif kind == "end":
            conditions.pop()
        elif kind == "reset":
            yield Operation(under(Reset()), (event[1],))
        elif event[2] is None:
            # The outcome is dropped: what is left is the loss of phase.
            yield Operation(under(channels.phase_damping(1.0)), (event[1],))
        else:
            yield Operation(under(Measure(event[2])), (event[1],))
    yield from gates[done:]


def _condition(parts: Event) -> Condition:
    if parts[0] == "compare":
        return Compare(parts[1], parts[2], int(parts[3]))
    if parts[0] == "odd":
        return Parity(parts[1])
    return AllOf(tuple(map(_condition, parts[1])), parts[2])

"""What OpenQASM has beside gates, as operations: measurements, resets, assignments of bits, blocks under conditions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from taizhang.circuit import channels
from taizhang.circuit.blocks import END, OTHERWISE, Begin, Step, Unfinished, circuit_of_blocks
from taizhang.circuit.circuit import Circuit
from taizhang.circuit.classical import Assign, Measure, Reset
from taizhang.circuit.condition import AllOf, Compare, Condition, Parity
from taizhang.circuit.operation import Operation

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
    return circuit_of_blocks(num_qubits, _steps(gates, events), sized)


def _steps(gates: Sequence[Operation], events: Sequence[tuple[int, Event]]) -> Iterator[Step]:
    done = 0
    for place, event in events:
        yield from gates[done:place]
        done = place
        kind = event[0]
        if kind == "if":
            yield Begin(_condition(event[1]))
        elif kind == "else":
            yield OTHERWISE
        elif kind == "end":
            yield END
        elif kind == "unfinished":
            yield Unfinished(_condition(event[1]))
        elif kind == "assign":
            yield Operation(Assign(event[1], _condition(event[2])), ())
        elif kind == "reset":
            yield Operation(Reset(), (event[1],))
        elif event[2] is None:
            # The outcome is dropped: what is left is the loss of phase.
            yield Operation(channels.phase_damping(1.0), (event[1],))
        else:
            yield Operation(Measure(event[2]), (event[1],))
    yield from gates[done:]


def _condition(parts: Event) -> Condition:
    if parts[0] == "compare":
        return Compare(parts[1], parts[2], int(parts[3]))
    if parts[0] == "odd":
        return Parity(parts[1])
    return AllOf(tuple(map(_condition, parts[1])), parts[2])

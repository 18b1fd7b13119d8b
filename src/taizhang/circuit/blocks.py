"""Blocks under conditions, written out as operations that each have their own condition.

A condition is looked at where its block begins. Where the block writes bits that the condition reads, its value is
kept in a working bit. The turns of a loop that depends on outcomes are blocks within blocks, up to a limit; what is
left then is kept in a bit of its own, so that its probability can be told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from taizhang.circuit.circuit import Circuit
from taizhang.circuit.classical import Assign, Conditional, bits_written
from taizhang.circuit.condition import AllOf, Compare, Condition
from taizhang.circuit.operation import Action, Operation

WORKING, UNFINISHED = "_if", "_unfinished"
"""Registers of kept conditions, and of loops that were not left."""


@dataclass(frozen=True, slots=True)
class Begin:
    """The beginning of a block that is done where a condition holds here."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class Unfinished:
    """The last turn of a loop was written; where the condition holds, turns are missing."""

    condition: Condition


class _Mark:
    """A place between steps."""


OTHERWISE: Final = _Mark()
"""What follows is done where the condition of the block did not hold."""

END: Final = _Mark()
"""The end of a block."""

Step: TypeAlias = "Operation | Begin | Unfinished | _Mark"


def negation(condition: Condition) -> Condition:
    """The condition that holds where another does not.

    Example:
        >>> str(negation(Compare((0,), "==", 1)))
        'not (bit 0 == 1)'
    """
    if isinstance(condition, AllOf):
        return AllOf(condition.parts, not condition.negated)
    return AllOf((condition,), True)


def circuit_of_blocks(num_qubits: int, steps: Iterable[Step], registers: Mapping[str, int]) -> Circuit:
    """Writes blocks out.

    Args:
        num_qubits: Number of qubits.
        steps: Operations, and the beginnings and ends of blocks, in order.
        registers: Names and sizes of the registers of bits, whose bits the steps name.

    Returns:
        A circuit, with registers of working bits added where they are needed.

    Example:
        >>> from taizhang.circuit.gates import gate
        >>> flip, turn = Operation(gate("x"), (0,)), Operation(gate("h"), (0,))
        >>> steps = [Begin(Compare((0,), "==", 1)), flip, OTHERWISE, turn, END]
        >>> circuit_of_blocks(1, steps, {"c": 1}).operations
        (if (bit 0 == 1) x 0, if (not (bit 0 == 1)) h 0)
    """
    given = list(steps)
    kept = _kept(given)
    writer = _Writer(sum(registers.values()), kept)
    operations = list(writer.operations(given))
    sizes = dict(registers)
    sizes |= {WORKING: len(kept)} if kept else {}
    sizes |= {UNFINISHED: writer.num_loops} if writer.num_loops else {}
    return Circuit(num_qubits, operations, bits=sizes)


def _kept(steps: Sequence[Step]) -> set[int]:
    """Places of the blocks whose conditions must be kept: one of their bits is written before the end."""
    kept: set[int] = set()
    # For each open block: its place, and where each bit was first written in it.
    blocks: list[tuple[int, dict[int, int]]] = []
    last = -1
    for place, step in enumerate(steps):
        if isinstance(step, Begin):
            blocks.append((place, {}))
        elif step is END:
            begun, written = blocks.pop()
            condition = steps[begun]
            assert isinstance(condition, Begin)
            if any(written.get(bit, last) < last for bit in condition.condition.bits):
                kept.add(begun)
            if blocks:
                outer = blocks[-1][1]
                for bit, first in written.items():
                    outer.setdefault(bit, first)
        elif isinstance(step, Operation):
            last = place
            if blocks:
                for bit in bits_written(step.action):
                    blocks[-1][1].setdefault(bit, place)
        elif isinstance(step, Unfinished):
            last = place
    return kept


class _Writer:
    """Writes the operations of blocks.

    Args:
        first: Number of the first working bit.
        kept: Places of the blocks whose conditions are kept.
    """

    def __init__(self, first: int, kept: set[int]) -> None:
        # Bits of loops come after the working bits.
        self._kept, self._next_bit, self._first_of_loops = kept, first, first + len(kept)
        self.num_loops = 0

    def operations(self, steps: Sequence[Step]) -> Iterator[Operation]:
        """Yields the operations."""
        # For each open block: the conditions under which it and its alternative are done.
        blocks: list[tuple[tuple[Condition, ...], tuple[Condition, ...]]] = []
        around: tuple[Condition, ...] = ()
        for place, step in enumerate(steps):
            if isinstance(step, Begin):
                condition, outer = step.condition, around
                if place in self._kept:
                    bit, self._next_bit = self._next_bit, self._next_bit + 1
                    yield Operation(Assign(bit, AllOf((*around, condition)) if around else condition), ())
                    condition, around = Compare((bit,), "!=", 0), ()
                blocks.append((outer, (*outer, negation(condition))))
                around = (*around, condition)
            elif step is OTHERWISE:
                around = blocks[-1][1]
            elif step is END:
                around = blocks.pop()[0]
            elif isinstance(step, Unfinished):
                bit = self._first_of_loops + self.num_loops
                self.num_loops += 1
                yield Operation(Assign(bit, AllOf((*around, step.condition))), ())
            elif isinstance(step, Operation):
                action: Action = step.action
                for condition in reversed(around):
                    action = Conditional(condition, action)
                # A phase of the whole under a condition on outcomes changes nothing.
                if not around or step.qubits or bits_written(action):
                    yield Operation(action, step.qubits)

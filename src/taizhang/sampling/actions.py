"""Gates of a circuit classified by their effect on basis states, as samplers need them.

A sampler needs to know which qubits a gate leaves in their basis states (controls, diagonal gates), and whether it
permutes basis states (X, CX, swap) or mixes them. Both follow from the zeros of its matrix. Consecutive gates on one
qubit are multiplied together, and into the next gate on two qubits where that is mixing anyway.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from taizhang._types import ComplexArray
from taizhang.circuit.circuit import Circuit, Operation
from taizhang.network.fuse import fuse

NEGLIGIBLE = 1e-12
"""Elements of a unitary matrix below this are treated as rounding errors."""

Kind: TypeAlias = Literal["diagonal", "permuting", "mixing"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Action:
    """A gate, or several multiplied together.

    Attributes:
        controls: Qubits that must all be 1 for it to act.
        targets: Qubits that the matrix is on, the first the slowest.
        matrix: Unitary, complex128, shape (2**len(targets), 2**len(targets)).
        kind: Whether it multiplies basis states by phases, permutes them up to phases, or mixes them.
        kept: Qubits whose basis states it does not change: controls, and targets that act as controls.
        moves: For each basis state of the targets, its image; empty for an action that mixes.
    """

    controls: tuple[int, ...]
    targets: tuple[int, ...]
    matrix: ComplexArray
    kind: Kind
    kept: frozenset[int]
    moves: tuple[int, ...]

    @property
    def qubits(self) -> tuple[int, ...]:
        """Controls, then targets."""
        return self.controls + self.targets

    @property
    def changed(self) -> tuple[int, ...]:
        """Targets whose basis states the action may change."""
        return tuple(qubit for qubit in self.targets if qubit not in self.kept)

    @classmethod
    def of(cls, controls: tuple[int, ...], targets: tuple[int, ...], matrix: ComplexArray) -> Action:
        """Builds an action, with kind, kept qubits and moves found from a matrix."""
        clean = np.where(np.abs(matrix) > NEGLIGIBLE, matrix, 0)
        present = clean != 0
        rows, columns = np.nonzero(present)
        differ = int(np.bitwise_or.reduce(rows ^ columns, initial=0))
        count = len(targets)
        kept = {qubit for place, qubit in enumerate(targets) if not differ >> (count - 1 - place) & 1}
        monomial = len(rows) == len(matrix) and bool(np.all(present.sum(axis=0) == 1))
        kind: Kind = "diagonal" if differ == 0 else "permuting" if monomial else "mixing"
        moves = tuple(int(row) for row in np.argmax(present, axis=0)) if monomial else ()
        return cls(
            controls=controls, targets=targets, matrix=clean, kind=kind, kept=frozenset(kept | {*controls}), moves=moves
        )

    def is_only_a_phase(self) -> bool:
        """Whether the action multiplies every state by the same number."""
        diagonal = np.diag(self.matrix)
        return self.kind == "diagonal" and not self.controls and bool(np.allclose(diagonal, diagonal[0], atol=1e-12))


def actions_of(circuit: Circuit) -> tuple[Action, ...]:
    """Returns the actions of a circuit, in an order of time; gates on disjoint qubits may change places.

    Example:
        >>> ghz = Circuit(2).append("h", 0).append("t", 0).append("cx", 0, 1).append("rz", 1, parameters=[0.5])
        >>> [(action.qubits, action.kind) for action in actions_of(ghz)]
        [((0,), 'mixing'), ((0, 1), 'permuting'), ((1,), 'diagonal')]
    """
    return tuple(action for action in _merge(circuit) if not action.is_only_a_phase())


def _merge(circuit: Circuit) -> Iterator[Action]:
    """Yields the actions, with runs of gates on one qubit merged."""
    waiting: dict[int, ComplexArray] = {}
    for operation in fuse(circuit.operations):
        gate, qubits = operation.gate, operation.qubits
        if not qubits:
            continue
        if len(qubits) == 1:
            before = waiting.get(qubits[0])
            waiting[qubits[0]] = gate.matrix if before is None else gate.matrix @ before
            continue
        action = _action(operation)
        if action.kind == "mixing" and not action.controls and len(qubits) == 2 and not action.kept:
            yield Action.of((), qubits, action.matrix @ _product_of_waiting(waiting, qubits))
            continue
        for qubit in qubits:
            if qubit in waiting:
                yield Action.of((), (qubit,), waiting.pop(qubit))
        yield action
    for qubit, matrix in waiting.items():
        yield Action.of((), (qubit,), matrix)


def _action(operation: Operation) -> Action:
    gate, qubits = operation.gate, operation.qubits
    count = gate.num_controls
    return Action.of(qubits[:count], qubits[count:], gate.matrix)


def _product_of_waiting(waiting: dict[int, ComplexArray], qubits: tuple[int, ...]) -> ComplexArray:
    one: ComplexArray = np.eye(2, dtype=np.complex128)
    first, second = (waiting.pop(qubit, one) for qubit in qubits)
    return np.kron(first, second)


def dependencies(actions: tuple[Action, ...], num_qubits: int) -> tuple[list[tuple[int, ...]], list[int]]:
    """Finds which actions must precede which: those on a common qubit, unless both keep its basis states.

    Returns:
        For each action, the numbers of its direct predecessors; and for each qubit, the number of the last action that
        changes its basis states, -1 where there is none. Later actions do not affect its measurement.
    """
    last_change = [-1] * num_qubits
    keeping: list[list[int]] = [[] for _ in range(num_qubits)]
    before = []
    for number, action in enumerate(actions):
        needed: set[int] = set()
        for qubit in action.qubits:
            if qubit in action.kept:
                needed.add(last_change[qubit])
                keeping[qubit].append(number)
            else:
                needed.update(keeping[qubit] or [last_change[qubit]])
                keeping[qubit] = []
                last_change[qubit] = number
        needed.discard(-1)
        before.append(tuple(sorted(needed)))
    return before, last_change


def light_cone(before: list[tuple[int, ...]], last: int, done: npt.NDArray[np.bool_]) -> list[int]:
    """Returns action `last` and its predecessors, without those already done, in order of time.

    Args:
        before: The predecessors, from `dependencies`.
        last: Number of the action, or -1 for none.
        done: Whether each action has been done.
    """
    if last < 0 or done[last]:
        return []
    cone, open_ends = {last}, [last]
    while open_ends:
        for number in before[open_ends.pop()]:
            if number not in cone and not done[number]:
                cone.add(number)
                open_ends.append(number)
    return sorted(cone)

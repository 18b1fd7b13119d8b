"""Fusion of consecutive gates on one pair of qubits where that makes the network smaller.

Three CX with rotations between them make any two-qubit gate: one tensor of rank 4 instead of seven tensors. CX, Rz, CX
is diagonal, and three alternating CX are a crossing of wires, which `gate_form` reads off the product. But two CX with
rotations between them are left alone: as a square of four 2 x 2 tensors they are sparser than as one tensor.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from taizhang._types import ComplexArray
from taizhang.circuit.circuit import Operation
from taizhang.circuit.gates import Gate
from taizhang.network.gate_form import gate_form

# Longer runs are multiplied in parts.
MAX_RUN = 64

LocalOperation: TypeAlias = tuple[Gate, tuple[int, ...]]
"""A gate on qubits 0 and 1 of a pair, on one of them or on both."""


@dataclass(slots=True)
class _Run:
    """Operations on one pair of qubits, with nothing in between.

    Attributes:
        pair: The qubits.
        body: From the first gate on both to the last.
        tail: Gates on one of them since.
        num_joint: Gates on both.
    """

    pair: tuple[int, ...]
    body: list[Operation] = field(default_factory=list)
    tail: list[Operation] = field(default_factory=list)
    num_joint: int = 0


def fuse(operations: Iterable[Operation]) -> Iterator[Operation]:
    """Yields equivalent operations, possibly in another order, with runs on one pair of qubits multiplied.

    Args:
        operations: In order of time.

    Example:
        >>> from taizhang.circuit.gates import gate
        >>> there, back = Operation(gate("cx"), (0, 1)), Operation(gate("cx"), (1, 0))
        >>> [step.gate.num_qubits for step in fuse([there, back, there])]
        [2]
    """
    return _Fuser().all(operations)


class _Fuser:
    """The runs that are still open, and the gates of earlier runs."""

    def __init__(self) -> None:
        self.run_of: dict[int, _Run] = {}
        self.known: dict[tuple[LocalOperation, ...], Gate | None] = {}
        self.ranks: dict[Gate, int] = {}

    def all(self, operations: Iterable[Operation]) -> Iterator[Operation]:
        run_of = self.run_of
        for operation in operations:
            qubits = operation.qubits
            run = run_of.get(qubits[0]) if qubits else None
            if len(qubits) == 1 and run is not None:
                run.tail.append(operation)
            elif len(qubits) == 2:
                if run is None or run is not run_of.get(qubits[1]) or len(run.body) >= MAX_RUN:
                    yield from self._close(qubits)
                    run = run_of[qubits[0]] = run_of[qubits[1]] = _Run(qubits)
                run.body += run.tail
                run.tail.clear()
                run.body.append(operation)
                run.num_joint += 1
            else:
                yield from self._close(qubits)
                yield operation
        yield from self._close(list(run_of))

    def _close(self, qubits: Iterable[int]) -> Iterator[Operation]:
        """Ends the runs on some qubits."""
        for qubit in qubits:
            run = self.run_of.get(qubit)
            if run is None:
                continue
            for member in run.pair:
                del self.run_of[member]
            gate = self._fuse(run) if run.num_joint > 1 else None
            if gate is None:
                yield from run.body
            else:
                yield Operation(gate, run.pair)
            yield from run.tail

    def _fuse(self, run: _Run) -> Gate | None:
        """Returns the product of a run as one gate, or None where the run is better left alone."""
        local = tuple((step.gate, tuple([run.pair.index(qubit) for qubit in step.qubits])) for step in run.body)
        if local not in self.known:
            gate = Gate("fused", (), 0, _product(local).tobytes())
            # Two gates must not become a larger tensor; three or more are worth a tensor of any rank.
            better = run.num_joint > 2 or self._rank(gate) <= max(
                self._rank(part) for part, on in local if len(on) == 2
            )
            self.known[local] = gate if better else None
        return self.known[local]

    def _rank(self, gate: Gate) -> int:
        """Rank of the largest tensor that a gate on two qubits leaves, 0 for none."""
        if gate not in self.ranks:
            self.ranks[gate] = max((len(core.legs) for core in gate_form(gate, (None, None)).cores), default=0)
        return self.ranks[gate]


def _product(operations: Iterable[LocalOperation]) -> ComplexArray:
    """Multiplies gates on a pair of qubits; shape (4, 4)."""
    total: ComplexArray = np.eye(4, dtype=np.complex128).reshape(2, 2, 4)
    for gate, qubits in operations:
        if qubits == (0, 1):
            total = (gate.unitary() @ total.reshape(4, 4)).reshape(2, 2, 4)
        elif qubits == (1, 0):
            swapped = gate.unitary() @ total.swapaxes(0, 1).reshape(4, 4)
            total = swapped.reshape(2, 2, 4).swapaxes(0, 1)
        elif qubits == (0,):
            total = (gate.matrix @ total.reshape(2, 8)).reshape(2, 2, 4)
        else:
            total = gate.matrix @ total
    return np.ascontiguousarray(total.reshape(4, 4))

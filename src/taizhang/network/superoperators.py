"""The superoperators of operations, and the bases in which they are diagonal.

Each qubit has one index of size 4 for ket and bra, 2 * ket + bra. An operation that is diagonal in a basis of a qubit
needs no new index there: its tensor shares the one that comes in. CX is diagonal in the basis of Z of its control and
in that of X of its target, so it is one matrix over two indices.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, TypeAlias

import numpy as np

from taizhang._types import ComplexArray
from taizhang.circuit.channel import Channel, superoperator_of
from taizhang.circuit.classical import Reset
from taizhang.circuit.gates import Gate
from taizhang.errors import SizeLimitError
from taizhang.network.einsum import einsum

MAX_QUBITS = 5
"""Qubits of a gate in a circuit with channels, whose superoperator is dense."""

_ZERO = 1e-14
_RESET = np.zeros((4, 4), dtype=np.complex128)
_RESET[0, 0] = _RESET[0, 3] = 1


class Form(NamedTuple):
    """A superoperator in bases of its qubits.

    Attributes:
        bases: For each qubit the superoperator of the basis change, and its inverse; None for no change.
        diagonal: For each qubit whether the tensor is diagonal in it.
        tensor: An axis for each output that is not diagonal, in order; then one for each qubit, the input.
    """

    bases: tuple[tuple[ComplexArray, ComplexArray] | None, ...]
    diagonal: tuple[bool, ...]
    tensor: ComplexArray


@dataclass(frozen=True, slots=True)
class Differential:
    """The derivative of a superoperator, in the place of an operation: it preserves no trace.

    Attributes:
        entries: Bytes of the matrix, complex128, shape (4**num_qubits, 4**num_qubits).
        num_qubits: Qubits that it is on.
    """

    entries: bytes
    num_qubits: int

    @property
    def label(self) -> str:
        """Its name."""
        return "differential"


Map: TypeAlias = "Gate | Channel | Reset | Differential"
"""What maps density matrices, whatever the bits are."""


def superoperator(action: Map) -> ComplexArray:
    """The superoperator of a gate, a channel, a reset or a derivative: shape (4**qubits, 4**qubits).

    Raises:
        SizeLimitError: The gate is on more than five qubits.
    """
    if isinstance(action, Channel):
        return action.superoperator
    if isinstance(action, Differential):
        return np.frombuffer(action.entries, dtype=np.complex128).reshape(4**action.num_qubits, -1)
    if isinstance(action, Reset):
        return _RESET
    if action.num_qubits > MAX_QUBITS:
        raise SizeLimitError(
            f"gate '{action.label}' is on {action.num_qubits} qubits; in circuits with channels, measurements or "
            f"conditions at most {MAX_QUBITS} are allowed; decompose it"
        )
    # The superoperators of larger gates take megabytes each.
    return _of_small_gate(action) if action.num_qubits <= 3 else superoperator_of(action.unitary()[np.newaxis])


@lru_cache(maxsize=512)
def _of_small_gate(gate: Gate) -> ComplexArray:
    return superoperator_of(gate.unitary()[np.newaxis])


def form_of(action: Map) -> Form:
    """The form of an operation on two or more qubits, or of one under a condition."""
    return _small_form(action) if action.num_qubits <= 3 else make_form(superoperator(action), action.num_qubits)


@lru_cache(maxsize=512)
def _small_form(action: Map) -> Form:
    return make_form(superoperator(action), action.num_qubits)


def make_form(matrix: ComplexArray, num_qubits: int) -> Form:
    """Looks for a basis of each qubit, of X, Y or Z, in which a superoperator is diagonal."""
    tensor = matrix.reshape((4,) * (2 * num_qubits))
    bases: list[tuple[ComplexArray, ComplexArray] | None] = []
    for qubit in range(num_qubits):
        found = None
        for basis in _bases():
            changed = tensor if basis is None else _change(tensor, qubit, num_qubits, basis)
            if _is_diagonal(changed, qubit, num_qubits):
                found = (basis, changed)
                break
        bases.append(found[0] if found else None)
        tensor = found[1] if found else tensor
    diagonal = tuple(_is_diagonal(tensor, qubit, num_qubits) for qubit in range(num_qubits))
    # The inputs' axes are the outputs' where it is diagonal.
    labels = [qubit if diagonal[qubit] else num_qubits + qubit for qubit in range(num_qubits)]
    kept = [num_qubits + qubit for qubit in range(num_qubits) if not diagonal[qubit]]
    tensor = einsum([(tensor, [*labels, *range(num_qubits)])], [*kept, *range(num_qubits)])
    return Form(tuple(bases), diagonal, np.ascontiguousarray(tensor))


@lru_cache(maxsize=1)
def _bases() -> tuple[tuple[ComplexArray, ComplexArray] | None, ...]:
    half = np.sqrt(0.5)
    x_basis = np.array([[half, half], [half, -half]], dtype=np.complex128)
    y_basis = np.array([[half, half], [1j * half, -1j * half]])
    changes = [superoperator_of(basis[np.newaxis]) for basis in (x_basis, y_basis)]
    return (None, *((change, change.conj().T) for change in changes))


def _change(
    tensor: ComplexArray, qubit: int, num_qubits: int, basis: tuple[ComplexArray, ComplexArray]
) -> ComplexArray:
    to, back = basis
    tensor = np.moveaxis(np.tensordot(back, tensor, (1, qubit)), 0, qubit)
    return np.moveaxis(np.tensordot(tensor, to, (num_qubits + qubit, 0)), -1, num_qubits + qubit)


def _is_diagonal(tensor: ComplexArray, qubit: int, num_qubits: int) -> bool:
    moved = np.moveaxis(tensor, (qubit, num_qubits + qubit), (0, 1)).reshape(4, 4, -1)
    return all(np.abs(moved[a, b]).max() < _ZERO for a in range(4) for b in range(4) if a != b)

"""Operations: actions placed on qubits. A gate is the first kind of action.

A channel, a measurement, a reset, an operation under a condition or a gate whose angles are still symbols is another
kind: a frozen value with the members of `Action`. What computes with unitaries reads `Operation.gate`, which refuses
every other kind in one sentence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from taizhang.circuit.gates import Gate
from taizhang.errors import CircuitError


class Action(Protocol):
    """What an operation does to its qubits; immutable."""

    @property
    def num_qubits(self) -> int:
        """Number of qubits it acts on."""

    @property
    def label(self) -> str:
        """Its name, as messages, counts and drawings show it."""


@dataclass(frozen=True, slots=True)
class Operation:
    """An action on some qubits.

    Attributes:
        action: What is done: a gate.
        qubits: Its qubits, controls first; all different; length `action.num_qubits`.

    Raises:
        CircuitError: The number of qubits is wrong, or one occurs twice.

    Example:
        >>> Operation(Gate("x", num_controls=1), (3, 1))
        cx 3 1
    """

    action: Action
    qubits: tuple[int, ...]

    def __post_init__(self) -> None:
        qubits = self.qubits
        if len(qubits) != self.action.num_qubits:
            raise CircuitError(
                f"gate '{self.action.label}' was given {len(qubits)} qubits; it acts on {self.action.num_qubits}"
            )
        if len(qubits) > 1 and (qubits[0] == qubits[1] if len(qubits) == 2 else len(set(qubits)) != len(qubits)):
            twice = next(qubit for qubit in qubits if qubits.count(qubit) > 1)
            raise CircuitError(f"gate '{self.action.label}' was given qubit {twice} twice; its qubits must differ")

    @property
    def gate(self) -> Gate:
        """The gate.

        Raises:
            CircuitError: The action is of another kind.
        """
        if isinstance(self.action, Gate):
            return self.action
        raise CircuitError(f"'{self.action.label}' is not a gate; this needs a circuit that consists of gates alone")

    def inverse(self) -> Operation:
        """Returns the operation that undoes this one.

        Raises:
            CircuitError: It is not a gate.
        """
        return Operation(self.gate.inverse(), self.qubits)

    def __repr__(self) -> str:
        return " ".join([repr(self.action), *map(str, self.qubits)])

"""Operations: actions placed on qubits. A gate is the first kind of action.

A gate whose angles are still parameters is the second; a channel, a measurement, a reset or an operation under a
condition is another kind: a frozen value with the members of `Action`. What computes with unitaries reads
`Operation.gate`, which refuses every other kind in one sentence; what needs no numbers reads `Operation.any_gate`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from taizhang.circuit.gates import Gate
from taizhang.circuit.parametric_gate import ParametricGate, SymbolicGate
from taizhang.errors import CircuitError

# Names of parameters that a message shows.
MOST_NAMES = 6


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
        action: What is done: a gate, for instance.
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
        """The gate, whose angles are numbers.

        Raises:
            CircuitError: The action is of another kind, or its parameters have no values.
        """
        if isinstance(self.action, Gate):
            return self.action
        if isinstance(self.action, SymbolicGate):
            raise missing_values(self.action.parameter_names)
        raise self._not_a_gate()

    @property
    def any_gate(self) -> Gate | SymbolicGate:
        """The gate, whether or not its parameters have values.

        Raises:
            CircuitError: The action is of another kind.
        """
        if isinstance(self.action, (Gate, SymbolicGate)):
            return self.action
        raise self._not_a_gate()

    @property
    def table_gate(self) -> Gate | ParametricGate:
        """The gate, whether or not its parameters have values, for what knows gates of the table and matrices alone.

        Raises:
            CircuitError: The action is of another kind, or a diagonal gate whose parameters have no values.
        """
        if isinstance(self.action, (Gate, ParametricGate)):
            return self.action
        if isinstance(self.action, SymbolicGate):
            raise missing_values(self.action.parameter_names)
        raise self._not_a_gate()

    def _not_a_gate(self) -> CircuitError:
        return CircuitError(
            f"'{self.action.label}' is not a gate, and this is for circuits that consist of gates alone; probability "
            "and expectation take circuits with channels, measurements, resets and conditions"
        )

    def inverse(self) -> Operation:
        """Returns the operation that undoes this one.

        Raises:
            CircuitError: It is not a gate.
        """
        return Operation(self.any_gate.inverse(), self.qubits)

    def __repr__(self) -> str:
        return " ".join([repr(self.action), *map(str, self.qubits)])


def missing_values(names: Sequence[str]) -> CircuitError:
    """Returns the error of a circuit that has parameters without values where numbers are needed.

    Args:
        names: Their names, at least one; of many only the first are shown.

    Example:
        >>> print(missing_values(["gamma", "beta"]))
        the circuit has the parameters gamma and beta without values; give them with circuit.bind, or --parameter \
NAME=VALUE
    """
    if len(names) == 1:
        return CircuitError(
            f"the circuit has the parameter {names[0]} without a value; give it with circuit.bind, or --parameter "
            "NAME=VALUE"
        )
    *first, last = (
        names if len(names) <= MOST_NAMES else (*names[: MOST_NAMES - 1], f"{len(names) - MOST_NAMES + 1} more")
    )
    return CircuitError(
        f"the circuit has the parameters {', '.join(first)} and {last} without values; give them with circuit.bind, or "
        "--parameter NAME=VALUE"
    )

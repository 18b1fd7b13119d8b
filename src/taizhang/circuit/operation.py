"""Operations: gates placed on qubits."""

from __future__ import annotations

from dataclasses import dataclass

from taizhang.circuit.gates import Gate
from taizhang.errors import CircuitError


@dataclass(frozen=True, slots=True)
class Operation:
    """A gate on some qubits.

    Attributes:
        gate: The gate.
        qubits: Its qubits, controls first; all different; length `gate.num_qubits`.

    Raises:
        CircuitError: The number of qubits is wrong, or one occurs twice.

    Example:
        >>> Operation(Gate("x", num_controls=1), (3, 1))
        cx 3 1
    """

    gate: Gate
    qubits: tuple[int, ...]

    def __post_init__(self) -> None:
        qubits = self.qubits
        if len(qubits) != self.gate.num_qubits:
            raise CircuitError(
                f"gate '{self.gate.label}' was given {len(qubits)} qubits; it acts on {self.gate.num_qubits}"
            )
        if len(qubits) > 1 and (qubits[0] == qubits[1] if len(qubits) == 2 else len(set(qubits)) != len(qubits)):
            twice = next(qubit for qubit in qubits if qubits.count(qubit) > 1)
            raise CircuitError(f"gate '{self.gate.label}' was given qubit {twice} twice; its qubits must differ")

    def inverse(self) -> Operation:
        """Returns the operation that undoes this one."""
        return Operation(self.gate.inverse(), self.qubits)

    def __repr__(self) -> str:
        return " ".join([repr(self.gate), *map(str, self.qubits)])

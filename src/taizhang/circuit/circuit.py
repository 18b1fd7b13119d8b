"""Circuits: what the user describes.

A circuit is a number of qubits, all in |0> at first, and a list of operations, each a gate on some qubits. Circuits do
not change: composing them gives new ones. Qubit 0 is the leftmost character of a bitstring and the slowest axis of a
state vector.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from taizhang.circuit.gates import Gate, gate
from taizhang.errors import CircuitError, SizeLimitError

MAX_QUBITS = 100_000
MAX_OPERATIONS = 10_000_000


@dataclass(frozen=True, slots=True)
class Operation:
    """A gate on some qubits.

    Attributes:
        gate: The gate.
        qubits: Its qubits, controls first; all different; length `gate.num_qubits`.

    Raises:
        CircuitError: The number of qubits is wrong, or one occurs twice.

    Example:
        >>> Operation(gate("cx"), (3, 1))
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


@dataclass(frozen=True, slots=True, repr=False)
class Circuit:
    """Operations on qubits that start in |0…0>.

    Attributes:
        num_qubits: Number of qubits.
        operations: What is done, in order of time.

    Raises:
        CircuitError: An operation acts on a qubit that the circuit does not have.
        SizeLimitError: More than 100,000 qubits or 10 million operations.

    Example:
        >>> bell = Circuit(2).append("h", 0).append("cx", 0, 1)
        >>> bell
        Circuit of 2 qubits, 2 operations
        >>> bell.gate_counts()
        {'h': 1, 'cx': 1}
        >>> (bell + bell.inverse()).depth()
        4
    """

    num_qubits: int
    operations: tuple[Operation, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "operations", tuple(self.operations))
        check_sizes(self.num_qubits, len(self.operations))
        num_qubits = self.num_qubits
        for operation in self.operations:
            for qubit in operation.qubits:
                if not 0 <= qubit < num_qubits:
                    raise CircuitError(
                        f"gate '{operation.gate.label}' was given qubit {qubit}; "
                        f"the circuit has {num_qubits} qubits, numbered from 0"
                    )

    @classmethod
    def from_operations(cls, num_qubits: int, operations: Iterable[Operation]) -> Circuit:
        """Returns the circuit of these operations; the way to make a long circuit.

        Args:
            num_qubits: Number of qubits.
            operations: In order of time.

        Returns:
            The circuit.

        Raises:
            CircuitError: An operation acts on a qubit that the circuit does not have.
            SizeLimitError: More than 100,000 qubits or 10 million operations.

        Example:
            >>> Circuit.from_operations(3, (Operation(gate("h"), (q,)) for q in range(3)))
            Circuit of 3 qubits, 3 operations
        """
        return cls(num_qubits, tuple(operations))

    def append(self, gate_or_name: Gate | str, *qubits: int, parameters: Sequence[float] = ()) -> Circuit:
        """Returns this circuit with one more operation at its end.

        Args:
            gate_or_name: A gate, or the name of one.
            qubits: Its qubits, controls first.
            parameters: Angles in radians, where the gate is named.

        Returns:
            A new circuit. For many operations `from_operations` is much faster.

        Raises:
            CircuitError: The gate, its parameters or its qubits do not fit.

        Example:
            >>> Circuit(1).append("rx", 0, parameters=[0.5]).operations
            (rx(0.5) 0,)
        """
        if isinstance(gate_or_name, Gate):
            if parameters:
                raise CircuitError(f"gate '{gate_or_name.label}' already has its parameters; leave `parameters` out")
            chosen = gate_or_name
        else:
            chosen = gate(gate_or_name, *parameters)
        return self.then(Circuit(self.num_qubits, (Operation(chosen, tuple(map(int, qubits))),)))

    def then(self, other: Circuit) -> Circuit:
        """Returns this circuit followed by another on the same qubits.

        Raises:
            CircuitError: The numbers of qubits differ.
        """
        if other.num_qubits != self.num_qubits:
            raise CircuitError(
                f"a circuit of {other.num_qubits} qubits cannot follow one of {self.num_qubits}; "
                "use `on_qubits` to place it"
            )
        return _unchecked(self.num_qubits, self.operations + other.operations)

    def __add__(self, other: Circuit) -> Circuit:
        if not isinstance(other, Circuit):
            return NotImplemented
        return self.then(other)

    def on_qubits(self, qubits: Sequence[int], *, num_qubits: int) -> Circuit:
        """Returns this circuit placed on some qubits of a circuit of `num_qubits`.

        Args:
            qubits: Where each qubit of this circuit goes; all different.
            num_qubits: Number of qubits of the new circuit.

        Returns:
            A new circuit.

        Raises:
            CircuitError: The number of qubits is wrong, one occurs twice or is out of range.

        Example:
            >>> Circuit(2).append("cx", 0, 1).on_qubits([2, 0], num_qubits=3).operations
            (cx 2 0,)
        """
        if len(qubits) != self.num_qubits or len(set(qubits)) != len(qubits):
            raise CircuitError(
                f"{len(qubits)} qubits were given to place {self.num_qubits}; give as many, all different"
            )
        moved = (Operation(step.gate, tuple(qubits[qubit] for qubit in step.qubits)) for step in self.operations)
        return Circuit(num_qubits, tuple(moved))

    def inverse(self) -> Circuit:
        """Returns the circuit that undoes this one."""
        return _unchecked(self.num_qubits, tuple(step.inverse() for step in reversed(self.operations)))

    def controlled(self, num_controls: int = 1) -> Circuit:
        """Returns this circuit under controls, which become the first qubits.

        Example:
            >>> Circuit(1).append("x", 0).controlled(2).operations
            (ccx 0 1 2,)
        """
        controls = tuple(range(num_controls))
        steps = (
            Operation(step.gate.controlled(num_controls), controls + tuple(q + num_controls for q in step.qubits))
            for step in self.operations
        )
        return Circuit(self.num_qubits + num_controls, tuple(steps))

    def depth(self) -> int:
        """Returns the number of layers, when each operation is done as early as its qubits allow.

        Example:
            >>> Circuit(3).append("h", 0).append("h", 1).append("cx", 1, 2).depth()
            2
        """
        free_from = [0] * self.num_qubits
        for step in self.operations:
            if step.qubits:
                layer = 1 + max(free_from[qubit] for qubit in step.qubits)
                for qubit in step.qubits:
                    free_from[qubit] = layer
        return max(free_from, default=0)

    def gate_counts(self) -> dict[str, int]:
        """Returns how often each gate occurs, by its name with controls, the most frequent first."""
        counts = Counter(step.gate.label for step in self.operations)
        return dict(counts.most_common())

    def __repr__(self) -> str:
        return f"Circuit of {self.num_qubits} qubits, {len(self.operations)} operations"


def check_sizes(num_qubits: int, num_operations: int = 0) -> None:
    """Raises unless a circuit of this size is allowed.

    Raises:
        CircuitError: The number of qubits is negative.
        SizeLimitError: More than 100,000 qubits or 10 million operations.
    """
    if num_qubits < 0:
        raise CircuitError(f"a circuit was given {num_qubits} qubits; give at least 0")
    if num_qubits > MAX_QUBITS:
        raise SizeLimitError(f"the circuit has {num_qubits} qubits; at most {MAX_QUBITS} are allowed")
    if num_operations > MAX_OPERATIONS:
        raise SizeLimitError(f"the circuit has {num_operations} operations; at most {MAX_OPERATIONS} are allowed")


def _unchecked(num_qubits: int, operations: tuple[Operation, ...]) -> Circuit:
    """Returns a circuit of operations known to fit; only the sizes are checked."""
    check_sizes(num_qubits, len(operations))
    circuit = object.__new__(Circuit)
    object.__setattr__(circuit, "num_qubits", num_qubits)
    object.__setattr__(circuit, "operations", operations)
    return circuit

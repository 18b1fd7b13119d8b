"""The history of each qubit while a circuit of another package is read.

A circuit here is gates on qubits that start in |0>. Of measurements and resets only those are accepted that change
nothing: a measurement with nothing after it is left out, and a reset of a qubit still in |0> does nothing. All others
are refused, so that no operation is dropped silently.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from taizhang.circuit.circuit import MAX_OPERATIONS, Circuit, Operation
from taizhang.errors import CircuitError


class QubitHistory:
    """Records which qubits gates have acted on, and which have been measured.

    Args:
        gates_only: Refuse all measurements and resets, for operations that are inverted or controlled.

    Example:
        >>> history = QubitHistory()
        >>> history.reset([0], "'reset'")
        >>> history.act([0], "'h'")
        >>> history.reset([0], "'reset'")
        Traceback (most recent call last):
        ...
        taizhang.errors.CircuitError: 'reset' resets qubit 0 after a gate has acted on it; only a qubit that is still in
        |0> can be reset
    """

    def __init__(self, *, gates_only: bool = False) -> None:
        self._gates_only = gates_only
        self._touched: set[int] = set()
        self._measured: set[int] = set()

    def act(self, qubits: Iterable[int], name: str) -> None:
        """Records a gate.

        Args:
            qubits: Its qubits.
            name: Name of the gate in errors, with its quotes.

        Raises:
            CircuitError: One of the qubits has been measured.
        """
        qubits = tuple(qubits)
        if not self._measured.isdisjoint(qubits):
            raise CircuitError(
                f"{name} comes after a measurement of its qubit; only measurements at the end are supported"
            )
        self._touched.update(qubits)

    def measure(self, qubits: Iterable[int], name: str) -> None:
        """Records a measurement of each of some qubits in the computational basis.

        Raises:
            CircuitError: Only gates are allowed here.
        """
        if self._gates_only:
            raise CircuitError(f"{name} is a measurement within a gate; only gates can be controlled or inverted")
        self._measured.update(qubits)

    def reset(self, qubits: Iterable[int], name: str) -> None:
        """Records a reset to |0>.

        Raises:
            CircuitError: A gate has acted on a qubit, or only gates are allowed here.
        """
        if self._gates_only:
            raise CircuitError(f"{name} is a reset within a gate; only gates can be controlled or inverted")
        for qubit in qubits:
            if qubit in self._touched:
                raise CircuitError(
                    f"{name} resets qubit {qubit} after a gate has acted on it; only a qubit that is still in "
                    "|0> can be reset"
                )


def collect(num_qubits: int, operations: Iterator[Operation]) -> Circuit:
    """Returns the circuit of operations that are read one by one; stops reading when there are too many.

    Raises:
        CircuitError: The operations are nested too deeply.
        SizeLimitError: There are too many.
    """
    try:
        return Circuit.from_operations(num_qubits, islice(operations, MAX_OPERATIONS + 1))
    except RecursionError as error:
        raise CircuitError("the blocks of the circuit are nested too deeply; decompose some first") from error

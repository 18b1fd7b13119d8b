"""Controlled circuits, powers of circuits and their matrices, for gate modifiers of other packages."""

from __future__ import annotations

import math
from collections.abc import Iterable

from taizhang._types import ComplexArray
from taizhang.circuit.circuit import MAX_OPERATIONS, Circuit, Operation
from taizhang.circuit.gates import MAX_DENSE_QUBITS, gate, unitary_gate
from taizhang.circuit.state_vector import state_vector
from taizhang.errors import CircuitError

# Integer powers of at most this many operations are written out where a matrix could be used instead.
_MAX_REPEATED = 10_000


def controlled_on(circuit: Circuit, values: Iterable[int]) -> Circuit:
    """Returns a circuit under controls that need not all be on |1>.

    Args:
        circuit: The circuit to control.
        values: The value, 0 or 1, on which each control lets it act; the controls become the first qubits.

    Returns:
        A circuit of `len(values)` more qubits.

    Example:
        >>> controlled_on(Circuit(1).append("z", 0), [0, 1]).operations
        (x 0, ccz 0 1 2, x 0)
    """
    values = tuple(values)
    inner = circuit.controlled(len(values))
    flips = tuple(Operation(gate("x"), (place,)) for place, value in enumerate(values) if not value)
    return Circuit.from_operations(inner.num_qubits, (*flips, *inner.operations, *flips))


def power_of(circuit: Circuit, exponent: float, name: str) -> Circuit:
    """Returns a circuit to a power; for a fraction the principal one (phases of eigenvalues in (-π, π]).

    Args:
        circuit: Any circuit for a whole number, one of at most ten qubits for a fraction.
        exponent: The power.
        name: Name of the circuit in errors, with its quotes.

    Raises:
        CircuitError: The exponent is not finite, or the circuit is too large for it, or its parameters have no values.

    Example:
        >>> power_of(Circuit(1).append("x", 0), 0.5, "'x'").operations
        (sx 0,)
        >>> power_of(Circuit(2).append("h", 0).append("s", 1), -2, "'block'").operations
        (sdg 1, h 0, sdg 1, h 0)
    """
    if not math.isfinite(exponent):
        raise CircuitError(f"{name} cannot be raised to the power {exponent}; give a finite number")
    steps = circuit.operations
    if len(steps) == 1:
        only = steps[0]
        return Circuit(circuit.num_qubits, (Operation(only.any_gate.power(exponent), only.qubits),))
    dense = circuit.num_qubits <= MAX_DENSE_QUBITS
    if float(exponent).is_integer() and abs(exponent) * len(steps) <= (_MAX_REPEATED if dense else MAX_OPERATIONS):
        once = circuit if exponent >= 0 else circuit.inverse()
        return Circuit(circuit.num_qubits, once.operations * abs(int(exponent)))
    if circuit.parameters:
        raise CircuitError(
            f"{name} cannot be raised to the power {exponent:g} before its parameters have values; bind them first"
        )
    if not dense:
        raise CircuitError(
            f"{name} raises {circuit.num_qubits} qubits to the power {exponent:g}; at most {MAX_DENSE_QUBITS} qubits, "
            "or a small whole number, are supported"
        )
    combined = unitary_gate(matrix_of(circuit)).power(exponent)
    return Circuit(circuit.num_qubits, (Operation(combined, tuple(range(circuit.num_qubits))),))


def matrix_of(circuit: Circuit) -> ComplexArray:
    """Returns the matrix of a circuit of at most ten qubits.

    Args:
        circuit: The circuit.

    Returns:
        Shape (2**num_qubits, 2**num_qubits), the first qubit the slowest bit of rows and columns.

    Example:
        >>> matrix_of(Circuit(1).append("y", 0)).round(9).tolist()
        [[0j, -1j], [1j, 0j]]
    """
    size = circuit.num_qubits
    doubled = Circuit(2 * size)
    for qubit in range(size):
        doubled = doubled.append("h", qubit).append("cx", qubit, size + qubit)
    # The state becomes the sum over all columns c of |c>U|c>, divided by the square root of their number.
    doubled = doubled.then(circuit.on_qubits(range(size, 2 * size), num_qubits=2 * size))
    return state_vector(doubled).reshape(2**size, 2**size).T * 2 ** (size / 2)

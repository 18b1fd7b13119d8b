"""State-vector simulation: small, slow and obvious; the reference that everything else is compared with.

A gate on t targets mixes 2**t parts of the state, those in which its controls are 1 and its targets have each of their
values; the new parts are the rows of its matrix times the old ones.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from taizhang._types import ComplexArray
from taizhang.circuit.circuit import Circuit, Operation
from taizhang.errors import SizeLimitError

MAX_QUBITS = 26

# Approximate seconds of a gate, and of each amplitude that it touches, in NumPy.
GATE_SECONDS = 2e-5
ELEMENT_SECONDS = 7e-9
# Planning and contracting all amplitudes takes at least this long.
CONTRACTION_SECONDS = 1e-2


def direct_is_quick(circuit: Circuit) -> bool:
    """Whether applying the gates to a state vector takes less time than planning a contraction.

    Example:
        >>> direct_is_quick(Circuit(3).append("h", 0))
        True
    """
    if circuit.num_qubits > MAX_QUBITS:
        return False
    seconds = GATE_SECONDS + ELEMENT_SECONDS * 2.0**circuit.num_qubits
    return len(circuit.operations) * seconds < CONTRACTION_SECONDS


def state_vector(circuit: Circuit, *, dtype: npt.DTypeLike = np.complex128) -> ComplexArray:
    """Returns the state at the end of a circuit.

    Args:
        circuit: A circuit of at most 26 qubits.
        dtype: complex64 or complex128.

    Returns:
        Amplitudes, shape (2**num_qubits,). Qubit 0 is the slowest axis: entry k is the amplitude of the bitstring that
        is k in binary.

    Raises:
        SizeLimitError: The circuit has more than 26 qubits.

    Example:
        >>> state_vector(Circuit(2).append("x", 0)).real.tolist()
        [0.0, 0.0, 1.0, 0.0]
    """
    if circuit.num_qubits > MAX_QUBITS:
        raise SizeLimitError(
            f"a state vector may have at most {MAX_QUBITS} qubits, got {circuit.num_qubits}; "
            "use amplitudes or samples instead"
        )
    state: ComplexArray = np.zeros(2**circuit.num_qubits, dtype=dtype)
    state[0] = 1
    for operation in circuit.operations:
        _apply(operation, state)
    return state


def _apply(operation: Operation, state: ComplexArray) -> None:
    """Applies an operation to a state in place."""
    ordered = sorted(operation.qubits)
    # One axis for each qubit touched; all qubits between two of those share an axis.
    sizes = np.diff([-1, *ordered, len(state).bit_length() - 1]) - 1
    tensor = state.reshape([2 ** sizes[0], *(size for rest in sizes[1:] for size in (2, 2**rest))])
    axes = [2 * ordered.index(qubit) + 1 for qubit in operation.qubits]
    matrix = operation.gate.matrix.astype(state.dtype)
    parts = [_part(axes, operation.gate.num_controls, value, tensor.ndim) for value in range(len(matrix))]
    if operation.gate.diagonal:
        for value, part in enumerate(parts):
            tensor[part] *= matrix[value, value]
        return
    before = [tensor[part].copy() for part in parts]
    for row, part in zip(matrix, parts, strict=True):
        tensor[part] = sum(entry * old for entry, old in zip(row, before, strict=True) if entry != 0)


def _part(axes: list[int], num_controls: int, value: int, num_axes: int) -> tuple[int | slice, ...]:
    """Returns the index of the part of a state in which all controls are 1 and the targets are `value` in binary.

    Args:
        axes: Axis of each qubit, controls first.
        num_controls: How many of them are controls.
        value: The first target is its highest bit.
        num_axes: Axes of the state.
    """
    bits = [1] * num_controls + [(value >> shift) & 1 for shift in reversed(range(len(axes) - num_controls))]
    index: list[int | slice] = [slice(None)] * num_axes
    for axis, bit in zip(axes, bits, strict=True):
        index[axis] = bit
    return tuple(index)

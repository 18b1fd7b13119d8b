"""The state vector: small, slow, obvious. The oracle that everything else is held against.

Each gate is applied by one `tensordot` to the axes of its targets, on the part of the state in which its controls
are 1.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from taizhang._types import ComplexArray
from taizhang.circuit.circuit import Circuit, Operation
from taizhang.errors import SizeLimitError

MAX_QUBITS = 26


def state_vector(circuit: Circuit, *, dtype: npt.DTypeLike = np.complex128) -> ComplexArray:
    """Returns the state at the end of a circuit.

    Args:
        circuit: Of at most 26 qubits.
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
            f"a state vector of {circuit.num_qubits} qubits was asked for; at most {MAX_QUBITS} are allowed, "
            "use amplitudes or samples instead"
        )
    state: ComplexArray = np.zeros((2,) * circuit.num_qubits, dtype=dtype)
    state[(0,) * circuit.num_qubits] = 1
    for operation in circuit.operations:
        state = _apply(operation, state)
    return state.reshape(-1)


def _apply(operation: Operation, state: ComplexArray) -> ComplexArray:
    num_controls = operation.gate.num_controls
    controls, targets = operation.qubits[:num_controls], operation.qubits[num_controls:]
    where = tuple(1 if qubit in controls else slice(None) for qubit in range(state.ndim))
    # The axes of the controls are gone from the part; count the targets' axes without them.
    axes = [target - sum(control < target for control in controls) for target in targets]
    state[where] = _multiply(operation.gate.matrix, state[where], axes)
    return state


def _multiply(matrix: ComplexArray, part: ComplexArray, axes: list[int]) -> ComplexArray:
    """Returns the matrix applied to the given axes of a tensor."""
    num_targets = len(axes)
    tensor = matrix.astype(part.dtype).reshape((2,) * (2 * num_targets))
    product = np.tensordot(tensor, part, axes=(range(num_targets, 2 * num_targets), axes))
    return np.moveaxis(product, range(num_targets), axes)

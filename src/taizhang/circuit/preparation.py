"""Gates that prepare a state other than |0…0⟩."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from taizhang._types import ComplexArray
from taizhang.circuit.gates import MAX_DENSE_QUBITS, gate, unitary_gate
from taizhang.circuit.operation import Operation
from taizhang.errors import CircuitError

# Norms may differ from 1 by this much.
_TOLERANCE = 1e-6
_LETTERS: Mapping[str, tuple[str, ...]] = {
    "0": (),
    "1": ("x",),
    "+": ("h",),
    "-": ("x", "h"),
    "r": ("h", "s"),
    "l": ("h", "sdg"),
}


def preparation(num_qubits: int, initial: Any) -> tuple[Operation, ...]:
    """The gates that prepare a state.

    Args:
        num_qubits: Number of qubits.
        initial: Text with a sign for each qubit, 0, 1, +, -, r (|0⟩ + i|1⟩) or l (|0⟩ - i|1⟩); or an array of shape
            (num_qubits, 2), a state of each qubit; or a mapping from qubits, or tuples of at most ten of them, to their
            states, where the others are |0⟩.

    Raises:
        CircuitError: It does not fit the qubits, or a state is not normalised.

    Example:
        >>> preparation(3, "0+1")
        (h 1, x 2)
    """
    return tuple(_steps(num_qubits, initial))


def _steps(num_qubits: int, initial: Any) -> Iterator[Operation]:
    # Stage 1: text.
    if isinstance(initial, str):
        if len(initial) != num_qubits or set(initial) - set(_LETTERS):
            raise CircuitError(
                f"initial must have {num_qubits} of the signs 0, 1, +, -, r and l, one for each qubit, got "
                f"{initial[:64]!r}"
            )
        for qubit, letter in enumerate(initial):
            yield from (Operation(gate(name), (qubit,)) for name in _LETTERS[letter])
        return
    # Stage 2: states of some qubits.
    if isinstance(initial, Mapping):
        seen: set[int] = set()
        for key, state in initial.items():
            qubits = (key,) if isinstance(key, (int, np.integer)) else tuple(key)
            if any(not 0 <= qubit < num_qubits for qubit in qubits) or seen.intersection(qubits):
                raise CircuitError(
                    f"initial names qubits {list(qubits)}, of which one is not in the circuit or is named twice; its "
                    f"qubits are 0 to {num_qubits - 1}"
                )
            if len(set(qubits)) != len(qubits):
                raise CircuitError(f"initial names a qubit twice in {list(qubits)}; name each once")
            seen.update(qubits)
            yield _prepared(tuple(map(int, qubits)), state)
        return
    # Stage 3: a state of each qubit.
    try:
        states = np.asarray(initial, dtype=np.complex128)
    except (TypeError, ValueError):
        raise CircuitError(
            f"initial must be text, states of all qubits or a mapping from qubits to states, got {initial!r:.64}"
        ) from None
    if states.shape != (num_qubits, 2):
        raise CircuitError(
            f"initial has the shape {states.shape}; give ({num_qubits}, 2), a state of each qubit, or name qubits: "
            "{(0, 1): state}"
        )
    for qubit, state in enumerate(states):
        yield _prepared((qubit,), state)


def _prepared(qubits: Sequence[int], given: Any) -> Operation:
    state = np.asarray(given)
    if state.dtype.kind not in "biufc" or state.size != 2 ** len(qubits) or not 1 <= len(qubits) <= MAX_DENSE_QUBITS:
        raise CircuitError(
            f"the initial state of qubits {list(qubits)[:12]} must have {2 ** min(len(qubits), 62)} numbers, for at "
            f"most {MAX_DENSE_QUBITS} qubits, got shape {state.shape}"
        )
    vector: ComplexArray = state.reshape(-1).astype(np.complex128)
    norm = float(np.linalg.norm(vector))
    if not abs(norm - 1) <= _TOLERANCE:
        raise CircuitError(f"the initial state of qubits {list(qubits)} has norm {norm:.6g}; it must be 1")
    return Operation(unitary_gate(_with_first_column(vector / norm), name="prepare"), tuple(qubits))


def _with_first_column(vector: ComplexArray) -> ComplexArray:
    """A unitary matrix with this first column: a reflection, up to the phase of the column."""
    phase = vector[0] / abs(vector[0]) if abs(vector[0]) > 1e-300 else 1.0
    away = vector / phase
    away[0] -= 1
    norm = float(np.linalg.norm(away))
    if norm < 1e-12:
        return np.asarray(phase * np.eye(len(vector)), dtype=np.complex128)
    away /= norm
    return np.asarray(phase * (np.eye(len(vector)) - 2 * np.outer(away, away.conj())), dtype=np.complex128)

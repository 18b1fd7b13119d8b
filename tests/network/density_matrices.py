"""Density matrices of small circuits with everything, history by history: the slow, independent way."""

from __future__ import annotations

import numpy as np

from taizhang.circuit.channel import Channel
from taizhang.circuit.classical import Assign, Conditional, Measure, Reset


def embed(matrix, qubits, n):
    """The matrix on n qubits of one on some of them."""
    k = len(qubits)
    full = np.eye(2**n, dtype=complex).reshape((2,) * (2 * n))
    moved = np.tensordot(matrix.reshape((2,) * (2 * k)), full, (range(k, 2 * k), qubits))
    return np.moveaxis(moved, range(k), qubits).reshape(2**n, 2**n)


def histories(circuit, start=None):
    """For each record of the classical bits the unnormalised density matrix, shape (2**n, 2**n)."""
    n = circuit.num_qubits
    if start is None:
        start = np.zeros((2**n, 2**n), dtype=complex)
        start[0, 0] = 1
    states = {(0,) * circuit.num_bits: start}
    for step in circuit.operations:
        after: dict[tuple[int, ...], np.ndarray] = {}
        for record, state in states.items():
            for new_record, new_state in apply_action(step.action, step.qubits, record, state, n):
                after[new_record] = after.get(new_record, 0) + new_state
        states = after
    return states


def apply_action(action, qubits, record, state, n):
    """The records and unnormalised density matrices after an action."""
    if isinstance(action, Conditional):
        if action.condition.holds(record):
            yield from apply_action(action.action, qubits, record, state, n)
        else:
            yield record, state
    elif isinstance(action, Assign):
        yield (*record[: action.bit], int(action.value.holds(record)), *record[action.bit + 1 :]), state
    elif isinstance(action, Measure):
        errors = action.readout
        for outcome in (0, 1):
            projector = embed(np.diag([1.0 - outcome, float(outcome)]), qubits, n)
            chance_of_one = float(outcome)
            if errors is not None:
                chance_of_one = 1 - errors.zero_for_one if outcome else errors.one_for_zero
            for bit, chance in ((0, 1 - chance_of_one), (1, chance_of_one)):
                new = (*record[: action.bit], bit, *record[action.bit + 1 :])
                yield new, chance * projector @ state @ projector
    elif isinstance(action, Reset):
        down = embed(np.array([[0.0, 1.0], [0.0, 0.0]]), qubits, n)
        stay = embed(np.diag([1.0, 0.0]), qubits, n)
        yield record, stay @ state @ stay + down @ state @ down.T
    else:
        kraus = action.kraus if isinstance(action, Channel) else action.unitary()[np.newaxis]
        operators = [embed(operator, qubits, n) for operator in kraus]
        yield record, sum(operator @ state @ operator.conj().T for operator in operators)


def density_matrix(circuit):
    """The density matrix whatever the bits are."""
    return sum(histories(circuit).values())


def reduced(matrix, qubits, n):
    """The density matrix of some qubits, in their order."""
    rest = [qubit for qubit in range(n) if qubit not in qubits]
    axes = matrix.reshape((2,) * (2 * n)).transpose(
        [*qubits, *rest, *(n + qubit for qubit in qubits), *(n + qubit for qubit in rest)]
    )
    k = len(qubits)
    return np.einsum("abcb->ac", axes.reshape(2**k, 2 ** (n - k), 2**k, 2 ** (n - k)))

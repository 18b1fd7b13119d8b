"""QAOA circuits: layers of the phases of a cost, each clause as one diagonal gate, and of mixers.

The state is |+…+>, then for each layer exp(-i gamma C) and exp(-i beta X) on every qubit. Clauses of one and two
variables are rotations of the table where possible, which drops global phases.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from taizhang._checks import check_type, read_integer
from taizhang.circuit.circuit import Circuit, Operation
from taizhang.circuit.diagonal_gate import diagonal_phase
from taizhang.circuit.gates import gate
from taizhang.circuit.operation import Action
from taizhang.circuit.parameter import Angle, Parameter
from taizhang.errors import UsageError
from taizhang.problems.clause import Clause, walsh_coefficients
from taizhang.problems.wcsp import Wcsp

MAX_DEPTH = 10_000


def qaoa_circuit(
    problem: Wcsp, depth: int, *, gammas: Sequence[Angle] | None = None, betas: Sequence[Angle] | None = None
) -> Circuit:
    """Returns the QAOA circuit of a problem.

    Args:
        problem: Any problem whose clauses have at most ten variables.
        depth: Number of layers.
        gammas: Angles of the cost, one for each layer, numbers or expressions; by default the parameters gamma1,
            gamma2, ….
        betas: Angles of the mixers, likewise; by default beta1, beta2, ….

    Returns:
        The circuit: qubit k is variable k. Layer j is exp(-i gamma_j C), one gate for each clause, in their order, and
        `rx(2 beta_j)` on every qubit.

    Raises:
        UsageError: `problem` is not a Wcsp, the depth is not a whole number from 1 to 10,000, or there is not one
            angle for each layer.
        SizeLimitError: A clause has more than ten variables, or the circuit more than 10 million gates.

    Source:
        Farhi, Goldstone and Gutmann, arXiv:1411.4028.

    Example:
        >>> from taizhang.problems.constructors import maxcut
        >>> circuit = qaoa_circuit(maxcut([(0, 1), (1, 2)]), depth=1)
        >>> circuit.parameters, circuit[3:5].operations
        (('gamma1', 'beta1'), (rzz(-gamma1) 0 1, rzz(-gamma1) 1 2))
    """
    check_type(problem, Wcsp, name="problem")
    layers = read_integer(depth, name="depth")
    if not 1 <= layers <= MAX_DEPTH:
        raise UsageError(f"depth must be from 1 to {MAX_DEPTH}, got {layers!s:.40}")
    pairs = zip(_angles("gamma", gammas, layers), _angles("beta", betas, layers), strict=True)
    return Circuit.from_operations(problem.num_variables, _operations(problem, pairs))


def _angles(name: str, given: Sequence[Angle] | None, depth: int) -> Sequence[Angle]:
    if given is None:
        return [Parameter(f"{name}{layer}") for layer in range(1, depth + 1)]
    if len(given) != depth:
        raise UsageError(f"{name}s must be {depth} angles, one for each layer, got {len(given)}")
    return given


def _operations(problem: Wcsp, pairs: Any) -> Iterator[Operation]:
    qubits = range(problem.num_variables)
    for qubit in qubits:
        yield Operation(gate("h"), (qubit,))
    for gamma, beta in pairs:
        for clause in problem.clauses:
            action = clause_phase(clause, gamma)
            if action is not None:
                yield Operation(action, clause.variables)
        mixer = gate("rx", 2 * beta)
        for qubit in qubits:
            yield Operation(mixer, (qubit,))


def clause_phase(clause: Clause, gamma: Angle) -> Action | None:
    """Returns exp(-i gamma T) of a clause with values T, as one diagonal gate on its variables.

    Args:
        clause: Any clause of at most ten variables.
        gamma: A number, or an expression of parameters.

    Returns:
        `rz` for one variable, and `rzz` for two whose values depend on their parity alone, both up to a global phase;
        otherwise the diagonal gate itself. None if all values are equal, which makes a global phase.

    Raises:
        SizeLimitError: The clause has more than ten variables.

    Example:
        >>> from taizhang.problems.clause import read_clause
        >>> clause_phase(read_clause((0, 1), [[0, 1], [1, 0]]), 0.5)
        rzz(-0.5)
    """
    values = clause.values
    if np.all(values == values.flat[0]):
        return None
    coefficients = walsh_coefficients(values) if values.ndim <= 2 else values
    if values.ndim == 1:
        return gate("rz", 2 * float(coefficients[1]) * gamma)
    if values.ndim == 2 and not coefficients[0, 1] and not coefficients[1, 0]:
        return gate("rzz", 2 * float(coefficients[1, 1]) * gamma)
    return diagonal_phase(values, gamma)

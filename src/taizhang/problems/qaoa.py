"""QAOA circuits: layers of the phases of a cost, each clause as one diagonal gate, and of mixers.

The state is |+…+>, then for each layer exp(-i gamma C) and exp(-i beta X) on every qubit. Clauses of one and two
variables are rotations of the table where possible, which drops global phases.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from taizhang._checks import check_type, read_integer
from taizhang.circuit.circuit import Circuit, Operation
from taizhang.circuit.diagonal_gate import diagonal_phase
from taizhang.circuit.gates import gate
from taizhang.circuit.operation import Action
from taizhang.circuit.parameter import Angle, Parameter
from taizhang.errors import UsageError
from taizhang.problems.clause import Clause
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


def _operations(problem: Wcsp, pairs: Iterable[tuple[Angle, Angle]]) -> Iterator[Operation]:
    qubits = range(problem.num_variables)
    start = gate("h")
    for qubit in qubits:
        yield Operation(start, (qubit,))
    forms: dict[bytes, _Form] = {}
    for clause in problem.clauses:
        if clause.entries not in forms:
            forms[clause.entries] = _form_of(clause)
    for gamma, beta in pairs:
        # Clauses of equal values have the same gate.
        actions = {entries: _action_of(form, gamma) for entries, form in forms.items()}
        for clause in problem.clauses:
            action = actions[clause.entries]
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
        >>> clause_phase(Clause.of((0, 1), 0, 1, 1, 0), 0.5)
        rzz(-0.5)
    """
    return _action_of(_form_of(clause), gamma)


class _Form(NamedTuple):
    """How the phase of a clause is written.

    Attributes:
        name: Name of a gate of the table; "" for a diagonal gate, or for none.
        factor: Its angle over gamma.
        values: The values of a diagonal gate; None for no gate.
    """

    name: str = ""
    factor: float = 0.0
    values: npt.NDArray[np.float64] | None = None


def _form_of(clause: Clause) -> _Form:
    flat = clause.values.reshape(-1).tolist()
    if min(flat) == max(flat):
        return _Form()
    if len(flat) == 2:
        return _Form("rz", flat[0] - flat[1])
    if len(flat) == 4 and flat[0] == flat[3] and flat[1] == flat[2]:
        return _Form("rzz", flat[0] - flat[1])
    return _Form(values=clause.values)


def _action_of(form: _Form, gamma: Angle) -> Action | None:
    if form.name:
        return gate(form.name, form.factor * gamma)
    return None if form.values is None else diagonal_phase(form.values, gamma)

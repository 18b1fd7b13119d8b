"""Choice of the qubits to leave open, given their number.

A plan is searched for single amplitudes in a network in which every qubit is open, but only one value of the open
indices is computed. Leaving a qubit open doubles the work of every step above its index in the tree. So qubits are
chosen greedily, each time the one that adds least work.

Samples depend on the choice for their batches, which must therefore be the same on every machine, for any memory limit
and number of threads: it is based on a plan found by a fixed number of trials for the fewest multiply-adds.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from taizhang.circuit.circuit import Circuit
from taizhang.errors import CircuitError
from taizhang.execute.prepare import search_plan
from taizhang.network.amplitude_network import AmplitudeNetwork
from taizhang.network.network import NetworkShape
from taizhang.observer import Observer, Silent
from taizhang.plan.cost import step_costs
from taizhang.plan.search import search
from taizhang.plan.tree import ContractionTree
from taizhang.settings import Settings

# Trials of the search for the plan that the choice is based on.
TRIALS = 32


def choose_open_qubits(
    circuit: Circuit, count: int, settings: Settings, observer: Observer | None = None
) -> tuple[int, ...]:
    """Chooses qubits to leave open such that a batch over them costs little more than one amplitude.

    Args:
        circuit: The circuit.
        count: Number of qubits to choose.
        settings: The common options; the seed affects the choice, the planning time does not.
        observer: Receives progress updates of the search.

    Returns:
        The qubits, ascending.

    Raises:
        CircuitError: The circuit has fewer qubits.

    Example:
        >>> chain = Circuit(3).append("h", 0).append("cx", 0, 1).append("cx", 1, 2)
        >>> len(choose_open_qubits(chain, 2, Settings.checked()))
        2
    """
    num_qubits = circuit.num_qubits
    if not 0 <= count <= num_qubits:
        raise CircuitError(
            f"the number of open qubits must be from 0 to {num_qubits}, the qubits of the circuit, got {count}"
        )
    if count in (0, num_qubits):
        return tuple(range(count))
    shape = AmplitudeNetwork(circuit, row_qubits=range(num_qubits), num_rows=1).shape
    brief = replace(settings, plan_seconds=None, trials=TRIALS)
    return cheapest_qubits(shape, search_plan(shape, brief.planning_bytes(), brief, observer or Silent()).tree, count)


def cheapest_qubits(shape: NetworkShape, tree: ContractionTree, count: int) -> tuple[int, ...]:
    """Chooses qubits to leave open that add little work to a tree for single amplitudes.

    Args:
        shape: A network of one amplitude, with the bits of all qubits as its row indices, in their order.
        tree: A contraction tree of it.
        count: Number of qubits to choose, at most as many as there are.

    Returns:
        The qubits, ascending.
    """
    num_qubits = len(shape.row_indices)
    qubit_of = {index: qubit for qubit, index in enumerate(shape.row_indices)}
    touched = [frozenset(qubit_of[index] for index in term if index in qubit_of) for term in shape.inputs]
    steps = step_costs(shape, tree)
    above = np.zeros((len(steps), num_qubits), dtype=bool)
    for number, step in enumerate(steps):
        touched.append(touched[step.left] | touched[step.right])
        above[number, list(touched[-1])] = True
    work = np.array([float(step.multiply_adds) for step in steps])
    chosen: list[int] = []
    for _ in range(count):
        added = work @ above
        added[chosen] = np.inf
        qubit = int(np.argmin(added))
        chosen.append(qubit)
        work[above[:, qubit]] *= 2
    return tuple(sorted(chosen))


def choose_batch_qubits(circuit: Circuit, count: int, seed: int, threads: int = 1) -> tuple[int, ...]:
    """Chooses qubits to leave open that add little work.

    Args:
        circuit: The circuit.
        count: Number of qubits to choose, at most as many as there are.
        seed: Seed of the search.
        threads: Threads of the search; they do not affect the choice.

    Returns:
        The qubits, ascending; the same for the same arguments.

    Example:
        >>> len(choose_batch_qubits(Circuit(3).append("h", 0).append("cx", 0, 1).append("cx", 1, 2), 2, seed=0))
        2
    """
    if count >= circuit.num_qubits:
        return tuple(range(circuit.num_qubits))
    if count == 0:
        return ()
    shape = AmplitudeNetwork(circuit, row_qubits=range(circuit.num_qubits), num_rows=1).shape
    plan = search(shape, trials=TRIALS, seed=seed, threads=threads, objective="multiply_adds")
    return cheapest_qubits(shape, plan.tree, count)

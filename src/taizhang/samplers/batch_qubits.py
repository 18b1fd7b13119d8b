"""Which qubits a batch leaves open.

Samples depend on this choice. So it must be the same on every machine, with any memory and number of threads: of a few
sets of neighbouring qubits that is taken for which a search of a fixed number of trials finds the fewest multiply-adds.
"""

from __future__ import annotations

from taizhang.circuit.circuit import Circuit
from taizhang.network.amplitude_network import AmplitudeNetwork
from taizhang.plan.search import search

_STARTS, _TRIALS = 10, 4


def choose_batch_qubits(circuit: Circuit, count: int, seed: int) -> tuple[int, ...]:
    """Chooses qubits to leave open that add little work.

    Args:
        circuit: The circuit.
        count: How many, at most as many as there are.
        seed: Seed of the searches.

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
    starts = range(0, circuit.num_qubits, max(circuit.num_qubits // _STARTS, 1))
    candidates = dict.fromkeys(_neighbourhood(circuit, start, count) for start in starts)

    def work(opened: tuple[int, ...]) -> float:
        shape = AmplitudeNetwork(circuit, open_qubits=opened).shape
        plan = search(shape, trials=_TRIALS, seed=seed, objective="multiply_adds")
        return plan.cost.log10_multiply_adds_executed

    return min(candidates, key=work)


def _neighbourhood(circuit: Circuit, start: int, count: int) -> tuple[int, ...]:
    """Gives a qubit and those that gates late in the circuit tie to it, nearest first."""
    found = dict.fromkeys([start])
    while len(found) < count:
        before = len(found)
        for operation in reversed(circuit.operations):
            if len(operation.qubits) > 1 and any(qubit in found for qubit in operation.qubits):
                found.update(dict.fromkeys(operation.qubits))
                if len(found) >= count:
                    break
        if len(found) == before:
            found[next(qubit for qubit in range(circuit.num_qubits) if qubit not in found)] = None
    return tuple(sorted(list(found)[:count]))

"""Which qubits a batch leaves open.

Samples depend on this choice. So it must be the same on every machine, with any memory and number of threads: it is
made on a plan that a search of a fixed number of trials finds for the fewest multiply-adds.
"""

from __future__ import annotations

from taizhang.circuit.circuit import Circuit
from taizhang.network.amplitude_network import AmplitudeNetwork
from taizhang.open_qubits import TRIALS, cheapest_qubits
from taizhang.plan.search import search


def choose_batch_qubits(circuit: Circuit, count: int, seed: int, threads: int = 1) -> tuple[int, ...]:
    """Chooses qubits to leave open that add little work.

    Args:
        circuit: The circuit.
        count: How many, at most as many as there are.
        seed: Seed of the search.
        threads: How many threads search; they do not change the choice.

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

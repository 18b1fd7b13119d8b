"""How to part a circuit for batches of pairs, and how many of each side a grid has.

A grid is all pairs of A left and B right sides of the bits that are not open. The qubits are put in order from one end
of the circuit to the other; an end piece is the left side, the next few are left open, so that their bits come in where
the sides meet, and the rest is the right side. Both sides are large enough that their bits are as good as new in each
grid: a grid of a side of a few bits would be a single batch over more open qubits.

Samples depend on this choice. So it is made with a fixed number of trials and the rates of an assumed machine, and is
the same on every machine, with any memory and number of threads.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from taizhang.circuit.circuit import Circuit
from taizhang.errors import LimitError, UsageError
from taizhang.network.amplitude_network import AmplitudeNetwork
from taizhang.network.product_network import ProductNetwork, side_order
from taizhang.plan.rates import assumed_rates
from taizhang.plan.search import search

# Where the left side ends, as shares of the qubits that are not open.
_SHARES = (0.3, 0.4, 0.5, 0.6, 0.7)
_TRIALS = 16
_MEMORY = 2 << 30
# Arrays for each pair are made one by one, which takes a fraction of a millisecond.
_MOST_PAIRS = 1 << 12
_MOST_ELEMENTS = 1 << 25
_GRIDS_TRIED = 3
# Of all values of a side a grid has at most one in 2 to this power: with nearly all of them, batches would be drawn
# more evenly than by chance.
_SPARED_BITS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchGrid:
    """How batches are put in grids.

    Attributes:
        left: Qubits of the left side.
        opened: Qubits left open, ascending.
        right: Qubits of the right side.
        counts: How many left and how many right sides are in a grid.
    """

    left: tuple[int, ...]
    opened: tuple[int, ...]
    right: tuple[int, ...]
    counts: tuple[int, int]

    @property
    def num_pairs(self) -> int:
        """Batches of a grid."""
        return self.counts[0] * self.counts[1]


def choose_batch_grid(circuit: Circuit, num_open: int, num_batches: int, *, seed: int, threads: int = 1) -> BatchGrid:
    """Chooses sides and numbers so that many batches take the least time.

    Args:
        circuit: The circuit.
        num_open: How many qubits are left open.
        num_batches: How many batches will be computed, at least 1.
        seed: Seed of the searches.
        threads: Threads of the searches.

    Returns:
        The choice; the same for the same arguments, whatever the threads.

    Raises:
        UsageError: Fewer than two qubits are not open.
        LimitError: No plan was found for any choice.

    Example:
        >>> chain = Circuit(4).append("h", 0).append("cx", 0, 1).append("cx", 1, 2).append("cx", 2, 3)
        >>> grid = choose_batch_grid(chain, 1, 4, seed=0)
        >>> grid.counts, len(grid.left) + len(grid.opened) + len(grid.right)
        ((1, 1), 4)
    """
    fixed = circuit.num_qubits - num_open
    if fixed < 2:
        raise UsageError(
            f"{num_open} of {circuit.num_qubits} qubits were to be left open, but batches of pairs need at least two "
            "that are not; leave fewer open (batch_qubits)"
        )
    order = side_order(circuit)
    best, least = None, math.inf
    refused: LimitError | None = None
    for size in dict.fromkeys(min(max(round(share * fixed), 1), fixed - 1) for share in _SHARES):
        opened = tuple(sorted(order[size : size + num_open]))
        single = AmplitudeNetwork(circuit, open_qubits=opened)
        for counts in _counts(size, fixed - size, num_open, num_batches):
            shape = ProductNetwork(single, order[:size], counts).shape
            try:
                plan = search(
                    shape,
                    trials=_TRIALS,
                    seed=seed,
                    threads=threads,
                    memory_bytes=_MEMORY,
                    machine=assumed_rates(1),
                )
            except LimitError as error:
                refused = error
                continue
            seconds = plan.predicted_seconds * math.ceil(num_batches / math.prod(counts))
            if seconds < least:
                left, right = tuple(sorted(order[:size])), tuple(sorted(order[size + num_open :]))
                best, least = BatchGrid(left=left, opened=opened, right=right, counts=counts), seconds
    if best is None:
        raise refused or UsageError("no pairs of sides were found")
    return best


def _counts(left_size: int, right_size: int, num_open: int, num_batches: int) -> list[tuple[int, int]]:
    """Numbers of sides, about equal, for which one, two or four as many grids make all batches."""
    most_lefts, most_rights = (1 << max(size - _SPARED_BITS, 0) for size in (left_size, right_size))
    most = max(min(_MOST_PAIRS, _MOST_ELEMENTS >> num_open), 1)
    fewest = math.ceil(num_batches / most)
    found = []
    for doublings in range(_GRIDS_TRIED):
        wanted = math.ceil(num_batches / (fewest << doublings))
        lefts = min(math.isqrt(wanted - 1) + 1, most_lefts)
        rights = min(math.ceil(wanted / lefts), most_rights)
        lefts = min(math.ceil(wanted / rights), most_lefts)
        found.append((lefts, rights))
    return list(dict.fromkeys(found))

"""Choice of the partitions of a circuit for product batches, and of the size of their grids.

A grid is all pairs of A left and B right sides: values of the bits of the left and the right partition. The
qubits are ordered from one end of the circuit to the other; the first ones are the left partition, the next few are
left open, so that they lie where the partitions meet, and the rest is the right partition. Both are large enough that
two grids rarely share bits: with a partition of a few bits, a grid would be a single batch over more open qubits.

Samples depend on this choice. So it uses a fixed number of trials and the rates of an assumed machine, and is the same
on every machine, for any memory limit and number of threads.
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

# Sizes of the left partition to try, as shares of the qubits that are not open, with searches of this many trials in
# this much memory.
_SHARES = (0.3, 0.4, 0.5, 0.6, 0.7)
_TRIALS = 16
_MEMORY = 2 << 30
# Building the arrays of each pair takes a fraction of a millisecond, so their number is limited, as is the number of
# amplitudes of a grid.
_MOST_PAIRS = 1 << 12
_MOST_ELEMENTS = 1 << 25
# Numbers of pairs to try: for one, two or four times the fewest grids.
_GRIDS_TRIED = 3
# A grid has at most one in 2 to this power of all values of a partition: with nearly all of them, batches would be more
# even than random ones.
_SPARED_BITS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchGrid:
    """Partition of the qubits for product batches, and the size of a grid.

    Attributes:
        left: Qubits of the left partition.
        opened: Qubits left open, ascending.
        right: Qubits of the right partition.
        counts: Numbers of left and of right sides in a grid.
    """

    left: tuple[int, ...]
    opened: tuple[int, ...]
    right: tuple[int, ...]
    counts: tuple[int, int]

    @property
    def num_pairs(self) -> int:
        """Number of batches of a grid."""
        return self.counts[0] * self.counts[1]


def choose_batch_grid(circuit: Circuit, num_open: int, num_batches: int, *, seed: int, threads: int = 1) -> BatchGrid:
    """Chooses partitions and numbers of sides so that many batches take the least time.

    Args:
        circuit: The circuit.
        num_open: Number of qubits left open.
        num_batches: Number of batches that will be computed, at least 1.
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
            f"product batches need at least two qubits that are not open, got {num_open} of {circuit.num_qubits} open; "
            "leave fewer open (batch_qubits)"
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
        raise refused or UsageError("no partition for product batches was found; sample without pair_sides")
    return best


def _counts(left_size: int, right_size: int, num_open: int, num_batches: int) -> list[tuple[int, int]]:
    """Numbers of left and right sides to try, about equal: for one, two and four times the fewest grids."""
    most_lefts, most_rights = (1 << max(size - _SPARED_BITS, 0) for size in (left_size, right_size))
    most = max(min(_MOST_PAIRS, _MOST_ELEMENTS >> num_open), 1)
    fewest = math.ceil(num_batches / most)
    candidates = []
    for doublings in range(_GRIDS_TRIED):
        pairs = math.ceil(num_batches / (fewest << doublings))
        lefts = min(math.isqrt(pairs - 1) + 1, most_lefts)
        rights = min(math.ceil(pairs / lefts), most_rights)
        lefts = min(math.ceil(pairs / rights), most_lefts)
        candidates.append((lefts, rights))
    return list(dict.fromkeys(candidates))

"""Product batches: all pairs of left and right partition, so that each side is computed once.

A side is one value of the bits of the left or the right partition. A grid of A left and B right sides gives A·B batches
for the cost of A left sides, B right sides, and A·B times what joins them. Given bitstrings of a wide circuit rarely
have a side in common; the fixed bits of batches to sample from are free to choose.

Every batch has different bits and is used at most once, but the batches of a row of the grid share their left bits, and
those of a column their right bits. In a chaotic circuit the probabilities of different bitstrings are practically
independent, whatever bits they share, so the cross entropy and its standard error are those of independent batches; the
bits themselves are not independent from sample to sample.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from taizhang._random import stream
from taizhang._types import ComplexArray
from taizhang.circuit.circuit import Circuit
from taizhang.errors import UsageError
from taizhang.execute.contraction import run_program
from taizhang.execute.prepare import CompiledPlan, begin, prepare_plan
from taizhang.network.amplitude_network import AmplitudeNetwork
from taizhang.network.product_network import ProductNetwork
from taizhang.observer import Observer, Silent
from taizhang.sampling.partition import BatchGrid
from taizhang.sampling.sampler import Bits
from taizhang.settings import Settings

# Overhead of a grid beyond its predicted time, for each pair: looking up the arrays of its bits.
_SECONDS_PER_PAIR = 2e-4
# Sides of up to this many bits are drawn by shuffling all their values.
_FEW_BITS = 12


class ProductBatches:
    """Computes product batches of one circuit, grid by grid.

    Args:
        circuit: The circuit.
        grid: The partitions and the size of a grid.
        settings: The common options; the seed is also that of the bits.
        observer: Receives progress updates of the search.

    Attributes:
        open_qubits: The qubits left open.
        rows: Batches of a grid.
        num_paths: 1, as all slices are summed.
        paths_taken: 1.
        fidelity: 1.
        grid: The partitions and the size of a grid.
        contractor: The contractor that computes a grid.
    """

    num_paths = 1
    paths_taken = 1
    fidelity = 1.0

    def __init__(self, circuit: Circuit, grid: BatchGrid, settings: Settings, observer: Observer | None = None) -> None:
        self._num_qubits, self._seed, self.grid = circuit.num_qubits, settings.seed, grid
        self.contractor: ProductContractor = prepare_products(
            circuit, settings, left=grid.left, counts=grid.counts, open_qubits=grid.opened, observer=observer
        )
        self.open_qubits = grid.opened
        self.rows = grid.num_pairs
        self._held: tuple[int, Bits, ComplexArray] | None = None

    def predicted_seconds(self, num_batches: int) -> float:
        """Predicted time of `num_batches` batches, rounded up to whole grids."""
        each = self.contractor.predicted_seconds + self.rows * _SECONDS_PER_PAIR
        return math.ceil(num_batches / self.rows) * each

    def meets(self, norm: float) -> bool:
        """Always true: all slices are summed."""
        return True

    @property
    def remarks(self) -> tuple[str, ...]:
        """Effects of product batches on the statistics."""
        (lefts, rights), left, right = self.grid.counts, len(self.grid.left), len(self.grid.right)
        return (
            f"product batches in grids of {lefts} x {rights}: each was used once, but up to {rights} share their "
            f"{left} left bits and up to {lefts} their {right} right bits; in a chaotic circuit, their probabilities "
            "are practically independent, as the standard error assumes; their bits are not",
        )

    def candidates(self, first: int, count: int, observer: Observer | None = None) -> tuple[Bits, ComplexArray]:
        """Computes batches in the order of their numbers; keeps the grid of the last one.

        Args:
            first: Number of the first batch.
            count: Number of batches, at least 1.
            observer: Receives progress updates.

        Returns:
            The bits of each, shape (count, num_qubits), and its amplitudes, shape (count, 2**open qubits).
        """
        parts = []
        for number in range(first // self.rows, (first + count - 1) // self.rows + 1):
            if self._held is None or self._held[0] != number:
                self._held = (number, *self._compute_grid(number, observer))
            _, bits, amplitudes = self._held
            part = slice(max(first - number * self.rows, 0), first + count - number * self.rows)
            parts.append((bits[part], amplitudes[part]))
        return np.concatenate([bits for bits, _ in parts]), np.concatenate([values for _, values in parts])

    def _compute_grid(self, number: int, observer: Observer | None) -> tuple[Bits, ComplexArray]:
        """Computes a grid, with its pairs in random order."""
        left, right = sides_of_grid(self.grid, self._num_qubits, self._seed, number)
        values = self.contractor.run(left, right, observer=observer)
        return pairs_of_grid(self._seed, number, left, right, values)


def sides_of_grid(grid: BatchGrid, num_qubits: int, seed: int, number: int) -> tuple[Bits, Bits]:
    """Draws the bits of the left and the right sides of a grid, 0 at all other qubits; shape (sides, num_qubits)."""
    sides = []
    for name, qubits, count in zip(("left", "right"), (grid.left, grid.right), grid.counts, strict=True):
        bits = np.zeros((count, num_qubits), dtype=np.uint8)
        bits[:, list(qubits)] = distinct_bits(stream(seed, "samples", "pairs", name, number), count, len(qubits))
        sides.append(bits)
    return sides[0], sides[1]


def pairs_of_grid(seed: int, number: int, left: Bits, right: Bits, values: ComplexArray) -> tuple[Bits, ComplexArray]:
    """Returns the pairs of a grid in their random order.

    Args:
        seed: Seed of the samples.
        number: Number of the grid.
        left: Bits of the left sides.
        right: Bits of the right sides.
        values: Amplitudes of the grid, A · B · 2**(open qubits) elements in this order.

    Returns:
        The bits of each pair, shape (A · B, num_qubits), and its amplitudes, shape (A · B, 2**(open qubits)).
    """
    count = len(left) * len(right)
    order = stream(seed, "samples", "pairs", "order", number).permutation(count)
    bits = (left[:, np.newaxis] | right[np.newaxis]).reshape(count, -1)
    return bits[order], values.reshape(count, -1)[order].astype(np.complex128)


def distinct_bits(random: np.random.Generator, count: int, width: int) -> Bits:
    """Draws distinct rows of bits, uniformly among all choices of them.

    Args:
        random: Source of randomness.
        count: Number of rows, at most 2**width.
        width: Bits of each row.

    Example:
        >>> sorted(distinct_bits(np.random.default_rng(0), 4, 2).tolist())
        [[0, 0], [0, 1], [1, 0], [1, 1]]
    """
    if width <= _FEW_BITS:
        numbers = random.permutation(1 << width)[:count]
        return (numbers[:, np.newaxis] >> np.arange(width)[::-1] & 1).astype(np.uint8)
    rows = random.integers(0, 2, size=(count, width), dtype=np.uint8)
    while True:
        _, first_of = np.unique(rows, axis=0, return_index=True)
        again = np.setdiff1d(np.arange(count), first_of)
        if not len(again):
            return rows
        rows[again] = random.integers(0, 2, size=(len(again), width), dtype=np.uint8)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductContractor:
    """Computes the product batches of a grid; immutable.

    Attributes:
        network: The network of all pairs.
        ready: Its plan, compiled.
        settings: The common options.
        sides: The qubits of the left and of the right partition, without open ones.
        counts: Numbers of left and of right sides.
    """

    network: ProductNetwork
    ready: CompiledPlan
    settings: Settings
    sides: tuple[tuple[int, ...], tuple[int, ...]]
    counts: tuple[int, int]

    @property
    def predicted_seconds(self) -> float:
        """Expected time for all pairs."""
        return self.ready.plan.predicted_seconds

    def run(self, left_bits: Bits, right_bits: Bits, *, observer: Observer | None = None) -> ComplexArray:
        """Computes the batches of all pairs.

        Args:
            left_bits: Zeros and ones, shape (A, num_qubits), of which those at `sides[0]` count.
            right_bits: Shape (B, num_qubits), of which those at `sides[1]` count.
            observer: Receives progress updates.

        Returns:
            Shape (A, B, 2, 2, …) with one axis for each open qubit, in the type computed in.

        Raises:
            UsageError: The numbers of sides differ from those prepared for.
            TimeLimitError: The work is predicted to take longer than the limit.
        """
        if (len(left_bits), len(right_bits)) != self.counts:
            raise UsageError(
                f"this contractor was prepared for {self.counts[0]} and {self.counts[1]} left and right sides, got "
                f"{len(left_bits)} and {len(right_bits)}; prepare another one for these"
            )
        watch = observer or Silent()
        program = begin(self.ready, self.predicted_seconds, self.settings, watch)
        arrays, exponent = self.network.arrays_for(left_bits, right_bits)
        return run_program(
            program,
            arrays,
            exponent=exponent,
            threads=self.settings.threads,
            memory_bytes=self.settings.free_bytes(),
            progress=watch.contracting,
        ).value


def prepare_products(
    circuit: Circuit,
    settings: Settings,
    *,
    left: Sequence[int],
    counts: tuple[int, int],
    open_qubits: Sequence[int] = (),
    observer: Observer | None = None,
) -> ProductContractor:
    """Plans and compiles a contractor for product batches.

    Args:
        circuit: The circuit, started in |0…0⟩.
        settings: The common options.
        left: Qubits of the left partition; those that are neither left nor open are the right partition.
        counts: Numbers of left and of right sides, each at least 1.
        open_qubits: Qubits left open: all their values are computed for each pair.
        observer: Receives progress updates of the search.

    Raises:
        UsageError: A number is below 1.
        CircuitError: An open qubit is not in the circuit.
        MemoryLimitError: No plan fits the limit.

    Example:
        >>> import numpy as np
        >>> chain = Circuit(3).append("h", 0).append("cx", 0, 1).append("cx", 1, 2)
        >>> contractor = prepare_products(chain, Settings.checked(trials=1), left=[0], counts=(2, 2))
        >>> sides = np.array([[0, 0, 0], [1, 1, 1]], dtype=np.uint8)
        >>> (abs(contractor.run(sides, sides)) ** 2).round(6).tolist()
        [[0.5, 0.0], [0.0, 0.5]]
    """
    if min(counts) < 1:
        raise UsageError(f"the numbers of left and right sides must be at least 1, got {counts[0]} and {counts[1]}")
    single = AmplitudeNetwork(circuit, open_qubits=open_qubits)
    chosen = frozenset(left) - frozenset(single.open_qubits)
    network = ProductNetwork(single, sorted(chosen), counts)
    right = frozenset(range(circuit.num_qubits)) - chosen - frozenset(single.open_qubits)
    return ProductContractor(
        network=network,
        ready=prepare_plan(network.shape, settings, observer),
        settings=settings,
        sides=(tuple(sorted(chosen)), tuple(sorted(right))),
        counts=counts,
    )

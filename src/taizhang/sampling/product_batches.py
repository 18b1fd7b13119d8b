"""Candidate batches from grids: all pairs of A left and B right sides of the fixed bits, each side computed once.

Every batch still has bits of its own and is used at most once, but the batches of a row of the grid have their left
bits in common, and those of a column their right bits. In a chaotic circuit the probabilities of different bitstrings
are as good as independent, whatever bits they share, so the cross entropy and its standard error are those of
independent batches; the bits themselves are not independent from sample to sample.

Of bitstrings that are given, hardly two share a side of a wide circuit, so little can be shared between them. Where the
bitstrings are free to choose, as the bases of batches to sample from, they can be all pairs of A left and B right
sides: then A·B batches cost A times a left side, B times a right side, and A·B times what joins them.
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

# What a grid takes beside the work that is predicted, for each pair: the arrays of its bits are looked up.
_SECONDS_PER_PAIR = 2e-4
# Sides of up to so many bits are numbered, and their numbers shuffled.
_FEW_BITS = 12


class ProductBatches:
    """Computes candidates of one circuit, grid by grid.

    Args:
        circuit: The circuit.
        grid: Sides and numbers.
        settings: The common options; the seed is that of the bits, too.
        observer: Is told of the search.

    Attributes:
        open_qubits: The qubits left open.
        rows: Batches of a grid.
        num_paths: 1, as all slices are added up.
        paths_taken: 1.
        fidelity: 1.
        grid: How batches are put in grids.
        machine: What computes a grid.
    """

    num_paths = 1
    paths_taken = 1
    fidelity = 1.0

    def __init__(self, circuit: Circuit, grid: BatchGrid, settings: Settings, observer: Observer | None = None) -> None:
        self._num_qubits, self._seed, self.grid = circuit.num_qubits, settings.seed, grid
        self.machine: ProductContractor = prepare_products(
            circuit, settings, left=grid.left, counts=grid.counts, open_qubits=grid.opened, observer=observer
        )
        self.open_qubits = grid.opened
        self.rows = grid.num_pairs
        self._held: tuple[int, Bits, ComplexArray] | None = None

    def predicted_seconds(self, num_batches: int) -> float:
        """Predicted time of so many batches: a grid is computed as a whole."""
        each = self.machine.predicted_seconds + self.rows * _SECONDS_PER_PAIR
        return math.ceil(num_batches / self.rows) * each

    def meets(self, norm: float) -> bool:
        """It does: nothing is left out."""
        return True

    @property
    def remarks(self) -> tuple[str, ...]:
        """What it does to the statistics."""
        (lefts, rights), left, right = self.grid.counts, len(self.grid.left), len(self.grid.right)
        return (
            f"batches came from grids of {lefts} x {rights} pairs of sides: each was used once, but up to {rights} "
            f"share their {left} left bits and up to {lefts} their {right} right bits; if the circuit is chaotic, "
            "their probabilities are as good as independent, which the standard error supposes; their bits are not",
        )

    def candidates(self, first: int, count: int, observer: Observer | None = None) -> tuple[Bits, ComplexArray]:
        """Computes some batches, in the order of their numbers; the grid that holds the last is kept.

        Args:
            first: Number of the first.
            count: How many, at least 1.
            observer: Is told of the progress.

        Returns:
            The bits of each, shape (count, num_qubits), and its amplitudes, shape (count, 2**open qubits).
        """
        parts = []
        for number in range(first // self.rows, (first + count - 1) // self.rows + 1):
            if self._held is None or self._held[0] != number:
                self._held = (number, *self._computed(number, observer))
            _, bits, amplitudes = self._held
            part = slice(max(first - number * self.rows, 0), first + count - number * self.rows)
            parts.append((bits[part], amplitudes[part]))
        return np.concatenate([bits for bits, _ in parts]), np.concatenate([found for _, found in parts])

    def _computed(self, number: int, observer: Observer | None) -> tuple[Bits, ComplexArray]:
        """Computes a grid, and puts its pairs in a random order."""
        left, right = sides_of_grid(self.grid, self._num_qubits, self._seed, number)
        values = self.machine.run(left, right, observer=observer)
        return pairs_of_grid(self._seed, number, left, right, values)


def sides_of_grid(grid: BatchGrid, num_qubits: int, seed: int, number: int) -> tuple[Bits, Bits]:
    """Draws the bits of the left and of the right sides of a grid, 0 at all other qubits; shape (sides, num_qubits)."""
    sides = []
    for name, qubits, count in zip(("left", "right"), (grid.left, grid.right), grid.counts, strict=True):
        bits = np.zeros((count, num_qubits), dtype=np.uint8)
        bits[:, list(qubits)] = distinct_bits(stream(seed, "samples", "pairs", name, number), count, len(qubits))
        sides.append(bits)
    return sides[0], sides[1]


def pairs_of_grid(seed: int, number: int, left: Bits, right: Bits, values: ComplexArray) -> tuple[Bits, ComplexArray]:
    """Puts the pairs of a grid in their random order.

    Args:
        seed: Seed of the samples.
        number: Number of the grid.
        left: Bits of the left sides.
        right: Bits of the right sides.
        values: What the grid gives, of A · B · 2**(open qubits) elements in this order.

    Returns:
        The bits of each pair, shape (A · B, num_qubits), and its amplitudes, shape (A · B, 2**(open qubits)).
    """
    count = len(left) * len(right)
    order = stream(seed, "samples", "pairs", "order", number).permutation(count)
    bits = (left[:, np.newaxis] | right[np.newaxis]).reshape(count, -1)
    return bits[order], values.reshape(count, -1)[order].astype(np.complex128)


def distinct_bits(random: np.random.Generator, count: int, width: int) -> Bits:
    """Draws different rows of bits, all choices of them with the same chance.

    Args:
        random: Where chance comes from.
        count: How many, at most 2**width.
        width: Bits of each.

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
    """Computes batches for pairs of sides; immutable.

    Attributes:
        network: The network of all pairs.
        ready: Its plan, compiled.
        settings: The common options.
        sides: The qubits of the left side and those of the right, open ones left out.
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
            observer: Is told of the progress.

        Returns:
            Shape (A, B, 2, 2, …) with one axis for each open qubit, in the type computed in.

        Raises:
            UsageError: The numbers of sides are not those prepared for.
            TimeLimitError: The work is predicted to take longer than the limit.
        """
        if (len(left_bits), len(right_bits)) != self.counts:
            raise UsageError(
                f"{len(left_bits)} left and {len(right_bits)} right sides were given; this was prepared for "
                f"{self.counts[0]} and {self.counts[1]}"
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
    """Plans and compiles what computes batches for all pairs of sides.

    Args:
        circuit: The circuit, started in |0…0⟩.
        settings: The common options.
        left: Qubits of the left side; those that are neither left nor open are of the right side.
        counts: Numbers of left and of right sides, each at least 1.
        open_qubits: Qubits left open: all their values are computed for each pair.
        observer: Is told of the search.

    Raises:
        UsageError: A number is below 1.
        CircuitError: An open qubit is not in the circuit.
        MemoryLimitError: No plan fits the limit.

    Example:
        >>> import numpy as np
        >>> chain = Circuit(3).append("h", 0).append("cx", 0, 1).append("cx", 1, 2)
        >>> machine = prepare_products(chain, Settings.checked(trials=1), left=[0], counts=(2, 2))
        >>> sides = np.array([[0, 0, 0], [1, 1, 1]], dtype=np.uint8)
        >>> (abs(machine.run(sides, sides)) ** 2).round(6).tolist()
        [[0.5, 0.0], [0.0, 0.5]]
    """
    if min(counts) < 1:
        raise UsageError(f"{counts[0]} left and {counts[1]} right sides were asked for; wanted is at least 1 of each")
    single = AmplitudeNetwork(circuit, open_qubits=open_qubits)
    chosen = frozenset(left) - frozenset(single.open_qubits)
    network = ProductNetwork(single, sorted(chosen), counts)
    others = frozenset(range(circuit.num_qubits)) - chosen - frozenset(single.open_qubits)
    return ProductContractor(
        network=network,
        ready=prepare_plan(network.shape, settings, observer),
        settings=settings,
        sides=(tuple(sorted(chosen)), tuple(sorted(others))),
        counts=counts,
    )

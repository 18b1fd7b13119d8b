"""Batches of amplitudes for many sets of fixed bits: planned and compiled once, run for as many as are needed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol

import numpy as np

from taizhang._types import ComplexArray
from taizhang.circuit.circuit import Circuit
from taizhang.errors import UsageError
from taizhang.execute.amplitude_contractor import AmplitudeContractor, prepare_amplitudes
from taizhang.observer import Observer
from taizhang.plan.plan import Plan
from taizhang.sampling.sampler import Bits
from taizhang.sampling.uniforms import Uniforms
from taizhang.settings import Settings

# At least this many slices are summed for a fidelity, so that rounding to whole slices changes it by at most an eighth.
_SLICES_OF_FIDELITY = 4
# Brief searches for a plan with that many slices, at most.
_PLAN_ATTEMPTS = 4
# The norm of a part of the slices is not exactly its share; the part is adjusted where the relative error exceeds this.
_FIDELITY_TOLERANCE = 0.2
# Trials of each brief search for the width of such a plan.
_TRIALS = 4
# Overhead of a contraction beyond its predicted time: looking up and laying out arrays.
_SECONDS_PER_TENSOR = 1e-5


class BatchSource(Protocol):
    """Source of the candidates of frugal rejection: batches with uniformly random bits at the qubits that are not open.

    Attributes:
        open_qubits: The qubits left open.
        rows: Batches computed at once.
        num_paths: Number of slices to choose from.
        paths_taken: Number of slices that are summed.
        fidelity: Their share, `paths_taken / num_paths`.
    """

    open_qubits: tuple[int, ...]
    rows: int
    num_paths: int
    paths_taken: int
    fidelity: float

    def predicted_seconds(self, num_batches: int) -> float:
        """Predicted time of `num_batches` batches."""

    def candidates(self, first: int, count: int, observer: Observer | None = None) -> tuple[Bits, ComplexArray]:
        """Computes the batches `first` to `first + count`: bits (count, num_qubits), amplitudes (count, 2**open)."""

    def meets(self, norm: float) -> bool:
        """Whether the summed slices, of squared norm `norm`, have about the requested fidelity; else adjusts them."""

    @property
    def remarks(self) -> tuple[str, ...]:
        """Effects of the choice of batches on the statistics, one sentence each."""


class IndependentBatches:
    """Computes independent batches of one circuit.

    Args:
        circuit: The circuit.
        open_qubits: The qubits left open.
        settings: The common options.
        num_batches: Expected number of batches, used to choose how many to compute at once.
        fidelity: Share of the slices to sum.
        observer: Receives progress updates of the search.

    Attributes:
        open_qubits: The qubits left open.
        plan: The plan of a contraction.
        num_paths: Slices that contribute to each amplitude: values of the sliced indices, except those of open qubits.
        paths_taken: Number of these that are summed.
        fidelity: Their share, `paths_taken / num_paths`.
        rows: Batches computed at once.
        contractor: The contractor that computes them.
    """

    def __init__(
        self,
        circuit: Circuit,
        open_qubits: tuple[int, ...],
        settings: Settings,
        *,
        num_batches: int = 1,
        fidelity: float = 1.0,
        observer: Observer | None = None,
    ) -> None:
        self.open_qubits = open_qubits
        self._num_qubits = circuit.num_qubits
        self._seed = settings.seed
        self.contractor = _prepare_sliced(circuit, open_qubits, settings, num_batches, fidelity, observer)
        self.plan: Plan = self.contractor.ready.plan
        self.num_paths = _paths_of(self.plan)
        if fidelity < 1 and self.num_paths == 1:
            raise UsageError(f"fidelity must be 1 for work too small to be sliced, got {fidelity:g}; sample without it")
        self._fidelity_requested = fidelity
        # Numbers of paths measured to be too few, and too many.
        self._too_few, self._too_many = 0, self.num_paths
        self._take(round(fidelity * self.num_paths))
        self.rows = self.contractor.rows_per_run
        self.remarks: tuple[str, ...] = ()

    def _take(self, paths: int) -> None:
        self.paths_taken = min(max(paths, 1), self.num_paths)
        self.fidelity = self.paths_taken / self.num_paths
        self._slices: tuple[range | None, ...] = (None,)
        if self.paths_taken < self.num_paths:
            self._slices = tuple(slices_of_paths(self.plan, self.paths_taken))

    def meets(self, norm: float) -> bool:
        """Whether the summed slices have about the requested fidelity; if not, changes their number.

        The new number is proportional, or by bisection where that was already found to be too few or too many.

        Args:
            norm: Mean weight of the measured batches.
        """
        if norm <= 0 or abs(norm / self._fidelity_requested - 1) <= _FIDELITY_TOLERANCE:
            return True
        if norm < self._fidelity_requested:
            self._too_few = self.paths_taken
        else:
            self._too_many = self.paths_taken
        if self._too_many - self._too_few < 2:
            return True
        paths = round(self.paths_taken * self._fidelity_requested / norm)
        inside = self._too_few < paths < self._too_many
        self._take(paths if inside else (self._too_few + self._too_many) // 2)
        return False

    def predicted_seconds(self, num_batches: int) -> float:
        """Predicted time of `num_batches` batches."""
        overhead = self.contractor.num_runs(num_batches) * self.plan.shape.num_tensors * _SECONDS_PER_TENSOR
        return self.fidelity * self.contractor.predicted_seconds(num_batches) + overhead

    def candidates(self, first: int, count: int, observer: Observer | None = None) -> tuple[Bits, ComplexArray]:
        """Computes the batches `first` to `first + count`; the bits of a batch depend on its number alone."""
        bits = bits_of_candidates(self._seed, self._num_qubits, first, count)
        return bits, self.run(bits, observer)

    def run(self, bits: Bits, observer: Observer | None = None) -> ComplexArray:
        """Computes a batch for each row of bits.

        Args:
            bits: Shape (batches, num_qubits); bits at open qubits are ignored.
            observer: Receives progress updates.

        Returns:
            Complex128, shape (batches, 2**open qubits).
        """
        total: ComplexArray = np.zeros((len(bits), 2 ** len(self.open_qubits)), dtype=np.complex128)
        for slices in self._slices:
            part = self.contractor.run(bits, slices=slices, observer=observer, dtype="complex128")
            total += part.values.reshape(total.shape)
        return total


def bits_of_candidates(seed: int, num_qubits: int, first: int, count: int) -> Bits:
    """Draws the bits of independent batches, including those of open qubits; shape (count, num_qubits)."""
    uniforms = Uniforms(seed, "frugal")
    bits = np.empty((count, num_qubits), dtype=np.uint8)
    for qubit in range(num_qubits):
        bits[:, qubit] = uniforms.draw(first, count, "bit", qubit) < 0.5
    return bits


def _paths_of(plan: Plan) -> int:
    """Slices summed for each element of the result: sliced indices of the result do not count."""
    return math.prod(plan.shape.sizes[index] for index in plan.sliced_indices if index not in plan.shape.output)


def slices_of_paths(plan: Plan, count: int) -> Iterator[range]:
    """Yields the slices of the first `count` paths of each element of the result, as consecutive ranges.

    Args:
        plan: A plan; indices of the result may be sliced.
        count: Number of paths, at most as many as there are.
    """
    sizes = [plan.shape.sizes[index] for index in plan.sliced_indices]
    path = np.zeros(sizes, dtype=np.int64)
    step = 1
    for axis in reversed(range(len(sizes))):
        if plan.sliced_indices[axis] not in plan.shape.output:
            path += (step * np.arange(sizes[axis])).reshape([-1 if k == axis else 1 for k in range(len(sizes))])
            step *= sizes[axis]
    taken = np.concatenate([[False], path.reshape(-1) < count, [False]])
    changes = np.flatnonzero(taken[1:] != taken[:-1]).tolist()
    yield from (range(first, last) for first, last in zip(changes[::2], changes[1::2], strict=True))


def _prepare_sliced(
    circuit: Circuit,
    open_qubits: tuple[int, ...],
    settings: Settings,
    num_batches: int,
    fidelity: float,
    observer: Observer | None,
) -> AmplitudeContractor:
    """Prepares a contractor whose plan has enough slices for the fidelity, if possible."""

    def prepare(width: float | None, trials: int | None) -> AmplitudeContractor:
        chosen = replace(settings, width=width)
        if trials is not None:
            chosen = replace(chosen, trials=trials, plan_seconds=None)
        return prepare_amplitudes(
            circuit, chosen, num_bitstrings=num_batches, open_qubits=open_qubits, observer=observer
        )

    if fidelity == 1:
        return prepare(settings.width, None)
    num_slices = math.ceil(_SLICES_OF_FIDELITY / fidelity)
    width = settings.width
    for _ in range(_PLAN_ATTEMPTS):
        plan = prepare(width, _TRIALS).ready.plan
        missing = num_slices / _paths_of(plan)
        if missing <= 1 or plan.cost.width < 2:
            break
        width = max(plan.cost.width - math.ceil(math.log2(missing)), 1.0)
    return prepare(width, None)

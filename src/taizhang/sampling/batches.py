"""Batches of amplitudes for many sets of fixed bits: planned and compiled once, and run for as many as are needed."""

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

# A plan has at least so many slices for a fidelity, so that it is met to an eighth of itself.
_SLICES_OF_FIDELITY = 4
_PLAN_ATTEMPTS = 4
# The slices of a part may have more or less than their share; it is changed where it is off by so much of the fidelity.
_FIDELITY_TOLERANCE = 0.2
# Trials of the short searches that find out how narrow such a plan has to be.
_TRIALS = 4
# What a contraction takes beside the work that is predicted: arrays are looked up and laid out.
_SECONDS_PER_TENSOR = 1e-5


class BatchSource(Protocol):
    """Where the candidates of frugal rejection come from: batches with uniformly random bits at qubits not open.

    Attributes:
        open_qubits: The qubits left open.
        rows: Batches that are computed at once.
        num_paths: Slices of which some are added up.
        paths_taken: How many of them are.
        fidelity: The part that these are.
    """

    open_qubits: tuple[int, ...]
    rows: int
    num_paths: int
    paths_taken: int
    fidelity: float

    def predicted_seconds(self, num_batches: int) -> float:
        """Predicted time of so many batches."""

    def candidates(self, first: int, count: int, observer: Observer | None = None) -> tuple[Bits, ComplexArray]:
        """Computes the batches `first` to `first + count`: bits (count, num_qubits), amplitudes (count, 2**open)."""

    def meets(self, norm: float) -> bool:
        """Whether the part has about the fidelity asked for, now that its squared norm is known; if not, changes it."""

    @property
    def remarks(self) -> tuple[str, ...]:
        """What it does to the statistics, one sentence each."""


class IndependentBatches:
    """Computes independent batches of one circuit.

    Args:
        circuit: The circuit.
        open_qubits: The qubits left open.
        settings: The common options.
        num_batches: How many will be computed, for weighing how many to compute at once.
        fidelity: Part of the slices that is added up.
        observer: Is told of the search.

    Attributes:
        open_qubits: The qubits left open.
        plan: What is run.
        num_paths: Its slices that are added up: values of the sliced indices, but for those of open qubits.
        paths_taken: How many of them are.
        fidelity: The part that these are.
        rows: Batches that are computed at once.
        machine: What computes them.
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
        self.machine = _sliced(circuit, open_qubits, settings, num_batches, fidelity, observer)
        self.plan: Plan = self.machine.ready.plan
        self.num_paths = _paths_of(self.plan)
        if fidelity < 1 and self.num_paths == 1:
            raise UsageError(
                f"fidelity was given as {fidelity:g}, but the work is too small to be sliced; sample without it"
            )
        self._wanted = fidelity
        # Numbers of paths that were measured to be too few, and too many.
        self._too_few, self._too_many = 0, self.num_paths
        self._take(round(fidelity * self.num_paths))
        self.rows = self.machine.rows_per_run
        self.remarks: tuple[str, ...] = ()

    def _take(self, paths: int) -> None:
        self.paths_taken = min(max(paths, 1), self.num_paths)
        self.fidelity = self.paths_taken / self.num_paths
        self._slices: tuple[range | None, ...] = (None,)
        if self.paths_taken < self.num_paths:
            self._slices = tuple(slices_of_paths(self.plan, self.paths_taken))

    def meets(self, norm: float) -> bool:
        """Whether the part has about the fidelity asked for; if not, takes more or fewer slices.

        As many are taken as are in proportion, or as lie halfway where that was too few or too many before.

        Args:
            norm: Mean weight of batches that were measured.
        """
        if norm <= 0 or abs(norm / self._wanted - 1) <= _FIDELITY_TOLERANCE:
            return True
        if norm < self._wanted:
            self._too_few = self.paths_taken
        else:
            self._too_many = self.paths_taken
        if self._too_many - self._too_few < 2:
            return True
        paths = round(self.paths_taken * self._wanted / norm)
        inside = self._too_few < paths < self._too_many
        self._take(paths if inside else (self._too_few + self._too_many) // 2)
        return False

    def predicted_seconds(self, num_batches: int) -> float:
        """Predicted time of so many batches."""
        beside = self.machine.num_runs(num_batches) * self.plan.shape.num_tensors * _SECONDS_PER_TENSOR
        return self.fidelity * self.machine.predicted_seconds(num_batches) + beside

    def candidates(self, first: int, count: int, observer: Observer | None = None) -> tuple[Bits, ComplexArray]:
        """Computes the batches of some numbers; the bits belong to the number alone."""
        bits = bits_of_candidates(self._seed, self._num_qubits, first, count)
        return bits, self.run(bits, observer)

    def run(self, bits: Bits, observer: Observer | None = None) -> ComplexArray:
        """Computes a batch for each row of bits.

        Args:
            bits: Shape (batches, num_qubits); what is at open qubits is ignored.
            observer: Is told of the progress.

        Returns:
            Complex128, shape (batches, 2**open qubits).
        """
        total: ComplexArray = np.zeros((len(bits), 2 ** len(self.open_qubits)), dtype=np.complex128)
        for slices in self._slices:
            found = self.machine.run(bits, slices=slices, observer=observer, dtype="complex128")
            total += found.values.reshape(total.shape)
        return total


def bits_of_candidates(seed: int, num_qubits: int, first: int, count: int) -> Bits:
    """Draws the bits of independent batches, those of open qubits as well; shape (count, num_qubits)."""
    uniforms = Uniforms(seed, "frugal")
    bits = np.empty((count, num_qubits), dtype=np.uint8)
    for qubit in range(num_qubits):
        bits[:, qubit] = uniforms.draw(first, count, "bit", qubit) < 0.5
    return bits


def _paths_of(plan: Plan) -> int:
    """Slices that are added up for each element of the result: an index of the result may be sliced, too."""
    return math.prod(plan.shape.sizes[index] for index in plan.sliced_indices if index not in plan.shape.output)


def slices_of_paths(plan: Plan, wanted: int) -> Iterator[range]:
    """Gives the slices that make the first `wanted` paths of each element of the result, as consecutive ranges.

    Args:
        plan: A plan, of which indices of the result may be sliced.
        wanted: How many paths; at most as many as there are.
    """
    sizes = [plan.shape.sizes[index] for index in plan.sliced_indices]
    path = np.zeros(sizes, dtype=np.int64)
    step = 1
    for axis in reversed(range(len(sizes))):
        if plan.sliced_indices[axis] not in plan.shape.output:
            path += (step * np.arange(sizes[axis])).reshape([-1 if k == axis else 1 for k in range(len(sizes))])
            step *= sizes[axis]
    taken = np.concatenate([[False], path.reshape(-1) < wanted, [False]])
    changes = np.flatnonzero(taken[1:] != taken[:-1]).tolist()
    yield from (range(first, last) for first, last in zip(changes[::2], changes[1::2], strict=True))


def _sliced(
    circuit: Circuit,
    open_qubits: tuple[int, ...],
    settings: Settings,
    num_batches: int,
    fidelity: float,
    observer: Observer | None,
) -> AmplitudeContractor:
    """Prepares a machine whose plan has enough slices for the fidelity, if that can be."""

    def machine(width: float | None, trials: int | None) -> AmplitudeContractor:
        chosen = replace(settings, width=width)
        if trials is not None:
            chosen = replace(chosen, trials=trials, plan_seconds=None)
        return prepare_amplitudes(
            circuit, chosen, num_bitstrings=num_batches, open_qubits=open_qubits, observer=observer
        )

    if fidelity == 1:
        return machine(settings.width, None)
    wanted = math.ceil(_SLICES_OF_FIDELITY / fidelity)
    width = settings.width
    for _ in range(_PLAN_ATTEMPTS):
        plan = machine(width, _TRIALS).ready.plan
        missing = wanted / _paths_of(plan)
        if missing <= 1 or plan.cost.width < 2:
            break
        width = max(plan.cost.width - math.ceil(math.log2(missing)), 1.0)
    return machine(width, None)

"""What a run for samples makes of its amplitudes: batches, of which frugal rejection takes some and draws from them.

The contractions of such a run are the candidates of `taizhang.samplers.frugal`, in the order of their numbers. Which of
them are taken, and what is drawn, depends on the seed and on the amplitudes alone, so the samples are the same whoever
computed what; they are those of `taizhang sample` with the same seed and options. Nothing but amplitudes is kept, so a
run for samples is as safe as any other; drawing from them takes microseconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from taizhang._types import ComplexArray
from taizhang.circuit.circuit import Circuit
from taizhang.errors import RunError
from taizhang.observer import Observer
from taizhang.results.sampling.frugal import scaled_probabilities, taken_batches
from taizhang.results.sampling.uniforms import Uniforms
from taizhang.runs.manifest import SAMPLES, Manifest
from taizhang.samplers.batches import bits_of_candidates
from taizhang.samplers.frugal import FrugalOptions, FrugalSampler
from taizhang.samplers.pair_grid import PairGrid
from taizhang.samplers.paired import pairs_of_grid, sides_of_grid
from taizhang.samplers.sampler import Bits
from taizhang.settings import Settings

_AT_ONCE = 1 << 12


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleTask:
    """How samples are drawn from the batches of a run.

    Attributes:
        num_qubits: Qubits of the circuit.
        open_qubits: Those left open.
        shots: Samples asked for.
        seed: Their seed.
        options: How to draw.
        bound: A batch of this weight, or more, is always taken.
        num_paths: Slices of which some are added up.
        paths_taken: How many of them are.
        batches: Batches that each contraction gives.
        grid: How the batches of a contraction are pairs of sides; None where each has bits of its own.
        remarks: What their choice does to the statistics.
    """

    num_qubits: int
    open_qubits: tuple[int, ...]
    shots: int
    seed: int
    options: FrugalOptions
    bound: float
    num_paths: int
    paths_taken: int
    batches: int
    grid: PairGrid | None
    remarks: tuple[str, ...]

    @classmethod
    def of(cls, manifest: Manifest) -> SampleTask:
        """Reads what a manifest says."""
        told = manifest.task
        grid = told["grid"]
        return cls(
            num_qubits=manifest.num_qubits,
            open_qubits=manifest.open_qubits,
            shots=told["shots"],
            seed=told["seed"],
            options=FrugalOptions(**told["options"]),
            bound=told["bound"],
            num_paths=told["num_paths"],
            paths_taken=told["paths_taken"],
            batches=told["batches"],
            grid=None if grid is None else PairGrid(**{name: tuple(value) for name, value in grid.items()}),
            remarks=tuple(told["remarks"]),
        )

    def to_dict(self) -> Mapping[str, Any]:
        """What a manifest keeps."""
        told = {name: value for name, value in asdict(self).items() if name not in ("num_qubits", "open_qubits")}
        return {"kind": SAMPLES, **told}

    @property
    def shots_of_batch(self) -> int:
        """Samples that each batch taken gives."""
        return self.options.top or self.options.per_batch

    def batches_of(self, contraction: int, values: ComplexArray) -> tuple[Bits, ComplexArray]:
        """The batches of a contraction in the order of their numbers.

        Args:
            contraction: Its number.
            values: What it gives.

        Returns:
            The bits of each, shape (batches, num_qubits), and its amplitudes, shape (batches, 2**open qubits).
        """
        if self.grid is not None:
            left, right = sides_of_grid(self.grid, self.num_qubits, self.seed, contraction)
            return pairs_of_grid(self.seed, contraction, left, right, values)
        first = contraction * self.batches
        return bits_of_candidates(self.seed, self.num_qubits, first, self.batches), values.reshape(self.batches, -1)

    def shots_of(self, contraction: int, values: ComplexArray) -> int:
        """How many samples a contraction gives."""
        if self.options.top is not None:
            return self.shots_of_batch * self.batches
        _, amplitudes = self.batches_of(contraction, values)
        weights = scaled_probabilities(amplitudes, self.num_qubits).mean(axis=1)
        numbers = Uniforms(self.seed, FrugalSampler.method).draw(contraction * self.batches, self.batches, "take")
        return self.shots_of_batch * len(taken_batches(weights, self.bound, numbers))


class StoredBatches:
    """Gives the batches of a run to frugal rejection.

    Args:
        task: What the run is for.
        values: What its first contractions give, shape (contractions, elements of each).
    """

    def __init__(self, task: SampleTask, values: ComplexArray) -> None:
        self._task, self._values = task, values
        self.open_qubits = task.open_qubits
        self.rows = task.batches
        self.num_paths, self.paths_taken = task.num_paths, task.paths_taken
        self.fidelity = task.paths_taken / task.num_paths
        self.remarks = task.remarks

    def predicted_seconds(self, num_batches: int) -> float:
        """Next to nothing."""
        return 1e-6 * num_batches

    def meets(self, norm: float) -> bool:
        """What was added up is fixed."""
        return True

    def candidates(self, first: int, count: int, observer: Observer | None = None) -> tuple[Bits, ComplexArray]:
        """Looks up the batches `first` to `first + count`, of which `first` begins a contraction."""
        each = self._task.batches
        numbers = range(first // each, -(-(first + count) // each))
        found = [self._task.batches_of(number, self._values[number]) for number in numbers]
        return np.concatenate([bits for bits, _ in found])[:count], np.concatenate([own for _, own in found])[:count]


def drawn_samples(manifest: Manifest, values: ComplexArray) -> tuple[Iterator[Bits], FrugalSampler]:
    """Draws the samples of a run for samples.

    Args:
        manifest: The run.
        values: What its contractions give, shape (contractions, elements of each).

    Returns:
        The samples, a portion at a time, and what tells of them once they are drawn.

    Raises:
        NumericalError: The circuit is not chaotic, so that the samples would be wrong.
        RunError: The batches gave too few samples.
    """
    task = SampleTask.of(manifest)
    sampler = FrugalSampler(
        Circuit(task.num_qubits),
        Settings.checked(seed=task.seed),
        task.options,
        StoredBatches(task, values),
        task.shots,
    )
    return _portions(task, sampler, len(values)), sampler


def all_samples(manifest: Manifest, values: ComplexArray) -> Bits:
    """The samples of a run for samples, shape (shots, num_qubits); errors are those of `drawn_samples`."""
    portions, _ = drawn_samples(manifest, values)
    return np.concatenate(list(portions))


def _portions(task: SampleTask, sampler: FrugalSampler, contractions: int) -> Iterator[Bits]:
    missing = task.shots
    at_once = max(_AT_ONCE // task.batches, 1)
    for start in range(0, contractions, at_once):
        drawn = sampler.draw_from(min(at_once, contractions - start) * task.batches)[:missing]
        missing -= len(drawn)
        if len(drawn):
            yield drawn
        if not missing:
            return
    raise RunError(
        f"the batches of the run gave {task.shots - missing} samples only, where {task.shots} were asked for; make "
        "another run with another seed for the rest"
    )

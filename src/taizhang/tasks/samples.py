"""The question for samples by frugal rejection, from batches of amplitudes.

The contractions are the candidates of `taizhang.sampling.frugal`, in the order of their numbers. Which of them are
accepted, and which bitstrings are drawn, depends only on the seed and the amplitudes, so the samples do not depend on
the assignment of work. The number of batches needed is known only once they are computed: more are prepared than are
ever needed, and a stopping rule leaves out the rest.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, ClassVar

import numpy as np

from taizhang._types import ComplexArray
from taizhang._units import human_bytes
from taizhang.circuit.circuit import Circuit
from taizhang.errors import RunError, SizeLimitError, UsageError
from taizhang.execute.amplitude_contractor import AmplitudeContractor
from taizhang.execute.members import Arrays, Members
from taizhang.observer import Observer
from taizhang.plan.plan import Plan
from taizhang.sampling.batches import IndependentBatches, bits_of_candidates, slices_of_paths
from taizhang.sampling.choice import frugal_sampler
from taizhang.sampling.frugal import (
    DEFAULT_BATCH_QUBITS,
    FrugalOptions,
    FrugalSampler,
    batches_expected,
    batches_per_sample,
)
from taizhang.sampling.frugal_weights import accept_batches, scaled_probabilities
from taizhang.sampling.partition import BatchGrid
from taizhang.sampling.product_batches import ProductBatches, pairs_of_grid, sides_of_grid
from taizhang.sampling.sampler import Bits, SampleReport
from taizhang.sampling.uniforms import Uniforms
from taizhang.settings import Settings
from taizhang.tasks.assembly import PartialValues, Values
from taizhang.tasks.work import PlannedMembers, Work

METHODS_IN_PIECES = ("auto", "frugal")
MOST_KEPT_BYTES = 16 << 30
"""Most bytes of amplitudes that a run keeps."""
# Batches that samples are drawn from at a time.
_AT_ONCE = 1 << 12
# Batches for this many standard deviations above the mean are prepared, and some more for small numbers; those not
# needed are not computed.
_DEVIATIONS = 8.0
_SPARE = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplesTask:
    """The question for samples by frugal rejection, in a form that can be split into pieces.

    Attributes:
        circuit: The circuit.
        shots: Number of samples.
        method: `frugal`, or `auto`, which is the same here.
        options: Options of frugal rejection.

    Raises:
        UsageError: Another method is requested, all qubits are open, or a fidelity below 1 is to be drawn from.
    """

    circuit: Circuit
    shots: int
    method: str = "auto"
    options: FrugalOptions = field(default_factory=FrugalOptions)

    def __post_init__(self) -> None:
        options = self.options
        if self.method not in METHODS_IN_PIECES:
            raise UsageError(
                f"method must be frugal or auto with a directory, got {self.method}; the other methods take seconds, "
                "so sample without a directory"
            )
        if options.batch_qubits is not None and options.batch_qubits >= self.circuit.num_qubits:
            raise UsageError(
                f"batch_qubits must be below {self.circuit.num_qubits} with a directory, got {options.batch_qubits}; "
                "one batch of all qubits takes seconds, so sample without a directory"
            )
        if options.fidelity < 1 and options.top is None:
            raise UsageError(
                f"fidelity must be 1 with a directory, unless top is given, got {options.fidelity:g}; the slices and "
                "the bound for it are measured while sampling, so sample without a directory"
            )

    def prepare(
        self,
        settings: Settings,
        *,
        plan: Plan | None = None,
        observer: Observer | None = None,
        piece_seconds: float | None = None,
    ) -> Work[DrawnSamples]:
        """Chooses the batches and plans them; arguments and errors are those of `Task.prepare`.

        The seed is also that of the samples.
        """
        circuit, options = self.circuit, self.options
        if plan is not None:
            raise UsageError(
                "plan must be None for samples, whose batches are chosen with their own plan; leave it out"
            )
        if options.batch_qubits is None and not options.pair_sides:
            options = replace(options, batch_qubits=min(DEFAULT_BATCH_QUBITS, circuit.num_qubits // 2))

        # Stage 1: prepare the source of batches. Independent batches are planned for a likely number, so that one
        # sparse-state contraction usually suffices; product batches are always planned that way.
        size = 1 << (options.batch_qubits or DEFAULT_BATCH_QUBITS)
        likely = batches_expected(self.shots, size, options)
        planned = self.shots if options.pair_sides else math.ceil(likely / batches_per_sample(size, options))
        sampler = frugal_sampler(circuit, planned, settings, options, observer)
        source = sampler.source
        if not isinstance(source, (IndependentBatches, ProductBatches)) or _is_dense(source):
            raise UsageError(
                f"the {circuit.num_qubits - len(source.open_qubits)} qubits that are not open have fewer values than "
                "there are batches, so all of them take seconds; sample without a directory"
            )

        # Stage 2: choose how many batches are prepared.
        assembly = SampleAssembly(
            num_qubits=circuit.num_qubits,
            open_qubits=source.open_qubits,
            shots=self.shots,
            seed=settings.seed,
            options=options,
            bound=sampler.bound,
            num_paths=source.num_paths,
            paths_taken=source.paths_taken,
            batches=source.rows,
            grid=source.grid if isinstance(source, ProductBatches) else None,
            remarks=source.remarks,
        )
        count = -(-assembly.batches_held_ready() // source.rows)
        _check_size(count * source.rows << len(source.open_qubits))
        ready = source.contractor.ready
        return Work(
            plans=(PlannedMembers(ready=ready, members=_members(assembly, source, count), only=_slices(source)),),
            assembly=assembly,
            predicted_seconds=source.predicted_seconds(min(likely, count * source.rows)),
            predicted_bytes=ready.predicted_bytes,
            settings=settings,
            circuit=circuit,
        )


def _is_dense(source: IndependentBatches | ProductBatches) -> bool:
    """Whether one contraction computes all values of the qubits that are not open."""
    contractor = source.contractor
    return (
        isinstance(contractor, AmplitudeContractor)
        and bool(contractor.row_qubits)
        and not contractor.network.shape.num_rows
    )


def _check_size(amplitudes: int) -> None:
    if 16 * amplitudes > MOST_KEPT_BYTES:
        raise SizeLimitError(
            f"the batches of these shots need {human_bytes(16 * amplitudes)}, but a run keeps at most "
            f"{human_bytes(MOST_KEPT_BYTES)}; make several runs with different seeds, or leave fewer qubits open"
        )


def _members(assembly: SampleAssembly, source: IndependentBatches | ProductBatches, count: int) -> Members:
    """The networks of all prepared batches, in order."""
    if isinstance(source, IndependentBatches):
        bits = bits_of_candidates(assembly.seed, assembly.num_qubits, 0, count * assembly.batches)
        return source.contractor.members(bits)
    return _GridMembers(assembly, source, count)


class _GridMembers:
    """The networks of grids of batches.

    Args:
        assembly: How samples are drawn.
        source: The product batches.
        count: Number of grids.
    """

    def __init__(self, assembly: SampleAssembly, source: ProductBatches, count: int) -> None:
        self._assembly, self._source, self._count = assembly, source, count

    def __len__(self) -> int:
        return self._count

    def arrays_of(self, number: int) -> tuple[Arrays, int]:
        """The arrays of a grid, and the power of two to multiply its value by."""
        assembly = self._assembly
        left, right = sides_of_grid(self._source.grid, assembly.num_qubits, assembly.seed, number)
        return self._source.contractor.network.arrays_for(left, right)

    def rows_of(self, number: int) -> Bits | None:
        """None: a grid has no rows."""
        return None


def _slices(source: IndependentBatches | ProductBatches) -> range | None:
    """The slices that are summed; None for all."""
    if source.paths_taken == source.num_paths:
        return None
    ranges = list(slices_of_paths(source.contractor.ready.plan, source.paths_taken))
    if len(ranges) > 1 or ranges[0].start:
        raise UsageError(
            "the slices for this fidelity must be consecutive in a run, but the plan slices open qubits; leave fewer "
            "qubits open (batch_qubits), or sample without a directory"
        )
    return ranges[0]


class DrawnSamples:
    """Samples that are drawn while iterating over them, a portion at a time.

    Attributes:
        shots: Number of samples.
        method: Name of the method.
        reason: Why it was chosen.
    """

    reason = "batches are kept in a run"

    def __init__(self, assembly: SampleAssembly, values: ComplexArray) -> None:
        self._assembly = assembly
        self._contractions = len(values)
        self._sampler = FrugalSampler(
            Circuit(assembly.num_qubits),
            Settings.checked(seed=assembly.seed),
            assembly.options,
            _StoredBatches(assembly, values),
            assembly.shots,
        )
        self.shots = assembly.shots
        self.method = self._sampler.method

    def __iter__(self) -> Iterator[Bits]:
        """Draws the samples: arrays of uint8 of shape (shots in this portion, num_qubits).

        Raises:
            NumericalError: The circuit is not chaotic, so that the samples would be wrong.
            RunError: The batches gave too few samples.
        """
        missing = self.shots
        batches = self._assembly.batches
        at_once = max(_AT_ONCE // batches, 1)
        for start in range(0, self._contractions, at_once):
            samples = self._sampler.draw_from(min(at_once, self._contractions - start) * batches)[:missing]
            missing -= len(samples)
            if len(samples):
                yield samples
            if not missing:
                return
        raise RunError(
            f"the batches of the run gave only {self.shots - missing} of {self.shots} samples; make another run with "
            "another seed for the rest"
        )

    def report(self) -> SampleReport:
        """Statistics of the samples drawn so far."""
        return self._sampler.report()

    def bits(self) -> Bits:
        """All samples, shape (shots, num_qubits)."""
        return np.concatenate(list(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleAssembly:
    """Draws samples from batches.

    Attributes:
        num_qubits: Qubits of the circuit.
        open_qubits: Qubits left open.
        shots: Number of requested samples.
        seed: Seed of the samples.
        options: Options of frugal rejection.
        bound: A batch of this weight or more is always accepted.
        num_paths: Number of slices to choose from.
        paths_taken: Number of slices that are summed.
        batches: Batches of each contraction.
        grid: Partition of the qubits for product batches; None for independent batches.
        remarks: Effects of the choice of batches on the statistics.
    """

    kind: ClassVar[str] = "samples"

    num_qubits: int
    open_qubits: tuple[int, ...]
    shots: int
    seed: int
    options: FrugalOptions
    bound: float
    num_paths: int
    paths_taken: int
    batches: int
    grid: BatchGrid | None
    remarks: tuple[str, ...]

    def to_json(self) -> Mapping[str, Any]:
        """The fields as JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> SampleAssembly:
        """Reads the output of `to_json`."""
        grid = fields["grid"]
        return cls(
            num_qubits=int(fields["num_qubits"]),
            open_qubits=tuple(map(int, fields["open_qubits"])),
            shots=int(fields["shots"]),
            seed=int(fields["seed"]),
            options=FrugalOptions(**fields["options"]),
            bound=float(fields["bound"]),
            num_paths=int(fields["num_paths"]),
            paths_taken=int(fields["paths_taken"]),
            batches=int(fields["batches"]),
            grid=None if grid is None else BatchGrid(**{name: tuple(value) for name, value in grid.items()}),
            remarks=tuple(map(str, fields["remarks"])),
        )

    def description(self) -> str:
        """The question in words."""
        batch = f"batches of {1 << len(self.open_qubits):,} amplitudes"
        return f"{self.shots:,} samples of a circuit of {self.num_qubits} qubits, from {batch}"

    def answer(self, values: Values) -> DrawnSamples:
        """The samples, from the values of at least as many contractions as the stopping rule requires."""
        return DrawnSamples(self, values[0])

    def plain(self, answer: DrawnSamples) -> Bits:
        """The bits, uint8, shape (shots, num_qubits)."""
        return answer.bits()

    def so_far(self, known: PartialValues) -> SamplesSoFar:
        """The number of samples from the batches finished without a gap."""
        rule = EnoughBatches(self)
        for numbers, values in known.finished:
            if rule.add(numbers, values) is not None:
                break
        return SamplesSoFar(drawn=min(rule.drawn, self.shots), shots=self.shots)

    def stopping_rule(self) -> EnoughBatches:
        """A rule that counts the samples from the batches."""
        return EnoughBatches(self)

    def rows(self, answer: DrawnSamples) -> Iterator[tuple[str, str]]:
        """The number of samples."""
        yield "samples", f"{answer.shots:,} of {answer.shots:,}; 'taizhang resume' writes them"

    def record(self, answer: DrawnSamples) -> Mapping[str, Any]:
        """The number of samples."""
        return {"shots": answer.shots}

    @property
    def shots_of_batch(self) -> int:
        """Samples from each accepted batch."""
        return self.options.top or self.options.per_batch

    def batches_held_ready(self) -> int:
        """Number of batches that always suffices; those that are not needed are not computed."""
        accepted = self.shots / self.shots_of_batch
        if self.options.top is not None:
            return math.ceil(accepted)
        spread = math.sqrt(accepted * self.bound * max(self.bound - 1, 0))
        return math.ceil(accepted * self.bound + _DEVIATIONS * spread) + _SPARE

    def batches_of(self, contraction: int, values: ComplexArray) -> tuple[Bits, ComplexArray]:
        """The batches of a contraction, in the order of their numbers.

        Args:
            contraction: Number of the contraction.
            values: Values of the contraction.

        Returns:
            The bits of each, shape (batches, num_qubits), and its amplitudes, shape (batches, 2**open qubits).
        """
        if self.grid is not None:
            left, right = sides_of_grid(self.grid, self.num_qubits, self.seed, contraction)
            return pairs_of_grid(self.seed, contraction, left, right, values)
        first = contraction * self.batches
        return bits_of_candidates(self.seed, self.num_qubits, first, self.batches), values.reshape(self.batches, -1)

    def shots_of(self, contraction: int, values: ComplexArray) -> int:
        """Number of samples from a contraction."""
        if self.options.top is not None:
            return self.shots_of_batch * self.batches
        _, amplitudes = self.batches_of(contraction, values)
        weights = scaled_probabilities(amplitudes, self.num_qubits).mean(axis=1)
        numbers = Uniforms(self.seed, FrugalSampler.method).draw(contraction * self.batches, self.batches, "take")
        return self.shots_of_batch * len(accept_batches(weights, self.bound, numbers))


class EnoughBatches:
    """Counts the samples from finished batches.

    Args:
        assembly: How samples are drawn.

    Attributes:
        drawn: Samples from the batches finished without a gap.
    """

    def __init__(self, assembly: SampleAssembly) -> None:
        self._assembly = assembly
        self._ahead: dict[int, int] = {}
        self._next = 0
        self.drawn = 0

    def add(self, contractions: range, values: ComplexArray) -> int | None:
        """Adds finished contractions; returns how many are enough, once those without a gap give all samples."""
        for number, amplitudes in zip(contractions, values, strict=True):
            self._ahead[number] = self._assembly.shots_of(number, amplitudes)
        while self._next in self._ahead and self.drawn < self._assembly.shots:
            self.drawn += self._ahead.pop(self._next)
            self._next += 1
        return self._next if self.drawn >= self._assembly.shots else None


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplesSoFar:
    """Number of samples so far.

    Attributes:
        drawn: Samples from the batches finished without a gap, at most `shots`.
        shots: Number of requested samples.
    """

    drawn: int
    shots: int

    def to_dict(self) -> dict[str, object]:
        """The keys of `--json`."""
        return {"samples": self.drawn, "shots": self.shots}

    def lines(self) -> Sequence[tuple[str, str]]:
        """Lines for display."""
        return [("samples", f"{self.drawn:,} of {self.shots:,}, from the batches finished without a gap")]


class _StoredBatches:
    """Batch source that reads computed batches.

    Args:
        assembly: How samples are drawn.
        values: The values of the first contractions, shape (contractions, elements of each).
    """

    def __init__(self, assembly: SampleAssembly, values: ComplexArray) -> None:
        self._assembly, self._values = assembly, values
        self.open_qubits = assembly.open_qubits
        self.rows = assembly.batches
        self.num_paths, self.paths_taken = assembly.num_paths, assembly.paths_taken
        self.fidelity = assembly.paths_taken / assembly.num_paths
        self.remarks = assembly.remarks

    def predicted_seconds(self, num_batches: int) -> float:
        """Negligible: the batches are computed already."""
        return 1e-6 * num_batches

    def meets(self, norm: float) -> bool:
        """Always true: the slices that were summed are fixed."""
        return True

    def candidates(self, first: int, count: int, observer: Observer | None = None) -> tuple[Bits, ComplexArray]:
        """Looks up the batches `first` to `first + count`; `first` is the first batch of a contraction."""
        each = self._assembly.batches
        numbers = range(first // each, -(-(first + count) // each))
        parts = [self._assembly.batches_of(number, self._values[number]) for number in numbers]
        bits = np.concatenate([bits for bits, _ in parts])
        amplitudes = np.concatenate([amplitudes for _, amplitudes in parts])
        return bits[:count], amplitudes[:count]

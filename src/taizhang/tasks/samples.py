"""The question for samples by frugal rejection: batches of amplitudes, of which some are taken and drawn from.

The contractions are the candidates of `taizhang.sampling.frugal`, in the order of their numbers. Which of them are
taken, and what is drawn, depends on the seed and on the amplitudes alone, so the samples are the same whoever computed
what. How many batches are needed is known once they are there: more are held ready than are ever needed, and a stopping
rule leaves out the rest.
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
from taizhang.circuit.formats.openqasm_writer import write_openqasm3
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
from taizhang.sampling.frugal_weights import scaled_probabilities, taken_batches
from taizhang.sampling.partition import BatchGrid
from taizhang.sampling.product_batches import ProductBatches, pairs_of_grid, sides_of_grid
from taizhang.sampling.sampler import Bits, SampleReport
from taizhang.sampling.uniforms import Uniforms
from taizhang.settings import Settings
from taizhang.tasks.assembly import PartialValues, Values
from taizhang.tasks.work import PlannedMembers, Work

METHODS_IN_PIECES = ("auto", "frugal")
MOST_KEPT_BYTES = 16 << 30
_AT_ONCE = 1 << 12
# Batches for this many standard deviations more than the mean are held ready; those not needed are not computed.
_DEVIATIONS = 8.0
_SPARE = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplesTask:
    """The question for samples by frugal rejection, in a form that pieces can be made of.

    Attributes:
        circuit: The circuit.
        shots: How many samples.
        method: `frugal`, or `auto`, which is the same here.
        options: Fidelity and batches.

    Raises:
        UsageError: Another method was asked for, or all qubits are left open, or slices for a fidelity.
    """

    circuit: Circuit
    shots: int
    method: str = "auto"
    options: FrugalOptions = field(default_factory=FrugalOptions)

    def __post_init__(self) -> None:
        options = self.options
        if self.method not in METHODS_IN_PIECES:
            raise UsageError(
                f"method {self.method} was given with a directory; only samples by frugal rejection are kept in one, "
                "the other methods take seconds: sample without a directory"
            )
        if options.batch_qubits is not None and options.batch_qubits >= self.circuit.num_qubits:
            raise UsageError("all qubits were to be left open, which takes seconds: sample without a directory")
        if options.fidelity < 1 and options.top is None:
            raise UsageError(
                f"fidelity {options.fidelity:g} was given with a directory; which slices meet it, and the bound, "
                "are measured on the way, which a run does not keep: sample without a directory"
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

        The seed is that of the samples, too.
        """
        circuit, options = self.circuit, self.options
        if plan is not None:
            raise UsageError("a plan was given for samples, whose batches are chosen with their own plan; leave it out")
        if options.batch_qubits is None and not options.pair_sides:
            options = replace(options, batch_qubits=min(DEFAULT_BATCH_QUBITS, circuit.num_qubits // 2))

        # Stage 1: where batches come from. Batches that share a contraction are hardly ever too few in one; a grid has
        # some to spare already.
        size = 1 << (options.batch_qubits or DEFAULT_BATCH_QUBITS)
        likely = batches_expected(self.shots, size, options)
        planned = self.shots if options.pair_sides else math.ceil(likely / batches_per_sample(size, options))
        sampler = frugal_sampler(circuit, planned, settings, options, observer)
        source = sampler.source
        if not isinstance(source, (IndependentBatches, ProductBatches)) or _is_dense(source):
            raise UsageError(
                f"the {circuit.num_qubits - len(source.open_qubits)} qubits that are not open have fewer values than "
                "there are batches, so that all are computed in seconds: sample without a directory"
            )

        # Stage 2: how many of them are held ready.
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
        ready = source.machine.ready
        return Work(
            plans=(PlannedMembers(ready=ready, members=_members(assembly, source, count), only=_slices(source)),),
            assembly=assembly,
            predicted_seconds=source.predicted_seconds(min(likely, count * source.rows)),
            predicted_bytes=ready.predicted_bytes,
            settings=settings,
            files={"circuit.qasm": write_openqasm3(circuit).encode()},
        )


def _is_dense(source: IndependentBatches | ProductBatches) -> bool:
    """Whether all values of the qubits that are not open are computed at once."""
    machine = source.machine
    return isinstance(machine, AmplitudeContractor) and bool(machine.row_qubits) and not machine.network.shape.num_rows


def _check_size(amplitudes: int) -> None:
    if 16 * amplitudes > MOST_KEPT_BYTES:
        raise SizeLimitError(
            f"the batches of so many shots are {human_bytes(16 * amplitudes)}, but a run keeps at most "
            f"{human_bytes(MOST_KEPT_BYTES)}; make several runs with different seeds, or leave fewer qubits open"
        )


def _members(assembly: SampleAssembly, source: IndependentBatches | ProductBatches, count: int) -> Members:
    """The networks of all batches held ready, in order."""
    if isinstance(source, IndependentBatches):
        bits = bits_of_candidates(assembly.seed, assembly.num_qubits, 0, count * assembly.batches)
        return source.machine.members(bits)
    return _GridMembers(assembly, source, count)


class _GridMembers:
    """The networks of grids of batches.

    Args:
        assembly: How samples are drawn.
        source: What the grids are computed with.
        count: How many grids there are.
    """

    def __init__(self, assembly: SampleAssembly, source: ProductBatches, count: int) -> None:
        self._assembly, self._source, self._count = assembly, source, count

    def __len__(self) -> int:
        return self._count

    def arrays_of(self, number: int) -> tuple[Arrays, int]:
        """The arrays of a grid, and the power of two that its value is multiplied by."""
        assembly = self._assembly
        left, right = sides_of_grid(self._source.grid, assembly.num_qubits, assembly.seed, number)
        return self._source.machine.network.arrays_for(left, right)

    def rows_of(self, number: int) -> Bits | None:
        """None: a grid has no rows."""
        return None


def _slices(source: IndependentBatches | ProductBatches) -> range | None:
    """The slices that are summed; None for all."""
    if source.paths_taken == source.num_paths:
        return None
    ranges = list(slices_of_paths(source.machine.ready.plan, source.paths_taken))
    if len(ranges) > 1 or ranges[0].start:
        raise UsageError(
            "the plan slices open qubits, so that the part of the slices for this fidelity is scattered, which a run "
            "does not have; leave fewer qubits open (batch_qubits), or sample without a directory"
        )
    return ranges[0]


class DrawnSamples:
    """Samples that are drawn as they are iterated over, a portion at a time.

    Attributes:
        shots: How many there are.
        method: How they are drawn.
        reason: Why so.
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
            drawn = self._sampler.draw_from(min(at_once, self._contractions - start) * batches)[:missing]
            missing -= len(drawn)
            if len(drawn):
                yield drawn
            if not missing:
                return
        raise RunError(
            f"the batches of the run gave {self.shots - missing} samples only, where {self.shots} were asked for; make "
            "another run with another seed for the rest"
        )

    def report(self) -> SampleReport:
        """What is known of the samples drawn so far."""
        return self._sampler.report()

    def bits(self) -> Bits:
        """All samples, shape (shots, num_qubits)."""
        return np.concatenate(list(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleAssembly:
    """Draws samples from batches.

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
        """Reads what `to_json` gave."""
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
        """What is asked for."""
        batch = f"batches of {1 << len(self.open_qubits):,} amplitudes"
        return f"{self.shots:,} samples of a circuit of {self.num_qubits} qubits, from {batch}"

    def answer(self, values: Values) -> DrawnSamples:
        """The samples, from the values of as many contractions as are enough."""
        return DrawnSamples(self, values[0])

    def plain(self, answer: DrawnSamples) -> Bits:
        """The bits, uint8, shape (shots, num_qubits)."""
        return answer.bits()

    def so_far(self, known: PartialValues) -> SamplesSoFar:
        """How many samples the batches give that are finished without a gap."""
        rule = EnoughBatches(self)
        for numbers, values in known.finished:
            if rule.add(numbers, values) is not None:
                break
        return SamplesSoFar(drawn=min(rule.drawn, self.shots), shots=self.shots)

    def stopping_rule(self) -> EnoughBatches:
        """Counts the samples that the batches give."""
        return EnoughBatches(self)

    def rows(self, answer: DrawnSamples) -> Iterator[tuple[str, str]]:
        """How many there are."""
        yield "samples", f"{answer.shots:,} of {answer.shots:,}; 'taizhang resume' writes them"

    def record(self, answer: DrawnSamples) -> Mapping[str, Any]:
        """How many there are."""
        return {"shots": answer.shots}

    @property
    def shots_of_batch(self) -> int:
        """Samples that each batch taken gives."""
        return self.options.top or self.options.per_batch

    def batches_held_ready(self) -> int:
        """Batches that are never too few; most of the last are not needed, and then not computed."""
        taken = self.shots / self.shots_of_batch
        if self.options.top is not None:
            return math.ceil(taken)
        spread = math.sqrt(taken * self.bound * max(self.bound - 1, 0))
        return math.ceil(taken * self.bound + _DEVIATIONS * spread) + _SPARE

    def batches_of(self, contraction: int, values: ComplexArray) -> tuple[Bits, ComplexArray]:
        """The batches of a contraction in the order of their numbers.

        Args:
            contraction: Its number.
            values: Its values.

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


class EnoughBatches:
    """Counts the samples that finished batches give.

    Args:
        assembly: How samples are drawn.

    Attributes:
        drawn: Samples of the batches that are finished without a gap.
    """

    def __init__(self, assembly: SampleAssembly) -> None:
        self._assembly = assembly
        self._ahead: dict[int, int] = {}
        self._next = 0
        self.drawn = 0

    def add(self, contractions: range, values: ComplexArray) -> int | None:
        """Takes note of finished contractions; gives how many are enough, once those without a gap give all samples."""
        for number, own in zip(contractions, values, strict=True):
            self._ahead[number] = self._assembly.shots_of(number, own)
        while self._next in self._ahead and self.drawn < self._assembly.shots:
            self.drawn += self._ahead.pop(self._next)
            self._next += 1
        return self._next if self.drawn >= self._assembly.shots else None


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplesSoFar:
    """How many samples there are.

    Attributes:
        drawn: Samples of the batches that are finished without a gap, at most those asked for.
        shots: Samples asked for.
    """

    drawn: int
    shots: int

    def to_dict(self) -> dict[str, object]:
        """The keys of `--json`."""
        return {"samples": self.drawn, "shots": self.shots}

    def lines(self) -> Sequence[tuple[str, str]]:
        """For people."""
        return [("samples", f"{self.drawn:,} of {self.shots:,}, of the batches that are done without a gap")]


class _StoredBatches:
    """Gives computed batches to frugal rejection.

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
        """Looks up the batches `first` to `first + count`, of which `first` begins a contraction."""
        each = self._assembly.batches
        numbers = range(first // each, -(-(first + count) // each))
        found = [self._assembly.batches_of(number, self._values[number]) for number in numbers]
        return np.concatenate([bits for bits, _ in found])[:count], np.concatenate([own for _, own in found])[:count]

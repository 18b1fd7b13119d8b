"""The question how well samples fit a circuit: the amplitudes of exactly these bitstrings, and what they come to.

Before all amplitudes are finished there are two estimates. The bitstrings whose amplitudes are finished are a sample of
all samples. And while all bitstrings share a contraction that is not finished, the sum over a part f of the slices of a
chaotic circuit is a state of norm² f and of fidelity f with the whole (Markov et al., arXiv:1807.10749), so that the
linear cross entropy with that state, normalised, is f times the one asked for.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from taizhang._random import stream
from taizhang._types import ComplexArray
from taizhang.circuit.bitstring_lists import parsed_bits
from taizhang.circuit.circuit import Circuit
from taizhang.circuit.distinct_bitstrings import Bits, DistinctRows
from taizhang.circuit.formats.sample_file import CountedBitstrings
from taizhang.errors import InputError
from taizhang.execute.amplitude_contractor import AmplitudeContractor
from taizhang.execute.prepare import begin
from taizhang.observer import Observer, Silent
from taizhang.plan.plan import Plan
from taizhang.plan.search import SearchProgress
from taizhang.settings import Settings
from taizhang.tasks.amplitudes import ListLayout, prepare_list
from taizhang.tasks.assembly import PartialValues, StoppingRule, Values
from taizhang.tasks.work import Work
from taizhang.tasks.xeb import DOUBTFUL_P_VALUE, Xeb

# A portion is predicted to take about this long.
_PORTION_SECONDS = 2.0

_NUMBERS_AT_RANDOM = (200, 100, 50, 20)
"""Amplitudes at random bitstrings that say whether a circuit is chaotic: as many as take little time, ..."""

_LITTLE_SECONDS, _LITTLE_SHARE = 5.0, 0.1
"""... which is the greater of so many seconds and this part of the time of the samples. With the least it is clear only
for circuits that are far from chaotic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossEntropyTask:
    """The question how well samples fit a circuit.

    Attributes:
        circuit: The circuit.
        samples: The samples.
    """

    circuit: Circuit
    samples: CountedBitstrings

    def prepare(
        self,
        settings: Settings,
        *,
        plan: Plan | None = None,
        observer: Observer | None = None,
        piece_seconds: float | None = None,
    ) -> Work[Xeb]:
        """Plans the amplitudes of all samples; arguments and errors are those of `Task.prepare`."""
        bitstrings = tuple(self.samples.bitstrings)
        prepared = prepare_list(self.circuit, bitstrings, (), settings, plan, observer, piece_seconds)
        return prepared.work(XebAssembly(layout=prepared.layout, counts=tuple(self.samples.counts)))


@dataclass(frozen=True, slots=True, kw_only=True)
class XebSoFar:
    """An estimate of the linear cross entropy.

    Attributes:
        linear_xeb: The estimate; None while nothing is known.
        standard_error: Of it; infinite where there is one sample only.
        num_samples: Samples that it is made from.
        all_samples: Samples asked for.
        part: Part of the slices that were added up for each.
    """

    linear_xeb: float | None
    standard_error: float
    num_samples: int
    all_samples: int
    part: float

    def to_dict(self) -> dict[str, object]:
        """The keys of `--json`."""
        return {
            "xeb": {
                "linear_xeb": self.linear_xeb,
                "standard_error": self.standard_error if math.isfinite(self.standard_error) else None,
                "num_samples": self.num_samples,
                "all_samples": self.all_samples,
                "part_of_slices": self.part,
            }
        }

    def lines(self) -> Sequence[tuple[str, str]]:
        """For people."""
        if self.linear_xeb is None:
            return [("linear XEB", "not known before the first amplitudes are finished")]
        estimate = f"{self.linear_xeb:.4f} ± {self.standard_error:.4f}"
        if self.part < 1:
            return [
                ("linear XEB", f"{estimate}, of {self.num_samples:,} samples"),
                (
                    "meaning",
                    f"estimated from {self.part:.2%} of the slices of each amplitude, if the circuit is chaotic",
                ),
            ]
        if self.num_samples == self.all_samples:
            return [("linear XEB", f"{estimate}, of all {self.all_samples:,} samples")]
        return [
            (
                "linear XEB",
                f"{estimate}, of the {self.num_samples:,} samples of {self.all_samples:,} that are finished",
            ),
            ("meaning", "one standard error, as if those finished had been drawn from all by chance"),
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class XebAssembly:
    """Assembles the cross entropy of samples.

    Attributes:
        layout: Where the amplitudes of the different bitstrings are among the values; no qubit is open.
        counts: How often each bitstring came.

    Raises:
        InputError: The numbers of bitstrings and counts differ, or there is no sample.
    """

    kind: ClassVar[str] = "xeb"

    layout: ListLayout
    counts: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.counts) != len(self.layout.bitstrings) or sum(self.counts) <= 0 or min(self.counts) < 0:
            raise InputError(
                f"{len(self.counts)} counts were given for {len(self.layout.bitstrings)} bitstrings; give one for each"
            )

    def to_json(self) -> Mapping[str, Any]:
        """The fields as JSON."""
        return {**self.layout.to_json(), "counts": list(self.counts)}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> XebAssembly:
        """Reads what `to_json` gave."""
        return cls(layout=ListLayout.from_json(fields), counts=tuple(map(int, fields["counts"])))

    def description(self) -> str:
        """What is asked for."""
        return (
            f"cross entropy of {sum(self.counts):,} samples, {len(self.counts):,} of them different, of a circuit of "
            f"{self.layout.num_qubits} qubits"
        )

    def answer(self, values: Values) -> Xeb:
        """The cross entropy of all samples."""
        amplitudes = self.layout.by_bitstring(values[0])[:, 0]
        return Xeb.of_amplitudes(amplitudes, self.counts, self.layout.num_qubits)

    def plain(self, answer: Xeb) -> Xeb:
        """The answer itself."""
        return answer

    def so_far(self, known: PartialValues) -> XebSoFar:
        """The estimate of the linear cross entropy."""
        contraction_of, all_samples = self.layout.contraction_of(), sum(self.counts)
        values: ComplexArray | None = known.sums
        finished = np.ones(int(contraction_of.max()) + 1, dtype=bool)
        if values is None:
            finished[:] = False
            for numbers, found in known.finished:
                if values is None:
                    values = np.zeros((len(finished), found.shape[1]), dtype=np.complex128)
                values[numbers.start : numbers.stop] = found
                finished[numbers.start : numbers.stop] = True
        mask = finished[contraction_of]
        part = known.part if known.sums is not None else 1.0
        if values is None or not mask.any():
            return XebSoFar(linear_xeb=None, standard_error=math.inf, num_samples=0, all_samples=all_samples, part=part)
        amplitudes = self.layout.by_bitstring(values)[mask, 0] / math.sqrt(part)
        counts = np.array(self.counts, dtype=np.int64)[mask].tolist()
        xeb = Xeb.of_amplitudes(amplitudes, counts, self.layout.num_qubits)
        return XebSoFar(
            linear_xeb=xeb.linear_xeb / part,
            standard_error=xeb.standard_error / part,
            num_samples=xeb.num_samples,
            all_samples=all_samples,
            part=part,
        )

    def stopping_rule(self) -> StoppingRule | None:
        """None: all contractions are needed."""
        return None

    def rows(self, answer: Xeb) -> Iterator[tuple[str, str]]:
        """The figures."""
        yield "cross entropy", str(answer)

    def record(self, answer: Xeb) -> Mapping[str, Any]:
        """The figures."""
        return {"xeb": answer.to_dict()}


@dataclass(frozen=True, slots=True, kw_only=True)
class XebResult:
    """The figures, and what they took.

    Attributes:
        xeb: The figures, of what was computed.
        num_computed: Different bitstrings whose amplitudes were computed: all, or the first of them if it was
            interrupted.
        num_asked: Different bitstrings that there are.
        plan: The plan that was run.
        predicted_bytes: Most memory that the process was predicted to hold.
        seconds: Wall time of the stages `"build"`, `"plan"` and `"run"`.
    """

    xeb: Xeb
    num_computed: int
    num_asked: int
    plan: Plan
    predicted_bytes: int
    seconds: dict[str, float]


def compute_xeb(
    circuit: Circuit,
    samples: CountedBitstrings,
    settings: Settings,
    *,
    observer: Observer | None = None,
    on_estimate: Callable[[Xeb, int], None] | None = None,
    keep_what_is_done: bool = False,
) -> XebResult:
    """Computes the amplitudes of samples portion by portion, in the order in which the samples came.

    So the figures of those done so far are an estimate at any time, and what was computed counts if the work is
    interrupted.

    Args:
        circuit: The circuit.
        samples: The samples.
        settings: The common options.
        observer: Receives progress updates.
        on_estimate: Called after each portion but the last with the figures so far, and of how many different
            bitstrings.
        keep_what_is_done: Interrupted (`KeyboardInterrupt`), give the figures of what was computed, if anything was.

    Raises:
        LimitError: The work does not fit the limits.
    """
    # Stage 1: plan for all bitstrings.
    watch = observer or Silent()
    watch.stage("build")
    started = time.perf_counter()
    count = len(samples.bitstrings)
    bits = parsed_bits(samples.bitstrings, circuit.num_qubits)
    prepared = prepare_list(circuit, tuple(samples.bitstrings), (), settings, None, watch, None)
    machine = prepared.machine
    planned = time.perf_counter()
    begin(machine.ready, machine.predicted_seconds(count), settings, watch)

    # Stage 2: some seconds of whole contractions at a time.
    values: ComplexArray = np.empty(count, dtype=np.complex128)
    size, done = _portion(machine, count), 0

    def figures() -> Xeb:
        return Xeb.of_amplitudes(values[:done], samples.counts[:done], circuit.num_qubits)

    try:
        while done < count:
            end = min(done + size, count)
            share = _Share(watch, done / count, (end - done) / count, count)
            values[done:end] = machine.run(bits[done:end], observer=share, dtype="complex128").values
            done = end
            if on_estimate is not None and done < count:
                on_estimate(figures(), done)
    except KeyboardInterrupt:
        if not (keep_what_is_done and done):
            raise

    # Stage 3: where the samples do not follow the Porter-Thomas distribution, whether the circuit does.
    xeb = figures()
    if done == count and xeb.p_value < DOUBTFUL_P_VALUE:
        try:
            at_random = _amplitudes_at_random(machine, bits, settings.seed)
        except KeyboardInterrupt:
            if not keep_what_is_done:
                raise
        else:
            xeb = Xeb.of_amplitudes(values, samples.counts, circuit.num_qubits, at_random=at_random)
    return XebResult(
        xeb=xeb,
        num_computed=done,
        num_asked=count,
        plan=machine.ready.plan,
        predicted_bytes=prepared.predicted_bytes,
        seconds={
            "build": machine.build_seconds,
            "plan": planned - started - machine.build_seconds,
            "run": time.perf_counter() - planned,
        },
    )


def _portion(machine: AmplitudeContractor, count: int) -> int:
    """How many bitstrings to compute at once: whole contractions, some seconds of them."""
    each = max(machine.ready.plan.predicted_seconds, 1e-9)
    return min(machine.rows_per_run * max(math.ceil(_PORTION_SECONDS / each), 1), count)


def _amplitudes_at_random(machine: AmplitudeContractor, bits: Bits, seed: int) -> ComplexArray | None:
    """Amplitudes of distinct random bitstrings, whatever the samples are: what tells whether the circuit is chaotic.

    They differ at the qubits at which the samples do, as the plan was made for these. Over such a part of the
    bitstrings of a chaotic circuit the Porter-Thomas law holds as well.

    Returns:
        complex128; None where there are too few bitstrings, or their amplitudes would take long.
    """
    varying = list(DistinctRows.of(bits).varying)
    allowed = max(_LITTLE_SECONDS, _LITTLE_SHARE * machine.predicted_seconds(len(bits)))
    number = next((count for count in _NUMBERS_AT_RANDOM if machine.predicted_seconds(count) <= allowed), 0)
    if not number or 2 ** len(varying) < _NUMBERS_AT_RANDOM[-1]:
        return None
    random = stream(seed, "chaotic")
    chosen = np.repeat(bits[:1], number, axis=0)
    chosen[:, varying] = random.integers(0, 2, size=(number, len(varying)), dtype=np.uint8)
    chosen = np.unique(chosen, axis=0)
    return machine.run(chosen, dtype="complex128").values


class _Share:
    """Reports the progress of a portion as that of the whole list; one slice stands for one bitstring."""

    def __init__(self, observer: Observer, start: float, share: float, whole: int) -> None:
        self._observer, self._start, self._share, self._whole = observer, start, share, whole

    def stage(self, name: str) -> None:
        """Does nothing: the stage was begun for all portions."""

    def searching(self, progress: SearchProgress) -> None:
        """Does nothing."""

    def predicted(self, seconds: float) -> None:
        """Does nothing: the time of all portions was reported."""

    def contracting(self, slices_done: int, num_slices: int) -> None:
        """Reports how many bitstrings are done."""
        done = self._start + self._share * slices_done / max(num_slices, 1)
        self._observer.contracting(int(done * self._whole + 1e-6), self._whole)

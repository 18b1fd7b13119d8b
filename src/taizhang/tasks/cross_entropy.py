"""The question how well samples fit a circuit, answered from the amplitudes of their bitstrings.

There are two estimates before all amplitudes are finished. The bitstrings whose amplitudes are finished are a random
subset of the samples. And if all bitstrings share an unfinished contraction, the sum over a part f of the slices of a
chaotic circuit is a state of norm² f and of fidelity f with the full state (Markov et al., arXiv:1807.10749), so the
linear cross entropy with that state, normalised, is f times the final one.
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
from taizhang.circuit.bitstring_lists import parse_bits
from taizhang.circuit.circuit import Circuit
from taizhang.circuit.distinct_bitstrings import Bits, DistinctRows
from taizhang.circuit.formats.sample_file import CountedBitstrings
from taizhang.errors import InputError
from taizhang.execute.amplitude_contractor import AmplitudeContractor
from taizhang.execute.prepare import begin
from taizhang.observer import Observer, Silent
from taizhang.plan.plan import Plan
from taizhang.settings import Settings
from taizhang.tasks.amplitudes import ListLayout, prepare_list
from taizhang.tasks.assembly import PartialValues, StoppingRule, Values
from taizhang.tasks.work import Work
from taizhang.tasks.xeb import DOUBTFUL_P_VALUE, Xeb

# Predicted time of a portion.
_PORTION_SECONDS = 2.0

_NUMBERS_AT_RANDOM = (200, 100, 50, 20)
"""Numbers of amplitudes at random bitstrings that may be used to test whether a circuit is chaotic.

The largest number is used whose time is short; the smallest detects only circuits that are far from chaotic.
"""

_LITTLE_SECONDS, _LITTLE_SHARE = 5.0, 0.1
"""A time is short if it is below this many seconds, or below this share of the time of the samples."""


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
        standard_error: Of the estimate; infinite for a single sample.
        num_samples: Number of samples it is computed from.
        all_samples: Number of samples in all.
        part: Part of the slices that is summed for each.
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
        """Lines for display."""
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
        layout: Positions of the amplitudes of the distinct bitstrings among the values; no qubit is open.
        counts: Number of occurrences of each bitstring.

    Raises:
        InputError: The numbers of bitstrings and counts differ, or there is no sample.
    """

    kind: ClassVar[str] = "xeb"

    layout: ListLayout
    counts: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.counts) != len(self.layout.bitstrings) or sum(self.counts) <= 0 or min(self.counts) < 0:
            raise InputError(
                f"counts must be one for each of {len(self.layout.bitstrings)} bitstrings, not negative and not all 0, "
                f"got {len(self.counts)} with sum {sum(self.counts)}"
            )

    def to_json(self) -> Mapping[str, Any]:
        """The fields as JSON."""
        return {**self.layout.to_json(), "counts": list(self.counts)}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> XebAssembly:
        """Reads the output of `to_json`."""
        return cls(layout=ListLayout.from_json(fields), counts=tuple(map(int, fields["counts"])))

    def description(self) -> str:
        """The question in words."""
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
        """The estimate of the linear cross entropy from the values known so far."""
        contraction_of, all_samples = self.layout.contraction_of(), sum(self.counts)
        values: ComplexArray | None = known.sums
        finished = np.ones(int(contraction_of.max()) + 1, dtype=bool)
        if values is None:
            finished[:] = False
            for numbers, part_values in known.finished:
                if values is None:
                    values = np.zeros((len(finished), part_values.shape[1]), dtype=np.complex128)
                values[numbers.start : numbers.stop] = part_values
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
    """Figures of merit of samples, with the resources used.

    Attributes:
        xeb: The figures for the computed amplitudes.
        num_computed: Distinct bitstrings whose amplitudes were computed: all, or the first ones if interrupted.
        num_asked: Number of distinct bitstrings.
        plan: The plan that was run.
        predicted_bytes: Predicted peak memory of the process.
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
    """Computes the cross entropy of samples portion by portion, in the order of the samples.

    So there is an estimate at any time, and an interruption does not lose the finished portions.

    Args:
        circuit: The circuit.
        samples: The samples.
        settings: The common options.
        observer: Receives progress updates.
        on_estimate: Called after each portion but the last, with the figures so far and the number of distinct
            bitstrings they are computed from.
        keep_what_is_done: On `KeyboardInterrupt`, return the figures of the finished portions, if there are any.

    Raises:
        LimitError: The work does not fit the limits.
    """
    # Stage 1: plan for all bitstrings.
    watch = observer or Silent()
    watch.stage("build")
    started = time.perf_counter()
    count = len(samples.bitstrings)
    bits = parse_bits(samples.bitstrings, circuit.num_qubits)
    prepared = prepare_list(circuit, tuple(samples.bitstrings), (), settings, None, watch, None)
    contractor = prepared.contractor
    planned = time.perf_counter()
    begin(contractor.ready, contractor.predicted_seconds(count), settings, watch)

    # Stage 2: compute portions of complete contractions, some seconds each.
    values: ComplexArray = np.empty(count, dtype=np.complex128)
    size, done = _portion(contractor, count), 0

    def figures() -> Xeb:
        return Xeb.of_amplitudes(values[:done], samples.counts[:done], circuit.num_qubits)

    try:
        while done < count:
            end = min(done + size, count)
            share = _Share(watch, done / count, (end - done) / count, count)
            values[done:end] = contractor.run(bits[done:end], observer=share, dtype="complex128").values
            done = end
            if on_estimate is not None and done < count:
                on_estimate(figures(), done)
    except KeyboardInterrupt:
        if not (keep_what_is_done and done):
            raise

    # Stage 3: if the samples do not follow the Porter–Thomas distribution, test whether the circuit does.
    xeb = figures()
    if done == count and xeb.p_value < DOUBTFUL_P_VALUE:
        try:
            at_random = _amplitudes_at_random(contractor, bits, settings.seed)
        except KeyboardInterrupt:
            if not keep_what_is_done:
                raise
        else:
            xeb = Xeb.of_amplitudes(values, samples.counts, circuit.num_qubits, at_random=at_random)
    return XebResult(
        xeb=xeb,
        num_computed=done,
        num_asked=count,
        plan=contractor.ready.plan,
        predicted_bytes=prepared.predicted_bytes,
        seconds={
            "build": contractor.build_seconds,
            "plan": planned - started - contractor.build_seconds,
            "run": time.perf_counter() - planned,
        },
    )


def _portion(contractor: AmplitudeContractor, count: int) -> int:
    """Number of bitstrings to compute at once: complete contractions that take some seconds."""
    each = max(contractor.ready.plan.predicted_seconds, 1e-9)
    return min(contractor.rows_per_run * max(math.ceil(_PORTION_SECONDS / each), 1), count)


def _amplitudes_at_random(contractor: AmplitudeContractor, bits: Bits, seed: int) -> ComplexArray | None:
    """Computes amplitudes of distinct random bitstrings, which show whether the circuit is chaotic.

    The bitstrings differ at the qubits at which the samples do, since the plan was made for these. The Porter–Thomas
    distribution also holds for such a subset of the bitstrings of a chaotic circuit.

    Returns:
        complex128; None if there are too few bitstrings, or their amplitudes would take long.
    """
    varying = list(DistinctRows.of(bits).varying)
    allowed = max(_LITTLE_SECONDS, _LITTLE_SHARE * contractor.predicted_seconds(len(bits)))
    number = next((count for count in _NUMBERS_AT_RANDOM if contractor.predicted_seconds(count) <= allowed), 0)
    if not number or 2 ** len(varying) < _NUMBERS_AT_RANDOM[-1]:
        return None
    random = stream(seed, "chaotic")
    chosen = np.repeat(bits[:1], number, axis=0)
    chosen[:, varying] = random.integers(0, 2, size=(number, len(varying)), dtype=np.uint8)
    chosen = np.unique(chosen, axis=0)
    return contractor.run(chosen, dtype="complex128").values


class _Share(Silent):
    """Reports the progress of a portion as that of the whole list; one slice stands for one bitstring."""

    def __init__(self, observer: Observer, start: float, share: float, total: int) -> None:
        self._observer, self._start, self._share, self._total = observer, start, share, total

    def contracting(self, slices_done: int, num_slices: int) -> None:
        """Reports how many bitstrings are done."""
        done = self._start + self._share * slices_done / max(num_slices, 1)
        self._observer.contracting(int(done * self._total + 1e-6), self._total)

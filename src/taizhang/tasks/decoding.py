"""The question for the probabilities of syndromes of a detector error model, each with every value of the observables.

A list of distinct syndromes is contracted one by one, or many at once as rows of a sparse state: whichever is predicted
to take least time for the list.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from taizhang.errors import LimitError, MemoryLimitError
from taizhang.execute.amplitude_contractor import MOST_ROWS, QUICK_SECONDS
from taizhang.execute.kept_plans import keep_plans, kept_plans
from taizhang.execute.members import Arrays
from taizhang.execute.native_backend import RowDigits
from taizhang.execute.prepare import planning_rates, prepare_plan, rates_here, search_plan
from taizhang.network.detector_network import DetectorNetwork
from taizhang.observer import Observer, Silent
from taizhang.plan.objective import seconds_of_runs
from taizhang.plan.plan import Plan
from taizhang.problems.detector_model import DetectorModel
from taizhang.problems.detector_order import DetectorOrder, best_order
from taizhang.settings import Settings
from taizhang.tasks.assembly import PartialValues, Values
from taizhang.tasks.records import MOST_RECORDED
from taizhang.tasks.work import PlannedMembers, Work

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]

# Numbers of rows are tried with this factor between them.
_PARTS_FACTOR = 8
# A search that chooses the number of rows runs as many trials; the last one has the time that is worthwhile.
_BRIEF_TRIALS = 8
_PLANNING_SHARE = 0.05
_MOST_PLANNING_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DecodingTask:
    """The question for the probabilities of syndromes with every value of the observables.

    Attributes:
        model: The model.
        syndromes: Distinct ones, at least one, shape (number, detectors).
    """

    model: DetectorModel
    syndromes: BoolArray

    def prepare(
        self,
        settings: Settings,
        *,
        plan: Plan | None = None,
        observer: Observer | None = None,
        piece_seconds: float | None = None,
    ) -> Work[FloatArray]:
        """Chooses the number of rows, and searches the plan; arguments and errors are those of `Task.prepare`."""
        count, watch = len(self.syndromes), observer or Silent()
        settings = settings.setting_aside(
            16 * count << self.model.num_observables, f"the probabilities of {count:,} syndromes", "give fewer at once"
        )
        # Stage 1: the number of rows.
        watch.stage("build")
        order = best_order(self.model)
        if plan is not None:
            network = DetectorNetwork.of(self.model, order, num_rows=plan.shape.num_rows)
            ready = prepare_plan(network.shape, settings, watch, plan=plan)
        else:
            # Plans of brief searches are kept, so that a second list of syndromes searches nothing.
            with keep_plans(kept_plans()):
                network, seconds = self._choose_rows(order, settings, watch)
                # Stage 2: the plan, searched as long as is worthwhile.
                if settings.trials is None and settings.plan_seconds is None:
                    share = min(_PLANNING_SHARE * seconds, _MOST_PLANNING_SECONDS)
                    longer = _brief(settings) if seconds < QUICK_SECONDS else replace(settings, plan_seconds=share)
                else:
                    longer = settings
                ready = prepare_plan(network.shape, longer, watch)
        members = SyndromeMembers(network, self.syndromes)
        predicted = seconds_of_runs(
            ready.plan.predicted_seconds, len(members), rates_here(settings), peak_bytes=ready.plan.cost.peak_bytes
        )
        return Work(
            plans=(PlannedMembers(ready=ready, members=members),),
            assembly=DecodingAssembly(num_observables=self.model.num_observables, syndromes=as_strings(self.syndromes)),
            predicted_seconds=predicted,
            predicted_bytes=ready.predicted_bytes,
            settings=settings,
        )

    def _choose_rows(self, order: DetectorOrder, settings: Settings, watch: Observer) -> tuple[DetectorNetwork, float]:
        """The network with the number of rows of least predicted time for the list, and that time."""
        # Powers of two, so that lists of about the same length share their plans.
        count = len(self.syndromes)
        most = min(1 << (count - 1).bit_length(), MOST_ROWS, 2 ** min(self.model.num_detectors, 62) - 1)
        counts = [max(most, 1)]
        while counts[-1] > 1:
            counts.append(-(-counts[-1] // _PARTS_FACTOR))
        watch.stage("plan")
        rates = planning_rates(settings, watch)
        brief = _brief(settings)
        best: tuple[float, DetectorNetwork] | None = None
        refused: LimitError | None = None
        for rows in counts:
            network = DetectorNetwork.of(self.model, order, num_rows=rows if rows > 1 else 0)
            try:
                plan = search_plan(network.shape, settings.planning_bytes(), brief, Silent(), rates)
            except LimitError as error:
                refused = error
                continue
            runs, peak_bytes = -(-count // max(rows, 1)), plan.cost.peak_bytes
            seconds = seconds_of_runs(plan.predicted_seconds, runs, rates, peak_bytes=peak_bytes)
            if best is None or seconds < best[0]:
                best = seconds, network
            if seconds < QUICK_SECONDS:
                break
        if best is None:
            raise refused or MemoryLimitError("no plan was found within the memory limit; allow more memory")
        return best[1], best[0]


def _brief(settings: Settings) -> Settings:
    return replace(settings, plan_seconds=None, trials=min(_BRIEF_TRIALS, settings.trials or _BRIEF_TRIALS))


class SyndromeMembers:
    """The networks whose values are the probabilities of a list of syndromes.

    Args:
        network: The network that all of them share.
        syndromes: Shape (number, detectors).
    """

    def __init__(self, network: DetectorNetwork, syndromes: BoolArray) -> None:
        self._network = network
        self._syndromes = syndromes
        self._each = max(network.num_rows, 1)

    def __len__(self) -> int:
        return math.ceil(len(self._syndromes) / self._each)

    def arrays_of(self, number: int) -> tuple[Arrays, int]:
        """The arrays of a contraction."""
        return self._network.arrays_for(self._syndromes[number * self._each]), 0

    def rows_of(self, number: int) -> RowDigits | None:
        """The syndromes of a contraction; the last one is repeated to fill up the number of rows."""
        if not self._network.num_rows:
            return None
        part = self._syndromes[number * self._each : (number + 1) * self._each].astype(np.uint8)
        return np.pad(part, ((0, self._each - len(part)), (0, 0)), mode="edge")


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodingAssembly:
    """Assembles the probabilities of a list of syndromes.

    Attributes:
        num_observables: Number of observables.
        syndromes: The syndromes, zeros and ones, detector 0 first.
    """

    kind: ClassVar[str] = "decoding"

    num_observables: int
    syndromes: tuple[str, ...]

    def to_json(self) -> Mapping[str, Any]:
        """The fields as JSON."""
        return {"num_observables": self.num_observables, "syndromes": list(self.syndromes)}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> DecodingAssembly:
        """Reads the output of `to_json`."""
        return cls(num_observables=int(fields["num_observables"]), syndromes=tuple(map(str, fields["syndromes"])))

    def description(self) -> str:
        """The question in words."""
        return f"the probabilities of {len(self.syndromes):,} syndromes"

    def answer(self, values: Values) -> FloatArray:
        """The probabilities, shape (syndromes, 2**observables), observable 0 the slowest bit."""
        found = values[0].real.reshape(-1, 1 << self.num_observables)[: len(self.syndromes)]
        return np.array(found, dtype=np.float64)

    def plain(self, answer: FloatArray) -> FloatArray:
        """The probabilities."""
        return answer

    def so_far(self, known: PartialValues) -> None:
        """None: a part of the slices is not a useful estimate."""

    def stopping_rule(self) -> None:
        """None: all contractions are needed."""

    def rows(self, answer: FloatArray) -> Iterator[tuple[str, str]]:
        """Each syndrome with its probabilities."""
        for syndrome, chances in zip(self.syndromes, answer.tolist(), strict=True):
            yield syndrome, "  ".join(f"{chance:.8g}" for chance in chances)

    def record(self, answer: FloatArray) -> Mapping[str, Any]:
        """The probabilities, unless there are many."""
        if answer.size > MOST_RECORDED:
            return {}
        return {"syndromes": list(self.syndromes), "probabilities": answer.tolist()}


def as_strings(syndromes: BoolArray) -> tuple[str, ...]:
    """Syndromes as zeros and ones."""
    digits = np.ascontiguousarray(syndromes, dtype=np.uint8) + ord("0")
    return tuple(row.tobytes().decode() for row in digits)


def distinct_syndromes(syndromes: BoolArray) -> tuple[BoolArray, npt.NDArray[np.intp]]:
    """Distinct syndromes, and for each given one its place among them."""
    if not syndromes.shape[1]:
        return syndromes[:1], np.zeros(len(syndromes), dtype=np.intp)
    packed = np.packbits(syndromes, axis=1)
    _, first, place = np.unique(packed, axis=0, return_index=True, return_inverse=True)
    return syndromes[first], place.reshape(-1)


def best_values(probabilities: Sequence[float] | FloatArray) -> npt.NDArray[np.intp]:
    """The value of the observables of greatest probability for each syndrome; of equal ones the first.

    Probabilities that differ by less than a part in 10^9 are equal: which is larger would be chance.
    """
    found = np.asarray(probabilities)
    close = found >= found.max(axis=1, keepdims=True) * (1 - 1e-9)
    return np.asarray(np.argmax(close, axis=1))

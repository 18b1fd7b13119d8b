"""The question for the probabilities of values of classical bits."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from taizhang._types import DtypeName
from taizhang._units import counted
from taizhang.circuit.circuit import Circuit
from taizhang.errors import PlanError
from taizhang.execute.members import GivenMembers
from taizhang.execute.prepare import prepare_plan
from taizhang.network.doubled import Question, build_doubled
from taizhang.network.network import TensorNetwork
from taizhang.network.simplify import simplify
from taizhang.observer import Observer, Silent
from taizhang.plan.plan import Plan
from taizhang.settings import Settings
from taizhang.tasks.assembly import Values
from taizhang.tasks.doubled_work import RowMembers, real_parts, shape_of_rows, warn_of_loops
from taizhang.tasks.records import MOST_RECORDED, read_dtype
from taizhang.tasks.work import PlannedMembers, Work


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbabilityTask:
    """The question for the probabilities of some records.

    Attributes:
        circuit: A circuit with classical bits.
        records: For each record the values of some bits, by number.
    """

    circuit: Circuit
    records: tuple[tuple[tuple[int, int], ...], ...]

    def prepare(
        self,
        settings: Settings,
        *,
        plan: Plan | None = None,
        observer: Observer | None = None,
        piece_seconds: float | None = None,
    ) -> Work[npt.NDArray[np.float64]]:
        """Builds a network for each set of bits and searches their plans; arguments are those of `Task.prepare`.

        Raises:
            PlanError: A plan was given.
        """
        if plan is not None:
            raise PlanError("probabilities have a plan for each set of bits; leave `plan` out")
        watch = observer or Silent()
        warn_of_loops(self.circuit, settings, watch)
        watch.stage("build")
        started = time.perf_counter()
        # Stage 1: records of the same bits are computed together, equal ones once.
        groups: dict[tuple[int, ...], dict[tuple[int, ...], list[int]]] = {}
        for number, record in enumerate(self.records):
            bits, values = tuple(bit for bit, _ in record), tuple(value for _, value in record)
            groups.setdefault(bits, {}).setdefault(values, []).append(number)
        # Stage 2: their networks; the values of the bits are rows.
        planned: list[PlannedMembers] = []
        places: npt.NDArray[np.intp] = np.zeros(len(self.records), dtype=np.intp)
        first = 0
        for bits, found in groups.items():
            rows = np.array(list(found), dtype=np.uint8).reshape(len(found), len(bits))
            dense = len(rows) == 2 ** len(bits)
            ready, members = _members(self.circuit, bits, rows, settings, watch)
            planned.append(PlannedMembers(ready=ready, members=members))
            for number, (values, records) in enumerate(found.items()):
                at = int("".join(map(str, values)) or "0", 2) if dense and len(rows) > 1 else number
                places[records] = first + at
            first += len(rows)
        return Work(
            plans=tuple(planned),
            assembly=ProbabilityAssembly(places=tuple(places.tolist()), dtype=settings.dtype),
            predicted_seconds=sum(part.predicted_seconds for part in planned),
            predicted_bytes=max((part.ready.predicted_bytes for part in planned), default=0),
            settings=settings,
            build_seconds=time.perf_counter() - started,
            value_dtype="complex128",
            circuit=self.circuit,
        )


def _members(
    circuit: Circuit, bits: tuple[int, ...], rows: npt.NDArray[np.uint8], settings: Settings, observer: Observer
) -> Any:
    """The plan and the members of the records of some bits."""
    if len(rows) == 1:
        fixed = dict(zip(bits, rows[0].tolist(), strict=True))
        network = simplify(build_doubled(circuit, Question(fixed_bits=fixed)))
    else:
        network = simplify(build_doubled(circuit, Question(bits=bits)))
        if len(rows) < 2 ** len(bits):
            split = shape_of_rows(network.shape, len(bits), len(rows))
            network = TensorNetwork.from_shape(split, network.arrays, network.exponent)
            return prepare_plan(split, settings, observer), RowMembers(network, np.ascontiguousarray(rows))
    return prepare_plan(network.shape, settings, observer), GivenMembers([(network.arrays, network.exponent)])


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbabilityAssembly:
    """Picks the probability of each record.

    Attributes:
        places: For each record its place among the values.
        dtype: Type of the computation.
    """

    kind: ClassVar[str] = "probability"

    places: tuple[int, ...]
    dtype: DtypeName

    def to_json(self) -> Mapping[str, Any]:
        """The fields as JSON."""
        return {"places": list(self.places), "dtype": self.dtype}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> ProbabilityAssembly:
        """Reads the output of `to_json`."""
        return cls(places=tuple(map(int, fields["places"])), dtype=read_dtype(fields))

    def description(self) -> str:
        """The question in words."""
        return f"the probabilities of {counted(len(self.places), 'value')} of classical bits"

    def answer(self, values: Values) -> npt.NDArray[np.float64]:
        """The probability of each record, float64, shape (records,)."""
        flat = np.concatenate([np.zeros(0, dtype=np.complex128), *(part.reshape(-1) for part in values)])
        return real_parts(flat, self.dtype, "probabilities", positive=True)[list(self.places)]

    def plain(self, answer: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The answer itself."""
        return answer

    def so_far(self, known: Any) -> None:
        """None: a part of the slices is not a useful estimate."""

    def stopping_rule(self) -> None:
        """None: all contractions are needed."""

    def rows(self, answer: npt.NDArray[np.float64]) -> Iterator[tuple[str, str]]:
        """Each probability, unless there are many."""
        if len(answer) <= MOST_RECORDED:
            yield from ((str(number), f"{value:.10g}") for number, value in enumerate(answer.tolist()))

    def record(self, answer: npt.NDArray[np.float64]) -> Mapping[str, Any]:
        """The probabilities, unless there are many."""
        return {"probabilities": answer.tolist()} if len(answer) <= MOST_RECORDED else {}

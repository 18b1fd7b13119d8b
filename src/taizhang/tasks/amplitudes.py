"""The question for amplitudes: of one bitstring, of many, or of batches over open qubits.

A list is contracted in one of three ways, which `taizhang.execute.amplitude_contractor` chooses: one contraction for
each bitstring; a sparse-state contraction for each part of the distinct bitstrings, its rows; or a single contraction
with all values of the qubits at which the bitstrings differ. The assembly records which, and finds every amplitude.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np
import numpy.typing as npt

from taizhang._lazy import lazy_module
from taizhang._types import ComplexArray, DtypeName
from taizhang.circuit.bitstring_lists import expand_open_qubits, parse_bits
from taizhang.circuit.circuit import Circuit
from taizhang.circuit.distinct_bitstrings import Bits, DistinctRows
from taizhang.execute.amplitude_contractor import AmplitudeContractor, prepare_amplitudes, type_of_values
from taizhang.network.build import check_open_qubits
from taizhang.observer import Observer
from taizhang.plan.cost import BYTES_PER_ELEMENT
from taizhang.plan.plan import Plan
from taizhang.settings import Settings
from taizhang.tasks.records import MOST_RECORDED, complex_fields, read_dtype
from taizhang.tasks.work import PlannedMembers, Work

if TYPE_CHECKING:
    from taizhang.tasks import partial_sums
    from taizhang.tasks.assembly import Assembly, PartialValues, StoppingRule, Values
else:
    partial_sums = lazy_module("taizhang.tasks.partial_sums")

Answer = TypeVar("Answer")

LEAST_PIECES = 16
"""A long list is split into more contractions if there would be fewer pieces than this, and each too long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AmplitudesTask:
    """The question for amplitudes ⟨bitstring|circuit|0…0⟩.

    Attributes:
        circuit: The circuit, started in |0…0⟩.
        bitstrings: The bitstrings, each of length `circuit.num_qubits`, qubit 0 first; repetitions cost nothing.
        open_qubits: Qubits left open: all amplitudes over these are computed for each bitstring; characters at open
            qubits are ignored.

    Raises:
        CircuitError: A bitstring or an open qubit does not fit the circuit.
    """

    circuit: Circuit
    bitstrings: tuple[str, ...]
    open_qubits: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        check_open_qubits(self.open_qubits, self.circuit.num_qubits)
        parse_bits(self.bitstrings, self.circuit.num_qubits, self.open_qubits)

    def prepare(
        self,
        settings: Settings,
        *,
        plan: Plan | None = None,
        observer: Observer | None = None,
        piece_seconds: float | None = None,
    ) -> Work[AmplitudeAnswer]:
        """Chooses how to contract the list, and searches the plan; arguments and errors are those of `Task.prepare`."""
        prepared = prepare_list(
            self.circuit, self.bitstrings, self.open_qubits, settings, plan, observer, piece_seconds
        )
        assembly = AmplitudeAssembly(layout=prepared.layout, dtype=settings.dtype)
        return prepared.work(assembly, value_dtype=assembly.value_dtype)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PreparedList:
    """A list of bitstrings whose contractions are planned.

    Attributes:
        circuit: The circuit.
        contractor: The contractor of the amplitudes.
        layout: Positions of the amplitudes among the values of the contractions.
        held_bytes: Memory reserved for the amplitudes.
    """

    circuit: Circuit
    contractor: AmplitudeContractor
    layout: ListLayout
    held_bytes: int

    @property
    def predicted_bytes(self) -> int:
        """Most memory that the process will hold, in bytes."""
        return self.contractor.predicted_bytes(len(self.layout.distinct())) + self.held_bytes

    def work(self, assembly: Assembly[Answer], value_dtype: DtypeName = "complex128") -> Work[Answer]:
        """The work for an answer that is assembled from the amplitudes of the list."""
        bits = self.layout.distinct_bits()
        return Work(
            plans=(PlannedMembers(ready=self.contractor.ready, members=self.contractor.members(bits)),),
            assembly=assembly,
            predicted_seconds=self.contractor.predicted_seconds(len(bits)),
            predicted_bytes=self.predicted_bytes,
            settings=self.contractor.settings,
            build_seconds=self.contractor.build_seconds,
            value_dtype=value_dtype,
            circuit=self.circuit,
        )


def prepare_list(
    circuit: Circuit,
    bitstrings: tuple[str, ...],
    open_qubits: tuple[int, ...],
    settings: Settings,
    plan: Plan | None,
    observer: Observer | None,
    piece_seconds: float | None,
) -> PreparedList:
    """Plans the contractions for the amplitudes of a list; arguments and errors are those of `AmplitudesTask`."""
    # Stage 1: reserve memory for the answer.
    listed = ListLayout(num_qubits=circuit.num_qubits, bitstrings=bitstrings, open_qubits=open_qubits)
    distinct, batch = listed.distinct(), len(open_qubits)
    item = BYTES_PER_ELEMENT[type_of_values(settings.dtype, circuit.num_qubits, open_qubits)]
    held = (len(distinct) + (0 if distinct.in_order else len(bitstrings)) << batch) * item
    settings = settings.setting_aside(
        held,
        f"a list of {len(bitstrings) << batch:,} amplitudes",
        "leave fewer qubits open, or ask for fewer bitstrings",
    )

    # Stage 2: plan; work in pieces is split into more contractions where a piece would otherwise take too long.
    def prepare(count: int) -> AmplitudeContractor:
        return prepare_amplitudes(
            circuit,
            settings,
            num_bitstrings=max(count, 1),
            open_qubits=open_qubits,
            row_qubits=distinct.varying,
            plan=plan,
            observer=observer,
        )

    count = len(distinct)
    contractor = prepare(count)
    if piece_seconds is not None and contractor.rows_per_run > 1 and plan is None:
        least = min(contractor.predicted_seconds(count) / piece_seconds, LEAST_PIECES)
        if contractor.num_runs(count) * contractor.ready.plan.num_slices < least:
            contractor = prepare(-(-count // LEAST_PIECES))
    layout = replace(listed, row_qubits=contractor.row_qubits, num_rows=contractor.network.shape.num_rows)
    return PreparedList(circuit=circuit, contractor=contractor, layout=layout, held_bytes=held)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AmplitudeAnswer:
    """Amplitudes of a list of bitstrings.

    Attributes:
        bitstrings: The requested bitstrings, qubit 0 first.
        open_qubits: Qubits left open, or none.
        values: Shape (len(bitstrings),), followed by one axis of length 2 for each open qubit; complex128, or with open
            qubits the type of the computation.
    """

    bitstrings: tuple[str, ...]
    open_qubits: tuple[int, ...]
    values: ComplexArray

    def records(self) -> Iterator[dict[str, str | float]]:
        """Yields each amplitude with its complete bitstring, as `--json` prints it."""
        for bitstring, values in zip(self.bitstrings, self.values, strict=True):
            batch = expand_open_qubits(bitstring, self.open_qubits)
            for full, value in zip(batch, values.reshape(-1).tolist(), strict=True):
                yield {"bitstring": full, "re": value.real, "im": value.imag}


@dataclass(frozen=True, slots=True, kw_only=True)
class ListLayout:
    """Positions of the amplitudes of a list of bitstrings among the values of contractions.

    Attributes:
        num_qubits: Qubits of the circuit.
        bitstrings: The requested bitstrings, qubit 0 first.
        open_qubits: Qubits left open.
        row_qubits: Qubits at which the bitstrings of one contraction differ; none where each has its own.
        num_rows: Bitstrings of one contraction; 0 where there are no row qubits, or all of their values are computed.
    """

    num_qubits: int
    bitstrings: tuple[str, ...]
    open_qubits: tuple[int, ...] = ()
    row_qubits: tuple[int, ...] = ()
    num_rows: int = 0

    def distinct(self) -> DistinctRows:
        """The list without its repetitions."""
        return DistinctRows.of(parse_bits(self.bitstrings, self.num_qubits, self.open_qubits), self.open_qubits)

    def distinct_bits(self) -> Bits:
        """The bits of the distinct bitstrings, shape (number, num_qubits), in the order of their contractions.

        With rows they are sorted; otherwise they are in the order of the list, so that those finished first are not a
        biased selection.
        """
        distinct = self.distinct()
        return distinct.bits if self.row_qubits else distinct.bits[_by_first(distinct)[0]]

    def by_bitstring(self, values: ComplexArray) -> ComplexArray:
        """Reorders the values of contractions by bitstring.

        Args:
            values: Shape (contractions, elements of each).

        Returns:
            Shape (len(bitstrings), 2**open qubits).
        """
        batch, distinct = 1 << len(self.open_qubits), self.distinct()
        if not self.row_qubits:
            rows = _by_first(distinct)[1]
            return values.reshape(-1, batch) if len(rows) == len(distinct) else values.reshape(-1, batch)[rows]
        if self.num_rows:
            rows_of_values = values.reshape(-1, batch)
            if distinct.in_order:
                return rows_of_values[: len(distinct)]
            return np.asarray(rows_of_values[distinct.row_of])
        # The row qubits are open as well, and come last.
        weights = 1 << np.arange(len(self.row_qubits) - 1, -1, -1)
        places = distinct.bits[:, list(self.row_qubits)].astype(np.intp) @ weights
        return np.asarray(values.reshape(batch, -1)[:, places].T[distinct.row_of])

    def contraction_of(self) -> npt.NDArray[np.intp]:
        """For each bitstring, the number of the contraction that gives its amplitude, shape (len(bitstrings),)."""
        if self.row_qubits and not self.num_rows:
            return np.zeros(len(self.bitstrings), dtype=np.intp)
        distinct = self.distinct()
        return np.asarray(distinct.row_of // self.num_rows if self.num_rows else _by_first(distinct)[1])

    def to_json(self) -> Mapping[str, Any]:
        """The fields as JSON; `from_json` reads them."""
        return {
            "num_qubits": self.num_qubits,
            "bitstrings": list(self.bitstrings),
            "open_qubits": list(self.open_qubits),
            "row_qubits": list(self.row_qubits),
            "num_rows": self.num_rows,
        }

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> ListLayout:
        """Reads the output of `to_json`.

        Raises:
            CircuitError: A bitstring has the wrong length, or a character other than 0 and 1.
        """
        layout = cls(
            num_qubits=int(fields["num_qubits"]),
            bitstrings=tuple(map(str, fields["bitstrings"])),
            open_qubits=tuple(map(int, fields["open_qubits"])),
            row_qubits=tuple(map(int, fields["row_qubits"])),
            num_rows=int(fields["num_rows"]),
        )
        parse_bits(layout.bitstrings, layout.num_qubits, layout.open_qubits)
        return layout


@dataclass(frozen=True, slots=True, kw_only=True)
class AmplitudeAssembly:
    """Assembles the amplitudes of a list.

    Attributes:
        layout: Positions of the amplitudes among the values.
        dtype: Type of the computation.
    """

    kind: ClassVar[str] = "amplitudes"

    layout: ListLayout
    dtype: DtypeName

    def to_json(self) -> Mapping[str, Any]:
        """The fields as JSON."""
        return {**self.layout.to_json(), "dtype": self.dtype}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> AmplitudeAssembly:
        """Reads the output of `to_json`."""
        return cls(layout=ListLayout.from_json(fields), dtype=read_dtype(fields))

    @property
    def value_dtype(self) -> DtypeName:
        """Type of the values."""
        return type_of_values(self.dtype, self.layout.num_qubits, self.layout.open_qubits)

    def description(self) -> str:
        """The question in words."""
        count, layout = len(self.layout.bitstrings), self.layout
        what = "1 amplitude" if count == 1 else f"{count:,} amplitudes"
        if layout.open_qubits:
            batches = "1 batch" if count == 1 else f"{count:,} batches"
            what = f"{batches} of {1 << len(layout.open_qubits):,} amplitudes"
        return f"{what} of a circuit of {layout.num_qubits} qubits"

    def answer(self, values: Values) -> AmplitudeAnswer:
        """The amplitudes, in the order of the bitstrings."""
        layout = self.layout
        shape = (len(layout.bitstrings), *(2,) * len(layout.open_qubits))
        return AmplitudeAnswer(
            bitstrings=layout.bitstrings,
            open_qubits=layout.open_qubits,
            values=layout.by_bitstring(values[0]).reshape(shape).astype(self.value_dtype, copy=False),
        )

    def plain(self, answer: AmplitudeAnswer) -> ComplexArray:
        """The values."""
        return answer.values

    def so_far(self, known: PartialValues) -> partial_sums.SingleSoFar | None:
        """For a single amplitude, the sum over the finished slices."""
        if len(self.layout.bitstrings) > 1 or self.layout.open_qubits:
            return None
        return partial_sums.SingleSoFar.of(known, "amplitude")

    def stopping_rule(self) -> StoppingRule | None:
        """None: all contractions are needed."""
        return None

    def rows(self, answer: AmplitudeAnswer) -> Iterator[tuple[str, str]]:
        """Each bitstring with its amplitude."""
        for entry in answer.records():
            yield str(entry["bitstring"]), partial_sums.amplitude_text(complex(float(entry["re"]), float(entry["im"])))

    def record(self, answer: AmplitudeAnswer) -> Mapping[str, Any]:
        """Bitstrings and values, unless there are many."""
        return record_values(self.layout.bitstrings, answer.values.reshape(len(answer.bitstrings), -1))


def _by_first(distinct: DistinctRows) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """The order of distinct rows by first occurrence in the list, and for each entry of the list its place in it."""
    _, first = np.unique(distinct.row_of, return_index=True)
    order = np.argsort(first, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return order, place[distinct.row_of]


def record_values(bitstrings: Sequence[str], values: ComplexArray) -> Mapping[str, Any]:
    """Returns the amplitudes for the record of a verified result; nothing if there are many.

    Args:
        bitstrings: The requested bitstrings.
        values: Shape (len(bitstrings), amplitudes of each).
    """
    if values.size > MOST_RECORDED:
        return {}
    return {"bitstrings": list(bitstrings), "values": complex_fields(values)}

"""The question for the value of any tensor network, or of some of its slices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import Any, ClassVar

import numpy as np

from taizhang._types import ComplexArray, DtypeName
from taizhang.execute.members import GivenMembers
from taizhang.execute.precision import RangeGuard
from taizhang.execute.prepare import prepare_plan
from taizhang.execute.scaled_value import narrow_type
from taizhang.network.network import TensorNetwork, array_shape
from taizhang.network.spans import element_spans
from taizhang.observer import Observer
from taizhang.plan.cost import BYTES_PER_ELEMENT
from taizhang.plan.plan import Plan
from taizhang.settings import Settings
from taizhang.tasks.assembly import PartialValues, StoppingRule, Values
from taizhang.tasks.partial_sums import SingleSoFar, number_text
from taizhang.tasks.records import MOST_RECORDED, complex_fields, read_dtype
from taizhang.tasks.work import PlannedMembers, Work


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ContractionTask:
    """The question for the value of a network.

    Attributes:
        network: The network.
        slices: Sum only these slices of the plan, consecutive; None for all. Open ends stand for the first and the
            last slice.
        of_circuit: Whether it is the network of a circuit. Its state has norm 1, so numbers that underflow are
            negligible; other networks are protected from underflow.
    """

    network: TensorNetwork
    slices: range | slice | None = None
    of_circuit: bool = False

    def prepare(
        self,
        settings: Settings,
        *,
        plan: Plan | None = None,
        observer: Observer | None = None,
        piece_seconds: float | None = None,
    ) -> Work[ComplexArray]:
        """Searches the plan; arguments and errors are those of `Task.prepare`."""
        guard = None
        if not self.of_circuit:
            guard = RangeGuard(spans=tuple(element_spans(self.network.arrays)), dtype=settings.dtype)
            settings = replace(settings, dtype=guard.least_dtype)
        shape = tuple(self.network.shape.sizes[index] for index in self.network.shape.output)
        # The value is held in complex128 until it is known to fit the requested type.
        held = prod(shape) * (BYTES_PER_ELEMENT["complex128"] + BYTES_PER_ELEMENT[settings.dtype])
        settings = settings.setting_aside(
            held, f"a value of {prod(shape):,} elements", "allow more memory, or keep fewer indices"
        )
        ready = prepare_plan(self.network.shape, settings, observer, plan=plan)
        slices = self.slices
        if isinstance(slices, slice):
            slices = range(ready.plan.num_slices)[slices]
        planned = PlannedMembers(
            ready=ready,
            members=GivenMembers([(self.network.arrays, self.network.exponent)]),
            only=slices,
            guard=guard,
        )
        return Work(
            plans=(planned,),
            assembly=ContractionAssembly(shape=shape, dtype=settings.dtype),
            predicted_seconds=planned.predicted_seconds,
            predicted_bytes=ready.predicted_bytes + held,
            settings=settings,
            value_dtype="complex128",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractionAssembly:
    """The value of a network is the value of its one contraction.

    Attributes:
        shape: Shape of the value.
        dtype: Type of the computation.
    """

    kind: ClassVar[str] = "contraction"

    shape: tuple[int, ...]
    dtype: DtypeName

    def to_json(self) -> Mapping[str, Any]:
        """The fields as JSON."""
        return {"shape": list(self.shape), "dtype": self.dtype}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> ContractionAssembly:
        """Reads the output of `to_json`."""
        return cls(shape=tuple(map(int, fields["shape"])), dtype=read_dtype(fields))

    def description(self) -> str:
        """The question in words."""
        return f"the value of a network, of shape {self.shape}" if self.shape else "the value of a network"

    def answer(self, values: Values) -> ComplexArray:
        """The value: complex128 for a scalar, and for an array that the type of the computation cannot hold."""
        value = values[0].reshape(array_shape(self.shape))
        return narrow_type(value, self.dtype) if self.shape else value

    def plain(self, answer: ComplexArray) -> complex | ComplexArray:
        """A number, or the array."""
        return answer if self.shape else complex(answer)

    def so_far(self, known: PartialValues) -> SingleSoFar | None:
        """For a scalar, the sum over the finished slices."""
        return None if self.shape else SingleSoFar.of(known, "value")

    def stopping_rule(self) -> StoppingRule | None:
        """None: the contraction is needed."""
        return None

    def rows(self, answer: ComplexArray) -> Iterator[tuple[str, str]]:
        """The elements, unless there are many."""
        if answer.size <= MOST_RECORDED:
            for place, value in np.ndenumerate(answer):
                yield ", ".join(map(str, place)) or "value", number_text(complex(value))

    def record(self, answer: ComplexArray) -> Mapping[str, Any]:
        """The elements, unless there are many."""
        if answer.size > MOST_RECORDED:
            return {}
        return {"shape": list(self.shape), "values": complex_fields(answer.reshape(-1))}

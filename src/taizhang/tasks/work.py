"""What a question comes to once it is prepared: plans, what they are contracted for, and how the answer is assembled.

A question is prepared once; then its work is done in this process (`taizhang.tasks.solve`) or in a folder that many
workers share (`taizhang.runs`). Neither knows the question.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from taizhang._types import DtypeName
from taizhang.execute.members import Members
from taizhang.execute.precision import RangeGuard
from taizhang.execute.prepare import CompiledPlan
from taizhang.settings import Settings
from taizhang.tasks.assembly import Assembly

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlannedMembers:
    """Networks of one shape, with the plan that contracts them.

    Attributes:
        ready: The plan, compiled.
        members: The networks.
        only: The slices that are summed, consecutive; None for all.
        guard: For a network whose elements may be far apart, which is then the only one: what watches over that.
    """

    ready: CompiledPlan
    members: Members
    only: range | None = None
    guard: RangeGuard | None = None

    @property
    def slices(self) -> range:
        """The slices that are summed."""
        return range(self.ready.plan.num_slices) if self.only is None else self.only

    @property
    def predicted_seconds(self) -> float:
        """Expected time for all of them."""
        share = len(self.slices) / self.ready.plan.num_slices
        return len(self.members) * share * self.ready.plan.predicted_seconds


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Work(Generic[Answer]):
    """A prepared question.

    Attributes:
        plans: What is contracted, at least one; contractions are numbered through all of them, in order.
        assembly: Makes the answer of the values.
        predicted_seconds: Expected time of all contractions that will be needed.
        predicted_bytes: Most memory that this process will hold while it contracts, in bytes.
        settings: The common options, less the memory that is set aside for the answer.
        build_seconds: Time that building the networks took.
        value_dtype: Type that the values are held in, in this process.
        files: Files for people to keep beside the work, by name, such as the circuit.
    """

    plans: tuple[PlannedMembers, ...]
    assembly: Assembly[Answer]
    predicted_seconds: float
    predicted_bytes: int
    settings: Settings
    build_seconds: float = 0.0
    value_dtype: DtypeName = "complex128"
    files: Mapping[str, bytes] = field(default_factory=dict)

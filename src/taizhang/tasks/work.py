"""Prepared questions: plans, the networks they are contracted for, and the assembly of the answer.

A question is prepared once; then its work is done in this process (`taizhang.tasks.solve`) or in a folder that many
workers share (`taizhang.runs`). Neither knows the question.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from taizhang._types import ComplexArray, DtypeName
from taizhang.circuit.circuit import Circuit
from taizhang.execute.members import Members
from taizhang.execute.prepare import CompiledPlan
from taizhang.settings import Settings

if TYPE_CHECKING:
    from taizhang.execute.precision import RangeGuard
    from taizhang.tasks.assembly import Assembly

Answer = TypeVar("Answer")


class MembersTogether(Protocol):
    """Members that can all be contracted in one call, where each takes an instant."""

    @property
    def overhead_seconds(self) -> float:
        """Predicted time of the call outside of the core."""

    def peak_bytes(self, threads: int) -> int:
        """Bytes that the call holds at once."""

    def values(self, *, seconds: float, threads: int, free_bytes: int) -> ComplexArray:
        """The values of all members, predicted to take `seconds`; shape (members,)."""


# Contractions that take longer are started one after another.
_INSTANT_SECONDS = 5e-3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlannedMembers:
    """Networks of one shape, with the plan that contracts them.

    Attributes:
        ready: The plan, compiled.
        members: The networks.
        only: The slices to sum, consecutive; None for all.
        guard: Protection from underflow, for a single network whose elements may be far apart; otherwise None.
        together: The members, where they can be contracted in one call; otherwise None.
    """

    ready: CompiledPlan
    members: Members
    only: range | None = None
    guard: RangeGuard | None = None
    together: MembersTogether | None = None

    @property
    def slices(self) -> range:
        """The slices to sum."""
        return range(self.ready.plan.num_slices) if self.only is None else self.only

    @property
    def predicted_seconds(self) -> float:
        """Expected time for all members."""
        share = 1.0 if self.only is None else len(self.only) / self.ready.plan.num_slices
        around = self.together.overhead_seconds if self.together is not None and self.is_instant else 0.0
        return len(self.members) * share * self.ready.plan.predicted_seconds + around

    @property
    def is_instant(self) -> bool:
        """Whether a contraction takes an instant, so that starting it may take longer."""
        return self.ready.plan.predicted_seconds < _INSTANT_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Work(Generic[Answer]):
    """A prepared question.

    Attributes:
        plans: The plans with their networks, at least one; contractions are numbered through all of them, in order.
        assembly: Makes the answer from the values.
        predicted_seconds: Expected time of all contractions that will be needed.
        predicted_bytes: Predicted peak memory of this process while it contracts, in bytes.
        settings: The common options, without the memory reserved for the answer.
        build_seconds: Time spent building the networks.
        value_dtype: Type in which this process holds the values.
        circuit: The circuit that the question is about, for a run folder to keep; None for other networks.
    """

    plans: tuple[PlannedMembers, ...]
    assembly: Assembly[Answer]
    predicted_seconds: float
    predicted_bytes: int
    settings: Settings
    build_seconds: float = 0.0
    value_dtype: DtypeName = "complex128"
    circuit: Circuit | None = None

"""Protocol for assembling an answer from the values of contractions.

Every question that is answered by contracting networks has an `Assembly`: a frozen value that knows what the
contractions are for, but not who computes them. The same assembly makes the answer of a computation in this process, of
a run in a folder that a cluster works on, and of the finished part of such a run. Its JSON form is stored in the run
folder.

    task ──prepare──▶ plans, members, assembly ──contract──▶ values ──assembly.answer──▶ answer
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, TypeAlias, TypeVar

from taizhang._types import ComplexArray

Values: TypeAlias = Sequence[ComplexArray]
"""For each plan, the values of its contractions, shape (contractions, elements of each), in order."""

Answer_co = TypeVar("Answer_co", covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialValues:
    """Values that are known before all contractions are finished.

    Attributes:
        finished: The finished contractions, in order, a few at a time: their numbers, counted over all plans, and their
            values, shape (contractions, elements of each). Can be iterated once.
        part: If all contractions are summed together and unfinished: the part of their slices that is summed; 0 if
            nothing is known of them, or some are finished.
        sums: With a `part`: the sums over it, shape (contractions, elements of each).
    """

    finished: Iterator[tuple[range, ComplexArray]]
    part: float = 0.0
    sums: ComplexArray | None = None


class SoFar(Protocol):
    """A partial answer."""

    def to_dict(self) -> dict[str, object]:
        """The keys of `--json`."""

    def lines(self) -> Sequence[tuple[str, str]]:
        """Lines for display: names of at most twelve characters, each with a text."""


class StoppingRule(Protocol):
    """Decides how many contractions are enough, where that depends on their values."""

    def add(self, contractions: range, values: ComplexArray) -> int | None:
        """Adds finished contractions, in any order.

        Args:
            contractions: Their numbers, counted over all plans.
            values: Shape (contractions, elements of each).

        Returns:
            How many contractions, from the first on, are enough; None while that is unknown.
        """


class Assembly(Protocol[Answer_co]):
    """Makes an answer from the values of contractions."""

    kind: ClassVar[str]
    """The name of this kind in run folders, a key of `taizhang.tasks.registry.ASSEMBLIES`."""

    def to_json(self) -> Mapping[str, Any]:
        """The fields that a run folder stores, without the kind."""

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Assembly[Answer_co]:
        """Reads the output of `to_json`; malformed fields raise KeyError, TypeError, ValueError or TaizhangError."""

    def description(self) -> str:
        """The question in words, such as `3 amplitudes of a circuit of 53 qubits`."""

    def answer(self, values: Values) -> Answer_co:
        """The answer from the values of all contractions, or of as many as the stopping rule requires."""

    def plain(self, answer: Any) -> Any:
        """The answer as the Python API returns it: an array, or a value that prints well."""

    def so_far(self, known: PartialValues) -> SoFar | None:
        """The partial answer from the values known so far; None if there is none."""

    def stopping_rule(self) -> StoppingRule | None:
        """The rule for how many contractions are enough; None if all are needed."""

    def rows(self, answer: Any) -> Iterator[tuple[str, str]]:
        """Yields the answer as rows of a table for display."""

    def record(self, answer: Any) -> Mapping[str, Any]:
        """The answer for the record of a verified result, as JSON; empty if it is large."""

"""How an answer is assembled from the values of contractions.

Every question that is answered by contracting networks ends in an `Assembly`: a frozen value that knows what the
contractions are for, and nothing of who computes them. The same assembly makes the answer of a computation in this
process, of a run in a folder that a cluster works on, and of the part of such a run that is done. It has a JSON form,
which is what a run folder keeps of the question.

    task ──prepare──▶ plans, members, assembly ──contract──▶ values ──assembly.answer──▶ answer
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, TypeAlias, TypeVar

from taizhang._types import ComplexArray

Values: TypeAlias = Sequence[ComplexArray]
"""For each plan the values of its contractions, shape (contractions, elements of each), in order."""

Answer_co = TypeVar("Answer_co", covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialValues:
    """What is known before all contractions are finished.

    Attributes:
        finished: The contractions that are finished, in order, a few at a time: their numbers, counted over all plans,
            and their values, shape (contractions, elements of each). Can be iterated once.
        part: Where all contractions are summed together and not finished: the part of their slices that is summed;
            0 where nothing is known of them, or some are finished.
        sums: With a `part`: the sums over it, shape (contractions, elements of each).
    """

    finished: Iterator[tuple[range, ComplexArray]]
    part: float = 0.0
    sums: ComplexArray | None = None


class SoFar(Protocol):
    """What is known of an answer before it is complete."""

    def to_dict(self) -> dict[str, object]:
        """The keys of `--json`."""

    def lines(self) -> Sequence[tuple[str, str]]:
        """For people: names of at most twelve characters, each with a text."""


class StoppingRule(Protocol):
    """Finds out how many contractions are enough, where that depends on their values."""

    def add(self, contractions: range, values: ComplexArray) -> int | None:
        """Takes note of finished contractions, which may come in any order.

        Args:
            contractions: Their numbers, counted over all plans.
            values: Shape (contractions, elements of each).

        Returns:
            How many contractions, from the first on, are enough; None while that is not known.
        """


class Assembly(Protocol[Answer_co]):
    """Makes an answer of the values of contractions."""

    kind: ClassVar[str]
    """The name under which a run folder keeps it, a key of `taizhang.tasks.registry.ASSEMBLIES`."""

    def to_json(self) -> Mapping[str, Any]:
        """What a run folder keeps, without the kind."""

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Assembly[Answer_co]:
        """Reads what `to_json` gave; what is wrong in it raises KeyError, TypeError, ValueError or TaizhangError."""

    def description(self) -> str:
        """What is asked for, in some words, such as `3 amplitudes of a circuit of 53 qubits`."""

    def answer(self, values: Values) -> Answer_co:
        """The answer, from the values of all contractions, or of as many as the stopping rule found to be enough."""

    def plain(self, answer: Any) -> Any:
        """The answer as the Python API returns it: an array, or a value that prints well."""

    def so_far(self, known: PartialValues) -> SoFar | None:
        """What is known of the answer before it is complete; None where that is nothing."""

    def stopping_rule(self) -> StoppingRule | None:
        """Finds out how many contractions are enough; None where all are needed."""

    def rows(self, answer: Any) -> Iterator[tuple[str, str]]:
        """The answer as rows of a table for people."""

    def record(self, answer: Any) -> Mapping[str, Any]:
        """What a record of a verified result holds of the answer, where that is small; JSON."""

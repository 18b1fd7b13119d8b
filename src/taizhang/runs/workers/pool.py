"""What computes pieces, as the coordinator sees it: pools with places that take pieces and hand in outcomes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from taizhang.runs.partial_sum import PartialSum


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Done:
    """A piece that is done.

    Attributes:
        piece: Its number.
        total: Its sum.
        worker: Who computed it.
        seconds: What that took.
    """

    piece: int
    total: PartialSum
    worker: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lost:
    """Pieces that will not come from whom they were given to.

    Attributes:
        pieces: Their numbers.
        worker: Who had them.
        error: What went wrong with the one piece there is; None where the worker went away.
    """

    pieces: Sequence[int]
    worker: str
    error: BaseException | None = None


Outcome: TypeAlias = Done | Lost


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Something that can take pieces.

    Attributes:
        name: Its name within its pool.
        free: How many more pieces it can take.
        held: Pieces that it has already, and should not be given again.
    """

    name: str
    free: int
    held: Collection[int] = field(default=())


class WorkerPool(Protocol):
    """Workers of one kind. All methods are called by the coordinator's thread."""

    def places(self) -> Sequence[Place]:
        """Those who can take pieces now."""

    def give(self, place: Place, pieces: Sequence[int]) -> None:
        """Gives pieces to a place."""

    def outcomes(self) -> Sequence[Outcome]:
        """What happened since this was asked last; does not wait."""

    def committed(self, pieces: Sequence[int]) -> None:
        """Is told that these pieces, whoever computed them, are safe."""

    def claimed(self) -> Sequence[int]:
        """Pieces that workers had before this coordinator began; asked once they may have been seen."""

    def num_workers(self) -> int:
        """How many work now."""

    def close(self) -> None:
        """Ends; pieces in hand are dropped."""

"""The interface of worker pools: pools offer slots, are assigned pieces, and return outcomes."""

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
        worker: Name of the worker that computed it.
        seconds: The time it took.
    """

    piece: int
    total: PartialSum
    worker: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lost:
    """Pieces that the worker they were assigned to will not deliver.

    Attributes:
        pieces: Their numbers.
        worker: Name of the worker.
        error: The error in the only piece; None if the worker was lost.
    """

    pieces: Sequence[int]
    worker: str
    error: BaseException | None = None


Outcome: TypeAlias = Done | Lost


@dataclass(frozen=True, slots=True, kw_only=True)
class Slots:
    """The slots of one worker of a pool, or of the whole pool.

    Attributes:
        name: Name within the pool.
        free: Number of free slots: pieces that can be assigned now.
        held: Pieces that are assigned already, and should not be assigned again.
    """

    name: str
    free: int
    held: Collection[int] = field(default=())


class WorkerPool(Protocol):
    """Workers of one kind. All methods are called by the coordinator's thread."""

    def slots(self) -> Sequence[Slots]:
        """The slots for pieces now."""

    def assign(self, slots: Slots, pieces: Sequence[int]) -> None:
        """Assigns pieces to slots."""

    def outcomes(self) -> Sequence[Outcome]:
        """The outcomes since the last call; does not wait."""

    def mark_committed(self, pieces: Sequence[int]) -> None:
        """Notes that these pieces, computed by any worker, are committed."""

    def take_claimed(self) -> Sequence[int]:
        """Pieces that workers had before this coordinator started; each is returned once."""

    def num_workers(self) -> int:
        """Number of workers at work now."""

    def close(self) -> None:
        """Ends the pool; pieces in progress are dropped."""

"""The scheduler: assigns the lowest missing piece next, and at the end again those that other workers are slow with."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from taizhang.errors import NumericalError, RunError, TaizhangError
from taizhang.runs.piece_set import PieceSet

MOST_ATTEMPTS, MOST_ACCIDENTS = 3, 8
"""Failures of a piece, with a `TaizhangError` and with any other error, that end the run: of a million pieces, a few
fail by chance several times."""

SLOW_FACTOR, SLOW_SECONDS = 4.0, 10.0
"""A piece is slow after this many times the mean time of a piece, and no sooner than after these seconds."""


class Scheduler:
    """Keeps the missing and the assigned pieces. A piece that is neither is done.

    Args:
        missing: The pieces to do.
    """

    __slots__ = ("_assigned", "_attempts", "missing", "typical_seconds")

    def __init__(self, missing: PieceSet) -> None:
        self.missing = missing
        self.typical_seconds = 0.0
        self._assigned: dict[int, float] = {}
        self._attempts: dict[int, int] = {}

    @property
    def num_left(self) -> int:
        """Pieces that are not done."""
        return len(self.missing) + len(self._assigned)

    def take(self, most: int, now: float, held: Collection[int] = ()) -> list[int]:
        """Assigns pieces, the lowest first; once none is missing, those assigned too long ago.

        Args:
            most: Largest number of pieces.
            now: The time, on any clock.
            held: Pieces not to assign again.
        """
        pieces = self.missing.take(most)
        if not pieces and self._assigned:
            patience = max(SLOW_FACTOR * self.typical_seconds, SLOW_SECONDS)
            for piece, since in self._assigned.items():
                if now - since < patience or len(pieces) == most:
                    break
                if piece not in held:
                    pieces.append(piece)
        for piece in pieces:
            self._assigned.pop(piece, None)  # keeps the dictionary in order of time
            self._assigned[piece] = now
        return pieces

    def drop_from(self, first: int) -> None:
        """Forgets the pieces from `first` on: they are not needed any more."""
        self.missing.cut(first)
        for piece in [piece for piece in self._assigned if piece >= first]:
            del self._assigned[piece]

    def claim(self, pieces: Iterable[int], now: float) -> None:
        """Records that some pieces are being computed already."""
        for piece in pieces:
            if self.missing.remove(piece):
                self._assigned[piece] = now

    def finish(self, piece: int) -> bool:
        """Records that a piece is done; returns False if it was done before."""
        self._attempts.pop(piece, None)
        if self._assigned.pop(piece, None) is not None:
            return True
        return self.missing.remove(piece)

    def requeue(self, pieces: Iterable[int]) -> None:
        """Marks assigned pieces whose sums will not arrive as missing."""
        for piece in pieces:
            if self._assigned.pop(piece, None) is not None:
                self.missing.add(piece)

    def fail(self, piece: int, error: BaseException) -> None:
        """Marks a piece that failed as missing, so that it is tried again a limited number of times.

        Raises:
            TaizhangError: The piece would fail again, or has failed too often.
        """
        if isinstance(error, NumericalError):
            raise error
        self.requeue([piece])
        self._attempts[piece] = self._attempts.get(piece, 0) + 1
        if isinstance(error, TaizhangError) and self._attempts[piece] >= MOST_ATTEMPTS:
            raise error
        if self._attempts[piece] >= MOST_ACCIDENTS:
            raise RunError(
                f"piece {piece} failed {MOST_ACCIDENTS} times, the last time with {type(error).__name__}: {error}; fix "
                "the cause, then go on with 'taizhang resume'"
            ) from error

"""Who is given which piece next: the lowest that is missing, and at the end those that others are slow with."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from taizhang.errors import NumericalError, RunError, TaizhangError
from taizhang.runs.piece_set import PieceSet

MOST_ATTEMPTS, MOST_ACCIDENTS = 3, 8
"""How often a piece may fail with an error of ours, and with any other: of a million pieces, some meet with several."""

SLOW_FACTOR, SLOW_SECONDS = 4.0, 10.0


class Scheduler:
    """Keeps what is missing and what has been given out. A piece in neither is done.

    Args:
        missing: The pieces to be done.
    """

    __slots__ = ("_attempts", "_given", "missing", "typical_seconds")

    def __init__(self, missing: PieceSet) -> None:
        self.missing = missing
        self.typical_seconds = 0.0
        self._given: dict[int, float] = {}
        self._attempts: dict[int, int] = {}

    @property
    def num_left(self) -> int:
        """Pieces that are not done."""
        return len(self.missing) + len(self._given)

    def take(self, most: int, now: float, held: Collection[int] = ()) -> list[int]:
        """Gives out pieces, the lowest first; once none is missing, those given out too long ago.

        Args:
            most: How many at most.
            now: The time, on any clock.
            held: Pieces not to be given again.
        """
        pieces = self.missing.take(most)
        if not pieces and self._given:
            patience = max(SLOW_FACTOR * self.typical_seconds, SLOW_SECONDS)
            for piece, since in self._given.items():
                if now - since < patience or len(pieces) == most:
                    break
                if piece not in held:
                    pieces.append(piece)
        for piece in pieces:
            self._given.pop(piece, None)  # so that the dictionary stays in order of time
            self._given[piece] = now
        return pieces

    def leave_out(self, first: int) -> None:
        """Forgets the pieces from `first` on: they are no longer wanted."""
        self.missing.cut(first)
        for piece in [piece for piece in self._given if piece >= first]:
            del self._given[piece]

    def claim(self, pieces: Iterable[int], now: float) -> None:
        """Takes note that some pieces are being computed already."""
        for piece in pieces:
            if self.missing.remove(piece):
                self._given[piece] = now

    def finish(self, piece: int) -> bool:
        """Takes note that a piece is done; False if it was before."""
        self._attempts.pop(piece, None)
        if self._given.pop(piece, None) is not None:
            return True
        return self.missing.remove(piece)

    def give_back(self, pieces: Iterable[int]) -> None:
        """Takes back pieces that will not come."""
        for piece in pieces:
            if self._given.pop(piece, None) is not None:
                self.missing.add(piece)

    def failed(self, piece: int, error: BaseException) -> None:
        """Takes back a piece that went wrong, to be tried again, but not for ever.

        Raises:
            TaizhangError: It would go wrong again, or has done so too often.
        """
        if isinstance(error, NumericalError):
            raise error
        self.give_back([piece])
        self._attempts[piece] = self._attempts.get(piece, 0) + 1
        if isinstance(error, TaizhangError) and self._attempts[piece] >= MOST_ATTEMPTS:
            raise error
        if self._attempts[piece] >= MOST_ACCIDENTS:
            raise RunError(
                f"piece {piece} failed {MOST_ACCIDENTS} times, the last time by {type(error).__name__}: {error}; mend "
                "that, then go on with 'taizhang resume'"
            ) from error

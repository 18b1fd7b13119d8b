"""How the work of a run is cut into pieces, once and for all.

A piece is an aligned block of 2^k slices of one amplitude or batch; where an amplitude takes less time than a piece
should, a piece is several whole amplitudes. Pieces are numbered: those of the first amplitude in order of their slices,
then those of the next one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from taizhang.program.program import Program

MOST_SMALL_PIECES = 256
"""Short runs are cut into about so many pieces, if these take longer than `SHORTEST_SECONDS`."""

SHORTEST_SECONDS = 0.2
MOST_ELEMENTS = 1 << 16
"""Several amplitudes share a piece as long as they have no more elements than this."""

REPEATED_WORK = 0.01
"""Pieces are made larger, up to `LARGEST_FACTOR`, where they would do more of the work than this again."""

LARGEST_FACTOR = 8


class Piece(NamedTuple):
    """A piece of work.

    Attributes:
        number: Its number in the run.
        group: Which group of amplitudes it belongs to.
        part: Its number within the group.
        amplitudes: Which of the run's amplitudes, or batches, it is for.
        slices: The slices that it adds.
    """

    number: int
    group: int
    part: int
    amplitudes: range
    slices: range


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a run is cut.

    Attributes:
        num_amplitudes: Amplitudes, or batches of them: what one contraction gives each.
        num_slices: Slices of each.
        slices_per_piece: A power of two, or all.
        amplitudes_per_piece: More than 1 only where a piece has all slices.
    """

    num_amplitudes: int
    num_slices: int
    slices_per_piece: int
    amplitudes_per_piece: int = 1

    @property
    def parts_per_group(self) -> int:
        """Pieces whose sums are added together."""
        return -(-self.num_slices // self.slices_per_piece)

    @property
    def num_groups(self) -> int:
        """Groups of amplitudes, each with a sum of its own."""
        return -(-self.num_amplitudes // self.amplitudes_per_piece)

    @property
    def num_pieces(self) -> int:
        """All pieces."""
        return self.num_groups * self.parts_per_group

    def amplitudes_of(self, group: int) -> range:
        """The amplitudes of a group."""
        first = group * self.amplitudes_per_piece
        return range(first, min(first + self.amplitudes_per_piece, self.num_amplitudes))

    def piece(self, number: int) -> Piece:
        """The piece of a number.

        Example:
            >>> layout = Layout(num_amplitudes=2, num_slices=10, slices_per_piece=4)
            >>> layout.num_pieces, layout.piece(5).amplitudes, layout.piece(5).slices
            (6, range(1, 2), range(8, 10))
        """
        group, part = divmod(number, self.parts_per_group)
        first = part * self.slices_per_piece
        slices = range(first, min(first + self.slices_per_piece, self.num_slices))
        return Piece(number, group, part, self.amplitudes_of(group), slices)


def cut(
    program: Program, *, num_amplitudes: int, num_slices: int, slices: int, seconds: float, piece_seconds: float
) -> Layout:
    """Cuts a run into pieces of about the time wanted.

    Args:
        program: The program that all pieces run.
        num_amplitudes: Contractions asked for.
        num_slices: The first slices of the program, which are added up.
        slices: So many slices, from the first on, were timed.
        seconds: What they took.
        piece_seconds: How long a piece should take.
    """
    rate = seconds / max(program.multiply_adds(range(slices)), 1)
    whole = rate * max(program.multiply_adds(range(num_slices)), 1)
    wanted = min(piece_seconds, max(whole * num_amplitudes / MOST_SMALL_PIECES, SHORTEST_SECONDS))
    log2 = 0
    while (1 << log2) < num_slices and not _long_enough(program, num_slices, 1 << log2, rate, whole, wanted):
        log2 += 1
    if (1 << log2) < num_slices:
        return Layout(num_amplitudes=num_amplitudes, num_slices=num_slices, slices_per_piece=1 << log2)
    together = min(int(wanted / max(whole, 1e-9)), MOST_ELEMENTS // program.output_elements, num_amplitudes)
    return Layout(
        num_amplitudes=num_amplitudes,
        num_slices=num_slices,
        slices_per_piece=num_slices,
        amplitudes_per_piece=max(together, 1),
    )


def _long_enough(program: Program, num_slices: int, slices: int, rate: float, whole: float, wanted: float) -> bool:
    own = rate * program.multiply_adds(range(slices))
    if own < wanted:
        return False
    repeated = own * -(-num_slices // slices) / whole - 1
    return repeated <= REPEATED_WORK or own >= LARGEST_FACTOR * wanted

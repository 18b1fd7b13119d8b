"""How the work of a run is cut into pieces; fixed when the run is made.

A run contracts one or several plans, each for one or many sets of arrays. A piece is an aligned block of 2^k slices of
one contraction; where a contraction takes less time than a piece should, a piece is several whole contractions of one
plan. The contractions whose sums are kept together are a group. Contractions, groups and pieces are numbered through
all plans: those of the first plan come first, and the pieces of a group in order of their slices.
"""

from __future__ import annotations

import functools
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from taizhang.program.program import Program

MOST_SMALL_PIECES = 256
"""Short runs are cut into about this many pieces, if these take longer than `SHORTEST_SECONDS`."""

SHORTEST_SECONDS = 0.2
"""Pieces of short runs take at least this long, so that the cost of assigning and committing one is small."""

MOST_ELEMENTS = 1 << 16
"""Several contractions share a piece if together they have no more elements than this."""

REPEATED_WORK = 0.01
"""Pieces are made larger, up to `LARGEST_FACTOR` times, while they repeat more than this part of the work, since each
computes again the steps that do not depend on its slices."""

LARGEST_FACTOR = 8


class Piece(NamedTuple):
    """A piece of work.

    Attributes:
        number: Its number in the run.
        plan: Number of its plan.
        group: Number of its group of contractions.
        part: Its number within the group.
        contractions: Numbers of its contractions in the run.
        slices: The slices that it adds up.
    """

    number: int
    plan: int
    group: int
    part: int
    contractions: range
    slices: range


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLayout:
    """How the contractions of one plan are cut.

    Attributes:
        num_contractions: Contractions with this plan.
        num_slices: Slices of each.
        slices_per_piece: A power of two, or all.
        contractions_per_piece: More than 1 only where a piece has all slices.
    """

    num_contractions: int
    num_slices: int
    slices_per_piece: int
    contractions_per_piece: int = 1

    @property
    def parts_per_group(self) -> int:
        """Pieces of each group, whose sums are added."""
        return -(-self.num_slices // self.slices_per_piece)

    @property
    def num_groups(self) -> int:
        """Groups of contractions, each with a sum of its own."""
        return -(-self.num_contractions // self.contractions_per_piece)

    @property
    def num_pieces(self) -> int:
        """All pieces."""
        return self.num_groups * self.parts_per_group


@dataclass(frozen=True)
class Layout:
    """How a run is cut.

    Attributes:
        plans: How the contractions of each plan are cut, at least one.

    Example:
        >>> small = PlanLayout(num_contractions=2, num_slices=10, slices_per_piece=4)
        >>> whole = PlanLayout(num_contractions=5, num_slices=1, slices_per_piece=1, contractions_per_piece=3)
        >>> layout = Layout((small, whole))
        >>> layout.num_pieces, layout.piece(5).contractions, layout.piece(5).slices
        (8, range(1, 2), range(8, 10))
        >>> layout.piece(7).contractions, layout.plan_of(3), layout.parts_of(3)
        (range(5, 7), 1, 1)
    """

    plans: tuple[PlanLayout, ...]

    @functools.cached_property
    def _first_groups(self) -> list[int]:
        return [0, *accumulate(plan.num_groups for plan in self.plans)]

    @functools.cached_property
    def _first_pieces(self) -> list[int]:
        return [0, *accumulate(plan.num_pieces for plan in self.plans)]

    @functools.cached_property
    def _first_contractions(self) -> list[int]:
        return [0, *accumulate(plan.num_contractions for plan in self.plans)]

    @property
    def num_groups(self) -> int:
        """Groups of contractions, each with a sum of its own."""
        return self._first_groups[-1]

    @property
    def num_pieces(self) -> int:
        """All pieces."""
        return self._first_pieces[-1]

    @property
    def num_contractions(self) -> int:
        """All contractions."""
        return self._first_contractions[-1]

    def plan_of(self, group: int) -> int:
        """Number of the plan of a group; of the last plan for the number after the last group."""
        return min(bisect_right(self._first_groups, group) - 1, len(self.plans) - 1)

    def contractions_of_plan(self, plan: int) -> range:
        """The contractions of a plan."""
        return range(self._first_contractions[plan], self._first_contractions[plan + 1])

    def parts_of(self, group: int) -> int:
        """Pieces of a group."""
        return self.plans[self.plan_of(group)].parts_per_group

    def first_piece_of(self, group: int) -> int:
        """Number of the first piece of a group; of all pieces for the number after the last group."""
        plan = self.plan_of(group)
        return self._first_pieces[plan] + (group - self._first_groups[plan]) * self.plans[plan].parts_per_group

    def contractions_of(self, group: int) -> range:
        """The contractions of a group."""
        plan = self.plan_of(group)
        layout, first = self.plans[plan], self._first_contractions[plan]
        start = (group - self._first_groups[plan]) * layout.contractions_per_piece
        return range(first + start, first + min(start + layout.contractions_per_piece, layout.num_contractions))

    def groups_for(self, contractions: int) -> int:
        """How many groups, from the first on, hold the first `contractions` contractions."""
        if contractions >= self.num_contractions:
            return self.num_groups
        plan = bisect_right(self._first_contractions, contractions) - 1
        within_plan = contractions - self._first_contractions[plan]
        return self._first_groups[plan] + -(-within_plan // self.plans[plan].contractions_per_piece)

    def piece(self, number: int) -> Piece:
        """The piece with a number."""
        plan = min(bisect_right(self._first_pieces, number) - 1, len(self.plans) - 1)
        layout = self.plans[plan]
        group, part = divmod(number - self._first_pieces[plan], layout.parts_per_group)
        first = part * layout.slices_per_piece
        slices = range(first, min(first + layout.slices_per_piece, layout.num_slices))
        group += self._first_groups[plan]
        return Piece(number, plan, group, part, self.contractions_of(group), slices)

    def first_pieces(self) -> Sequence[int]:
        """Number of the first piece of each plan."""
        return self._first_pieces[:-1]

    def piece_ranges(self, blocks: Iterable[tuple[int, range]]) -> Iterator[range]:
        """Numbers of the pieces of blocks, each given as a group and a range of its parts."""
        for group, parts in blocks:
            first = self.first_piece_of(group)
            yield range(first + parts.start, first + parts.stop)


def cut(
    program: Program, *, num_contractions: int, num_slices: int, slices: int, seconds: float, piece_seconds: float
) -> PlanLayout:
    """Cuts the contractions of one plan into pieces of about the requested time.

    Args:
        program: The program that all pieces run.
        num_contractions: Number of contractions.
        num_slices: Number of slices of each that are summed, from the first on.
        slices: Number of slices that were timed, from the first on.
        seconds: The time they took.
        piece_seconds: How long a piece should take.
    """
    rate = seconds / max(program.multiply_adds(range(slices)), 1)
    contraction_seconds = rate * max(program.multiply_adds(range(num_slices)), 1)
    target = min(piece_seconds, max(contraction_seconds * num_contractions / MOST_SMALL_PIECES, SHORTEST_SECONDS))
    log2 = 0
    while (1 << log2) < num_slices and not _is_long_enough(
        program, num_slices, 1 << log2, rate, contraction_seconds, target
    ):
        log2 += 1
    if (1 << log2) < num_slices:
        return PlanLayout(num_contractions=num_contractions, num_slices=num_slices, slices_per_piece=1 << log2)
    # A contraction takes less time than a piece should: several share a piece.
    together = min(
        int(target / max(contraction_seconds, 1e-9)), MOST_ELEMENTS // program.output_elements, num_contractions
    )
    return PlanLayout(
        num_contractions=num_contractions,
        num_slices=num_slices,
        slices_per_piece=num_slices,
        contractions_per_piece=max(together, 1),
    )


def _is_long_enough(
    program: Program, num_slices: int, slices: int, rate: float, contraction_seconds: float, target: float
) -> bool:
    """Whether pieces of this many slices take the target time and repeat little work."""
    seconds = rate * program.multiply_adds(range(slices))
    if seconds < target:
        return False
    repeated = seconds * -(-num_slices // slices) / contraction_seconds - 1
    return repeated <= REPEATED_WORK or seconds >= LARGEST_FACTOR * target

"""The networks of one shape that a compiled plan is run for; they differ in their arrays or in their rows.

Final bits of a circuit choose the arrays of its network; each choice is a member. All members share one plan, which is
compiled once. The arrays of a member are built when it is contracted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol, TypeAlias

import numpy as np

from taizhang._types import ComplexArray
from taizhang.errors import MemoryLimitError
from taizhang.execute.contraction import Contraction, Progress, peak_bytes_of_run, run_program
from taizhang.execute.native_backend import NativeProgram, RowDigits
from taizhang.execute.side_by_side import ShouldStop, side_by_side

Arrays: TypeAlias = tuple[ComplexArray, ...]

# Contractions that take less than this run one after another: most of their time is spent outside the core.
_CONCURRENT_SECONDS = 5e-3


class Members(Protocol):
    """Networks of one shape, numbered from 0."""

    def __len__(self) -> int:
        """Number of members, at least one."""

    def arrays_of(self, number: int) -> tuple[Arrays, int]:
        """The arrays of a member, and the power of two to multiply its value by.

        Arrays that all members share are the same objects.
        """

    def rows_of(self, number: int) -> RowDigits | None:
        """The rows of a member, shape (rows, digits of each); None where its network has no row indices."""


class GivenMembers:
    """Members whose arrays are given.

    Args:
        arrays: For each member, its arrays and the power of two to multiply its value by.
    """

    def __init__(self, arrays: Sequence[tuple[Arrays, int]]) -> None:
        self._arrays = arrays

    def __len__(self) -> int:
        return len(self._arrays)

    def arrays_of(self, number: int) -> tuple[Arrays, int]:
        """The arrays given."""
        return self._arrays[number]

    def rows_of(self, number: int) -> RowDigits | None:
        """None: there are no rows."""
        return None


def run_members(
    program: NativeProgram,
    members: Members,
    take: Callable[[int, Contraction], None],
    *,
    slices: range | None = None,
    threads: int,
    free_bytes: Callable[[], int],
    progress: Progress | None = None,
    profile: bool = False,
) -> tuple[Contraction, ...]:
    """Contracts all members: concurrently where that keeps the threads busier, else one after another.

    Args:
        program: The plan, compiled.
        members: The networks.
        take: Called with the number of a member and its contraction when that is finished, on any thread.
        slices: Sum only these slices of each; all by default.
        threads: Threads to use.
        free_bytes: Returns the memory that is left, in bytes.
        progress: Called with slices done and slices of all members.
        profile: Measure every step; members are then contracted one after another.

    Returns:
        The contractions in the order in which they were finished, without their values unless they are profiled.

    Raises:
        MemoryLimitError: A contraction does not fit in the memory.
        NumericalError: A NaN or an infinity appeared.
    """
    count = len(members)
    concurrent = 1 if profile else concurrent_runs(program, count, slices, threads=threads, free_bytes=free_bytes())
    # The remainder, fewer than the concurrent runs, is left to the loop below, where each run has all threads.
    num_concurrent = count - count % concurrent if concurrent > 1 else 0
    contractions: list[Contraction] = []

    def contract(
        number: int, threads: int, memory: int, progress: Progress | None, should_stop: ShouldStop | None
    ) -> None:
        arrays, exponent = members.arrays_of(number)
        contraction = run_program(
            program,
            arrays,
            exponent=exponent,
            rows=members.rows_of(number),
            slices=slices,
            threads=threads,
            memory_bytes=memory,
            progress=progress,
            should_stop=should_stop,
            profile=profile,
        )
        take(number, contraction)
        kept = contraction if profile else replace(contraction, mantissa=np.zeros((), dtype=np.complex128))
        contractions.append(kept)

    if num_concurrent:
        each = free_bytes() // concurrent
        side_by_side(
            lambda number, should_stop: contract(number, threads // concurrent, each, None, should_stop),
            num_concurrent,
            concurrent,
            None if progress is None else lambda done: progress(done, count),
        )
    for number in range(num_concurrent, count):
        contract(number, threads, free_bytes(), _part_of(progress, number, count), None)
    return tuple(contractions)


def concurrent_runs(
    program: NativeProgram, count: int, slices: range | None = None, *, threads: int, free_bytes: int
) -> int:
    """How many of `count` contractions run concurrently: several where slices do not keep all threads busy.

    Args:
        program: The plan, compiled.
        count: Number of contractions.
        slices: The slices of each that are summed; all by default.
        threads: Threads for all of them.
        free_bytes: Memory for all of them.
    """
    num_slices = program.program.num_slices if slices is None else len(slices)
    if num_slices >= threads or program.slice_seconds * num_slices < _CONCURRENT_SECONDS:
        return 1
    for runs in range(min(threads, count), 1, -1):
        memory = free_bytes // runs
        try:
            if peak_bytes_of_run(program, slices=slices, threads=threads // runs, memory_bytes=memory) <= memory:
                return runs
        except MemoryLimitError:
            continue
    return 1


def _part_of(progress: Progress | None, number: int, count: int) -> Progress | None:
    """Progress of member `number` of `count` equal ones, as slices of all of them."""
    if progress is None:
        return None
    return lambda done, num_slices: progress(number * num_slices + done, count * num_slices)

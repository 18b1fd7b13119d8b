"""Choice of how many slices run at once, and how many threads work on each.

Threads over slices share only the inputs, and each needs the memory of a slice; threads inside a slice share its
memory, but wait for each other at every step. The schedule of least predicted time that fits in memory is chosen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from taizhang._units import human_bytes
from taizhang.errors import MemoryLimitError
from taizhang.plan.cost import BYTES_PER_ELEMENT
from taizhang.program.program import Program, count_of

SEQUENTIAL_ELEMENTS = 1 << 16
"""Values with more elements are summed in one buffer, slice by slice, instead of along a tree."""

INLINE_SECONDS = 2e-3
"""Work predicted to be shorter runs on the calling thread."""

MULTIPLY_ADDS_PER_SECOND = 1.2e10
BYTES_PER_SECOND = 1e10
STEP_SECONDS = 1e-6
"""Rough rates of one core, used only to choose a schedule: results do not depend on them."""


class Schedule(NamedTuple):
    """How a run uses the machine. Its value does not depend on the schedule.

    Attributes:
        workers: Slices in memory at once, each run by a worker.
        threads: Threads of each worker.
        block_log2: Workers are assigned aligned blocks of 2**block_log2 slices.
        sequential: Slices are added one by one into one buffer, as the value is large.
        inline: The run is short: it uses the calling thread and cannot be stopped.
    """

    workers: int
    threads: int
    block_log2: int
    sequential: bool
    inline: bool


def choose_schedule(
    program: Program,
    slices: range,
    *,
    slice_seconds: float,
    threads: int,
    memory_bytes: int,
    peak_bytes: Callable[[Schedule], int],
) -> Schedule:
    """Chooses the schedule of least predicted time within the memory limit.

    Args:
        program: The program.
        slices: Consecutive slices to run, at least one.
        slice_seconds: Result of `predicted_slice_seconds` for the program.
        threads: Threads to use at most.
        memory_bytes: Memory limit.
        peak_bytes: Returns the bytes that a schedule needs.

    Raises:
        MemoryLimitError: Not even one slice at a time fits.
    """
    sequential = program.output_elements > SEQUENTIAL_ELEMENTS
    inline = slice_seconds * count_of(slices) < INLINE_SECONDS
    if inline:
        threads = 1
    one = Schedule(workers=1, threads=1, block_log2=_top_level(slices), sequential=sequential, inline=inline)
    fitting = []
    for workers in range(1, 2 if sequential else min(threads, count_of(slices)) + 1):
        schedule = one._replace(workers=workers, threads=threads // workers)
        if workers > 1:
            schedule = schedule._replace(block_log2=_block_log2(program, slices, workers))
        if peak_bytes(schedule) <= memory_bytes:
            rounds = -(-count_of(slices) // workers)
            fitting.append((rounds * slice_seconds / _speedup(schedule.threads, program), -workers, schedule))
    if not fitting:
        raise MemoryLimitError(
            f"one slice of this plan needs {human_bytes(peak_bytes(one))}, but the limit is "
            f"{human_bytes(memory_bytes)}; allow more memory, or make a plan for a lower limit",
            needed_bytes=peak_bytes(one),
        )
    return min(fitting, key=lambda entry: entry[:2])[2]


def predicted_slice_seconds(program: Program) -> float:
    """Rough seconds of all steps of one slice on one core."""
    item = BYTES_PER_ELEMENT[program.dtype]
    return sum(
        max(step.multiply_adds / MULTIPLY_ADDS_PER_SECOND, step.traffic_elements * item / BYTES_PER_SECOND)
        + STEP_SECONDS
        for step in program.steps
    )


def _speedup(threads: int, program: Program) -> float:
    """How many times faster a slice is with several threads; steps below a million multiply-adds gain little."""
    largest = max((step.multiply_adds for step in program.steps), default=0)
    share = 0.9 if largest >= 1 << 20 else 0.1
    return 1 + share * (threads - 1)


def _top_level(slices: range) -> int:
    """Level of the lowest node of the binary tree over slice numbers that covers all of `slices`."""
    return (slices[0] ^ slices[-1]).bit_length()


def _block_log2(program: Program, slices: range, workers: int) -> int:
    """Size of the blocks of slices assigned to workers: small for an even load, large for steps that slices share."""
    by_level = [0] * (len(program.slice_sizes) + 1)
    for step in program.steps:
        # Starting a step costs about as much as a thousand multiply-adds.
        by_level[step.level] += step.multiply_adds + 1000
    runs = [program.runs_of_level(level, slices) for level in range(len(by_level))]

    def cost(block_log2: int) -> float:
        blocks = (slices[-1] >> block_log2) - (slices[0] >> block_log2) + 1
        if blocks < workers:
            return float("inf")
        work = sum(cost * max(count, blocks) for cost, count in zip(by_level[1:], runs[1:], strict=True))
        # The second term is the expected wait for the last block.
        return work / workers + 0.5 * work / blocks

    return min(range(_top_level(slices) + 1), key=cost)

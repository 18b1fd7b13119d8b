"""Sums over ranges of slices, for work that is split into pieces.

What all ranges share is done once: compiling the program, loading the arrays, choosing the schedule.
Ranges that are aligned blocks of a power of two give sums that add up, along the binary tree over slice numbers, to the
bits of one run over all slices.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from taizhang.errors import StoppedError
from taizhang.execute.inputs import LoadedInputs
from taizhang.execute.native_backend import NativeProgram, NativeSum, RowDigits
from taizhang.execute.schedule import Schedule, choose_schedule
from taizhang.network.network import array_shape
from taizhang.program.program import ONE, count_of

STOPPED = "the contraction was stopped before its end; run it again for its value"


class SliceSums:
    """Adds ranges of slices of one program. Threads may share it.

    Args:
        compiled: The program.
        threads: Threads for each range, ≥ 1.
        memory_bytes: Memory for each range.
    """

    __slots__ = ("_compiled", "_memory_bytes", "_schedules", "_threads")

    def __init__(self, compiled: NativeProgram, *, threads: int, memory_bytes: int) -> None:
        self._compiled = compiled
        self._threads = threads
        self._memory_bytes = memory_bytes
        self._schedules: dict[int, Schedule] = {}

    def load(self, arrays: Sequence[np.typing.NDArray[np.generic]]) -> LoadedInputs:
        """Loads the arrays of a network, for use with any number of ranges.

        Raises:
            NumericalError: An element is not finite.
        """
        return self._compiled.loader.load(arrays)

    def peak_bytes(self, slices: range) -> int:
        """Bytes that adding the range holds at once.

        Raises:
            MemoryLimitError: The range does not fit in the memory.
        """
        return 0 if self._is_one() else self._compiled.peak_bytes(self._schedule(slices), slices)

    def sum_of(
        self,
        inputs: LoadedInputs,
        slices: range,
        *,
        digits: RowDigits | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> NativeSum:
        """Adds the slices of a range.

        Args:
            inputs: Result of `load`.
            slices: Consecutive slice numbers, at least one.
            digits: The rows, for a program with row indices.
            should_stop: Called about ten times a second; the work is discarded when it returns True.

        Raises:
            StoppedError: `should_stop` returned True.
            NumericalError: A slice gave a NaN or an infinity.
            MemoryLimitError: The range does not fit in the memory.
        """
        if self._is_one():
            one = np.ones(array_shape(self._compiled.program.output_shape), dtype=np.complex128)
            return NativeSum(mantissa=one, exponent=0, multiply_adds=0, step_seconds=(), step_runs=())
        tick = None if should_stop is None else lambda _: not should_stop()
        total = self._compiled.run(inputs, slices, self._schedule(slices), digits=digits, tick=tick)
        if total is None:
            raise StoppedError(STOPPED)
        return total

    def _is_one(self) -> bool:
        return self._compiled.program.result == ONE

    def _schedule(self, slices: range) -> Schedule:
        """The schedule for a range, chosen once for each length: ranges of one length cost the same."""
        length = count_of(slices)
        if length not in self._schedules:
            self._schedules[length] = choose_schedule(
                self._compiled.program,
                slices,
                slice_seconds=self._compiled.slice_seconds,
                threads=self._threads,
                memory_bytes=self._memory_bytes,
                peak_bytes=lambda schedule: self._compiled.peak_bytes(schedule, slices),
            )
        return self._schedules[length]

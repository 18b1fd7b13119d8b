"""Runs programs in the compiled core: each range of slices is one native call that releases the interpreter lock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from taizhang import _native
from taizhang._types import ComplexArray
from taizhang._units import human_bytes
from taizhang.errors import MemoryLimitError, NumericalError, TaizhangError
from taizhang.execute.inputs import InputLoader, LoadedInputs
from taizhang.execute.schedule import Schedule, predicted_slice_seconds
from taizhang.network.network import array_shape
from taizhang.plan.cost import BYTES_PER_ELEMENT
from taizhang.program.program import Program

ADDRESSABLE_BYTES = 1 << 46
"""Half of the address space of a process on x86-64; a program that needs more is refused."""
ROW_BYTES = 128
"""Memory of a sparse-state step for each row, beside the tensors: its offset and its place in the order."""

RowDigits: TypeAlias = np.typing.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeSum:
    """Result of the core for a range of slices.

    Attributes:
        mantissa: complex128, in the shape of the value.
        exponent: The sum is mantissa * 2**exponent; None if every slice was 0.
        multiply_adds: Complex multiply-adds of the steps that ran.
        step_seconds: Seconds spent in each step of the program; empty unless profiled.
        step_runs: Number of executions of each step; empty unless profiled.
        underflow: Whether a number underflowed; detected in inline runs only.
    """

    mantissa: ComplexArray
    exponent: int | None
    multiply_adds: int
    step_seconds: tuple[float, ...]
    step_runs: tuple[int, ...]
    underflow: bool = False


class NativeProgram:
    """A program compiled for this machine; immutable, so threads may share it.

    Args:
        program: The program.
        simd_level: `portable`, `avx2`, `avx512` or `neon`; by default the widest one of the machine.

    Raises:
        MemoryLimitError: A slice needs more memory than can be addressed.
    """

    __slots__ = ("_engine", "_work_of_level", "loader", "program", "slice_seconds")

    def __init__(self, program: Program, *, simd_level: str | None = None) -> None:
        if program.memory_bytes() > ADDRESSABLE_BYTES:
            raise MemoryLimitError(
                f"one slice of this plan needs {human_bytes(program.memory_bytes())}, more than any machine has; "
                "make a plan for a memory limit"
            )
        self.program = program
        self.loader = InputLoader(program)
        self.slice_seconds = predicted_slice_seconds(program)
        self._work_of_level = [0] * (1 + max((step.level for step in program.steps), default=0))
        for step in program.steps:
            self._work_of_level[step.level] += step.multiply_adds
        self._engine = _native.Engine(program, simd_level)

    def peak_bytes(self, schedule: Schedule, slices: range) -> int:
        """Bytes that a run holds at once: inputs, arenas, workspaces, sums of slices, and the value."""
        program, workers = self.program, schedule.workers
        item = BYTES_PER_ELEMENT[program.dtype]
        workspace = self._engine.workspace_len(schedule.workers * schedule.threads)
        if workers > 1:
            workspace += workers * self._engine.workspace_len(schedule.threads)
        sums = self._engine.sum_bytes(slices[0], slices[-1], schedule)
        rows = workers * ROW_BYTES * program.num_rows + 2 * program.num_rows * len(program.row_sizes)
        running = program.memory_bytes(workers) + item * workspace + sums + 16 * program.output_elements + rows
        return max(running, self.loader.peak_bytes)

    def run(
        self,
        inputs: LoadedInputs,
        slices: range,
        schedule: Schedule,
        *,
        digits: RowDigits | None = None,
        tick: Callable[[int], bool] | None = None,
        profile: bool = False,
    ) -> NativeSum | None:
        """Runs slices and adds them up.

        Args:
            inputs: The loaded arrays.
            slices: Consecutive slice numbers, at least one.
            schedule: How many workers and threads.
            digits: The rows, for a program with row indices; shape (num_rows, number of row indices).
            tick: Called about ten times a second with the slices done; the run stops when it returns False.
            profile: Measure each step.

        Returns:
            The sum; None if `tick` stopped it.

        Raises:
            NumericalError: The result of a slice is not finite.
            MemoryLimitError: The system could not allocate memory.
        """
        _native.clear_underflow()
        try:
            result = self._engine.run(
                inputs.elements,
                inputs.exponents,
                np.zeros(0, dtype=np.uint8) if digits is None else digits.T.reshape(-1).astype(np.uint8),
                first=slices[0],
                last=slices[-1],
                schedule=schedule,
                profiled=profile,
                tick=tick,
            )
        except _native.EngineStopped:
            return None
        except _native.EngineNotFinite as error:
            number = int(error.args[0])
            raise NumericalError(
                f"slice {number} gave a NaN or an infinity; check the network's arrays, or use dtype complex128",
                slice_number=number,
            ) from None
        except MemoryError as error:
            raise MemoryLimitError(
                f"the system could not allocate {error.args[0]} bytes; make a plan for a lower memory limit"
            ) from None
        except _native.EngineBroken as error:
            raise TaizhangError(f"the compiled core failed ({error}); please report this with the network") from None
        # The underflow flag is per thread, so it covers only steps that ran on this thread.
        underflow = schedule.inline and _native.underflow_occurred()
        return NativeSum(
            mantissa=result.mantissa.reshape(array_shape(self.program.output_shape)),
            exponent=result.exponent,
            multiply_adds=self._count_multiply_adds(result.starts_of_level),
            step_seconds=tuple(1e-9 * count for count in result.step_nanoseconds),
            step_runs=tuple(result.step_runs),
            underflow=underflow,
        )

    def _count_multiply_adds(self, starts_of_level: list[int]) -> int:
        """Multiply-adds of all steps, given how often execution started at each level and ran that and higher ones."""
        total, runs = 0, 0
        # There may be levels above those of all steps.
        for level, (starts, cost) in enumerate(zip(starts_of_level, self._work_of_level, strict=False)):
            runs = starts if level == 0 else (runs if level > 1 else 0) + starts
            total += runs * cost
        return total

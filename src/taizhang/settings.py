"""The options that all doors have in common, checked.

- `memory`: most memory that this process may hold, such as `"8GiB"`; by default 80 % of what is available.
- `plan_time`: how long to search for a plan, such as `"60s"`; `"auto"` searches while that is small beside the
  predicted run time.
- `trials`: run this many search trials instead of searching for a time; the plan is then the same on any machine, for
  any number of threads, as long as it fits: nothing that is measured or happens to be free decides. Without `memory`
  such a search may use 4 GiB.
- `width`: no intermediate may have more than 2**width elements. Planning alone is then not limited by memory, unless
  `memory` is given as well: a width is how planners are compared.
- `objective`: what the search makes small: `"seconds"`, the predicted run time, or `"multiply_adds"`, all steps counted
  in every slice; by default the seconds, but multiply-adds where a width is given without memory.
- `time_limit`: work that is predicted to take longer than this is refused before it starts; 30 days by default.
- `seed`, `threads` (default: the cores this process may use), `dtype` (`"complex64"` or `"complex128"`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from taizhang._resources import default_memory, needed_bytes, usable_cores
from taizhang._types import DtypeName
from taizhang._units import human_bytes, parse_memory, parse_time
from taizhang.errors import MemoryLimitError, UsageError
from taizhang.plan.objective import Objective

# What the process needs beside the arrays of a run: the planner's trees, thread stacks, the interpreter's growth.
WORKING_MEMORY = 32 * 2**20
MAX_THREADS = 4096
DEFAULT_TIME_LIMIT = "30d"
# The memory limit of searches by trials where none is given: the same on all machines that have as much.
MEMORY_FOR_TRIALS = 4 * 2**30
# What a process is taken to need beside its arrays where a plan may not depend on what it really needs.
NOMINAL_PROCESS_BYTES = 256 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The common options of all doors, checked.

    Attributes:
        memory: Memory limit that was given, in bytes; None where none was.
        memory_bytes: Most bytes this process may hold: the limit given, or one made from what was available.
        plan_seconds: Time for the search; None lets it weigh searching against running.
        trials: Number of trials instead of a time.
        width: Largest log2 elements of an intermediate, or None.
        objective: What the search makes small.
        only_width_given: A width was given, and no memory.
        seed: Seed of the search, ≥ 0.
        threads: Threads to use, ≥ 1.
        time_limit_seconds: Longest predicted run time that is started.
        dtype: Type of the numbers.
    """

    memory: int | None
    memory_bytes: int
    plan_seconds: float | None
    trials: int | None
    width: float | None
    objective: Objective
    only_width_given: bool
    seed: int
    threads: int
    time_limit_seconds: float
    dtype: DtypeName

    @classmethod
    def checked(
        cls,
        *,
        memory: str | float | None = None,
        plan_time: str | float = "auto",
        trials: int | None = None,
        width: float | None = None,
        objective: str | None = None,
        seed: int = 0,
        threads: int | None = None,
        time_limit: str | float = DEFAULT_TIME_LIMIT,
        dtype: str = "complex64",
    ) -> Settings:
        """Reads the options as people write them.

        Raises:
            UsageError: An option has a value that it cannot have.
        """
        if dtype not in get_args(DtypeName):
            raise UsageError(f"dtype was given as {dtype!r}; wanted is complex64 or complex128")
        if threads is not None and not 1 <= threads <= MAX_THREADS:
            raise UsageError(f"threads was given as {threads}; wanted is a number from 1 to {MAX_THREADS}")
        if trials is not None and trials < 1:
            raise UsageError(f"trials was given as {trials}; wanted is at least 1")
        if width is not None and not 0 <= width <= 62:
            raise UsageError(f"width was given as {width}; wanted is a number from 0 to 62 (log2 of elements)")
        only_width = width is not None and memory is None
        chosen = ("multiply_adds" if only_width else "seconds") if objective is None else objective.replace("-", "_")
        if chosen not in get_args(Objective):
            raise UsageError(f"objective was given as {objective!r}; wanted is seconds or multiply_adds")
        if not 0 <= seed < 2**63:
            raise UsageError(f"seed was given as {seed}; wanted is a number from 0 to 2^63 - 1")
        limit = None if memory is None else parse_memory(memory)
        return cls(
            memory=limit,
            memory_bytes=_default_limit(trials) if limit is None else limit,
            plan_seconds=None if plan_time == "auto" else parse_time(plan_time),
            trials=trials,
            width=width,
            objective="seconds" if chosen == "seconds" else "multiply_adds",
            only_width_given=only_width,
            seed=seed,
            threads=usable_cores() if threads is None else threads,
            time_limit_seconds=parse_time(time_limit),
            dtype="complex64" if dtype == "complex64" else "complex128",
        )

    def free_bytes(self) -> int:
        """Bytes left for the arrays of a run.

        Raises:
            MemoryLimitError: The process holds more already.
        """
        left = self.memory_bytes - needed_bytes() - WORKING_MEMORY
        if left <= 0:
            raise MemoryLimitError(
                f"the memory limit is {human_bytes(self.memory_bytes)}, but the program itself needs "
                f"{human_bytes(self.memory_bytes - left)}; allow more memory"
            )
        return left

    def planning_bytes(self) -> int:
        """Bytes that a search for a plan may use for the arrays of a run.

        With a number of trials they depend on the memory limit alone, and may be more than `free_bytes`.
        """
        if self.trials is None:
            return self.free_bytes()
        return self.memory_bytes - min(NOMINAL_PROCESS_BYTES, self.memory_bytes // 2)


def _default_limit(trials: int | None) -> int:
    return default_memory() if trials is None else min(default_memory(), MEMORY_FOR_TRIALS)

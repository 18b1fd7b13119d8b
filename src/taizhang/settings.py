"""The options that all functions which compute have in common: their table, and their checked values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypedDict

from taizhang._resources import default_memory, needed_bytes, usable_cores
from taizhang._types import DtypeName
from taizhang._units import human_bytes
from taizhang.errors import MemoryLimitError, SizeLimitError, UsageError
from taizhang.options import (
    Option,
    check_keywords,
    choice,
    explicit_options,
    memory_size,
    optional,
    read_options,
    real,
    seed_number,
    switch,
    time_or_auto,
    time_span,
    type_name,
    whole,
)
from taizhang.plan.objective import Objective

if TYPE_CHECKING:
    from typing_extensions import Unpack

# What the process needs beside the arrays of a run: the planner's trees, thread stacks, the interpreter's growth.
WORKING_MEMORY = 32 * 2**20
MAX_THREADS = 4096
# The memory limit of searches by trials where none is given: the same on all machines that have as much.
MEMORY_FOR_TRIALS = 4 * 2**30
# What a process is taken to need beside its arrays where a plan may not depend on what it really needs.
MODEST_BYTES = 3 * 2**29
"""Where no memory limit is given, lists of bitstrings are contracted with no more than this unless more pays."""

NOMINAL_PROCESS_BYTES = 256 * 2**20

OPTIONS = (
    Option(
        name="memory",
        read=optional(memory_size),
        wanted="an amount of memory, a number with a unit such as 8GiB or 500MB",
        default_help="80 % of what is available",
        metavar="SIZE",
        help="Memory limit of the whole process, such as 8GiB or 500MB",
        group="Limits",
    ),
    Option(
        name="threads",
        read=optional(whole(1, MAX_THREADS)),
        wanted=f"a whole number from 1 to {MAX_THREADS}",
        default_help="the cores this process may use",
        metavar="N",
        help="Number of threads",
        group="Limits",
        from_text=int,
    ),
    Option(
        name="time_limit",
        read=time_span,
        wanted="a length of time, a number with a unit such as 30s, 10m or 2h",
        default="30d",
        metavar="TIME",
        help="Refuse work that is predicted to take longer than this, before it starts",
        group="Limits",
    ),
    Option(
        name="plan_time",
        read=time_or_auto,
        wanted="a length of time, a number with a unit such as 30s, 10m or 2h, or auto",
        default="auto",
        default_help="auto, small beside the predicted run time",
        metavar="TIME",
        help="Time to search for a plan, such as 60s",
        group="Plan",
    ),
    Option(
        name="trials",
        read=optional(whole(1, 1 << 62)),
        wanted="a whole number from 1",
        metavar="N",
        help="Run this many search trials instead of a time limit; the plan is then the same on any machine and number "
        "of threads, and may use 4 GiB where no memory limit is given",
        group="Plan",
        from_text=int,
    ),
    Option(
        name="width",
        read=optional(real(0, 62)),
        wanted="a number from 0 to 62 (log2 of elements)",
        metavar="LOG2",
        help="Allow no intermediate of more than 2^LOG2 elements; planning alone is then limited by memory only where "
        "a memory limit is given as well",
        group="Plan",
        from_text=float,
    ),
    Option(
        name="objective",
        read=optional(choice("seconds", "multiply_adds")),
        wanted="seconds or multiply_adds",
        default_help="seconds; multiply-adds where a width is given and no memory",
        metavar="NAME",
        help="What the search makes small: the predicted seconds of the run, or its multiply-adds over all slices, "
        "seconds or multiply-adds",
        group="Plan",
    ),
    Option(
        name="seed",
        read=seed_number,
        wanted="a whole number from 0 to 2^63 - 1, or None for a new one each time",
        wanted_in_shell="a whole number from 0 to 2^63 - 1",
        default=0,
        metavar="N",
        help="Seed of all randomness: of the search, of samples, of the choice of pieces to verify; the same seed "
        "gives the same samples on any number of threads",
        group="Numbers",
        from_text=int,
    ),
    Option(
        name="dtype",
        read=type_name,
        wanted="complex64 or complex128",
        default="complex64",
        metavar="NAME",
        help="Type of the numbers, complex64 or complex128",
        group="Numbers",
    ),
    Option(
        name="progress",
        read=optional(switch),
        wanted="True, False or None",
        default_help="in a terminal or notebook, for work over two seconds; set_progress switches that off",
        metavar=None,
        help="Show the progress of the work",
        group="Output",
        in_shell=False,
    ),
)


class ResourceOptions(TypedDict, total=False):
    """What may be used of the machine."""

    memory: str | float | None
    threads: int | None
    progress: bool | None


class VerifyOptions(ResourceOptions, total=False):
    """What checking a run reads."""

    seed: int | None


class ChoiceOptions(ResourceOptions, total=False):
    """What a search reads whose length is not for the caller to say."""

    width: float | None
    objective: Objective | None
    seed: int | None
    dtype: DtypeName


class SearchOptions(ChoiceOptions, total=False):
    """What searching a plan reads."""

    plan_time: str | float
    trials: int | None


class Options(SearchOptions, total=False):
    """What every function that computes reads."""

    time_limit: str | float


class DoubleOptions(ResourceOptions, total=False):
    """What a function reads that computes in double precision alone."""

    width: float | None
    objective: Objective | None
    seed: int | None
    plan_time: str | float
    trials: int | None
    time_limit: str | float


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The common options, checked.

    Attributes:
        memory: Memory limit that was given, in bytes; None where none was.
        memory_bytes: Most bytes this process may hold: the limit given, or one made from what was available.
        plan_seconds: Time for the search; None lets it weigh searching against running.
        trials: Number of trials instead of a time.
        width: Largest log2 elements of an intermediate, or None.
        objective: What the search makes small.
        seed: Seed of all randomness, ≥ 0.
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
    seed: int
    threads: int
    time_limit_seconds: float
    dtype: DtypeName

    @classmethod
    @explicit_options(Options, OPTIONS)
    def checked(cls, **options: Unpack[Options]) -> Settings:
        """Reads the options as people write them.

        Args:
            options: See `OPTIONS`.

        Raises:
            UsageError: An option has a value that it cannot have, or there is no such option.

        Example:
            >>> Settings.checked(memory="8GiB", threads=2).memory_bytes
            8589934592
        """
        read = read_options(OPTIONS, options)
        if read["trials"] is not None and read["plan_time"] is not None:
            raise UsageError("both plan_time and trials were given; give one of them")
        memory, objective = read["memory"], read["objective"]
        if objective is None:
            objective = "multiply_adds" if memory is None and read["width"] is not None else "seconds"
        return cls(
            memory=memory,
            memory_bytes=_default_limit(read["trials"]) if memory is None else memory,
            plan_seconds=read["plan_time"],
            trials=read["trials"],
            width=read["width"],
            objective=objective,
            seed=read["seed"],
            threads=usable_cores() if read["threads"] is None else read["threads"],
            time_limit_seconds=read["time_limit"],
            dtype=read["dtype"],
        )

    def free_bytes(self) -> int:
        """Bytes left for the arrays of a run.

        Raises:
            MemoryLimitError: The process holds more already.
        """
        process = needed_bytes()
        if self.memory is None and self.trials is not None:
            # The limit is assumed, the same everywhere; what else a large program holds is not taken from it.
            process = min(process, NOMINAL_PROCESS_BYTES)
        left = self.memory_bytes - process - WORKING_MEMORY
        if left <= 0:
            raise MemoryLimitError(
                f"the memory limit is {human_bytes(self.memory_bytes)}, but the program itself needs "
                f"{human_bytes(self.memory_bytes - left)}; allow more memory"
            )
        return left

    def setting_aside(self, held: int, what: str, remedy: str) -> Settings:
        """These options less memory that is held beside the arrays of a run, such as that of the answer.

        Args:
            held: Bytes that are held.
            what: What they are for, as the error says it.
            remedy: What to do where they are too many.

        Raises:
            SizeLimitError: There is less.
        """
        if held > self.free_bytes():
            raise SizeLimitError(
                f"{what} needs {human_bytes(held)}, but the memory limit is {human_bytes(self.memory_bytes)}; {remedy}"
            )
        return replace(self, memory_bytes=self.memory_bytes - held)

    def modest(self) -> Settings:
        """These options with only as much memory as is taken unasked; the same where a limit was given."""
        if self.memory is not None:
            return self
        process = needed_bytes() if self.trials is None else NOMINAL_PROCESS_BYTES
        return replace(self, memory_bytes=min(self.memory_bytes, process + MODEST_BYTES))

    def planning_bytes(self) -> int:
        """Bytes that a search for a plan may use for the arrays of a run.

        With a number of trials they depend on the memory limit alone, and may be more than `free_bytes`.
        """
        if self.trials is None:
            return self.free_bytes()
        return self.memory_bytes - min(NOMINAL_PROCESS_BYTES, self.memory_bytes // 2)


def _default_limit(trials: int | None) -> int:
    return default_memory() if trials is None else min(default_memory(), MEMORY_FOR_TRIALS)


def settings_of(function: Callable[..., Any], options: Mapping[str, Any]) -> Settings:
    """Reads the common options among the keywords of a function with explicit options.

    Raises:
        UsageError: An option has a value that it cannot have, or the function does not take it.
    """
    names = {row.name for row in OPTIONS}
    check_keywords(function, options, names)
    common: Any = {name: value for name, value in options.items() if name in names}
    return Settings.checked(**common)

"""Profiles of contractions: the time of each step compared with what the machine can do.

A step can be no faster than its arithmetic at the machine's peak rate, nor than moving its operands and its output at
the bandwidth of memory: the roofline (Williams, Waterman & Patterson, doi:10.1145/1498765.1498785). A step reaches a
fraction of the roofline. Where the fraction is above 1, data came from a cache: tensors that are small, or steps that
run together on pieces of a large tensor.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Literal, TypeAlias

from taizhang import _native
from taizhang._html import card
from taizhang._types import DtypeName
from taizhang.execute.contraction import Contraction, StepRecord
from taizhang.execute.step_shapes import shape_text
from taizhang.plan.rates import MachineRates, measured_rates

Kind: TypeAlias = Literal["compute-bound", "streaming", "in blocks", "tiny"]

FLOPS_PER_MULTIPLY_ADD = 8
"""Real operations of a complex multiply-add."""

# The probe is a square product large enough for the peak rate, repeated, and a copy much larger than caches.
_PROBED_SIDE, _PROBED_BYTES, _PROBES = 384, 1 << 27, 8

TINY_SECONDS = 20e-6
"""Steps whose roofline time is less than this are dominated by the overhead of starting them."""

_COLUMNS = ("runs", "GFLOP", "GB", "flop/B", "seconds", "share", "GFLOP/s", "GB/s", "of roofline")


@dataclass(frozen=True, slots=True, kw_only=True)
class Roofline:
    """Peak rates of a machine with the threads of a run.

    Attributes:
        flops_per_second: Best rate of real operations in contractions.
        bytes_per_second: Rate at which bytes are read from and written to memory.
        cached_bytes_per_second: The same in the cache of a core.

    Example:
        >>> roofline = Roofline(flops_per_second=1e11, bytes_per_second=1e10, cached_bytes_per_second=5e10)
        >>> roofline.balance, roofline.seconds(flops=1e11, traffic_bytes=2e10)
        (10.0, 2.0)
    """

    flops_per_second: float
    bytes_per_second: float
    cached_bytes_per_second: float

    @classmethod
    def of_machine(cls, machine: MachineRates, dtype: DtypeName) -> Roofline:
        """The roofline from the measured rates of a machine."""
        rates = [rate for row in machine.rates for rate in row]
        share = 0.5 if dtype == "complex128" else 1.0
        return cls(
            flops_per_second=FLOPS_PER_MULTIPLY_ADD * max(rates) * share,
            bytes_per_second=machine.bandwidths[-1][1],
            cached_bytes_per_second=machine.bandwidths[0][1],
        )

    @classmethod
    def measured(cls, threads: int, dtype: DtypeName) -> Roofline:
        """The roofline of this machine, measured now; earlier measurements are used where they are faster.

        Other load only slows a measurement down, so the fastest is closest to what the machine can do.
        """
        before = cls.of_machine(measured_rates(threads), dtype)
        side = _PROBED_SIDE
        seconds = _native.time_contraction(side, side, side, dtype, threads, _PROBES)
        copied = 2 * _PROBED_BYTES / _native.time_copy(_PROBED_BYTES, threads)
        return cls(
            flops_per_second=max(before.flops_per_second, FLOPS_PER_MULTIPLY_ADD * side**3 / seconds),
            bytes_per_second=max(before.bytes_per_second, copied),
            cached_bytes_per_second=before.cached_bytes_per_second,
        )

    @property
    def balance(self) -> float:
        """Operations per byte above which arithmetic takes longer than memory traffic."""
        return self.flops_per_second / self.bytes_per_second

    def seconds(self, *, flops: float, traffic_bytes: float) -> float:
        """The least time for this much work."""
        return max(flops / self.flops_per_second, traffic_bytes / self.bytes_per_second)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Work of some steps, summed over their executions.

    Attributes:
        runs: Number of executions.
        flops: Real operations.
        traffic_bytes: Bytes of operands and outputs.
        seconds: Time spent, added over workers.
        roofline_seconds: Least time by the roofline, summed over steps.
    """

    runs: int
    flops: int
    traffic_bytes: int
    seconds: float
    roofline_seconds: float

    @classmethod
    def sum(cls, parts: Iterable[Work]) -> Work:
        """The sum of all parts."""
        parts = list(parts)
        return cls(
            runs=sum(part.runs for part in parts),
            flops=sum(part.flops for part in parts),
            traffic_bytes=sum(part.traffic_bytes for part in parts),
            seconds=math.fsum(part.seconds for part in parts),
            roofline_seconds=math.fsum(part.roofline_seconds for part in parts),
        )

    @property
    def flops_per_byte(self) -> float:
        """Arithmetic intensity."""
        return self.flops / self.traffic_bytes if self.traffic_bytes else 0.0

    @property
    def gflops_per_second(self) -> float:
        """Rate of arithmetic, in 10^9 operations per second of one worker."""
        return 1e-9 * self.flops / self.seconds if self.seconds > 0 else 0.0

    @property
    def gigabytes_per_second(self) -> float:
        """Rate of traffic, in 10^9 bytes per second of one worker."""
        return 1e-9 * self.traffic_bytes / self.seconds if self.seconds > 0 else 0.0

    @property
    def roofline_fraction(self) -> float:
        """Least time by the roofline, divided by the time taken."""
        return self.roofline_seconds / self.seconds if self.seconds > 0 else 0.0

    def to_dict(self) -> dict[str, float]:
        """All figures by name."""
        return {
            **asdict(self),
            "flops_per_byte": self.flops_per_byte,
            "gflops_per_second": self.gflops_per_second,
            "gigabytes_per_second": self.gigabytes_per_second,
            "roofline_fraction": self.roofline_fraction,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class StepProfile:
    """One step of a plan.

    Attributes:
        step: Position in the program.
        kind: What limits the speed of the step.
        shape: log2 of the sizes kept from the first operand, kept from the second, summed, and kept from both.
        work: Its work.
        on_stem: Whether it is on the stem, the chain of steps with most of the work; otherwise it is in a branch.
    """

    step: int
    kind: Kind
    shape: tuple[float, float, float, float]
    work: Work
    on_stem: bool = False

    @property
    def name(self) -> str:
        """Number, sizes and role, for display.

        Example:
            >>> nothing = Work(runs=1, flops=0, traffic_bytes=0, seconds=0.0, roofline_seconds=0.0)
            >>> StepProfile(step=117, kind="tiny", shape=(16.0, 4.0, 6.0, 0.0), work=nothing, on_stem=True).name
            'step 117: 2^16 × 16 × 64, stem'
        """
        return f"step {self.step}: {shape_text(self.shape)}, {'stem' if self.on_stem else 'branch'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupProfile:
    """Steps that have something in common.

    Attributes:
        name: What they have in common.
        steps: Number of steps.
        work: Their total work.
    """

    name: str
    steps: int
    work: Work


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Profile:
    """Time of a contraction by steps; its string is a readable report.

    Attributes:
        steps: All steps that ran, in order.
        roofline: Peak rates of the machine with all threads of the run.
        workers: Slices that ran at once; each has an equal part of the machine.
        threads: Threads of each worker.
        slices: Slices that were added.
        seconds: Wall-clock time.
    """

    steps: tuple[StepProfile, ...]
    roofline: Roofline
    workers: int
    threads: int
    slices: int
    seconds: float

    @classmethod
    def of_runs(cls, runs: Sequence[Contraction], roofline: Roofline) -> Profile:
        """Sums profiled runs of one plan with the same options.

        Args:
            runs: At least one.
            roofline: Peak rates of the machine with all threads of a run.
        """
        first = runs[0]
        records = zip(*(run.profile for run in runs), strict=True)
        return cls(
            steps=tuple(_step(same, roofline, first.workers) for same in records),
            roofline=roofline,
            workers=first.workers,
            threads=first.threads,
            slices=sum(run.slices_done for run in runs),
            seconds=math.fsum(run.seconds for run in runs),
        )

    @property
    def total(self) -> Work:
        """The total work of all steps."""
        return Work.sum(step.work for step in self.steps)

    @property
    def seconds_outside_steps(self) -> float:
        """Time of all workers that no step accounts for: starting, waiting, adding slices."""
        return max(self.workers * self.seconds - self.total.seconds, 0.0)

    def by_kind(self) -> tuple[GroupProfile, ...]:
        """Steps grouped by what limits their speed, the longest time first."""
        return _group(self.steps, lambda step: step.kind, str)

    def by_shape(self) -> tuple[GroupProfile, ...]:
        """Steps grouped by their sizes, the longest time first."""
        return _group(self.steps, lambda step: step.shape, shape_text)

    def slowest(self, count: int) -> tuple[StepProfile, ...]:
        """The `count` steps that took longest, the longest first."""
        return tuple(sorted(self.steps, key=lambda step: -step.work.seconds)[:count])

    def to_dict(self) -> dict[str, object]:
        """The whole profile as a JSON object."""
        return {
            "roofline": asdict(self.roofline),
            "workers": self.workers,
            "threads": self.threads,
            "slices": self.slices,
            "seconds": self.seconds,
            "seconds_outside_steps": self.seconds_outside_steps,
            "total": self.total.to_dict(),
            "kinds": [_group_dict(group) for group in self.by_kind()],
            "shapes": [_group_dict(group) for group in self.by_shape()],
            "steps": [
                {
                    "step": step.step,
                    "kind": step.kind,
                    "role": "stem" if step.on_stem else "branch",
                    "log2_shape": list(step.shape),
                    **step.work.to_dict(),
                }
                for step in self.steps
            ],
        }

    def report(self, *, top: int = 10) -> str:
        """Tables of kinds of steps, of shapes and of the `top` slowest steps."""
        total = self.total
        kinds = [(f"{group.name} ({group.steps})", group.work) for group in self.by_kind()]
        shapes = [(f"{group.name} ({group.steps})", group.work) for group in self.by_shape()[:top]]
        slowest = [(f"{step.name}, {step.kind}", step.work) for step in self.slowest(top)]
        tables = _tables(
            [
                ("kind (steps)", [*kinds, ("all", total)]),
                ("m × n × k (steps)", shapes),
                ("slowest steps", slowest),
            ],
            total_seconds=total.seconds,
        )
        return "\n\n".join([self._heading(), *tables])

    def _heading(self) -> str:
        roofline, total = self.roofline, self.total
        gflops, memory = 1e-9 * roofline.flops_per_second, 1e-9 * roofline.bytes_per_second
        workers = f"{self.workers} slices at once" if self.workers > 1 else "one slice at a time"
        threads = f"{self.threads} threads" if self.threads > 1 else "one thread"
        return "\n".join(
            (
                f"{_count(len(self.steps), 'step')}, {_count(self.slices, 'slice')}, {workers}, {threads} each: "
                f"{self.seconds:.3g} s, of which {self.seconds_outside_steps / self.workers:.2g} s outside steps",
                f"this machine: {gflops:.0f} GFLOP/s, {memory:.1f} GB/s to memory, "
                f"balanced at {roofline.balance:.1f} flop/B",
                f"roofline, step by step: {total.roofline_seconds / self.workers:.3g} s, "
                f"which is {total.roofline_fraction:.2f} of the time in steps",
            )
        )

    def __str__(self) -> str:
        return self.report()

    def __repr__(self) -> str:
        total = self.total
        rate = f"{total.gflops_per_second * self.workers:.3g} GFLOP/s, {total.roofline_fraction:.0%} of the roofline"
        return f"<Profile: {_count(len(self.steps), 'step')}, {self.seconds:.3g} s, {rate}>"

    def _repr_html_(self) -> str:
        return card(str(self))


def _step(records: Sequence[StepRecord], roofline: Roofline, workers: int) -> StepProfile:
    """One step, summed over runs. Each worker has a part of the machine: its least time is `workers` times longer."""
    runs, first = sum(record.runs for record in records), records[0]
    flops = FLOPS_PER_MULTIPLY_ADD * sum(record.multiply_adds for record in records)
    traffic = sum(record.traffic_bytes for record in records)
    roofline_seconds = workers * roofline.seconds(flops=flops, traffic_bytes=traffic)
    kind: Kind = "streaming"
    if roofline_seconds < TINY_SECONDS * runs:
        kind = "tiny"
    elif flops >= roofline.balance * traffic:
        kind = "compute-bound"
    elif first.block >= 0:
        kind = "in blocks"
    work = Work(
        runs=runs,
        flops=flops,
        traffic_bytes=traffic,
        seconds=math.fsum(record.seconds for record in records),
        roofline_seconds=roofline_seconds,
    )
    return StepProfile(step=first.step, kind=kind, shape=first.shape, work=work, on_stem=first.on_stem)


def _group(
    steps: Sequence[StepProfile], key: Callable[[StepProfile], Hashable], name: Callable[..., str]
) -> tuple[GroupProfile, ...]:
    members: dict[Hashable, list[Work]] = {}
    for step in steps:
        members.setdefault(key(step), []).append(step.work)
    groups = [GroupProfile(name=name(at), steps=len(works), work=Work.sum(works)) for at, works in members.items()]
    return tuple(sorted(groups, key=lambda group: -group.work.seconds))


def _group_dict(group: GroupProfile) -> dict[str, object]:
    return {"name": group.name, "steps": group.steps, **group.work.to_dict()}


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _tables(tables: Sequence[tuple[str, Sequence[tuple[str, Work]]]], *, total_seconds: float) -> list[str]:
    """Tables whose columns are aligned with each other."""
    cells = [
        [(title, *_COLUMNS), *((name, *_figures(work, total_seconds)) for name, work in rows)] for title, rows in tables
    ]
    lines = [line for table in cells for line in table]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_COLUMNS) + 1)]

    def text(line: Sequence[str]) -> str:
        right = (f"{cell:>{width}}" for cell, width in zip(line[1:], widths[1:], strict=True))
        return "  ".join((f"{line[0]:<{widths[0]}}", *right))

    return ["\n".join(text(line) for line in table) for table in cells]


def _figures(work: Work, total_seconds: float) -> tuple[str, ...]:
    return (
        f"{work.runs}",
        _short(1e-9 * work.flops),
        _short(1e-9 * work.traffic_bytes),
        f"{work.flops_per_byte:.1f}",
        _short(work.seconds),
        f"{100 * work.seconds / total_seconds if total_seconds > 0 else 0.0:.1f} %",
        f"{work.gflops_per_second:.1f}",
        f"{work.gigabytes_per_second:.1f}",
        f"{work.roofline_fraction:.2f}",
    )


def _short(value: float) -> str:
    """Three digits, without an exponent where that is short."""
    if value == 0 or 1e-3 <= value < 1000:
        return f"{value:.3g}"
    return f"{value:.0f}" if 1000 <= value < 1e7 else f"{value:.1e}"


def profile_of(runs: Sequence[Contraction]) -> Profile:
    """Builds the profile of profiled contractions, with the roofline of as many threads, measured now.

    Args:
        runs: Contractions of one plan with the same options, at least one.
    """
    first = runs[0]
    return Profile.of_runs(runs, Roofline.measured(first.workers * first.threads, first.dtype))

"""Rates of this machine: contraction and memory, measured once and cached.

The rate of a contraction of rows × columns × summed depends on the smaller of rows and columns and on summed: the peak
is reached only when both are large enough to reuse loaded data. The rate of moving bytes depends on their number,
because of the caches. Both are measured with the kernels that later do the work. Memory that is touched for the first
time is slow, on some virtual machines a hundred times slower than copying it later; of several measurements the slowest
is kept, since memory that was in use before is faster.

A measurement holds `MEASURING_BYTES` at most, whatever the number of threads; if less is allowed, the rates of
`assumed_rates` are used and nothing is cached. Rates measured while other programs ran are used, but measured again
after `DISTURBED_SECONDS`.
"""

from __future__ import annotations

import contextlib
import json
import math
import mmap
import os
import platform
import sys
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from taizhang import _native
from taizhang._lazy import lazy_module
from taizhang._resources import usable_cores
from taizhang._types import DtypeName
from taizhang.errors import MachineWarning

if TYPE_CHECKING:
    import platformdirs
else:
    platformdirs = lazy_module("platformdirs")

MEASUREMENT_VERSION = 7
NARROW_CLASSES = (1, 2, 4, 8, 16, 64)
SUMMED_CLASSES = (1, 2, 4, 16, 64, 256)
_WORK = 1 << 21  # multiply-adds of one measurement: a millisecond at 2e9 a second
_FRESH_BYTES = 1 << 26
_COPY_BYTES = (1 << 18, 1 << 22, 1 << 25, 1 << 27)
# Each thread needs separate memory; rates for more threads are extrapolated from this many.
_MOST_THREADS = 8
_IDLE_SHARE = 0.85  # least share of a core that a thread gets on an idle machine
_IDLE_SECONDS = 0.02  # duration of one measurement of that share

MEASURING_BYTES = 320 * 2**20
"""Memory that a measurement may hold: two blocks that are copied, and the kernels' workspaces."""

DISTURBED_SECONDS = 600.0
"""How long rates measured while other programs ran are used before they are measured again."""

_MEASURING_SECONDS = 1.2  # no new round of measurements begins after this time
_SETTLED = 1.03  # measuring ends when no figure improves by more than this factor in a round


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineRates:
    """Rates of one machine with a number of threads.

    Attributes:
        rates: Complex64 multiply-adds a second; a row for each of `NARROW_CLASSES` (the smaller of rows and columns), a
            column for each of `SUMMED_CLASSES`.
        bandwidths: Pairs of a number of bytes and the rate, in bytes a second, at which that many are read and written.
        step_seconds: Time that even the smallest step takes.
        threads: Number of threads that the rates are for.
        fresh_seconds_per_byte: Time to touch memory for the first time.
        measured: False for assumed rates.
        disturbed_at: Time of measurement, in seconds since 1970, if other programs ran meanwhile; otherwise None.
    """

    rates: tuple[tuple[float, ...], ...]
    bandwidths: tuple[tuple[float, float], ...]
    step_seconds: float
    threads: int
    fresh_seconds_per_byte: float = 2.5e-10
    measured: bool = False
    disturbed_at: float | None = None

    def __post_init__(self) -> None:
        numbers = [rate for row in self.rates for rate in row]
        numbers += [number for pair in self.bandwidths for number in pair] + [
            self.step_seconds,
            self.fresh_seconds_per_byte,
        ]
        well_formed = (
            [len(row) for row in self.rates] == [len(SUMMED_CLASSES)] * len(NARROW_CLASSES)
            and len(self.bandwidths) > 0
            and all(len(pair) == 2 for pair in self.bandwidths)
            and all(math.isfinite(number) and number > 0 for number in numbers)
        )
        if not well_formed:
            raise ValueError("the rates of a machine must be complete, positive and finite")

    def contraction_rate(self, narrow: float, summed: float, dtype: DtypeName = "complex64") -> float:
        """Returns multiply-adds a second of a contraction whose smaller side is `narrow`, interpolated."""
        i, x = _place(narrow, NARROW_CLASSES)
        j, y = _place(summed, SUMMED_CLASSES)
        log_rate = sum(
            weight * math.log(self.rates[row][column])
            for row, weight_of_row in ((i, 1 - x), (i + 1, x))
            for column, weight in ((j, weight_of_row * (1 - y)), (j + 1, weight_of_row * y))
            if weight > 0
        )
        return math.exp(log_rate) * (0.5 if dtype == "complex128" else 1.0)

    def bandwidth(self, moved_bytes: float) -> float:
        """Returns the bytes a second at which `moved_bytes` are moved."""
        if moved_bytes <= self.bandwidths[0][0]:
            return self.bandwidths[0][1]
        for (low, fast), (high, slow) in zip(self.bandwidths, self.bandwidths[1:], strict=False):
            if moved_bytes <= high:
                x = math.log(moved_bytes / low) / math.log(high / low)
                return math.exp((1 - x) * math.log(fast) + x * math.log(slow))
        return self.bandwidths[-1][1]


def assumed_rates(threads: int = 1) -> MachineRates:
    """Returns rates of a typical machine, for use without measurements or when plans must be reproducible."""
    peak = 8e9 * threads
    rates = tuple(
        tuple(
            peak * min(1.0, (0.10 + 0.90 * narrow / 16) * min(1.0, 0.25 + 0.75 * summed / 16))
            for summed in SUMMED_CLASSES
        )
        for narrow in NARROW_CLASSES
    )
    bandwidths = (
        (float(1 << 18), 4e10 * threads),
        (float(1 << 25), 1.5e10 * threads),
        (float(1 << 28), 1e10 * threads),
    )
    return MachineRates(rates=rates, bandwidths=bandwidths, step_seconds=1e-6, threads=threads)


def measured_rates(
    threads: int = 1, *, memory_bytes: int | None = None, announce: Callable[[], None] | None = None
) -> MachineRates:
    """Returns rates of this machine, measured at the first call (under two seconds) and cached for later ones.

    Args:
        threads: Number of threads of the work. More threads than cores are no faster.
        memory_bytes: Memory limit of a measurement; none by default.
        announce: Called before a measurement begins.

    Returns:
        Measured rates; assumed ones if there is too little memory to measure or the compiled core cannot.
    """
    path = cache_file(threads)
    cached = _read(path, threads)
    if cached is not None and not _outdated(cached):
        return cached
    if memory_bytes is not None and memory_bytes < MEASURING_BYTES:
        return cached or assumed_rates(min(threads, usable_cores()))
    if announce is not None:
        announce()
    return _measure_and_cache(path, cached, threads)


def measure_rates_again(threads: int = 1) -> MachineRates:
    """Measures the rates again, and caches the better of old and new figures.

    Other work during a measurement can only slow it down, so the better figure is the more accurate one.
    """
    path = cache_file(threads)
    return _measure_and_cache(path, _read(path, threads), threads)


def _measure_and_cache(path: Path, cached: MachineRates | None, threads: int) -> MachineRates:
    machine = measure(threads)
    if cached is not None and machine.measured and len(cached.bandwidths) == len(machine.bandwidths):
        machine = replace(_best_of(cached, machine), disturbed_at=machine.disturbed_at)
    if machine.disturbed_at is not None:
        warnings.warn(
            "other programs ran while the rates of this machine were measured, so predicted times may be too long; run "
            "'taizhang doctor --again' when it is idle",
            MachineWarning,
            stacklevel=3,
        )
    if machine.measured:
        _write(path, machine)
    return machine


def _outdated(machine: MachineRates) -> bool:
    """Whether rates were measured on a busy machine some time ago."""
    return machine.disturbed_at is not None and not 0 <= time.time() - machine.disturbed_at < DISTURBED_SECONDS


def _best_of(first: MachineRates, second: MachineRates) -> MachineRates:
    """Returns the better of two measurements, figure by figure: other work can only have slowed one down.

    For memory touched for the first time it is the slower one: fast memory was in use before.
    """
    return replace(
        first,
        rates=tuple(tuple(map(max, *rows)) for rows in zip(first.rates, second.rates, strict=True)),
        bandwidths=tuple(
            (size, max(rate, again))
            for (size, rate), (_, again) in zip(first.bandwidths, second.bandwidths, strict=True)
        ),
        step_seconds=min(first.step_seconds, second.step_seconds),
        fresh_seconds_per_byte=max(first.fresh_seconds_per_byte, second.fresh_seconds_per_byte),
    )


def measure(threads: int = 1) -> MachineRates:
    """Measures the rates now, ignoring the cache: in rounds, until no figure improves or time is up.

    At most `_MOST_THREADS` threads are measured: beyond, arithmetic is assumed to scale with the number of cores, and
    the rate of memory to stay constant.
    """
    if getattr(_native, "time_contraction", None) is None or getattr(_native, "time_copy", None) is None:
        return assumed_rates(threads)
    usable = min(threads, usable_cores())
    few = min(usable, _MOST_THREADS)
    # First of all: memory that a measurement frees is handed out again and no longer fresh.
    fresh_seconds_per_byte = _time_of_fresh_memory()
    idle = _share_of_cores(few) >= _IDLE_SHARE
    started = time.perf_counter()
    machine = _measure_once(few)
    while time.perf_counter() - started < _MEASURING_SECONDS:
        better = _best_of(machine, _measure_once(few))
        settled = _gain(machine, better) < _SETTLED
        machine = better
        if settled:
            break
    idle = idle and _share_of_cores(few) >= _IDLE_SHARE
    more = usable / few
    return replace(
        machine,
        rates=_make_monotone([[more * rate for rate in row] for row in machine.rates]),
        fresh_seconds_per_byte=fresh_seconds_per_byte,
        threads=threads,
        disturbed_at=None if idle else time.time(),
    )


def _share_of_cores(threads: int) -> float:
    """Returns the smallest share of a core that one of `threads` threads gets: 1 on an idle machine."""
    shares = [0.0] * threads

    def spin(number: int) -> None:
        started, worked = time.perf_counter(), time.thread_time()
        while time.perf_counter() - started < _IDLE_SECONDS:
            _native.time_contraction(64, 1024, 64, "complex64", 1, 3)  # does not hold the interpreter's lock
        shares[number] = (time.thread_time() - worked) / (time.perf_counter() - started)

    spinning = [threading.Thread(target=spin, args=(number,)) for number in range(threads)]
    for thread in spinning:
        thread.start()
    for thread in spinning:
        thread.join()
    return min(shares)


def _gain(before: MachineRates, after: MachineRates) -> float:
    """Returns the largest factor by which a figure has improved."""
    rates = zip(
        (rate for row in before.rates for rate in row), (rate for row in after.rates for rate in row), strict=True
    )
    bandwidths = zip((rate for _, rate in before.bandwidths), (rate for _, rate in after.bandwidths), strict=True)
    return max(new / old for old, new in (*rates, *bandwidths))


def _make_monotone(rates: Sequence[Sequence[float]]) -> tuple[tuple[float, ...], ...]:
    """Makes rates never fall as shapes grow: where one does, its measurement was disturbed."""
    return tuple(map(tuple, np.maximum.accumulate(np.maximum.accumulate(np.array(rates), axis=0), axis=1).tolist()))


def _measure_once(threads: int) -> MachineRates:
    """Measures all rates once."""
    time_contraction, time_copy = _native.time_contraction, _native.time_copy
    rates = []
    for narrow in NARROW_CLASSES:
        row = []
        for summed in SUMMED_CLASSES:
            wide = max(_WORK * min(threads, 4) // (narrow * summed), narrow)
            wide = min(wide, (1 << 20) // max(narrow, summed))
            # Compiled programs lay out the wide side contiguously, like the columns of a row-major product.
            seconds = time_contraction(narrow, wide, summed, "complex64", threads, 3)
            row.append(wide * narrow * summed / max(seconds, 1e-9))
        rates.append(tuple(row))
    bandwidths = tuple((float(size), 2 * size / max(time_copy(size, threads), 1e-9)) for size in _COPY_BYTES)
    step_seconds = max(min(time_contraction(1, 1, 1, "complex64", threads, 20), 1e-4), 1e-7)
    return MachineRates(
        rates=tuple(rates),
        bandwidths=bandwidths,
        step_seconds=step_seconds,
        threads=threads,
        measured=True,
    )


def _time_of_fresh_memory() -> float:
    """Returns the seconds a byte takes when touched for the first time, in pages as the executor requests them."""
    with mmap.mmap(-1, _FRESH_BYTES) as memory:
        if hasattr(mmap, "MADV_HUGEPAGE"):
            with contextlib.suppress(OSError):
                memory.madvise(mmap.MADV_HUGEPAGE)
        started = time.thread_time()  # does not count other programs
        for place in range(0, _FRESH_BYTES, mmap.PAGESIZE):
            memory[place] = 1
        return max((time.thread_time() - started) / _FRESH_BYTES, 1e-12)


def cache_file(threads: int) -> Path:
    """Returns the cache file of the rates for a number of threads; the same one for all numbers beyond the cores."""
    level = _native.simd_level() if hasattr(_native, "simd_level") else "unknown"
    model = "".join(c if c.isalnum() else "-" for c in _processor())[:80]
    usable = min(threads, usable_cores())
    name = f"machine-{model}-{os.cpu_count()}-{level}-{usable}-v{MEASUREMENT_VERSION}.json"
    return _cache_folder() / name


def _cache_folder() -> Path:
    """Returns the user's cache folder; on Linux by the XDG specification, which saves importing platformdirs."""
    if sys.platform == "linux":
        given = os.environ.get("XDG_CACHE_HOME", "").strip()
        # The specification says to ignore a relative path.
        return (Path(given) if os.path.isabs(given) else Path.home() / ".cache") / "taizhang"
    return Path(platformdirs.user_cache_dir("taizhang"))


def _processor() -> str:
    """Returns the name of the processor's model."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine() or "unknown"


def _read(path: Path, threads: int) -> MachineRates | None:
    """Reads cached rates; None if there are none or they are unusable."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        machine = MachineRates(
            rates=tuple(tuple(float(rate) for rate in row) for row in content["rates"]),
            bandwidths=tuple((float(size), float(rate)) for size, rate in content["bandwidths"]),
            step_seconds=float(content["step_seconds"]),
            fresh_seconds_per_byte=float(content["fresh_seconds_per_byte"]),
            threads=threads,
            measured=True,
            disturbed_at=None if content["disturbed_at"] is None else float(content["disturbed_at"]),
        )
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return _unwritten.get(path)
    return machine


# Rates that could not be written to the cache, so that they are measured only once in a process.
_unwritten: dict[Path, MachineRates] = {}


def _write(path: Path, machine: MachineRates) -> None:
    """Writes the rates to the cache; failure to write is harmless."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
        partial.write_text(json.dumps(asdict(machine)), encoding="utf-8")
        partial.replace(path)
    except OSError:
        _unwritten[path] = machine


def _place(value: float, classes: Sequence[int]) -> tuple[int, float]:
    """Returns the class below a value, and the value's position between it and the next on a logarithmic scale."""
    if value >= classes[-1]:
        return len(classes) - 2, 1.0
    for place in range(len(classes) - 1):
        if value < classes[place + 1]:
            low, high = classes[place], classes[place + 1]
            return place, max(math.log(max(value, low) / low) / math.log(high / low), 0.0)
    return len(classes) - 2, 1.0

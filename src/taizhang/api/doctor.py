"""Report on this machine: cores, SIMD level, measured rates, memory."""

from __future__ import annotations

import platform
from dataclasses import dataclass

from taizhang import _native
from taizhang._html import card
from taizhang._resources import available_memory, default_memory, usable_cores
from taizhang._units import human_bytes
from taizhang.plan.rates import measure_rates_again, measured_rates

_FLOPS_PER_MULTIPLY_ADD = 8


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class MachineReport:
    """Cores, SIMD level, rates and memory of this machine; its string is a readable report.

    Attributes:
        version: Version of Taizhang.
        python: Version of Python.
        system: Operating system and processor architecture.
        cores: Number of cores that this process may use.
        simd_level: SIMD level that the compiled core uses, one of `simd_levels`.
        simd_levels: SIMD levels of this machine.
        measured: Whether the rates were measured; otherwise they are assumed.
        measured_on_idle_machine: Whether the measurement was undisturbed by other programs.
        multiply_adds_per_second: Best rate of complex64 contractions, on all cores.
        bytes_per_second: Rate at which memory is read and written.
        cached_bytes_per_second: The same within the caches.
        fresh_seconds_per_byte: Time to touch memory for the first time.
        step_seconds: Time of the smallest step of a contraction.
        available_bytes: Memory that can be allocated without swapping.
        default_memory_bytes: The default memory limit.
    """

    version: str
    python: str
    system: str
    cores: int
    simd_level: str
    simd_levels: tuple[str, ...]
    measured: bool
    measured_on_idle_machine: bool
    multiply_adds_per_second: float
    bytes_per_second: float
    cached_bytes_per_second: float
    fresh_seconds_per_byte: float
    step_seconds: float
    available_bytes: int
    default_memory_bytes: int

    def to_dict(self) -> dict[str, object]:
        """The keys of `--json`."""
        return {name: getattr(self, name) for name in self.__slots__} | {"simd_levels": list(self.simd_levels)}

    @property
    def gflops_per_second(self) -> float:
        """Best rate of arithmetic, in 10^9 real operations per second."""
        return 1e-9 * _FLOPS_PER_MULTIPLY_ADD * self.multiply_adds_per_second

    def __str__(self) -> str:
        origin = "measured" if self.measured else "assumed; they could not be measured"
        if self.measured and not self.measured_on_idle_machine:
            origin = "measured while other programs ran; run 'taizhang doctor --again' when the machine is idle"
        fresh = 1e-9 / self.fresh_seconds_per_byte
        memory, cache = 1e-9 * self.bytes_per_second, 1e-9 * self.cached_bytes_per_second
        available, default = human_bytes(self.available_bytes), human_bytes(self.default_memory_bytes)
        lines = {
            "taizhang": f"{self.version}, Python {self.python}, {self.system}",
            "cores": f"{self.cores}",
            "SIMD level": f"{self.simd_level} (TAIZHANG_SIMD forces one of {', '.join(self.simd_levels)})",
            "arithmetic": f"{self.gflops_per_second:.0f} GFLOP/s in complex64 contractions, all cores ({origin})",
            "memory traffic": f"{memory:.1f} GB/s, in cache {cache:.1f} GB/s, when first touched {fresh:.1f} GB/s",
            "smallest step": f"{self.step_seconds * 1e6:.2f} µs",
            "memory": f"{available} available, by default {default} are used",
        }
        return "\n".join(f"{name:<15} {value}" for name, value in lines.items())

    def __repr__(self) -> str:
        cores = f"{self.cores} core{'' if self.cores == 1 else 's'}"
        return f"<MachineReport: {cores}, {self.simd_level}, {self.gflops_per_second:.0f} GFLOP/s>"

    def _repr_html_(self) -> str:
        return card(f"This machine\n{self}")


def doctor(*, again: bool = False) -> MachineReport:
    """Reports cores, SIMD level, measured rates and memory of this machine.

    Args:
        again: Measure the rates again (under two seconds) instead of reading the stored ones.

    Returns:
        The figures; printing them shows the output of `taizhang doctor`.

    Example:
        >>> doctor().cores >= 1
        True
    """
    cores = usable_cores()
    machine = measure_rates_again(cores) if again else measured_rates(cores)
    return MachineReport(
        version=_native.__version__,
        python=platform.python_version(),
        system=f"{platform.system()} {platform.machine()}",
        cores=cores,
        simd_level=_native.simd_level(),
        simd_levels=tuple(_native.simd_levels()),
        measured=machine.measured,
        measured_on_idle_machine=machine.measured and machine.disturbed_at is None,
        multiply_adds_per_second=max(rate for row in machine.rates for rate in row),
        bytes_per_second=machine.bandwidths[-1][1],
        cached_bytes_per_second=machine.bandwidths[0][1],
        fresh_seconds_per_byte=machine.fresh_seconds_per_byte,
        step_seconds=machine.step_seconds,
        available_bytes=available_memory(),
        default_memory_bytes=default_memory(),
    )

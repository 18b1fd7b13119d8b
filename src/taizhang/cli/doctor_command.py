"""`taizhang doctor`: what this machine can do."""

from __future__ import annotations

import platform

import click

import taizhang
from taizhang import _native
from taizhang._resources import available_memory, default_memory, usable_cores
from taizhang._units import human_bytes
from taizhang.cli.options import command, echo_json, option, output_options
from taizhang.plan.machine import measured_again, measured_machine


@command("doctor")
@option("--again", is_flag=True, help="Measure anew, instead of telling what was measured before.")
@output_options
def doctor_command(again: bool, as_json: bool) -> None:
    """What this machine can do: cores, SIMD level, measured rates, memory."""
    cores = usable_cores()
    machine = measured_again(cores) if again else measured_machine(cores)
    best = max(rate for row in machine.rates for rate in row)
    report: dict[str, object] = {
        "version": taizhang.__version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": cores,
        "simd_level": _native.simd_level(),
        "measured": machine.measured,
        "multiply_adds_per_second": best,
        "bytes_per_second": machine.bandwidths[-1][1],
        "cached_bytes_per_second": machine.bandwidths[0][1],
        "step_seconds": machine.step_seconds,
        "available_bytes": available_memory(),
        "default_memory_bytes": default_memory(),
    }
    if as_json:
        echo_json(report)
        return
    flops, memory, cache = 8e-9 * best, machine.bandwidths[-1][1] * 1e-9, machine.bandwidths[0][1] * 1e-9
    told = "measured" if machine.measured else "assumed; they could not be measured"
    lines = {
        "taizhang": f"{taizhang.__version__}, Python {report['python']}, {report['system']}",
        "cores": f"{cores}",
        "SIMD level": f"{report['simd_level']} (TAIZHANG_SIMD=portable, avx2 or avx512 forces one)",
        "arithmetic": f"{flops:.0f} GFLOP/s in complex64 contractions, all cores ({told})",
        "memory traffic": f"{memory:.1f} GB/s to memory, {cache:.1f} GB/s in cache",
        "smallest step": f"{machine.step_seconds * 1e6:.2f} µs",
        "memory": f"{human_bytes(available_memory())} available, by default {human_bytes(default_memory())} are used",
    }
    for name, value in lines.items():
        click.echo(f"{name:<15} {value}")

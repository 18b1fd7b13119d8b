"""`taizhang xeb`: how well samples fit a circuit."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from taizhang._resources import peak_resident_bytes
from taizhang.circuit.read import CircuitFormat, read_circuit
from taizhang.cli.display import Display
from taizhang.cli.options import circuit_options, echo_json, output_options, settings_options
from taizhang.results.drawing import check_drawable
from taizhang.results.sample_file import read_samples
from taizhang.results.xeb_plot import plot_xeb
from taizhang.settings import Settings
from taizhang.verification import compute_xeb


@click.command("xeb")
@click.argument("circuit")
@click.argument("samples")
@circuit_options
@click.option("--plot", metavar="FILE", help="Draw the histogram of 2^n p, as .png, .svg or .pdf.")
@settings_options
@output_options
def xeb_command(
    circuit: str,
    samples: str,
    circuit_format: CircuitFormat | None,
    plot: str | None,
    settings: Settings,
    as_json: bool,
) -> None:
    """Tell how well SAMPLES fit CIRCUIT.

    SAMPLES holds one bitstring a line, qubit 0 first, with or without a count behind it, or JSON such as {"0101": 12};
    - reads standard input.
    """
    if plot is not None:
        check_drawable(Path(plot))
    started = time.perf_counter()
    with Display() as display:
        display.stage("read")
        read = read_circuit(circuit, format=circuit_format)
        counted = read_samples(sys.stdin.buffer if samples == "-" else samples, read.num_qubits)
        reading = time.perf_counter() - started
        result = compute_xeb(read, counted, settings, observer=display)
    if plot is not None:
        plot_xeb(result.xeb, plot)
    seconds = {"read": reading, **result.seconds}
    if as_json:
        echo_json({**result.xeb.to_dict(), "seconds": seconds, "peak_bytes": peak_resident_bytes()})
        return
    click.echo(str(result.xeb))
    stages = ", ".join(f"{name} {spent:.2f} s" for name, spent in seconds.items())
    click.echo(f"{sum(seconds.values()):.2f} s in all: {stages}", err=True)

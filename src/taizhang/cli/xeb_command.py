"""`taizhang xeb`: the cross entropy of samples against a circuit."""

from __future__ import annotations

import sys
import time

import click

from taizhang.circuit.formats.sample_file import read_samples
from taizhang.cli.circuit_input import CircuitReader, bound_circuit_options
from taizhang.cli.display import Display
from taizhang.cli.failure import INTERRUPTED
from taizhang.cli.notes import note
from taizhang.cli.options import (
    InputFile,
    OutputFile,
    command,
    directory_option,
    option,
    output_options,
    settings_options,
)
from taizhang.cli.run_doing import finish_run, pieces_line
from taizhang.cli.xeb_display import XebDisplay
from taizhang.cli.xeb_output import present_xeb
from taizhang.runs.run import own_workforce
from taizhang.runs.start import start_run
from taizhang.settings import Settings
from taizhang.tasks.cross_entropy import CrossEntropyTask, compute_xeb


@command("xeb")
@click.argument("circuit", type=InputFile())
@click.argument("samples", type=InputFile())
@bound_circuit_options
@directory_option
@option(
    "--plot",
    type=OutputFile(picture=True),
    metavar="FILE",
    group="Output",
    help="Draw the histogram of 2^n p, as .png, .svg or .pdf.",
)
@settings_options()
@output_options
def xeb_command(
    circuit: str,
    samples: str,
    reader: CircuitReader,
    directory: str | None,
    plot: str | None,
    settings: Settings,
    as_json: bool,
) -> None:
    """Compute the cross-entropy benchmark (XEB) of SAMPLES against CIRCUIT.

    SAMPLES holds one bitstring per line, qubit 0 first, optionally followed by a count, or JSON such as {"0101": 12};
    - reads standard input. Ctrl-C ends the command with the figures of the bitstrings computed so far.
    """
    started = time.perf_counter()
    with Display() as display:
        display.stage("read")
        read = reader.read(circuit)
        counted = read_samples(sys.stdin.buffer if samples == "-" else samples, read.num_qubits)
        reading = time.perf_counter() - started
        if directory is not None:
            task = CrossEntropyTask(circuit=read, samples=counted)
            folder = start_run(directory, task, settings, observer=display)
    if directory is None:
        advice = f"to keep such work: taizhang xeb {circuit} {samples} --directory RUN"
        with XebDisplay(len(counted.bitstrings), advice) as xeb_display:
            result = compute_xeb(
                read, counted, settings, observer=xeb_display, on_estimate=xeb_display.estimated, keep_what_is_done=True
            )
        present_xeb(result.xeb, {"read": reading, **result.seconds}, plot=plot, as_json=as_json)
        if result.num_computed < result.num_asked:
            click.echo(
                f"interrupted: the figures are those of the first {result.num_computed} of {result.num_asked} "
                "different bitstrings",
                err=True,
            )
            sys.exit(INTERRUPTED)
        return
    note(pieces_line(folder))
    finish_run(folder, own_workforce(settings), None, as_json, {"prepare": time.perf_counter() - started}, plot=plot)

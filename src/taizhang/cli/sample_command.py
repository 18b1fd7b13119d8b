"""`taizhang sample`: bitstrings drawn from the distribution of a circuit, written as they are drawn."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from taizhang._lazy import lazy_module
from taizhang.cli.circuit_input import CircuitReader, noisy_circuit_options
from taizhang.cli.display import Display
from taizhang.cli.notes import note
from taizhang.cli.options import (
    InputFile,
    OutputFile,
    command,
    directory_option,
    option,
    output_options,
    settings_options,
    table_options,
)
from taizhang.cli.run_doing import finish_run, pieces_line
from taizhang.cli.sample_output import check_listing, present_records, present_report, write_samples
from taizhang.runs.run import own_workforce
from taizhang.runs.start import start_run
from taizhang.sampling.choice import prepare_samples
from taizhang.sampling.frugal import FRUGAL, FrugalOptions
from taizhang.sampling.sampler import METHODS, check_shots
from taizhang.settings import Settings
from taizhang.tasks.samples import SamplesTask

if TYPE_CHECKING:
    from taizhang.tasks import noisy_samples, outcomes
else:
    noisy_samples = lazy_module("taizhang.tasks.noisy_samples")
    outcomes = lazy_module("taizhang.tasks.outcomes")


@command("sample")
@click.argument("circuit", type=InputFile())
@noisy_circuit_options
@option("--shots", type=int, required=True, metavar="N", group="Samples", help="Number of samples.")
@option(
    "--method",
    type=click.Choice((*METHODS, "exact", "trajectories")),
    default="auto",
    show_default=True,
    group="Samples",
    help="Sampling method.",
)
@table_options(lambda given: FrugalOptions(**given), "options", FRUGAL)
@directory_option
@option(
    "-o",
    "--output",
    type=OutputFile(".npy", ".txt", ".dat", ""),
    metavar="FILE",
    group="Output",
    help="Write the samples to a file: lines of text, or .npy as an array.",
)
@settings_options()
@output_options
def sample_command(
    circuit: str,
    reader: CircuitReader,
    shots: int,
    method: str,
    options: FrugalOptions,
    directory: str | None,
    output: str | None,
    settings: Settings,
    as_json: bool,
) -> None:
    """Draw samples of CIRCUIT: one bitstring per line, qubit 0 first.

    Of a circuit with channels, measurements, resets or conditions: the classical bits, register by register with spaces
    between; all qubits where there are none.
    """
    check_shots(shots, called="--shots")
    check_listing(shots, output, as_json=as_json)
    started = time.perf_counter()
    with Display(f"to keep such work: taizhang sample {circuit} … --directory RUN") as display:
        display.stage("read")
        read = reader.read(circuit)
        reading = time.perf_counter()
        of_bits = not read.is_unitary or method in ("exact", "trajectories")
        if of_bits:
            if directory is not None:
                raise click.UsageError(
                    "a circuit with channels, measurements, resets or conditions is sampled without --directory; "
                    "leave it out"
                )
            groups = outcomes.Distribution.asked(read, qubits=None, bits=None).groups
            drawn_bits = noisy_samples.draw_noisy(read, shots, method, settings, display, options)
            if method == "auto":
                note(f"method {drawn_bits.method}: {drawn_bits.reason}")
            drawn = time.perf_counter()
        elif directory is not None:
            task = SamplesTask(circuit=read, shots=shots, method=method, options=options)
            folder = start_run(directory, task, settings, observer=display)
        else:
            run = prepare_samples(read, shots, settings, method=method, options=options, observer=display)
            prepared = time.perf_counter()
            note(f"method {run.method}: {run.reason}")
            written = write_samples(run, output, as_json=as_json)
    if of_bits:
        seconds = {"read": reading - started, "run": drawn - reading}
        present_records(drawn_bits.bits, groups, seconds, output=output, as_json=as_json)
        return
    if directory is not None:
        note(pieces_line(folder))
        finish_run(folder, own_workforce(settings), output, as_json, {"prepare": time.perf_counter() - started})
        return
    seconds = {"read": reading - started, "prepare": prepared - reading, "run": time.perf_counter() - prepared}
    present_report(run.report(), seconds, written, shots=shots, method=run.method, reason=run.reason, as_json=as_json)

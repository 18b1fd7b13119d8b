"""`taizhang sample`: bitstrings drawn from what a circuit gives, one on a line, as they come."""

from __future__ import annotations

import time

import click

from taizhang.circuit.read import CircuitFormat, read_circuit
from taizhang.cli.display import Display
from taizhang.cli.options import circuit_options, output_options, settings_options
from taizhang.cli.run_doing import finish_run, pieces_line
from taizhang.cli.sample_output import present_report, write_samples
from taizhang.runs.run import own_workforce
from taizhang.runs.start import start_run
from taizhang.sampling.choice import prepare_samples
from taizhang.sampling.frugal import MOST_BATCH_QUBITS, FrugalOptions
from taizhang.sampling.sampler import METHODS
from taizhang.settings import Settings
from taizhang.tasks.samples import SamplesTask


@click.command("sample")
@click.argument("circuit")
@circuit_options
@click.option("--shots", type=int, required=True, help="How many samples.")
@click.option("--method", type=click.Choice(METHODS), default="auto", show_default=True, help="How to draw them.")
@click.option(
    "--fidelity", type=float, default=1.0, show_default=True, help="Of the samples: below 1, fewer slices are added up."
)
@click.option(
    "--batch-qubits",
    type=click.IntRange(0, MOST_BATCH_QUBITS),
    help="Frugal rejection: qubits left open in each batch [chosen].",
)
@click.option(
    "--per-batch",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Frugal rejection: samples from each batch; 1 for independent ones.",
)
@click.option(
    "--top",
    type=click.IntRange(min=1),
    help="Instead of drawing, select the so many most probable of each batch: higher cross entropy, no fidelity.",
)
@click.option(
    "--pair-sides",
    is_flag=True,
    help="Frugal rejection: batches are all pairs of left and right sides of the fixed bits, many times cheaper for "
    "wide circuits. Each sample has a batch of its own, but samples share the bits of a side with others.",
)
@click.option(
    "--directory",
    metavar="RUN",
    help="Make it a long run, kept in this folder; 'taizhang resume' goes on. Frugal rejection only.",
)
@click.option("-o", "--output", metavar="FILE", help="Write the samples to a file: lines of text, or .npy as an array.")
@settings_options
@output_options
def sample_command(
    circuit: str,
    circuit_format: CircuitFormat | None,
    shots: int,
    method: str,
    fidelity: float,
    batch_qubits: int | None,
    per_batch: int,
    top: int | None,
    pair_sides: bool,
    directory: str | None,
    output: str | None,
    settings: Settings,
    as_json: bool,
) -> None:
    """Draw samples of CIRCUIT: one bitstring a line, qubit 0 first."""
    options = FrugalOptions(
        fidelity=fidelity, batch_qubits=batch_qubits, per_batch=per_batch, top=top, pair_sides=pair_sides
    )
    started = time.perf_counter()
    with Display() as display:
        display.stage("read")
        read = read_circuit(circuit, format=circuit_format)
        reading = time.perf_counter()
        if directory is not None:
            task = SamplesTask(circuit=read, shots=shots, method=method, options=options)
            folder = start_run(directory, task, settings, observer=display)
        else:
            run = prepare_samples(read, shots, settings, method=method, options=options, observer=display)
            prepared = time.perf_counter()
            click.echo(f"method {run.method}: {run.reason}", err=True)
            write_samples(run, output, as_json=as_json)
    if directory is not None:
        click.echo(pieces_line(folder), err=True)
        finish_run(folder, own_workforce(settings), output, as_json, {"prepare": time.perf_counter() - started})
        return
    seconds = {"read": reading - started, "prepare": prepared - reading, "run": time.perf_counter() - prepared}
    present_report(run.report(), seconds, shots=shots, method=run.method, reason=run.reason, as_json=as_json)

"""`taizhang sample`: bitstrings drawn from what a circuit gives, one on a line, as they come."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click
import numpy as np

from taizhang._units import human_seconds
from taizhang.circuit.read import CircuitFormat, read_circuit
from taizhang.cli.display import Display
from taizhang.cli.options import circuit_options, echo_json, output_options, settings_options
from taizhang.samplers.choice import prepare_samples
from taizhang.samplers.frugal import MOST_BATCH_QUBITS, FrugalOptions
from taizhang.samplers.sampler import METHODS, Bits, SampleReport
from taizhang.settings import Settings


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
        run = prepare_samples(read, shots, settings, method=method, options=options, observer=display)
        prepared = time.perf_counter()
        click.echo(f"method {run.method}: {run.reason}", err=True)
        if output is not None and output.endswith(".npy"):
            np.save(Path(output), np.concatenate(list(run)), allow_pickle=False)
        elif output is not None or not as_json:
            with _sink(output) as sink:
                for portion in run:
                    sink.write(_lines(portion))
                    sink.flush()
        else:
            for _ in run:
                pass
    seconds = {"read": reading - started, "prepare": prepared - reading, "run": time.perf_counter() - prepared}
    report = run.report()
    if as_json:
        echo_json(
            {
                "shots": shots,
                "method": run.method,
                "reason": run.reason,
                "fidelity": report.fidelity,
                "linear_xeb": report.linear_xeb,
                "standard_error": report.standard_error,
                "remarks": list(report.remarks),
                "seconds": seconds,
            }
        )
        return
    for line in _told(report):
        click.echo(line, err=True)
    click.echo(f"{shots} samples in {human_seconds(sum(seconds.values()))}", err=True)


@contextmanager
def _sink(output: str | None) -> Iterator[BinaryIO]:
    """Where lines go: a file, or standard output."""
    if output is None:
        sys.stdout.flush()
        yield sys.stdout.buffer
        return
    with Path(output).open("wb") as file:
        yield file


def _lines(bits: Bits) -> bytes:
    """Bits as lines of characters."""
    lines = np.full((len(bits), bits.shape[1] + 1), ord("\n"), dtype=np.uint8)
    lines[:, :-1] = bits + ord("0")
    return lines.tobytes()


def _told(report: SampleReport) -> Iterator[str]:
    if report.linear_xeb is not None:
        error = "" if report.standard_error is None else f" ± {report.standard_error:.4f}"
        yield f"linear XEB {report.linear_xeb:.4f}{error}, estimated from probabilities computed on the way"
    yield from report.remarks

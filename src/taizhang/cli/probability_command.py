"""`taizhang probability` and `taizhang probabilities`: chances of classical bits or of qubits, noise included."""

from __future__ import annotations

import time
from collections.abc import Mapping

import click

from taizhang._resources import peak_resident_bytes
from taizhang.cli.circuit_input import CircuitReader, noisy_circuit_options
from taizhang.cli.display import Display
from taizhang.cli.notes import note
from taizhang.cli.options import (
    InputFile,
    OutputFile,
    command,
    directory_option,
    echo_json,
    option,
    output_options,
    parse_qubits,
    settings_options,
)
from taizhang.cli.run_doing import finish_run, pieces_line
from taizhang.cli.saving import save
from taizhang.errors import UsageError
from taizhang.runs.run import own_workforce
from taizhang.runs.start import start_run
from taizhang.settings import Settings
from taizhang.tasks.outcomes import (
    Distribution,
    distribution_of,
    probabilities_of_records,
    probability_task,
    read_record,
)


@command("probability")
@click.argument("circuit", type=InputFile())
@click.argument("bits", nargs=-1, required=True, metavar="BITS...")
@noisy_circuit_options
@directory_option
@option(
    "-o",
    "--output",
    type=OutputFile(".txt", ".dat", ""),
    metavar="FILE",
    group="Output",
    help="Write the lines to a file.",
)
@settings_options()
@output_options
def probability_command(
    circuit: str,
    bits: tuple[str, ...],
    reader: CircuitReader,
    directory: str | None,
    output: str | None,
    settings: Settings,
    as_json: bool,
) -> None:
    """Compute the probability of values of the classical bits of CIRCUIT, or of its qubits where it has none.

    BITS are zeros and ones, register by register in order of declaration, bit 0 first, with or without spaces.
    """
    started = time.perf_counter()
    with Display(f"to keep such work: taizhang probability {circuit} … --directory RUN", folder=directory) as display:
        display.stage("read")
        read = reader.read(circuit, final_measurements=True)
        records = [read_record(read, text) for text in bits]
        reading = time.perf_counter()
        if directory is not None:
            folder = start_run(directory, probability_task(read, records), settings, observer=display)
        else:
            found = probabilities_of_records(read, records, settings, display)
    if directory is not None:
        note(pieces_line(folder))
        finish_run(folder, own_workforce(settings), output, as_json, {"prepare": time.perf_counter() - started})
        return
    groups = read.registers.results.sizes or (read.num_qubits,)
    asked = Distribution(circuit=read, bits=(), groups=groups)
    shown = [asked.written([record[bit] for bit in sorted(record)]) for record in records]
    seconds = {"read": reading - started, "run": time.perf_counter() - reading}
    _present(list(zip(shown, found.tolist(), strict=True)), seconds, output=output, as_json=as_json)


@command("probabilities")
@click.argument("circuit", type=InputFile())
@noisy_circuit_options
@option("--qubits", metavar="Q,Q,...", help="The outcomes of these qubits, in this order.")
@option("--least", type=float, default=1e-12, metavar="P", help="Leave out outcomes of less probability [1e-12].")
@option(
    "-o",
    "--output",
    type=OutputFile(".txt", ".dat", ""),
    metavar="FILE",
    group="Output",
    help="Write the lines to a file.",
)
@settings_options()
@output_options
def probabilities_command(
    circuit: str,
    reader: CircuitReader,
    qubits: str | None,
    least: float,
    output: str | None,
    settings: Settings,
    as_json: bool,
) -> None:
    """Compute the probabilities of all outcomes of the classical bits of CIRCUIT, or of some qubits.

    Where the circuit has no classical bits, the outcomes are those of all qubits.
    """
    if not 0 <= least <= 1:
        raise UsageError(f"--least must be a probability from 0 to 1, got {least:g}")
    chosen = None if qubits is None else parse_qubits(qubits, called="--qubits")
    started = time.perf_counter()
    with Display() as display:
        display.stage("read")
        read = reader.read(circuit, final_measurements=True)
        asked = Distribution.asked(read, qubits=chosen, bits=None)
        reading = time.perf_counter()
        found = distribution_of(read, asked, least, settings, display)
    seconds = {"read": reading - started, "run": time.perf_counter() - reading}
    _present(list(found.items()), seconds, output=output, as_json=as_json)


def _present(rows: list[tuple[str, float]], seconds: Mapping[str, float], *, output: str | None, as_json: bool) -> None:
    """Prints outcomes with their probabilities, or writes them to a file.

    Raises:
        UnwrittenResultError: The file could not be written; they were printed.
    """
    lines = "".join(f"{bits}  {chance:.10g}\n" for bits, chance in rows)
    saved = save(output, lambda path: _write(path, lines))
    if as_json:
        listed = [] if saved.done else [{"bits": bits, "probability": chance} for bits, chance in rows]
        echo_json({"probabilities": listed, "seconds": dict(seconds), "peak_bytes": peak_resident_bytes()})
    elif not saved.done:
        click.echo(lines, nl=False)
    saved.check()


def _write(path: str, lines: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(lines)

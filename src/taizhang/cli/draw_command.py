"""`taizhang draw`: a picture of a circuit."""

from __future__ import annotations

from pathlib import Path

import click

from taizhang._files import write_file
from taizhang.circuit.formats.read import CircuitFormat, read_circuit
from taizhang.cli.options import InputFile, OutputFile, circuit_options, command, echo_json, option, output_options
from taizhang.cli.saving import save


@command("draw")
@click.argument("circuit", type=InputFile())
@circuit_options
@option(
    "-o",
    "--output",
    type=OutputFile(".svg", ".txt"),
    metavar="FILE",
    group="Output",
    help="Write the drawing to a file: .svg for a picture, .txt for text.",
)
@output_options
def draw_command(circuit: str, circuit_format: CircuitFormat | None, output: str | None, as_json: bool) -> None:
    """Draw CIRCUIT as text, or write it to a file as an SVG picture."""
    read = read_circuit(circuit, format=circuit_format)
    if output is None:
        drawing = read.draw()
    else:
        drawing = read.draw("svg") if Path(output).suffix.lower() == ".svg" else read.draw(width=120)
    saved = save(output, lambda path: write_file(path, f"{drawing}\n".encode()))
    if as_json:
        shown: dict[str, object] = {"output": output} if saved.done else {"drawing": drawing}
        echo_json({**shown, "num_qubits": read.num_qubits, "num_gates": len(read), "depth": read.depth()})
    elif saved.done:
        click.echo(f"{output}: {read!r}", err=True)
    else:
        click.echo(drawing)
    saved.check()

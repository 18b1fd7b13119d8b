"""`taizhang draw`: a picture of a circuit."""

from __future__ import annotations

from pathlib import Path

import click

from taizhang.circuit.read import CircuitFormat, read_circuit
from taizhang.cli.options import circuit_options, echo_json, output_options


@click.command("draw")
@click.argument("circuit")
@circuit_options
@click.option("-o", "--output", metavar="FILE", help="Draw into a file: .svg as a picture, .txt as text.")
@output_options
def draw_command(circuit: str, circuit_format: CircuitFormat | None, output: str | None, as_json: bool) -> None:
    """Draw CIRCUIT: as text, or as an SVG picture into a file."""
    path = None if output is None else Path(output)
    if path is not None and path.suffix.lower() not in (".svg", ".txt"):
        raise click.UsageError(f"a circuit is drawn into a file that ends in .svg or .txt, got '{output}'")
    if path is not None and not path.parent.is_dir():
        raise click.UsageError(f"the folder of -o '{output}' does not exist; make it, or name another")
    read = read_circuit(circuit, format=circuit_format)
    svg = path is not None and path.suffix.lower() == ".svg"
    drawing = read.draw("svg") if svg else read.draw(width=120) if path is not None else read.draw()
    if path is not None:
        path.write_text(drawing + "\n", encoding="utf-8")
    if as_json:
        shown: dict[str, object] = {"output": output} if path is not None else {"drawing": drawing}
        echo_json({**shown, "num_qubits": read.num_qubits, "num_gates": len(read), "depth": read.depth()})
    elif path is None:
        click.echo(drawing)
    else:
        click.echo(f"{output}: {read!r}", err=True)

"""`taizhang inspect`: gates of a circuit, and the size of its network."""

from __future__ import annotations

import click

from taizhang.circuit.formats.read import CircuitFormat, read_circuit
from taizhang.cli.options import InputFile, circuit_options, command, echo_json, output_options
from taizhang.network.inspection import inspect


@command("inspect")
@click.argument("circuit", type=InputFile())
@circuit_options
@output_options
def inspect_command(circuit: str, circuit_format: CircuitFormat | None, as_json: bool) -> None:
    """Show qubits, gates and depth of CIRCUIT, and its network before and after simplification."""
    report = inspect(read_circuit(circuit, format=circuit_format))
    if as_json:
        echo_json(report.to_dict())
    else:
        click.echo(str(report))

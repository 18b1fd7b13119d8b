"""`taizhang inspect`: what a circuit is made of, and the network it becomes."""

from __future__ import annotations

import click

from taizhang.circuit.read import CircuitFormat, read_circuit
from taizhang.cli.options import InputFile, circuit_options, command, echo_json, output_options
from taizhang.results.inspection import inspect


@command("inspect")
@click.argument("circuit", type=InputFile())
@circuit_options
@output_options
def inspect_command(circuit: str, circuit_format: CircuitFormat | None, as_json: bool) -> None:
    """Qubits, gates by kind and depth of CIRCUIT; its network before and after simplification."""
    report = inspect(read_circuit(circuit, format=circuit_format))
    if as_json:
        echo_json(report.to_dict())
    else:
        click.echo(str(report))

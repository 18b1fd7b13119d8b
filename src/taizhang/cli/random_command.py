"""`taizhang random`: random circuits of standard benchmark families."""

from __future__ import annotations

import click

from taizhang._units import counted
from taizhang.circuit.circuit import Circuit
from taizhang.circuit.formats.read import write_circuit
from taizhang.circuit.random_circuits import random_grid, random_sycamore
from taizhang.cli.groups import SuggestingGroup, show_help_alone
from taizhang.cli.notes import note
from taizhang.cli.options import GroupedCommand, OutputFile, echo_json, option, output_options, table_options
from taizhang.settings import OPTIONS


@click.group("random", cls=SuggestingGroup, invoke_without_command=True)
@click.pass_context
def random_command(ctx: click.Context) -> None:
    """Generate a random circuit of a standard benchmark family."""
    show_help_alone(ctx)


def _write(circuit: Circuit, output: str, as_json: bool) -> None:
    write_circuit(circuit, output)
    report = {"output": output, "num_qubits": circuit.num_qubits, "num_gates": len(circuit.operations)}
    if as_json:
        echo_json(report)
    else:
        note(f"{output}: {counted(circuit.num_qubits, 'qubit')}, {counted(len(circuit.operations), 'gate')}")


_output = option(
    "-o",
    "--output",
    required=True,
    type=OutputFile(".qsim", ".txt", ".qasm"),
    metavar="FILE",
    group="Output",
    help="File to write: .qsim, .txt (GRCS text) or .qasm.",
)
_seed = table_options(lambda given: given.get("seed", 0), "seed", [row for row in OPTIONS if row.name == "seed"])


@random_command.command("grid", cls=GroupedCommand)
@option("--rows", type=click.IntRange(min=1), required=True, metavar="N", help="Rows of qubits.")
@option("--columns", type=click.IntRange(min=1), required=True, metavar="N", help="Columns of qubits.")
@option("--depth", type=click.IntRange(min=0), required=True, metavar="N", help="Layers of two-qubit gates.")
@option("--gate", type=click.Choice(["cz", "is"]), default="cz", show_default=True, help="The two-qubit gate.")
@_seed
@_output
@output_options
def grid_command(rows: int, columns: int, depth: int, gate: str, seed: int, output: str, as_json: bool) -> None:
    """Generate a random circuit on a grid of qubits by Google's GRCS rules (arXiv:1608.00263, arXiv:1807.10749)."""
    _write(random_grid(rows, columns, depth, gate="cz" if gate == "cz" else "is", seed=seed), output, as_json)


@random_command.command("sycamore", cls=GroupedCommand)
@option(
    "--qubits",
    type=click.IntRange(min=1),
    metavar="N",
    default=53,
    show_default=True,
    help="Number of qubits; fewer than 53 give a patch of the processor.",
)
@option(
    "--cycles",
    type=click.IntRange(min=0),
    required=True,
    metavar="N",
    help="Cycles: a layer of one-qubit gates, then one of two-qubit gates.",
)
@option(
    "--pattern",
    type=click.Choice(["ABCDCDAB", "EFGH"]),
    default="ABCDCDAB",
    show_default=True,
    help="Order of the two-qubit layers.",
)
@_seed
@_output
@output_options
def sycamore_command(qubits: int, cycles: int, pattern: str, seed: int, output: str, as_json: bool) -> None:
    """Generate a random circuit on the qubits of Sycamore, as in Arute et al., Nature 574 (2019)."""
    _write(random_sycamore(qubits, cycles=cycles, pattern=pattern, seed=seed), output, as_json)

"""`taizhang plan`: search a plan, report what it costs, keep it."""

from __future__ import annotations

from pathlib import Path

import click

from taizhang.circuit.bitstring import parse_bitstring
from taizhang.circuit.read import CircuitFormat, read_circuit
from taizhang.cli.display import Display
from taizhang.cli.options import (
    circuit_options,
    command,
    echo_json,
    option,
    output_options,
    parse_qubits,
    settings_options,
)
from taizhang.cli.reports import plan_report
from taizhang.network.amplitude_network import AmplitudeNetwork
from taizhang.network.network_file import read_network
from taizhang.plots.canvas import check_drawable
from taizhang.plots.plan import plot_plan
from taizhang.ready_plan import ready_plan
from taizhang.results.bitstrings import read_bitstrings
from taizhang.settings import SearchOptions, Settings
from taizhang.tasks.amplitudes import AmplitudesTask


@command("plan")
@click.argument("circuit", required=False)
@circuit_options
@option("--network", metavar="FILE", help="Plan for this network (JSON) instead of a circuit's.")
@option("--bitstring", metavar="BITS", help="The amplitude to plan for; all of a circuit's share one plan.")
@option("--bitstrings", metavar="FILE", help="The amplitudes to plan for, one bitstring a line.")
@option("--open", "open_qubits", metavar="Q,Q,...", help="Qubits left open.")
@option("-o", "--output", metavar="PLAN", group="Output", help="Keep the plan in this file.")
@option("--plot", metavar="FILE", group="Output", help="Draw the plan and the search for it, as .png, .svg or .pdf.")
@settings_options(SearchOptions)
@output_options
def plan_command(
    circuit: str | None,
    circuit_format: CircuitFormat | None,
    network: str | None,
    bitstring: str | None,
    bitstrings: str | None,
    open_qubits: str | None,
    output: str | None,
    plot: str | None,
    settings: Settings,
    as_json: bool,
) -> None:
    """Search a plan for an amplitude of CIRCUIT, or for a network, and tell what it costs."""
    if (circuit is None) == (network is None):
        raise click.UsageError("wanted is either a CIRCUIT or --network FILE")
    if plot is not None:
        check_drawable(Path(plot))
    with Display() as display:
        if network is not None:
            if bitstring or bitstrings or open_qubits:
                raise click.UsageError("--bitstring, --bitstrings and --open belong to a CIRCUIT, not to a network")
            ready = ready_plan(read_network(network), settings, display, run_here=False)
        else:
            display.stage("read")
            read = read_circuit(str(circuit), format=circuit_format)
            opened = parse_qubits(open_qubits)
            if bitstring is not None:
                parse_bitstring(bitstring, read.num_qubits, opened)
            display.stage("build")
            if bitstrings is not None:
                listed = read_bitstrings(bitstrings, read.num_qubits, opened)
                task = AmplitudesTask(circuit=read, bitstrings=tuple(listed), open_qubits=opened)
                ready = task.prepare(settings, observer=display).plans[0].ready
            else:
                shape = AmplitudeNetwork(read, open_qubits=opened).shape
                ready = ready_plan(shape, settings, display, run_here=False)
    if output is not None:
        ready.plan.save(output)
    if plot is not None:
        plot_plan(ready.plan, plot)
    if as_json:
        echo_json(plan_report(ready.plan, ready.predicted_bytes))
    else:
        click.echo(str(ready.plan))

"""`taizhang plan`: search a plan, report what it costs, keep it."""

from __future__ import annotations

import click

from taizhang._resources import needed_bytes
from taizhang._units import human_seconds
from taizhang.circuit.bitstring import parse_bitstring
from taizhang.circuit.read import CircuitFormat, read_circuit
from taizhang.cli.display import Display
from taizhang.cli.failure import InterruptedWorkError
from taizhang.cli.notes import note
from taizhang.cli.options import (
    InputFile,
    OutputFile,
    circuit_options,
    command,
    echo_json,
    option,
    output_options,
    parse_qubits,
    settings_options,
)
from taizhang.cli.reports import plan_report
from taizhang.cli.saving import save
from taizhang.network.amplitude_network import AmplitudeNetwork
from taizhang.network.network_file import read_network
from taizhang.plan.search import SearchInterrupted
from taizhang.plots.plan import plot_plan
from taizhang.ready_plan import ReadyPlan, ready_plan
from taizhang.results.bitstrings import read_bitstrings
from taizhang.settings import SearchOptions, Settings
from taizhang.tasks.amplitudes import AmplitudesTask


@command("plan")
@click.argument("circuit", required=False, type=InputFile())
@circuit_options
@option("--network", type=InputFile(), metavar="FILE", help="Plan for this network (JSON) instead of a circuit's.")
@option("--bitstring", metavar="BITS", help="The amplitude to plan for; all of a circuit's share one plan.")
@option("--bitstrings", type=InputFile(), metavar="FILE", help="The amplitudes to plan for, one bitstring a line.")
@option("--open", "open_qubits", metavar="Q,Q,...", help="Qubits left open.")
@option("-o", "--output", type=OutputFile(), metavar="PLAN", group="Output", help="Keep the plan in this file.")
@option(
    "--plot",
    type=OutputFile(picture=True),
    metavar="FILE",
    group="Output",
    help="Draw the plan and the search for it, as .png, .svg or .pdf.",
)
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
    with Display() as display:
        try:
            ready = _search(circuit, circuit_format, network, bitstring, bitstrings, open_qubits, settings, display)
            plan, peak_bytes, stopped = ready.plan, ready.predicted_bytes, None
        except SearchInterrupted as interrupt:
            if interrupt.plan is None:
                raise
            plan, stopped = interrupt.plan, interrupt.seconds
            peak_bytes = needed_bytes() + plan.cost.peak_bytes
    saved = save(output, plan.save)
    drawn = save(plot, lambda path: plot_plan(plan, path))
    lost = {} if saved.problem is None else {"plan": plan.to_dict()}
    if as_json:
        echo_json({**plan_report(plan, peak_bytes), **lost})
    elif lost:
        note(str(plan))
        echo_json(plan.to_dict())
    else:
        click.echo(str(plan))
    saved.check()
    drawn.check(printed=False)
    if stopped is not None:
        whole = "" if settings.plan_seconds is None else f" of {human_seconds(settings.plan_seconds)}"
        holds = (
            "this is the best plan so far, -o PLAN keeps it" if output is None else f"{output} holds the best so far"
        )
        raise InterruptedWorkError(f"stopped after {human_seconds(stopped)}{whole}; {holds}")


def _search(
    circuit: str | None,
    circuit_format: CircuitFormat | None,
    network: str | None,
    bitstring: str | None,
    bitstrings: str | None,
    open_qubits: str | None,
    settings: Settings,
    display: Display,
) -> ReadyPlan:
    """Searches the plan that was asked for."""
    if network is not None:
        if bitstring or bitstrings or open_qubits:
            raise click.UsageError("--bitstring, --bitstrings and --open belong to a CIRCUIT, not to a network")
        return ready_plan(read_network(network), settings, display, run_here=False)
    display.stage("read")
    read = read_circuit(str(circuit), format=circuit_format)
    opened = parse_qubits(open_qubits)
    if bitstring is not None:
        parse_bitstring(bitstring, read.num_qubits, opened)
    display.stage("build")
    if bitstrings is not None:
        listed = read_bitstrings(bitstrings, read.num_qubits, opened)
        task = AmplitudesTask(circuit=read, bitstrings=tuple(listed), open_qubits=opened)
        return task.prepare(settings, observer=display).plans[0].ready
    return ready_plan(AmplitudeNetwork(read, open_qubits=opened).shape, settings, display, run_here=False)

"""`taizhang plan`: search for a plan, report its cost, save it."""

from __future__ import annotations

import click

from taizhang._resources import needed_bytes
from taizhang._units import human_seconds
from taizhang.circuit.bitstring import parse_bitstring
from taizhang.circuit.bitstring_lists import read_bitstrings
from taizhang.circuit.circuit import Circuit
from taizhang.circuit.formats.read import read_circuit
from taizhang.circuit.observable import Observable
from taizhang.cli.circuit_input import CircuitReader, bound_circuit_options
from taizhang.cli.display import Display
from taizhang.cli.failure import InterruptedWorkError
from taizhang.cli.notes import note
from taizhang.cli.observable_options import collect_observables, observable_option, observables_option
from taizhang.cli.options import (
    InputFile,
    OutputFile,
    command,
    echo_json,
    option,
    output_options,
    parse_qubits,
    settings_options,
)
from taizhang.cli.reports import plan_report
from taizhang.cli.saving import save
from taizhang.network.network import NetworkShape
from taizhang.network.network_file import read_network
from taizhang.plan.search import SearchInterrupted
from taizhang.plots.plan import plot_plan
from taizhang.settings import SearchOptions, Settings
from taizhang.tasks.planning import find_cone_plan, find_plan


@command("plan")
@click.argument("circuit", required=False, type=InputFile())
@bound_circuit_options
@option("--network", type=InputFile(), metavar="FILE", help="Plan for this network (JSON) instead of a circuit.")
@option("--bitstring", metavar="BITS", help="The amplitude to plan for; one plan serves all bitstrings.")
@option("--bitstrings", type=InputFile(), metavar="FILE", help="File of bitstrings to plan for, one per line.")
@option("--open", "open_qubits", metavar="Q,Q,...", help="Leave these qubits open.")
@observables_option
@click.option("--gradient", is_flag=True, help="With observables: the cost of their derivatives as well")
@observable_option
@option("-o", "--output", type=OutputFile(), metavar="PLAN", group="Output", help="Write the plan to this file.")
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
    reader: CircuitReader,
    network: str | None,
    bitstring: str | None,
    bitstrings: str | None,
    open_qubits: str | None,
    observables_file: str | None,
    observable_texts: tuple[str, ...],
    gradient: bool,
    output: str | None,
    plot: str | None,
    settings: Settings,
    as_json: bool,
) -> None:
    """Search for a plan for amplitudes or expectation values of CIRCUIT, or for a network, and report its cost."""
    if (circuit is None) == (network is None):
        raise click.UsageError("give either a CIRCUIT or --network FILE")
    if observables_file is not None or observable_texts:
        if circuit is None or bitstring or bitstrings or open_qubits:
            raise click.UsageError(
                "observables need a CIRCUIT alone; leave --network, --bitstring, --bitstrings and --open out"
            )
        if output is not None:
            raise click.UsageError("-o writes one plan, but observables have one for each light cone; leave it out")
        asked = collect_observables(observable_texts, observables_file, circuit=circuit, asked="--observable TEXT")
        _plan_observables(circuit, reader, asked, plot, settings, as_json=as_json, gradient=gradient)
        return
    if gradient:
        raise click.UsageError("--gradient needs observables; give them with --observables or --observable")
    # Stage 1: search; an interrupted search gives its best plan so far.
    with Display() as display:
        try:
            what, opened, listed = _read_question(circuit, reader, network, bitstring, bitstrings, open_qubits, display)
            ready = find_plan(what, settings, display, open_qubits=opened, bitstrings=listed)
            plan, peak_bytes, stopped = ready.plan, ready.predicted_bytes, None
        except SearchInterrupted as interrupt:
            if interrupt.plan is None:
                raise
            plan, stopped = interrupt.plan, interrupt.seconds
            peak_bytes = needed_bytes() + plan.cost.peak_bytes
    # Stage 2: write, draw and print the plan; a plan that could not be written is printed as JSON.
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
        limit = "" if settings.plan_seconds is None else f" of {human_seconds(settings.plan_seconds)}"
        kept = "this is the best plan so far; -o PLAN keeps it" if output is None else f"{output} holds the best so far"
        raise InterruptedWorkError(f"stopped after {human_seconds(stopped)}{limit}; {kept}")


def _plan_observables(
    circuit: str,
    reader: CircuitReader,
    observables: tuple[Observable, ...],
    plot: str | None,
    settings: Settings,
    *,
    as_json: bool,
    gradient: bool,
) -> None:
    """Plans expectation values, and prints and draws their cost."""
    with Display() as display:
        display.stage("read")
        read = read_circuit(circuit, format=reader.format) if gradient else reader.read(circuit)
        plan = find_cone_plan(read, observables, settings, display, gradient=gradient)
    drawn = save(plot, lambda path: plot_plan(plan, path))
    if as_json:
        echo_json(plan.to_dict())
    else:
        click.echo(str(plan))
    drawn.check(printed=False)


def _read_question(
    circuit: str | None,
    reader: CircuitReader,
    network: str | None,
    bitstring: str | None,
    bitstrings: str | None,
    open_qubits: str | None,
    display: Display,
) -> tuple[Circuit | NetworkShape, tuple[int, ...], tuple[str, ...] | None]:
    """Reads what to plan for: a circuit or a network, the open qubits, and a list of bitstrings."""
    if network is not None:
        if bitstring or bitstrings or open_qubits or reader.values:
            raise click.UsageError("--bitstring, --bitstrings, --open and --parameter need a CIRCUIT, not --network")
        return read_network(network), (), None
    display.stage("read")
    read = reader.read(str(circuit))
    opened = parse_qubits(open_qubits)
    if bitstring is not None:
        parse_bitstring(bitstring, read.num_qubits, opened)
    listed = None if bitstrings is None else read_bitstrings(bitstrings, read.num_qubits, opened)
    display.stage("build")
    return read, opened, listed

"""`taizhang amplitude`: amplitudes of a circuit, with the cost told beforehand and compared afterwards."""

from __future__ import annotations

import time
from pathlib import Path

import click

from taizhang._resources import peak_resident_bytes
from taizhang._units import counted
from taizhang.circuit.read import CircuitFormat, read_circuit
from taizhang.cli.amplitude_output import MOST_LINES, records_of, show_amplitudes, write_amplitudes
from taizhang.cli.bitstring_options import asked_bitstrings
from taizhang.cli.display import Display
from taizhang.cli.notes import note, verbosity
from taizhang.cli.options import (
    ProfileRequest,
    command,
    directory_option,
    echo_json,
    output_options,
    parse_qubits,
    profile_options,
    settings_options,
    task_options,
    verbose_option,
)
from taizhang.cli.reports import QUICK_SECONDS, measured_profile, plan_report, predicted_and_actual
from taizhang.cli.run_doing import finish_run
from taizhang.cli.saving import save
from taizhang.long_runs import own_workforce, prepare_run
from taizhang.plan.plan_file import Plan
from taizhang.settings import Settings
from taizhang.simulator import compute_amplitudes


@command("amplitude")
@task_options
@directory_option
@verbose_option
@profile_options
@settings_options()
@output_options
def amplitude_command(
    circuit: str,
    bits: tuple[str, ...],
    circuit_format: CircuitFormat | None,
    bitstrings: str | None,
    bitstring: str | None,
    open_qubits: str | None,
    plan_file: str | None,
    output: str | None,
    directory: str | None,
    profile: ProfileRequest,
    settings: Settings,
    as_json: bool,
) -> None:
    """Compute amplitudes ⟨BITSTRING|CIRCUIT|0…0⟩. A bitstring is written qubit 0 first."""
    opened = parse_qubits(open_qubits)
    plan = Plan.load(plan_file) if plan_file is not None else None
    if directory is not None and profile.wanted:
        raise click.UsageError("--profile measures a run in one go, not one that is kept in a --directory; give one")
    started = time.perf_counter()
    with Display(folder=directory) as display:
        display.stage("read")
        read = read_circuit(circuit, format=circuit_format)
        asked = asked_bitstrings(read, bits, bitstring, bitstrings, opened)
        reading = time.perf_counter() - started
        if directory is not None:
            folder = prepare_run(directory, read, asked, settings, open_qubits=opened, plan=plan, observer=display)
    if directory is not None:
        finish_run(folder, own_workforce(settings), output, as_json, {"prepare": time.perf_counter() - started})
        return
    with Display(f"to keep such work: taizhang run {circuit} … --directory RUN") as display:
        result = compute_amplitudes(
            read, asked, settings, open_qubits=opened, plan=plan, observer=display, profile=profile.wanted
        )
    seconds = {"read": reading, **result.seconds}
    predicted, observed = result.predicted_bytes, peak_resident_bytes()
    measured, drawn = measured_profile(result.profiled_runs, profile)
    saved = save(output, lambda path: write_amplitudes(result, Path(path)))
    if as_json:
        report = {
            "amplitudes": [] if saved.done else list(records_of(result)),
            "plan": plan_report(result.plan, predicted),
        }
        told = {} if measured is None else {"profile": measured.to_dict()}
        echo_json({**report, "seconds": seconds, "peak_bytes": observed, **told})
        saved.check()
        drawn.check(printed=False)
        return
    if not saved.done:
        show_amplitudes(result, most=MOST_LINES if saved.problem is None else None)
    else:
        click.echo(f"{counted(result.values.size, 'amplitude')} written to {output}")
    if measured is not None:
        click.echo(f"\n{measured.report(top=profile.top)}")
    if sum(seconds.values()) >= QUICK_SECONDS or verbosity() > 0:
        work = predicted_and_actual(result.plan, result.num_runs, predicted, seconds["run"], observed)
        stages = ", ".join(f"{name} {spent:.2f} s" for name, spent in seconds.items())
        note(f"\n{result.plan}\n\n{work}\n{sum(seconds.values()):.2f} s in all: {stages}")
    saved.check()
    drawn.check(printed=False)

"""`taizhang amplitude`: amplitudes of a circuit, with predicted and measured cost."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from taizhang._lazy import lazy_module
from taizhang._resources import peak_resident_bytes
from taizhang._units import counted
from taizhang.cli.amplitude_output import MOST_LINES, show_amplitudes, write_amplitudes
from taizhang.cli.bitstring_options import collect_bitstrings
from taizhang.cli.circuit_input import CircuitReader, task_options
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
    verbose_option,
)
from taizhang.cli.reports import QUICK_SECONDS, measured_profile, plan_report, predicted_and_actual
from taizhang.cli.saving import save
from taizhang.plan.plan import Plan
from taizhang.settings import Settings
from taizhang.tasks.amplitudes import AmplitudesTask
from taizhang.tasks.solve import solve

if TYPE_CHECKING:
    from taizhang.cli import run_doing
    from taizhang.runs import run as runs_run
    from taizhang.runs import start as runs_start
else:
    run_doing = lazy_module("taizhang.cli.run_doing")
    runs_run, runs_start = lazy_module("taizhang.runs.run"), lazy_module("taizhang.runs.start")


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
    reader: CircuitReader,
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
    # Stage 1: read the circuit and the bitstrings, and start the run folder if one is given.
    opened = parse_qubits(open_qubits)
    plan = Plan.load(plan_file) if plan_file is not None else None
    if directory is not None and profile.enabled:
        raise click.UsageError("--profile does not measure runs kept in a --directory; give one of them")
    started = time.perf_counter()
    with Display(folder=directory) as display:
        display.stage("read")
        read = reader.read(circuit)
        requested = collect_bitstrings(read, bits, bitstring, bitstrings, opened)
        reading = time.perf_counter() - started
        task = AmplitudesTask(circuit=read, bitstrings=tuple(requested), open_qubits=opened)
        if directory is not None:
            folder = runs_start.start_run(directory, task, settings, plan=plan, observer=display)
    # Stage 2: compute the amplitudes, in the folder or in this process.
    if directory is not None:
        run_doing.finish_run(
            folder, runs_run.own_workforce(settings), output, as_json, {"prepare": time.perf_counter() - started}
        )
        return
    with Display(f"to keep such work: taizhang run {circuit} … --directory RUN") as display:
        result = solve(task, settings, plan=plan, observer=display, profile=profile.enabled)
    # Stage 3: write or print the amplitudes, then profile, plan and times.
    answer, used_plan = result.answer, result.plans[0]
    seconds = {"read": reading, **result.seconds}
    predicted, observed = result.predicted_bytes, peak_resident_bytes()
    measured, drawn = measured_profile(result.contractions, profile)
    saved = save(output, lambda path: write_amplitudes(answer, Path(path)))
    if as_json:
        listed = [] if saved.done else list(answer.records())
        report = {"amplitudes": listed, "plan": plan_report(used_plan, predicted)}
        profile_fields = {} if measured is None else {"profile": measured.to_dict()}
        echo_json({**report, "seconds": seconds, "peak_bytes": observed, **profile_fields})
        saved.check()
        drawn.check(printed=False)
        return
    if not saved.done:
        show_amplitudes(answer, most=MOST_LINES if saved.problem is None else None)
    else:
        click.echo(f"{counted(answer.values.size, 'amplitude')} written to {output}")
    if measured is not None:
        click.echo(f"\n{measured.report(top=profile.top)}")
    if sum(seconds.values()) >= QUICK_SECONDS or verbosity() > 0:
        work = predicted_and_actual(used_plan, result.num_contractions, predicted, seconds["run"], observed)
        stages = ", ".join(f"{name} {spent:.2f} s" for name, spent in seconds.items())
        note(f"\n{used_plan}\n\n{work}\n{sum(seconds.values()):.2f} s in all: {stages}")
    saved.check()
    drawn.check(printed=False)

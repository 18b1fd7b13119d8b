"""`taizhang run`, `resume`, `work`, `status`, `verify` and `report`: resumable runs kept in a folder."""

from __future__ import annotations

import json
import time
import webbrowser
from typing import Any

import click

from taizhang._files import check_output, write_file
from taizhang._units import parse_time
from taizhang.circuit.observable import Observable
from taizhang.cli.bitstring_options import collect_bitstrings
from taizhang.cli.circuit_input import CircuitReader, task_options
from taizhang.cli.display import Display
from taizhang.cli.notes import note
from taizhang.cli.observable_options import collect_observables, observable_option, observables_option
from taizhang.cli.options import (
    OutputFile,
    RunDirectory,
    amplitudes_file_option,
    command,
    echo_json,
    option,
    output_options,
    parse_qubits,
    settings_options,
    table_options,
)
from taizhang.cli.run_display import RunDisplay
from taizhang.cli.run_doing import finish_run, pieces_line
from taizhang.cli.saving import save
from taizhang.plan.plan import Plan
from taizhang.runs.folder import RunFolder
from taizhang.runs.report.report import REPORT, report_of
from taizhang.runs.report.status import status_of
from taizhang.runs.run import WORKFORCE, is_complete, repair_run, workforce_of
from taizhang.runs.signals import stop_on_signals
from taizhang.runs.start import DEFAULT_PIECE_TIME, start_run
from taizhang.runs.verify import verify
from taizhang.runs.workers.work import FolderWorker
from taizhang.settings import ResourceOptions, Settings, VerifyOptions
from taizhang.tasks.amplitudes import AmplitudesTask
from taizhang.tasks.expectation import ExpectationTask
from taizhang.tasks.task import Task

_workforce_options = table_options(dict, "workers", WORKFORCE)
_lease_option = table_options(dict, "workers", [row for row in WORKFORCE if row.name == "lease"])


@command("run")
@task_options
@observables_option
@observable_option
@option(
    "--directory",
    required=True,
    type=RunDirectory(),
    metavar="RUN",
    group="Run",
    help="Folder for the run, new or empty.",
)
@option(
    "--piece-time",
    metavar="TIME",
    default=DEFAULT_PIECE_TIME,
    show_default=True,
    group="Run",
    help="Target time of a piece of the work on one thread.",
)
@option("--prepare", is_flag=True, group="Run", help="Make the folder and stop; 'taizhang work RUN' starts workers.")
@settings_options()
@_workforce_options
@output_options
def run_command(
    circuit: str,
    bits: tuple[str, ...],
    reader: CircuitReader,
    bitstrings: str | None,
    bitstring: str | None,
    open_qubits: str | None,
    observables_file: str | None,
    observable_texts: tuple[str, ...],
    directory: str,
    plan_file: str | None,
    piece_time: str,
    prepare: bool,
    output: str | None,
    settings: Settings,
    workers: dict[str, Any],
    as_json: bool,
) -> None:
    """Compute amplitudes or expectation values of CIRCUIT as a resumable run, kept in the folder RUN.

    An interruption loses at most the pieces in progress; 'taizhang resume RUN' continues the run, 'taizhang status RUN'
    shows its progress.
    """
    opened = parse_qubits(open_qubits)
    workforce = workforce_of(settings, None, workers)
    plan = Plan.load(plan_file) if plan_file is not None else None
    asked: tuple[Observable, ...] = ()
    if observables_file is not None or observable_texts:
        if bits or bitstring or bitstrings or opened or plan is not None:
            raise click.UsageError("a run computes amplitudes or observables; leave bitstrings, --open and --plan out")
        asked = collect_observables(observable_texts, observables_file, circuit=circuit, asked="--observable TEXT")
    started = time.perf_counter()
    with Display(folder=directory) as display:
        display.stage("read")
        read = reader.read(circuit)
        task: Task[Any]
        if asked:
            task = ExpectationTask(circuit=read, observables=asked)
        else:
            requested = collect_bitstrings(read, bits, bitstring, bitstrings, opened)
            task = AmplitudesTask(circuit=read, bitstrings=tuple(requested), open_qubits=opened)
        folder = start_run(
            directory,
            task,
            settings,
            plan=plan,
            piece_seconds=parse_time(piece_time, called="--piece-time"),
            observer=display,
        )
    if not asked:
        note(str(folder.plan()))
    note(pieces_line(folder))
    if prepare:
        return
    finish_run(folder, workforce, output, as_json, {"prepare": time.perf_counter() - started})


@command("resume")
@click.argument("directory", metavar="RUN", type=RunDirectory())
@option("--repair", is_flag=True, help="First recover the valid rows of a damaged ledger.")
@amplitudes_file_option
@settings_options(ResourceOptions)
@_workforce_options
@output_options
def resume_command(
    directory: str, repair: bool, output: str | None, settings: Settings, workers: dict[str, Any], as_json: bool
) -> None:
    """Continue the run in the folder RUN and print its result."""
    folder = RunFolder.open(directory)
    if repair:
        saved, lost = repair_run(folder)
        note(f"{saved:,} pieces were recovered, {lost} rows were lost; the damaged ledger is kept beside the new one")
    finish_run(folder, workforce_of(settings, None, workers), output, as_json, {})


@command("work")
@click.argument("directory", metavar="RUN", type=RunDirectory())
@option("--attached", is_flag=True, hidden=True, help="End with the process that started this one.")
@_lease_option
@settings_options(ResourceOptions)
@output_options
def work_command(directory: str, attached: bool, workers: dict[str, Any], settings: Settings, as_json: bool) -> None:
    """Add a worker to the run in the folder RUN, from any machine that shares the folder.

    If no coordinator is running, this worker coordinates the run as well. On a cluster, submit it as an array job.
    """
    started = time.perf_counter()
    folder = RunFolder.open(directory)
    worker = FolderWorker(
        folder,
        folder.job(),
        threads=settings.threads,
        memory_bytes=settings.free_bytes(),
        lease_seconds=workforce_of(settings, None, workers).lease_seconds,
        attached=attached,
    )
    with stop_on_signals() as stop, RunDisplay() as display:
        if not is_complete(folder):
            worker.work(stop=stop, observer=display)
    report = {"pieces_done": worker.pieces_done, "seconds": time.perf_counter() - started}
    if as_json:
        echo_json(report)
    else:
        note(f"the run '{folder.path}' is complete; 'taizhang resume {folder.path}' prints its result")


@command("status")
@click.argument("directory", metavar="RUN", type=RunDirectory())
@output_options
def status_command(directory: str, as_json: bool) -> None:
    """Show the progress of the run in the folder RUN, whether or not it is running."""
    status = status_of(RunFolder.open(directory))
    if as_json:
        echo_json(status.to_dict())
    else:
        click.echo(str(status))


@command("verify")
@click.argument("directory", metavar="RUN", type=RunDirectory())
@option(
    "--pieces",
    type=click.IntRange(min=0),
    default=3,
    show_default=True,
    metavar="N",
    help="Number of pieces to compute again.",
)
@option("--no-precise", is_flag=True, help="Skip the estimate of rounding errors, which computes in double precision.")
@option(
    "-o",
    "--output",
    type=OutputFile(),
    metavar="FILE",
    group="Output",
    help="Write a record of the result (JSON) that others can check.",
)
@settings_options(VerifyOptions)
@output_options
def verify_command(
    directory: str, pieces: int, no_precise: bool, output: str | None, settings: Settings, as_json: bool
) -> None:
    """Check the run in the folder RUN: all hashes and checksums, and some pieces computed again."""
    with Display() as display:
        display.stage("verify")
        verification = verify(
            RunFolder.open(directory),
            pieces=pieces,
            seed=settings.seed,
            precise=not no_precise,
            threads=settings.threads,
            memory_bytes=settings.free_bytes(),
        )
    saved = save(output, lambda path: write_file(path, json.dumps(verification.record, indent=1) + "\n"))
    if as_json:
        echo_json(verification.record)
    else:
        click.echo(str(verification))
        if saved.problem is not None:
            click.echo(json.dumps(verification.record, indent=1))
    saved.check()


@command("report")
@click.argument("directory", metavar="RUN", type=RunDirectory())
@option(
    "-o",
    "--output",
    type=OutputFile(".html", ".htm"),
    metavar="FILE",
    group="Output",
    help="File to write [report.html in the folder RUN].",
)
@option("--open", "open_page", is_flag=True, group="Output", help="Open the page in a browser.")
@output_options
def report_command(directory: str, output: str | None, open_page: bool, as_json: bool) -> None:
    """Write a self-contained HTML page about the run in the folder RUN.

    The page in the folder is updated while the run continues; one written elsewhere shows the run as it is now.
    """
    folder = RunFolder.open(directory)
    target = check_output(folder.path / REPORT if output is None else output, called="-o")
    write_file(target, report_of(folder, kept=output is None))
    opened = open_page and webbrowser.open(target.resolve().as_uri())
    if as_json:
        echo_json({"output": str(target)})
    else:
        note(f"{target}")
    if open_page and not opened:
        note(f"no browser was found; open {target.resolve().as_uri()} yourself")

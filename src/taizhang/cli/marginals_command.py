"""`taizhang marginals`: joint probabilities of the outcomes of some qubits."""

from __future__ import annotations

import time

import click

from taizhang.cli.circuit_input import CircuitReader, bound_circuit_options
from taizhang.cli.display import Display
from taizhang.cli.notes import note
from taizhang.cli.options import (
    InputFile,
    OutputFile,
    command,
    directory_option,
    option,
    output_options,
    parse_qubits,
    settings_options,
)
from taizhang.cli.present import Presentation, present
from taizhang.cli.run_doing import finish_run, pieces_line
from taizhang.errors import UsageError
from taizhang.runs.run import own_workforce
from taizhang.runs.start import start_run
from taizhang.settings import Settings
from taizhang.tasks.records import MOST_RECORDED
from taizhang.tasks.reduced_state import ReducedStateTask
from taizhang.tasks.solve import solve


@command("marginals")
@click.argument("circuit", type=InputFile())
@bound_circuit_options
@option(
    "--qubits",
    required=True,
    metavar="Q,Q,...",
    group="Task",
    help="The qubits, in the order of the bits of an outcome.",
)
@directory_option
@option(
    "-o",
    "--output",
    type=OutputFile(".npy"),
    metavar="FILE.npy",
    group="Output",
    help="Write the probabilities as an array.",
)
@settings_options()
@output_options
def marginals_command(
    circuit: str,
    reader: CircuitReader,
    qubits: str,
    directory: str | None,
    output: str | None,
    settings: Settings,
    as_json: bool,
) -> None:
    """Compute the joint probabilities of the outcomes of some qubits of CIRCUIT."""
    started = time.perf_counter()
    selected = parse_qubits(qubits, called="--qubits")
    if not selected:
        raise UsageError("--qubits names no qubit; give at least one, such as --qubits 0,3")
    if 1 << len(selected) > MOST_RECORDED and output is None:
        raise UsageError(f"{len(selected)} qubits have too many outcomes to print; give -o FILE.npy")
    with Display(f"to keep such work: taizhang marginals {circuit} … --directory RUN") as display:
        display.stage("read")
        task = ReducedStateTask(circuit=reader.read(circuit), qubits=selected, probabilities=True)
        reading = time.perf_counter() - started
        if directory is not None:
            folder = start_run(directory, task, settings, observer=display)
        else:
            solution = solve(task, settings, observer=display)
    if directory is not None:
        note(pieces_line(folder))
        finish_run(folder, own_workforce(settings), output, as_json, {"prepare": time.perf_counter() - started})
        return
    seconds = {"read": reading, **solution.seconds}
    how = Presentation(
        assembly=solution.assembly, plans=solution.plans, seconds=seconds, output=output, as_json=as_json
    )
    present(solution.answer, how)

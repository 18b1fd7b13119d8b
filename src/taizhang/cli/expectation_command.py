"""`taizhang expectation`: expectation values of observables, and their derivatives by parameters."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click
import numpy as np
import numpy.typing as npt

from taizhang._lazy import lazy_module
from taizhang._resources import peak_resident_bytes
from taizhang._units import human_bytes, human_seconds
from taizhang.circuit.circuit import Circuit
from taizhang.circuit.formats.read import read_circuit
from taizhang.circuit.observable import Observable
from taizhang.circuit.operation import missing_values
from taizhang.circuit.parameter import check_values
from taizhang.cli.circuit_input import CircuitReader, noisy_circuit_options
from taizhang.cli.display import Display
from taizhang.cli.expectation_output import Derivatives, present_estimates, present_values
from taizhang.cli.notes import note, verbosity
from taizhang.cli.observable_options import (
    CommandOfObservables,
    collect_observables,
    observables_option,
    with_products,
)
from taizhang.cli.options import (
    InputFile,
    OutputFile,
    directory_option,
    option,
    output_options,
    settings_options,
    verbose_option,
)
from taizhang.cli.reports import QUICK_SECONDS, side_by_side
from taizhang.errors import UsageError
from taizhang.network.cones import parametric_gates
from taizhang.settings import Settings
from taizhang.tasks.cone_plan import ConePlan
from taizhang.tasks.energy import EnergyProgram
from taizhang.tasks.expectation import ExpectationTask, ExpectationValues, shorten
from taizhang.tasks.solve import contract_work

if TYPE_CHECKING:
    from taizhang.cli import run_doing
    from taizhang.runs import run as runs_run
    from taizhang.runs import start as runs_start
    from taizhang.tasks import noisy_expectation
    from taizhang.tasks import trajectories as estimation
else:
    estimation = lazy_module("taizhang.tasks.trajectories")
    noisy_expectation = lazy_module("taizhang.tasks.noisy_expectation")
    run_doing = lazy_module("taizhang.cli.run_doing")
    runs_run, runs_start = lazy_module("taizhang.runs.run"), lazy_module("taizhang.runs.start")


@click.command("expectation", cls=CommandOfObservables)
@click.argument("circuit", type=InputFile())
@click.argument("observables", nargs=-1, metavar="[OBSERVABLE]...")
@noisy_circuit_options
@observables_option
@option("--each", is_flag=True, help="Every product of each observable on its own as well.")
@option("--gradient", is_flag=True, help="Also the derivatives by all parameters of the circuit.")
@option(
    "--method",
    type=click.Choice(["auto", "exact", "trajectories"]),
    default="auto",
    show_default=True,
    group="Samples",
    help="Of circuits with channels: exact, from trajectories, or by the predicted times.",
)
@option("--trajectories", type=int, metavar="N", group="Samples", help="Number of trajectories, or the most [1000].")
@option("--target-error", type=float, metavar="E", group="Samples", help="Trajectories until this standard error.")
@option(
    "--exhaustive-to",
    type=float,
    metavar="E",
    group="Samples",
    help="The likeliest trajectories until this much of the probability is left, with bounds that hold.",
)
@directory_option
@option(
    "-o",
    "--output",
    type=OutputFile(".npy", ".json", ".txt", ".dat", ""),
    metavar="FILE",
    group="Output",
    help="Write the values: .npy as an array, .json, or lines of text; with --gradient each with its derivatives.",
)
@verbose_option
@settings_options()
@output_options
def expectation_command(
    circuit: str,
    observables: tuple[str, ...],
    reader: CircuitReader,
    observables_file: str | None,
    each: bool,
    gradient: bool,
    method: str,
    trajectories: int | None,
    target_error: float | None,
    exhaustive_to: float | None,
    directory: str | None,
    output: str | None,
    settings: Settings,
    as_json: bool,
) -> None:
    """Compute expectation values ⟨0…0|CIRCUIT† OBSERVABLE CIRCUIT|0…0⟩.

    An OBSERVABLE is a sum of Pauli products such as '0.5 X3 - 2 Z0 Z7'; Z7 acts on qubit 7. Only the gates in the light
    cones of the products cost anything. With --gradient, a circuit without named parameters has every angle as one:
    theta0, theta1, … in the order of its gates.
    """
    # Stage 1: what is asked, before any work.
    if gradient and directory is not None:
        raise click.UsageError("--gradient is computed in this process only; leave --directory out")
    if gradient and reader.noise is not None:
        raise click.UsageError("--gradient is of circuits without noise; leave --noise out")
    if method != "trajectories" and (trajectories is not None or target_error is not None):
        raise click.UsageError("--trajectories and --target-error are of --method trajectories; give that, too")
    method = method if exhaustive_to is None else "trajectories"
    if method == "trajectories" and (gradient or directory is not None):
        raise click.UsageError("trajectories have no gradient and no folder; leave --gradient and --directory out")
    started = time.perf_counter()
    asked = collect_observables(observables, observables_file, circuit=circuit, asked="OBSERVABLE...")
    if gradient:
        _check_hermitian(asked)
    asked = with_products(asked) if each else asked
    # Stage 2: the circuit, and the values.
    with Display(f"to keep such work: taizhang expectation {circuit} … --directory RUN", folder=directory) as display:
        display.stage("read")
        if gradient:
            read, point = _read_point(circuit, reader)
        else:
            read, point = reader.read(circuit), np.zeros(0)
        for observable in asked:
            observable.check_qubits(read.num_qubits)
        reading = time.perf_counter() - started
        chosen = None
        if method == "auto" and directory is None and not gradient and not read.is_unitary:
            chosen = noisy_expectation.choose_method(read, asked, settings, display, estimation.DEFAULT)
            method = chosen.method
            note(f"method {method}: {chosen.reason}")
        if directory is not None:
            task = ExpectationTask(circuit=read, observables=asked)
            folder = runs_start.start_run(directory, task, settings, observer=display)
        elif method == "trajectories":
            estimated = estimation.estimate(
                read,
                asked,
                settings,
                display,
                trajectories=estimation.read_trajectories(trajectories, target_error, called="--trajectories"),
                target_error=estimation.read_target_error(target_error, called="--target-error"),
                exhaustive_to=estimation.read_exhaustive_to(exhaustive_to, trajectories, target_error),
            )
        elif gradient:
            done = _with_gradient(read, asked, point, settings, display)
        else:
            done = _values(read, asked, settings, display, chosen)
    if directory is not None:
        note(run_doing.pieces_line(folder))
        prepared = {"prepare": time.perf_counter() - started}
        run_doing.finish_run(folder, runs_run.own_workforce(settings), output, as_json, prepared)
        return
    if method == "trajectories":
        seconds = {"read": reading, "run": time.perf_counter() - started - reading}
        present_estimates(tuple(map(shorten, asked)), estimated, seconds, output=output, as_json=as_json)
        return
    # Stage 3: write or print them, then plan and times.
    seconds = {"read": reading, "plan": done.plan.planning_seconds, "run": done.run_seconds}
    hermitian = all(done.answer.hermitian)
    present_values(
        done.answer,
        done.answer.values.real if hermitian else done.answer.values,
        work=done.plan.to_dict(),
        seconds=seconds,
        output=output,
        as_json=as_json,
        derivatives=done.derivatives,
    )
    if not as_json and (sum(seconds.values()) >= QUICK_SECONDS or verbosity() > 0):
        _note_work(done, seconds)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Done:
    """Computed expectation values.

    Attributes:
        answer: The values.
        derivatives: Their derivatives, or None.
        plan: The plan.
        run_seconds: The time that they took.
    """

    answer: ExpectationValues
    derivatives: Derivatives | None
    plan: ConePlan
    run_seconds: float


def _values(
    circuit: Circuit,
    observables: tuple[Observable, ...],
    settings: Settings,
    display: Display,
    chosen: noisy_expectation.Choice | None,
) -> _Done:
    """Computes values, with the plans that were made for the choice of a method, if there are any."""
    started = time.perf_counter()
    if chosen is not None and chosen.cones is not None:
        cones, planning = chosen.cones, chosen.planning_seconds
    else:
        cones = ExpectationTask(circuit=circuit, observables=observables).prepare_cones(settings, observer=display)
        planning = time.perf_counter() - started
    prepared = time.perf_counter()
    values, _ = contract_work(cones.work, display)
    return _Done(
        answer=cones.work.assembly.answer(values),
        derivatives=None,
        plan=ConePlan.of(cones, planning),
        run_seconds=time.perf_counter() - prepared,
    )


def _with_gradient(
    circuit: Circuit,
    observables: tuple[Observable, ...],
    point: npt.NDArray[np.float64],
    settings: Settings,
    display: Display,
) -> _Done:
    started = time.perf_counter()
    program = EnergyProgram.prepare(circuit, observables, settings, display)
    plan = ConePlan.with_gradient(program, time.perf_counter() - started)
    prepared = time.perf_counter()
    values, gradients = program.values_and_gradients(point, display)
    return _Done(
        answer=ExpectationValues(
            texts=tuple(map(shorten, observables)),
            values=values,
            hermitian=(True,) * len(observables),
            num_cones=len(program.cones.networks.cone_of),
            num_distinct=len(program.cones.networks.cones),
        ),
        derivatives=Derivatives(names=program.names, rows=np.array(gradients.real, dtype=np.float64)),
        plan=plan,
        run_seconds=time.perf_counter() - prepared,
    )


def _check_hermitian(observables: tuple[Observable, ...]) -> None:
    wrong = next((observable for observable in observables if not observable.is_hermitian), None)
    if wrong is not None:
        raise UsageError(f"--gradient needs Hermitian observables; {wrong!r} has complex coefficients; add its adjoint")


def _read_point(path: str, reader: CircuitReader) -> tuple[Circuit, npt.NDArray[np.float64]]:
    """Reads a circuit with its parameters free, and their values, shape (parameters,).

    Raises:
        CircuitError: A value is for no parameter, or a parameter has no value.
    """
    given = dict(reader.values)
    circuit = read_circuit(path, format=reader.format)
    names: tuple[str, ...] = circuit.parameters
    present: npt.NDArray[np.float64] = np.zeros(0)
    if not names:
        _, names, present = parametric_gates(circuit)
    values = {**dict(zip(names, present.tolist(), strict=False)), **check_values(given, names)}
    missing = [name for name in names if name not in values]
    if missing:
        raise missing_values(missing)
    return circuit, np.array([values[name] for name in names], dtype=np.float64)


def _note_work(done: _Done, seconds: dict[str, float]) -> None:
    """Notes the plan, and predicted beside actual time and memory."""
    predicted, observed = done.plan.predicted_bytes, peak_resident_bytes()
    work = side_by_side(
        [
            ("run time", human_seconds(done.plan.predicted_seconds), human_seconds(done.run_seconds)),
            ("peak memory", human_bytes(predicted), human_bytes(observed)),
        ]
    )
    stages = ", ".join(f"{name} {spent:.2f} s" for name, spent in seconds.items())
    note(f"\n{done.plan}\n\n{work}\n{sum(seconds.values()):.2f} s in all: {stages}")

"""Options that commands share, and what they become."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import click

from taizhang.circuit.read import CircuitFormat
from taizhang.plots.canvas import check_drawable
from taizhang.settings import DEFAULT_TIME_LIMIT, Settings

Command = Callable[..., None]


def output_options(command: Command) -> Command:
    """Adds `--json`, and `--debug`, which `main` looks for by itself."""
    command = click.option("--debug", is_flag=True, expose_value=False, help="Show where an error came from.")(command)
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")(command)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileRequest:
    """What `--profile` and its companions ask for.

    Attributes:
        wanted: Whether steps are measured at all.
        plot: File to draw into, or None.
        top: How many shapes and steps people are shown.
    """

    wanted: bool
    plot: str | None
    top: int


def profile_options(command: Command) -> Command:
    """Adds `--profile`, `--plot` and `--top`, and hands them on as one `profile`."""

    @functools.wraps(command)
    def with_profile(*, profile: bool, plot: str | None, top: int, **others: Any) -> None:
        if plot is not None and not profile:
            raise click.UsageError("--plot draws what --profile measures; give both")
        if plot is not None:
            check_drawable(Path(plot))
        command(profile=ProfileRequest(wanted=profile, plot=plot, top=top), **others)

    for option in reversed(
        (
            click.option("--profile", is_flag=True, help="Tell where the time went, beside what the machine can do."),
            click.option("--plot", metavar="FILE", help="With --profile: draw it, as .png, .svg or .pdf."),
            click.option(
                "--top",
                type=click.IntRange(min=1),
                default=10,
                show_default=True,
                help="With --profile: how many shapes and steps to show.",
            ),
        )
    ):
        with_profile = option(with_profile)
    return with_profile


def amplitudes_file_option(command: Command) -> Command:
    """Adds `-o`, for amplitudes."""
    return click.option(
        "-o", "--output", metavar="FILE", help="Write the amplitudes: .npy as an array, .json, or lines of text."
    )(command)


def circuit_options(command: Command) -> Command:
    """Adds `--format`, for circuits whose kind cannot be told from their name, such as standard input."""
    return click.option(
        "--format",
        "circuit_format",
        type=click.Choice(get_args(CircuitFormat)),
        help="Kind of the circuit file [told by its content and ending].",
    )(command)


def task_options(command: Command) -> Command:
    """Adds what amplitudes are asked for with: the circuit, bitstrings, open qubits, a plan and a file to write."""
    for option in reversed(
        (
            click.argument("circuit"),
            click.argument("bits", nargs=-1, metavar="[BITSTRING]..."),
            circuit_options,
            click.option(
                "--bitstrings", metavar="FILE", help="Bitstrings from a file, one a line; - reads standard input."
            ),
            click.option("--bitstring", metavar="BITS", help="The bitstring of the qubits that are not open."),
            click.option(
                "--open", "open_qubits", metavar="Q,Q,...", help="Qubits left open: all their amplitudes at once."
            ),
            click.option("--plan", "plan_file", metavar="PLAN", help="Run this plan instead of searching one."),
            amplitudes_file_option,
        )
    ):
        command = option(command)
    return command


def settings_options(command: Command) -> Command:
    """Adds the options of every command that computes, and hands them on as one `settings`."""

    @functools.wraps(command)
    def with_settings(
        *,
        memory: str | None,
        plan_time: str,
        trials: int | None,
        seed: int,
        threads: int | None,
        time_limit: str,
        dtype: str,
        width: float | None,
        objective: str | None,
        **others: Any,
    ) -> None:
        settings = Settings.checked(
            memory=memory,
            plan_time=plan_time,
            trials=trials,
            width=width,
            objective=objective,
            seed=seed,
            threads=threads,
            time_limit=time_limit,
            dtype=dtype,
        )
        command(settings=settings, **others)

    for option in reversed(
        (
            click.option(
                "--memory", metavar="SIZE", help="Most memory to use, such as 8GiB [80 % of what is available]."
            ),
            click.option(
                "--plan-time",
                metavar="TIME",
                default="auto",
                help="Time to search for a plan, such as 60s [auto: small beside the predicted run time].",
            ),
            click.option("--trials", type=int, help="Search with so many trials instead of for a time; reproducible."),
            click.option("--seed", type=int, default=0, show_default=True, help="Seed of all randomness."),
            click.option("--threads", type=int, help="Threads to use [the cores this process may use]."),
            click.option(
                "--time-limit",
                metavar="TIME",
                default=DEFAULT_TIME_LIMIT,
                show_default=True,
                help="Do not start work that is predicted to take longer.",
            ),
            click.option("--dtype", default="complex64", show_default=True, help="complex64 or complex128."),
            click.option("--width", type=float, help="Largest intermediate: at most 2^WIDTH elements."),
            click.option(
                "--objective",
                type=click.Choice(["seconds", "multiply-adds"]),
                help="What the plan is to make small [seconds; multiply-adds with --width and no --memory].",
            ),
        )
    ):
        with_settings = option(with_settings)
    return with_settings


def echo_json(report: Mapping[str, object]) -> None:
    """Prints the one JSON object of a command on standard output."""
    click.echo(json.dumps(report, allow_nan=False))


def parse_qubits(given: str | None) -> tuple[int, ...]:
    """Reads a list of qubits such as `0,3,17`.

    Raises:
        click.BadParameter: It is not a list of whole numbers.
    """
    if given is None or not given.strip():
        return ()
    try:
        return tuple(int(word) for word in given.split(","))
    except ValueError:
        raise click.BadParameter(
            f"open qubits were given as {given[:64]!r}; wanted are qubit numbers with commas between, such as 0,3,17"
        ) from None


def parse_slices(given: str | None) -> slice | None:
    """Reads a range of slices `A:B` (A included, B not; either may be left out)."""
    if given is None:
        return None
    first, colon, last = given.partition(":")
    try:
        if not colon:
            raise ValueError
        return slice(int(first) if first else None, int(last) if last else None)
    except ValueError:
        raise click.BadParameter(f"slices were given as {given[:64]!r}; wanted is A:B, such as 0:16") from None

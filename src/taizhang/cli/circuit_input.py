"""The circuit of a command that computes with it: its file, its format, and values for its parameters."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from taizhang._lazy import lazy_module
from taizhang.circuit.check_circuit import check_circuit
from taizhang.circuit.circuit import Circuit
from taizhang.circuit.formats import DEFAULT_TURNS
from taizhang.circuit.formats.read import CircuitFormat, read_circuit
from taizhang.cli.options import Command, InputFile, amplitudes_file_option, circuit_options, option
from taizhang.errors import UsageError

if TYPE_CHECKING:
    from taizhang.circuit import noise_model_file

    _ParamType = click.ParamType[Any]
else:
    noise_model_file = lazy_module("taizhang.circuit.noise_model_file")
    _ParamType = click.ParamType


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitReader:
    """How to read the circuit of a command.

    Attributes:
        format: Format of the file; None to recognise it.
        values: Values of its parameters, by name.
        noise: File of a noise model that is put into it, or None.
        max_turns: Turns up to which loops that depend on outcomes are written out.
    """

    format: CircuitFormat | None
    values: tuple[tuple[str, float], ...]
    noise: str | None = None
    max_turns: int = DEFAULT_TURNS

    def read(self, path: str, *, final_measurements: bool = False) -> Circuit:
        """Reads the circuit, gives its parameters their values, and puts the noise model into it.

        Args:
            path: The file.
            final_measurements: Keep measurements at its end.

        Raises:
            CircuitFileError: The file cannot be read.
            CircuitError: A value is for no parameter, a parameter has no value, or the noise model is wrong.
        """
        model = None if self.noise is None else noise_model_file.read_noise_model(self.noise)
        circuit = read_circuit(
            path, format=self.format, final_measurements=final_measurements, max_turns=self.max_turns
        )
        circuit = check_circuit(circuit.bind(dict(self.values)) if self.values else circuit)
        return circuit if model is None else model.apply(circuit)


class ParameterValue(_ParamType):
    """A name and a number, as in `gamma=0.5`."""

    name = "NAME=VALUE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Returns the name and the number."""
        if not isinstance(value, str):
            return value
        name, equals, written = value.partition("=")
        try:
            number = float(written) if equals and name.strip() else math.nan
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise UsageError(f"--parameter must be a name and a number, such as gamma=0.5, got {value[:64]!r}")
        return name.strip(), number


def bound_circuit_options(command: Command) -> Command:
    """Adds `--format` and `--parameter`, and passes them on as one `reader`, a `CircuitReader`."""

    @functools.wraps(command)
    def with_reader(
        circuit_format: CircuitFormat | None, parameter: tuple[tuple[str, float], ...], **others: Any
    ) -> None:
        names = [name for name, _ in parameter]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise UsageError(f"--parameter gives {twice} more than one value; give one")
        command(reader=CircuitReader(format=circuit_format, values=parameter), **others)

    wrapped: Command = with_reader
    wrapped = option(
        "--parameter",
        type=ParameterValue(),
        multiple=True,
        metavar="NAME=VALUE",
        help="Value of a parameter of the circuit, such as gamma=0.5; once for each of them.",
    )(wrapped)
    return circuit_options(wrapped)


def noisy_circuit_options(command: Command) -> Command:
    """Adds `--noise` and `--max-turns` to the options of `bound_circuit_options`."""

    @functools.wraps(command)
    def with_noise(reader: CircuitReader, noise: str | None, max_turns: int | None, **others: Any) -> None:
        turns = DEFAULT_TURNS if max_turns is None else max_turns
        command(reader=replace(reader, noise=noise, max_turns=turns), **others)

    wrapped: Command = with_noise
    wrapped = option(
        "--max-turns",
        type=int,
        metavar="N",
        help=f"Write loops that depend on outcomes out to N turns (default {DEFAULT_TURNS}).",
    )(wrapped)
    wrapped = option(
        "--noise", type=InputFile(), metavar="MODEL", help="Noise model (JSON) whose channels are put into the circuit."
    )(wrapped)
    return bound_circuit_options(wrapped)


def task_options(command: Command) -> Command:
    """Adds the parameters of amplitudes: the circuit, bitstrings, open qubits, a plan and an output file."""
    for each in reversed(
        (
            click.argument("circuit", type=InputFile()),
            click.argument("bits", nargs=-1, metavar="[BITSTRING]..."),
            bound_circuit_options,
            option(
                "--bitstrings",
                type=InputFile(),
                metavar="FILE",
                help="File of bitstrings, one per line; - reads standard input.",
            ),
            option("--bitstring", metavar="BITS", help="The bitstring of the qubits that are not open."),
            option(
                "--open",
                "open_qubits",
                metavar="Q,Q,...",
                help="Leave these qubits open: compute the amplitudes of all their values.",
            ),
            option(
                "--plan", "plan_file", type=InputFile(), metavar="PLAN", help="Run this plan instead of searching one."
            ),
            amplitudes_file_option,
        )
    ):
        command = each(command)
    return command

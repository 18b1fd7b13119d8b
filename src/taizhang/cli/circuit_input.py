"""The circuit of a command that computes with it: its file, its format, and values for its parameters."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from taizhang.circuit.check_circuit import check_circuit
from taizhang.circuit.circuit import Circuit
from taizhang.circuit.formats.read import CircuitFormat, read_circuit
from taizhang.cli.options import Command, InputFile, amplitudes_file_option, circuit_options, option
from taizhang.errors import UsageError

if TYPE_CHECKING:
    _ParamType = click.ParamType[Any]
else:
    _ParamType = click.ParamType


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitReader:
    """How to read the circuit of a command.

    Attributes:
        format: Format of the file; None to recognise it.
        values: Values of its parameters, by name.
    """

    format: CircuitFormat | None
    values: tuple[tuple[str, float], ...]

    def read(self, path: str) -> Circuit:
        """Reads the circuit and gives its parameters their values.

        Raises:
            CircuitFileError: The file cannot be read.
            CircuitError: A value is for no parameter, or a parameter has no value.
        """
        circuit = read_circuit(path, format=self.format)
        return check_circuit(circuit.bind(dict(self.values)) if self.values else circuit)


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

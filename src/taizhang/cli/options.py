"""Options that commands share, and their conversion to values."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click
from click.shell_completion import CompletionItem

from taizhang._files import check_output
from taizhang._lazy import lazy_module
from taizhang._resources import usable_cores
from taizhang._units import counted
from taizhang.circuit.formats.read import CircuitFormat
from taizhang.cli.notes import set_verbosity
from taizhang.errors import TaizhangError
from taizhang.options import Option, rows_of
from taizhang.settings import OPTIONS, Options, Settings

if TYPE_CHECKING:
    from taizhang.plots import canvas

    _ParamType = click.ParamType[Any]
else:
    canvas = lazy_module("taizhang.plots.canvas")
    _ParamType = click.ParamType  # before click 8.3 it has no parameter

Command = Callable[..., None]

GROUPS = ("Task", "Samples", "Run", "Workers", "Limits", "Plan", "Numbers", "Output")
"""Headings of options in the help of commands, in their order; --help and its like come last, under Other."""
_OTHER = "Other"


class GroupedOption(click.Option):
    """An option that is shown under a heading in the help of its command."""

    def __init__(self, *arguments: Any, group: str = "Task", **others: Any) -> None:
        super().__init__(*arguments, **others)
        self.group = group


class GroupedCommand(click.Command):
    """A command whose help shows its options in groups, and which does not write into what it reads."""

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command, unless a file that it would write is one that it reads, or writes for something else."""
        named = [(parameter, ctx.params.get(parameter.name or "")) for parameter in self.params]
        used = [("reads", p, path) for p, path in named if type(p.type) is InputFile and isinstance(path, str)]
        written = [(p, path) for p, path in named if isinstance(p.type, OutputFile) and isinstance(path, str)]
        for output, path in written:
            for use, other, other_path in used:
                if _is_same_file(path, other_path):
                    raise click.UsageError(
                        f"{output.opts[0]} '{path}' is a file that the command {use} as {_name_of(other)}; name another"
                    )
            used.append(("writes", output, path))
        return super().invoke(ctx)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the groups."""
        records: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and isinstance(parameter, click.Option):
                records.setdefault(getattr(parameter, "group", _OTHER), []).append(record)
        for group in (*GROUPS, _OTHER):
            if group in records:
                with formatter.section(group):
                    formatter.write_dl(records[group])


def _is_same_file(path: str, other: str) -> bool:
    """Whether two names are of one file, there or not; devices and pipes may be named twice."""
    if os.path.exists(path) and not os.path.isfile(path):
        return False
    try:
        return os.path.samefile(path, other)
    except OSError:
        return os.path.realpath(path) == os.path.realpath(other)


def _name_of(parameter: click.Parameter) -> str:
    """An option by its flag, an argument by the word for it in the help."""
    return parameter.opts[0] if isinstance(parameter, click.Option) else parameter.human_readable_name


def option(*names: str, group: str = "Task", **others: Any) -> Callable[[Command], Command]:
    """An option of a command, shown under the heading `group`."""
    return click.option(*names, cls=GroupedOption, group=group, **others)


def command(name: str) -> Callable[[Command], click.Command]:
    """Turns a function into a command whose help shows its options in groups."""
    return click.command(name, cls=GroupedCommand)


def output_options(command: Command) -> Command:
    """Adds `--json`, `--quiet`, and `--debug`, which `main` reads from the words of the command line."""
    command = option(
        "-q",
        "--quiet",
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=set_verbosity,
        group=_OTHER,
        help="Show nothing but the result, warnings and errors.",
    )(command)
    command = option("--debug", is_flag=True, expose_value=False, group=_OTHER, help="Show the traceback of an error.")(
        command
    )
    return option("--json", "as_json", is_flag=True, group="Output", help="Print one JSON object on standard output.")(
        command
    )


def verbose_option(command: Command) -> Command:
    """Adds `--verbose`, for commands that show no plan where the work was quick."""
    return option(
        "-v",
        "--verbose",
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=set_verbosity,
        group="Output",
        help="Show the plan and its predicted and actual cost even for work of less than a second.",
    )(command)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileRequest:
    """The values of `--profile`, `--plot` and `--top`.

    Attributes:
        enabled: Whether steps are measured.
        plot: File to draw into, or None.
        top: How many shapes and steps are printed.
    """

    enabled: bool
    plot: str | None
    top: int


def profile_options(command: Command) -> Command:
    """Adds `--profile`, `--plot` and `--top`, and passes them on as one `profile`."""

    @functools.wraps(command)
    def with_profile(*, profile: bool, plot: str | None, top: int, **others: Any) -> None:
        if plot is not None and not profile:
            raise click.UsageError("--plot draws what --profile measures; give both")
        command(profile=ProfileRequest(enabled=profile, plot=plot, top=top), **others)

    wrapped: Command = with_profile
    for each in reversed(
        (
            option(
                "--profile",
                is_flag=True,
                group="Output",
                help="Show the time of each step against the roofline of the machine.",
            ),
            option(
                "--plot",
                type=OutputFile(picture=True),
                metavar="FILE",
                group="Output",
                help="With --profile: draw the profile, as .png, .svg or .pdf.",
            ),
            option(
                "--top",
                type=click.IntRange(min=1),
                default=10,
                metavar="N",
                group="Output",
                help="With --profile: how many shapes and steps to show [10].",
            ),
        )
    ):
        wrapped = each(wrapped)
    return wrapped


def amplitudes_file_option(command: Command) -> Command:
    """Adds `-o`, for amplitudes."""
    return option(
        "-o",
        "--output",
        type=OutputFile(".npy", ".json", ".txt", ".dat", ""),
        metavar="FILE",
        group="Output",
        help="Write the amplitudes: .npy as an array, .json, or lines of text.",
    )(command)


def directory_option(command: Command) -> Command:
    """Adds `--directory`, which keeps the work in a folder as a resumable run."""
    return option(
        "--directory",
        type=RunDirectory(),
        metavar="RUN",
        group="Run",
        help="Keep the work in this folder as a resumable run; 'taizhang resume RUN' continues it.",
    )(command)


def circuit_options(command: Command) -> Command:
    """Adds `--format`, for circuits whose format is not clear from their name, such as standard input."""
    return option(
        "--format",
        "circuit_format",
        type=click.Choice(get_args(CircuitFormat)),
        help="Format of the circuit file [detected from its content and ending].",
    )(command)


class OutputFile(_ParamType):
    """A file that a command writes; that it can be written is checked before any work.

    Args:
        endings: Allowed endings, `""` for none; any by default.
        picture: It is a picture, so the drawing package must be installed for its ending.
    """

    name = "file"

    def __init__(self, *endings: str, picture: bool = False) -> None:
        self._endings, self._picture = endings or None, picture

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Checks the file; returns its name unchanged."""
        called = param.opts[-1] if param is not None and param.opts else "the output"
        if self._picture:
            canvas.check_drawable(Path(value))
        check_output(value, called="-o" if called == "--output" else called, endings=self._endings)
        return value

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Lets the shell complete names of files."""
        return [CompletionItem(incomplete, type="file")]


class InputFile(_ParamType):
    """A file that a command reads, `-` for standard input; the shell completes its name."""

    name = "file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Returns the name unchanged: the reader reports what is wrong with a file."""
        return value

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Lets the shell complete names of files."""
        return [CompletionItem(incomplete, type="file")]


class RunDirectory(InputFile):
    """The folder of a run; the shell completes its name."""

    name = "folder"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Lets the shell complete names of folders."""
        return [CompletionItem(incomplete, type="dir")]


class RowType(_ParamType):
    """Converts and checks text by a row of the table of options; errors name the option by its flag."""

    def __init__(self, row: Option) -> None:
        self.name = row.metavar or row.name
        self._row = row

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Converts text to the value that Python code would pass."""
        if isinstance(value, str):
            with contextlib.suppress(ValueError, OverflowError):  # the check below reports it
                value = self._row.from_text(value)
        self._row.check(value, called=self._row.flag)
        return value


def row_option(row: Option) -> Callable[[Command], Command]:
    """Makes the command-line option of a row of a table; its value is None where it is not given."""
    default = row.default_text
    text = f"{row.help} [{default}]." if default else f"{row.help}."
    if row.metavar is None:
        return option(row.flag, row.name, is_flag=True, group=row.group, help=text)
    return option(row.flag, row.name, type=RowType(row), metavar=row.metavar, group=row.group, help=text)


def table_options(
    make: Callable[[dict[str, Any]], Any], keyword: str, rows: Sequence[Option]
) -> Callable[[Command], Command]:
    """Adds options from rows of a table, and passes those that were given on as one value.

    Args:
        make: Makes the value from the options given.
        keyword: Name of the value.
        rows: The rows to add.
    """
    shown = [row for row in rows if row.in_shell]

    def add(command: Command) -> Command:
        @functools.wraps(command)
        def with_value(**given: Any) -> None:
            words = {row.name: given.pop(row.name) for row in shown}
            used = {name: word for name, word in words.items() if word is not None and word is not False}
            try:
                command(**{keyword: make(used)}, **given)
            except TaizhangError as error:
                error.args = (_with_flags(str(error), shown), *error.args[1:])
                raise

        wrapped: Command = with_value
        for row in reversed(shown):
            wrapped = row_option(row)(wrapped)
        return wrapped

    return add


def _with_flags(sentence: str, rows: Sequence[Option]) -> str:
    """Replaces the names of options in a sentence by their flags.

    A name of one word may be an ordinary word of the sentence, except where it says that "both" options were given.
    """
    flags = {row.name: row.flag for row in rows if "_" in row.name or sentence.startswith("both ")}
    return re.sub(r"(?<![\w-])[a-z_]+(?![\w-])", lambda word: flags.get(word[0], word[0]), sentence)


def settings_options(keywords: type = Options) -> Callable[[Command], Command]:
    """Adds the common options that a command reads, and passes them on as one `settings`.

    Args:
        keywords: A `TypedDict` with these options.
    """
    return table_options(_settings, "settings", rows_of(keywords, OPTIONS))


def _settings(given: dict[str, Any]) -> Settings:
    settings = Settings.checked(**given)
    if settings.threads > usable_cores():
        click.echo(
            f"taizhang: --threads is {settings.threads}, but this process may use "
            f"{counted(usable_cores(), 'core')}; more threads "
            "than cores make the work slower, not faster",
            err=True,
        )
    return settings


def echo_json(report: Mapping[str, object]) -> None:
    """Prints the one JSON object of a command on standard output."""
    click.echo(json.dumps(report, allow_nan=False))


def parse_qubits(given: str | None, called: str = "open qubits") -> tuple[int, ...]:
    """Reads a list of qubits such as `0,3,17`.

    Args:
        given: The list, or None.
        called: Name of the list in messages.

    Raises:
        click.BadParameter: It is not a list of whole numbers.
    """
    if given is None or not given.strip():
        return ()
    try:
        return tuple(int(word) for word in given.split(","))
    except ValueError:
        raise click.BadParameter(
            f"{called} must be qubit numbers with commas between, such as 0,3,17, got {given[:64]!r}"
        ) from None


def parse_slices(given: str | None) -> slice | None:
    """Reads a range of slices `A:B`: A included, B excluded, either may be left out."""
    if given is None:
        return None
    first, colon, last = given.partition(":")
    try:
        if not colon:
            raise ValueError
        return slice(int(first) if first else None, int(last) if last else None)
    except ValueError:
        raise click.BadParameter(f"--slices must be A:B, such as 0:16, got {given[:64]!r}") from None

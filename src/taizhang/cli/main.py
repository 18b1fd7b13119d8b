"""The command `taizhang`: runs one of its commands, and turns every error into a sentence and an exit status."""

from __future__ import annotations

import atexit
import gc
import importlib
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import click

import taizhang
from taizhang._lazy import lazy_module
from taizhang.cli.command_table import COMMANDS
from taizhang.cli.failure import DONE, FAILED, InterruptedWorkError, exit_status, place, sentence
from taizhang.cli.groups import SuggestingGroup, show_help_alone
from taizhang.cli.signals import end_on_signals, interrupt_on_signals, watch_signals
from taizhang.cli.warning_lines import warning_lines

if TYPE_CHECKING:
    import traceback
else:
    traceback = lazy_module("traceback")


class Commands(SuggestingGroup):
    """All commands; only the one that is run is imported."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Parses the arguments; an interrupt is handled here, before click writes an empty line for it."""
        try:
            return super().make_context(info_name, args, parent, **extra)
        except KeyboardInterrupt as error:
            raise InterruptedWorkError(sentence(error)) from error

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command; an interrupt is handled as in `make_context`."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            raise InterruptedWorkError(sentence(error)) from error

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order in which `--help` lists them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Imports a command."""
        if cmd_name not in COMMANDS:
            return None
        end_on_signals()
        gc.disable()  # imports make almost no garbage, and looking for it takes a tenth of the start
        try:
            module = importlib.import_module(f"taizhang.cli.{COMMANDS[cmd_name].module}")
        finally:
            gc.freeze()
            gc.enable()
        interrupt_on_signals()
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Lists the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in COMMANDS.items()])


@click.group(
    cls=Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(taizhang.__version__, "-V", "--version", prog_name="taizhang", message="%(prog)s %(version)s")
@click.pass_context
def taizhang_command(ctx: click.Context) -> None:
    """Simulates quantum circuits by tensor-network contraction."""
    show_help_alone(ctx)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Runs the command line and exits.

    Args:
        arguments: The words after `taizhang`; by default those of the process.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] == ["help"]:
        words = [*words[1:], "--help"]
    # At exit the system frees the memory of a process faster than the interpreter collects garbage.
    atexit.register(gc.freeze)
    try:
        interrupt_on_signals()
        if arguments is None:
            watch_signals()
        with warning_lines():
            taizhang_command.main(args=words, prog_name="taizhang", standalone_mode=False)
        sys.stdout.flush()
        status = DONE
    except BrokenPipeError:
        # The reader of our output went away, as `head` does. Flushing at exit would fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = FAILED
    except (Exception, KeyboardInterrupt) as error:
        if "--debug" in words:
            traceback.print_exc()
        click.echo(f"taizhang: {sentence(error)}{place(error)}", err=True)
        status = exit_status(error)
    sys.exit(status)

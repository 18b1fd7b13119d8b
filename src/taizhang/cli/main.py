"""The command `taizhang`: gathers the commands, and turns every error into a sentence and an exit status."""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from collections.abc import Sequence
from typing import NoReturn

import click

import taizhang
from taizhang.cli.amplitude_command import amplitude_command
from taizhang.cli.contract_command import contract_command
from taizhang.cli.doctor_command import doctor_command
from taizhang.cli.failure import DONE, FAILED, exit_status, sentence
from taizhang.cli.inspect_command import inspect_command
from taizhang.cli.plan_command import plan_command
from taizhang.cli.random_command import random_command
from taizhang.cli.run_commands import (
    report_command,
    resume_command,
    run_command,
    status_command,
    verify_command,
    work_command,
)
from taizhang.cli.sample_command import sample_command
from taizhang.cli.xeb_command import xeb_command


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(taizhang.__version__, prog_name="taizhang", message="%(prog)s %(version)s")
def taizhang_command() -> None:
    """Simulates quantum circuits by tensor-network contraction."""


for command in (
    inspect_command,
    plan_command,
    amplitude_command,
    sample_command,
    xeb_command,
    contract_command,
    run_command,
    resume_command,
    status_command,
    work_command,
    verify_command,
    report_command,
    random_command,
    doctor_command,
):
    taizhang_command.add_command(command)


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Runs the command line and exits.

    Args:
        arguments: The words after `taizhang`; by default those the process was started with.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _interrupt)  # ends a command in order, as Ctrl-C does
    try:
        taizhang_command.main(args=words, prog_name="taizhang", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader of our output went away, as `head` does. Flushing at exit would complain once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)
    except (Exception, KeyboardInterrupt) as error:
        if "--debug" in words:
            traceback.print_exc()
        click.echo(f"taizhang: {sentence(error)}", err=True)
        sys.exit(exit_status(error))
    sys.exit(DONE)

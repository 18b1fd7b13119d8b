"""How a command reports a failure: one sentence on standard error, and an exit status.

0 done, 1 the work failed, 2 wrong usage or bad input, 130 interrupted.
"""

from __future__ import annotations

import click

from taizhang.errors import CircuitFileError, InputError, MissingPackageError, StoppedError, TaizhangError

DONE, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130


class InterruptedWorkError(Exception):
    """Ctrl-C or SIGTERM ended a command; the message says what was interrupted, what is kept and how to keep more."""


class UnwrittenResultError(Exception):
    """A result could not be written to its file; the message says where it is instead."""


def exit_status(error: BaseException) -> int:
    """Exit status for an error."""
    if isinstance(error, (KeyboardInterrupt, click.Abort, InterruptedWorkError, StoppedError)):
        return INTERRUPTED
    if isinstance(error, (InputError, MissingPackageError, click.UsageError, click.FileError)):
        return BAD_INPUT
    if isinstance(error, OSError) and error.filename is not None:
        return BAD_INPUT
    return FAILED


def _suggesting(text: str) -> str:
    """Joins click's two sentences, what is unknown and what may be meant, into one."""
    first, separator, second = text.partition("Did you mean ")
    if not separator:
        return text
    return f"{first.rstrip(' (').rstrip('.')}; did you mean {second.rstrip(')').replace('one of: ', 'one of ')}"


def sentence(error: BaseException) -> str:
    """The message of any error as one sentence on one line."""
    if isinstance(error, (KeyboardInterrupt, click.Abort)):
        return "interrupted; nothing was left behind"
    if isinstance(error, click.ClickException):
        text = error.format_message()
        text = _suggesting(text)
        if isinstance(error, click.UsageError) and error.ctx is not None and not text.endswith("?"):
            text = f"{text.rstrip('.')}; see '{error.ctx.command_path} --help'"
    elif isinstance(error, CircuitFileError):
        text = error.sentence
    elif isinstance(error, (TaizhangError, InterruptedWorkError, UnwrittenResultError)):
        text = str(error)
    elif isinstance(error, OSError) and error.filename is not None:
        text = f"{error.filename}: the file cannot be used: {(error.strerror or 'unknown reason').lower()}"
        text += "; check its name" if isinstance(error, FileNotFoundError) else ""
    elif isinstance(error, MemoryError):
        text = "out of memory; lower --memory or close other programs"
    else:
        text = f"internal error ({type(error).__name__}: {error}); --debug shows the traceback"
    return " ".join(text.split())


def place(error: BaseException) -> str:
    """The wrong line of a file with a caret below the error, as two lines to follow the sentence; "" without one."""
    excerpt = error.excerpt if isinstance(error, CircuitFileError) else ""
    return "".join(f"\n  {line}" for line in excerpt.splitlines())

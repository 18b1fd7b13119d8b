"""Notes of commands on standard error: none with --quiet, more with --verbose."""

from __future__ import annotations

from typing import Any

import click

_VERBOSITY = "taizhang.verbosity"


def set_verbosity(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
    """Stores the verbosity; the callback of `--quiet` and `--verbose`."""
    if value:
        ctx.meta[_VERBOSITY] = -1 if parameter.name == "quiet" else 1


def verbosity() -> int:
    """-1 with --quiet, 1 with --verbose, else 0."""
    ctx = click.get_current_context(silent=True)
    return 0 if ctx is None else int(ctx.meta.get(_VERBOSITY, 0))


def note(text: Any = "") -> None:
    """Writes a line to standard error, unless --quiet was given."""
    if verbosity() >= 0:
        click.echo(text, err=True)

"""Warnings about circuit files as lines on standard error."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from typing import TextIO

import click

from taizhang.errors import CircuitFileWarning


@contextlib.contextmanager
def warning_lines() -> Iterator[None]:
    """While it lasts, a `CircuitFileWarning` is one line that begins with `taizhang:`; others look as in Python."""
    with warnings.catch_warnings():
        others = warnings.showwarning

        def show(
            message: Warning | str,
            category: type[Warning],
            filename: str,
            lineno: int,
            file: TextIO | None = None,
            line: str | None = None,
        ) -> None:
            if isinstance(message, CircuitFileWarning):
                click.echo(f"taizhang: warning: {' '.join(message.sentence.split())}", err=True)
            else:
                others(message, category, filename, lineno, file, line)

        warnings.simplefilter("always", CircuitFileWarning)
        warnings.showwarning = show
        yield

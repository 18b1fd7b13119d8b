"""Warnings of this package as lines on standard error."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from typing import TextIO

import click

from taizhang.errors import CircuitFileWarning, LoopWarning, MachineWarning


@contextlib.contextmanager
def warning_lines() -> Iterator[None]:
    """Shows warnings of this package as lines that begin with `taizhang:`; others look as in Python."""
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
            if isinstance(message, (CircuitFileWarning, LoopWarning, MachineWarning)):
                sentence = message.sentence if isinstance(message, CircuitFileWarning) else str(message)
                click.echo(f"taizhang: warning: {' '.join(sentence.split())}", err=True)
            else:
                others(message, category, filename, lineno, file, line)

        for kind in (CircuitFileWarning, LoopWarning, MachineWarning):
            warnings.simplefilter("always", kind)
        warnings.showwarning = show
        yield

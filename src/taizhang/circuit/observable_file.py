"""Files of observables: one sum of Pauli products a line, with `#` comments; empty lines are skipped."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from os import PathLike
from pathlib import Path
from typing import IO, Any, TypeAlias

from taizhang.circuit.observable import Observable
from taizhang.circuit.observable_text import MAX_CHARACTERS
from taizhang.errors import CircuitError, CircuitFileError, SizeLimitError

ObservableFile: TypeAlias = "str | PathLike[str] | IO[str] | IO[bytes]"

MAX_OBSERVABLES = 1_000_000
MAX_FILE_CHARACTERS = 4 << 30


def read_observables(file: ObservableFile) -> tuple[Observable, ...]:
    r"""Reads a file of observables, line by line.

    Args:
        file: Its path, or a file that is open for reading.

    Returns:
        The observables, in the order of the file.

    Raises:
        CircuitFileError: A line is not a sum of Pauli products (the error has line and column), the file holds none,
            or it cannot be read.
        SizeLimitError: More than a million observables, 100 million characters in a line, or 4 GiB.

    Example:
        >>> import io
        >>> read_observables(io.StringIO("Z0 Z1  # a pair\n\n0.5 X3 - 2\n"))
        (Observable('Z0 Z1'), Observable('-2 + 0.5 X3'))
    """
    if not isinstance(file, (str, PathLike)):
        name = getattr(file, "name", None)
        source = name if isinstance(name, str) else None
        return _collect(_read(file, source), source)
    try:
        with Path(file).open("rb") as opened:
            return _collect(_read(opened, str(file)), str(file))
    except OSError as error:
        advice = "; check its name" if isinstance(error, FileNotFoundError) else ""
        raise CircuitFileError(f"the file cannot be read: {error.strerror}{advice}", source=str(file)) from error


def _collect(observables: Iterator[Observable], source: str | None) -> tuple[Observable, ...]:
    found = []
    for observable in observables:
        found.append(observable)
        if len(found) > MAX_OBSERVABLES:
            raise SizeLimitError(
                f"{source or 'the file'} has more than {MAX_OBSERVABLES:,} observables; split it into several files"
            )
    if not found:
        raise CircuitFileError("the file holds no observable; give a sum such as Z0 Z1 on each line", source=source)
    return tuple(found)


def _read(file: IO[Any], source: str | None) -> Iterator[Observable]:
    number = length = 0
    # No more of a line is read than is allowed, so a huge line takes no more memory.
    while line := file.readline(MAX_CHARACTERS + 1):
        number += 1
        length += len(line)
        if len(line) > MAX_CHARACTERS or length > MAX_FILE_CHARACTERS:
            raise SizeLimitError(
                f"{source or 'the file'} has more than {MAX_CHARACTERS:,} characters in line {number}, or more than "
                f"{MAX_FILE_CHARACTERS >> 30} GiB; split it"
            )
        if isinstance(line, bytes):
            line = (line.removeprefix(codecs.BOM_UTF8) if number == 1 else line).decode("utf-8", errors="replace")
        text = line.partition("#")[0].rstrip()
        if not text:
            continue
        try:
            yield Observable(text)
        except CircuitFileError as error:
            raise CircuitFileError(
                error.reason, line=number, column=error.column, source=source, excerpt=error.excerpt
            ) from None
        except CircuitError as error:
            raise CircuitFileError(str(error), line=number, source=source) from None

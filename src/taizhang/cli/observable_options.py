"""The observables given to a command: as words, or in a file."""

from __future__ import annotations

import re
import sys
from typing import Any

import click

from taizhang.circuit.observable import Observable
from taizhang.circuit.observable_file import read_observables
from taizhang.cli.options import Command, GroupedCommand, InputFile, option
from taizhang.errors import CircuitFileError, UsageError

# A word such as '-Z0' or '- 2 Z0' is an observable, not an option.
_NEGATIVE = re.compile(r"-\s*[0-9.(IXYZ]")


class CommandOfObservables(GroupedCommand):
    """A command whose arguments may begin with a minus sign."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parses the words; a space before those that begin with a sign keeps them apart from options."""
        return super().parse_args(ctx, [f" {word}" if _NEGATIVE.match(word) else word for word in args])


def observables_option(command: Command) -> Command:
    """Adds `--observables`."""
    return option(
        "--observables",
        "observables_file",
        type=InputFile(),
        metavar="FILE",
        help="File of observables: a sum of Pauli products on each line, # begins a comment; - reads standard input.",
    )(command)


def observable_option(command: Command) -> Command:
    """Adds `--observable`, for commands whose words are something else."""
    return option(
        "--observable",
        "observable_texts",
        multiple=True,
        metavar="TEXT",
        help="A sum of Pauli products, such as '0.5 X3 - 2 Z0 Z7'; may be given several times.",
    )(command)


def collect_observables(
    texts: tuple[str, ...], file: str | None, *, circuit: str, asked: str
) -> tuple[Observable, ...]:
    """Reads the observables.

    Args:
        texts: Observables given as words.
        file: A file of observables, `-` for standard input, or None.
        circuit: The file of the circuit.
        asked: How the words are given, for messages.

    Raises:
        CircuitFileError: An observable is not a sum of Pauli products.
        UsageError: None were given, or in both ways, or standard input is to be two files.
    """
    if texts and file is not None:
        raise UsageError(f"observables were given both as {asked} and by --observables; give them in one way")
    if file is None and not texts:
        raise UsageError(f"no observable was given; give {asked}, such as 'Z0 Z1', or --observables FILE")
    if file is None:
        words = [text.removeprefix(" ") if _NEGATIVE.match(text[1:]) else text for text in texts]
        names = ["the observable"] if len(words) == 1 else [f"observable {number + 1}" for number in range(len(words))]
        return tuple(map(_read, words, names))
    if file == circuit == "-":
        raise UsageError("standard input cannot be both the circuit and the observables; name a file for one of them")
    source: Any = sys.stdin.buffer if file == "-" else file
    return read_observables(source)


def _read(text: str, name: str) -> Observable:
    """Reads an observable from a word; errors name it."""
    try:
        return Observable(text)
    except CircuitFileError as error:
        raise CircuitFileError(
            error.reason, column=error.column, source=name if text.strip() else None, excerpt=error.excerpt
        ) from None


def with_products(observables: tuple[Observable, ...]) -> tuple[Observable, ...]:
    """The observables, each followed by its products, unless it is one itself."""
    listed: list[Observable] = []
    for observable in observables:
        listed.append(observable)
        products = [Observable.from_terms([(product, 1)]) for product, _ in observable.terms]
        if products != [observable]:
            listed += products
    return tuple(listed)

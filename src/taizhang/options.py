"""Options: a row of a table says everything about one of them.

From the rows of a table come the checked values, the keywords that `help` and editors see in a function's signature,
the lines about them in its docstring, and the options of the command line. For static typing the names and types are
written once more, as a `TypedDict`; `explicit_options` refuses one that names an option without a row.
"""

from __future__ import annotations

import functools
import inspect
import numbers
import operator
import re
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

from taizhang._lazy import lazy_module
from taizhang._units import parse_memory, parse_time
from taizhang.errors import UsageError

if TYPE_CHECKING:
    import difflib
    import secrets
    import textwrap
else:
    difflib, secrets, textwrap = lazy_module("difflib"), lazy_module("secrets"), lazy_module("textwrap")

_DOC_WIDTH = 120
_PLACE_IN_DOCSTRING = re.compile(r"^( *)options: .*(?:\n\1 +.*)*", re.MULTILINE)

Target = TypeVar("Target", bound=Callable[..., Any])


class Option(NamedTuple):
    """One option.

    Attributes:
        name: Its keyword in Python; the command line writes it with hyphens.
        read: Gives the checked value of what was given; raises ValueError or TypeError where it has none.
        wanted: What `read` takes, to stand behind "must be".
        metavar: What stands for the value in the help of commands; None for a switch.
        help: What it does, one sentence without a full stop.
        group: Heading under which the help of commands shows it.
        default: What is given where nothing is.
        default_help: The default for people, where `default` does not say it.
        from_text: Makes text of the command line what Python would be given.
        wanted_in_shell: `wanted` on the command line, where it takes less than Python.
        in_shell: Whether the command line has it at all.
    """

    name: str
    read: Callable[[Any], Any]
    wanted: str
    metavar: str | None
    help: str
    group: str
    default: Any = None
    default_help: str | None = None
    from_text: Callable[[str], Any] = str
    in_shell: bool = True
    wanted_in_shell: str | None = None

    @property
    def default_text(self) -> str | None:
        """The default for people; None where there is nothing to say."""
        if self.default_help is not None or self.default is None or self.metavar is None:
            return self.default_help
        return str(self.default)

    @property
    def flag(self) -> str:
        """Its name on the command line."""
        return "--" + self.name.replace("_", "-")

    def check(self, given: Any, *, called: str | None = None) -> Any:
        """Reads what was given.

        Args:
            given: The value.
            called: Name of the option on the command line, for the message of an error; its keyword by default.

        Raises:
            UsageError: It has a value that it cannot have.

        Example:
            >>> row = Option(name="trials", read=whole(1), wanted="a number from 1", metavar="N", help="", group="")
            >>> row.check(0)
            Traceback (most recent call last):
            ...
            taizhang.errors.UsageError: trials must be a number from 1, got 0
        """
        try:
            return self.read(given)
        except (ValueError, TypeError, OverflowError):
            shown = repr(given)
            shown = shown if len(shown) <= 64 else shown[:61] + "..."
            name, wanted = self.name, self.wanted
            if called is not None:
                name, wanted = called, (self.wanted_in_shell or self.wanted).replace("_", "-")
            raise UsageError(f"{name} must be {wanted}, got {shown}") from None


def optional(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Reads None as None, and all else as `read` does."""
    return lambda given: None if given is None else read(given)


def whole(least: int, most: int | None = None) -> Callable[[Any], int]:
    """Reads whole numbers from `least` to `most`, NumPy's among them."""

    def read(given: Any) -> int:
        value = operator.index(given)
        if isinstance(given, bool) or value < least or (most is not None and value > most):
            raise ValueError
        return value

    return read


def real(least: float, most: float, *, above: bool = False) -> Callable[[Any], float]:
    """Reads numbers from `least` to `most`; `above`: not `least` itself."""

    def read(given: Any) -> float:
        if isinstance(given, bool) or not isinstance(given, numbers.Real):
            raise TypeError
        value = float(given)
        if not least <= value <= most or (above and value == least):
            raise ValueError
        return value

    return read


def choice(*names: str) -> Callable[[Any], str]:
    """Reads one of some names; a hyphen stands for an underscore."""

    def read(given: Any) -> str:
        value = given.replace("-", "_") if isinstance(given, str) else given
        if not isinstance(value, str) or value not in names:
            raise ValueError
        return value

    return read


def type_name(given: Any) -> str:
    """Reads the name of a type of complex numbers, or such a type, as NumPy has it."""
    name = given if isinstance(given, str) else getattr(given, "name", None) or getattr(given, "__name__", None)
    return choice("complex64", "complex128")(name)


def switch(given: Any) -> bool:
    """Reads True and False, NumPy's among them."""
    if type(given).__name__ not in ("bool", "bool_"):
        raise TypeError
    return bool(given)


def seed_number(given: Any) -> int:
    """Reads the seed of random numbers; None gives a new one, which no one can foresee."""
    return secrets.randbelow(1 << 63) if given is None else whole(0, (1 << 63) - 1)(given)


def memory_size(given: Any) -> int:
    """Reads an amount of memory, in bytes."""
    return parse_memory(given)


def time_span(given: Any) -> float:
    """Reads a length of time, in seconds."""
    return parse_time(given)


def time_or_auto(given: Any) -> float | None:
    """Reads a length of time, in seconds; `"auto"` is None."""
    return None if isinstance(given, str) and given == "auto" else parse_time(given)


def read_options(table: Sequence[Option], given: Mapping[str, Any]) -> dict[str, Any]:
    """Gives the checked value of every option of a table, from those given and the defaults of the others.

    Raises:
        UsageError: An option has a value that it cannot have, or is not in the table.
    """
    names = [row.name for row in table]
    for name in given:
        if name not in names:
            raise UsageError(unknown_option(name, names))
    return {row.name: row.check(given.get(row.name, row.default)) for row in table}


def unknown_option(name: str, names: Iterable[str]) -> str:
    """The sentence about an option that is not there.

    Example:
        >>> unknown_option("memroy", ["memory", "seed"])
        "there is no option 'memroy'; did you mean memory?"
    """
    known = sorted(names)
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    hint = f"did you mean {near[0]}?" if near else f"the options are {', '.join(known)}"
    return f"there is no option {name!r}; {hint}"


def check_keywords(function: Callable[..., Any], given: Iterable[str], known: Iterable[str] = ()) -> None:
    """Refuses keywords that a function with explicit options does not take.

    Args:
        function: A function that `explicit_options` has treated.
        given: The keywords that came as `**options`.
        known: Options that exist, though not all functions take them.

    Raises:
        UsageError: A keyword is misspelt, or an option that this function does not read.
    """
    parameters = inspect.signature(function).parameters.values()
    names = [each.name for each in parameters if each.kind is inspect.Parameter.KEYWORD_ONLY]
    for name in given:
        if name in names:
            continue
        if name in known:
            raise UsageError(
                f"{function.__name__} does not read the option {name!r}; it takes {', '.join(sorted(names))}"
            )
        raise UsageError(unknown_option(name, names))


@functools.cache
def types_of(keywords: type) -> dict[str, Any]:
    """Names and types of the keywords of a `TypedDict`."""
    return typing.get_type_hints(keywords)


def rows_of(keywords: type, *tables: Sequence[Option]) -> tuple[Option, ...]:
    """The rows for the keywords of a `TypedDict`, in the order of the tables.

    Raises:
        TypeError: A keyword has no row.
    """
    names = set(types_of(keywords))
    rows = tuple(row for table in tables for row in table if row.name in names)
    if len(rows) != len(names):
        raise TypeError(f"options without a row: {sorted(names - {row.name for row in rows})}")
    return rows


def explicit_options(keywords: type, *tables: Sequence[Option]) -> Callable[[Target], Target]:
    """Makes the options of a function or class that takes `**options: Unpack[keywords]` explicit.

    Signature and annotations then hold each option with its default and type, and the line `options: …` in the
    docstring becomes a line about each. The call itself stays as it is.

    Args:
        keywords: A `TypedDict` of the options.
        tables: Where their rows are.
    """
    types, rows = types_of(keywords), rows_of(keywords, *tables)

    def treat(target: Target) -> Target:
        function: Any = vars(target)["__init__"] if isinstance(target, type) else target
        signature = inspect.signature(function)
        given = [each for each in signature.parameters.values() if each.kind is not inspect.Parameter.VAR_KEYWORD]
        added = [
            inspect.Parameter(row.name, inspect.Parameter.KEYWORD_ONLY, default=row.default, annotation=types[row.name])
            for row in rows
        ]
        hints = {name: hint for name, hint in function.__annotations__.items() if name in signature.parameters}
        hints.pop("options", None)
        answer = {"return": function.__annotations__["return"]} if "return" in function.__annotations__ else {}
        function.__annotations__ = {**hints, **{row.name: types[row.name] for row in rows}, **answer}
        function.__signature__ = signature.replace(parameters=[*given, *added])
        if isinstance(target, type):
            without_self = signature.replace(parameters=[*given[1:], *added], return_annotation=signature.empty)
            cast(Any, target).__signature__ = without_self
        if target.__doc__:
            target.__doc__ = _PLACE_IN_DOCSTRING.sub(lambda place: _paragraph(rows, place[1]), target.__doc__)
        return target

    return treat


def _paragraph(rows: Sequence[Option], indent: str) -> str:
    """Lines about options, as the arguments in a docstring."""
    lines = []
    for row in rows:
        default = row.default_text
        text = f"{row.name}: {row.help}{'' if default is None else f' (default: {default})'}."
        lines += textwrap.wrap(text, _DOC_WIDTH, initial_indent=indent, subsequent_indent=f"{indent}    ")
    return "\n".join(lines)

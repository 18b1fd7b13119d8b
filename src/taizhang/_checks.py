"""Type checks of arguments, with one-sentence errors."""

from __future__ import annotations

import operator
from os import PathLike
from typing import Any, TypeVar

import numpy as np

from taizhang.errors import InputError, UsageError

Kind = TypeVar("Kind")


def check_type(given: object, kind: type[Kind], *, name: str, hint: str = "") -> Kind:
    """Returns the argument if it is of a type.

    Args:
        given: The argument.
        kind: The type.
        name: Name of the argument in errors.
        hint: Further text of the error.

    Raises:
        UsageError: It is of another type.

    Example:
        >>> check_type("plan.json", int, name="shots")
        Traceback (most recent call last):
        ...
        taizhang.errors.UsageError: shots must be an int, got a str
    """
    if not isinstance(given, kind):
        article = "an" if kind.__name__[0].lower() in "aeio" else "a"
        raise UsageError(f"{name} must be {article} {kind.__name__}, got {describe(given)}{hint}")
    return given


def check_path(given: object, *, name: str = "path") -> str | PathLike[str]:
    """Returns the argument if it is the path of a file.

    Raises:
        UsageError: It is something else.
    """
    if not isinstance(given, (str, PathLike)):
        raise UsageError(f"{name} must be the path of a file, got {describe(given)}")
    return given


def read_integer(given: Any, *, name: str, error: type[InputError] = UsageError) -> int:
    """Reads a whole number of Python or NumPy.

    Args:
        given: The number.
        name: Name of the argument in errors.
        error: Class of the error to raise.

    Raises:
        UsageError: It is something else, including True and False.

    Example:
        >>> read_integer(np.int64(3), name="shots")
        3
        >>> read_integer(2.5, name="shots")
        Traceback (most recent call last):
        ...
        taizhang.errors.UsageError: shots must be a whole number, got 2.5
    """
    if not isinstance(given, (bool, np.bool_)):
        try:
            return operator.index(given)
        except TypeError:
            pass
    is_short = isinstance(given, (bool, np.bool_, float, str))
    raise error(f"{name} must be a whole number, got {f'{given!r:.40}' if is_short else describe(given)}")


def describe(given: object) -> str:
    """Describes the type of an object, with its article.

    Example:
        >>> describe(3), describe("a"), describe(None), describe(np.zeros((2, 3)))
        ('an int', 'a str', 'None', 'an array of float64 of shape (2, 3)')
    """
    if given is None:
        return "None"
    if isinstance(given, np.ndarray):
        return f"an array of {given.dtype} of shape {given.shape}"
    package = (type(given).__module__ or "builtins").partition(".")[0]
    name = type(given).__name__
    # Other packages also have a Circuit and a TensorNetwork.
    name = name if package in ("builtins", "numpy", "taizhang", "__main__") else f"{package}.{name}"
    return f"{'an' if name[0].lower() in 'aeio' else 'a'} {name}"

"""Whole numbers as people give them, and what else they gave instead."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from taizhang.errors import InputError, UsageError


def read_integer(given: Any, *, name: str, error: type[InputError] = UsageError) -> int:
    """Reads a whole number, Python's or NumPy's.

    Args:
        given: The number.
        name: What it is called in an error.
        error: The error to raise.

    Raises:
        UsageError: It is something else; True and False, too.

    Example:
        >>> read_integer(np.int64(3), name="shots")
        3
        >>> read_integer(2.5, name="shots")
        Traceback (most recent call last):
        ...
        taizhang.errors.UsageError: shots must be a whole number, got a float (2.5)
    """
    if not isinstance(given, (bool, np.bool_)):
        try:
            return operator.index(given)
        except TypeError:
            pass
    shown = f" ({given!r:.40})" if isinstance(given, (bool, np.bool_, float, str)) else ""
    raise error(f"{name} must be a whole number, got {describe(given)}{shown}")


def describe(given: object) -> str:
    """Says what kind of thing something is, with its article.

    Example:
        >>> describe(3), describe("a"), describe(None), describe(np.zeros((2, 3)))
        ('an int', 'a str', 'None', 'an array of float64 of shape (2, 3)')
    """
    if given is None:
        return "None"
    if isinstance(given, np.ndarray):
        return f"an array of {given.dtype} of shape {given.shape}"
    name = type(given).__name__
    return f"{'an' if name[0].lower() in 'aeio' else 'a'} {name}"

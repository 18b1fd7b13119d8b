"""Files that circuits and samples are read from and written to."""

from typing import Any

from taizhang._checks import read_integer
from taizhang.errors import UsageError

MAX_TEXT_BYTES = 64 * 2**20
"""Most bytes of a circuit file."""

DEFAULT_TURNS, MOST_TURNS = 32, 10_000
"""Turns up to which loops that depend on outcomes are written out by default, and at most."""


def check_turns(given: Any) -> int:
    """Returns a number of turns of loops.

    Raises:
        UsageError: It is not a whole number from 1 to 10,000.
    """
    turns = read_integer(given, name="max_turns")
    if not 1 <= turns <= MOST_TURNS:
        raise UsageError(f"max_turns must be from 1 to {MOST_TURNS}, got {turns}")
    return turns

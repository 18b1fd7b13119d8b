"""Readable amounts of memory and time.

Memory is `8GiB`, `500MB` or a number of bytes, or `8Gi`, `500M` as in Kubernetes: units with an i are powers of 1024,
those without powers of 1000. Time is `30s`, `10m`, `2h` or a number of seconds.
"""

from __future__ import annotations

import math
import numbers
import re
from collections.abc import Mapping

from taizhang.errors import UsageError

_BYTES = {
    "": 1,
    "b": 1,
    **{f"{letter}{b}": 1000**power for power, letter in enumerate("kmgtp", 1) for b in ("", "b")},
    **{f"{letter}i{b}": 1024**power for power, letter in enumerate("kmgtp", 1) for b in ("", "b")},
}
_SECONDS = {"": 1.0, "ms": 1e-3, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_AMOUNT = re.compile(r"\s*([0-9]{1,15}(?:\.[0-9]{0,9})?(?:[eE][0-9]{1,2})?)\s*([A-Za-z]{0,4})\s*", re.ASCII)


def parse_memory(given: str | float) -> int:
    """Reads an amount of memory.

    Args:
        given: Such as `"8GiB"`, `"500MB"`, `"8Gi"`, `"500M"`, or a number of bytes.

    Returns:
        Bytes, at least 1.

    Raises:
        UsageError: The amount is malformed, or below 1 byte.

    Example:
        >>> parse_memory("1.5GiB"), parse_memory("500MB")
        (1610612736, 500000000)
    """
    return int(
        _amount(given, _BYTES, smallest=1.0, what="memory", expected="a number with a unit, such as 8GiB or 500MB")
    )


def parse_time(given: str | float, *, called: str = "time") -> float:
    """Reads a length of time.

    Args:
        given: Such as `"30s"`, `"10m"`, `"2h"`, or a number of seconds.
        called: Name of the option in errors.

    Returns:
        Seconds, at least 0.

    Raises:
        UsageError: The time is malformed, or negative.

    Example:
        >>> parse_time("10m"), parse_time(2.5)
        (600.0, 2.5)
    """
    return _amount(given, _SECONDS, smallest=0.0, what=called, expected="a number with a unit, such as 30s, 10m or 2h")


def _amount(given: str | float, units: Mapping[str, float], *, smallest: float, what: str, expected: str) -> float:
    value = math.nan
    if isinstance(given, str):
        match = _AMOUNT.fullmatch(given) if len(given) <= 64 else None
        if match and match[2].lower() in units:
            value = float(match[1]) * units[match[2].lower()]
    elif isinstance(given, numbers.Real) and not isinstance(given, bool):
        value = float(given)
    if not smallest <= value <= 2.0**62:
        raise UsageError(f"{what} must be {expected}, got {str(given)[:64]!r}")
    return value


def human_bytes(count: float) -> str:
    """Formats a number of bytes.

    Example:
        >>> human_bytes(3 * 2**30)
        '3.0 GiB'
    """
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} PiB" if count < 1e6 else f"{count:.1e} PiB"


def human_seconds(seconds: float) -> str:
    """Formats a length of time.

    Example:
        >>> human_seconds(0.0123), human_seconds(95), human_seconds(3 * 86400)
        ('12 ms', '1 min 35 s', '3.0 days')
    """
    if seconds < 1e-3:
        return f"{seconds * 1e6:.0f} µs"
    if seconds < 1:
        return f"{seconds * 1e3:.0f} ms"
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    if seconds < 3600:
        return f"{int(seconds) // 60} min {int(seconds) % 60} s"
    if seconds < 86400:
        return f"{int(seconds) // 3600} h {int(seconds) % 3600 // 60} min"
    if seconds < 2 * 365 * 86400:
        return f"{seconds / 86400:.1f} days"
    years = seconds / (365.25 * 86400)
    return f"{years:,.0f} years" if years < 1e6 else f"{years:.1e} years"


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Formats a number with its noun.

    Example:
        >>> counted(1, "tensor"), counted(12345, "index", "indices")
        ('1 tensor', '12,345 indices')
    """
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"

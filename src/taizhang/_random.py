"""Independent named streams of random numbers from one seed.

A stream depends only on the seed and its names, not on the order of requests, on threads or on the hash seed of the
interpreter.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import numpy as np

from taizhang._checks import read_integer
from taizhang._lazy import lazy_module

if TYPE_CHECKING:
    import hashlib
else:
    hashlib = lazy_module("hashlib")


def stream(seed: int, *names: str | int) -> np.random.Generator:
    """Returns the random stream called `names` of `seed`.

    Args:
        seed: Any integer.
        names: Purpose of the stream; different names give independent streams.

    Returns:
        A new generator, in the same state for the same arguments.

    Example:
        >>> bool(stream(7, "gates", 3).integers(10) == stream(7, "gates", 3).integers(10))
        True
    """
    digest = hashlib.sha256(repr((int(seed), *names)).encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "little")))


def read_seed(seed: int | None) -> int:
    """Reads a seed: a whole number of Python or NumPy; None gives a new random seed each time.

    Raises:
        UsageError: It is something else.
    """
    return secrets.randbits(63) if seed is None else read_integer(seed, name="seed")

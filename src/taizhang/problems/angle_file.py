"""Files of QAOA angles: `{"version": 1, "gammas": [0.6], "betas": [0.4], "energy": 8.5}`."""

from __future__ import annotations

import json
import math
from os import PathLike
from typing import Any

from taizhang._files import write_file
from taizhang.errors import ProblemError
from taizhang.problems.limited_file import read_limited
from taizhang.problems.qaoa import MAX_DEPTH

VERSION = 1
MAX_FILE_BYTES = 2**20


def write_angles(
    path: str | PathLike[str], gammas: tuple[float, ...], betas: tuple[float, ...], *, energy: float
) -> None:
    """Writes angles to a file.

    Raises:
        OSError: The file cannot be written.
    """
    content = {"version": VERSION, "gammas": list(gammas), "betas": list(betas), "energy": energy}
    write_file(path, json.dumps(content, allow_nan=False) + "\n")


def read_angles(path: str | PathLike[str]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Reads angles from a file, as `write_angles` writes it.

    Returns:
        (gammas, betas), as many of one as of the other.

    Raises:
        ProblemError: The file cannot be read, or does not hold angles.
        SizeLimitError: The file has more than 1 MiB.
    """
    source = str(path)
    text = read_limited(path, MAX_FILE_BYTES, "a file of angles")
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ProblemError(f"the file of angles must be JSON ({error}); correct it", source=source) from None
    if not isinstance(content, dict) or "gammas" not in content or "betas" not in content:
        raise ProblemError("the file of angles must be an object with the keys version, gammas, betas", source=source)
    version = content.get("version")
    if isinstance(version, bool) or version != VERSION:
        raise ProblemError(f"the version of the file of angles must be {VERSION}, got {version!r:.40}", source=source)
    gammas, betas = (_read_list(content[name], name, source) for name in ("gammas", "betas"))
    if len(gammas) != len(betas):
        raise ProblemError(
            f"a file of angles must have as many gammas as betas, got {len(gammas)} and {len(betas)}", source=source
        )
    return gammas, betas


def _read_list(given: Any, name: str, source: str) -> tuple[float, ...]:
    if not isinstance(given, list) or not 1 <= len(given) <= MAX_DEPTH:
        raise ProblemError(f"{name} must be a list of 1 to {MAX_DEPTH} numbers, got {given!r:.40}", source=source)
    for angle in given:
        if isinstance(angle, bool) or not isinstance(angle, (int, float)) or not _is_finite(angle):
            raise ProblemError(f"{name} must be finite numbers, got {angle!r:.40}", source=source)
    return tuple(map(float, given))


def _is_finite(number: float) -> bool:
    try:
        return math.isfinite(number)
    except OverflowError:
        return False

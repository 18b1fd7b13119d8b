"""Files of problems as bytes, up to a size."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from taizhang._units import human_bytes
from taizhang.errors import ProblemError, SizeLimitError


def read_limited(path: str | PathLike[str], most: int, what: str) -> bytes:
    """Reads a file, up to a size limit.

    Args:
        path: The file.
        most: Most bytes.
        what: What it holds, for messages, such as "a model".

    Raises:
        ProblemError: The file cannot be read.
        SizeLimitError: It is larger.
    """
    source = str(path)
    try:
        with Path(path).open("rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        advice = "; check its name" if isinstance(error, FileNotFoundError) else ""
        raise ProblemError(f"the file cannot be read: {error.strerror}{advice}", source=source) from error
    if len(content) > most:
        raise SizeLimitError(f"{source} is too large; {what} may have {human_bytes(most)}")
    return content

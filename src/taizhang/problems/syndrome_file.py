"""Files of shots in Stim's formats: `01`, a line of zeros and ones for each, and `b8`, bits of bytes, lowest first.

Source of the formats: Stim's documentation of result formats.
"""

from __future__ import annotations

from os import PathLike
from typing import Literal

import numpy as np
import numpy.typing as npt

from taizhang._files import write_file
from taizhang.errors import ProblemError
from taizhang.problems.limited_file import read_limited

BoolArray = npt.NDArray[np.bool_]
ShotFormat = Literal["01", "b8"]
FORMATS: tuple[ShotFormat, ...] = ("01", "b8")
MAX_FILE_BYTES = 2**32


def format_of(path: str | PathLike[str]) -> ShotFormat:
    """The format that the name of a file tells: `b8` where it ends so, else `01`."""
    return "b8" if str(path).endswith(".b8") else "01"


def read_shots(path: str | PathLike[str], bits: int, *, shot_format: ShotFormat | None = None) -> BoolArray:
    """Reads shots.

    Args:
        path: The file.
        bits: Number of bits of a shot.
        shot_format: Its format; by default what its name tells.

    Returns:
        bool, shape (shots, bits).

    Raises:
        ProblemError: The file cannot be read, or a shot has another length.
        SizeLimitError: It is too large.
    """
    source = str(path)
    content = read_limited(path, MAX_FILE_BYTES, "a file of shots")
    if (shot_format or format_of(source)) == "b8":
        each = -(-bits // 8)
        if not each or len(content) % each:
            raise ProblemError(
                f"a file of {len(content)} bytes does not hold shots of {bits} bits in {each} bytes each; check the "
                "model, the format and whether observables are appended",
                source=source,
            )
        rows = np.frombuffer(content, dtype=np.uint8).reshape(-1, each)
        return np.unpackbits(rows, axis=1, count=bits, bitorder="little").astype(bool)
    return _read_lines(content, bits, source)


def _read_lines(content: bytes, bits: int, source: str) -> BoolArray:
    lines = content.replace(b"\r\n", b"\n").split(b"\n")
    if lines and not lines[-1]:
        lines.pop()
    for number, line in enumerate(lines, start=1):
        if len(line) != bits or line.strip(b"01"):
            raise ProblemError(
                f"a shot must be {bits} zeros and ones, got {line[:40].decode('ascii', 'replace')!r} of {len(line)}; "
                "check the model, the format and whether observables are appended",
                line=number,
                source=source,
            )
    joined = np.frombuffer(b"".join(lines), dtype=np.uint8)
    return np.asarray(joined == ord("1")).reshape(len(lines), bits)


def write_shots(path: str | PathLike[str], shots: BoolArray, *, shot_format: ShotFormat | None = None) -> None:
    """Writes shots, shape (shots, bits).

    Raises:
        OSError: The file cannot be written.
    """
    if (shot_format or format_of(path)) == "b8":
        write_file(path, np.packbits(shots, axis=1, bitorder="little").tobytes())
    else:
        write_file(path, "".join(f"{line}\n" for line in lines_of(shots)))


def lines_of(shots: BoolArray) -> list[str]:
    """Shots as zeros and ones."""
    digits = shots.astype(np.uint8) + ord("0")
    return [row.tobytes().decode() for row in digits]

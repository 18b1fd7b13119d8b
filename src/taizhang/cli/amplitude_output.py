"""Output of amplitudes: lines of text, records for `--json`, files."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import click
import numpy as np
import numpy.typing as npt

from taizhang._files import write_file
from taizhang.tasks.amplitudes import AmplitudeAnswer

# Most amplitudes printed on a terminal; `-o` writes all of them.
MOST_LINES = 64


def show_amplitudes(result: AmplitudeAnswer, *, most: int | None = MOST_LINES) -> None:
    """Prints amplitudes as text, the first `most` of them if there are more."""
    for number, entry in enumerate(result.records()):
        if number == most:
            click.echo(f"… and {result.values.size - number} more; -o FILE writes all of them")
            return
        re, im = float(entry["re"]), float(entry["im"])
        click.echo(f"{entry['bitstring']}  {re:+.8e} {im:+.8e}i  probability {re * re + im * im:.6e}")


def write_amplitudes(result: AmplitudeAnswer, path: Path) -> None:
    """Writes amplitudes: `.npy` as an array, `.json`, or lines of text."""
    if path.suffix.lower() == ".npy":
        write_file(path, npy_bytes(result.values))
    elif path.suffix.lower() == ".json":
        write_file(path, json.dumps({"amplitudes": list(result.records())}) + "\n")
    else:
        lines = (f"{entry['bitstring']} {entry['re']!r} {entry['im']!r}\n" for entry in result.records())
        write_file(path, "".join(lines))


def npy_bytes(array: npt.NDArray[Any]) -> bytes:
    """The content of a `.npy` file of an array."""
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    return stream.getvalue()

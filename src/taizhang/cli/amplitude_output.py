"""Amplitudes as commands give them: lines for people, records for `--json`, files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np

from taizhang.tasks.amplitudes import AmplitudeAnswer

# More lines than this help nobody on a terminal; `-o` takes them all.
MOST_LINES = 64


def records_of(result: AmplitudeAnswer) -> Iterator[dict[str, str | float]]:
    """Each amplitude with its whole bitstring."""
    return result.records()


def show_amplitudes(result: AmplitudeAnswer) -> None:
    """Prints amplitudes for people, the first of them if there are many."""
    for number, entry in enumerate(records_of(result)):
        if number == MOST_LINES:
            click.echo(f"… and {result.values.size - number} more; -o FILE writes all of them")
            return
        re, im = float(entry["re"]), float(entry["im"])
        click.echo(f"{entry['bitstring']}  {re:+.8e} {im:+.8e}i  probability {re * re + im * im:.6e}")


def write_amplitudes(result: AmplitudeAnswer, path: Path) -> None:
    """Writes amplitudes: `.npy` as an array, `.json`, or lines of text."""
    if path.suffix == ".npy":
        np.save(path, result.values, allow_pickle=False)
    elif path.suffix == ".json":
        path.write_text(json.dumps({"amplitudes": list(records_of(result))}), encoding="utf-8")
    else:
        with path.open("w", encoding="utf-8") as file:
            file.writelines(f"{entry['bitstring']} {entry['re']!r} {entry['im']!r}\n" for entry in records_of(result))

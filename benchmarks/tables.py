"""Prints result tables, and runs peers in separate processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

Result = tuple[str, Sequence[str], Iterable[Sequence[str]]]

# Without these numpy loses up to a third of its time to page faults of fresh buffers, and the comparison is not fair.
MALLOC_TUNED = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "20000000000"}


def show(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Prints one table."""
    table = Table(title=title, title_justify="left")
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left")
    for row in rows:
        table.add_row(*row)
    Console(width=140).print(table)


def run_json(words: Sequence[str], *, threads: int, timeout: float = 3600, python: str = sys.executable) -> Any:
    """Runs a Python program that prints one JSON object last; None where it failed or took too long."""
    environment = {**os.environ, **MALLOC_TUNED}
    environment |= {f"{name}_NUM_THREADS": str(threads) for name in ("OMP", "OPENBLAS", "MKL")}
    try:
        done = subprocess.run(
            [python, *words],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=True,
        )
        return json.loads(done.stdout.strip().splitlines()[-1])
    except subprocess.TimeoutExpired:
        return None
    except subprocess.CalledProcessError as error:
        sys.stderr.write(f"{' '.join(words[:3])} failed:\n{error.stderr[-2000:]}\n")
        return None


def ratio(peer: float | None, ours: float | None) -> str:
    """How many times faster ours is, as text."""
    return f"{peer / ours:.2f} ×" if peer and ours else "-"


def figure(value: float | None, form: str = ".2f") -> str:
    """A number, or a dash where there is none."""
    return "-" if value is None else format(value, form)

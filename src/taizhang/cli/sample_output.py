"""Samples as commands give them: lines, a file, one JSON object."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click
import numpy as np

from taizhang._units import human_seconds
from taizhang.cli.options import echo_json
from taizhang.sampling.sampler import Bits, SampleReport


def write_samples(portions: Iterable[Bits], output: str | None, *, as_json: bool) -> None:
    """Writes samples as they come: to a file, or else to standard output, unless that is kept for one JSON object."""
    if output is not None and output.endswith(".npy"):
        np.save(Path(output), np.concatenate(list(portions)), allow_pickle=False)
    elif output is not None or not as_json:
        with _sink(output) as sink:
            for portion in portions:
                sink.write(_lines(portion))
                sink.flush()
    else:
        for _ in portions:
            pass


def present_report(
    report: SampleReport, seconds: Mapping[str, float], *, shots: int, method: str, reason: str, as_json: bool
) -> None:
    """Tells what is known of samples that were written."""
    if as_json:
        echo_json(
            {
                "shots": shots,
                "method": method,
                "reason": reason,
                "fidelity": report.fidelity,
                "linear_xeb": report.linear_xeb,
                "standard_error": report.standard_error,
                "remarks": list(report.remarks),
                "seconds": dict(seconds),
            }
        )
        return
    for line in _told(report):
        click.echo(line, err=True)
    click.echo(f"{shots} samples in {human_seconds(sum(seconds.values()))}", err=True)


@contextmanager
def _sink(output: str | None) -> Iterator[BinaryIO]:
    """Where lines go: a file, or standard output."""
    if output is None:
        sys.stdout.flush()
        yield sys.stdout.buffer
        return
    with Path(output).open("wb") as file:
        yield file


def _lines(bits: Bits) -> bytes:
    """Bits as lines of characters."""
    lines = np.full((len(bits), bits.shape[1] + 1), ord("\n"), dtype=np.uint8)
    lines[:, :-1] = bits + ord("0")
    return lines.tobytes()


def _told(report: SampleReport) -> Iterator[str]:
    if report.linear_xeb is not None:
        error = "" if report.standard_error is None else f" ± {report.standard_error:.4f}"
        yield f"linear XEB {report.linear_xeb:.4f}{error}, estimated from probabilities computed on the way"
    yield from report.remarks

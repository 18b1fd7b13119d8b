"""Output of samples: lines of text, a file, one JSON object."""

from __future__ import annotations

import contextlib
import itertools
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import click
import numpy as np

from taizhang._files import reason_of, write_file
from taizhang._units import counted, human_seconds
from taizhang.cli.amplitude_output import npy_bytes
from taizhang.cli.notes import note
from taizhang.cli.options import echo_json
from taizhang.cli.saving import Saved, save
from taizhang.sampling.sampler import Bits, SampleReport

MOST_LISTED = 10_000
"""Most samples in the JSON object of a command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Where samples were written.

    Attributes:
        saved: Whether they are in the output file.
        listed: The samples for the JSON object, or None.
    """

    saved: Saved
    listed: list[str] | None


def check_listing(shots: int, output: str | None, *, as_json: bool) -> None:
    """Warns before the work that the JSON object will not hold all samples."""
    if as_json and output is None and shots > MOST_LISTED:
        click.echo(
            f"taizhang: the JSON object will hold the first {MOST_LISTED:,} of {shots:,} samples; -o FILE keeps all",
            err=True,
        )


def write_samples(portions: Iterable[Bits], output: str | None, *, as_json: bool) -> Written:
    """Writes samples as they are drawn: to a file, to standard output, or into the JSON object.

    If writing the file fails on the way, the remaining samples go where they would go without a file.
    """
    listed: list[str] = []
    remaining = iter(portions)
    saved = Saved(path=output)
    if output is not None and output.lower().endswith(".npy"):
        bits = np.concatenate(list(remaining))
        saved = save(output, lambda path: write_file(path, npy_bytes(bits)))
        remaining = iter(() if saved.done else (bits,))
    elif output is not None:
        saved, remaining = _write_lines(Path(output), remaining)
    for portion in remaining:
        lines = _lines(portion)
        if as_json:
            listed += lines.decode("ascii").split()[: MOST_LISTED - len(listed)]
        else:
            sys.stdout.flush()
            sys.stdout.buffer.write(lines)
            sys.stdout.buffer.flush()
    return Written(saved=saved, listed=None if saved.done or not as_json else listed)


def _write_lines(path: Path, portions: Iterator[Bits]) -> tuple[Saved, Iterator[Bits]]:
    """Writes portions to a file; returns the portions that could not be written."""
    written = 0
    for portion in portions:
        lines = _lines(portion)
        try:
            with path.open("ab" if written else "wb") as file:
                file.write(lines)
            written += len(lines)
        except OSError as error:
            if path.is_file():
                with contextlib.suppress(OSError):
                    os.truncate(path, written)
            return Saved(path=str(path), problem=reason_of(error)), itertools.chain([portion], portions)
    return Saved(path=str(path)), iter(())


def present_report(
    report: SampleReport,
    seconds: Mapping[str, float],
    written: Written,
    *,
    shots: int,
    method: str,
    reason: str,
    as_json: bool,
) -> None:
    """Reports on the written samples.

    Raises:
        UnwrittenResultError: They could not be written to their file.
    """
    if as_json:
        echo_json(
            {
                **({} if written.listed is None else {"samples": written.listed}),
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
        written.saved.check()
        return
    for line in _remarks(report):
        note(line)
    note(f"{counted(shots, 'sample')} in {human_seconds(sum(seconds.values()))}")
    written.saved.check()


def present_records(
    records: Bits, groups: Sequence[int], seconds: Mapping[str, float], *, output: str | None, as_json: bool
) -> None:
    """Writes values of classical bits, with spaces between registers.

    Args:
        records: uint8, shape (shots, bits).
        groups: Sizes of the registers.
        seconds: Wall time of the stages.
        output: File to write to, or None; .npy as an array without spaces.
        as_json: Print one JSON object.

    Raises:
        UnwrittenResultError: The file could not be written; the records were printed.
    """
    ends = list(accumulate(groups))
    lines = [
        " ".join("".join(map(str, row[end - size : end])) for size, end in zip(groups, ends, strict=True))
        for row in records.tolist()
    ]
    if output is not None and output.lower().endswith(".npy"):
        saved = save(output, lambda path: write_file(path, npy_bytes(records)))
    else:
        saved = save(output, lambda path: write_file(path, "".join(f"{line}\n" for line in lines)))
    if as_json:
        listed = {} if saved.done else {"samples": lines[:MOST_LISTED]}
        echo_json({**listed, "shots": len(records), "method": "histories", "fidelity": 1.0, "seconds": dict(seconds)})
    elif not saved.done:
        sys.stdout.write("".join(f"{line}\n" for line in lines))
    saved.check()


def _lines(bits: Bits) -> bytes:
    """Bits as lines of characters."""
    lines = np.full((len(bits), bits.shape[1] + 1), ord("\n"), dtype=np.uint8)
    lines[:, :-1] = bits + ord("0")
    return lines.tobytes()


def _remarks(report: SampleReport) -> Iterator[str]:
    if report.linear_xeb is not None:
        error = "" if report.standard_error is None else f" ± {report.standard_error:.4f}"
        yield f"linear XEB {report.linear_xeb:.4f}{error}, estimated from probabilities computed while sampling"
    yield from report.remarks

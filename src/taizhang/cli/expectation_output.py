"""Output of expectation values and their derivatives: lines of text, records for `--json`, files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
import numpy.typing as npt

from taizhang._files import write_file
from taizhang._resources import peak_resident_bytes
from taizhang._units import counted
from taizhang.cli.amplitude_output import npy_bytes
from taizhang.cli.options import echo_json
from taizhang.cli.saving import save
from taizhang.tasks.expectation import ExpectationValues, value_records

if TYPE_CHECKING:
    from taizhang.tasks.trajectories import TrajectoryValues

MOST_DERIVATIVES = 50
"""Most derivatives printed for an observable; `--json` and `-o` give all of them."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Derivatives:
    """The derivatives of some observables.

    Attributes:
        names: Names of the parameters.
        rows: float64, shape (observables, parameters).
    """

    names: Sequence[str]
    rows: npt.NDArray[np.float64]


def present_values(
    answer: ExpectationValues,
    plain: npt.NDArray[Any],
    *,
    work: Mapping[str, object],
    seconds: Mapping[str, float],
    output: str | None,
    as_json: bool,
    derivatives: Derivatives | None = None,
) -> None:
    """Prints expectation values, or writes them to a file.

    Args:
        answer: The values.
        plain: The values as an array, shape (observables,).
        work: The JSON keys of their plan.
        seconds: Wall time of the stages.
        output: File to write to, or None.
        as_json: Print one JSON object.
        derivatives: Their derivatives, or None.

    Raises:
        UnwrittenResultError: The file could not be written; the values were printed.
    """
    saved = save(output, lambda path: _write_values(Path(path), answer, plain, derivatives))
    if as_json:
        report: dict[str, Any] = {"values": [] if saved.done else _records(answer, derivatives), "plan": dict(work)}
        report |= {"cones": answer.num_cones, "distinct_cones": answer.num_distinct}
        echo_json({**report, "seconds": dict(seconds), "peak_bytes": peak_resident_bytes()})
    elif saved.done:
        click.echo(f"{counted(len(answer.texts), 'expectation value')} written to {output}")
    else:
        _show_values(answer, derivatives, MOST_DERIVATIVES if saved.problem is None else None)
    _warn_of_imaginary_parts(answer)
    saved.check()


def present_estimates(
    texts: Sequence[str],
    found: TrajectoryValues,
    seconds: Mapping[str, float],
    *,
    output: str | None,
    as_json: bool,
) -> None:
    """Prints estimates with their standard errors, or writes them to a file.

    Raises:
        UnwrittenResultError: The file could not be written; the values were printed.
    """
    name, errors = ("standard_error", found.standard_errors) if found.bounds is None else ("bound", found.bounds)
    both = np.column_stack([found.values, errors])
    rows = list(zip(texts, found.values.tolist(), errors.tolist(), strict=True))
    records = [{"observable": text, "value": value, "imag": 0.0, name: error} for text, value, error in rows]

    def write(path: str) -> None:
        ending = Path(path).suffix.lower()
        lines = "".join(f"{value!r} {error!r}\n" for _, value, error in rows)
        text = json.dumps({"values": records}) + "\n" if ending == ".json" else lines
        write_file(path, npy_bytes(both) if ending == ".npy" else text)

    saved = save(output, write)
    counts = {"trajectories": found.num_trajectories, "distinct_trajectories": found.num_distinct}
    if as_json:
        listed = [] if saved.done else records
        echo_json({"values": listed, **counts, "seconds": dict(seconds), "peak_bytes": peak_resident_bytes()})
    elif not saved.done:
        width = max(map(len, texts), default=0) + 2
        for text, value, error in rows:
            click.echo(f"{text:<{width}}{value: .6g} ± {error:.2g}")
        different = counted(found.num_distinct, "different choice")
        if found.bounds is None:
            click.echo(f"taizhang: {found.num_trajectories:,} trajectories, {different} of operators", err=True)
        else:
            click.echo(f"taizhang: the {different} of operators that are likeliest; bounds that hold", err=True)
    saved.check()


def _records(answer: ExpectationValues, derivatives: Derivatives | None) -> list[dict[str, Any]]:
    """The values as `--json` prints them."""
    listed = value_records(answer)
    if derivatives is not None:
        for record, row in zip(listed, derivatives.rows.tolist(), strict=True):
            record["gradient"] = dict(zip(derivatives.names, row, strict=True))
    return listed


def _show_values(answer: ExpectationValues, derivatives: Derivatives | None, most: int | None) -> None:
    """Prints a line for each observable, with its text if there are several, and at most `most` derivatives below."""
    alone = len(answer.texts) == 1
    width = max(map(len, answer.texts), default=0) + 2
    for number, (text, value, hermitian) in enumerate(zip(answer.texts, answer.values, answer.hermitian, strict=True)):
        shown = f"{value.real: .10g}" if hermitian else f"{value.real: .10g} {value.imag:+.10g}i"
        click.echo(shown.strip() if alone else f"{text:<{width}}{shown}")
        if derivatives is not None:
            _show_derivatives(derivatives.names, derivatives.rows[number], most, indent="" if alone else "  ")


def _show_derivatives(names: Sequence[str], row: npt.NDArray[np.float64], most: int | None, *, indent: str) -> None:
    shown = list(names[:most])
    width = max(map(len, shown), default=0) + 2
    for name, derivative in zip(shown, row, strict=False):
        click.echo(f"{indent}{name:<{width}}{derivative: .10g}")
    if len(shown) < len(names):
        click.echo(f"{indent}… {len(names) - len(shown):,} more; --json or -o gives all")


def _warn_of_imaginary_parts(answer: ExpectationValues) -> None:
    wrong = [text for text, hermitian in zip(answer.texts, answer.hermitian, strict=True) if not hermitian]
    if wrong:
        others = f" and {counted(len(wrong) - 1, 'other observable')}" if len(wrong) > 1 else ""
        verb, whose = ("are", "their values") if others else ("is", "its value")
        click.echo(
            f"taizhang: warning: '{wrong[0]}'{others} {verb} not Hermitian, so {whose} may have an imaginary part",
            err=True,
        )


def _write_values(
    path: Path, answer: ExpectationValues, plain: npt.NDArray[Any], derivatives: Derivatives | None
) -> None:
    """Writes values: `.json` as records, `.npy` as an array, else as lines of text.

    With derivatives the array has a row for each observable: its value, then its derivatives.
    """
    ending = path.suffix.lower()
    if ending == ".json":
        write_file(path, json.dumps({"values": _records(answer, derivatives)}) + "\n")
    elif ending == ".npy":
        whole = plain if derivatives is None else np.column_stack([plain, derivatives.rows])
        write_file(path, npy_bytes(whole))
    else:
        rows = [[]] * len(answer.texts) if derivatives is None else derivatives.rows.tolist()
        lines = []
        for value, hermitian, row in zip(answer.values.tolist(), answer.hermitian, rows, strict=True):
            parts = [value.real, *row] if hermitian else [value.real, value.imag]
            lines.append(" ".join(map(repr, parts)) + "\n")
        write_file(path, "".join(lines))

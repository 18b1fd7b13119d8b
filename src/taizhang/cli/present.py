"""Output of answers as text, as JSON and to files: one printer for each kind of answer."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import numpy as np

from taizhang._files import write_file
from taizhang._resources import peak_resident_bytes
from taizhang._units import counted
from taizhang.cli.amplitude_output import MOST_LINES, npy_bytes, show_amplitudes, write_amplitudes
from taizhang.cli.expectation_output import present_values
from taizhang.cli.options import echo_json
from taizhang.cli.reports import plan_report
from taizhang.cli.sample_output import present_report, write_samples
from taizhang.cli.saving import save
from taizhang.cli.xeb_output import present_xeb
from taizhang.plan.plan import Plan
from taizhang.tasks.amplitudes import AmplitudeAnswer
from taizhang.tasks.assembly import Assembly
from taizhang.tasks.expectation import ExpectationValues
from taizhang.tasks.samples import DrawnSamples
from taizhang.tasks.xeb import Xeb


@dataclass(frozen=True, slots=True, kw_only=True)
class Presentation:
    """How to present an answer.

    Attributes:
        assembly: The assembly that made the answer.
        plans: The plans that were run.
        seconds: Wall time of the stages.
        work: JSON keys of all plans together, for answers to which many plans belong.
        output: File to write the answer to, or None.
        plot: File to draw the answer to, or None.
        as_json: Print one JSON object.
    """

    assembly: Assembly[Any]
    plans: tuple[Plan, ...]
    seconds: Mapping[str, float]
    work: Mapping[str, object] = field(default_factory=dict)
    output: str | None = None
    plot: str | None = None
    as_json: bool = False


@functools.singledispatch
def present(answer: Any, how: Presentation) -> None:
    """Presents an answer; a kind without a printer of its own by the rows and the record of its assembly."""
    value = np.asarray(how.assembly.plain(answer))
    saved = save(how.output, lambda path: write_file(path, npy_bytes(value)))
    if how.as_json:
        report = {} if saved.done else dict(how.assembly.record(answer))
        echo_json({**report, "seconds": dict(how.seconds), "peak_bytes": peak_resident_bytes()})
    elif saved.done:
        click.echo(f"array of shape {value.shape} written to {how.output}")
    else:
        rows = list(how.assembly.rows(answer))
        width = max((len(name) for name, _ in rows), default=0)
        for name, shown in rows:
            click.echo(f"{name:<{width}}  {shown}")
        if not rows:
            click.echo(f"array of shape {value.shape}; -o FILE.npy writes it")
    saved.check()


@present.register
def _(answer: AmplitudeAnswer, how: Presentation) -> None:
    saved = save(how.output, lambda path: write_amplitudes(answer, Path(path)))
    if how.as_json:
        plan = how.plans[0]
        report: dict[str, Any] = {"amplitudes": [] if saved.done else list(answer.records())}
        report["plan"] = plan_report(plan, plan.cost.peak_bytes)
        echo_json({**report, "seconds": dict(how.seconds), "peak_bytes": peak_resident_bytes()})
    elif not saved.done:
        show_amplitudes(answer, most=MOST_LINES if saved.problem is None else None)
    else:
        click.echo(f"{counted(answer.values.size, 'amplitude')} written to {how.output}")
    saved.check()


@present.register
def _(answer: ExpectationValues, how: Presentation) -> None:
    present_values(
        answer,
        how.assembly.plain(answer),
        work=how.work,
        seconds=how.seconds,
        output=how.output,
        as_json=how.as_json,
    )


@present.register
def _(answer: Xeb, how: Presentation) -> None:
    present_xeb(answer, how.seconds, plot=how.plot, as_json=how.as_json)


@present.register
def _(answer: DrawnSamples, how: Presentation) -> None:
    written = write_samples(answer, how.output, as_json=how.as_json)
    present_report(
        answer.report(),
        how.seconds,
        written,
        shots=answer.shots,
        method=answer.method,
        reason=answer.reason,
        as_json=how.as_json,
    )

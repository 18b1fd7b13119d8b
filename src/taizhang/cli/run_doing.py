"""Doing a long run from the command line: progress while it goes on, then what the task's own command prints."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from taizhang._resources import peak_resident_bytes
from taizhang._units import counted
from taizhang.cli.amplitude_output import MOST_LINES, records_of, show_amplitudes, write_amplitudes
from taizhang.cli.options import echo_json
from taizhang.cli.reports import plan_report
from taizhang.cli.run_display import RunDisplay
from taizhang.cli.sample_output import present_report, write_samples
from taizhang.cli.saving import save
from taizhang.cli.xeb_output import present_xeb
from taizhang.long_runs import completed, result_of, xeb_of
from taizhang.runs.folder import RunFolder
from taizhang.runs.manifest import SAMPLES, XEB
from taizhang.runs.run import Workforce
from taizhang.runs.sample_task import drawn_samples
from taizhang.simulator import AmplitudeResult


def finish_run(
    folder: RunFolder,
    workforce: Workforce,
    output: str | None,
    as_json: bool,
    seconds: Mapping[str, float],
    *,
    plot: str | None = None,
) -> None:
    """Goes on with a run until it is complete, showing the progress, and prints what it gives.

    Args:
        folder: The run.
        workforce: Who is to work on it.
        output: File to write the amplitudes to, or None.
        as_json: Print one JSON object.
        seconds: Wall time of what was done before.
        plot: File to draw a cross entropy into, or None.
    """
    started = time.perf_counter()
    with RunDisplay() as display:
        values = completed(folder, workforce, display)
    spent = {**seconds, "run": time.perf_counter() - started}
    kind = folder.manifest.task["kind"]
    if kind == SAMPLES:
        portions, sampler = drawn_samples(folder.manifest, values)
        written = write_samples(portions, output, as_json=as_json)
        shots, reason = folder.manifest.task["shots"], "batches are kept in a run"
        present_report(
            sampler.report(), spent, written, shots=shots, method=sampler.method, reason=reason, as_json=as_json
        )
    elif kind == XEB:
        saved = save(output, lambda path: write_amplitudes(result_of(folder, values, spent), Path(path)))
        present_xeb(xeb_of(folder, values), spent, plot=plot, as_json=as_json)
        saved.check(printed=False)
    else:
        _present(result_of(folder, values, spent), output, as_json)


def _present(result: AmplitudeResult, output: str | None, as_json: bool) -> None:
    saved = save(output, lambda path: write_amplitudes(result, Path(path)))
    if as_json:
        report: dict[str, Any] = {"amplitudes": [] if saved.done else list(records_of(result))}
        report["plan"] = plan_report(result.plan, result.predicted_bytes)
        echo_json({**report, "seconds": result.seconds, "peak_bytes": peak_resident_bytes()})
    elif not saved.done:
        show_amplitudes(result, most=MOST_LINES if saved.problem is None else None)
    else:
        click.echo(f"{counted(result.values.size, 'amplitude')} written to {output}")
    saved.check()


def pieces_line(folder: RunFolder) -> str:
    """How a run is cut, for people."""
    layout = folder.manifest.layout
    each = f"{layout.slices_per_piece:,} slices"
    if layout.amplitudes_per_piece > 1:
        each = f"{layout.amplitudes_per_piece:,} contractions"
    if folder.manifest.num_bitstrings > layout.num_amplitudes:
        each += (
            f", for {folder.manifest.num_bitstrings:,} bitstrings in {counted(layout.num_amplitudes, 'contraction')}"
        )
    return f"{folder.path}: {layout.num_pieces:,} pieces of {each}"

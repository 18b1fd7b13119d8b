"""Completes a run from the command line: shows progress, then prints what the command of its task prints."""

from __future__ import annotations

import time
from collections.abc import Mapping

from taizhang._units import counted
from taizhang.cli.present import Presentation, present
from taizhang.cli.reports import work_report
from taizhang.cli.run_display import RunDisplay
from taizhang.runs.folder import RunFolder
from taizhang.runs.run import Workforce, complete_run


def finish_run(
    folder: RunFolder,
    workforce: Workforce,
    output: str | None,
    as_json: bool,
    seconds: Mapping[str, float],
    *,
    plot: str | None = None,
) -> None:
    """Continues a run until it is complete, showing progress, and prints its result.

    Args:
        folder: The run.
        workforce: The workers.
        output: File to write the result to, or None.
        as_json: Print one JSON object.
        seconds: Wall time of the stages before.
        plot: File to draw a cross entropy to, or None.
    """
    started = time.perf_counter()
    with RunDisplay() as display:
        answer = complete_run(folder, workforce, display)
    spent = {**seconds, "run": time.perf_counter() - started}
    plans = tuple(folder.plan(number) for number in range(len(folder.manifest.plans)))
    how = Presentation(
        assembly=folder.assembly(),
        plans=plans,
        work=work_report(plans, [record.num_contractions for record in folder.manifest.plans]),
        seconds=spent,
        output=output,
        plot=plot,
        as_json=as_json,
    )
    present(answer, how)


def pieces_line(folder: RunFolder) -> str:
    """Describes how a run is divided into pieces."""
    layout = folder.manifest.layout
    contractions = counted(layout.num_contractions, "contraction")
    pieces = counted(layout.num_pieces, "piece")
    return f"{folder.path}: {folder.assembly().description()}, in {contractions}, divided into {pieces}"

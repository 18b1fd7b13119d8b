"""`taizhang decode`: exact maximum-likelihood decoding."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import click
import numpy as np

from taizhang._resources import peak_resident_bytes
from taizhang.api.decoding import Decoder
from taizhang.cli.display import Display
from taizhang.cli.notes import note
from taizhang.cli.options import (
    InputFile,
    OutputFile,
    command,
    directory_option,
    echo_json,
    option,
    output_options,
    settings_options,
)
from taizhang.cli.run_doing import finish_run, pieces_line
from taizhang.cli.saving import save
from taizhang.errors import UsageError
from taizhang.problems.detector_model import read_detector_model
from taizhang.problems.syndrome_file import FORMATS, ShotFormat, lines_of, read_shots, write_shots
from taizhang.runs.run import own_workforce
from taizhang.runs.start import start_run
from taizhang.settings import DoubleOptions, Settings
from taizhang.tasks.decoding import DecodingTask, distinct_syndromes

# Predictions in `--json` without a file.
_MOST_LISTED = 10_000


@command("decode")
@click.argument("model", type=InputFile())
@click.argument("syndromes", type=InputFile())
@option("--observables-appended", is_flag=True, help="Each shot ends with the true observables: count failures.")
@option(
    "--shot-format",
    type=click.Choice(FORMATS),
    help="Format of SYNDROMES, Stim's 01 or b8 [what its name tells, else 01].",
)
@option(
    "--method",
    type=click.Choice(("auto", "network", "sweep")),
    default="auto",
    help="Contract the network, sweep over the detectors (all terms positive), or sweep where the network is not "
    "precise enough [auto].",
)
@directory_option
@option(
    "-o",
    "--output",
    type=OutputFile(".01", ".b8", ".txt", ".dat", ""),
    metavar="FILE",
    group="Output",
    help="Write the predictions in Stim's format 01, or b8 where the name ends so.",
)
@settings_options(DoubleOptions)
@output_options
def decode_command(
    model: str,
    syndromes: str,
    observables_appended: bool,
    shot_format: ShotFormat | None,
    method: Any,
    directory: str | None,
    output: str | None,
    settings: Settings,
    as_json: bool,
) -> None:
    """Decode SYNDROMES of the detector error model MODEL exactly, by maximum likelihood.

    MODEL is in Stim's format, or a circuit that ends in .stim. SYNDROMES holds shots in Stim's formats. Printed are the
    most probable values of the observables, a line for each shot. With --directory: the probabilities of each different
    syndrome with all values of the observables, from the network.
    """
    # Stage 1: read.
    if directory is not None and (method != "auto" or output is not None):
        raise UsageError("a run contracts the network and prints probabilities; leave out --method and -o")
    started = time.perf_counter()
    with Display() as display:
        display.stage("read")
        read = read_detector_model(model)
        width = read.num_detectors + read.num_observables
        bits = width if observables_appended else read.num_detectors
        shots = read_shots(syndromes, bits, shot_format=shot_format)
        syndromes_alone = shots[:, : read.num_detectors]
        reading = time.perf_counter()
        # Stage 2: decode, or start the run.
        if directory is not None:
            task = DecodingTask(model=read, syndromes=distinct_syndromes(syndromes_alone)[0])
            folder = start_run(directory, task, replace(settings, dtype="complex128"), observer=display)
        else:
            decoder = Decoder.of_settings(read, settings, method=method, observer=display)
            found = decoder.decode_with_posteriors(syndromes_alone)
    if directory is not None:
        note(pieces_line(folder))
        finish_run(folder, own_workforce(settings), output, as_json, {"prepare": time.perf_counter() - started})
        return
    seconds = {"read": reading - started, "run": time.perf_counter() - reading}
    # Stage 3: failures, where the truth is known.
    summary: dict[str, Any] = {
        "shots": len(shots),
        "mean_posterior_error": found.mean_posterior_error,
        "swept": found.swept,
        "unsure": int(found.unsure.sum()),
    }
    if observables_appended:
        summary["failures"] = int((found.predictions != shots[:, read.num_detectors :]).any(axis=1).sum())
    note(_told(summary))
    # Stage 4: print or write.
    saved = save(output, lambda path: write_shots(path, found.predictions))
    if as_json:
        listed = [] if saved.done else _listed(found)
        echo_json({"predictions": listed, **summary, "seconds": seconds, "peak_bytes": peak_resident_bytes()})
    elif not saved.done:
        click.echo("".join(f"{line}\n" for line in lines_of(found.predictions)), nl=False)
    saved.check()


def _listed(found: Any) -> list[dict[str, Any]]:
    rows = zip(lines_of(found.predictions), found.probabilities.tolist(), found.posteriors.tolist(), strict=True)
    several = [{"observables": bits, "probability": chance, "posterior": sure} for bits, chance, sure in rows]
    return several[:_MOST_LISTED]


def _told(summary: dict[str, Any]) -> str:
    told = f"{summary['shots']:,} shots, mean posterior error {summary['mean_posterior_error']:.6g}"
    if "failures" in summary:
        share = summary["failures"] / max(summary["shots"], 1)
        told += f", {summary['failures']:,} failures ({share:.6g} ± {np.sqrt(share / max(summary['shots'], 1)):.2g})"
    if summary["unsure"]:
        told += (
            f"; {summary['unsure']:,} shots are so improbable that the network may be wrong by more than a part in a "
            "thousand; --method sweep is sure of them, and takes longer"
        )
    return told

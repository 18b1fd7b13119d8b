"""`taizhang contract`: the value of any tensor network."""

from __future__ import annotations

import sys
import time

import click
import numpy as np

from taizhang._files import write_file
from taizhang._resources import peak_resident_bytes
from taizhang.cli.amplitude_output import npy_bytes
from taizhang.cli.display import Display
from taizhang.cli.notes import note, verbosity
from taizhang.cli.options import (
    InputFile,
    OutputFile,
    ProfileRequest,
    command,
    echo_json,
    option,
    output_options,
    parse_slices,
    profile_options,
    settings_options,
    verbose_option,
)
from taizhang.cli.reports import QUICK_SECONDS, measured_profile, plan_report, predicted_and_actual
from taizhang.cli.saving import save
from taizhang.network.network_file import read_arrays, read_network
from taizhang.plan.plan import Plan
from taizhang.settings import Settings
from taizhang.tasks.contraction import ContractionTask
from taizhang.tasks.solve import solve


@command("contract")
@click.argument("network", type=InputFile())
@click.argument("arrays", type=InputFile())
@option("--plan", "plan_file", type=InputFile(), metavar="PLAN", help="Run this plan instead of searching one.")
@option("--slices", metavar="A:B", help="Contract only these slices, A to B-1.")
@option(
    "-o",
    "--output",
    type=OutputFile(".npy", ""),
    metavar="FILE.npy",
    group="Output",
    help="Write the value as an array.",
)
@verbose_option
@profile_options
@settings_options()
@output_options
def contract_command(
    network: str,
    arrays: str,
    plan_file: str | None,
    slices: str | None,
    output: str | None,
    profile: ProfileRequest,
    settings: Settings,
    as_json: bool,
) -> None:
    """Contract NETWORK (JSON) with ARRAYS (.npz: arr_0, arr_1, … in the order of its inputs)."""
    # Stage 1: read the network, and contract it.
    started = time.perf_counter()
    selected = parse_slices(slices)
    plan = Plan.load(plan_file) if plan_file is not None else None
    advice = f"to do such work in parts: taizhang contract {network} {arrays} --plan PLAN --slices A:B -o FILE.npy"
    with Display(advice) as display:
        display.stage("read")
        filled = read_arrays(read_network(network), arrays)
        task = ContractionTask(network=filled, slices=selected)
        result = solve(task, settings, plan=plan, observer=display, profile=profile.enabled)
    value, done, plan = result.answer, result.contractions[0], result.plans[0]
    # Stage 2: write or print the value, then profile, plan and times.
    saved = save(output, lambda path: write_file(path, npy_bytes(np.asarray(value))))
    scalar = np.ndim(value) == 0
    number = complex(value) if scalar else 0j
    predicted, observed = result.predicted_bytes, peak_resident_bytes()
    measured, drawn = measured_profile([done], profile)
    if as_json:
        shown: dict[str, object] = {"re": number.real, "im": number.imag}
        if not scalar:
            shown = {"shape": list(np.shape(value))}
        if not scalar and saved.problem is not None:
            shown |= {"re": np.real(value).tolist(), "im": np.imag(value).tolist()}
        echo_json(
            {
                "value": shown,
                "seconds": done.seconds,
                "multiply_adds": done.multiply_adds,
                "slices_done": done.slices_done,
                "plan": plan_report(plan, predicted),
                "peak_bytes": observed,
                **({} if measured is None else {"profile": measured.to_dict()}),
            }
        )
        saved.check()
        drawn.check(printed=False)
        return
    if scalar:
        click.echo(f"{number.real:+.10e} {number.imag:+.10e}i")
    elif not saved.done:
        # An array that could not be written to its file is printed in full.
        most = 64 if saved.problem is None else sys.maxsize
        click.echo(np.array2string(np.asarray(value), threshold=most))
    else:
        click.echo(f"array of shape {np.shape(value)} written to {output}")
    if measured is not None:
        click.echo(f"\n{measured.report(top=profile.top)}")
    if time.perf_counter() - started >= QUICK_SECONDS or verbosity() > 0:
        part = done.slices_done / plan.num_slices
        note(f"\n{plan}\n\n{predicted_and_actual(plan, part, predicted, done.seconds, observed)}")
    saved.check()
    drawn.check(printed=False)

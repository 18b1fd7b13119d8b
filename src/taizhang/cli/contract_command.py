"""`taizhang contract`: the value of any tensor network."""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np

from taizhang._resources import peak_resident_bytes
from taizhang.cli.display import Display
from taizhang.cli.options import (
    ProfileRequest,
    command,
    echo_json,
    option,
    output_options,
    parse_slices,
    profile_options,
    settings_options,
)
from taizhang.cli.reports import measured_profile, plan_report, predicted_and_actual
from taizhang.network.network_file import read_arrays, read_network
from taizhang.plan.plan_file import Plan
from taizhang.settings import Settings
from taizhang.tasks.contraction import ContractionTask
from taizhang.tasks.solve import solve


@command("contract")
@click.argument("network")
@click.argument("arrays")
@option("--plan", "plan_file", metavar="PLAN", help="Run this plan instead of searching one.")
@option("--slices", metavar="A:B", help="Only these slices, A included, B not.")
@option("-o", "--output", metavar="FILE.npy", group="Output", help="Write the value as an array.")
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
    wanted = parse_slices(slices)
    plan = Plan.load(plan_file) if plan_file is not None else None
    with Display() as display:
        display.stage("read")
        whole = read_arrays(read_network(network), arrays)
        task = ContractionTask(network=whole, slices=wanted)
        result = solve(task, settings, plan=plan, observer=display, profile=profile.wanted)
    value, done, plan = result.answer, result.contractions[0], result.plans[0]
    if output is not None:
        np.save(Path(output), value, allow_pickle=False)
    scalar = np.ndim(value) == 0
    number = complex(value) if scalar else 0j
    predicted, observed = result.predicted_bytes, peak_resident_bytes()
    measured = measured_profile([done], profile)
    if as_json:
        shown = {"re": number.real, "im": number.imag} if scalar else {"shape": list(np.shape(value))}
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
        return
    if scalar:
        click.echo(f"{number.real:+.10e} {number.imag:+.10e}i")
    elif output is None:
        click.echo(np.array2string(np.asarray(value), threshold=64))
    else:
        click.echo(f"array of shape {np.shape(value)} written to {output}")
    if measured is not None:
        click.echo(f"\n{measured.report(top=profile.top)}")
    click.echo(f"\n{plan}\n", err=True)
    part = done.slices_done / plan.num_slices
    click.echo(predicted_and_actual(plan, part, predicted, done.seconds, observed), err=True)

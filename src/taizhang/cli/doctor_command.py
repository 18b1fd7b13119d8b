"""`taizhang doctor`: what this machine can do."""

from __future__ import annotations

import click

from taizhang.cli.options import command, echo_json, option, output_options
from taizhang.results.machine_report import doctor


@command("doctor")
@option("--again", is_flag=True, help="Measure again, instead of reporting what was measured before.")
@output_options
def doctor_command(again: bool, as_json: bool) -> None:
    """What this machine can do: cores, SIMD level, measured rates, memory."""
    report = doctor(again=again)
    if as_json:
        echo_json(report.to_dict())
    else:
        click.echo(str(report))

"""`taizhang doctor`: cores, SIMD level, measured rates and memory of this machine."""

from __future__ import annotations

import click

from taizhang.api.doctor import doctor
from taizhang.cli.options import command, echo_json, option, output_options


@command("doctor")
@option("--again", is_flag=True, help="Measure again instead of reporting the stored measurement.")
@output_options
def doctor_command(again: bool, as_json: bool) -> None:
    """Show what this machine can do: cores, SIMD level, measured rates, memory."""
    report = doctor(again=again)
    if as_json:
        echo_json(report.to_dict())
    else:
        click.echo(str(report))

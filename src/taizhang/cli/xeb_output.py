"""Output of cross entropies: lines of text, one JSON object, a picture."""

from __future__ import annotations

from collections.abc import Mapping

import click

from taizhang._resources import peak_resident_bytes
from taizhang.cli.notes import note
from taizhang.cli.options import echo_json
from taizhang.cli.saving import save
from taizhang.plots.cross_entropy import plot_xeb
from taizhang.tasks.xeb import Xeb


def present_xeb(xeb: Xeb, seconds: Mapping[str, float], *, plot: str | None, as_json: bool) -> None:
    """Prints the figures, and draws them if a file is given.

    Args:
        xeb: The figures.
        seconds: Wall time of the stages.
        plot: File to draw to, or None.
        as_json: Print one JSON object.
    """
    drawn = save(plot, lambda path: plot_xeb(xeb, path))
    if as_json:
        echo_json({**xeb.to_dict(), "seconds": dict(seconds), "peak_bytes": peak_resident_bytes()})
        drawn.check(printed=False)
        return
    click.echo(str(xeb))
    stages = ", ".join(f"{name} {spent:.2f} s" for name, spent in seconds.items())
    note(f"{sum(seconds.values()):.2f} s in all: {stages}")
    drawn.check(printed=False)

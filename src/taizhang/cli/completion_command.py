"""`taizhang completion`: shell completion of commands, options and file names."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from taizhang.cli.options import command

SHELLS = ("bash", "zsh", "fish")
_VARIABLE = "_TAIZHANG_COMPLETE"


@command("completion")
@click.argument("shell", type=click.Choice(SHELLS))
def completion_command(shell: str) -> None:
    """Print a script that makes SHELL complete commands, options and file names.

    For bash: eval "$(taizhang completion bash)", now or in ~/.bashrc; for fish: taizhang completion fish | source.
    """
    kind = get_completion_class(shell)
    root = click.get_current_context().find_root().command
    if kind is not None:
        click.echo(kind(root, {}, "taizhang", _VARIABLE).source())

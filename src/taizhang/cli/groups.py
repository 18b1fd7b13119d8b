"""Groups of commands: alone they print their help, and for a misspelt command they suggest the nearest one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from taizhang._lazy import lazy_module

if TYPE_CHECKING:
    import difflib
else:
    difflib = lazy_module("difflib")


class SuggestingGroup(click.Group):
    """A group that suggests the nearest command for an unknown one."""

    def resolve_command(
        self, ctx: click.Context, args: Sequence[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Finds a command by its name.

        Raises:
            click.UsageError: There is no command of this name.
        """
        words = list(args)
        name = words[0]
        if not name.startswith("-") and self.get_command(ctx, name) is None and not ctx.resilient_parsing:
            known = self.list_commands(ctx)
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
            hint = f"did you mean '{near[0]}'?" if near else f"the commands are {', '.join(known)}"
            raise click.UsageError(f"there is no command '{name}'; {hint}")
        return super().resolve_command(ctx, words)


def show_help_alone(ctx: click.Context) -> None:
    """Prints the help of a group that was called without a command."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())

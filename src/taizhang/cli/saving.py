"""Results written to a file; if that fails, they go to standard output, and the command says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from taizhang._files import reason_of
from taizhang.cli.failure import UnwrittenResultError


class Saved(NamedTuple):
    """Whether a result is in its file.

    Attributes:
        path: The file, or None without one.
        problem: Why it could not be written, or None.
    """

    path: str | None
    problem: str | None = None

    @property
    def done(self) -> bool:
        """Whether the file holds it, so that it need not be printed."""
        return self.path is not None and self.problem is None

    def check(self, *, printed: bool = True) -> None:
        """Raises an error if the file could not be written.

        Args:
            printed: The result was printed instead.

        Raises:
            UnwrittenResultError: The file could not be written.
        """
        if self.problem is not None:
            instead = "; the result is on standard output instead" if printed else ""
            raise UnwrittenResultError(f"the file '{self.path}' could not be written: {self.problem}{instead}")


def save(path: str | None, write: Callable[[str], object]) -> Saved:
    """Writes a result to a file, if one is given.

    Args:
        path: The file, or None.
        write: Writes the result to a path.
    """
    if path is None:
        return Saved(path=None)
    try:
        write(path)
    except OSError as error:
        return Saved(path=path, problem=reason_of(error))
    return Saved(path=path)

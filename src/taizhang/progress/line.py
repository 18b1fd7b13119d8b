"""Progress in one line of any width."""

from __future__ import annotations

from dataclasses import dataclass

from taizhang._units import human_seconds

_LONGEST_BAR, _SHORTEST_BAR = 24, 6
_GAP = "  "


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressState:
    """The state of work in progress.

    Attributes:
        doing: Name of the current stage.
        seconds: Time since the stage began.
        seconds_left: Time left, if known; 0 if the work takes longer than predicted.
        fraction: Part of the work that is done, from 0 to 1, if known.
        remark: Further information.
    """

    doing: str
    seconds: float
    seconds_left: float | None = None
    fraction: float | None = None
    remark: str = ""

    @property
    def times(self) -> str:
        """Elapsed time and time left."""
        elapsed = human_seconds(self.seconds)
        if self.seconds_left is None:
            return elapsed
        return f"{elapsed}, {human_seconds(self.seconds_left)} left" if self.seconds_left else f"{elapsed}, late"


def bar(fraction: float, length: int) -> str:
    """Draws a bar.

    Example:
        >>> bar(0.5, 6)
        '━━━───'
    """
    done = round(min(max(fraction, 0.0), 1.0) * length)
    return "━" * done + "─" * (length - done)


def progress_line(state: ProgressState, width: int) -> str:
    """Formats progress in at most `width` characters; parts for which there is no room are left out.

    Example:
        >>> state = ProgressState(doing="Contracting", seconds=3, seconds_left=17, fraction=0.15, remark="4 slices")
        >>> progress_line(state, 70)
        'Contracting  ━━━━────────────────────  3.0 s, 17 s left  4 slices'
        >>> progress_line(state, 30)
        'Contracting  3.0 s, 17 s left'
    """
    line = f"{state.doing}{_GAP}{state.times}"
    room = width - len(line)
    if state.fraction is not None and room >= _SHORTEST_BAR + len(_GAP):
        length = min(_LONGEST_BAR, room - len(_GAP))
        line = f"{state.doing}{_GAP}{bar(state.fraction, length)}{_GAP}{state.times}"
    if state.remark and len(line) + len(_GAP) + len(state.remark) <= width:
        line += _GAP + state.remark
    return line if len(line) <= width else line[: max(width - 1, 0)] + "…"

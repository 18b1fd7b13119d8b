"""Progress of `taizhang xeb`: how many bitstrings are done, and what they give so far."""

from __future__ import annotations

import time

from taizhang._units import human_seconds
from taizhang.cli.display import Display
from taizhang.results.xeb import Xeb

# Work predicted to take longer than this is announced, with the way to end it early.
_LONG_SECONDS = 30.0
# Where nothing can be drawn a line is written this often.
_SECONDS_BETWEEN_LINES = 60.0


class XebDisplay(Display):
    """Draws progress and running estimate on the terminal, or writes a line a minute where there is none.

    Args:
        num_bitstrings: How many different bitstrings there are.
        advice: How to keep what is computed.
    """

    def __init__(self, num_bitstrings: int, advice: str = "") -> None:
        super().__init__(advice)
        self._num_bitstrings = num_bitstrings
        self._estimate = ""
        self._last_line = time.monotonic()

    def predicted(self, seconds: float) -> None:
        """Says how long all takes, if that is long."""
        super().predicted(seconds)
        self._last_line = time.monotonic()
        if seconds > _LONG_SECONDS:
            self.say(
                f"{self._num_bitstrings} different bitstrings are predicted to take {human_seconds(seconds)}; "
                "Ctrl-C ends this with the figures of the portions of some seconds that are done"
            )

    def estimated(self, xeb: Xeb, done: int) -> None:
        """Keeps the figures so far, and writes them now and then where nothing is drawn."""
        self._estimate = f"linear XEB {xeb.linear_xeb:.4f} ± {xeb.standard_error:.4f}"
        now = time.monotonic()
        if not self.draws and now - self._last_line > _SECONDS_BETWEEN_LINES:
            self._last_line = now
            self.say(f"{done} of {self._num_bitstrings} bitstrings: {self._estimate} so far")

    def contracting(self, slices_done: int, num_slices: int) -> None:
        """Shows the bitstrings done, and the estimate of those of whole portions."""
        super().contracting(slices_done, num_slices)
        remark = f"{slices_done} of {num_slices} bitstrings"
        self.remark(f"{remark}, {self._estimate} so far" if self._estimate else remark)

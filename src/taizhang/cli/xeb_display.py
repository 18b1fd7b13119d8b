"""Progress of `taizhang xeb`: the number of bitstrings done, and the estimate from them."""

from __future__ import annotations

import time

from taizhang._units import human_seconds
from taizhang.cli.display import Display
from taizhang.tasks.xeb import Xeb

# Work predicted to take longer than this is announced, with a note on ending it early.
_LONG_SECONDS = 30.0
# Without a terminal a line is written this often.
_SECONDS_BETWEEN_LINES = 60.0


class XebDisplay(Display):
    """Draws progress and the running estimate on a terminal, or writes a line every minute without one.

    Args:
        num_bitstrings: Number of different bitstrings.
        advice: How to keep partial work.
    """

    def __init__(self, num_bitstrings: int, advice: str = "") -> None:
        super().__init__(advice)
        self._num_bitstrings = num_bitstrings
        self._estimate = ""
        self._last_line = time.monotonic()

    def predicted(self, seconds: float) -> None:
        """Announces the predicted time of long work."""
        super().predicted(seconds)
        self._last_line = time.monotonic()
        if seconds > _LONG_SECONDS:
            self.say(
                f"{self._num_bitstrings} different bitstrings are predicted to take {human_seconds(seconds)}; "
                "Ctrl-C ends this with the figures of the bitstrings computed so far"
            )

    def estimated(self, xeb: Xeb, done: int) -> None:
        """Keeps the figures so far, and writes them every minute where nothing is drawn."""
        self._estimate = f"linear XEB {xeb.linear_xeb:.4f} ± {xeb.standard_error:.4f}"
        now = time.monotonic()
        if not self.draws and now - self._last_line > _SECONDS_BETWEEN_LINES:
            self._last_line = now
            self.say(f"{done} of {self._num_bitstrings} bitstrings: {self._estimate} so far")

    def contracting(self, slices_done: int, num_slices: int) -> None:
        """Shows the number of bitstrings done, and the estimate from the completed portions."""
        super().contracting(slices_done, num_slices)
        remark = f"{slices_done} of {num_slices} bitstrings"
        self.remark(f"{remark}, {self._estimate} so far" if self._estimate else remark)

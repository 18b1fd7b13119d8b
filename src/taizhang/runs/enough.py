"""When a run for samples has enough: how many batches are needed is known once they are there."""

from __future__ import annotations

from taizhang.runs.folder import RunFolder
from taizhang.runs.ledger import Ledger
from taizhang.runs.manifest import SAMPLES
from taizhang.runs.partial_sum import PartialSum
from taizhang.runs.sample_task import SampleTask


class Enough:
    """Counts the samples that the batches done give.

    Args:
        folder: A run for samples.
    """

    def __init__(self, folder: RunFolder) -> None:
        self._task = SampleTask.of(folder.manifest)
        self._layout = folder.manifest.layout
        self._exponents = folder.exponents()
        self._ahead: dict[int, int] = {}
        self._next = 0
        self.drawn = 0

    def add(self, group: int, total: PartialSum) -> int | None:
        """Takes note of a group that is complete.

        Returns:
            How many groups are needed, once those done without a gap give all samples.
        """
        own = self._layout.amplitudes_of(group)
        values = total.values(self._exponents[own.start : own.stop])
        self._ahead[group] = sum(self._task.shots_of(number, row) for number, row in zip(own, values, strict=True))
        while self._next in self._ahead and self.drawn < self._task.shots:
            self.drawn += self._ahead.pop(self._next)
            self._next += 1
        return self._next if self.drawn >= self._task.shots else None


def enough_for(folder: RunFolder) -> Enough | None:
    """What tells whether a run has enough; None for one that needs all of its pieces."""
    return Enough(folder) if folder.manifest.task["kind"] == SAMPLES else None


def drawn_so_far(folder: RunFolder, ledger: Ledger) -> int | None:
    """Samples that the batches done without a gap give, at most those asked for; None where the run is for others.

    Raises:
        RunDamagedError: A sum is not what was committed.
    """
    enough = enough_for(folder)
    if enough is None:
        return None
    for node, total in ledger.complete_sums():
        if enough.add(node.group, total) is not None:
            break
    return min(enough.drawn, int(folder.manifest.task["shots"]))

"""Random numbers that belong to a shot, not to the order in which shots are drawn.

Samples must not depend on the number of threads, the memory, or the size of the portions in which they are drawn. So
numbers are generated in blocks of shots, each block and purpose with a stream of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from taizhang._random import stream

BLOCK = 4096
"""Shots whose numbers come from one stream."""


@dataclass(frozen=True, slots=True)
class Uniforms:
    """Uniform random numbers in [0, 1) for each shot and purpose.

    Attributes:
        seed: Seed of the samples.
        method: Name of the method, so that methods do not share numbers.

    Example:
        >>> numbers = Uniforms(1, "state-vector")
        >>> bool(numbers.draw(5000, 2, "outcome")[1] == numbers.draw(0, 6000, "outcome")[5001])
        True
    """

    seed: int
    method: str

    def draw(self, first: int, count: int, *purpose: str | int) -> npt.NDArray[np.float64]:
        """Returns the numbers of the shots `first` to `first + count`, shape (count,).

        Args:
            first: Number of the first shot.
            count: Number of shots.
            purpose: Name of their use; different purposes have independent numbers.
        """
        parts = []
        for block in range(first // BLOCK, -(-(first + count) // BLOCK)):
            start = block * BLOCK
            numbers = stream(self.seed, "samples", self.method, *purpose, block).random(
                min(BLOCK, first + count - start)
            )
            parts.append(numbers[max(first - start, 0) :])
        return np.concatenate(parts) if parts else np.empty(0)

"""What all samplers have in common."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from taizhang.errors import UsageError

MethodName: TypeAlias = Literal["auto", "state-vector", "frugal", "gate-by-gate", "marginals"]
METHODS: tuple[MethodName, ...] = get_args(MethodName)
MAX_SHOTS = 10**9

Bits: TypeAlias = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleReport:
    """What is known of samples once they are drawn.

    Attributes:
        fidelity: Fidelity that the samples were drawn with: 1, or the squared norm of the slices that were added up.
        linear_xeb: Estimate of 2^n⟨p⟩ - 1 from probabilities that were computed on the way; None where none were.
        standard_error: Of `linear_xeb`.
        remarks: What else to know of the statistics, one sentence each.
    """

    fidelity: float = 1.0
    linear_xeb: float | None = None
    standard_error: float | None = None
    remarks: tuple[str, ...] = ()


class Sampler(Protocol):
    """Draws shots of one circuit.

    Attributes:
        method: Its name.
        portion: How many shots it had best draw at once.
    """

    method: MethodName
    portion: int

    def draw(self, first: int, count: int) -> Bits:
        """Draws the shots `first` to `first + count`; shape (count, num_qubits). Shots are drawn in order."""

    def report(self) -> SampleReport:
        """Tells what is known of the shots drawn so far."""


def portions(sampler: Sampler, shots: int) -> Iterator[Bits]:
    """Draws all shots, a portion at a time."""
    first = 0
    while first < shots:
        count = min(sampler.portion, shots - first)
        yield sampler.draw(first, count)
        first += count


@dataclass(slots=True)
class RunningXeb:
    """Adds up 2^n p of samples, for the estimate and its standard error."""

    count: int = 0
    total: float = 0.0
    squares: float = 0.0

    def add(self, scaled: npt.NDArray[np.float64]) -> None:
        """Adds some values of 2^n p."""
        self.count += len(scaled)
        self.total += float(scaled.sum())
        self.squares += float((scaled * scaled).sum())

    def estimate(self) -> tuple[float | None, float | None]:
        """The linear XEB and its standard error, None where there are too few samples."""
        if not self.count:
            return None, None
        mean = self.total / self.count
        if self.count == 1:
            return mean - 1, None
        variance = max(self.squares / self.count - mean * mean, 0.0) * self.count / (self.count - 1)
        return mean - 1, float(np.sqrt(variance / self.count))


def check_shots(shots: int) -> None:
    """Raises unless so many shots are allowed.

    Raises:
        UsageError: Fewer than 1, or more than 10^9.
    """
    if not 1 <= shots <= MAX_SHOTS:
        raise UsageError(f"shots was given as {shots}; wanted is a number from 1 to {MAX_SHOTS:,}")

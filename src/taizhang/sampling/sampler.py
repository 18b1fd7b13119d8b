"""Protocol and statistics that all samplers share."""

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
    """Statistics of drawn samples.

    Attributes:
        fidelity: Fidelity of the samples: 1, or the squared norm of the summed slices.
        linear_xeb: Estimate of 2^n⟨p⟩ - 1 from probabilities computed during sampling; None if there were none.
        standard_error: Of `linear_xeb`.
        remarks: Further notes on the statistics, one sentence each.
    """

    fidelity: float = 1.0
    linear_xeb: float | None = None
    standard_error: float | None = None
    remarks: tuple[str, ...] = ()


class Sampler(Protocol):
    """Draws shots of one circuit.

    Attributes:
        method: Its name.
        portion: Recommended number of shots to draw at once.
    """

    method: MethodName
    portion: int

    def draw(self, first: int, count: int) -> Bits:
        """Draws the shots `first` to `first + count`; shape (count, num_qubits). Shots are drawn in order."""

    def report(self) -> SampleReport:
        """Returns the statistics of the shots drawn so far."""


def portions(sampler: Sampler, shots: int) -> Iterator[Bits]:
    """Yields all shots, a portion at a time."""
    first = 0
    while first < shots:
        count = min(sampler.portion, shots - first)
        yield sampler.draw(first, count)
        first += count


@dataclass(slots=True)
class RunningXeb:
    """Running sums of 2^n p of samples, for the linear XEB and its standard error."""

    count: int = 0
    total: float = 0.0
    squares: float = 0.0

    def add(self, scaled: npt.NDArray[np.float64]) -> None:
        """Adds values of 2^n p."""
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


def check_shots(shots: int, *, called: str = "shots") -> None:
    """Checks the number of shots.

    Args:
        shots: The number.
        called: Name of the option in errors.

    Raises:
        UsageError: It is below 1, or above 10^9.
    """
    if not 1 <= shots <= MAX_SHOTS:
        raise UsageError(f"{called} must be a number from 1 to {MAX_SHOTS:,}, got {shots}")

"""Cross-entropy benchmarking: how well samples fit a circuit, from the probabilities of their bitstrings.

For a chaotic circuit z = 2^n p is exponentially distributed over all bitstrings (Porter–Thomas distribution). Samples
of fidelity F then have z with density (1 + F (z - 1)) e^-z, so the mean of z - 1 is F (linear XEB, Arute et al., Nature
574, 505, 2019), and the mean of ln z, plus Euler's constant, is F as well (logarithmic XEB, Boixo et al., Nature
Physics 14, 595, 2018). The Kolmogorov–Smirnov test compares the z of the samples with that distribution.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from taizhang._html import card
from taizhang._types import ComplexArray
from taizhang.errors import InputError

Floats = npt.NDArray[np.float64]

EULER = 0.5772156649015329
"""Euler's constant."""

DOUBTFUL_P_VALUE = 1e-3
"""Samples with a smaller p-value do not follow the Porter–Thomas distribution at any fidelity."""

NOT_CHAOTIC_P_VALUE = 1e-4
"""A circuit whose amplitudes at random bitstrings have a smaller p-value is not chaotic."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Xeb:
    """How well samples fit a circuit; its string is a readable summary.

    Attributes:
        linear_xeb: 2^n⟨p⟩ - 1: 0 for uniform bitstrings, 1 for samples of a chaotic circuit without errors.
        standard_error: Of `linear_xeb`.
        log_xeb: ⟨ln 2^n p⟩ plus Euler's constant, 0 and 1 in the same cases; minus infinity if a sample has p = 0.
        log_standard_error: Of `log_xeb`.
        kolmogorov_smirnov: Largest distance between the distribution of 2^n p over the samples and the Porter–Thomas
            distribution at the fidelity `linear_xeb` (clipped to 0 and 1).
        p_value: Probability of a distance at least as large for independent samples of that distribution. It is
            biased upwards, as the fidelity is estimated from the same samples.
        num_samples: Number of samples.
        num_distinct: Number of distinct samples.
        scaled_probabilities: 2^n p of each distinct bitstring, float64, shape (num_distinct,).
        counts: Number of occurrences of each, shape (num_distinct,).
        circuit_p_value: Probability, for a chaotic circuit, of a distance at least as large between the distribution of
            2^n p over random bitstrings and the Porter–Thomas distribution; None if the amplitudes of such bitstrings
            were not computed. They are computed if the samples do not follow the distribution.
    """

    linear_xeb: float
    standard_error: float
    log_xeb: float
    log_standard_error: float
    kolmogorov_smirnov: float
    p_value: float
    num_samples: int
    num_distinct: int
    scaled_probabilities: Floats
    counts: Floats
    circuit_p_value: float | None = None

    @property
    def chaotic(self) -> bool | None:
        """Whether the circuit is chaotic, by its amplitudes at random bitstrings; None if these were not computed."""
        return None if self.circuit_p_value is None else self.circuit_p_value >= NOT_CHAOTIC_P_VALUE

    @classmethod
    def of_amplitudes(
        cls,
        amplitudes: ComplexArray,
        counts: Sequence[int],
        num_qubits: int,
        *,
        at_random: ComplexArray | None = None,
    ) -> Xeb:
        """Computes all figures.

        Args:
            amplitudes: Of each distinct bitstring, shape (num_distinct,).
            counts: Number of occurrences of each.
            num_qubits: Number of qubits of the circuit.
            at_random: Amplitudes of distinct uniformly random bitstrings, to test whether the circuit is chaotic.

        Raises:
            InputError: The numbers of amplitudes and counts differ, or there is no sample.

        Example:
            >>> uniform = Xeb.of_amplitudes(np.full(4, 0.5), [25, 25, 25, 25], 2)
            >>> uniform.linear_xeb, round(uniform.log_xeb, 3)
            (0.0, 0.577)
        """
        weights = np.asarray(counts, dtype=np.float64)
        if amplitudes.shape != weights.shape or not weights.sum() > 0:
            raise InputError(
                f"counts must be one for each of {len(amplitudes)} amplitudes and not all 0, got {len(weights)} with "
                f"sum {weights.sum():g}"
            )
        logs = _log_scaled(amplitudes, num_qubits)
        scaled: Floats = np.exp(logs)
        linear, linear_error = _mean(scaled - 1, weights)
        log, log_error = _mean(logs + EULER, weights)
        distance, p_value = _kolmogorov_smirnov(scaled, weights, min(max(linear, 0.0), 1.0))
        circuit_p_value = None
        if at_random is not None:
            uniform = np.exp(_log_scaled(at_random, num_qubits))
            circuit_p_value = _kolmogorov_smirnov(uniform, np.ones_like(uniform), 0.0)[1]
        return cls(
            linear_xeb=linear,
            standard_error=linear_error,
            log_xeb=log,
            log_standard_error=log_error,
            kolmogorov_smirnov=distance,
            p_value=p_value,
            num_samples=int(weights.sum()),
            num_distinct=len(weights),
            scaled_probabilities=scaled,
            counts=weights,
            circuit_p_value=circuit_p_value,
        )

    def to_dict(self) -> dict[str, float | int | None]:
        """The figures as a JSON object; None for those that are infinite or unknown."""
        figures: dict[str, float | int | None] = {
            "linear_xeb": self.linear_xeb,
            "standard_error": self.standard_error,
            "log_xeb": self.log_xeb,
            "log_standard_error": self.log_standard_error,
            "kolmogorov_smirnov": self.kolmogorov_smirnov,
            "p_value": self.p_value,
            "num_samples": self.num_samples,
            "num_distinct": self.num_distinct,
            "circuit_p_value": self.circuit_p_value,
            "chaotic": self.chaotic,
        }
        return {
            name: figure if figure is not None and math.isfinite(figure) else None for name, figure in figures.items()
        }

    def __str__(self) -> str:
        lines = [
            f"linear XEB       {self.linear_xeb:.4f} ± {self.standard_error:.4f}",
            f"logarithmic XEB  {self.log_xeb:.4f} ± {self.log_standard_error:.4f}",
            f"Porter-Thomas    Kolmogorov-Smirnov distance {self.kolmogorov_smirnov:.4f}, p-value {self.p_value:.3g}",
            f"samples          {self.num_samples}, of which {self.num_distinct} different",
        ]
        if not math.isfinite(self.log_xeb):
            impossible = int(self.counts[self.scaled_probabilities == 0].sum())
            lines[1] = f"logarithmic XEB  none: {impossible} samples have probability 0"
        if self.chaotic is False:
            lines.append(
                "circuit          not chaotic: its amplitudes at random bitstrings do not follow the Porter-Thomas "
                f"distribution (p-value {self.circuit_p_value:.3g}), so the XEB is not a fidelity"
            )
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<Xeb: linear {self.linear_xeb:.4f} ± {self.standard_error:.4f}, {self.num_samples:,} samples>"

    def _repr_html_(self) -> str:
        return card(f"Cross entropy\n{self}")


def _log_scaled(amplitudes: ComplexArray, num_qubits: int) -> Floats:
    """Ln of 2^n p."""
    with np.errstate(divide="ignore"):
        return np.asarray(2 * np.log(np.abs(amplitudes.astype(np.complex128))) + num_qubits * math.log(2))


def porter_thomas(z: Floats, fidelity: float) -> Floats:
    """Probability that 2^n p of a sample of some fidelity from a chaotic circuit is at most z.

    Example:
        >>> porter_thomas(np.array([0.0, 1.0]), 1.0).round(4).tolist()
        [0.0, 0.2642]
    """
    return np.asarray(1 - (1 + fidelity * z) * np.exp(-z))


def _mean(values: Floats, weights: Floats) -> tuple[float, float]:
    """Mean and its standard error; the error of a single sample is infinite."""
    count = float(weights.sum())
    mean = float((weights * values).sum() / count)
    if not math.isfinite(mean):
        return mean, math.inf
    if count <= 1:
        return mean, math.inf
    variance = float((weights * (values - mean) ** 2).sum() / (count - 1))
    return mean, math.sqrt(variance / count)


def _kolmogorov_smirnov(scaled: Floats, weights: Floats, fidelity: float) -> tuple[float, float]:
    """Largest distance to the distribution, and its p-value (Kolmogorov's series, with Stephens' correction)."""
    order = np.argsort(scaled)
    above = np.cumsum(weights[order]) / weights.sum()
    below = np.concatenate([[0.0], above[:-1]])
    expected = porter_thomas(scaled[order], fidelity)
    distance = float(max(np.max(above - expected), np.max(expected - below)))
    root = math.sqrt(weights.sum())
    x = (root + 0.12 + 0.11 / root) * distance
    if x < 0.2:  # the series converges slowly there, and its value is 1 to all digits
        return distance, 1.0
    p_value = 2 * sum((-1) ** (k - 1) * math.exp(-2 * k * k * x * x) for k in range(1, 101))
    return distance, min(max(p_value, 0.0), 1.0)

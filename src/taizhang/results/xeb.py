"""Cross-entropy benchmarking: how well samples fit a circuit, from the probabilities it gives exactly these bitstrings.

For a chaotic circuit z = 2^n p is exponentially distributed over all bitstrings (Porter & Thomas). Samples of fidelity
F then have z with density (1 + F (z - 1)) e^-z, so the mean of z - 1 is F (linear XEB, Arute et al., Nature 574, 505,
2019), and the mean of ln z, plus Euler's constant, is F as well (logarithmic XEB, Boixo et al., Nature Physics 14, 595,
2018). The Kolmogorov-Smirnov test compares the z of the samples with that law.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from taizhang._lazy import lazy_module
from taizhang._types import ComplexArray
from taizhang.errors import InputError

notebook: Any = lazy_module("taizhang.plots.notebook")

Floats = npt.NDArray[np.float64]

EULER = 0.5772156649015329

DOUBTFUL_P_VALUE = 1e-3
"""Samples for which a distance as large is rarer than this do not follow the Porter-Thomas law at any fidelity."""

NOT_CHAOTIC_P_VALUE = 1e-4
"""The same for the circuit's own amplitudes at random bitstrings: it is not chaotic."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Xeb:
    """How well samples fit a circuit; its string is made for people.

    Attributes:
        linear_xeb: 2^n⟨p⟩ - 1: 0 for uniform bitstrings, 1 for samples of a chaotic circuit without errors.
        standard_error: Of `linear_xeb`.
        log_xeb: ⟨ln 2^n p⟩ plus Euler's constant, 0 and 1 alike; minus infinity where a sample has no probability.
        log_standard_error: Of `log_xeb`.
        kolmogorov_smirnov: Largest distance between the distribution of 2^n p over the samples and the law of Porter
            and Thomas at the fidelity `linear_xeb` (within 0 and 1).
        p_value: Chance of a distance at least as large, were that the law of independent samples. As the fidelity is
            taken from the same samples, it is on the high side.
        num_samples: Number of samples.
        num_distinct: Number of different ones.
        scaled_probabilities: 2^n p of each different bitstring, float64, shape (num_distinct,).
        counts: How often each came, shape (num_distinct,).
        circuit_p_value: Chance of a distance at least as large between the distribution of 2^n p over bitstrings drawn
            at random, whatever the samples are, and the Porter-Thomas law of a chaotic circuit; None where the
            amplitudes of such bitstrings were not computed. They are where the samples do not follow the law.
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
        """Whether the circuit is chaotic, judged from its own amplitudes; None where these were not computed."""
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
            amplitudes: Of each different bitstring, shape (num_distinct,).
            counts: How often each came.
            num_qubits: Qubits of the circuit.
            at_random: Amplitudes of distinct bitstrings drawn uniformly, to judge whether the circuit is chaotic.

        Raises:
            InputError: The numbers of amplitudes and counts differ, or there is no sample.

        Example:
            >>> uniform = Xeb.of_amplitudes(np.full(4, 0.5), [25, 25, 25, 25], 2)
            >>> uniform.linear_xeb, round(uniform.log_xeb, 3)
            (0.0, 0.577)
        """
        weights = np.asarray(counts, dtype=np.float64)
        if amplitudes.shape != weights.shape or not weights.sum() > 0:
            raise InputError(f"{len(weights)} counts were given with {len(amplitudes)} amplitudes; give one for each")
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
        """The figures as a JSON object; None for what is not finite, or not known."""
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
            none = int(self.counts[self.scaled_probabilities == 0].sum())
            lines[1] = f"logarithmic XEB  none: {none} samples have probability 0"
        if self.chaotic is False:
            lines.append(
                "circuit          not chaotic: at random bitstrings its amplitudes do not follow the Porter-Thomas law "
                f"(p-value {self.circuit_p_value:.3g}), so that the XEB is not a fidelity"
            )
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<Xeb: linear {self.linear_xeb:.4f} ± {self.standard_error:.4f}, {self.num_samples:,} samples>"

    def _repr_html_(self) -> str:
        return str(notebook.card(f"Cross entropy\n{self}"))


def _log_scaled(amplitudes: ComplexArray, num_qubits: int) -> Floats:
    """Ln of 2^n p."""
    with np.errstate(divide="ignore"):
        return np.asarray(2 * np.log(np.abs(amplitudes.astype(np.complex128))) + num_qubits * math.log(2))


def porter_thomas(z: Floats, fidelity: float) -> Floats:
    """Chance that 2^n p of a sample is at most z, for samples of some fidelity from a chaotic circuit.

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
    """Largest distance to the law, and the chance of one as large (Kolmogorov's series, with Stephens' correction)."""
    order = np.argsort(scaled)
    above = np.cumsum(weights[order]) / weights.sum()
    below = np.concatenate([[0.0], above[:-1]])
    law = porter_thomas(scaled[order], fidelity)
    distance = float(max(np.max(above - law), np.max(law - below)))
    root = math.sqrt(weights.sum())
    x = (root + 0.12 + 0.11 / root) * distance
    if x < 0.2:
        return distance, 1.0
    p_value = 2 * sum((-1) ** (k - 1) * math.exp(-2 * k * k * x * x) for k in range(1, 101))
    return distance, min(max(p_value, 0.0), 1.0)

"""Pearson's chi-squared test of samples against exact probabilities."""

from __future__ import annotations

import math

import numpy as np

import taizhang as tz


def exact_probabilities(circuit: tz.Circuit) -> np.ndarray:
    """Probabilities of all outcomes, from the state vector, in double precision."""
    probabilities = np.abs(tz.state_vector(circuit, dtype="complex128", threads=1)) ** 2
    return probabilities / probabilities.sum()


def outcomes_of(bits: np.ndarray) -> np.ndarray:
    """Rows of bits as numbers, qubit 0 the highest bit."""
    return bits.astype(np.int64) @ (1 << np.arange(bits.shape[1], dtype=np.int64)[::-1])


def p_value(bits: np.ndarray, probabilities: np.ndarray, least_expected: float = 8.0) -> float:
    """Chance of a deviation at least as large, were the samples drawn from these probabilities.

    Outcomes are put together in order of their number until at least `least_expected` are expected in each bin. An
    outcome of probability zero that was drawn gives 0. The chi-squared distribution is taken in Wilson and Hilferty's
    approximation, which is good to a percent or so of the p-value's logarithm.
    """
    counts = np.bincount(outcomes_of(bits), minlength=len(probabilities))
    if np.any(counts[probabilities < 1e-14]):
        return 0.0
    # Outcomes in a random order, so that neighbours in a bin have nothing in common.
    order = np.random.default_rng(7).permutation(len(probabilities))
    expected = len(bits) * np.cumsum(probabilities[order])
    edges = np.unique(np.searchsorted(expected, np.arange(least_expected, len(bits), least_expected)))
    ends = np.unique(np.concatenate([edges, [len(probabilities) - 1]]))
    wanted = np.diff(expected[ends], prepend=0.0)
    found = np.diff(np.cumsum(counts[order])[ends], prepend=0)
    wanted, found = wanted[wanted > 1e-9], found[wanted > 1e-9]
    freedom = len(wanted) - 1
    if freedom < 1:
        return 1.0
    statistic = float((((found - wanted) ** 2) / wanted).sum())
    z = ((statistic / freedom) ** (1 / 3) - (1 - 2 / (9 * freedom))) / math.sqrt(2 / (9 * freedom))
    return 0.5 * math.erfc(z / math.sqrt(2))

"""Exact decoding beside PyMatching, its correlated form and Tesseract (where that is installed), on the same shots.

`python -m benchmarks decoding [--quick]`: rotated surface codes under circuit-level noise made by Stim; seconds include
planning and the making of each decoder.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pymatching
import stim

import taizhang as tz
from benchmarks.tables import Result, figure

COLUMNS = ("code", "decoder", "failures", "rate", "mean posterior error", "seconds", "each")
# Distance, rounds, probability of each kind of error, shots.
CASES = ((3, 3, 0.01, 10_000), (5, 2, 0.01, 10_000), (5, 5, 0.005, 50), (3, 25, 0.005, 10_000))


def circuit_of(distance: int, rounds: int, p: float) -> stim.Circuit:
    """A memory experiment of a rotated surface code."""
    return stim.Circuit.generated(
        "surface_code:rotated_memory_z",
        distance=distance,
        rounds=rounds,
        after_clifford_depolarization=p,
        before_measure_flip_probability=p,
        after_reset_flip_probability=p,
        before_round_data_depolarization=p,
    )


def decoders(circuit: stim.Circuit, threads: int) -> dict[str, Callable[[Any], tuple[Any, float | None]]]:
    """Functions from syndromes to predictions, and a mean posterior error where there is one."""
    whole, parts = circuit.detector_error_model(), circuit.detector_error_model(decompose_errors=True)

    def exact(shots: Any) -> tuple[Any, float | None]:
        found = tz.Decoder(whole, threads=threads).decode_with_posteriors(shots)
        return found.predictions, found.mean_posterior_error

    def matching(shots: Any) -> tuple[Any, float | None]:
        return pymatching.Matching.from_detector_error_model(parts).decode_batch(shots), None

    def correlated(shots: Any) -> tuple[Any, float | None]:
        made = pymatching.Matching.from_detector_error_model(parts, enable_correlations=True)
        return made.decode_batch(shots, enable_correlations=True), None

    found: dict[str, Callable[[Any], tuple[Any, float | None]]] = {
        "taizhang": exact,
        "PyMatching": matching,
        "PyMatching, correlated": correlated,
    }
    try:
        import tesseract_decoder.tesseract as tesseract
    except ImportError:
        return found

    def by_tesseract(shots: Any) -> tuple[Any, float | None]:
        config = tesseract.TesseractConfig(dem=whole, det_beam=20)
        return tesseract.TesseractDecoder(config).decode_batch(shots), None

    return {**found, "Tesseract, beam 20": by_tesseract}


def run(*, quick: bool, threads: int) -> Result:
    """The table of all codes."""
    return "Exact decoding beside other decoders", COLUMNS, _rows(quick, threads)


def _rows(quick: bool, threads: int) -> Iterator[tuple[str, ...]]:
    for distance, rounds, p, count in CASES[:2] if quick else CASES:
        circuit = circuit_of(distance, rounds, p)
        shots, truth = circuit.compile_detector_sampler(seed=5).sample(count, separate_observables=True)
        for name, decode in decoders(circuit, threads).items():
            started = time.perf_counter()
            predictions, mean = decode(shots)
            seconds = time.perf_counter() - started
            failures = int((predictions != truth).any(axis=1).sum())
            yield (
                f"distance {distance}, {rounds} rounds, p {p:g}, {count:,} shots",
                name,
                f"{failures:,}",
                f"{failures / count:.5f}",
                figure(mean, ".5f"),
                f"{seconds:.2f} s",
                f"{seconds / count * 1e3:.3f} ms",
            )

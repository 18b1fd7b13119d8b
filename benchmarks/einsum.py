"""Einstein sums beside NumPy's and opt_einsum's: random networks of 10 to 80 tensors, in this process.

`python -m benchmarks einsum`. Medians of repeated calls; "first" is with planning.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import opt_einsum

import taizhang as tz
from benchmarks.tables import Result, figure

COLUMNS = ("network", "ours, first", "ours, again", "numpy, optimize", "opt_einsum", "again beside the best")
# Tensors, degree of the graph, size of indices, and sums of each form.
CASES = ((10, 3, 2, 9), (10, 3, 3, 9), (20, 3, 2, 9), (20, 3, 4, 5), (40, 3, 2, 5), (80, 3, 2, 3))
# NumPy falls back to one loop over all indices where its path needs much memory: it takes hours for more than this.
NUMPY_LOOPS = 2**24


def network_of(tensors: int, degree: int, size: int, seed: int) -> list[Any]:
    """A random regular graph as arguments of einsum, with one open index."""
    rng = np.random.default_rng(seed)
    ends = rng.permutation(np.repeat(np.arange(tensors), degree))
    names: list[list[int]] = [[] for _ in range(tensors)]
    for edge in range(len(ends) // 2):
        names[ends[2 * edge]].append(edge)
        names[ends[2 * edge + 1]].append(edge)
    made: list[Any] = []
    for term in names:
        made += [rng.normal(size=(size,) * len(term)) / size ** (len(term) / 2), term]
    return [*made, []]


def seconds_of(work: Callable[[], Any]) -> float:
    """Seconds of a call."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def run(*, quick: bool, threads: int) -> Result:
    """The table of all cases."""
    return "Einstein sums", COLUMNS, _rows(quick, threads)


def _rows(quick: bool, threads: int) -> Iterator[tuple[str, ...]]:
    for tensors, degree, size, repeats in CASES[:3] if quick else CASES:
        first, again, numpys, opts = [], [], [], []
        for seed in range(repeats):
            made = network_of(tensors, degree, size, seed)
            first.append(seconds_of(lambda made=made: tz.einsum(*made, threads=threads)))  # type: ignore[misc]
            again.append(min(seconds_of(lambda made=made: tz.einsum(*made, threads=threads)) for _ in range(5)))  # type: ignore[misc]
            if size ** (tensors * degree // 2) <= NUMPY_LOOPS:
                numpys.append(min(seconds_of(lambda made=made: np.einsum(*made, optimize=True)) for _ in range(5)))  # type: ignore[misc]
            opts.append(min(seconds_of(lambda made=made: opt_einsum.contract(*made)) for _ in range(5)))  # type: ignore[misc]
            found, expected = tz.einsum(*made), opt_einsum.contract(*made)
            assert np.allclose(found, expected, rtol=1e-8), (found, expected)
        medians = [statistics.median(each) * 1e3 if each else None for each in (first, again, numpys, opts)]
        best = min(value for value in medians[2:] if value is not None)
        shown = [figure(value, ".2f") for value in medians]
        yield f"{tensors} tensors, size {size}", *(f"{each} ms" for each in shown), f"{best / (medians[1] or 1):.2f} ×"

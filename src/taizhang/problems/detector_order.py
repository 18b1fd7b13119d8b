"""Orders of the detectors of a model: sweeps along coordinates, and greedy ones, by the work that they make.

Along an order, what is open are the detectors and observables that an error was taken in for and that have errors left.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from taizhang.problems.detector_model import DetectorError, DetectorModel

# Greedy orders are tried from as many detectors.
_GREEDY_STARTS = 8


class DetectorOrder(NamedTuple):
    """An order, with what it costs.

    Attributes:
        log2_work: log2 of 2**(what is open), summed over the errors.
        width: Most that is open at once.
        detectors: All detectors; of a model without any, -1.
    """

    log2_work: float
    width: int
    detectors: tuple[int, ...]


def best_order(model: DetectorModel) -> DetectorOrder:
    r"""The order of least work among those that are tried.

    Example:
        >>> ring = "\n".join(f"error(0.1) D{7 * k % 50} D{(7 * k + 7) % 50}" for k in range(50))
        >>> best_order(DetectorModel.from_text(ring)).width
        3
    """
    errors = model.merged()
    touching: list[list[int]] = [[] for _ in range(model.num_detectors)]
    for number, error in enumerate(errors):
        for detector in error.detectors:
            touching[detector].append(number)
    orders = orders_to_try(model, errors, touching)
    return min(DetectorOrder(*cost_of_order(order, errors, touching), tuple(order)) for order in orders)


def errors_in_order(order: Iterable[int], errors: Sequence[DetectorError]) -> Iterator[list[DetectorError]]:
    """For each detector in order, the errors that flip it and none before it; last those that flip no detector."""
    at = {detector: place for place, detector in enumerate(order)}
    groups: list[list[DetectorError]] = [[] for _ in at]
    for error in errors:
        place = min((at[detector] for detector in error.detectors), default=len(groups) - 1)
        groups[place].append(error)
    return iter(groups)


def cost_of_order(
    order: Sequence[int], errors: Sequence[DetectorError], touching: Sequence[Sequence[int]]
) -> tuple[float, int]:
    """log2 of the elements over all errors, and the most axes."""
    opened: set[tuple[str, int]] = set()
    taken = np.zeros(len(errors), dtype=bool)
    work, width = 1.0, 0
    for detector in order:
        for number in touching[detector] if detector >= 0 else ():
            if taken[number]:
                continue
            taken[number] = True
            opened.update(("d", each) for each in errors[number].detectors)
            opened.update(("o", each) for each in errors[number].observables)
            work += 2.0 ** len(opened)
            width = max(width, len(opened))
        opened.discard(("d", detector))
    free = [error for error in errors if not error.detectors]
    opened.update(("o", each) for error in free for each in error.observables)
    return math.log2(work + len(free) * 2.0 ** len(opened)), max(width, len(opened))


def orders_to_try(
    model: DetectorModel, errors: Sequence[DetectorError], touching: Sequence[Sequence[int]]
) -> Iterator[list[int]]:
    """Orders to try: by number, along the coordinates, and greedy ones."""
    every = list(range(model.num_detectors))
    if not every:
        yield [-1]
        return
    yield every
    dimensions = min((len(model.coordinates.get(detector, ())) for detector in every), default=0)
    for axes in itertools.permutations(range(min(dimensions, 4))):
        yield sorted(every, key=lambda detector, axes=axes: tuple(model.coordinates[detector][axis] for axis in axes))  # type: ignore[misc]
    neighbours = [{other for number in touching[each] for other in errors[number].detectors} for each in every]
    by_degree = sorted(every, key=lambda each: (len(neighbours[each]), each))
    for start in by_degree[:: max(len(every) // _GREEDY_STARTS, 1)][:_GREEDY_STARTS]:
        yield _greedy(start, neighbours)


def _greedy(start: int, neighbours: Sequence[set[int]]) -> list[int]:
    """Always the detector that opens fewest others, among those that are open; the next one where none is."""
    left, opened, order = set(range(len(neighbours))), {start}, []
    rest = iter(range(len(neighbours)))
    while left:
        if not opened:
            opened = {next(each for each in rest if each in left)}
        chosen = min(opened, key=lambda each: (len((neighbours[each] & left) - opened), each))
        order.append(chosen)
        left.remove(chosen)
        opened.remove(chosen)
        opened |= neighbours[chosen] & left
    return order

"""Probabilities of syndromes by a sweep over the detectors: sums of positive numbers alone, so that nothing cancels.

The state is the joint distribution of the parities, so far, of the detectors and observables that an error was taken in
for and that have errors left: an array with an axis of length 2 for each. An error is taken in as (1 - p) T + p T', T'
with the axes of what it flips turned round; a detector without errors left is fixed at its bit of the syndrome. The
order of the detectors decides how many axes there are; it is chosen among sweeps along the coordinates and greedy ones.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from taizhang._units import human_bytes
from taizhang.errors import MemoryLimitError
from taizhang.execute.prepare import check_time
from taizhang.observer import Observer
from taizhang.problems.detector_model import DetectorModel
from taizhang.problems.detector_order import DetectorOrder, best_order, errors_in_order
from taizhang.settings import Settings

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

# Seconds for one element of the state and one error: three passes over the memory.
_SECONDS_PER_ELEMENT = 4e-9
# Arrays of the size of the state that are held at once.
_STATES_HELD = 3
# Elements of the state that are worked on together.
_ELEMENTS_AT_ONCE = 1 << 22


@dataclass(frozen=True, slots=True)
class DetectorSweep:
    """A sweep over the detectors of a model.

    Attributes:
        model: The model.
        order: The order in which detectors are fixed.
    """

    model: DetectorModel
    order: DetectorOrder

    @classmethod
    def of(cls, model: DetectorModel) -> DetectorSweep:
        """Chooses the order of least work."""
        return cls(model=model, order=best_order(model))

    def predicted_seconds(self, count: int) -> float:
        """Expected time for `count` syndromes."""
        return float(count * 2.0**self.order.log2_work * _SECONDS_PER_ELEMENT)

    def check(self, count: int, settings: Settings) -> None:
        """Checks that the work fits.

        Raises:
            MemoryLimitError: The state of one syndrome does not fit the memory limit.
            TimeLimitError: It takes longer than the time limit.
        """
        needed = _STATES_HELD * 8 * 2.0**self.order.width
        if needed > settings.free_bytes():
            raise MemoryLimitError(
                f"a sweep over the detectors needs {human_bytes(needed)} for a state of 2^{self.order.width} numbers "
                f"and its copies, and {human_bytes(settings.free_bytes())} are left; allow more memory"
            )
        check_time(self.predicted_seconds(count), settings)

    def run(self, syndromes: BoolArray, observer: Observer) -> FloatArray:
        """Computes the probabilities of syndromes.

        Args:
            syndromes: Shape (number, detectors).
            observer: Receives progress updates.

        Returns:
            Shape (number, 2**observables), observable 0 the slowest bit.
        """
        each = max(_ELEMENTS_AT_ONCE >> self.order.width, 1)
        parts = range(0, len(syndromes), each)
        found = np.empty((len(syndromes), 1 << self.model.num_observables))
        for done, first in enumerate(parts):
            observer.contracting(done, len(parts))
            found[first : first + each] = self._run_part(syndromes[first : first + each])
        return found

    def _run_part(self, syndromes: BoolArray) -> FloatArray:
        rows, count = np.arange(len(syndromes)), self.model.num_detectors
        state = np.ones((len(syndromes), 1))
        # What has an axis, the newest first; it is the highest bit of a row's place.
        axes: list[int] = []
        order = self.order.detectors
        for detector, errors in zip(order, errors_in_order(order, self.model.merged()), strict=True):
            for error in errors:
                flipped = [*error.detectors, *(count + observable for observable in error.observables)]
                for new in (each for each in flipped if each not in axes):
                    state = np.concatenate([state, np.zeros_like(state)], axis=1)
                    axes.insert(0, new)
                state = _taken_in(state, error.probability, [axes.index(each) for each in flipped], len(axes))
            if detector < 0:
                continue
            bits = syndromes[:, detector].astype(np.intp)
            if detector not in axes:
                state = np.where(bits[:, np.newaxis] == 1, 0.0, state)
                continue
            place = axes.index(detector)
            shaped = state.reshape(len(rows), 1 << place, 2, -1)
            state = shaped[rows, :, bits].reshape(len(rows), -1)
            axes.remove(detector)
        return self._ordered(state, [each - count for each in axes])

    def _ordered(self, state: FloatArray, left: list[int]) -> FloatArray:
        """Probabilities with an axis for each observable, in order; those that no error flips are 0."""
        total = self.model.num_observables
        shaped = state.reshape(len(state), *(2,) * len(left))
        shaped = shaped.transpose(0, *(1 + place for place in np.argsort(left)))
        found = np.zeros((len(state), *(2,) * total))
        found[(slice(None), *(slice(None) if each in left else 0 for each in range(total)))] = shaped
        return found.reshape(len(state), -1)


def _taken_in(state: FloatArray, probability: float, places: Sequence[int], count: int) -> FloatArray:
    """The state after an error that flips axes at `places` of `count`."""
    # Neighbouring axes that are all flipped, or none, are one axis: turned round, or not.
    shape, turned = [len(state)], [slice(None)]
    for flips, group in itertools.groupby(range(count), key=lambda place: place in places):
        shape.append(1 << len(list(group)))
        turned.append(slice(None, None, -1) if flips else slice(None))
    shaped = state.reshape(shape)
    result = shaped * (1 - probability)
    result += probability * shaped[tuple(turned)]
    return result.reshape(state.shape)

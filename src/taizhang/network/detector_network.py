"""Networks for the probabilities of syndromes and observables of a detector error model.

An index λ of size 2 stands for each detector and observable, and an error is a diagonal tensor over what it flips, 1 or
1 - 2p by the parity of their λ; a bit is chosen by the vector (1, (-1)^bit)/2: the characters of the group, as in
MacWilliams' transform. The network is narrow, but its terms have both signs: the value of an improbable syndrome is a
small difference of large numbers, with an error of rounding of the largest.

Sources: Piveteau, Chubb & Renes, arXiv:2310.10722; Bravyi, Suchara & Vargo, arXiv:1405.4883.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from taizhang._types import ComplexArray
from taizhang.network.network import NetworkShape
from taizhang.problems.detector_model import DetectorModel
from taizhang.problems.detector_order import DetectorOrder

FloatArray = npt.NDArray[np.float64]

# An error that flips more than this is written with an index of its own, which costs nothing for its size.
_MOST_DIRECT = 8
_CHARACTERS = np.array([[0.5, 0.5], [0.5, -0.5]])
_SIGNS = np.array([[1.0, 1.0], [1.0, -1.0]])


@dataclass(frozen=True, slots=True, eq=False)
class DetectorNetwork:
    """The network of a model for syndromes one by one, or for several at once, the rows.

    Attributes:
        shape: The shape; the output has an index for each observable.
        num_rows: Syndromes at once; 0 where they are taken one by one.
    """

    shape: NetworkShape
    num_rows: int
    _arrays: tuple[ComplexArray, ...]
    # The tensors that choose the bits of detectors, where there are no rows.
    _closings: tuple[int, ...]
    _vectors: ComplexArray

    @classmethod
    def of(cls, model: DetectorModel, order: DetectorOrder, *, num_rows: int = 0) -> DetectorNetwork:
        """Builds the network.

        Args:
            model: The model.
            order: An order of its detectors.
            num_rows: Syndromes at once, fewer than there are; 0 for one by one.
        """
        tensors = []
        closings: dict[int, int] = {}
        rows = [("s", detector) for detector in range(model.num_detectors)] if num_rows else []
        # In the order of a sweep, from which the search for a plan starts, too: none is better where a code repeats.
        for detector, group in _in_order(_error_tensors(model), order.detectors):
            tensors += group
            if detector < 0:
                continue
            closings[detector] = len(tensors)
            if num_rows:
                tensors.append(((("d", detector), ("s", detector)), _CHARACTERS))
            else:
                tensors.append(((("d", detector),), _CHARACTERS[0]))
        for observable in range(model.num_observables):
            tensors.append(((("o", observable), ("v", observable)), _CHARACTERS))
        if not tensors:
            tensors.append(((), np.ones(())))
        shape = NetworkShape.from_names(
            [names for names, _ in tensors],
            [("v", observable) for observable in range(model.num_observables)],
            dict.fromkeys((name for names, _ in tensors for name in names), 2),
            row_indices=rows,
            num_rows=num_rows,
        )
        return cls(
            shape=shape,
            num_rows=num_rows,
            _arrays=tuple(np.array(array, dtype=np.complex128, order="C") for _, array in tensors),
            _closings=() if num_rows else tuple(closings[detector] for detector in range(model.num_detectors)),
            _vectors=_CHARACTERS.astype(np.complex128),
        )

    def arrays_for(self, syndrome: npt.NDArray[np.bool_]) -> tuple[ComplexArray, ...]:
        """The arrays for a syndrome, or those for all rows."""
        if not self._closings:
            return self._arrays
        arrays = list(self._arrays)
        zero, one = self._vectors
        for place, bit in zip(self._closings, syndrome, strict=True):
            arrays[place] = one if bit else zero
        return tuple(arrays)


def _names(detectors: Sequence[int], observables: Sequence[int]) -> tuple[tuple[str, int], ...]:
    return (*(("d", number) for number in detectors), *(("o", number) for number in observables))


def _error_tensors(model: DetectorModel) -> list[tuple[tuple[Hashable, ...], FloatArray]]:
    # Stage 1: errors over what they flip; wide ones with an index of their own.
    direct: dict[tuple[tuple[str, int], ...], FloatArray] = {}
    wide: list[tuple[tuple[Hashable, ...], FloatArray]] = []
    for number, (probability, detectors, observables) in enumerate(model.merged()):
        flipped = _names(detectors, observables)
        if len(flipped) <= _MOST_DIRECT:
            odd = np.indices((2,) * len(flipped)).sum(axis=0) % 2
            direct[flipped] = np.where(odd == 1, 1 - 2 * probability, 1.0)
        else:
            own = ("e", number)
            wide.append(((own,), np.array([1 - probability, probability])))
            wide += [((own, name), _SIGNS) for name in flipped]
    # Stage 2: an error whose indices are all on another is multiplied into it.
    holders: dict[tuple[str, int], set[tuple[tuple[str, int], ...]]] = {}
    for flipped in direct:
        for name in flipped:
            holders.setdefault(name, set()).add(flipped)
    for flipped in sorted(direct, key=len):
        above = set.intersection(*(holders[name] for name in flipped)) - {flipped}
        if above:
            into = min(above, key=lambda names: (len(names), names))
            shape = tuple(2 if name in flipped else 1 for name in into)
            direct[into] = direct[into] * direct.pop(flipped).reshape(shape)
            for name in flipped:
                holders[name].discard(flipped)
    return [*direct.items(), *wide]


def _in_order(
    tensors: Sequence[tuple[tuple[Hashable, ...], FloatArray]], order: Sequence[int]
) -> Iterator[tuple[int, list[tuple[tuple[Hashable, ...], FloatArray]]]]:
    """For each detector in order, the tensors on it and on none before it; last those on no detector."""
    at: dict[Hashable, int] = {("d", detector): place for place, detector in enumerate(order)}
    groups: list[list[tuple[tuple[Hashable, ...], FloatArray]]] = [[] for _ in order]
    for names, array in tensors:
        groups[min((at[name] for name in names if name in at), default=len(order) - 1)].append((names, array))
    return zip(order, groups, strict=True)

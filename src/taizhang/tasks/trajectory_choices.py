"""Which operator of each channel a trajectory takes: drawn beforehand, whatever the state is.

A channel with Kraus operators K is drawn from with probabilities in proportion to ‖K‖² (operator norm), and the
operator applied is K / ‖K‖. Where all operators are multiples of unitaries these are the probabilities of the
unitaries. In general Σ ‖K‖² = c is a little more than 1, and a trajectory counts with c for each channel times the
squared norm that is left of its state: so no state is needed to draw. Operators are in order of probability, the
likeliest first.

Source: Dalibard, Castin & Mølmer, PRL 68, 580 (1992); drawing beforehand: Isakov et al., arXiv:2111.02396.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from taizhang._types import ComplexArray
from taizhang.circuit.channel import Channel, pauli_basis
from taizhang.circuit.gates import Gate, unitary_gate
from taizhang.circuit.operation import Operation
from taizhang.errors import CircuitError

Choice: TypeAlias = npt.NDArray[np.uint16]
"""For each channel the number of the operator that was drawn, shape (channels,)."""


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """An operation, or a channel with its operators.

    Attributes:
        step: The operation.
        operators: Those of a channel, of norm 1, shape (operators, 2**qubits, 2**qubits); None for a gate.
        probabilities: With which they are drawn, decreasing.
        excess: c, by which a trajectory counts more; 1 for a mixture of unitaries.
        gates: The operators as gates where all are unitary.
        paulis: Their letters where all are Pauli products.
    """

    step: Operation
    operators: ComplexArray | None = None
    probabilities: tuple[float, ...] = (1.0,)
    excess: float = 1.0
    gates: tuple[Gate, ...] = ()
    paulis: tuple[str, ...] = ()

    @classmethod
    def of(cls, step: Operation) -> Place:
        """Reads an operation.

        Raises:
            CircuitError: It is a measurement, a reset, under a condition, or does not preserve the trace.
        """
        action = step.action
        if not isinstance(action, Channel):
            return cls(Operation(step.gate, step.qubits))
        if not action.preserves_trace:
            raise CircuitError(f"'{action.label}' does not preserve the trace, so it has no trajectories; use 'exact'")
        mixture = action.mixture
        if mixture is None:
            kraus = action.kraus
            norms = np.linalg.norm(kraus, ord=2, axis=(1, 2)) ** 2
            order = np.argsort(-norms, kind="stable")
            operators = kraus[order] / np.sqrt(norms[order])[:, np.newaxis, np.newaxis]
            return cls(step, operators, tuple((norms[order] / norms.sum()).tolist()), float(norms.sum()))
        order = np.argsort(-mixture.probabilities, kind="stable")
        unitaries = mixture.unitaries[order]
        gates = tuple(unitary_gate(one, name=f"{action.label}_{place}") for place, one in enumerate(unitaries))
        letters = [_letters(one) for one in unitaries]
        paulis = tuple(letter for letter in letters if letter is not None)
        return cls(
            step,
            unitaries,
            tuple(mixture.probabilities[order].tolist()),
            1.0,
            gates,
            paulis if len(paulis) == len(letters) else (),
        )


def _letters(unitary: ComplexArray) -> str | None:
    """The letters of a Pauli product, whatever its phase; None for another matrix."""
    qubits = len(unitary).bit_length() - 1
    overlaps = np.abs(np.einsum("aij,ij->a", pauli_basis(qubits).conj(), unitary)) / len(unitary)
    place = int(overlaps.argmax())
    if overlaps[place] < 1 - 1e-12:
        return None
    return "".join("IXYZ"[place >> 2 * (qubits - 1 - qubit) & 3] for qubit in range(qubits))


def drawn_from(places: Sequence[Place]) -> list[Place]:
    """The channels among some places."""
    return [place for place in places if place.operators is not None]


def unitaries_of(places: Sequence[Place], choice: Choice) -> Iterator[Operation]:
    """The operations of a choice, where all operators are unitary."""
    chosen = iter(choice.tolist())
    for place in places:
        drawn = place.step.gate if place.operators is None else place.gates[next(chosen)]
        yield Operation(drawn, place.step.qubits)


def chance_of_likeliest(places: Sequence[Place]) -> float:
    """The probability that each channel takes its likeliest operator."""
    return math.prod(place.probabilities[0] for place in places)


def draw(channels: Sequence[Place], number: int, rng: np.random.Generator) -> npt.NDArray[np.uint16]:
    """Draws the operators of some trajectories, shape (trajectories, channels)."""
    drawn = np.zeros((number, len(channels)), dtype=np.uint16)
    for column, place in enumerate(channels):
        sums = np.cumsum(place.probabilities)
        uniform = rng.random(number) * sums[-1]
        drawn[:, column] = np.searchsorted(sums, uniform, side="right").clip(0, len(sums) - 1)
    return drawn


def draw_others(channels: Sequence[Place], number: int, rng: np.random.Generator) -> npt.NDArray[np.uint16]:
    """Draws as `draw` does, given that not every channel takes its likeliest operator.

    The first channel that takes another is drawn, then which; those after it are free.
    """
    drawn = draw(channels, number, rng)
    others = np.array([1 - place.probabilities[0] for place in channels])
    before = np.concatenate([[1.0], np.cumprod(1 - others)[:-1]])
    sums = np.cumsum(others * before)
    first = np.searchsorted(sums, rng.random(number) * sums[-1], side="right").clip(0, len(channels) - 1)
    drawn[np.arange(len(channels)) < first[:, np.newaxis]] = 0
    uniform = rng.random(number)
    for row, column in enumerate(first.tolist()):
        rest = np.cumsum(channels[column].probabilities[1:])
        drawn[row, column] = 1 + min(int(np.searchsorted(rest, uniform[row] * rest[-1], side="right")), len(rest) - 1)
    return drawn


def likeliest(channels: Sequence[Place]) -> Iterator[tuple[Choice, float]]:
    """Yields choices with their probabilities, the likeliest first, until there are no more.

    Example:
        >>> from taizhang import channels
        >>> place = Place.of(Operation(channels.bit_flip(0.25), (0,)))
        >>> [(choice.tolist(), round(chance, 4)) for choice, chance in likeliest([place, place])]
        [([0, 0], 0.5625), ([1, 0], 0.1875), ([0, 1], 0.1875), ([1, 1], 0.0625)]
    """
    # Channels in order of how much their second operator costs: then each choice has one predecessor, that in which its
    # last changed channel has the operator before, or is unchanged while the one before it is changed instead.
    logs = [np.log(np.maximum(np.array(place.probabilities), 1e-300)) for place in channels]
    counted = [place for place in range(len(channels)) if len(logs[place]) > 1]
    order = sorted(counted, key=lambda place: logs[place][0] - logs[place][1])
    start = math.fsum(float(log[0]) for log in logs)
    # Items: cost, the changed channels (place in the order, operator), in increasing order of places.
    waiting: list[tuple[float, tuple[tuple[int, int], ...]]] = [(-start, ())]
    while waiting:
        cost, changed = heapq.heappop(waiting)
        choice = np.zeros(len(channels), dtype=np.uint16)
        for at, operator in changed:
            choice[order[at]] = operator
        yield choice, math.exp(-cost)
        last, operator = changed[-1] if changed else (-1, 0)
        if changed:
            log = logs[order[last]]
            if operator + 1 < len(log):
                step = float(log[operator] - log[operator + 1])
                heapq.heappush(waiting, (cost + step, (*changed[:-1], (last, operator + 1))))
        if last + 1 < len(order):
            log = logs[order[last + 1]]
            added = cost + float(log[0] - log[1])
            heapq.heappush(waiting, (added, (*changed, (last + 1, 1))))
            if changed and operator == 1:
                back = float(logs[order[last]][0] - logs[order[last]][1])
                heapq.heappush(waiting, (added - back, (*changed[:-1], (last + 1, 1))))

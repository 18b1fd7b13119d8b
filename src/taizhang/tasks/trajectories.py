"""Expectation values from trajectories: each channel is replaced by one of its unitaries, drawn with its probability.

The draws do not depend on the state, so all are made beforehand, and equal ones are computed once. Where all unitaries
are Pauli products, a choice is a point of one circuit with parameters: X and Z are rotations by π, or by 0 where they
are not drawn. So one plan serves all trajectories. Other choices give circuits that are placed side by side and
computed as one.

Source: Dalibard, Castin & Mølmer, PRL 68, 580 (1992); drawing beforehand: Isakov et al., arXiv:2111.02396.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from taizhang._checks import read_integer
from taizhang._random import stream
from taizhang._types import ComplexArray
from taizhang.circuit.channel import Channel, Mixture, pauli_basis
from taizhang.circuit.circuit import MAX_QUBITS, Circuit
from taizhang.circuit.gates import Gate, gate, unitary_gate
from taizhang.circuit.observable import Observable
from taizhang.circuit.operation import Operation
from taizhang.circuit.parameter import Parameter
from taizhang.errors import CircuitError, UsageError
from taizhang.network.doubled import Question, needed_operations
from taizhang.observer import Observer, Silent
from taizhang.settings import Settings
from taizhang.tasks.energy import EnergyProgram
from taizhang.tasks.expectation import ExpectationTask
from taizhang.tasks.solve import solve

Choice: TypeAlias = npt.NDArray[np.uint16]
"""For each channel the number of the unitary that was drawn."""

MAX_TRAJECTORIES = 100_000_000
_DEFAULT = 1000
# Operations of the circuits that are computed together, and trajectories of the first portion.
_MOST_OPERATIONS = 400_000
_FIRST = 256
# Fewest trajectories before an error is believed.
_FEWEST = 64


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrajectoryValues:
    """Estimates of expectation values.

    Attributes:
        values: Means over the trajectories, float64, shape (observables,).
        standard_errors: Their standard errors, float64, shape (observables,).
        num_trajectories: Number of trajectories.
        num_distinct: Number of different choices of unitaries among them, in the light cones of the observables.
    """

    values: npt.NDArray[np.float64]
    standard_errors: npt.NDArray[np.float64]
    num_trajectories: int
    num_distinct: int


def read_trajectories(given: int | None, target_error: float | None, *, called: str = "trajectories") -> int | None:
    """Reads a number of trajectories; by default 1,000, or as many as needed where there is a target.

    Raises:
        UsageError: It is not a whole number from 1 to 100 million.
    """
    if given is None:
        return None if target_error is not None else _DEFAULT
    number = read_integer(given, name=called)
    if not 1 <= number <= MAX_TRAJECTORIES:
        raise UsageError(f"{called} must be from 1 to {MAX_TRAJECTORIES:,}, got {number!s:.40}")
    return number


def read_target_error(given: float | None, *, called: str = "target_error") -> float | None:
    """Reads a standard error to reach.

    Raises:
        UsageError: It is not a positive number.
    """
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, (int, float)) or not 0 < given < math.inf:
        raise UsageError(f"{called} must be a positive number, got {given!r:.40}")
    return float(given)


def estimate(
    circuit: Circuit,
    observables: Sequence[Observable],
    settings: Settings,
    observer: Observer | None = None,
    *,
    trajectories: int | None,
    target_error: float | None,
) -> TrajectoryValues:
    """Estimates expectation values from trajectories.

    Args:
        circuit: A circuit of gates and of channels that are mixtures of unitaries.
        observables: Hermitian observables.
        settings: The common options.
        observer: Receives progress updates.
        trajectories: How many; or the most, where there is a target.
        target_error: Go on until each standard error is at most this.

    Raises:
        CircuitError: The circuit has measurements, resets or conditions, or a channel that is no mixture of unitaries.
        UsageError: An observable is not Hermitian.
    """
    # Stage 1: what the observables depend on, and the unitaries of each channel.
    watch = observer or Silent()
    for observable in observables:
        observable.check_qubits(circuit.num_qubits)
        if not observable.is_hermitian:
            raise UsageError(f"trajectories are of Hermitian observables; {observable!r} has complex coefficients")
    products = [product for observable in observables for product, _ in observable.terms]
    letters = {qubit: letter for product in products for qubit, letter in product}
    steps = needed_operations(circuit, Question(letters=letters))
    places = [_Place.of(step) for step in steps]
    qubits = sorted({*letters, *(qubit for step in steps for qubit in step.qubits)})
    moved = {qubit: place for place, qubit in enumerate(qubits)}

    # Stage 2: what computes some choices.
    if all(place.paulis for place in places if place.gates):
        of_paulis = _OfPaulis.prepare(places, observables, moved, settings, watch)
        compute = of_paulis.values
    else:

        def compute(choices: Sequence[Choice]) -> npt.NDArray[np.float64]:
            return _values(places, choices, observables, moved, settings, watch)

    # Stage 3: portions of trajectories, until there are as many as asked for or the errors are small enough.
    rng = stream(settings.seed, "trajectories")
    most = MAX_TRAJECTORIES if trajectories is None else trajectories
    together = max(1, min(MAX_QUBITS // max(len(qubits), 1), _MOST_OPERATIONS // max(len(steps), 1)))
    seen: dict[bytes, int] = {}
    values: npt.NDArray[np.float64] = np.zeros((0, len(observables)))
    counts: npt.NDArray[np.int64] = np.zeros(0, dtype=np.int64)
    done, portion = 0, _FIRST
    while done < most:
        number = min(portion, most - done)
        drawn = _draw(places, number, rng)
        fresh: list[Choice] = []
        for row in drawn:
            key = row.tobytes()
            at = seen.setdefault(key, len(seen))
            if at == len(counts) + len(fresh):
                fresh.append(row)
        counts = np.concatenate([counts, np.zeros(len(fresh), dtype=np.int64)])
        np.add.at(counts, [seen[row.tobytes()] for row in drawn], 1)
        for start in range(0, len(fresh), together):
            some = fresh[start : start + together]
            values = np.concatenate([values, compute(some)])
        done += number
        portion = min(2 * portion, 1 << 20)
        means, errors = _statistics(values, counts)
        watch.contracting(done, most if target_error is None else max(done, 1))
        if target_error is not None and done >= _FEWEST and errors.max(initial=0.0) <= target_error:
            break
    return TrajectoryValues(
        values=means, standard_errors=errors, num_trajectories=int(counts.sum()), num_distinct=len(counts)
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """An operation, or a channel with its unitaries.

    Attributes:
        step: The operation.
        gates: The unitaries of a channel.
        sums: The sums of their probabilities.
        paulis: Where all are Pauli products: for each its letters.
    """

    step: Operation
    gates: tuple[Gate, ...] = ()
    sums: tuple[float, ...] = ()
    paulis: tuple[str, ...] = ()

    @classmethod
    def of(cls, step: Operation) -> _Place:
        action = step.action
        if not isinstance(action, Channel):
            return cls(Operation(step.gate, step.qubits))
        mixture: Mixture | None = action.mixture
        if mixture is None:
            raise CircuitError(
                f"'{action.label}' is not a mixture of unitaries, and trajectories are of such channels; use method "
                "'exact'"
            )
        order = np.argsort(-mixture.probabilities, kind="stable")
        gates = tuple(unitary_gate(mixture.unitaries[place], name=f"{action.label}_{place}") for place in order)
        sums = np.cumsum(mixture.probabilities[order])
        letters = [_letters(mixture.unitaries[place]) for place in order]
        paulis = tuple(letter for letter in letters if letter is not None)
        return cls(step, gates, tuple((sums / sums[-1]).tolist()), paulis if len(paulis) == len(letters) else ())


def _letters(unitary: ComplexArray) -> str | None:
    """The letters of a Pauli product, whatever its phase; None for another matrix."""
    qubits = len(unitary).bit_length() - 1
    overlaps = np.abs(np.einsum("aij,ij->a", pauli_basis(qubits).conj(), unitary)) / len(unitary)
    place = int(overlaps.argmax())
    if overlaps[place] < 1 - 1e-12:
        return None
    return "".join("IXYZ"[place >> 2 * (qubits - 1 - qubit) & 3] for qubit in range(qubits))


@dataclass(frozen=True, slots=True, eq=False)
class _OfPaulis:
    """One circuit with a parameter for each X and Z that may be drawn.

    Attributes:
        program: Its networks and plans.
        places: The channels.
        first: The number of the first parameter of each.
    """

    program: EnergyProgram
    places: tuple[_Place, ...]
    first: tuple[int, ...]

    @classmethod
    def prepare(
        cls,
        places: Sequence[_Place],
        observables: Sequence[Observable],
        moved: Mapping[int, int],
        settings: Settings,
        observer: Observer,
    ) -> _OfPaulis:
        """Builds the circuit and searches its plans."""
        steps, chosen, first, count = [], [], [], 0
        for place in places:
            qubits = tuple(moved[qubit] for qubit in place.step.qubits)
            if not place.gates:
                steps.append(Operation(place.step.gate, qubits))
                continue
            chosen.append(place)
            first.append(count)
            for qubit in qubits:
                steps.append(Operation(gate("rz", Parameter(f"z{count}")), (qubit,)))
                steps.append(Operation(gate("rx", Parameter(f"x{count + 1}")), (qubit,)))
                count += 2
        sums = [
            Observable.from_terms(
                [(tuple((moved[q], letter) for q, letter in product), value) for product, value in one]
            )
            for one in observables
        ]
        circuit = Circuit(max(len(moved), 1), steps)
        program = EnergyProgram.prepare(circuit, sums, settings, observer)
        return cls(program, tuple(chosen), tuple(first))

    def values(self, choices: Sequence[Choice]) -> npt.NDArray[np.float64]:
        """The values of some choices, shape (choices, observables)."""
        numbers = {name: place for place, name in enumerate(self.program.names)}
        found = []
        for row in choices:
            point = np.zeros(len(numbers))
            for place, start, number in zip(self.places, self.first, row.tolist(), strict=True):
                for qubit, letter in enumerate(place.paulis[number]):
                    if letter in "ZY":
                        point[numbers[f"z{start + 2 * qubit}"]] = math.pi
                    if letter in "XY":
                        point[numbers[f"x{start + 2 * qubit + 1}"]] = math.pi
            found.append(self.program.values(point).values.real)
        return np.array(found, dtype=np.float64).reshape(len(choices), -1)


def _draw(places: Sequence[_Place], number: int, rng: np.random.Generator) -> npt.NDArray[np.uint16]:
    """For each trajectory and channel the number of the unitary, shape (trajectories, channels)."""
    channels = [place for place in places if place.gates]
    drawn = np.zeros((number, len(channels)), dtype=np.uint16)
    for column, place in enumerate(channels):
        drawn[:, column] = np.searchsorted(place.sums, rng.random(number), side="right").clip(0, len(place.gates) - 1)
    return drawn


def _values(
    places: Sequence[_Place],
    choices: Sequence[Choice],
    observables: Sequence[Observable],
    moved: Mapping[int, int],
    settings: Settings,
    observer: Observer,
) -> npt.NDArray[np.float64]:
    """The values of some trajectories, computed side by side: shape (trajectories, observables)."""
    width = max(len(moved), 1)

    def operations() -> Iterator[Operation]:
        for copy, row in enumerate(choices):
            chosen = iter(row.tolist())
            for place in places:
                drawn = place.gates[next(chosen)] if place.gates else place.step.gate
                if drawn.entries is None or not _is_identity(drawn):
                    yield Operation(drawn, tuple(copy * width + moved[qubit] for qubit in place.step.qubits))

    circuit = Circuit(width * len(choices), operations())
    copies = [
        _moved(observable, {qubit: copy * width + place for qubit, place in moved.items()})
        for copy in range(len(choices))
        for observable in observables
    ]
    task = ExpectationTask(circuit=circuit, observables=tuple(copies))
    found = solve(task, settings, observer=observer).answer.values
    return np.ascontiguousarray(found.real).reshape(len(choices), len(observables))


def _moved(observable: Observable, to: Mapping[int, int]) -> Observable:
    """The observable on other qubits."""
    return Observable.from_terms(
        [(tuple((to[qubit], letter) for qubit, letter in product), value) for product, value in observable]
    )


def _is_identity(one: Gate) -> bool:
    matrix = one.matrix
    return bool(np.abs(matrix - matrix[0, 0] * np.eye(len(matrix))).max() < 1e-14)


def _statistics(
    values: npt.NDArray[np.float64], counts: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Means and standard errors of values that occurred so often."""
    total = int(counts.sum())
    means = (counts[:, np.newaxis] * values).sum(axis=0) / total
    squares = (counts[:, np.newaxis] * (values - means) ** 2).sum(axis=0)
    return means, np.sqrt(squares / max(total - 1, 1) / total) if total > 1 else np.full(len(means), math.inf)

"""Expectation values from trajectories: each channel is replaced by one of its operators, drawn with its probability.

The draws do not depend on the state (`trajectory_choices`), so all are made beforehand, and equal ones are computed
once. The choice of the likeliest operator everywhere is computed by itself and counts with its exact probability; all
others are drawn. Where all operators are Pauli products, a choice is a point of one circuit with parameters: X and Z
are rotations by π, or by 0 where they are not drawn. So one plan serves all trajectories. Other unitaries give circuits
that are placed side by side and computed as one; operators that are not unitary need the states of few qubits.

Source: Dalibard, Castin & Mølmer, PRL 68, 580 (1992); drawing beforehand: Isakov et al., arXiv:2111.02396.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from taizhang._checks import read_integer
from taizhang._random import stream
from taizhang._types import ComplexArray
from taizhang.circuit.circuit import MAX_QUBITS, Circuit
from taizhang.circuit.gates import Gate, gate
from taizhang.circuit.observable import Observable
from taizhang.circuit.operation import Operation
from taizhang.circuit.parameter import Parameter
from taizhang.errors import CircuitError, SizeLimitError, UsageError
from taizhang.network.doubled import Question, needed_operations
from taizhang.observer import Observer, Silent
from taizhang.settings import Settings
from taizhang.tasks.energy import EnergyProgram
from taizhang.tasks.expectation import ExpectationTask
from taizhang.tasks.solve import solve
from taizhang.tasks.trajectory_choices import (
    Choice,
    Place,
    chance_of_likeliest,
    draw_others,
    drawn_from,
    likeliest,
    unitaries_of,
)
from taizhang.tasks.trajectory_states import MAX_STATE_QUBITS, StateProgram

MAX_TRAJECTORIES = 100_000_000
MOST_CHOICES = 100_000
"""Most choices of operators that are computed in order of their probability."""
DEFAULT = 1000
"""Trajectories where no number is given."""
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
        num_distinct: Number of different choices of operators among them, in the light cones of the observables.
        bounds: Where the likeliest choices were computed until little of the probability was left: how far the values
            can be from the exact ones, float64, shape (observables,); None for drawn trajectories.
    """

    values: npt.NDArray[np.float64]
    standard_errors: npt.NDArray[np.float64]
    num_trajectories: int
    num_distinct: int
    bounds: npt.NDArray[np.float64] | None = None


def read_trajectories(given: int | None, target_error: float | None, *, called: str = "trajectories") -> int | None:
    """Reads a number of trajectories; by default 1,000, or as many as needed where there is a target.

    Raises:
        UsageError: It is not a whole number from 1 to 100 million.
    """
    if given is None:
        return None if target_error is not None else DEFAULT
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


def read_exhaustive_to(given: float | None, trajectories: int | None, target_error: float | None) -> float | None:
    """Reads how much of the probability may be left.

    Raises:
        UsageError: It is not a probability below 1, or trajectories are to be drawn as well.
    """
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, (int, float)) or not 0 < given < 1:
        raise UsageError(f"exhaustive_to must be a number between 0 and 1, got {given!r:.40}")
    if trajectories is not None or target_error is not None:
        raise UsageError("exhaustive_to draws no trajectories; leave trajectories and target_error out")
    return float(given)


def estimate(
    circuit: Circuit,
    observables: Sequence[Observable],
    settings: Settings,
    observer: Observer | None = None,
    *,
    trajectories: int | None,
    target_error: float | None,
    exhaustive_to: float | None = None,
) -> TrajectoryValues:
    """Estimates expectation values from trajectories.

    Args:
        circuit: A circuit of gates and of channels that are mixtures of unitaries.
        observables: Hermitian observables.
        settings: The common options.
        observer: Receives progress updates.
        trajectories: How many; or the most, where there is a target.
        target_error: Go on until each standard error is at most this.
        exhaustive_to: Compute the likeliest choices instead, until this much of the probability is left.

    Raises:
        CircuitError: The circuit has measurements, resets or conditions; or a channel that is no mixture of unitaries
            and a light cone of more than 26 qubits.
        UsageError: An observable is not Hermitian.
        SizeLimitError: Too many choices would have to be computed.
    """
    # Stage 1: what the observables depend on, and the operators of each channel.
    watch = observer or Silent()
    places, moved = _places_of(circuit, observables)
    channels = drawn_from(places)

    # Stage 2: what computes some choices.
    compute = _computer(places, observables, moved, settings, watch)
    excess = math.prod(place.excess for place in channels)
    if exhaustive_to is not None:
        return _exhaustive(channels, observables, compute, excess, exhaustive_to, watch)

    # Stage 3: the likeliest choice, which has its exact probability.
    most = MAX_TRAJECTORIES if trajectories is None else trajectories
    together = max(1, min(MAX_QUBITS // max(len(moved), 1), _MOST_OPERATIONS // max(len(places), 1)))
    first = excess * compute([np.zeros(len(channels), dtype=np.uint16)])[0]
    chance = chance_of_likeliest(channels)
    if not channels or 1 - chance < 1e-15:
        none = np.zeros(len(observables))
        return TrajectoryValues(values=first, standard_errors=none, num_trajectories=most, num_distinct=1)

    # Stage 4: portions of the others, until there are as many as asked for or the errors are small enough.
    rng = stream(settings.seed, "trajectories")
    seen: dict[bytes, int] = {}
    values: npt.NDArray[np.float64] = np.zeros((0, len(observables)))
    counts: npt.NDArray[np.int64] = np.zeros(0, dtype=np.int64)
    done, portion = 0, _FIRST
    while done < most:
        number = min(portion, most - done)
        drawn = draw_others(channels, number, rng)
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
            values = np.concatenate([values, excess * compute(some)])
        done += number
        portion = min(2 * portion, 1 << 20)
        means, errors = _statistics(values, counts)
        means, errors = chance * first + (1 - chance) * means, (1 - chance) * errors
        watch.contracting(done, most if target_error is None else max(done, 1))
        if target_error is not None and done >= _FEWEST and errors.max(initial=0.0) <= target_error:
            break
    return TrajectoryValues(
        values=means, standard_errors=errors, num_trajectories=int(counts.sum()), num_distinct=1 + len(counts)
    )


def _places_of(circuit: Circuit, observables: Sequence[Observable]) -> tuple[list[Place], dict[int, int]]:
    """What observables depend on, and a number from 0 for each of its qubits."""
    for observable in observables:
        observable.check_qubits(circuit.num_qubits)
        if not observable.is_hermitian:
            raise UsageError(f"trajectories are of Hermitian observables; {observable!r} has complex coefficients")
    products = [product for observable in observables for product, _ in observable.terms]
    letters = {qubit: letter for product in products for qubit, letter in product}
    steps = needed_operations(circuit, Question(letters=letters))
    qubits = sorted({*letters, *(qubit for step in steps for qubit in step.qubits)})
    return [Place.of(step) for step in steps], {qubit: place for place, qubit in enumerate(qubits)}


def predicted_seconds(
    circuit: Circuit, observables: Sequence[Observable], settings: Settings, observer: Observer, trajectories: int
) -> float:
    """Predicts the time of so many trajectories; infinite where it is not known beforehand.

    Raises:
        CircuitError: The circuit has no trajectories.
        LimitError: One does not fit the limits.
    """
    places, moved = _places_of(circuit, observables)
    channels = drawn_from(places)
    different = 1 + trajectories * (1 - chance_of_likeliest(channels))
    if all(place.paulis for place in channels):
        program = _OfPaulis.prepare(places, observables, moved, settings, observer).program
        return different * program.cones.work.predicted_seconds
    if len(moved) > MAX_STATE_QUBITS:
        return math.inf
    return different * StateProgram(places, moved, settings, observer).seconds / settings.threads


_Compute = Callable[[Sequence[Choice]], npt.NDArray[np.float64]]


def _computer(
    places: Sequence[Place],
    observables: Sequence[Observable],
    moved: Mapping[int, int],
    settings: Settings,
    observer: Observer,
) -> _Compute:
    """What computes the values of some choices, shape (choices, observables)."""
    channels = drawn_from(places)
    if all(place.paulis for place in channels):
        return _OfPaulis.prepare(places, observables, moved, settings, observer).values
    if all(place.gates for place in channels):
        return lambda choices: _values(places, choices, observables, moved, settings, observer)
    if len(moved) > MAX_STATE_QUBITS:
        name = next(place.step.action.label for place in channels if not place.gates)
        raise CircuitError(
            f"'{name}' is not a mixture of unitaries, and trajectories with such channels are of light cones of at "
            f"most {MAX_STATE_QUBITS} qubits, not {len(moved)}; use method 'exact'"
        )
    program = StateProgram(places, moved, settings, observer)

    def of_states(choices: Sequence[Choice]) -> npt.NDArray[np.float64]:
        found = np.zeros((len(choices), len(observables)))

        def take(number: int, state: ComplexArray) -> None:
            found[number] = [_value_in(state, observable, moved) for observable in observables]

        program.run(choices, take, observer)
        return found

    return of_states


def _value_in(state: ComplexArray, observable: Observable, moved: Mapping[int, int]) -> float:
    """⟨ψ|O|ψ⟩ of a state that need not be normalised."""
    size, wide = len(state), state.astype(np.complex128, copy=False)
    numbers = np.arange(size)
    total = 0.0
    for product, coefficient in observable:
        flips, phase = 0, 1.0 + 0.0j
        turned: ComplexArray = wide
        for qubit, letter in product:
            place = size.bit_length() - 2 - moved[qubit]
            flips |= 1 << place if letter in "XY" else 0
            phase *= 1j if letter == "Y" else 1
            if letter in "YZ":
                turned = np.where(numbers >> place & 1, -turned, turned)
        # Y|k⟩ = i (-1)^k |1 - k⟩.
        value = (wide[numbers ^ flips].conj() * turned).sum() * phase
        total += float((coefficient * value).real)
    return total


def _exhaustive(
    channels: Sequence[Place],
    observables: Sequence[Observable],
    compute: _Compute,
    excess: float,
    left: float,
    observer: Observer,
) -> TrajectoryValues:
    """Values of the likeliest choices, and how far those of all can be from them."""
    # Stage 1: the choices.
    if excess > 1 + 1e-9:
        raise CircuitError("exhaustive_to is for channels that are mixtures of unitaries; leave it out")
    chosen, chances, mass = [], [], 0.0
    for choice, chance in likeliest(channels):
        chosen.append(choice)
        chances.append(chance)
        mass += chance
        if 1 - mass <= left:
            break
        if len(chosen) >= MOST_CHOICES:
            raise SizeLimitError(
                f"the {MOST_CHOICES:,} likeliest choices of operators leave {1 - mass:.3g} of the probability; raise "
                "exhaustive_to, or draw trajectories"
            )
    # Stage 2: their values; what is left has values of at most the sum of the coefficients.
    values = np.zeros(len(observables))
    for start in range(0, len(chosen), _FIRST):
        part = slice(start, start + _FIRST)
        values += np.array(chances[part]) @ compute(chosen[part])
        observer.contracting(min(start + _FIRST, len(chosen)), len(chosen))
    rest = max(0.0, 1 - mass)
    constants = np.array([complex(observable.constant).real for observable in observables])
    spread = np.array([sum(abs(value) for product, value in observable if product) for observable in observables])
    return TrajectoryValues(
        values=values + rest * constants,
        standard_errors=np.zeros(len(observables)),
        num_trajectories=len(chosen),
        num_distinct=len(chosen),
        bounds=rest * spread,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _OfPaulis:
    """One circuit with a parameter for each X and Z that may be drawn.

    Attributes:
        program: Its networks and plans.
        places: The channels.
        first: The number of the first parameter of each.
    """

    program: EnergyProgram
    places: tuple[Place, ...]
    first: tuple[int, ...]

    @classmethod
    def prepare(
        cls,
        places: Sequence[Place],
        observables: Sequence[Observable],
        moved: Mapping[int, int],
        settings: Settings,
        observer: Observer,
    ) -> _OfPaulis:
        """Builds the circuit and searches its plans."""
        steps, chosen, first, count = [], [], [], 0
        for place in places:
            qubits = tuple(moved[qubit] for qubit in place.step.qubits)
            if place.operators is None:
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


def _values(
    places: Sequence[Place],
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
            for step in unitaries_of(places, row):
                if step.gate.entries is None or not _is_identity(step.gate):
                    yield Operation(step.action, tuple(copy * width + moved[qubit] for qubit in step.qubits))

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

"""Samples of noisy circuits from trajectories: shots that took the same operators are drawn from one state.

Operators are drawn beforehand, as `trajectory_choices` says. The squared norm that is left of a state is the chance
that the draw of its operators is kept; for mixtures of unitaries that is 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from taizhang._random import stream
from taizhang._types import ComplexArray
from taizhang._units import human_seconds
from taizhang.circuit.circuit import Circuit
from taizhang.circuit.classical import Measure, Readout
from taizhang.circuit.gates import Gate
from taizhang.circuit.operation import Operation
from taizhang.errors import CircuitError, TimeLimitError
from taizhang.observer import Observer
from taizhang.sampling.choice import prepare_samples
from taizhang.settings import Settings
from taizhang.tasks.trajectory_choices import Choice, Place, chance_of_likeliest, draw, drawn_from, unitaries_of
from taizhang.tasks.trajectory_states import MAX_STATE_QUBITS, StateProgram

# Trajectories whose operators are drawn at a time, as a matrix.
_AT_A_TIME = 1 << 12
# Least part of the draws that may be kept.
_LEAST_KEPT = 1e-4


@dataclass(frozen=True, slots=True)
class MeasuredAtEnd:
    """A circuit without its measurements, and the bits that they write.

    Attributes:
        operations: Gates and channels.
        bits: For each bit of the result the qubit that is read, or None for one that is 0, and errors of reading it.
    """

    operations: tuple[Operation, ...]
    bits: tuple[tuple[int | None, Readout | None], ...]

    @classmethod
    def of(cls, circuit: Circuit) -> MeasuredAtEnd:
        """Takes the measurements at the end of a circuit away.

        Raises:
            CircuitError: It has others, resets, or conditions.
        """
        read: dict[int, tuple[int, Readout | None]] = {}
        kept: list[Operation] = []
        measured: set[int] = set()
        for step in circuit.operations:
            if isinstance(step.action, Measure):
                read[step.action.bit] = (step.qubits[0], step.action.readout)
                measured.update(step.qubits)
                continue
            if measured.intersection(step.qubits):
                raise CircuitError(
                    f"'{step.action.label}' comes after a measurement of its qubit, and trajectories are of circuits "
                    "that measure at the end; use method 'auto'"
                )
            kept.append(step)
        if not circuit.registers.results:
            return cls(tuple(kept), tuple((qubit, None) for qubit in range(circuit.num_qubits)))
        return cls(tuple(kept), tuple(read.get(bit, (None, None)) for bit in circuit.registers.result_bits))

    @classmethod
    def of_gates(cls, circuit: Circuit) -> MeasuredAtEnd | None:
        """The same for a circuit that has nothing else than gates and measurements at the end; None for others."""
        try:
            found = cls.of(circuit)
        except CircuitError:
            return None
        return found if all(isinstance(step.action, Gate) for step in found.operations) else None

    def circuit(self, num_qubits: int) -> Circuit:
        """The circuit without its measurements."""
        return Circuit(num_qubits, self.operations)

    def read(self, rows: npt.NDArray[np.uint8], seed: int) -> npt.NDArray[np.uint8]:
        """The bits that are read for outcomes of all qubits.

        Args:
            rows: The outcomes, uint8, shape (shots, qubits).
            seed: Seed of the errors of reading.

        Returns:
            uint8, shape (shots, bits).
        """
        rng = stream(seed, "readout")
        found = np.zeros((len(rows), len(self.bits)), dtype=np.uint8)
        for column, (qubit, readout) in enumerate(self.bits):
            if qubit is None:
                continue
            found[:, column] = rows[:, qubit]
            if readout is not None:
                chances = np.where(rows[:, qubit] == 1, readout.zero_for_one, readout.one_for_zero)
                found[:, column] ^= rng.random(len(rows)) < chances
        return found


class TrajectorySampler:
    """Draws samples from trajectories.

    Args:
        circuit: Gates and channels, and perhaps measurements at the end.
        settings: The common options; the same seed gives the same samples on any number of threads.
        observer: Receives progress updates.

    Raises:
        CircuitError: The circuit has measurements in the middle, resets or conditions; or channels that are no mixtures
            of unitaries, and more than 26 qubits or so many of them that next to no draw would be kept.
        LimitError: A state does not fit the memory limit.
    """

    def __init__(self, circuit: Circuit, settings: Settings, observer: Observer) -> None:
        # Stage 1: the places, and how many draws are kept.
        self._circuit, self._settings, self._observer = circuit, settings, observer
        self._measured = MeasuredAtEnd.of(circuit)
        self._places = [Place.of(step) for step in self._measured.operations]
        self._channels = drawn_from(self._places)
        self._excess = math.prod(place.excess for place in self._channels)
        if 1 / self._excess < _LEAST_KEPT:
            raise CircuitError(
                f"the channels that are not mixtures of unitaries are so strong that one draw in {self._excess:.3g} "
                "would be kept; use method 'auto'"
            )
        # Stage 2: the states, where there are few qubits.
        wide = circuit.num_qubits > MAX_STATE_QUBITS
        if wide and not self._all_kept:
            name = next(place.step.action.label for place in self._channels if not place.gates)
            raise CircuitError(
                f"'{name}' is not a mixture of unitaries, and samples with such channels are of circuits of at most "
                f"{MAX_STATE_QUBITS} qubits; use method 'auto'"
            )
        moved = dict(enumerate(range(circuit.num_qubits)))
        self._program = None if wide else StateProgram(self._places, moved, settings, observer)

    @property
    def _all_kept(self) -> bool:
        return self._excess < 1 + 1e-9

    def predicted_seconds(self, shots: int) -> float:
        """Predicts the time of so many samples; infinite for circuits whose states are not computed."""
        if self._program is None:
            return math.inf
        different = 1 + shots * self._excess * (1 - chance_of_likeliest(self._channels))
        return self._program.seconds * different / self._settings.threads

    def draw(self, shots: int) -> npt.NDArray[np.uint8]:
        """Draws samples: the bits, or all qubits where the circuit has none, uint8, shape (shots, bits).

        Raises:
            TimeLimitError: It is predicted to take longer than the limit.
        """
        # Rounds of draws, until enough are kept, in the order in which they were drawn.
        settings, excess = self._settings, self._excess
        rng = stream(settings.seed, "trajectories")
        rows: npt.NDArray[np.uint8] = np.zeros((0, self._circuit.num_qubits), dtype=np.uint8)
        turn = 0
        while len(rows) < shots:
            missing = shots - len(rows)
            number = missing if self._all_kept else math.ceil(excess * (1.1 * missing + 4 * math.sqrt(missing)))
            groups = _groups(self._channels, number, rng)
            if self._program is None:
                found = _of_wide(self._circuit, self._places, groups, number, settings, self._observer)
            else:
                found = _of_states(
                    self._program, groups, number, turn, settings, self._observer, all_kept=self._all_kept
                )
            rows = np.concatenate([rows, found])
            turn += 1
        return self._measured.read(rows[:shots], settings.seed)


def _groups(
    channels: Sequence[Place], number: int, rng: np.random.Generator
) -> list[tuple[Choice, npt.NDArray[np.intp]]]:
    """The different choices of some trajectories, each with the numbers of its trajectories."""
    found: dict[bytes, list[int]] = {}
    choices: list[Choice] = []
    for start in range(0, number, _AT_A_TIME):
        drawn = draw(channels, min(_AT_A_TIME, number - start), rng)
        for row, choice in enumerate(drawn):
            # Most operators are the likeliest ones: the others make a short key.
            changed = np.flatnonzero(choice)
            key = changed.tobytes() + choice[changed].tobytes()
            members = found.setdefault(key, [])
            if not members:
                choices.append(choice.copy())
            members.append(start + row)
    return list(zip(choices, map(np.array, found.values()), strict=True))


def _of_states(
    program: StateProgram,
    groups: Sequence[tuple[Choice, npt.NDArray[np.intp]]],
    number: int,
    turn: int,
    settings: Settings,
    observer: Observer,
    *,
    all_kept: bool,
) -> npt.NDArray[np.uint8]:
    """Draws from the states: the rows that are kept, in order."""
    seconds = program.seconds * len(groups) / settings.threads
    if seconds > settings.time_limit_seconds:
        raise TimeLimitError(
            f"{len(groups):,} different trajectories are predicted to take {human_seconds(seconds)}, but the time "
            f"limit is {human_seconds(settings.time_limit_seconds)}; draw fewer shots, or raise time_limit"
        )
    observer.predicted(seconds)
    observer.stage("run")
    outcomes = np.full(number, -1, dtype=np.int64)

    def take(place: int, state: ComplexArray) -> None:
        _, members = groups[place]
        rng = stream(settings.seed, "trajectory", turn, place)
        sums = np.cumsum(state.real.astype(np.float64) ** 2 + state.imag.astype(np.float64) ** 2)
        kept = (rng.random(len(members)) < sums[-1]) | all_kept
        drawn = np.searchsorted(sums, rng.random(len(members)) * sums[-1], side="right").clip(0, len(sums) - 1)
        outcomes[members[kept]] = drawn[kept]

    program.run([choice for choice, _ in groups], take, observer)
    chosen = outcomes[outcomes >= 0]
    shifts = np.arange(program.num_qubits)[::-1]
    return (chosen[:, np.newaxis] >> shifts & 1).astype(np.uint8)


def _of_wide(
    circuit: Circuit,
    places: Sequence[Place],
    groups: Sequence[tuple[Choice, npt.NDArray[np.intp]]],
    number: int,
    settings: Settings,
    observer: Observer,
) -> npt.NDArray[np.uint8]:
    """Draws from each circuit of unitaries as from any other."""
    rows = np.zeros((number, circuit.num_qubits), dtype=np.uint8)
    for done, (choice, members) in enumerate(groups):
        steps = unitaries_of(places, choice)
        one = replace(settings, seed=int(stream(settings.seed, "trajectory", done).integers(1 << 62)))
        run = prepare_samples(Circuit(circuit.num_qubits, steps), len(members), one, method="auto", observer=None)
        rows[members] = np.concatenate(list(run))
        observer.contracting(done + 1, len(groups))
    return rows

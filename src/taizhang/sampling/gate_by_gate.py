"""Gate-by-gate sampling: exact, where amplitudes are cheap (Bravyi, Gosset & Liu, PRL 128, 220503, 2022).

Each shot is a bitstring that is updated gate by gate. A gate that mixes basis states of some qubits resamples their
bits from the probabilities, after this gate, of all their values given the other bits. A gate that permutes basis
states permutes the bits; diagonal gates and controls leave them.

Three things save work: only qubits that earlier gates have connected to the resampled ones are included, shots with the
same bits on them are computed once, and final diagonal gates are omitted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from taizhang._types import ComplexArray
from taizhang.circuit.circuit import Circuit, Operation
from taizhang.circuit.distinct_bitstrings import DistinctRows
from taizhang.circuit.gates import Gate
from taizhang.errors import NumericalError
from taizhang.execute.amplitude_contractor import all_amplitudes, prepare_amplitudes
from taizhang.observer import Observer, Silent
from taizhang.sampling.actions import Action, actions_of, dependencies
from taizhang.sampling.sampler import Bits, MethodName, SampleReport
from taizhang.sampling.uniforms import Uniforms
from taizhang.settings import Settings

Oracle: TypeAlias = Callable[[Circuit, Bits, tuple[int, ...]], ComplexArray]
"""Computes, for a circuit, rows of bits and some open qubits, the amplitudes of all values of the open qubits.

Shape (rows, 2**len(open_qubits)); each row may have an arbitrary factor.
"""


@dataclass(slots=True)
class GateByGate:
    """The algorithm, independent of how amplitudes are computed.

    Args:
        actions: The gates of the circuit.
        num_qubits: Number of its qubits.
        oracle: Computes amplitudes.
        uniforms: The random numbers.

    Attributes:
        amplitude_rows: Number of rows requested from the oracle so far.
    """

    actions: tuple[Action, ...]
    num_qubits: int
    oracle: Oracle
    uniforms: Uniforms
    amplitude_rows: int = 0
    _draws: list[_Draw] = field(init=False)

    def __post_init__(self) -> None:
        self._draws = list(_prepare_draws(self.actions, self.num_qubits))

    @property
    def num_draws(self) -> int:
        """Number of gates that draw bits."""
        return sum(draw.circuit is not None for draw in self._draws)

    def draw(self, first: int, count: int, on_progress: Callable[[int, int], None] | None = None) -> Bits:
        """Draws the shots `first` to `first + count`; shape (count, num_qubits).

        Args:
            first: Number of the first shot.
            count: Number of shots.
            on_progress: Called with the number of draws done and of all draws.
        """
        bits = np.zeros((count, self.num_qubits), dtype=np.uint8)
        done = 0
        for number, draw in enumerate(self._draws):
            action = self.actions[number]
            shots = np.flatnonzero(np.all(bits[:, list(action.controls)] == 1, axis=1))
            if action.kind == "permuting":
                _move(bits, shots, action)
            elif draw.circuit is not None:
                if shots.size:
                    numbers = self.uniforms.draw(first, count, number)[shots]
                    bits[shots[:, np.newaxis], list(action.changed)] = self._draw_bits(draw, bits[shots], numbers)
                done += 1
                if on_progress is not None:
                    on_progress(done, self.num_draws)
        return bits

    def _draw_bits(self, draw: _Draw, bits: Bits, numbers: npt.NDArray[np.float64]) -> Bits:
        """Draws new bits of the qubits that an action changes, one row for each shot."""
        fixed_bits = bits[:, draw.qubits]
        fixed_bits[:, draw.open_qubits] = 0
        rows, row_of = distinct_rows(fixed_bits)
        if draw.circuit is None:
            raise ValueError("a draw without a circuit draws no bits")
        self.amplitude_rows += len(rows)
        amplitudes = self.oracle(draw.circuit, rows, draw.open_qubits)
        ends = np.cumsum(np.abs(amplitudes.astype(np.complex128)) ** 2, axis=1)
        if not np.all(ends[:, -1] > 0):
            raise NumericalError(
                "all amplitudes of a drawn bitstring are 0, which only rounding errors can cause; "
                "use dtype complex128, or another method"
            )
        ends /= ends[:, -1:]
        values = (numbers[:, np.newaxis] >= ends[row_of, :-1]).sum(axis=1)
        places = np.arange(len(draw.open_qubits))[::-1]
        return np.asarray(values[:, np.newaxis] >> places & 1, dtype=np.uint8)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draw:
    """How to draw bits after one action; `circuit` is None if it draws none.

    Attributes:
        circuit: The actions up to and including this one, on the qubits that they connect to it.
        qubits: The qubits of `circuit`.
        open_qubits: The drawn qubits, as numbered in `circuit`.
    """

    circuit: Circuit | None
    qubits: tuple[int, ...] = ()
    open_qubits: tuple[int, ...] = ()


def _prepare_draws(actions: tuple[Action, ...], num_qubits: int) -> list[_Draw]:
    """Prepares all draws of a circuit."""
    before, _ = dependencies(actions, num_qubits)
    connected = [{qubit} for qubit in range(num_qubits)]
    operations = [_operation(action) for action in actions]
    draws = []
    for number, action in enumerate(actions):
        joined = set().union(*(connected[qubit] for qubit in action.qubits))
        for qubit in joined:
            connected[qubit] = joined
        if action.kind != "mixing":
            draws.append(_Draw(circuit=None))
            continue
        relevant = [k for k in range(number + 1) if actions[k].qubits[0] in joined]
        needed = _without_last_phases(relevant, actions, before)
        qubits = tuple(sorted(joined))
        place = {qubit: k for k, qubit in enumerate(qubits)}
        placed = (Operation(operations[k].gate, tuple(place[q] for q in operations[k].qubits)) for k in needed)
        draws.append(
            _Draw(
                circuit=Circuit.from_operations(len(qubits), placed),
                qubits=qubits,
                open_qubits=tuple(place[qubit] for qubit in action.changed),
            )
        )
    return draws


def _without_last_phases(numbers: list[int], actions: tuple[Action, ...], before: list[tuple[int, ...]]) -> list[int]:
    """Removes diagonal actions that no other action follows; they do not change probabilities."""
    needed: set[int] = set()
    kept = []
    for number in reversed(numbers):
        if actions[number].kind != "diagonal" or number in needed:
            kept.append(number)
            needed.update(before[number])
    return kept[::-1]


def _operation(action: Action) -> Operation:
    gate = Gate("action", (), 0, np.ascontiguousarray(action.matrix, dtype=np.complex128).tobytes())
    return Operation(gate.controlled(len(action.controls)) if action.controls else gate, action.qubits)


def _move(bits: Bits, shots: npt.NDArray[np.intp], action: Action) -> None:
    """Permutes the bits of some shots as an action permutes basis states."""
    value = np.zeros(len(shots), dtype=np.intp)
    for qubit in action.targets:
        value = 2 * value + bits[shots, qubit]
    moved = np.asarray(action.moves, dtype=np.intp)[value]
    for place, qubit in enumerate(reversed(action.targets)):
        bits[shots, qubit] = moved >> place & 1


def distinct_rows(bits: Bits) -> tuple[Bits, npt.NDArray[np.intp]]:
    """Returns the distinct rows of an array of bits, and for each row the number of its distinct row.

    Example:
        >>> rows, which = distinct_rows(np.array([[1, 0], [0, 1], [1, 0]], dtype=np.uint8))
        >>> rows.tolist(), which.tolist()
        ([[0, 1], [1, 0]], [1, 0, 1])
    """
    packed = np.packbits(bits, axis=1)
    if not packed.shape[1]:
        return bits[:1], np.zeros(len(bits), dtype=np.intp)
    keys = np.ascontiguousarray(packed).view(np.dtype((np.void, packed.shape[1]))).reshape(-1)
    _, first, which = np.unique(keys, return_index=True, return_inverse=True)
    return bits[first], which.reshape(-1)


DENSE_QUBITS = 18
"""Up to this many qubits, computing all amplitudes takes less time than planning for some."""


class GateByGateSampler:
    """Samples a circuit gate by gate.

    Args:
        circuit: A circuit whose amplitudes are cheap.
        settings: The common options. Amplitudes are computed in double precision: those of some hundred qubits are
            too small for single precision.
        observer: Receives progress updates.
        dense_qubits: Up to this many qubits all amplitudes are computed, and those needed are looked up.
    """

    method: MethodName = "gate-by-gate"
    portion = 1 << 14

    def __init__(
        self,
        circuit: Circuit,
        settings: Settings,
        observer: Observer | None = None,
        *,
        dense_qubits: int = DENSE_QUBITS,
    ) -> None:
        self._dense_qubits = dense_qubits
        self._settings = replace(settings, dtype="complex128")
        self._watch = observer or Silent()
        uniforms = Uniforms(settings.seed, self.method)
        self._walk = GateByGate(actions_of(circuit), circuit.num_qubits, self._amplitudes, uniforms)

    @property
    def num_draws(self) -> int:
        """Number of gates that draw bits."""
        return self._walk.num_draws

    def draw(self, first: int, count: int) -> Bits:
        """Draws the shots `first` to `first + count`; shape (count, num_qubits)."""
        self._watch.stage("run")
        return self._walk.draw(first, count, self._watch.contracting)

    def report(self) -> SampleReport:
        """The default report: the samples are exact, and their probabilities are not computed."""
        return SampleReport()

    def _amplitudes(self, circuit: Circuit, rows: Bits, open_qubits: tuple[int, ...]) -> ComplexArray:
        if circuit.num_qubits <= self._dense_qubits:
            return self._look_up(circuit, rows, open_qubits)
        distinct = DistinctRows.of(rows, open_qubits)
        contractor = prepare_amplitudes(
            circuit,
            self._settings,
            num_bitstrings=len(distinct),
            open_qubits=open_qubits,
            row_qubits=distinct.varying,
        )
        return np.asarray(contractor.run(distinct).values.reshape(len(rows), -1))

    def _look_up(self, circuit: Circuit, rows: Bits, open_qubits: tuple[int, ...]) -> ComplexArray:
        """Computes all amplitudes of a small circuit, and looks up those needed."""
        num_qubits = circuit.num_qubits
        amplitudes = all_amplitudes(circuit, self._settings)
        fixed = rows.astype(np.int64) @ (1 << np.arange(num_qubits, dtype=np.int64)[::-1])
        opened = np.zeros(1, dtype=np.int64)
        for qubit in open_qubits:
            bit = 1 << (num_qubits - 1 - qubit)
            opened = (opened[:, np.newaxis] + np.array([0, bit])).reshape(-1)
        return np.asarray(amplitudes[fixed[:, np.newaxis] + opened])

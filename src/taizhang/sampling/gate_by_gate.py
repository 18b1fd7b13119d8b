"""Gate by gate: samples of any circuit whose amplitudes are cheap, exact (Bravyi, Gosset & Liu, PRL 128, 220503, 2022).

Each shot is a bitstring that goes through the circuit. A gate that mixes basis states of some qubits draws the bits of
these anew, from the probabilities of the circuit up to and with this gate for all their values, the other bits as they
are. A gate that moves basis states moves the bits; diagonal gates and controls leave them.

Work is saved where it can be. Only the qubits that earlier gates have tied to those drawn count (`_component`), shots
that have the same bits on them are computed once, and diagonal gates that nothing comes after are left out.
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
"""Gives, for a circuit, rows of bits and some open qubits, the amplitudes of all values of the open qubits.

Shape (rows, 2**len(open_qubits)); each row may be multiplied by any number of its own.
"""


@dataclass(slots=True)
class GateByGate:
    """Sampling gate by gate.

    Args:
        actions: The circuit.
        num_qubits: Its qubits.
        oracle: Computes amplitudes.
        uniforms: The random numbers.

    Attributes:
        amplitude_rows: How many rows were asked of the oracle so far.
    """

    actions: tuple[Action, ...]
    num_qubits: int
    oracle: Oracle
    uniforms: Uniforms
    amplitude_rows: int = 0
    _draws: list[_Draw] = field(init=False)

    def __post_init__(self) -> None:
        self._draws = list(_draws_of(self.actions, self.num_qubits))

    @property
    def num_draws(self) -> int:
        """How many gates draw bits."""
        return sum(draw.circuit is not None for draw in self._draws)

    def draw(self, first: int, count: int, told: Callable[[int, int], None] | None = None) -> Bits:
        """Draws the shots `first` to `first + count`; shape (count, num_qubits).

        Args:
            first: Number of the first shot.
            count: Number of shots.
            told: Called with the number of draws done and of all.
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
                    bits[shots[:, np.newaxis], list(action.changed)] = self._drawn(draw, bits[shots], numbers)
                done += 1
                if told is not None:
                    told(done, self.num_draws)
        return bits

    def _drawn(self, draw: _Draw, bits: Bits, numbers: npt.NDArray[np.float64]) -> Bits:
        """Gives new bits of the qubits that an action changes, one row for each shot."""
        mine = bits[:, draw.qubits]
        mine[:, draw.open_qubits] = 0
        rows, row_of = distinct_rows(mine)
        if draw.circuit is None:
            raise ValueError("nothing is drawn here")
        self.amplitude_rows += len(rows)
        amplitudes = self.oracle(draw.circuit, rows, draw.open_qubits)
        ends = np.cumsum(np.abs(amplitudes.astype(np.complex128)) ** 2, axis=1)
        if not np.all(ends[:, -1] > 0):
            raise NumericalError(
                "the amplitudes of a bitstring that was drawn vanish, which rounding errors alone can do; "
                "use dtype complex128, or another method"
            )
        ends /= ends[:, -1:]
        values = (numbers[:, np.newaxis] >= ends[row_of, :-1]).sum(axis=1)
        places = np.arange(len(draw.open_qubits))[::-1]
        return np.asarray(values[:, np.newaxis] >> places & 1, dtype=np.uint8)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draw:
    """What has to be known to draw bits after one action; `circuit` is None where nothing is drawn.

    Attributes:
        circuit: What comes before it, and itself, on the qubits that these have tied together.
        qubits: The qubits of the circuit.
        open_qubits: Those drawn, as numbered in `circuit`.
    """

    circuit: Circuit | None
    qubits: tuple[int, ...] = ()
    open_qubits: tuple[int, ...] = ()


def _draws_of(actions: tuple[Action, ...], num_qubits: int) -> list[_Draw]:
    """Prepares all draws of a circuit."""
    before, _ = dependencies(actions, num_qubits)
    tied = [{qubit} for qubit in range(num_qubits)]
    operations = [_operation(action) for action in actions]
    draws = []
    for number, action in enumerate(actions):
        joined = set().union(*(tied[qubit] for qubit in action.qubits))
        for qubit in joined:
            tied[qubit] = joined
        if action.kind != "mixing":
            draws.append(_Draw(circuit=None))
            continue
        mine = [k for k in range(number + 1) if actions[k].qubits[0] in joined]
        needed = _without_last_phases(mine, actions, before)
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


def _without_last_phases(mine: list[int], actions: tuple[Action, ...], before: list[tuple[int, ...]]) -> list[int]:
    """Leaves out diagonal actions that nothing comes after."""
    wanted: set[int] = set()
    kept = []
    for number in reversed(mine):
        if actions[number].kind != "diagonal" or number in wanted:
            kept.append(number)
            wanted.update(before[number])
    return kept[::-1]


def _operation(action: Action) -> Operation:
    gate = Gate("action", (), 0, np.ascontiguousarray(action.matrix, dtype=np.complex128).tobytes())
    return Operation(gate.controlled(len(action.controls)) if action.controls else gate, action.qubits)


def _move(bits: Bits, shots: npt.NDArray[np.intp], action: Action) -> None:
    """Moves the bits of some shots as an action moves basis states."""
    value = np.zeros(len(shots), dtype=np.intp)
    for qubit in action.targets:
        value = 2 * value + bits[shots, qubit]
    moved = np.asarray(action.moves, dtype=np.intp)[value]
    for place, qubit in enumerate(reversed(action.targets)):
        bits[shots, qubit] = moved >> place & 1


def distinct_rows(bits: Bits) -> tuple[Bits, npt.NDArray[np.intp]]:
    """Gives the different rows of an array of bits, and for each row which of them it is.

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


class GateByGateSampler:
    """Lets shots go through the circuit, gate by gate.

    Args:
        circuit: A circuit whose amplitudes are cheap.
        settings: The common options. Amplitudes are computed in double precision: those of some hundred qubits are
            below what single precision holds.
        observer: Is told of the progress.
        dense_qubits: Up to so many qubits all amplitudes are computed, and those needed looked up.
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
        """How many gates draw bits."""
        return self._walk.num_draws

    def draw(self, first: int, count: int) -> Bits:
        """Draws some shots."""
        self._watch.stage("run")
        return self._walk.draw(first, count, self._watch.contracting)

    def report(self) -> SampleReport:
        """The samples are exact; their probabilities are not computed."""
        return SampleReport()

    def _amplitudes(self, circuit: Circuit, rows: Bits, open_qubits: tuple[int, ...]) -> ComplexArray:
        if circuit.num_qubits <= self._dense_qubits:
            return self._out_of_all(circuit, rows, open_qubits)
        distinct = DistinctRows.of(rows, open_qubits)
        machine = prepare_amplitudes(
            circuit,
            self._settings,
            num_bitstrings=len(distinct),
            open_qubits=open_qubits,
            row_qubits=distinct.varying,
        )
        return np.asarray(machine.run(distinct).values.reshape(len(rows), -1))

    def _out_of_all(self, circuit: Circuit, rows: Bits, open_qubits: tuple[int, ...]) -> ComplexArray:
        """Computes all amplitudes of a small circuit, and looks up those wanted."""
        num_qubits = circuit.num_qubits
        amplitudes = all_amplitudes(circuit, self._settings)
        fixed = rows.astype(np.int64) @ (1 << np.arange(num_qubits, dtype=np.int64)[::-1])
        opened = np.zeros(1, dtype=np.int64)
        for qubit in open_qubits:
            bit = 1 << (num_qubits - 1 - qubit)
            opened = (opened[:, np.newaxis] + np.array([0, bit])).reshape(-1)
        return np.asarray(amplitudes[fixed[:, np.newaxis] + opened])

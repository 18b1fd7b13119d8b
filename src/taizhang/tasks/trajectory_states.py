"""The states of trajectories of a circuit of few qubits: one plan, other arrays for each choice of operators."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from taizhang._types import ComplexArray
from taizhang.execute.contraction import Contraction
from taizhang.execute.members import Arrays, run_members
from taizhang.execute.native_backend import NativeProgram, RowDigits
from taizhang.execute.prepare import prepare_plan
from taizhang.network.network import TensorNetwork
from taizhang.observer import Observer
from taizhang.plan.cost import BYTES_PER_ELEMENT
from taizhang.settings import Settings
from taizhang.tasks.trajectory_choices import Choice, Place

MAX_STATE_QUBITS = 26
"""Qubits up to which the states of trajectories are computed."""

# Arrays of a tensor that are kept, at most.
_MOST_KEPT = 256


@dataclass(slots=True, eq=False)
class _Node:
    """Operations in a row on the same one or two qubits, or one on more: one tensor.

    Attributes:
        qubits: Its qubits.
        parts: The operations with their qubits, and for those that are drawn the number of the channel.
        arrays: Arrays by the choices of its channels.
    """

    qubits: tuple[int, ...]
    parts: list[tuple[Place, tuple[int, ...], int | None]]
    starts: frozenset[int] = frozenset()
    arrays: dict[tuple[int, ...], ComplexArray] = field(default_factory=dict)

    def array(self, choice: Sequence[int]) -> ComplexArray:
        """The tensor, with an axis for each qubit that leaves, then for each that enters."""
        key = tuple(choice[number] for _, _, number in self.parts if number is not None)
        found = self.arrays.get(key)
        if found is None:
            found = self._product(choice)
            if len(self.arrays) < _MOST_KEPT:
                self.arrays[key] = found
        return found

    def _product(self, choice: Sequence[int]) -> ComplexArray:
        count = len(self.qubits)
        tensor: ComplexArray = np.eye(2**count, dtype=np.complex128).reshape((2,) * (2 * count))
        for place, qubits, number in self.parts:
            drawn = None if number is None else place.operators
            own = place.step.gate.unitary() if drawn is None or number is None else drawn[choice[number]]
            axes, size = [self.qubits.index(qubit) for qubit in qubits], len(qubits)
            shaped = np.asarray(own).reshape((2,) * (2 * size))
            tensor = np.moveaxis(np.tensordot(shaped, tensor, (range(size, 2 * size), axes)), range(size), axes)
        # Qubits that begin here are |0⟩.
        for axis in reversed(range(count)):
            if self.qubits[axis] in self.starts:
                tensor = np.take(tensor, 0, axis=count + axis)
        return np.ascontiguousarray(tensor)


class StateProgram:
    """Computes states of trajectories.

    Args:
        places: The operations.
        moved: The number of each qubit of them, from 0.
        settings: The common options.
        observer: Receives progress updates.

    Attributes:
        seconds: Predicted time of a state on one thread.

    Raises:
        LimitError: A state does not fit the memory limit.
    """

    def __init__(
        self, places: Sequence[Place], moved: Mapping[int, int], settings: Settings, observer: Observer
    ) -> None:
        # Stage 1: the tensors, each with the operations that follow each other on its qubits.
        self.num_qubits = max(len(moved), 1)
        held = (BYTES_PER_ELEMENT[settings.dtype] + 8) * settings.threads << self.num_qubits
        self._settings = settings.setting_aside(
            held, f"states of {self.num_qubits} qubits", "allow more memory, or use the method 'exact'"
        )
        self._nodes = _nodes(places, moved, self.num_qubits)
        # Stage 2: the network and its plan.
        wires: dict[int, int] = {}
        count, indices = 0, []
        for node in self._nodes:
            new = list(range(count, count + len(node.qubits)))
            count += len(new)
            indices.append([*new, *(wires[qubit] for qubit in node.qubits if qubit not in node.starts)])
            wires |= dict(zip(node.qubits, new, strict=True))
        first = tuple(node.array([0] * len(places)) for node in self._nodes)
        network = TensorNetwork(
            list(zip(first, indices, strict=True)), output=[wires[qubit] for qubit in range(self.num_qubits)]
        )
        ready = prepare_plan(network.shape, self._settings, observer)
        assert ready.program is not None
        self._program: NativeProgram = ready.program
        self.seconds = ready.plan.predicted_seconds

    def run(self, choices: Sequence[Choice], take: Callable[[int, ComplexArray], None], observer: Observer) -> None:
        """Computes the states of some choices.

        Args:
            choices: The choices.
            take: Called with the number of each and its state, shape (2**qubits,), on any thread and in any order.
            observer: Receives progress updates.
        """

        def take_value(number: int, found: Contraction) -> None:
            take(number, np.asarray(found.value).reshape(-1))

        run_members(
            self._program,
            _Choices(self._nodes, choices),
            take_value,
            threads=self._settings.threads,
            free_bytes=self._settings.free_bytes,
            progress=observer.contracting,
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Choices:
    """The networks of some choices."""

    nodes: Sequence[_Node]
    choices: Sequence[Choice]

    def __len__(self) -> int:
        return len(self.choices)

    def arrays_of(self, number: int) -> tuple[Arrays, int]:
        """The arrays of a choice."""
        choice = self.choices[number].tolist()
        return tuple(node.array(choice) for node in self.nodes), 0

    def rows_of(self, number: int) -> RowDigits | None:
        """None."""
        return None


def _nodes(places: Sequence[Place], moved: Mapping[int, int], num_qubits: int) -> list[_Node]:
    """Groups operations: those on one qubit join the tensor before or after them, those on two the one before."""
    nodes: list[_Node] = []
    latest: dict[int, _Node] = {}
    number = 0
    for place in places:
        qubits = tuple(moved[qubit] for qubit in place.step.qubits)
        if not qubits:
            # A global phase.
            continue
        drawn = None
        if place.operators is not None:
            drawn, number = number, number + 1
        before = [latest.get(qubit) for qubit in qubits]
        same = before[0] if before and all(one is before[0] for one in before) else None
        if same is not None and (len(qubits) == 1 or set(same.qubits) == set(qubits)):
            same.parts.append((place, qubits, drawn))
            continue
        # Tensors on one qubit before it become part of it.
        parts = [part for one in before if one is not None and len(one.qubits) == 1 for part in one.parts]
        nodes = [node for node in nodes if not any(node is one and len(one.qubits) == 1 for one in before)]
        node = _Node(qubits, [*parts, (place, qubits, drawn)])
        nodes.append(node)
        latest |= dict.fromkeys(qubits, node)
    idle = [qubit for qubit in range(num_qubits) if qubit not in latest]
    nodes += [_Node((qubit,), []) for qubit in idle]
    seen: set[int] = set()
    for node in nodes:
        node.starts = frozenset(set(node.qubits) - seen)
        seen |= set(node.qubits)
    return nodes

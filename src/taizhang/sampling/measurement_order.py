"""Order of early measurements and its cost: the plan of sampling by conditional marginals.

To measure a qubit, only the gates in its light cone have to be applied. So qubits are measured one after another, each
after the few gates of its cone that are not applied yet; unreached qubits stay in |0>, measured ones are bits. The
entangled qubits are a window that moves through the circuit. The cost of an order is found by a dry run without state
vectors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from taizhang.sampling.actions import Action, dependencies, light_cone

MAX_WINDOW = 34
"""An order whose window grows beyond this many qubits is abandoned."""
# Passes over the elements for a gate that is not diagonal; a diagonal gate takes 2, a measurement 3.
_PASSES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasurementPlan:
    """An order of measurements, with its cost.

    Attributes:
        steps: For each measurement, the qubit and the numbers of the actions to apply just before.
        window: Largest number of qubits entangled at once.
        log2_elements: log2 of the elements of the largest component, over all histories of `shots` shots.
        elements_touched: Total number of elements read and written.
        shots: Number of shots planned for.
    """

    steps: tuple[tuple[int, tuple[int, ...]], ...]
    window: int
    log2_elements: float
    elements_touched: float
    shots: int


def plan_measurements(actions: tuple[Action, ...], num_qubits: int, shots: int) -> MeasurementPlan | None:
    """Finds the best of a few orders.

    Args:
        actions: The gates of the circuit.
        num_qubits: Number of its qubits.
        shots: Number of shots drawn together.

    Returns:
        The order that touches the fewest elements, or None if each entangles more than `MAX_WINDOW` qubits at once.
    """
    before, last_change = dependencies(actions, num_qubits)
    plans: list[MeasurementPlan] = []
    for order in (None, range(num_qubits), range(num_qubits)[::-1]):
        dry_run = _DryRun(actions, before, last_change, shots)
        limit = min((plan.elements_touched for plan in plans), default=float("inf"))
        if dry_run.perform(order, limit):
            plans.append(dry_run.plan())
    return min(plans, key=lambda plan: plan.elements_touched, default=None)


@dataclass(slots=True)
class _Part:
    """A component without its state: qubits entangled with each other, and the measurements the state depends on."""

    qubits: set[int]
    history: int = 0


@dataclass(slots=True)
class _DryRun:
    """A dry run of an order, which counts elements."""

    actions: tuple[Action, ...]
    before: list[tuple[int, ...]]
    last_change: list[int]
    shots: int
    part_of: dict[int, _Part] = field(default_factory=dict)
    bit_history: dict[int, int] = field(default_factory=dict)
    steps: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)
    window: int = 0
    most: float = 0.0
    touched: float = 0.0

    def perform(self, order: Sequence[int] | None, limit: float) -> bool:
        """Measures all qubits in an order, or greedily; returns False if the cost exceeds the limits."""
        done = np.zeros(len(self.actions), dtype=np.bool_)
        left = dict.fromkeys(order if order is not None else range(len(self.last_change)))
        while left:
            qubit = next(iter(left)) if order is not None else self._cheapest(left, done)
            cone = light_cone(self.before, self.last_change[qubit], done)
            done[cone] = True
            for number in cone:
                self._act(self.actions[number])
                if self.window > MAX_WINDOW or self.touched > limit:
                    return False
            self._measure(qubit)
            self.steps.append((qubit, tuple(cone)))
            del left[qubit]
        return True

    def plan(self) -> MeasurementPlan:
        return MeasurementPlan(
            steps=tuple(self.steps),
            window=self.window,
            log2_elements=float(np.log2(max(self.most, 1.0))),
            elements_touched=self.touched,
            shots=self.shots,
        )

    def _cheapest(self, left: dict[int, None], done: np.typing.NDArray[np.bool_]) -> int:
        """The qubit in the window whose cone adds the fewest qubits to it; the first one left if there is none."""
        candidates = [qubit for qubit in self.part_of if qubit in left]
        if not candidates:
            return next(iter(left))

        def cost(qubit: int) -> tuple[int, int, int]:
            cone = light_cone(self.before, self.last_change[qubit], done)
            reached = {other for number in cone for other in self.actions[number].changed}
            return len(reached - self.part_of.keys()), len(cone), qubit

        return min(candidates, key=cost)

    def _act(self, action: Action) -> None:
        entangled = [qubit for qubit in action.qubits if qubit in self.part_of]
        history = 0
        for qubit in action.qubits:
            if qubit not in self.part_of:
                history |= self.bit_history.get(qubit, 0)
        if not entangled and action.kind == "permuting":
            for qubit in action.changed:
                self.bit_history[qubit] = history
            return
        fresh = [qubit for qubit in action.changed if qubit not in self.part_of]
        if not entangled and not fresh:
            return
        joined = _Part(set(fresh), history)
        for part in {id(part): part for part in map(self.part_of.get, entangled) if part is not None}.values():
            joined.qubits |= part.qubits
            joined.history |= part.history
        for qubit in joined.qubits:
            self.part_of[qubit] = joined
        for qubit in fresh:
            self.bit_history.pop(qubit, None)
        self._count(joined, _PASSES if action.kind != "diagonal" else 2)

    def _measure(self, qubit: int) -> None:
        part = self.part_of.pop(qubit, None)
        if part is None:
            return
        self._count(part, 3)
        part.qubits.discard(qubit)
        part.history |= 1 << qubit
        self.bit_history[qubit] = part.history

    def _count(self, part: _Part, passes: int) -> None:
        rows = min(self.shots, 2.0 ** part.history.bit_count())
        elements = rows * 2.0 ** len(part.qubits)
        self.window = max(self.window, len(part.qubits))
        self.most = max(self.most, elements)
        self.touched += passes * elements + self.shots

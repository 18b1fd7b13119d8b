"""Sampling by conditional marginals over light cones: exact for shallow circuits of any width.

The probability that a qubit gives 1, conditioned on the qubits measured before it, depends only on the gates in its
light cone. So a qubit is measured as soon as the gates of its cone are applied, and is a classical bit from then on,
which later gates use as a known control. Gates outside of all cones are never applied. The qubits in between, reached
but not measured yet, are held as state vectors: one for each group of qubits entangled with each other (`Component`)
and for each history of outcomes that it depends on, shared by all shots of that history.

The light cones are those of Evenbly & Vidal, arXiv:0707.1454, and Bravyi, Gosset & Movassagh, arXiv:1909.11485 (section
on shallow circuits); early measurement is the principle of deferred measurement in reverse.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from taizhang._types import ComplexArray
from taizhang.circuit.circuit import Circuit
from taizhang.errors import SizeLimitError
from taizhang.sampling.actions import Action, actions_of
from taizhang.sampling.measurement_order import MAX_WINDOW, MeasurementPlan, plan_measurements
from taizhang.sampling.sampler import Bits, MethodName, SampleReport
from taizhang.sampling.uniforms import Uniforms
from taizhang.settings import Settings

Rows = npt.NDArray[np.intp]


@dataclass(slots=True)
class Component:
    """Qubits entangled with each other.

    Attributes:
        qubits: In the order of the axes of `states`.
        states: One normalised state for each history, complex128, shape (histories, 2, ..., 2).
        row: For each shot, the number of its state.
    """

    qubits: list[int]
    states: ComplexArray
    row: Rows

    def axis(self, qubit: int) -> int:
        """Axis of a qubit in `states`."""
        return 1 + self.qubits.index(qubit)


def sample_by_marginals(
    actions: tuple[Action, ...], num_qubits: int, plan: MeasurementPlan, first: int, count: int, uniforms: Uniforms
) -> npt.NDArray[np.uint8]:
    """Draws the shots `first` to `first + count`.

    Args:
        actions: The gates of the circuit.
        num_qubits: Number of its qubits.
        plan: Result of `plan_measurements` for at least `count` shots.
        first: Number of the first shot.
        count: Number of shots.
        uniforms: The random numbers.

    Returns:
        Bits, uint8, shape (count, num_qubits).
    """
    window = _Window(num_qubits, count)
    for qubit, cone in plan.steps:
        for number in cone:
            window.act(actions[number])
        if qubit in window.component_of:
            window.measure(qubit, uniforms.draw(first, count, qubit))
    return np.ascontiguousarray(window.bits.T)


class _Window:
    """The qubits of some shots: bits where they are known, otherwise components."""

    def __init__(self, num_qubits: int, count: int) -> None:
        self.count = count
        self.bits = np.zeros((num_qubits, count), dtype=np.uint8)
        self.component_of: dict[int, Component] = {}

    def act(self, action: Action) -> None:
        """Applies an action to all shots."""
        # Stage 1: the shots on which it acts, by controls that are known bits.
        controls = [qubit for qubit in action.controls if qubit in self.component_of]
        acting = np.ones(self.count, dtype=np.bool_)
        for qubit in action.controls:
            if qubit not in self.component_of:
                acting &= self.bits[qubit] == 1
        if not acting.any():
            return

        # Stage 2: actions that bits alone can follow: permutations of known bits, and swaps.
        active = [qubit for qubit in action.targets if qubit in self.component_of]
        if not controls and not active and action.kind != "mixing":
            if action.kind == "permuting":
                self._permute_bits(action, acting)
            return
        if action.moves == (0, 2, 1, 3) and not action.controls and len(active) < 2:
            self._swap(action)
            return

        # Stage 3: qubits that it may change join one component; known bits among its other targets choose the matrix.
        for qubit in action.changed:
            if qubit not in self.component_of:
                self._create_component(qubit)
        choosing = [qubit for qubit in action.targets if qubit not in self.component_of]
        mixed = [qubit for qubit in action.targets if qubit in self.component_of]
        if not controls and not mixed:
            return
        component = self._join(controls + mixed)

        # Stage 4: multiply the states of each choice by its matrix.
        choice = np.zeros(self.count, dtype=np.intp)
        for qubit in choosing:
            choice = 2 * choice + self.bits[qubit]
        choice = np.where(acting, choice + 1, 0)
        _split_states(component, choice, 1 + 2 ** len(choosing))
        choice_of_row = np.zeros(len(component.states), dtype=np.intp)
        choice_of_row[component.row] = choice
        for value in range(2 ** len(choosing)):
            rows = np.flatnonzero(choice_of_row == value + 1)
            if rows.size:
                matrix = _choose_matrix(action, choosing, value)
                _apply(component, rows, matrix, controls, mixed)

    def measure(self, qubit: int, numbers: npt.NDArray[np.float64]) -> None:
        """Measures a qubit of a component in all shots; afterwards it is a known bit."""
        component = self.component_of.pop(qubit)
        axis = component.axis(qubit)
        halves = np.moveaxis(component.states, axis, 1).reshape(len(component.states), 2, -1)
        weights = np.einsum("rbk,rbk->rb", halves.real, halves.real) + np.einsum(
            "rbk,rbk->rb", halves.imag, halves.imag
        )
        probability = weights[:, 1] / weights.sum(axis=1)
        outcome = (numbers < probability[component.row]).astype(np.uint8)
        self.bits[qubit] = outcome
        component.qubits.remove(qubit)
        if not component.qubits:
            return
        key, pairs = _compress(2 * component.row + outcome, 2 * len(component.states))
        taken = halves[pairs // 2, pairs % 2] / np.sqrt(weights[pairs // 2, pairs % 2])[:, np.newaxis]
        component.states = taken.reshape(len(pairs), *(2,) * len(component.qubits))
        component.row = key

    def _permute_bits(self, action: Action, acting: npt.NDArray[np.bool_]) -> None:
        """Applies an action that permutes basis states to known bits."""
        value = np.zeros(self.count, dtype=np.intp)
        for qubit in action.targets:
            value = 2 * value + self.bits[qubit]
        moved = np.where(acting, np.asarray(action.moves, dtype=np.intp)[value], value)
        for place, qubit in enumerate(reversed(action.targets)):
            self.bits[qubit] = moved >> place & 1

    def _swap(self, action: Action) -> None:
        """Swaps two qubits, of which at most one is in a component; a phase may remain to be applied."""
        first, second = action.targets
        self.bits[[first, second]] = self.bits[[second, first]]
        of_first, of_second = self.component_of.pop(first, None), self.component_of.pop(second, None)
        for component, old, new in ((of_first, first, second), (of_second, second, first)):
            if component is not None:
                component.qubits[component.qubits.index(old)] = new
                self.component_of[new] = component
        # The matrix has the phases by states before the swap; they are applied to the states after it.
        phases = action.matrix[list(action.moves), range(4)][list(action.moves)]
        rest = Action.of((), action.targets, np.diag(phases))
        if not rest.is_only_a_phase():
            self.act(rest)

    def _create_component(self, qubit: int) -> None:
        """Makes a known bit a component of its own."""
        key, values = _compress(self.bits[qubit].astype(np.intp), 2)
        states = np.zeros((len(values), 2), dtype=np.complex128)
        states[range(len(values)), values] = 1
        self.component_of[qubit] = Component([qubit], states, key)

    def _join(self, qubits: list[int]) -> Component:
        """Joins the components of these qubits to one, and returns it."""
        parts = list({id(part): part for part in (self.component_of[qubit] for qubit in qubits)}.values())
        joined = parts[0]
        for part in parts[1:]:
            key, pairs = _compress(joined.row * len(part.states) + part.row, len(joined.states) * len(part.states))
            left = joined.states[pairs // len(part.states)].reshape(len(pairs), -1, 1)
            right = part.states[pairs % len(part.states)].reshape(len(pairs), 1, -1)
            together = joined.qubits + part.qubits
            joined = Component(together, (left * right).reshape(len(pairs), *(2,) * len(together)), key)
        for qubit in joined.qubits:
            self.component_of[qubit] = joined
        return joined


def _compress(keys: Rows, bound: int) -> tuple[Rows, Rows]:
    """Renumbers keys without gaps.

    Returns:
        The new number of each key, and the key of each new number, ascending.
    """
    # Sorting takes time by the number of keys, a table by their bound.
    if bound > 4 * len(keys) + 1024:
        values, inverse = np.unique(keys, return_inverse=True)
        return inverse.reshape(-1), values
    present = np.zeros(bound, dtype=np.bool_)
    present[keys] = True
    number = np.cumsum(present) - 1
    return number[keys], np.flatnonzero(present)


def _split_states(component: Component, choice: Rows, bound: int) -> None:
    """Duplicates states whose shots have different choices, so that each state has one choice."""
    key, pairs = _compress(component.row * bound + choice, len(component.states) * bound)
    if len(pairs) > len(component.states):
        component.states = component.states[pairs // bound]
        component.row = key


def _choose_matrix(action: Action, choosing: list[int], value: int) -> ComplexArray:
    """Returns the matrix on the other targets where the `choosing` ones have the bits of `value`."""
    count = len(action.targets)
    tensor = action.matrix.reshape((2,) * 2 * count)
    index: list[int | slice] = [slice(None) for _ in range(2 * count)]
    for place, qubit in enumerate(reversed(choosing)):
        at = action.targets.index(qubit)
        index[at] = index[count + at] = value >> place & 1
    size = 2 ** (count - len(choosing))
    return tensor[tuple(index)].reshape(size, size)


def _apply(component: Component, rows: Rows, matrix: ComplexArray, controls: list[int], targets: list[int]) -> None:
    """Multiplies some states of a component by a matrix."""
    everything = len(rows) == len(component.states)
    states = component.states if everything else component.states[rows]
    ones = {component.axis(qubit) for qubit in controls}
    view = states[tuple([1 if axis in ones else slice(None) for axis in range(states.ndim)])]
    kept_axes = [axis for axis in range(states.ndim) if axis not in ones]
    axes = [kept_axes.index(component.axis(qubit)) for qubit in targets]
    count = len(targets)
    diagonal = np.diag(matrix)
    if np.count_nonzero(matrix) == len(matrix) == np.count_nonzero(diagonal):
        order = np.argsort(axes)
        factor = diagonal.reshape((2,) * count).transpose(order)
        view *= factor.reshape([2 if axis in axes else 1 for axis in range(view.ndim)])
    else:
        tensor = matrix.reshape((2,) * 2 * count)
        new = np.tensordot(tensor, view, axes=(range(count, 2 * count), axes))
        view[...] = np.moveaxis(new, range(count), axes)
    if not everything:
        component.states[rows] = states


# Bytes for each element of the largest component: the component, a copy with a gate applied, and a reordered copy.
_BYTES_PER_ELEMENT = 56
# Most shots drawn at once, for up to 64 qubits.
_MOST_SHOTS = 1 << 17
ELEMENTS_PER_SECOND = 1.5e8
"""Rough rate at which NumPy reads or writes elements, used only to choose a method."""


class MarginalsSampler:
    """Samples by measuring each qubit as soon as the gates of its light cone are applied.

    Args:
        circuit: A circuit of which few qubits are entangled at any time.
        settings: The common options.
        shots: Number of shots that will be drawn.

    Attributes:
        plan: The order of measurements, for a portion of shots that fits the memory.

    Raises:
        SizeLimitError: Too many qubits are entangled at once.
    """

    method: MethodName = "marginals"

    def __init__(self, circuit: Circuit, settings: Settings, shots: int) -> None:
        self._num_qubits = circuit.num_qubits
        self._actions: tuple[Action, ...] = actions_of(circuit)
        self._uniforms = Uniforms(settings.seed, self.method)
        self.portion = min(shots, max(_MOST_SHOTS // max(circuit.num_qubits // 64, 1), 1))
        self.plan = self._plan_within_memory(settings)
        self.predicted_seconds = self.plan.elements_touched / ELEMENTS_PER_SECOND * max(shots / self.portion, 1.0)

    def _plan_within_memory(self, settings: Settings) -> MeasurementPlan:
        """Plans the measurements, with fewer shots in a portion until it fits the memory."""
        allowed = settings.free_bytes()
        while True:
            plan = plan_measurements(self._actions, self._num_qubits, self.portion)
            if plan is None:
                raise SizeLimitError(
                    f"method marginals allows at most {MAX_WINDOW} qubits entangled at once, got a circuit with more; "
                    "use method gate-by-gate or frugal"
                )
            if 2.0**plan.log2_elements * _BYTES_PER_ELEMENT <= allowed:
                return plan
            if self.portion == 1:
                raise SizeLimitError(
                    f"method marginals entangles {plan.window} qubits at once, whose state does not fit the memory "
                    "limit; allow more memory, or use method gate-by-gate or frugal"
                )
            self.portion = max(self.portion // 4, 1)

    def draw(self, first: int, count: int) -> Bits:
        """Draws the shots `first` to `first + count`; shape (count, num_qubits)."""
        return sample_by_marginals(self._actions, self._num_qubits, self.plan, first, count, self._uniforms)

    def report(self) -> SampleReport:
        """The default report: the samples are exact, and their probabilities are not computed."""
        return SampleReport()

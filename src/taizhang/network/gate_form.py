"""The form of a gate in a network: which wires pass through it, and the small tensors that remain.

A gate on n qubits is a tensor of 2n axes, mostly zeros. Axes that are zero wherever they differ carry the same index:
so the control of a CX, and both qubits of a CZ, pass through without a new index, the wires of a SWAP cross, and those
of an iSWAP cross and leave a diagonal tensor of rank 2. None of this is specified gate by gate: it is read off the
zeros of the matrix, once for each gate and each pattern of known inputs. So a classical gate on known bits leaves no
tensor.

A gate with many controls is 1 + (U - 1) c1 c2 ... ck: a sum of two products. It becomes a star: one new index of size 2
that touches each control by a 2 x 2 tensor and the targets by a tensor of two matrices, 1 and U - 1.

The use of hyperindices for diagonal gates is that of Boixo et al., arXiv:1712.05384.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from taizhang._types import ComplexArray
from taizhang.circuit.gates import Gate
from taizhang.network.structure import MAX_ELEMENTS, constant_axes, split_product, support, tied_axes

# With more unknown controls than this, or more axes, a gate becomes a star.
MAX_DENSE_CONTROLS = 3
MAX_DENSE_AXES = 16


class Tied(NamedTuple):
    """An input that is equal to an earlier one of the same gate, or the opposite of it.

    Attributes:
        first: Position of the earlier input among the qubits of the gate.
        flipped: Whether it is the opposite.
    """

    first: int
    flipped: bool


Known: TypeAlias = Literal[0, 1] | Tied | None
"""What is known of an input: its bit, that it is tied to an earlier one, or nothing."""

Matrix2 = tuple[complex, complex, complex, complex]
"""A 2 x 2 matrix, row by row."""
_STAR_ARM = np.array([[1, 1], [0, 1]], dtype=np.complex128)


class Core(NamedTuple):
    """A tensor that a gate leaves in the network.

    Attributes:
        array: Sizes all 2.
        legs: For each axis the number of the leg it is on.
    """

    array: ComplexArray
    legs: tuple[int, ...]


class Output(NamedTuple):
    """How one qubit leaves a gate.

    Attributes:
        leg: The leg it is on; None where the qubit leaves in a known state, that of `matrix` on `bit`.
        bit: 0 or 1 where there is no leg.
        matrix: From the value of the leg (or of `bit`) to that of the qubit; None for the identity.
        shares_leg: True for all but the first of several outputs on one leg.
    """

    leg: int | None
    bit: int = 0
    matrix: Matrix2 | None = None
    shares_leg: bool = False


class GateForm(NamedTuple):
    """A gate with its known inputs inserted. A leg is an index seen from inside the gate.

    Attributes:
        factor: Number to multiply by.
        cores: The tensors.
        num_legs: Number of legs.
        inputs: For each qubit the leg on which it comes in, None where its value is known or tied to an earlier one.
            No two are equal.
        consumed: For each leg, whether it ends in a core: an input, and no output.
        touched: For each leg, whether a core or a second output needs it to be an index.
        outputs: For each qubit how it leaves.
    """

    factor: complex
    cores: tuple[Core, ...]
    num_legs: int
    inputs: tuple[int | None, ...]
    consumed: tuple[bool, ...]
    touched: tuple[bool, ...]
    outputs: tuple[Output, ...]


@dataclass(slots=True)
class _Leg:
    """A leg while the form is made: the qubits that come in and go out on it (with their flips)."""

    entry: int | None = None
    exits: list[tuple[int, bool]] = field(default_factory=list)
    internal: bool = False

    @property
    def closed(self) -> bool:
        """Whether the leg may be neither made constant nor merged with another that is closed."""
        return self.entry is not None or self.internal


def gate_form(gate: Gate, known: tuple[Known, ...]) -> GateForm:
    """Finds the form of a gate.

    Args:
        gate: Any gate.
        known: What is known of each of its qubits.

    Returns:
        The form.

    Example:
        >>> from taizhang.circuit.gates import gate
        >>> form = gate_form(gate("cx"), (None, None))
        >>> [core.array.ndim for core in form.cores], form.outputs[0].leg == form.inputs[0]
        ([3], True)
        >>> gate_form(gate("swap"), (None, None)).cores
        ()
    """
    return _FormMaker(gate, known).form()


class _FormMaker:
    """Makes one form; see `gate_form`."""

    def __init__(self, gate: Gate, known: tuple[Known, ...]) -> None:
        self.gate = gate
        self.known = known
        self.num_qubits = gate.num_qubits
        self.legs: list[_Leg] = []
        self.factor = 1.0 + 0.0j
        self.cores: list[Core] = []
        self.outputs: list[Output | None] = [None] * self.num_qubits

    def form(self) -> GateForm:
        live = self._live_controls()
        if live is None:
            self._let_through(range(self.gate.num_controls, self.num_qubits))
        else:
            self._reduce(*self._tensor(live))
        return self._assemble()

    # Inputs

    def _live_controls(self) -> list[int] | None:
        """Sends the controls through; returns those that decide, or None when the gate cannot act."""
        live: list[int] = []
        acts = True
        leg_of: dict[int, int] = {}
        for qubit in range(self.gate.num_controls):
            known = self.known[qubit]
            if known is None:
                leg_of[qubit] = self._new_leg(entry=qubit)
                self.legs[-1].exits.append((qubit, False))
                live.append(qubit)
            elif isinstance(known, Tied):
                self.legs[leg_of[known.first]].exits.append((qubit, known.flipped))
                acts = acts and not known.flipped
            else:
                self.outputs[qubit] = Output(None, known)
                acts = acts and known == 1
        return live if acts else None

    def _let_through(self, qubits: range) -> None:
        """Passes some qubits through unchanged."""
        for qubit in qubits:
            known = self.known[qubit]
            if known is None:
                self._new_leg(entry=qubit)
                self.legs[-1].exits.append((qubit, False))
            elif isinstance(known, Tied):
                leg = next(leg for leg in self.legs if leg.entry == known.first)
                leg.exits.append((qubit, known.flipped))
            else:
                self.outputs[qubit] = Output(None, known)

    def _new_leg(self, entry: int | None = None, exit_: int | None = None, internal: bool = False) -> int:
        exits = [] if exit_ is None else [(exit_, False)]
        self.legs.append(_Leg(entry, exits, internal))
        return len(self.legs) - 1

    def _tensor(self, live: list[int]) -> tuple[ComplexArray, list[int]]:
        """Returns the gate's tensor and the legs of its axes: controls (or the star's index), outputs, inputs."""
        num_targets = self.num_qubits - self.gate.num_controls
        size = 2**num_targets
        base = self.gate.matrix
        axes: list[int] = []
        if len(live) > MAX_DENSE_CONTROLS or (live and len(live) + 2 * num_targets > MAX_DENSE_AXES):
            axes = [self._new_leg(internal=True)]
            for qubit in live:
                self.cores.append(Core(_STAR_ARM, (axes[0], self._leg_of_entry(qubit))))
            array = np.stack([np.eye(size, dtype=np.complex128), base - np.eye(size)])
        elif live:
            axes = [self._leg_of_entry(qubit) for qubit in live]
            array = np.empty((2 ** len(live), size, size), dtype=np.complex128)
            array[:] = np.eye(size)
            array[-1] = base
        else:
            array = base
        array = array.reshape((2,) * (len(axes) + 2 * num_targets))
        targets = range(self.gate.num_controls, self.num_qubits)
        axes += [self._new_leg(exit_=qubit) for qubit in targets]
        for qubit in targets:
            array = self._with_input(array, axes, qubit)
        return array, axes

    def _leg_of_entry(self, qubit: int) -> int:
        return next(number for number, leg in enumerate(self.legs) if leg.entry == qubit)

    def _with_input(self, array: ComplexArray, axes: list[int], qubit: int) -> ComplexArray:
        """Inserts what is known of a target, whose axis follows those in `axes`; `axes` grows if the axis stays."""
        at = len(axes)
        known = self.known[qubit]
        if isinstance(known, Tied):
            leg = self._leg_of_entry(known.first)
            if leg in axes:
                tied = np.flip(array, at) if known.flipped else array
                return _diagonal(tied, axes.index(leg), at)
        elif known is not None:
            return np.asarray(array.take(known, axis=at))
        axes.append(self._new_leg(entry=qubit))
        return array

    # Structure

    def _reduce(self, array: ComplexArray, axes: list[int]) -> None:
        """Merges tied axes, removes constant ones, and keeps the rest as cores."""
        array, axes = self._merge_axes(array, axes)
        parts = [(array, tuple(axes))]
        while parts:
            array, legs = parts.pop()
            product = split_product(array) if array.ndim > 1 and array.size <= MAX_ELEMENTS else None
            if product is None:
                self._keep(array, legs)
            else:
                inside, first, second = product
                parts.append((first, tuple(legs[k] for k in inside)))
                parts.append((second, tuple(leg for k, leg in enumerate(legs) if k not in inside)))

    def _merge_axes(self, array: ComplexArray, axes: list[int]) -> tuple[ComplexArray, list[int]]:
        while array.size <= MAX_ELEMENTS:
            positions = support(array).positions
            step = self._constant_step(positions, array, axes) or self._tie_step(positions, array, axes)
            if step is None:
                break
            array, axes = step
        return array, axes

    def _constant_step(
        self, positions: int, array: ComplexArray, axes: list[int]
    ) -> tuple[ComplexArray, list[int]] | None:
        for axis, value in constant_axes(positions, array.shape):
            leg = self.legs[axes[axis]]
            if not leg.closed:
                for qubit, flip in leg.exits:
                    self.outputs[qubit] = Output(None, value ^ flip)
                leg.exits.clear()
                return np.asarray(array.take(value, axis=axis)), axes[:axis] + axes[axis + 1 :]
        return None

    def _tie_step(self, positions: int, array: ComplexArray, axes: list[int]) -> tuple[ComplexArray, list[int]] | None:
        for tie in tied_axes(positions, array.shape):
            kept, lost = tie.first, tie.second
            if self.legs[axes[lost]].closed:
                kept, lost = lost, kept
            gone, leg = self.legs[axes[lost]], self.legs[axes[kept]]
            if not gone.closed and not leg.internal:
                leg.exits += [(qubit, flip != tie.flipped) for qubit, flip in gone.exits]
                gone.exits = []
                flipped = np.flip(array, lost) if tie.flipped else array
                if lost < kept:
                    flipped, kept, lost = np.swapaxes(flipped, kept, lost), lost, kept
                    axes = axes.copy()
                    axes[kept], axes[lost] = axes[lost], axes[kept]
                return _diagonal(flipped, kept, lost), axes[:lost] + axes[lost + 1 :]
        return None

    def _keep(self, array: ComplexArray, axes: tuple[int, ...]) -> None:
        """Keeps a tensor that is no product: as a number, on an output's matrix, or as a core."""
        if array.ndim == 0:
            self.factor *= complex(array)
            return
        if array.ndim == 1 and self._keep_on_output(self.legs[axes[0]], axes[0], array):
            return
        if array.ndim == 2:
            first, second = self.legs[axes[0]], self.legs[axes[1]]
            if first.entry is not None and not first.exits:
                first, second, array, axes = second, first, array.T, axes[::-1]
            ends = second.entry is not None and not second.exits
            if ends and not first.closed and len(first.exits) == 1:
                qubit, flip = first.exits.pop()
                self.outputs[qubit] = Output(axes[1], 0, _matrix2(array[::-1] if flip else array))
                return
        self.cores.append(Core(array, axes))

    def _keep_on_output(self, leg: _Leg, number: int, vector: ComplexArray) -> bool:
        """Puts a vector on the matrix of an output of its leg; returns whether that is possible."""
        zero, one = complex(vector[0]), complex(vector[1])
        if not leg.exits or (leg.entry is None and len(leg.exits) > 1):
            return False
        if leg.entry is not None and zero == one:
            self.factor *= zero
            return True
        qubit, flip = leg.exits.pop(0)
        if leg.entry is None:
            self.outputs[qubit] = Output(None, 0, (one, 0, zero, 0) if flip else (zero, 0, one, 0))
        else:
            self.outputs[qubit] = Output(number, 0, (0, one, zero, 0) if flip else (zero, 0, 0, one))
        return True

    def _assemble(self) -> GateForm:
        """Assigns each output that is still on a leg its place, and numbers the remaining legs."""
        used = {leg for core in self.cores for leg in core.legs}
        inputs: list[int | None] = [None] * self.num_qubits
        consumed, touched = [False] * len(self.legs), [False] * len(self.legs)
        for number, leg in enumerate(self.legs):
            placed = [out for out in self.outputs if out is not None and out.leg == number]
            shares = bool(placed)
            for qubit, flip in leg.exits:
                self.outputs[qubit] = Output(number, 0, (0, 1, 1, 0) if flip else None, shares)
                shares = True
            if leg.entry is not None:
                inputs[leg.entry] = number
            consumed[number] = number in used and not leg.exits and not placed
            touched[number] = (number in used or len(leg.exits) + len(placed) > 1) and not consumed[number]
        return GateForm(
            self.factor,
            tuple(self.cores),
            len(self.legs),
            tuple(inputs),
            tuple(consumed),
            tuple(touched),
            tuple(out for out in self.outputs if out is not None),
        )


def _diagonal(array: ComplexArray, kept: int, lost: int) -> ComplexArray:
    """Takes the diagonal of two axes, kept < lost, leaving it at the first."""
    return np.moveaxis(np.diagonal(array, axis1=kept, axis2=lost), -1, kept)


def _matrix2(array: ComplexArray) -> Matrix2:
    (a, b), (c, d) = array.tolist()
    return a, b, c, d

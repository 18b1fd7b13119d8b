"""From a circuit with channels, measurements, resets and conditions to one tensor network.

Each qubit is one wire with an index of size 4 for ket and bra, 2 * ket + bra, so that gates and channels on one qubit
are matrices that are multiplied together before anything is contracted. A measured qubit is an index of size 2 that is
the classical bit as well. A condition is an index, too: "all bits so far are equal" is carried from bit to bit, so that
a register of any length may be compared. Bits whose value is known drop out.

From the end backwards, what no asked qubit or bit depends on is left out: it preserves the trace.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from taizhang._types import ComplexArray
from taizhang.circuit.channel import Channel
from taizhang.circuit.circuit import Circuit
from taizhang.circuit.classical import Assign, Conditional, Measure, Readout, Reset, bits_read, bits_written
from taizhang.circuit.condition import COMPARE, AllOf, Compare, Condition, Parity
from taizhang.circuit.operation import Action, Operation
from taizhang.network.network import TensorNetwork
from taizhang.network.superoperators import Differential, Form, Map, form_of, make_form, superoperator

# Entries smaller than this part of the largest are rounding errors.
_ZERO = 1e-14
# Bond of two-qubit superoperators that are split in two tensors.
_MOST_BOND = 6
TRACE = np.array([1, 0, 0, 1], dtype=np.complex128)
CLOSINGS: Mapping[str, ComplexArray] = {
    "I": TRACE,
    "X": np.array([0, 1, 1, 0], dtype=np.complex128),
    "Y": np.array([0, 1j, -1j, 0]),
    "Z": np.array([1, 0, 0, -1], dtype=np.complex128),
}
"""For each letter the numbers P[bra, ket] by which the elements of ρ are multiplied in Tr(Pρ)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of the final state and the classical bits.

    Attributes:
        letters: Pauli letters, by qubit: the trace with their product.
        kets: Qubits whose ket and bra are open: the output has the kets, then the bras.
        inputs: Qubits that start in any state: an index of size 4, 2 * ket + bra, is open at their beginning.
        pairs: Qubits whose ket and bra are open at the end as one index of size 4, 2 * ket + bra.
        outcomes: Qubits whose outcome, if they were measured, is open.
        bits: Classical bits that are open.
        fixed_bits: Values that classical bits have.
        fixed_qubits: Values that measured qubits would have.
    """

    letters: Mapping[int, str] = field(default_factory=dict)
    kets: tuple[int, ...] = ()
    inputs: tuple[int, ...] = ()
    pairs: tuple[int, ...] = ()
    outcomes: tuple[int, ...] = ()
    bits: tuple[int, ...] = ()
    fixed_bits: Mapping[int, int] = field(default_factory=dict)
    fixed_qubits: Mapping[int, int] = field(default_factory=dict)

    @property
    def qubits(self) -> set[int]:
        """The qubits that are asked for."""
        return {*self.letters, *self.kets, *self.pairs, *self.outcomes, *self.fixed_qubits}


class _Wire(NamedTuple):
    """A qubit: the vector of its ket and bra is matrix @ (unit vector of the index's value).

    Attributes:
        label: The index; None for a matrix of one column.
        matrix: Shape (4, size of the index).
    """

    label: int | None
    matrix: ComplexArray


class _Truth(NamedTuple):
    """A condition: it holds where the index `label` has the value `when`."""

    label: int
    when: int


_START = np.array([[1], [0], [0], [0]], dtype=np.complex128)


def build_doubled(circuit: Circuit, question: Question) -> TensorNetwork:
    """Builds the network whose value answers a question about a circuit.

    Args:
        circuit: Any circuit, its parameters with values.
        question: What is asked.

    Returns:
        The network, not simplified. Its output: inputs, then kets and bras of the open qubits, then pairs, then open
        outcomes, then open bits.

    Raises:
        SizeLimitError: A gate is on more than five qubits.

    Example:
        >>> from taizhang.circuit import channels
        >>> noisy = Circuit(1).h(0).append(channels.depolarizing(0.3), 0)
        >>> build_doubled(noisy, Question(letters={0: "X"})).shape.num_tensors
        1
    """
    builder = _Builder(circuit, question.inputs)
    for step in fuse_pairs(needed_operations(circuit, question)):
        builder.apply(step)
    return builder.finish(question)


def needed_operations(circuit: Circuit, question: Question) -> list[Operation]:
    """The operations that an answer depends on, in order of time."""
    live, live_bits = set(question.qubits), {*question.bits, *question.fixed_bits}
    kept: list[Operation] = []
    for step in reversed(circuit.operations):
        action, qubits = step.action, step.qubits
        inner = action
        while isinstance(inner, Conditional):
            inner = inner.action
        written = bits_written(inner)
        selects = isinstance(inner, Differential) or (isinstance(inner, Channel) and not inner.preserves_trace)
        if not (live.intersection(qubits) or live_bits.intersection(written) or selects):
            continue
        kept.append(step)
        if isinstance(action, Reset):
            live.discard(qubits[0])
            continue
        if inner is action:
            live_bits.difference_update(written)
        live_bits.update(bits_read(action))
        live.update(qubits)
    return kept[::-1]


class Fused(NamedTuple):
    """Operations in a row on the same two qubits, as one superoperator."""

    matrix: ComplexArray
    qubits: tuple[int, ...]


def fuse_pairs(steps: Iterable[Operation]) -> Iterable[Operation | Fused]:
    """Multiplies operations that follow each other on the same two qubits; the others stay as they are."""
    waiting: dict[tuple[int, ...], list[Operation]] = {}
    for step in steps:
        pair = tuple(sorted(step.qubits))
        for other in [key for key in waiting if key != pair and set(key) & set(pair)]:
            yield _product(waiting.pop(other))
        if len(pair) == 2 and not isinstance(step.action, (Conditional, Measure)):
            waiting.setdefault(pair, []).append(step)
        else:
            if pair in waiting:
                yield _product(waiting.pop(pair))
            yield step
    for run in waiting.values():
        yield _product(run)


def _product(run: list[Operation]) -> Operation | Fused:
    if len(run) == 1:
        return run[0]
    first, second = run[0].qubits
    matrix = np.eye(16, dtype=np.complex128)
    for step in run:
        own = superoperator(_mapping(step))
        if step.qubits != (first, second):
            own = own.reshape(4, 4, 4, 4).transpose(1, 0, 3, 2).reshape(16, 16)
        matrix = own @ matrix
    return Fused(matrix, (first, second))


class _Builder:
    """The wires, bits and tensors of a network under construction."""

    def __init__(self, circuit: Circuit, inputs: Sequence[int] = ()) -> None:
        self.wires = [_Wire(None, _START)] * circuit.num_qubits
        # A known value, or the index of a bit.
        self.bits: list[tuple[int | None, int | None]] = [(0, None)] * circuit.num_bits
        self.sizes: list[int] = []
        self.tensors: list[tuple[ComplexArray, tuple[int, ...]]] = []
        self.factor = 1.0 + 0.0j
        self.truths: dict[object, bool | _Truth] = {}
        self.inputs: list[int] = []
        for qubit in inputs:
            # An index of the output beside that of the wire, which may be open at the end as well.
            index, start = self._new(4), self._new(4)
            self._emit(np.eye(4), [index, start])
            self.inputs.append(index)
            self.wires[qubit] = _Wire(start, np.eye(4, dtype=np.complex128))

    # Operations

    def apply(self, step: Operation | Fused) -> None:
        """Adds an operation."""
        if isinstance(step, Fused):
            self._apply_form(make_form(step.matrix, 2), step.qubits)
            return
        action, qubits = step.action, step.qubits
        if isinstance(action, Measure):
            self._measure(action, qubits[0])
        elif isinstance(action, Assign):
            self.bits[action.bit] = self._bit_of(self._truth(action.value))
        elif isinstance(action, Conditional):
            self._apply_where(action.action, qubits, self._truth(action.condition))
        elif len(qubits) == 1:
            wire = self.wires[qubits[0]]
            self.wires[qubits[0]] = _Wire(wire.label, superoperator(_mapping(step)) @ wire.matrix)
        elif qubits:
            self._apply_form(form_of(_mapping(step)), qubits)

    def _apply_where(self, action: Action, qubits: tuple[int, ...], truth: bool | _Truth) -> None:
        """Adds an operation under a condition."""
        if isinstance(action, Conditional):
            inner = self._truth(action.condition)
            self._apply_where(action.action, qubits, self._both([truth, inner]))
        elif isinstance(truth, bool):
            if truth:
                self.apply(Operation(action, qubits))
        elif isinstance(action, Measure):
            self._measure_where(action, qubits[0], truth)
        elif isinstance(action, Assign):
            self._assign_where(action, truth)
        elif qubits:
            self._apply_form(form_of(_mapping(Operation(action, qubits))), qubits, truth)

    def _apply_form(self, form: Form, qubits: Sequence[int], truth: _Truth | None = None) -> None:
        # Stage 1: the wires in the form's bases; those on which it is diagonal become bare indices.
        count = len(qubits)
        rows: list[npt.NDArray[np.intp]] = []
        for qubit, basis, diagonal in zip(qubits, form.bases, form.diagonal, strict=True):
            if basis is not None:
                self.wires[qubit] = _Wire(self.wires[qubit].label, basis[1] @ self.wires[qubit].matrix)
            rows.append(self._make_bare(qubit) if diagonal else np.arange(4))

        # Stage 2: the tensor, with an axis for each output that is not diagonal, then one for each input.
        tensor, outputs = (
            form.tensor,
            [qubit for qubit, diagonal in zip(qubits, form.diagonal, strict=True) if not diagonal],
        )
        indices: list[int | None] = [None] * tensor.ndim
        first = len(outputs)
        for place, (qubit, diagonal) in enumerate(zip(qubits, form.diagonal, strict=True)):
            wire, axis = self.wires[qubit], first + place
            if diagonal:
                tensor = np.take(tensor, rows[place], axis=axis)
            elif truth is None:
                tensor = np.moveaxis(np.tensordot(tensor, wire.matrix, (axis, 0)), -1, axis)
            indices[axis] = wire.label
        if truth is not None:
            tensor, indices = self._where(form, tensor, indices, qubits, truth)
        elif first == 2 and count == 2 and self._split(tensor, indices, outputs):
            return

        # Stage 3: the wires that leave it, back in the basis of Z.
        shift = int(truth is not None)
        for place, qubit in enumerate(outputs):
            index = self._new(4)
            indices[shift + place] = index
            self.wires[qubit] = _Wire(index, np.eye(4, dtype=np.complex128))
        self._emit(tensor, indices)
        for qubit, basis in zip(qubits, form.bases, strict=True):
            if basis is not None:
                self.wires[qubit] = _Wire(self.wires[qubit].label, basis[0] @ self.wires[qubit].matrix)

    def _where(
        self,
        form: Form,
        tensor: ComplexArray,
        indices: list[int | None],
        qubits: Sequence[int],
        truth: _Truth,
    ) -> tuple[ComplexArray, list[int | None]]:
        """The tensor of an operation under a condition: the identity where that does not hold."""
        # Stage 1: the identity with the same axes.
        outputs = [place for place, diagonal in enumerate(form.diagonal) if not diagonal]
        first, identity = len(outputs), np.ones_like(tensor)
        for axis, place in enumerate(outputs):
            shape = [1] * tensor.ndim
            shape[axis], shape[first + place] = 4, 4
            identity = identity * np.eye(4).reshape(shape)
        both = [identity, tensor] if truth.when else [tensor, identity]
        stacked = np.stack(both)
        # Stage 2: the matrices of the wires that enter.
        for place in outputs:
            axis = 1 + first + place
            stacked = np.moveaxis(np.tensordot(stacked, self.wires[qubits[place]].matrix, (axis, 0)), -1, axis)
        return stacked, [truth.label, *indices]

    def _split(self, tensor: ComplexArray, indices: list[int | None], outputs: Sequence[int]) -> bool:
        """Splits a tensor over two qubits into two with a bond between, if that is narrow."""
        matrix = tensor.transpose(0, 2, 1, 3)
        left, right = matrix.shape[:2], matrix.shape[2:]
        u, values, v = np.linalg.svd(matrix.reshape(left[0] * left[1], -1), full_matrices=False)
        rank = int((values > _ZERO * values[0]).sum())
        if rank > _MOST_BOND or rank == min(matrix.reshape(left[0] * left[1], -1).shape):
            return False
        root = np.sqrt(values[:rank])
        bond, new = self._new(rank), [self._new(4), self._new(4)]
        self._emit((u[:, :rank] * root).reshape(*left, rank), [new[0], indices[2], bond])
        self._emit((root[:, np.newaxis] * v[:rank]).reshape(rank, *right), [bond, new[1], indices[3]])
        for qubit, index in zip(outputs, new, strict=True):
            self.wires[qubit] = _Wire(index, np.eye(4, dtype=np.complex128))
        return True

    def _make_bare(self, qubit: int) -> npt.NDArray[np.intp]:
        """Makes a wire's matrix a selection of rows; returns the row of each value of its index."""
        index, matrix = self.wires[qubit]
        sizes = np.abs(matrix)
        used = sizes > _ZERO * max(sizes.max(), 1e-300)
        if not (used.sum(axis=0) == 1).all() or (used.sum(axis=1) > 1).any():
            # Not a selection, even up to weights: a new index of the rows that occur.
            rows = np.flatnonzero(used.any(axis=1))
            if len(rows) == 0:
                rows = np.arange(1)
            new = None if len(rows) == 1 else self._new(len(rows))
            self._emit(
                matrix[rows] if new is not None else matrix[rows[0]], [new, index] if new is not None else [index]
            )
        else:
            rows = np.argmax(used, axis=0)
            weights = matrix[rows, np.arange(matrix.shape[1])]
            new = index
            if not np.allclose(weights, 1, rtol=0, atol=_ZERO):
                self._emit(weights, [index])
        selection = np.zeros((4, len(rows)), dtype=np.complex128)
        selection[rows, np.arange(len(rows))] = 1
        self.wires[qubit] = _Wire(new, selection)
        return rows

    # Measurements

    def _measure(self, action: Measure, qubit: int) -> None:
        self.bits[action.bit] = self._read(self._outcome(qubit), action.readout)

    def _outcome(self, qubit: int) -> tuple[int | None, int | None]:
        """Makes a wire one of the outcomes of a measurement; returns the known outcome, or the index."""
        index, matrix = self.wires[qubit]
        self.wires[qubit] = _Wire(index, np.where(np.array([[1], [0], [0], [1]]), matrix, 0))
        rows = self._make_bare(qubit)
        index = self.wires[qubit].label
        if index is None:
            return int(rows[0] == 3), None
        if rows.tolist() == [3, 0]:
            # The other way round: an index of its own, so that its values are the bits.
            new = self._new(2)
            self._emit(np.array([[0, 1], [1, 0]], dtype=np.complex128), [new, index])
            selection = np.zeros((4, 2), dtype=np.complex128)
            selection[0, 0] = selection[3, 1] = 1
            self.wires[qubit] = _Wire(new, selection)
            return None, new
        return None, index

    def _read(self, outcome: tuple[int | None, int | None], readout: Readout | None) -> tuple[int | None, int | None]:
        """The bit that is read for an outcome."""
        if readout is None:
            return outcome
        errors = np.array(
            [[1 - readout.one_for_zero, readout.zero_for_one], [readout.one_for_zero, 1 - readout.zero_for_one]]
        )
        known, index = outcome
        new = self._new(2)
        self._emit(errors if known is None else errors[:, known], [new, index] if known is None else [new])
        return None, new

    def _measure_where(self, action: Measure, qubit: int, truth: _Truth) -> None:
        """A measurement under a condition: elsewhere the qubit and the bit stay as they are."""
        rows = self._make_bare(qubit)
        wire = self.wires[qubit]
        known, old = self.bits[action.bit]
        # Axes: the condition, the new bit, the old bit, the qubit.
        tensor = np.zeros((2, 2, 2, len(rows)), dtype=np.complex128)
        errors = action.readout or Readout(0.0, 0.0)
        for bit in (0, 1):
            tensor[1 - truth.when, bit, bit, :] = 1
            chances = (
                (1 - errors.one_for_zero, errors.zero_for_one)
                if bit == 0
                else (errors.one_for_zero, 1 - errors.zero_for_one)
            )
            for value, row in enumerate(rows.tolist()):
                tensor[truth.when, bit, :, value] = chances[row == 3] if row in (0, 3) else 0
        new = self._new(2)
        indices: list[int | None] = [truth.label, new, old, wire.label]
        if old is None:
            tensor = tensor[:, :, int(known or 0)]
            indices.pop(2)
        self._emit(tensor, indices)
        self.bits[action.bit] = (None, new)

    def _bit_of(self, truth: bool | _Truth) -> tuple[int | None, int | None]:
        """A bit that is 1 where a condition holds."""
        if isinstance(truth, bool):
            return int(truth), None
        if truth.when:
            return None, truth.label
        new = self._new(2)
        self._emit(np.array([[0, 1], [1, 0]], dtype=np.complex128), [new, truth.label])
        return None, new

    def _assign_where(self, action: Assign, truth: _Truth) -> None:
        """An assignment under a condition: elsewhere the bit stays as it is."""
        value, old = self._truth(action.value), self.bits[action.bit]
        if isinstance(value, bool) and old[0] is not None:
            # Known either way: the bit is the condition, its negation, or known.
            known = bool(old[0])
            self.bits[action.bit] = old if known == value else self._bit_of(truth if value else _flipped(truth))
            return
        # Axes: the condition, the new bit, the value, the old bit.
        tensor = np.zeros((2, 2, 2, 2), dtype=np.complex128)
        for given in (0, 1):
            for before in (0, 1):
                tensor[truth.when, given, given, before] = 1
                tensor[1 - truth.when, before, given, before] = 1
        new = self._new(2)
        indices: list[int | None] = [truth.label, new]
        if isinstance(value, bool):
            tensor = tensor[:, :, int(value)]
        else:
            tensor = tensor if value.when else tensor[:, :, ::-1]
            indices.append(value.label)
        if old[1] is None:
            tensor = tensor[..., int(old[0] or 0)]
        else:
            indices.append(old[1])
        self._emit(tensor, indices)
        self.bits[action.bit] = (None, new)

    # Conditions

    def _truth(self, condition: Condition) -> bool | _Truth:
        key = (condition, tuple(self.bits[bit] for bit in condition.bits))
        found = self.truths.get(key)
        if found is None:
            found = self.truths[key] = self._new_truth(condition)
        return found

    def _new_truth(self, condition: Condition) -> bool | _Truth:
        if isinstance(condition, AllOf):
            found = self._both([self._truth(part) for part in condition.parts])
            return _flipped(found) if condition.negated else found
        if isinstance(condition, Parity):
            return self._parity(condition)
        if condition.comparison in ("==", "!="):
            equal = self._equal(condition)
            return equal if condition.comparison == "==" else _flipped(equal)
        return self._compared(condition)

    def _equal(self, condition: Compare) -> bool | _Truth:
        if condition.value >> len(condition.bits):
            return False
        parts: list[bool | _Truth] = []
        for place, bit in enumerate(condition.bits):
            wanted = condition.value >> place & 1
            known, index = self.bits[bit]
            parts.append(known == wanted if index is None else _Truth(index, wanted))
        return self._both(parts)

    def _both(self, parts: Sequence[bool | _Truth]) -> bool | _Truth:
        """All of some conditions, as a chain: the part of them that was looked at holds."""
        if any(part is False for part in parts):
            return False
        unknown = list(dict.fromkeys(part for part in parts if isinstance(part, _Truth)))
        if not unknown:
            return True
        so_far = unknown[0]
        for part in unknown[1:]:
            tensor = np.zeros((2, 2, 2), dtype=np.complex128)
            tensor[0] = 1
            tensor[0, so_far.when, part.when], tensor[1, so_far.when, part.when] = 0, 1
            new = self._new(2)
            self._emit(tensor, [new, so_far.label, part.label])
            so_far = _Truth(new, 1)
        return so_far

    def _parity(self, condition: Parity) -> bool | _Truth:
        flipped, so_far = condition.flipped, None
        for bit in condition.bits:
            known, index = self.bits[bit]
            if index is None:
                flipped ^= int(known or 0)
            elif so_far is None:
                so_far = index
            else:
                tensor = np.zeros((2, 2, 2), dtype=np.complex128)
                for a in (0, 1):
                    for b in (0, 1):
                        tensor[a ^ b, a, b] = 1
                new = self._new(2)
                self._emit(tensor, [new, so_far, index])
                so_far = new
        return bool(flipped) if so_far is None else _Truth(so_far, 1 - flipped)

    def _compared(self, condition: Compare) -> bool | _Truth:
        """A comparison by size, from the most significant bit on: so far equal, less or greater."""
        holds = [COMPARE[condition.comparison](side, 0) for side in (0, -1, 1)]
        if condition.value >> len(condition.bits):
            return holds[1]
        state: int | None = None
        known_state = 0
        for place in reversed(range(len(condition.bits))):
            known, index = self.bits[condition.bits[place]]
            wanted = condition.value >> place & 1
            after = [0 if bit == wanted else 1 if bit < wanted else 2 for bit in (0, 1)]
            if index is None:
                if state is None:
                    known_state = known_state or after[int(known or 0)]
                    continue
                step = np.zeros((3, 3), dtype=np.complex128)
                step[after[int(known or 0)], 0] = step[1, 1] = step[2, 2] = 1
                new = self._new(3)
                self._emit(step, [new, state])
            else:
                if state is None and known_state:
                    continue
                steps = np.zeros((3, 3, 2), dtype=np.complex128)
                for bit in (0, 1):
                    steps[after[bit], 0, bit] = steps[1, 1, bit] = steps[2, 2, bit] = 1
                new = self._new(3)
                self._emit(
                    steps[:, known_state] if state is None else steps,
                    [new, index] if state is None else [new, state, index],
                )
            state = new
        if state is None:
            return holds[known_state]
        verdict = self._new(2)
        self._emit(np.array([[not hold for hold in holds], holds], dtype=np.complex128), [verdict, state])
        return _Truth(verdict, 1)

    # The end

    def finish(self, question: Question) -> TensorNetwork:
        """Ends every wire and bit: open, fixed or summed."""
        output: list[int] = [*self.inputs]
        bras: list[int] = []
        for qubit in question.kets:
            index, matrix = self.wires[qubit]
            ket, bra = self._new(2), self._new(2)
            shaped = matrix.reshape(2, 2, -1)
            self._emit(shaped if index is not None else shaped[..., 0], [ket, bra, *([] if index is None else [index])])
            output.append(ket)
            bras.append(bra)
        output += bras
        for qubit in question.pairs:
            index, matrix = self.wires[qubit]
            pair = self._new(4)
            self._emit(matrix, [pair, index])
            output.append(pair)
        for qubit in question.outcomes:
            output.append(self._opened(self._outcome(qubit)))
        for qubit, value in question.fixed_qubits.items():
            self._fix(self._outcome(qubit), value)
        for qubit, wire in enumerate(self.wires):
            if qubit in question.kets or qubit in question.pairs:
                continue
            closing = CLOSINGS[question.letters.get(qubit, "I")] @ wire.matrix
            if wire.label is None:
                self.factor *= complex(closing[0])
            else:
                self._emit(closing, [wire.label])
        for bit in question.bits:
            output.append(self._opened(self.bits[bit]))
        for bit, value in question.fixed_bits.items():
            self._fix(self.bits[bit], value)
        tensors = [*self.tensors]
        if self.factor != 1 or not tensors:
            tensors.append((np.array(self.factor), ()))
        return TensorNetwork(tensors, output=output)

    def _opened(self, outcome: tuple[int | None, int | None]) -> int:
        """An index of the output for a bit."""
        known, index = outcome
        new = self._new(2)
        self._emit(np.eye(2) if known is None else np.eye(2)[known], [new, index] if known is None else [new])
        return new

    def _fix(self, outcome: tuple[int | None, int | None], value: int) -> None:
        known, index = outcome
        if index is None:
            self.factor *= float(known == value)
        else:
            self._emit(np.eye(2)[value], [index])

    def _new(self, size: int) -> int:
        self.sizes.append(size)
        return len(self.sizes) - 1

    def _emit(self, tensor: npt.NDArray[np.generic], indices: Sequence[int | None]) -> None:
        """Adds a tensor; axes without an index have size 1."""
        kept = tuple(index for index in indices if index is not None)
        array: ComplexArray = np.asarray(tensor, dtype=np.complex128).reshape([self.sizes[index] for index in kept])
        if kept:
            self.tensors.append((array, kept))
        else:
            self.factor *= complex(array)


def _mapping(step: Operation) -> Map:
    """An operation that maps density matrices, whatever the bits are."""
    return step.action if isinstance(step.action, (Channel, Reset, Differential)) else step.gate


def _flipped(truth: bool | _Truth) -> bool | _Truth:
    return not truth if isinstance(truth, bool) else _Truth(truth.label, 1 - truth.when)

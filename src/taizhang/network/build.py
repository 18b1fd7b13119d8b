"""From a circuit to the tensor network of its amplitudes.

The operations are visited once, with a `Wire` for each qubit. The result is a `CircuitNetwork`: the network of all
amplitudes at once, in which the final bit of each projected qubit is a separate index, chosen later. So one network,
simplified once, serves every bitstring.

Sources: Markov & Shi, SIAM J. Comput. 38, 963 (2008); Boixo et al., arXiv:1712.05384.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from taizhang._types import ComplexArray
from taizhang.circuit.bitstring import parse_bitstring
from taizhang.circuit.circuit import Circuit, Operation
from taizhang.circuit.gates import Gate
from taizhang.errors import CircuitError
from taizhang.network.choice import FinalBit
from taizhang.network.einsum import einsum
from taizhang.network.fuse import fuse
from taizhang.network.gate_form import Core, GateForm, Known, Matrix2, Output, Tied, gate_form
from taizhang.network.network import NetworkShape, TensorNetwork
from taizhang.network.wire import IDENTITY, Wire, bare, phases, product, then


class TableTensor(NamedTuple):
    """A tensor, or a table of tensors that final bits select from.

    Attributes:
        choices: The choices that select a tensor; each once.
        indices: The indices of the tensor; each once.
        array: An axis for each choice, then one for each index.
    """

    choices: tuple[FinalBit, ...]
    indices: tuple[int, ...]
    array: ComplexArray


class CircuitNetwork(NamedTuple):
    """The network of the amplitudes of a circuit, before simplification; sizes are all 2.

    Attributes:
        num_qubits: Qubits of the circuit.
        open_qubits: Qubits left open, in the order of the output.
        tensors: The tensors; those that depend on final bits are tables over them.
        output: One index for each open qubit.
        index_names: Name of each index.
        factor: Number to multiply by, times 2**exponent.
        exponent: See `factor`.
    """

    num_qubits: int
    open_qubits: tuple[int, ...]
    tensors: tuple[TableTensor, ...]
    output: tuple[int, ...]
    index_names: tuple[str, ...]
    factor: complex
    exponent: int


def build_network(circuit: Circuit, *, bitstring: str | None = None, open_qubits: Sequence[int] = ()) -> TensorNetwork:
    """Builds the network of one amplitude, or of those of all values of the open qubits; not simplified.

    Args:
        circuit: Any circuit.
        bitstring: Final bits, qubit 0 first; characters at open qubits are ignored. May be None when all are open.
        open_qubits: Qubits left open; their indices are the output, in this order.

    Returns:
        The network; its value is the amplitude, or an array of shape (2,) * len(open_qubits).

    Raises:
        CircuitError: The bitstring or the open qubits do not fit the circuit.

    Example:
        >>> from taizhang.circuit.circuit import Circuit
        >>> bell = Circuit(2).append("h", 0).append("cx", 0, 1)
        >>> build_network(bell, bitstring="1x", open_qubits=[1]).shape.output
        (0,)
    """
    network = build_circuit_network(circuit, open_qubits=open_qubits)
    bits = parse_bitstring(bitstring, circuit.num_qubits, network.open_qubits)
    inputs: list[tuple[int, ...]] = []
    arrays: list[ComplexArray] = []
    for tensor in network.tensors:
        inputs.append(tensor.indices)
        arrays.append(tensor.array[tuple(bits[choice.qubit] for choice in tensor.choices)])
    if network.factor != 1 or not arrays:
        inputs.append(())
        arrays.append(np.array(network.factor, dtype=np.complex128))
    return renumber(inputs, network.output, arrays, network.index_names, network.exponent)


def renumber(
    inputs: Iterable[tuple[int, ...]],
    output: tuple[int, ...],
    arrays: Sequence[ComplexArray],
    index_names: Sequence[str],
    exponent: int,
) -> TensorNetwork:
    """Builds the network over the indices that are on a tensor, numbered from 0 as they appear."""
    shape, _ = compact_shape(inputs, output, [array.shape for array in arrays], index_names)
    return TensorNetwork.from_shape(shape, arrays, exponent)


def compact_shape(
    inputs: Iterable[tuple[int, ...]],
    output: tuple[int, ...],
    shapes: Sequence[tuple[int, ...]],
    index_names: Sequence[str],
) -> tuple[NetworkShape, list[int]]:
    """Renumbers the indices that are on a tensor from 0, the output first, then as they appear.

    Returns:
        The shape, and the former number of each index.
    """
    number: dict[int, int] = {index: k for k, index in enumerate(output)}
    size: dict[int, int] = {}
    new_inputs = []
    for indices, array_shape in zip(inputs, shapes, strict=True):
        new_inputs.append(tuple([number.setdefault(index, len(number)) for index in indices]))
        size.update(zip(indices, array_shape, strict=True))
    former = list(number)
    shape = NetworkShape(
        inputs=tuple(new_inputs),
        output=tuple(range(len(output))),
        sizes=tuple([size[index] for index in former]),
        index_names=tuple([index_names[index] for index in former]),
    )
    return shape, former


def build_circuit_network(circuit: Circuit, *, open_qubits: Sequence[int] = ()) -> CircuitNetwork:
    """Builds the network of all amplitudes of a circuit.

    Args:
        circuit: Any circuit.
        open_qubits: Qubits left open; the others are projected.

    Returns:
        The network, not simplified.

    Raises:
        CircuitError: An open qubit is not in the circuit, or twice.
    """
    opened = check_open_qubits(open_qubits, circuit.num_qubits)
    builder = _Builder(circuit.num_qubits)
    for operation in fuse(circuit.operations):
        builder.apply(operation)
    return builder.finish(opened)


class _Builder:
    """The wires and tensors of a network under construction."""

    def __init__(self, num_qubits: int) -> None:
        self.wires = [Wire(None)] * num_qubits
        self.tensors: list[tuple[tuple[int, ...], ComplexArray]] = []
        self.index_names: list[str] = []
        self.names_of_qubit = [0] * num_qubits
        self.factor = 1.0 + 0.0j
        self.exponent = 0
        self.matrices: dict[int, Matrix2] = {}
        self.forms: dict[tuple[Gate, tuple[Known, ...]], GateForm] = {}

    # Gates

    def apply(self, operation: Operation) -> None:
        gate, qubits = operation.gate, operation.qubits
        if len(qubits) != 1:
            self._apply_form(self._form(gate, qubits), qubits)
            return
        matrix = self.matrices.get(id(gate))
        if matrix is None:
            (a, b), (c, d) = gate.matrix.tolist()
            self.matrices[id(gate)] = matrix = (a, b, c, d)
        self._then(qubits[0], self.wires[qubits[0]], matrix)

    def _then(self, qubit: int, wire: Wire, matrix: Matrix2) -> None:
        self.wires[qubit], factor = then(wire, matrix)
        if factor != 1:
            self._multiply(factor)

    def _multiply(self, factor: complex) -> None:
        self.factor *= factor
        size = abs(self.factor)
        # Far from overflow and underflow, so that one more factor cannot reach either.
        if not 1e-100 < size < 1e100 and size != 0:
            shift = math.frexp(size)[1]
            self.factor *= 2.0**-shift
            self.exponent += shift

    def _form(self, gate: Gate, qubits: tuple[int, ...]) -> GateForm:
        known: list[Known] = []
        first_on: dict[int, int] = {}
        for at, qubit in enumerate(qubits):
            wire = self.wires[qubit]
            if wire.known:
                known.append(1 if wire.bit else 0)
            elif wire.index is not None and wire.monomial:
                first = first_on.setdefault(wire.index, at)
                known.append(None if first == at else self._tie(qubits[first], qubit, first))
            else:
                known.append(None)
        key = (gate, tuple(known))
        form = self.forms.get(key)
        if form is None:
            form = self.forms[key] = gate_form(gate, key[1])
        return form

    def _tie(self, first: int, second: int, position: int) -> Tied:
        """Moves the phases of the second wire to the first, which has the same index; returns how they are tied."""
        kept, tied = self.wires[first], self.wires[second]
        zero, unit = phases(tied)
        if zero != 1 or unit != 1:
            matrix = product(kept.matrix or IDENTITY, (zero, 0, 0, unit))
            self.wires[first] = Wire(kept.index, kept.bit, matrix, kept.monomial, kept.flipped)
        self.wires[second] = bare(tied)
        return Tied(position, kept.flipped != tied.flipped)

    def _apply_form(self, form: GateForm, qubits: tuple[int, ...]) -> None:
        if form.factor != 1:
            self._multiply(form.factor)
        entering: list[Wire | None] = [None] * form.num_legs
        vectors: dict[int, ComplexArray] = {}
        for leg, qubit in zip(form.inputs, qubits, strict=True):
            if leg is not None:
                wire = self.wires[qubit]
                if form.touched[leg] and not (wire.monomial and wire.index is not None):
                    wire = self._as_index(qubit, wire, leg, vectors, any(leg in core.legs for core in form.cores))
                entering[leg] = wire
        for output, qubit in zip(form.outputs, qubits, strict=True):
            if output.leg is not None and entering[output.leg] is None:
                entering[output.leg] = Wire(self._new_index(qubit))
        for core in form.cores:
            self._emit(form, core, entering, vectors)
        for output, qubit in zip(form.outputs, qubits, strict=True):
            self._leave(qubit, output, entering)

    def _as_index(self, qubit: int, wire: Wire, leg: int, vectors: dict[int, ComplexArray], in_core: bool) -> Wire:
        """Returns a wire on a new index, after putting the wire's matrix into a tensor."""
        matrix = np.array(wire.matrix or IDENTITY).reshape(2, 2)
        index = self._new_index(qubit)
        if wire.index is not None:
            self.tensors.append(((index, wire.index), matrix))
        elif in_core:
            vectors[leg] = matrix[:, wire.bit]
        else:
            self.tensors.append(((index,), matrix[:, wire.bit]))
        return Wire(index)

    def _new_index(self, qubit: int) -> int:
        count = self.names_of_qubit[qubit]
        self.names_of_qubit[qubit] = count + 1
        self.index_names.append(f"q{qubit}.{count}")
        return len(self.index_names) - 1

    def _emit(self, form: GateForm, core: Core, entering: list[Wire | None], vectors: dict[int, ComplexArray]) -> None:
        """Adds a gate's tensor to the network, with the matrices of the wires that end in it multiplied in."""
        array, rank = core.array, core.array.ndim
        label_of: dict[int, int] = {}
        labels: list[int | None] = list(range(rank))
        factors: list[tuple[ComplexArray, Sequence[int | None]]] = []
        for axis, leg in enumerate(core.legs):
            wire = entering[leg]
            if wire is None:
                entering[leg] = wire = self._star_index()
            label = None if wire.index is None else label_of.setdefault(wire.index, rank + len(label_of))
            if form.consumed[leg] and wire.matrix is not None:
                matrix = np.array(wire.matrix).reshape(2, 2)
                factors.append((matrix[:, 0], (axis,)) if label is None else (matrix, (axis, label)))
                continue
            labels[axis] = label
            if wire.flipped:
                array = np.flip(array, axis)
            if leg in vectors:
                factors.append((vectors.pop(leg), (label,)))
        if factors or len(label_of) < rank:
            array = einsum([(array, labels), *factors], list(label_of.values()))
        self.tensors.append((tuple(label_of), array))

    def _star_index(self) -> Wire:
        self.index_names.append(f"s{len(self.index_names)}")
        return Wire(len(self.index_names) - 1)

    def _leave(self, qubit: int, output: Output, entering: list[Wire | None]) -> None:
        """Sets the wire of a qubit after a gate."""
        wire = Wire(None, output.bit) if output.leg is None else entering[output.leg]
        if wire is None:
            return
        if output.shares_leg:
            wire = bare(wire)
        if output.matrix is None:
            self.wires[qubit] = wire
        else:
            self._then(qubit, wire, output.matrix)

    # The end

    def finish(self, open_qubits: tuple[int, ...]) -> CircuitNetwork:
        """Ends every wire, in the output or in a bit that is chosen later."""
        output = self._open(open_qubits)
        renamed, ends = self._project(set(range(len(self.wires))) - set(open_qubits), set(output))
        tensors = [*(TableTensor((), indices, array) for indices, array in self.tensors), *ends]
        return CircuitNetwork(
            num_qubits=len(self.wires),
            open_qubits=open_qubits,
            tensors=tuple(_with_bits(tensor, renamed) for tensor in tensors),
            output=output,
            index_names=tuple(self.index_names),
            factor=self.factor,
            exponent=self.exponent,
        )

    def _open(self, open_qubits: tuple[int, ...]) -> tuple[int, ...]:
        """Gives each open qubit a separate index, which is on some tensor."""
        output: list[int] = []
        for qubit in open_qubits:
            wire = self.wires[qubit]
            matrix = np.array(wire.matrix or IDENTITY, dtype=np.complex128).reshape(2, 2)
            if wire.index is None:
                index = self._new_index(qubit)
                self.tensors.append(((index,), matrix[:, wire.bit]))
            elif wire.monomial and not wire.flipped and wire.index not in output:
                index = wire.index
                # Even where the weights are 1: the output must be on some tensor.
                self.tensors.append(((index,), np.diagonal(matrix)))
            else:
                index = self._new_index(qubit)
                self.tensors.append(((index, wire.index), matrix))
            output.append(index)
        return tuple(output)

    def _project(self, qubits: set[int], kept: set[int]) -> tuple[dict[int, tuple[FinalBit, bool]], list[TableTensor]]:
        """Ends wires in their final bits.

        Returns:
            For each index that becomes a final bit, that bit and whether it is flipped; and the tensors of these ends.
        """
        renamed: dict[int, tuple[FinalBit, bool]] = {}
        ends: list[TableTensor] = []
        for qubit in sorted(qubits):
            wire, bit = self.wires[qubit], FinalBit(qubit)
            matrix = np.array(wire.matrix or IDENTITY, dtype=np.complex128).reshape(2, 2)
            if wire.index is None:
                ends.append(TableTensor((bit,), (), matrix[:, wire.bit]))
            elif wire.monomial and wire.index not in kept and wire.index not in renamed:
                renamed[wire.index] = (bit, wire.flipped)
                if phases(wire) != (1, 1):
                    ends.append(TableTensor((), (wire.index,), np.array(phases(wire), dtype=np.complex128)))
            else:
                ends.append(TableTensor((bit,), (wire.index,), matrix))
        return renamed, ends


def _with_bits(tensor: TableTensor, renamed: dict[int, tuple[FinalBit, bool]]) -> TableTensor:
    """Replaces the indices that became final bits by choices."""
    choices, indices, array = tensor
    axes = [axis for axis, index in enumerate(indices) if index in renamed]
    if not axes:
        return tensor
    first = len(choices)
    for axis in axes:
        if renamed[indices[axis]][1]:
            array = np.flip(array, first + axis)
    selecting = tuple(renamed[indices[axis]][0] for axis in axes)
    array = np.moveaxis(array, [first + axis for axis in axes], range(first, first + len(axes)))
    return TableTensor((*choices, *selecting), tuple(index for index in indices if index not in renamed), array)


def check_open_qubits(open_qubits: Sequence[int], num_qubits: int, *, called: str = "open qubit") -> tuple[int, ...]:
    """Checks the open qubits and returns them as a tuple.

    Args:
        open_qubits: The qubits.
        num_qubits: Qubits of the circuit.
        called: What error messages call one of them.

    Raises:
        CircuitError: One is not in the circuit, or twice.
    """
    opened = tuple(open_qubits)
    for qubit in opened:
        if not 0 <= qubit < num_qubits:
            raise CircuitError(f"{called} {qubit} is not in the circuit; its qubits are 0 to {num_qubits - 1}")
    if len(set(opened)) != len(opened):
        twice = next(qubit for qubit in opened if opened.count(qubit) > 1)
        raise CircuitError(f"{called} {twice} is given twice; give each once")
    return opened

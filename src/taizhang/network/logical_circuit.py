"""The network of what a circuit with channels and measurements makes of the logical qubit of a code.

The circuit begins with a state of the code and ends with a measurement of all generators without error. With n data
qubits, generators g and logical Pauli operators L, a state of the code whose logical operator is L_j, and the projector
on a syndrome s with the logical operator L_i, are

    ρ_j = 2^-n Σ_g L_j g,        L_i Π_s = 2^-(n-1) Σ_h (-1)^{s·h} L_i h,

sums over products of generators that factorise over the qubits. So the encoded ends of the network are a tensor for
each data qubit, joined by an index of size 2 for each generator, and no circuit that encodes is needed.
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Sequence

import numpy as np
import numpy.typing as npt

from taizhang._types import ComplexArray
from taizhang.circuit.channel import PAULIS
from taizhang.circuit.circuit import Circuit
from taizhang.network.doubled import Question, build_doubled
from taizhang.network.ket_bra import with_sparse_pairs
from taizhang.network.network import TensorNetwork
from taizhang.network.simplify import simplify
from taizhang.problems.stabilizer_code import StabilizerCode

Tensors = list[tuple[npt.NDArray[np.generic], tuple[Hashable, ...]]]


def logical_circuit_network(
    circuit: Circuit, code: StabilizerCode, data: Sequence[int], *, num_open: int, logical: bool = True
) -> TensorNetwork:
    """Builds the network, simplified.

    Args:
        circuit: The circuit; its qubits other than the data begin in |0⟩.
        code: The code.
        data: The qubits of the circuit that are those of the code, in its order.
        num_open: How many bits of the syndrome are open, the first ones: those of the circuit, then one for each
            generator. The others are summed.
        logical: Whether the logical qubit is open. If not, it begins completely mixed and is traced out.

    Returns:
        A network with open indices "s0", "s1", … for the bits of the syndrome; and then "out" and "in" of size 4, I, X,
        Y, Z. Its value is the probability of the syndrome times the Pauli transfer matrix.
    """
    # Stage 1: the circuit, with open ends at the data.
    of_circuit = range(min(num_open, circuit.num_bits))
    generators = range(num_open - len(of_circuit))
    asked = [
        place for place, _ in enumerate(data) if logical or any(code.stabilizers[g][place] != "I" for g in generators)
    ]
    question = Question(inputs=tuple(data), pairs=tuple(data[place] for place in asked), bits=tuple(of_circuit))
    inner = build_doubled(circuit, question)
    ends: list[Hashable] = [("before", place) for place, _ in enumerate(data)]
    ends += [("after", place) for place in asked]
    open_ends = dict(zip(inner.shape.output, [*ends, *(f"s{bit}" for bit in of_circuit)], strict=True))
    tensors: Tensors = [
        (array, tuple(open_ends.get(index, ("circuit", index)) for index in indices))
        for array, indices in zip(inner.arrays, inner.shape.inputs, strict=True)
    ]
    # Stage 2: the encoded ends. Vectors of ρ are ⟨ket|ρ|bra⟩, those of an observable its transpose.
    encoded = [number for number, _ in enumerate(code.stabilizers)]
    before, after = (("in",), ("out",)) if logical else ((), ())
    for place in range(len(data)):
        matrices, letters = _letters_of(code, place, encoded, logical)
        tensors.append((matrices, (("before", place), *before, *(("g", each) for each in letters))))
    for place in asked:
        matrices, letters = _letters_of(code, place, generators, logical)
        swapped = matrices.reshape(2, 2, -1).transpose(1, 0, 2).reshape(matrices.shape)
        tensors.append((swapped, (("after", place), *after, *(("h", each) for each in letters))))
    tensors.append((np.array(0.5), ()))
    tensors += [(np.ones(2) / 2, (("g", each),)) for each in encoded]
    tensors += [(np.array([[1, 1], [1, -1]]) / 2, (("h", each), f"s{circuit.num_bits + each}")) for each in generators]
    output = [*(f"s{bit}" for bit in range(num_open)), *(["out", "in"] if logical else [])]
    return with_sparse_pairs(simplify(TensorNetwork(tensors, output)))


def _letters_of(
    code: StabilizerCode, place: int, generators: Sequence[int], logical: bool
) -> tuple[ComplexArray, list[int]]:
    """What logical operators and products of generators are on one qubit.

    Returns:
        Shape (4, logical operators, 2, …, 2): the elements 2 * row + column of the operator, by the logical operator I,
        X, Y, Z (no axis if the logical qubit is not open), and by whether each generator on this qubit takes part; and
        the numbers of those generators.
    """
    touching = [number for number in generators if code.stabilizers[number][place] != "I"]
    x, z = PAULIS[code.logical_x[place]], PAULIS[code.logical_z[place]]
    # Y = i X Z: the phase is on the first qubit.
    operators = [PAULIS["I"], x, (1j if place == 0 else 1) * (x @ z), z] if logical else [PAULIS["I"]]
    choices = list(itertools.product((0, 1), repeat=len(touching)))
    flat = np.zeros((4, len(operators), len(choices)), dtype=np.complex128)
    for place_of, choice in enumerate(choices):
        product = PAULIS["I"]
        for number, chosen in zip(touching, choice, strict=True):
            product = product @ PAULIS[code.stabilizers[number][place]] if chosen else product
        for number, operator in enumerate(operators):
            flat[:, number, place_of] = (operator @ product).reshape(4)
    found = flat.reshape(4, len(operators), *(2,) * len(touching))
    return found if logical else found[:, 0], touching

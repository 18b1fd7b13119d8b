"""The network of the channel that noise on the qubits of a code makes of its logical qubit, for a syndrome.

With a pure error E of the syndrome, the operators that take the code to the syndrome's space are E L g, L a logical
operator and g a product of generators, which acts as 1. The physical channels in the Pauli basis, Σ χ[P, Q] P ρ Q, make
of the logical qubit

    Σ_{L, M} L ρ M†  Σ_{g, h} Π_q χ_q[(E L g)_q, (E M h)_q],

with the phases of the products, which factorise over the qubits as well. An index of size 4 stands for the two choices
of each generator, and one of size 16 for L and M.

Source: Darmawan & Poulin, PRL 119, 040502 (2017), who truncate what is exact here.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from taizhang._types import ComplexArray
from taizhang.circuit.channel import PAULIS
from taizhang.network.network import TensorNetwork
from taizhang.problems.stabilizer_code import StabilizerCode


def logical_network(code: StabilizerCode, chis: Sequence[ComplexArray], error: str) -> TensorNetwork:
    """Builds the network.

    Args:
        code: The code.
        chis: The channel of each qubit in the Pauli basis I, X, Y, Z, shape (4, 4).
        error: A pure error of the syndrome.

    Returns:
        A network with the open index "logical" of size 16: 4 L + M, in the order 1, X̄, X̄Z̄, Z̄.
    """
    tensors: list[tuple[ComplexArray, tuple[int | str, ...]]] = []
    for qubit, chi in enumerate(chis):
        touching = [number for number, each in enumerate(code.stabilizers) if each[qubit] != "I"]
        letters = [code.stabilizers[number][qubit] for number in touching]
        # For each logical operator and choice of generators, which Pauli it is on this qubit, and its phase.
        paulis = np.zeros((4, *(2,) * len(touching)), dtype=np.intp)
        phases = np.zeros(paulis.shape, dtype=np.complex128)
        for place, logical in enumerate(((0, 0), (1, 0), (1, 1), (0, 1))):
            for choice in itertools.product((0, 1), repeat=len(touching)):
                factors = [error[qubit]]
                factors += [code.logical_x[qubit]] * logical[0] + [code.logical_z[qubit]] * logical[1]
                factors += [letter for letter, chosen in zip(letters, choice, strict=True) if chosen]
                paulis[(place, *choice)], phases[(place, *choice)] = _product(factors)
        flat_paulis, flat_phases = paulis.reshape(4, -1), phases.reshape(4, -1)
        # P = conj(phase) E L g, for the bra as for the ket.
        array = chi[flat_paulis[:, :, None, None], flat_paulis[None, None]]
        array = array * flat_phases.conj()[:, :, None, None] * flat_phases[None, None]
        # Axes: L, g's bits, M, h's bits; to the pair of L and M, then the pair of bits of each generator.
        count = len(touching)
        array = array.reshape(4, *(2,) * count, 4, *(2,) * count)
        pairs = [axis for bit in range(count) for axis in (1 + bit, 2 + count + bit)]
        array = array.transpose(0, 1 + count, *pairs).reshape(16, *(4,) * count)
        if code.logical_x[qubit] == code.logical_z[qubit] == "I":
            tensors.append((array[0], tuple(touching)))
        else:
            tensors.append((array, ("logical", *touching)))
    return TensorNetwork(tensors, ("logical",))


def _product(letters: Sequence[str]) -> tuple[int, complex]:
    """The Pauli operator that a product is, by its place in I, X, Y, Z, and the phase before it."""
    matrix = np.eye(2, dtype=np.complex128)
    for letter in letters:
        matrix = matrix @ PAULIS[letter]
    for place, pauli in enumerate(PAULIS.values()):
        phase = np.trace(pauli @ matrix) / 2
        if abs(phase) > 0.5:
            return place, complex(phase)
    raise AssertionError("a product of Pauli operators is a multiple of one")

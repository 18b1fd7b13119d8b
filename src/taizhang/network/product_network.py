"""The network of all combinations of left and right parts of bitstrings.

The qubits of a circuit are divided into two sides. From A choices of bits for the left and B for the right, all A·B
combinations are computed. Two output indices of these sizes select the choices: a tensor that depends on bits of one
side has the index of that side. So each side is contracted once for each of its choices, and only what joins the sides
once for each pair.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from taizhang._types import ComplexArray
from taizhang.circuit.circuit import Circuit
from taizhang.network.amplitude_network import AmplitudeNetwork
from taizhang.network.recipe import normalise

Bits = npt.NDArray[np.uint8]


class ProductNetwork:
    """The simplified network of the amplitudes of all pairs, and of all values of some open qubits.

    Args:
        network: The network of single amplitudes.
        left: Qubits of the left side; all others are on the right.
        counts: Numbers of left and right choices.

    Attributes:
        shape: Its output is the left choice, the right choice, then the open qubits.
    """

    __slots__ = ("_axes", "_counts", "_left", "_network", "shape")

    def __init__(self, network: AmplitudeNetwork, left: Sequence[int], counts: tuple[int, int]) -> None:
        self._network, self._counts = network, counts
        self._left = frozenset(left)
        plain = network.shape
        index_of = (plain.num_indices, plain.num_indices + 1)
        self._axes: dict[int, tuple[int, ...]] = {}
        inputs = list(plain.inputs)
        for number, qubits in network.dependence().items():
            sides = ([0] if qubits & self._left else []) + ([1] if qubits - self._left else [])
            self._axes[number] = tuple(sides)
            inputs[number] = (*(index_of[side] for side in sides), *plain.inputs[number])
        # The last tensor holds the remaining factors; it also puts both indices on some tensor.
        inputs.append(index_of)
        self.shape = replace(
            plain,
            inputs=tuple(inputs),
            output=(*index_of, *plain.output),
            sizes=(*plain.sizes, *counts),
            index_names=(*plain.index_names, "left choice", "right choice"),
        )

    def arrays_for(self, left_bits: Bits, right_bits: Bits) -> tuple[tuple[ComplexArray, ...], int]:
        """Returns the arrays for the given choices.

        Args:
            left_bits: Shape (A, num_qubits); only the bits of left qubits are used.
            right_bits: Shape (B, num_qubits); only the bits of right qubits are used.
        """
        left = np.zeros(left_bits.shape[1], dtype=bool)
        left[list(self._left)] = True
        single = list(self._network.parts_for(left_bits[0].tolist()).arrays)
        stacks: dict[int, ComplexArray] = {}
        exponents: dict[int, npt.NDArray[np.int64]] = {}
        factors = np.empty(self._counts, dtype=np.complex128)
        powers = np.empty(self._counts, dtype=np.int64)
        for pair in np.ndindex(*self._counts):
            parts = self._network.parts_for(np.where(left, left_bits[pair[0]], right_bits[pair[1]]).tolist())
            factors[pair], powers[pair] = parts.factor, parts.exponent
            for number, axes in self._axes.items():
                # An array is taken once for each choice of the sides it depends on.
                if any(pair[side] for side in (0, 1) if side not in axes):
                    continue
                sizes = tuple(self._counts[side] for side in axes)
                array = parts.arrays[number]
                stack = stacks.setdefault(number, np.empty((*sizes, *array.shape), dtype=np.complex128))
                place = tuple(pair[side] for side in axes)
                stack[place] = array
                exponents.setdefault(number, np.zeros(sizes, dtype=np.int64))[place] = parts.exponents[number]
        exponent = 0
        for number, stack in stacks.items():
            most = int(exponents[number].max())
            shape = (*exponents[number].shape, *(1,) * (stack.ndim - exponents[number].ndim))
            single[number] = stack * np.ldexp(1.0, exponents[number] - most).reshape(shape)
            exponent += most
        most = int(powers.max())
        last, more = normalise(factors * np.ldexp(1.0, powers - most))
        return (*single, last), exponent + most + more


def side_order(circuit: Circuit) -> list[int]:
    """Orders the qubits from one end of the circuit to the other.

    Qubits with many gates between them are near each other: the second eigenvector of the graph's Laplacian (Fiedler,
    Czech. Math. J. 23, 298 (1973)).
    """
    weights = np.zeros((circuit.num_qubits, circuit.num_qubits))
    for operation in circuit.operations:
        for first in operation.qubits:
            for second in operation.qubits:
                weights[first, second] += first != second
    _, vectors = np.linalg.eigh(np.diag(weights.sum(axis=0)) - weights)
    # Rounded and sorted stably, so that rounding errors do not decide the order of equal entries.
    key = np.round(vectors[:, min(1, circuit.num_qubits - 1)], 9)
    return [int(qubit) for qubit in np.argsort(key, kind="stable")]

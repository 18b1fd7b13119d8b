"""One network for all bitstrings of a circuit: simplified once, filled with arrays for each.

The final bits are inserted after simplification. So the shape, and hence the plan, is the same for every bitstring, and
only the few arrays near the end of the circuit are looked up or computed for each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from taizhang._types import ComplexArray
from taizhang.circuit.bitstring import BitstringLike, parse_bitstring, read_bitstring
from taizhang.circuit.check_circuit import check_circuit
from taizhang.circuit.circuit import Circuit
from taizhang.network.build import build_circuit_network, compact_shape
from taizhang.network.choice import FinalBit
from taizhang.network.network import TensorNetwork
from taizhang.network.recipe import ScaledProduct
from taizhang.network.reduce import reduce
from taizhang.network.simplify import names_with_hidden, network_sizes
from taizhang.network.split import split_hidden
from taizhang.network.workspace import Node, Workspace


class BitParts(NamedTuple):
    """The arrays of a network for some final bits.

    Attributes:
        arrays: One for each tensor of the shape.
        exponents: For each tensor that depends on bits, by number, the power of two to multiply its array by.
        factor: A number to multiply the value by, times 2**exponent.
        exponent: See `factor`.
    """

    arrays: list[ComplexArray]
    exponents: dict[int, int]
    factor: complex
    exponent: int


class AmplitudeNetwork:
    """The simplified network of all amplitudes of a circuit.

    Args:
        circuit: Any circuit.
        open_qubits: Qubits left open; their indices are the output, in this order.
        row_qubits: Further qubits, of whose joint values only `num_rows` are computed. Their indices are the row
            indices, in this order.
        num_rows: Number of joint values of the row qubits.

    Attributes:
        num_qubits: Qubits of the circuit.
        open_qubits: Qubits left open.
        row_qubits: Qubits whose bits are given by rows.
        shape: Shape of the network, the same for every bitstring.
        sizes_before: Sizes of the network before simplification.
        sizes_after: Sizes of the simplified network.

    Raises:
        CircuitError: An open qubit is not in the circuit, or twice.
        NetworkError: There are at least as many rows as values of the row qubits.

    Example:
        >>> bell = Circuit(2).append("h", 0).append("cx", 0, 1)
        >>> network = AmplitudeNetwork(bell)
        >>> arrays, exponent = network.arrays_for("11")
        >>> network.shape.inputs, float(abs(arrays[0]) * 2.0**exponent)
        (((),), 0.707...)
    """

    __slots__ = (
        "_arrays",
        "_depends",
        "_exponent",
        "_factor_goes_to",
        "_mantissa",
        "_recipe",
        "_scalars",
        "num_qubits",
        "open_qubits",
        "row_qubits",
        "shape",
        "sizes_after",
        "sizes_before",
    )

    def __init__(
        self,
        circuit: Circuit,
        *,
        open_qubits: Sequence[int] = (),
        row_qubits: Sequence[int] = (),
        num_rows: int = 0,
    ) -> None:
        # Stage 1: the network as built, with row qubits as further open qubits.
        unsimplified = build_circuit_network(check_circuit(circuit), open_qubits=(*open_qubits, *row_qubits))
        self.num_qubits = unsimplified.num_qubits
        self.open_qubits = unsimplified.open_qubits[: len(open_qubits)]
        self.row_qubits = unsimplified.open_qubits[len(open_qubits) :]
        names: Sequence[str] = unsimplified.index_names
        inputs = [tensor.indices for tensor in unsimplified.tensors]
        before, _ = compact_shape(inputs, unsimplified.output, [(2,) * len(indices) for indices in inputs], names)
        self.sizes_before = network_sizes(before)
        # Stage 2: simplify with the final bits as choices.
        tensors = [Node(tensor.indices, tensor.array, choices=tensor.choices) for tensor in unsimplified.tensors]
        work = Workspace(
            tensors, unsimplified.output, (2,) * len(names), ScaledProduct(unsimplified.factor, unsimplified.exponent)
        )
        reduce(work)
        split_hidden(work)
        names = names_with_hidden(names, len(work.sizes))

        # Stage 3: a value of zero, or of a single number, still needs tensors: one per output index, or one scalar.
        nodes = [] if work.vanished else list(work.nodes.values())
        self._mantissa = 0j if work.vanished else work.scalar.mantissa
        self._exponent = work.scalar.exponent
        self._recipe = work.recipe
        self._scalars = [work.entry(node) for node in work.scalar_nodes]
        if work.vanished:
            nodes = [Node((index,), np.ones(2, dtype=np.complex128)) for index in unsimplified.output]
        if not nodes:
            nodes = [Node((), np.ones((), dtype=np.complex128))]

        # Stage 4: the final shape, and what of it depends on the bits.
        inputs = [node.axes for node in nodes]
        shape, _ = compact_shape(inputs, unsimplified.output, [(2,) * len(indices) for indices in inputs], names)
        fixed = len(self.open_qubits)
        self.shape = replace(shape, output=shape.output[:fixed], row_indices=shape.output[fixed:], num_rows=num_rows)
        self.sizes_after = network_sizes(self.shape)
        self._depends = {
            number: work.entry(node) for number, node in enumerate(nodes) if node.array is None or node.choices
        }
        # Arrays that depend on the bits are placeholders here.
        self._arrays: list[ComplexArray] = [
            np.zeros((), dtype=np.complex128)
            if number in self._depends or node.array is None
            else np.asarray(node.array, order="C")
            for number, node in enumerate(nodes)
        ]
        # The overall factor goes into an array of lowest rank among those that change with the bitstring.
        candidates = sorted(self._depends) or range(len(nodes))
        self._factor_goes_to = min(candidates, key=lambda number: len(self.shape.inputs[number]))

    def arrays_for(self, bitstring: BitstringLike | None) -> tuple[tuple[ComplexArray, ...], int]:
        """Returns the arrays of one bitstring.

        Args:
            bitstring: Final bits, qubit 0 first; characters at open qubits and row qubits are ignored. May be None when
                there are no others.

        Returns:
            One complex128 array for each tensor of `shape`, and the exponent: the amplitude is the value of the
            network times 2**exponent. Arrays that do not depend on the bits are the same objects every time; do not
            modify any.

        Raises:
            CircuitError: The bitstring does not fit the circuit.
        """
        text = None if bitstring is None else read_bitstring(bitstring)
        bits = parse_bitstring(text, self.num_qubits, (*self.open_qubits, *self.row_qubits))
        parts = self.parts_for(bits)
        arrays = parts.arrays
        if parts.factor != 1:
            arrays[self._factor_goes_to] = arrays[self._factor_goes_to] * parts.factor
        return tuple(arrays), parts.exponent + sum(parts.exponents.values())

    def dependence(self) -> dict[int, frozenset[int]]:
        """For each tensor that depends on final bits, by number, the qubits of these bits."""
        of_entry = self._recipe.dependence()
        return {
            number: frozenset(choice.qubit for choice in of_entry[entry]) for number, entry in self._depends.items()
        }

    def parts_for(self, bits: Sequence[int]) -> BitParts:
        """Returns the arrays for some final bits, and separately the number to multiply by.

        Args:
            bits: The bit of each qubit; those of open qubits are ignored.
        """
        computed, exponents = self._recipe.run({FinalBit(qubit): int(bit) for qubit, bit in enumerate(bits)})
        factor = ScaledProduct(self._mantissa, self._exponent)
        for entry in self._scalars:
            factor.multiply(complex(computed[entry]), exponents[entry])
        arrays = self._arrays.copy()
        for number, entry in self._depends.items():
            arrays[number] = computed[entry]
        return BitParts(
            arrays=arrays,
            exponents={number: exponents[entry] for number, entry in self._depends.items()},
            factor=factor.mantissa,
            exponent=factor.exponent,
        )

    def network_for(self, bitstring: BitstringLike | None) -> TensorNetwork:
        """Returns the network of one bitstring, as `arrays_for` does.

        Raises:
            CircuitError: The bitstring does not fit the circuit.
        """
        arrays, exponent = self.arrays_for(bitstring)
        return TensorNetwork.from_shape(self.shape, arrays, exponent)

    def __repr__(self) -> str:
        return f"AmplitudeNetwork({self.num_qubits} qubits, {self.sizes_after})"

"""Networks of reduced states: a circuit's network and its conjugate, joined at the qubits that are traced out."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from taizhang.circuit.circuit import Circuit
from taizhang.circuit.light_cone import light_cone
from taizhang.network.build import build_circuit_network, check_open_qubits, renumber
from taizhang.network.network import TensorNetwork
from taizhang.network.simplify import simplify


def reduced_network(circuit: Circuit, qubits: Sequence[int], *, probabilities: bool = False) -> TensorNetwork:
    """Builds the network of the state of some qubits, or of the probabilities of their outcomes; simplified.

    Args:
        circuit: The circuit.
        qubits: The qubits that are not traced out.
        probabilities: Whether to build the diagonal only.

    Returns:
        A network whose value has an axis of length 2 for each qubit; for a state, then one more for each, the columns.

    Raises:
        CircuitError: A qubit is not in the circuit, or given twice.

    Example:
        >>> reduced_network(Circuit(2).append("h", 0).append("cx", 0, 1), [1]).shape.output
        (0, 1)
    """
    kept = check_open_qubits(qubits, circuit.num_qubits, called="qubit")
    cone, reached = light_cone(circuit, kept, probabilities=probabilities)
    ket = build_circuit_network(cone, open_qubits=range(cone.num_qubits))
    count = len(ket.index_names)
    shared = {
        index: index for index, qubit in zip(ket.output, reached, strict=True) if probabilities or qubit not in kept
    }
    end = dict(zip(reached, ket.output, strict=True))
    rows = tuple(end[qubit] for qubit in kept)
    columns = () if probabilities else tuple(count + index for index in rows)
    # The conjugate shares the final indices of traced-out qubits (for probabilities, of all) with the state.
    inputs = [tensor.indices for tensor in ket.tensors]
    inputs += [tuple(shared.get(index, count + index) for index in indices) for indices in inputs]
    arrays = [tensor.array for tensor in ket.tensors]
    arrays += [array.conj() for array in arrays]
    mantissa, exponent = math.frexp(abs(ket.factor) ** 2)
    inputs.append(())
    arrays.append(np.array(mantissa, dtype=np.complex128))
    names = [*ket.index_names, *(f"{name}*" for name in ket.index_names)]
    network = renumber(inputs, rows + columns, arrays, names, exponent + 2 * ket.exponent)
    return simplify(network)

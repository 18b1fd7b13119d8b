"""Circuits and tensor networks from and to quimb."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, overload

import numpy as np

from taizhang._checks import describe
from taizhang._optional import optional_module
from taizhang.adapters.matching import gate_of_matrix
from taizhang.circuit.circuit import Circuit, check_sizes
from taizhang.circuit.operation import Operation
from taizhang.errors import CircuitError, UsageError
from taizhang.network.network import TensorNetwork


def from_quimb(given: Any) -> Circuit | TensorNetwork:
    """Makes a circuit from a `quimb.tensor.Circuit`, or a network from a `quimb.tensor.TensorNetwork`.

    Args:
        given: A circuit; or a network, whose outer indices become the output.

    Returns:
        The circuit; gates of the table are kept by name, others by their matrix. Or the network.

    Raises:
        MissingPackageError: quimb is not installed.
        UsageError: It is something else.
        CircuitError: A gate has no matrix.

    Example:
        >>> import quimb.tensor as qtn
        >>> bell = qtn.Circuit(2)
        >>> bell.h(0)
        >>> bell.cx(0, 1)
        >>> from_quimb(bell).operations
        (h 0, cx 0 1)
    """
    quimb = _import()
    if isinstance(given, quimb.Circuit):
        check_sizes(given.N)
        return Circuit(given.N, _operations(given))
    if isinstance(given, quimb.TensorNetwork):
        tensors: list[Any] = [(np.asarray(tensor.data), tuple(tensor.inds)) for tensor in given.tensors]
        # quimb keeps a power of ten apart.
        exponent = float(getattr(given, "exponent", 0.0) or 0.0)
        if exponent:
            tensors.append((np.array(10.0**exponent), ()))
        return TensorNetwork(tensors, output=tuple(given.outer_inds()))
    raise UsageError(f"from_quimb takes a Circuit or a TensorNetwork of quimb.tensor, got {describe(given)}")


def _operations(circuit: Any) -> Iterator[Operation]:
    for step in circuit.gates:
        try:
            array = np.asarray(step.array, dtype=np.complex128)
        except Exception as error:
            raise CircuitError(f"gate '{step.label}' of the quimb circuit has no matrix: {error}") from error
        qubits = tuple(int(qubit) for qubit in step.qubits)
        matrix = array.reshape(2 ** len(qubits), -1)
        numbers = [float(value) for value in step.params] if _are_numbers(step.params) else []
        made = gate_of_matrix(str(step.label), numbers, matrix)
        controls = tuple(int(qubit) for qubit in step.controls or ())
        yield Operation(made.controlled(len(controls)) if controls else made, (*controls, *qubits))


def _are_numbers(values: Any) -> bool:
    return all(isinstance(value, (int, float, np.floating, np.integer)) for value in values)


@overload
def to_quimb(given: Circuit) -> Any: ...
@overload
def to_quimb(given: TensorNetwork) -> Any: ...
def to_quimb(given: Circuit | TensorNetwork) -> Any:
    """Makes a `quimb.tensor.Circuit` from a circuit, or a `quimb.tensor.TensorNetwork` from a network.

    Args:
        given: A circuit of gates whose parameters have values; or a network.

    Returns:
        quimb's circuit, its gates given by their matrices; or quimb's network, whose indices are i0, i1, …; those of
        the output are its outer ones.

    Raises:
        MissingPackageError: quimb is not installed.
        CircuitError: The circuit has something else than gates.
        UsageError: It is neither a circuit nor a network.
    """
    quimb = _import()
    if isinstance(given, Circuit):
        made = quimb.Circuit(given.num_qubits)
        for step in given.operations:
            matrix, count = step.gate.unitary(), len(step.qubits)
            if count == 0:
                made.apply_gate_raw(matrix[0, 0] * np.eye(2), (0,))
            else:
                made.apply_gate_raw(matrix.reshape((2,) * (2 * count)), step.qubits)
        return made
    if isinstance(given, TensorNetwork):
        tensors = [
            quimb.Tensor(np.asarray(array), inds=[f"i{index}" for index in indices])
            for array, indices in zip(given.arrays, given.shape.inputs, strict=True)
        ]
        network = quimb.TensorNetwork(tensors)
        if given.exponent:
            network.exponent = given.exponent * np.log10(2.0)
        return network
    raise UsageError(f"to_quimb takes a Circuit or a TensorNetwork, got {describe(given)}")


def _import() -> Any:
    return optional_module("quimb.tensor", package="quimb", what_for="exchanging circuits with quimb", extra="quimb")

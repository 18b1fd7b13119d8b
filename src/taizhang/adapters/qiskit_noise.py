"""Noise models and errors of Qiskit Aer as channels and readout errors.

They are read from their dictionaries, so that Qiskit Aer itself is not needed here. As in Aer, errors go by the name of
an instruction as it is in the circuit, those for certain qubits before those for all, and errors of a measurement come
before it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from taizhang._checks import describe
from taizhang._types import ComplexArray
from taizhang.circuit.channel import PAULIS, Channel, channel_from_superoperator, make_channel
from taizhang.circuit.classical import Readout
from taizhang.circuit.gates import gate
from taizhang.errors import CircuitError, TaizhangError, UsageError

_RESET: tuple[ComplexArray, ...] = (
    np.array([[1, 0], [0, 0]], dtype=np.complex128),
    np.array([[0, 1], [0, 0]], dtype=np.complex128),
)


class QiskitNoise:
    """The errors of a noise model.

    Args:
        model: A `qiskit_aer.noise.NoiseModel`, or its dictionary.

    Raises:
        UsageError: It is something else.
        CircuitError: An error in it is of a kind that is not supported.
    """

    def __init__(self, model: Any) -> None:
        found = model if isinstance(model, Mapping) else getattr(model, "to_dict", dict)()
        if not isinstance(found, Mapping) or "errors" not in found:
            raise UsageError(f"noise_model must be a NoiseModel of Qiskit Aer, got {describe(model)}")
        self._channels: dict[tuple[str, tuple[int, ...] | None], list[Channel]] = {}
        self._readouts: dict[tuple[int, ...] | None, Readout] = {}
        self._used: set[str] = set()
        for error in found["errors"]:
            places: list[tuple[int, ...] | None] = [tuple(map(int, qubits)) for qubits in error.get("gate_qubits", ())]
            places = places or [None]
            if error["type"] == "roerror":
                readout = _readout(error["probabilities"])
                self._readouts |= dict.fromkeys(places, readout)
                continue
            for name in error["operations"]:
                channel = channel_of_error(error, f"noise_{name}")
                for place in places:
                    # Several errors for the same instruction follow each other.
                    self._channels.setdefault((name, place), []).append(channel)

    @property
    def reads_wrong(self) -> bool:
        """Whether it has errors of reading."""
        return bool(self._readouts)

    def channels(self, name: str, qubits: tuple[int, ...]) -> Sequence[Channel]:
        """The channels that come with an instruction on these qubits."""
        found = self._channels.get((name, qubits))
        if found is None:
            found = [each for each in self._channels.get((name, None), ()) if each.num_qubits == len(qubits)]
        if found:
            self._used.add(name)
        return found

    def readout(self, qubit: int) -> Readout | None:
        """The errors of reading a qubit."""
        found = self._readouts.get((qubit,), self._readouts.get(None))
        if found is not None:
            self._used.add("measure")
        return found

    def check_used(self) -> None:
        """Refuses a model that changed nothing.

        Raises:
            CircuitError: No instruction of the circuit has an error in the model.
        """
        if not self._used and (self._channels or self._readouts):
            names = sorted({name for name, _ in self._channels} | ({"measure"} if self._readouts else set()))
            raise CircuitError(
                f"the noise model is about {', '.join(names[:6])}, and none of these is in the circuit: nothing would "
                "change; transpile the circuit to these first"
            )


def channel_of_error(error: Any, name: str) -> Channel:
    """The channel of a `QuantumError` of Qiskit Aer, or of its dictionary.

    Raises:
        CircuitError: A part of it is of a kind that is not supported.
    """
    found: Mapping[str, Any] = error if isinstance(error, Mapping) else error.to_dict()
    lists = found["instructions"]
    size = 1 + max((qubit for parts in lists for part in parts for qubit in part["qubits"]), default=0)
    kraus: list[ComplexArray] = []
    for chance, parts in zip(found["probabilities"], lists, strict=True):
        if float(chance) <= 0:
            continue
        operators: list[ComplexArray] = [np.sqrt(float(chance)) * np.eye(2**size, dtype=np.complex128)]
        for part in parts:
            own = [_embedded(matrix, part["qubits"], size) for matrix in _operators(part)]
            operators = [matrix @ before for before in operators for matrix in own]
        kraus += operators
    if len(kraus) > 4**size:
        # Fewer do.
        superoperator = make_channel(np.array(kraus), name=name).superoperator
        return channel_from_superoperator(superoperator, name=name)
    return make_channel(np.array(kraus), name=name)


def _operators(part: Mapping[str, Any]) -> Sequence[ComplexArray]:
    """The Kraus operators of an instruction, its first qubit the slowest bit."""
    name, parameters = part["name"], part.get("params", [])
    if name == "kraus":
        return [turned_round(np.asarray(matrix, dtype=np.complex128)) for matrix in parameters]
    if name == "unitary":
        return [turned_round(np.asarray(parameters[0], dtype=np.complex128))]
    if name == "reset":
        return _RESET
    if name == "pauli":
        matrix = np.eye(1, dtype=np.complex128)
        for letter in reversed(str(parameters[0])):
            matrix = np.kron(matrix, PAULIS[letter])
        return [matrix]
    try:
        return [gate(name, *map(float, parameters)).unitary()]
    except (TaizhangError, TypeError, ValueError):
        raise CircuitError(
            f"an error of the noise model has the instruction '{name}', which is not supported; use Kraus operators, "
            "unitaries, Pauli products and resets"
        ) from None


def turned_round(matrix: ComplexArray) -> ComplexArray:
    """A matrix with the bits of its row and column numbers reversed: Qiskit's first qubit is the fastest bit."""
    count = len(matrix).bit_length() - 1
    order = list(range(count))[::-1]
    tensor = matrix.reshape((2,) * (2 * count))
    return tensor.transpose(order + [count + axis for axis in order]).reshape(matrix.shape)


def _embedded(matrix: ComplexArray, qubits: Sequence[int], size: int) -> ComplexArray:
    """A matrix on some qubits as one on `size`."""
    count = len(qubits)
    tensor = np.eye(2**size, dtype=np.complex128).reshape((2,) * (2 * size))
    shaped = matrix.reshape((2,) * (2 * count))
    moved = np.moveaxis(np.tensordot(shaped, tensor, (range(count, 2 * count), list(qubits))), range(count), qubits)
    return moved.reshape(2**size, 2**size)


def _readout(given: Any) -> Readout:
    matrix = np.asarray(given, dtype=np.float64)
    if matrix.shape != (2, 2):
        raise CircuitError(
            "the noise model has errors of reading several qubits together; give each qubit its own readout error"
        )
    return Readout(float(matrix[0, 1]), float(matrix[1, 0]))

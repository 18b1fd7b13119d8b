"""Diagonal gates exp(-i angle T) whose angle is a parameter without a value: an action of circuits.

T is any real function of the bits, so that one gate is the phase of a whole clause of a cost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from taizhang.circuit.gates import MAX_DENSE_QUBITS, Gate, gate, unitary_gate
from taizhang.circuit.parameter import Angle, ParameterExpression, as_angle
from taizhang.circuit.parametric_gate import SymbolicGate
from taizhang.errors import CircuitError, SizeLimitError

NAME = "diagonal"


@dataclass(frozen=True, slots=True)
class DiagonalPhase(SymbolicGate):
    """The gate exp(-i angle T) of a real diagonal T, where the angle has a parameter.

    Attributes:
        entries_of_values: Bytes of the diagonal of T, float64, shape (2,) * num_qubits, the first qubit the slowest.
        angle: An expression with at least one parameter.
        num_qubits: Number of qubits.

    Raises:
        CircuitError: The angle has no parameter, or the number of values is not 2**n for n of at least 1.

    Example:
        >>> from taizhang.circuit.parameter import Parameter
        >>> phase = diagonal_phase([[0, 1], [1, 0]], Parameter("gamma"))
        >>> phase, phase.inverse(), phase.parameter_names
        (diagonal(gamma), diagonal(-gamma), ('gamma',))
        >>> phase.bind({"gamma": 0.5}).num_qubits
        2
    """

    entries_of_values: bytes
    angle: ParameterExpression
    num_qubits: int = field(init=False, compare=False)

    def __post_init__(self) -> None:
        if not isinstance(self.angle, ParameterExpression) or not self.angle.terms:
            raise CircuitError(f"the angle {self.angle!r:.40} has no parameter; make the gate by diagonal_phase")
        size = len(self.entries_of_values) // 8
        if size & (size - 1) or size * 8 != len(self.entries_of_values) or size < 2:
            raise CircuitError(f"a diagonal gate must have 2^n values, got {len(self.entries_of_values)} bytes")
        object.__setattr__(self, "num_qubits", size.bit_length() - 1)

    @property
    def values(self) -> npt.NDArray[np.float64]:
        """The diagonal of T, float64, shape (2,) * num_qubits, read-only."""
        return np.frombuffer(self.entries_of_values, dtype=np.float64).reshape((2,) * self.num_qubits)

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """Names of its parameters."""
        return self.angle.parameters

    def bind(self, values: Mapping[str, float]) -> Gate:
        """Returns the gate for values of its parameters.

        Args:
            values: A finite number for each of its parameters, by name; others are ignored.

        Raises:
            CircuitError: A parameter has no value, or the angle is not finite.
        """
        return _plain(self.values, self.angle.value_of(values))

    def bind_some(self, values: Mapping[str, float]) -> Gate | SymbolicGate:
        """Returns the gate for values of some of its parameters.

        Args:
            values: Finite numbers by name; those of other parameters are ignored.

        Raises:
            CircuitError: The angle is not finite.
        """
        return diagonal_phase(self.values, self.angle.bind(values))

    def inverse(self) -> DiagonalPhase:
        """Returns the gate that undoes this one."""
        return DiagonalPhase(self.entries_of_values, -self.angle)

    def controlled(self, num_controls: int = 1) -> DiagonalPhase:
        """Returns this gate with controls, as one on more qubits: T is 0 where a control is 0.

        Raises:
            SizeLimitError: It has more than ten qubits then.
        """
        _check_size(self.num_qubits + num_controls)
        size = 2**self.num_qubits
        padded = np.zeros(size << num_controls)
        padded[-size:] = self.values.reshape(-1)
        return DiagonalPhase(padded.tobytes(), self.angle)

    def power(self, exponent: float) -> Gate | SymbolicGate:
        """Raises this gate to a whole power.

        Raises:
            CircuitError: The exponent is not a whole number.
        """
        if not float(exponent).is_integer():
            raise CircuitError(
                f"the gate {self!r:.64} cannot be raised to the power {exponent:g} before its parameters have values; "
                "bind them first"
            )
        return diagonal_phase(self.values, self.angle * exponent)

    # What it has in common with the gates of the table, such as for drawings.

    @property
    def name(self) -> str:
        """Its name."""
        return NAME

    @property
    def label(self) -> str:
        """Its name."""
        return NAME

    @property
    def parameters(self) -> tuple[Angle, ...]:
        """Its angle."""
        return (self.angle,)

    @property
    def num_controls(self) -> int:
        """0: controls are part of the values."""
        return 0

    @property
    def num_targets(self) -> int:
        """Number of qubits."""
        return self.num_qubits

    @property
    def diagonal(self) -> bool:
        """True."""
        return True

    def __repr__(self) -> str:
        return f"{NAME}({self.angle!r})"


def diagonal_phase(values: npt.ArrayLike, angle: Angle) -> Gate | SymbolicGate:
    """Returns the gate exp(-i angle T) of a real diagonal T.

    Args:
        values: The diagonal of T, shape (2,) * n, the axis of the first qubit first.
        angle: A number, or an expression of parameters.

    Returns:
        A gate given by its matrix where the angle is a number, and a `DiagonalPhase` otherwise; `gphase` for no qubit.

    Raises:
        CircuitError: The values are not finite or have another shape, or the angle is not finite.
        SizeLimitError: More than ten qubits.

    Example:
        >>> diagonal_phase([0, 1], 0.5).matrix.diagonal().imag.round(3).tolist()
        [-0.0, -0.479]
    """
    array = np.array(values, dtype=np.float64, order="C")
    if array.shape != (2,) * array.ndim:
        raise CircuitError(f"the values of a diagonal gate must have shape (2, …, 2), got {array.shape}")
    if not np.all(np.isfinite(array)):
        raise CircuitError("the values of a diagonal gate must be finite; replace those that are not")
    _check_size(array.ndim)
    if not array.ndim:
        return gate("gphase", -float(array) * angle)
    known = as_angle(angle) if isinstance(angle, ParameterExpression) else float(angle)
    if isinstance(known, ParameterExpression):
        return DiagonalPhase(array.tobytes(), known)
    return _plain(array, known)


def _plain(values: npt.NDArray[np.float64], angle: float) -> Gate:
    with np.errstate(over="ignore", invalid="ignore"):
        phases = angle * values.reshape(-1)
    if not np.all(np.isfinite(phases)):
        raise CircuitError(f"the phases of a diagonal gate must be finite, got the angle {angle:g}; give a smaller one")
    return unitary_gate(np.diag(np.exp(-1j * phases)), name=NAME)


def _check_size(num_qubits: int) -> None:
    if num_qubits > MAX_DENSE_QUBITS:
        raise SizeLimitError(
            f"a diagonal gate may have at most {MAX_DENSE_QUBITS} qubits, got {num_qubits}; split it into several"
        )

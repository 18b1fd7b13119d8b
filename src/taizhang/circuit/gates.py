"""Concrete gates, made from the table or from a matrix.

A gate is a base matrix on its targets and a number of controls; `cx`, `ccx` and an X with forty controls are the same
base `x` with 1, 2 and 40 controls, and no matrix larger than the base's is made unless requested. The table of bases is
in `gate_table`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import overload

import numpy as np
import numpy.typing as npt

from taizhang._types import ComplexArray
from taizhang.circuit.gate_table import NAMES as NAMES
from taizhang.circuit.gate_table import RECORDS as RECORDS
from taizhang.circuit.gate_table import Angles as Angles
from taizhang.circuit.gate_table import GateRecord as GateRecord
from taizhang.circuit.gate_table import control_prefix
from taizhang.circuit.gate_table import find_name as find_name
from taizhang.circuit.parameter import Angle, ParameterExpression
from taizhang.circuit.parametric_gate import ParametricGate as ParametricGate
from taizhang.circuit.parametric_gate import make_gate
from taizhang.errors import CircuitError, SizeLimitError

MAX_CONTROLS = 100_000
MAX_DENSE_QUBITS = 10
UNITARITY_TOLERANCE = 1e-8


@dataclass(frozen=True, slots=True)
class Gate:
    """A concrete gate: a base with its angles, and a number of controls.

    Two gates are equal when name, parameters, controls and, for a gate given by its matrix, the matrix are equal.

    Attributes:
        name: Name of the base in `RECORDS`, or the name of a gate given by its matrix.
        parameters: Angles in radians.
        num_controls: Controls, all on |1>; in an operation their qubits come first.
        entries: Bytes of the complex128 matrix of a gate given by its matrix; None for a gate of the table.
        num_qubits: Controls and targets.

    Raises:
        CircuitError: The name is not in the table, the number of parameters is wrong, or one is not finite.

    Example:
        >>> gate("cx") == gate("x").controlled()
        True
        >>> gate("rz", 0.5).inverse()
        rz(-0.5)
    """

    name: str
    parameters: tuple[float, ...] = ()
    num_controls: int = 0
    entries: bytes | None = field(default=None, repr=False)
    num_qubits: int = field(init=False, compare=False)

    def __post_init__(self) -> None:
        if not 0 <= self.num_controls <= MAX_CONTROLS:
            raise CircuitError(
                f"gate '{self.name}' was given {self.num_controls} controls; give between 0 and {MAX_CONTROLS}"
            )
        if self.entries is None:
            _check_parameters(self.name, self.parameters)
        object.__setattr__(self, "num_qubits", self.num_controls + self.num_targets)

    @property
    def num_targets(self) -> int:
        """Qubits that the base matrix acts on."""
        if self.entries is not None:
            return (len(self.entries) // 16).bit_length() // 2
        return RECORDS[self.name].num_targets

    @property
    def label(self) -> str:
        """The name with its controls, such as `cx`, `ccx`, `c3x`, `c5rz`."""
        if self.entries is None:
            return RECORDS[self.name].label(self.num_controls)
        return control_prefix(self.num_controls) + self.name

    @property
    def matrix(self) -> ComplexArray:
        """Matrix of the base without controls, complex128, shape (2**num_targets, 2**num_targets), read-only."""
        if self.entries is not None:
            size = 2**self.num_targets
            return np.frombuffer(self.entries, dtype=np.complex128).reshape(size, size)
        return _base_matrix(self.name, self.parameters)

    @property
    def diagonal(self) -> bool:
        """Whether the matrix is diagonal."""
        if self.entries is None:
            return RECORDS[self.name].diagonal
        return not np.any(self.matrix - np.diag(np.diag(self.matrix)))

    def unitary(self) -> ComplexArray:
        """Returns the full matrix, controls included, complex128, shape (2**num_qubits, 2**num_qubits).

        Raises:
            SizeLimitError: The gate has more than ten qubits.
        """
        if self.num_qubits > MAX_DENSE_QUBITS:
            raise SizeLimitError(
                f"the full matrix of '{self.label}' would have 2^{self.num_qubits} rows; at most 2^{MAX_DENSE_QUBITS} "
                "are allowed, use `matrix` and `num_controls` instead"
            )
        base = self.matrix
        full = np.eye(2**self.num_qubits, dtype=np.complex128)
        full[-len(base) :, -len(base) :] = base
        return full

    def inverse(self) -> Gate:
        """Returns the gate that undoes this one."""
        if self.entries is not None:
            name = self.name.removesuffix("_dg") if self.name.endswith("_dg") else f"{self.name}_dg"
            return unitary_gate(self.matrix.conj().T, name=name).controlled(self.num_controls)
        record = RECORDS[self.name]
        return Gate(record.inverse, record.inverse_angles(self.parameters), self.num_controls)

    def controlled(self, num_controls: int = 1) -> Gate:
        """Returns this gate with more controls. A controlled global phase is a phase on its last control."""
        if self.name == "gphase" and self.entries is None and self.num_controls + num_controls > 0:
            return Gate("p", self.parameters, self.num_controls + num_controls - 1)
        return Gate(self.name, self.parameters, self.num_controls + num_controls, self.entries)

    def power(self, exponent: float) -> Gate:
        """Raises this gate to a power; fractional powers are principal (phases of eigenvalues in (-π, π]).

        Raises:
            CircuitError: The exponent is not finite.

        Example:
            >>> gate("rx", 0.5).power(2)
            rx(1.0)
            >>> gate("x").power(0.5) == gate("sx")
            True
        """
        if not math.isfinite(exponent):
            raise CircuitError(f"gate '{self.label}' cannot be raised to the power {exponent}; give a finite number")
        if exponent == 1:
            return self
        if exponent == -1:
            return self.inverse()
        if self.entries is None and RECORDS[self.name].additive and float(exponent).is_integer():
            return Gate(self.name, tuple(exponent * angle for angle in self.parameters), self.num_controls)
        result = _matrix_power(self.matrix, exponent)
        if self.num_targets <= 2:
            for name, parameters in self._likely_powers(exponent):
                if np.allclose(_base_matrix(name, parameters), result, rtol=0, atol=1e-13):
                    return Gate(name, parameters, self.num_controls)
        return unitary_gate(result, name=f"{self.name}^{exponent:g}").controlled(self.num_controls)

    def _likely_powers(self, exponent: float) -> Iterator[tuple[str, Angles]]:
        """Yields gates of the table that the power may be equal to."""
        for name in ("id", "x", "y", "z", "s", "sdg", "t", "tdg", "sx", "sxdg", "id2", "swap", "iswap", "iswapdg"):
            if RECORDS[name].num_targets == self.num_targets:
                yield name, ()
        if self.entries is None and RECORDS[self.name].additive:
            yield self.name, tuple(exponent * angle for angle in self.parameters)

    def __repr__(self) -> str:
        angles = f"({', '.join(repr(angle) for angle in self.parameters)})" if self.parameters else ""
        return self.label + angles


@overload
def gate(name: str, *parameters: float) -> Gate: ...
@overload
def gate(name: str, *parameters: Angle) -> Gate | ParametricGate: ...
def gate(name: str, *parameters: Angle) -> Gate | ParametricGate:
    """Returns a gate by its name in qelib1, stdgates, qsim, GRCS or this table, with any number of `c` in front.

    Args:
        name: Such as "h", "cx", "c3x", "ccz", "c12rz", "fsim". `p` and `cp` are OpenQASM's, not qsim's.
        parameters: Angles in radians, numbers or expressions of parameters.

    Returns:
        The gate, a `ParametricGate` where an angle has a parameter; for the same numbers the same object where
        possible.

    Raises:
        CircuitError: No gate has this name (the message suggests similar ones), or the parameters do not fit.

    Example:
        >>> gate("ccx").num_controls, gate("ccx").matrix.shape
        (2, (2, 2))
        >>> from taizhang.circuit.parameter import Parameter
        >>> gate("crz", 2 * Parameter("gamma"))
        crz(2*gamma)
    """
    if any(isinstance(parameter, ParameterExpression) for parameter in parameters):
        return _parametric_gate(name, parameters)
    return _gate(name, _numbers(name, parameters))


def _parametric_gate(name: str, parameters: Sequence[Angle]) -> Gate | ParametricGate:
    base, controls = find_name(name)
    angles = (angle if isinstance(angle, ParameterExpression) else _numbers(name, [angle])[0] for angle in parameters)
    return make_gate(base, tuple(angles), controls)


def _numbers(name: str, parameters: Sequence[Angle]) -> Angles:
    angles: list[float] = []
    for parameter in parameters:
        try:
            angles.append(float(parameter))
        except (TypeError, ValueError):
            raise CircuitError(f"the angles of gate '{name}' must be numbers, got {parameter!r:.64}") from None
    return tuple(angles)


@lru_cache(maxsize=65536)
def _gate(name: str, parameters: Angles) -> Gate:
    base, controls = find_name(name)
    return Gate(base, parameters, controls)


def size_of(name: str) -> tuple[int, int]:
    """Returns the numbers of qubits and of parameters of a named gate.

    Raises:
        CircuitError: No gate has this name.

    Example:
        >>> size_of("crz"), size_of("fsim")
        ((2, 1), (2, 2))
    """
    base, controls = find_name(name)
    record = RECORDS[base]
    return controls + record.num_targets, record.num_parameters


def unitary_gate(matrix: npt.ArrayLike, *, name: str = "unitary") -> Gate:
    """Returns a gate given by its matrix.

    Args:
        matrix: Unitary, shape (2**n, 2**n) for n of 0 to 10; the first qubit is the slowest bit.
        name: Name of the gate.

    Returns:
        The gate.

    Raises:
        CircuitError: The matrix is not square of a size 2**n, or not unitary.
        SizeLimitError: The matrix is on more than ten qubits.

    Example:
        >>> unitary_gate([[0, 1], [1, 0]], name="flip").num_qubits
        1
    """
    array: ComplexArray = np.array(matrix, dtype=np.complex128, order="C")
    size = array.shape[0] if array.ndim else 0
    if array.ndim != 2 or array.shape[1] != size or size < 1 or size & (size - 1):
        raise CircuitError(f"the matrix of gate '{name}' has shape {array.shape}; give one of (2^n, 2^n)")
    if size > 2**MAX_DENSE_QUBITS:
        raise SizeLimitError(f"the matrix of gate '{name}' has {size} rows; at most {2**MAX_DENSE_QUBITS} are allowed")
    error = float(np.max(np.abs(array.conj().T @ array - np.eye(size)))) if np.all(np.isfinite(array)) else math.inf
    if error > UNITARITY_TOLERANCE:
        raise CircuitError(
            f"the matrix of gate '{name}' is not unitary: its product with its adjoint differs from 1 by {error:.2g}; "
            f"give one that differs by at most {UNITARITY_TOLERANCE:g}"
        )
    return Gate(name, (), 0, array.tobytes())


def _check_parameters(name: str, parameters: Angles) -> None:
    record = RECORDS.get(name)
    if record is None:
        find_name(name)
        raise CircuitError(f"'{name}' is a name with controls or an alias; make it by gate('{name}')")
    if len(parameters) != record.num_parameters:
        raise CircuitError(
            f"gate '{name}' was given {len(parameters)} parameters; it takes {record.num_parameters or 'none'}"
        )
    if not all(map(math.isfinite, parameters)):
        raise CircuitError(f"gate '{name}' was given the parameters {parameters}; give finite numbers")


@lru_cache(maxsize=65536)
def _base_matrix(name: str, parameters: Angles) -> ComplexArray:
    matrix = RECORDS[name].matrix(*parameters)
    matrix.setflags(write=False)
    return matrix


def _matrix_power(matrix: ComplexArray, exponent: float) -> ComplexArray:
    """Returns the principal power of a unitary matrix."""
    if float(exponent).is_integer() and abs(exponent) <= 2**30:
        base = matrix if exponent >= 0 else matrix.conj().T
        return np.linalg.matrix_power(base, abs(int(exponent)))
    values, vectors = np.linalg.eig(matrix)
    # Eigenvectors of equal eigenvalues need not come out orthogonal; the inverse is right for both.
    phases = np.where(np.abs(values + 1) < 1e-12, np.pi, np.angle(values))
    return np.asarray((vectors * np.exp(1j * exponent * phases)) @ np.linalg.inv(vectors), dtype=np.complex128)

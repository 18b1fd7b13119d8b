"""Gates some of whose angles are parameters without a value: an action of circuits. Those of the table are here."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from taizhang._lazy import lazy_module
from taizhang.circuit.gate_table import RECORDS, Angles
from taizhang.circuit.parameter import Angle, ParameterExpression, as_angle
from taizhang.errors import CircuitError

if TYPE_CHECKING:
    from taizhang.circuit import gates
else:
    # `gates.gate` makes gates of both kinds, so the two files need each other.
    gates = lazy_module("taizhang.circuit.gates")


class SymbolicGate(ABC):
    """A gate with parameters that have no values: a gate of the table, or a diagonal one.

    It has the members of `Gate` that need no numbers. `entries` is None, since its matrix is not known.
    """

    __slots__ = ()

    # Fields or properties of the subclasses.
    if TYPE_CHECKING:

        @property
        def name(self) -> str:
            """Its name, without controls."""

        @property
        def parameters(self) -> tuple[Angle, ...]:
            """Its angles, numbers or expressions."""

        @property
        def num_controls(self) -> int:
            """Number of controls."""

        @property
        def num_targets(self) -> int:
            """Number of other qubits."""

        @property
        def num_qubits(self) -> int:
            """Controls and targets."""

        @property
        def label(self) -> str:
            """The name with its controls."""

        @property
        def diagonal(self) -> bool:
            """Whether the matrix is diagonal, whatever the angles."""

        @property
        def parameter_names(self) -> tuple[str, ...]:
            """Names of its parameters, in the order of its angles."""

    @property
    def entries(self) -> None:
        """None: it is not given by its matrix."""
        return

    @abstractmethod
    def bind(self, values: Mapping[str, float]) -> gates.Gate:
        """Returns the gate for values of all its parameters."""

    @abstractmethod
    def bind_some(self, values: Mapping[str, float]) -> gates.Gate | SymbolicGate:
        """Returns the gate for values of some of its parameters."""

    @abstractmethod
    def inverse(self) -> SymbolicGate:
        """Returns the gate that undoes this one."""

    @abstractmethod
    def controlled(self, num_controls: int = 1) -> SymbolicGate:
        """Returns this gate with more controls."""

    @abstractmethod
    def power(self, exponent: float) -> gates.Gate | SymbolicGate:
        """Raises this gate to a power."""


@dataclass(frozen=True, slots=True)
class ParametricGate(SymbolicGate):
    """A gate of the table with at least one angle that is an expression of parameters.

    Attributes:
        name: Name of the base in `RECORDS`.
        parameters: Angles in radians, numbers or expressions.
        num_controls: Controls, all on |1>; in an operation their qubits come first.
        num_qubits: Controls and targets.

    Raises:
        CircuitError: The name is not in the table, the number of angles is wrong, a number is not finite, or no angle
            has a parameter.

    Example:
        >>> from taizhang.circuit.parameter import Parameter
        >>> gamma = Parameter("gamma")
        >>> ParametricGate("rzz", (2 * gamma,)).inverse()
        rzz(-2*gamma)
        >>> ParametricGate("rzz", (2 * gamma,)).bind({"gamma": 0.25})
        rzz(0.5)
    """

    name: str
    parameters: tuple[Angle, ...]
    num_controls: int = 0
    num_qubits: int = field(init=False, compare=False)

    def __post_init__(self) -> None:
        angles = tuple(
            as_angle(angle) if isinstance(angle, ParameterExpression) else angle for angle in self.parameters
        )
        object.__setattr__(self, "parameters", angles)
        # The same gate with numbers has the same conditions.
        numbers = tuple(0.0 if isinstance(angle, ParameterExpression) else angle for angle in angles)
        object.__setattr__(self, "num_qubits", gates.Gate(self.name, numbers, self.num_controls).num_qubits)
        if not any(isinstance(angle, ParameterExpression) for angle in angles):
            raise CircuitError(f"gate '{self.label}' was given no parameter; make it by gate('{self.name}', …)")

    @property
    def num_targets(self) -> int:
        """Qubits that the base acts on."""
        return RECORDS[self.name].num_targets

    @property
    def label(self) -> str:
        """The name with its controls, such as `crz`."""
        return RECORDS[self.name].label(self.num_controls)

    @property
    def diagonal(self) -> bool:
        """Whether the matrix is diagonal, whatever the angles."""
        return RECORDS[self.name].diagonal

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """Names of its parameters, in the order of its angles."""
        expressions = (angle for angle in self.parameters if isinstance(angle, ParameterExpression))
        return tuple(dict.fromkeys(name for expression in expressions for name in expression.parameters))

    def bind(self, values: Mapping[str, float]) -> gates.Gate:
        """Returns the gate for values of its parameters.

        Args:
            values: A finite number for each of its parameters, by name; others are ignored.

        Raises:
            CircuitError: A parameter has no value, or an angle is not finite.
        """
        angles = (
            angle.value_of(values) if isinstance(angle, ParameterExpression) else angle for angle in self.parameters
        )
        return gates.Gate(self.name, tuple(angles), self.num_controls)

    def bind_some(self, values: Mapping[str, float]) -> gates.Gate | ParametricGate:
        """Returns the gate for values of some of its parameters.

        Args:
            values: Finite numbers by name; those of other parameters are ignored.

        Raises:
            CircuitError: An angle is not finite.
        """
        return make_gate(
            self.name,
            tuple(angle.bind(values) if isinstance(angle, ParameterExpression) else angle for angle in self.parameters),
            self.num_controls,
        )

    def inverse(self) -> ParametricGate:
        """Returns the gate that undoes this one."""
        record = RECORDS[self.name]
        return ParametricGate(record.inverse, record.inverse_angles(cast("Angles", self.parameters)), self.num_controls)

    def controlled(self, num_controls: int = 1) -> ParametricGate:
        """Returns this gate with more controls. A controlled global phase is a phase on its last control."""
        if self.name == "gphase" and self.num_controls + num_controls > 0:
            return ParametricGate("p", self.parameters, self.num_controls + num_controls - 1)
        return ParametricGate(self.name, self.parameters, self.num_controls + num_controls)

    def power(self, exponent: float) -> gates.Gate | ParametricGate:
        """Raises this gate to a power.

        Args:
            exponent: 1 or -1; for gates whose angles add up, such as rotations, any whole number.

        Raises:
            CircuitError: The power depends on the parameters in another way than by sums and factors.

        Example:
            >>> from taizhang.circuit.parameter import Parameter
            >>> ParametricGate("rx", (Parameter("a") + 1,)).power(3)
            rx(3*a + 3)
        """
        if exponent == 1:
            return self
        if exponent == -1:
            return self.inverse()
        if RECORDS[self.name].additive and float(exponent).is_integer():
            return make_gate(self.name, tuple(exponent * angle for angle in self.parameters), self.num_controls)
        raise CircuitError(
            f"the gate {self!r:.64} cannot be raised to the power {exponent:g} before its parameters have values; "
            "bind them first"
        )

    def __repr__(self) -> str:
        return f"{self.label}({', '.join(map(repr, self.parameters))})"


def make_gate(name: str, parameters: tuple[Angle, ...], num_controls: int = 0) -> gates.Gate | ParametricGate:
    """Returns a gate of the table: a plain one where all its angles are numbers.

    Args:
        name: Name of the base in `RECORDS`.
        parameters: Angles in radians.
        num_controls: Controls, all on |1>.

    Raises:
        CircuitError: The name is not in the table, or the parameters do not fit.
    """
    if any(isinstance(angle, ParameterExpression) and angle.terms for angle in parameters):
        return ParametricGate(name, parameters, num_controls)
    return gates.Gate(name, tuple(map(float, parameters)), num_controls)

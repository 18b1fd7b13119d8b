"""Operations with classical bits: measurements, resets, assignments, and operations under a condition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from taizhang.circuit.condition import Condition
from taizhang.errors import CircuitError

if TYPE_CHECKING:
    from taizhang.circuit.operation import Action


@dataclass(frozen=True, slots=True)
class Readout:
    """Errors of reading a bit.

    Attributes:
        one_for_zero: Chance of reading 1 where the outcome is 0.
        zero_for_one: Chance of reading 0 where the outcome is 1.

    Raises:
        CircuitError: One is not a probability.
    """

    one_for_zero: float
    zero_for_one: float

    def __post_init__(self) -> None:
        for name, chance in (("p01", self.one_for_zero), ("p10", self.zero_for_one)):
            if not 0 <= chance <= 1:
                raise CircuitError(f"{name} of 'readout' must be a probability from 0 to 1, got {chance!r:.40}")


@dataclass(frozen=True, slots=True)
class Measure:
    """A measurement of a qubit in the basis of Z, which writes a bit.

    Attributes:
        bit: Number of the bit in the circuit.
        readout: Errors of reading it, or None.
    """

    bit: int
    readout: Readout | None = None

    @property
    def num_qubits(self) -> int:
        """1."""
        return 1

    @property
    def label(self) -> str:
        """Its name."""
        return "measure"

    def __repr__(self) -> str:
        errors = f", readout {self.readout.one_for_zero:g}, {self.readout.zero_for_one:g}" if self.readout else ""
        return f"measure(bit {self.bit}{errors})"


@dataclass(frozen=True, slots=True)
class Reset:
    """A qubit is forgotten and prepared in |0⟩."""

    @property
    def num_qubits(self) -> int:
        """1."""
        return 1

    @property
    def label(self) -> str:
        """Its name."""
        return "reset"

    def __repr__(self) -> str:
        return "reset"


@dataclass(frozen=True, slots=True)
class Assign:
    """A bit is set to whether a condition holds.

    Attributes:
        bit: Number of the bit in the circuit.
        value: The condition.
    """

    bit: int
    value: Condition

    @property
    def num_qubits(self) -> int:
        """0."""
        return 0

    @property
    def label(self) -> str:
        """Its name."""
        return "assign"

    def __repr__(self) -> str:
        return f"bit {self.bit} = {self.value}"


@dataclass(frozen=True, slots=True)
class Conditional:
    """An action that takes place where the bits satisfy a condition.

    Attributes:
        condition: The condition.
        action: The action.
    """

    condition: Condition
    action: Action

    @property
    def num_qubits(self) -> int:
        """Qubits of the action."""
        return self.action.num_qubits

    @property
    def label(self) -> str:
        """Its name."""
        return f"if_{self.action.label}"

    def __repr__(self) -> str:
        return f"if ({self.condition}) {self.action!r}"


def readout(p01: float, p10: float) -> Readout:
    """Errors of a measurement: 1 read for 0 with probability p01, 0 read for 1 with probability p10.

    Raises:
        CircuitError: One is not a probability.
    """
    return Readout(float(p01), float(p10))


def bits_read(action: Action) -> tuple[int, ...]:
    """The bits that an action depends on."""
    if isinstance(action, Conditional):
        return (*action.condition.bits, *bits_read(action.action))
    return action.value.bits if isinstance(action, Assign) else ()


def bits_written(action: Action) -> tuple[int, ...]:
    """The bits that an action may write."""
    if isinstance(action, Conditional):
        return bits_written(action.action)
    return (action.bit,) if isinstance(action, (Measure, Assign)) else ()


def with_bits(action: Action, to: Mapping[int, int]) -> Action:
    """The same action on other bits."""
    if isinstance(action, Measure):
        return replace(action, bit=to[action.bit])
    if isinstance(action, Conditional):
        return Conditional(action.condition.moved(to), with_bits(action.action, to))
    if isinstance(action, Assign):
        return Assign(to[action.bit], action.value.moved(to))
    return action

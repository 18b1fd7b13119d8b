"""Conditions on classical bits: small expressions that an operation may depend on."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

Comparison: TypeAlias = Literal["==", "!=", "<", "<=", ">", ">="]
COMPARE: dict[str, Callable[[int, int], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
TURNED: dict[Comparison, Comparison] = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
"""The comparison that holds with the sides exchanged."""


@dataclass(frozen=True, slots=True)
class Compare:
    """The bits, as a whole number, bit 0 first, its least significant one, compare so with a number.

    Attributes:
        bits: Numbers of the bits.
        comparison: How they compare.
        value: The number, 0 or more.
    """

    bits: tuple[int, ...]
    comparison: Comparison
    value: int

    def holds(self, record: Sequence[int]) -> bool:
        """Whether it holds for the values of all bits of a circuit."""
        number = sum(record[bit] << place for place, bit in enumerate(self.bits))
        return COMPARE[self.comparison](number, self.value)

    def moved(self, to: Mapping[int, int]) -> Compare:
        """The same condition on other bits."""
        return Compare(tuple(to[bit] for bit in self.bits), self.comparison, self.value)

    def __str__(self) -> str:
        name = f"bit {self.bits[0]}" if len(self.bits) == 1 else f"bits {self.bits[0]}..{self.bits[-1]}"
        return f"{name} {self.comparison} {self.value}"


@dataclass(frozen=True, slots=True)
class Parity:
    """The sum of the bits and of `flipped` is odd.

    Attributes:
        bits: Numbers of the bits.
        flipped: 0 or 1.
    """

    bits: tuple[int, ...]
    flipped: int = 0

    def holds(self, record: Sequence[int]) -> bool:
        """Whether it holds for the values of all bits of a circuit."""
        return (sum(record[bit] for bit in self.bits) + self.flipped) % 2 == 1

    def moved(self, to: Mapping[int, int]) -> Parity:
        """The same condition on other bits."""
        return Parity(tuple(to[bit] for bit in self.bits), self.flipped)

    def __str__(self) -> str:
        return " ^ ".join([f"bit {bit}" for bit in self.bits] + ["1"] * self.flipped)


@dataclass(frozen=True, slots=True)
class AllOf:
    """All of some conditions hold, or with `negated` not all of them.

    Attributes:
        parts: The conditions.
        negated: Whether the whole is negated: so `any` is not all of the negations.
    """

    parts: tuple[Condition, ...]
    negated: bool = False

    @property
    def bits(self) -> tuple[int, ...]:
        """The bits that it depends on, in order of appearance."""
        return tuple(dict.fromkeys(bit for part in self.parts for bit in part.bits))

    def holds(self, record: Sequence[int]) -> bool:
        """Whether it holds for the values of all bits of a circuit."""
        return all(part.holds(record) for part in self.parts) != self.negated

    def moved(self, to: Mapping[int, int]) -> AllOf:
        """The same condition on other bits."""
        return AllOf(tuple(part.moved(to) for part in self.parts), self.negated)

    def __str__(self) -> str:
        if not self.parts:
            return "0" if self.negated else "1"
        inner = " and ".join(f"({part})" if isinstance(part, AllOf) else str(part) for part in self.parts)
        return f"not ({inner})" if self.negated else inner


Condition: TypeAlias = "Compare | Parity | AllOf"

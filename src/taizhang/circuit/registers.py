"""Named registers of classical bits, and reading bits and conditions from text.

Bits are numbered through all registers, in order of declaration; bit 0 of a register is its first and its least
significant one. Registers whose names begin with an underscore hold working bits: they are in no result unless they are
named.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any, cast

from taizhang._lazy import lazy_module
from taizhang.errors import CircuitError, SizeLimitError

if TYPE_CHECKING:
    from taizhang.circuit import condition as conditions
    from taizhang.circuit.condition import Comparison, Condition
else:
    conditions = lazy_module("taizhang.circuit.condition")

MAX_BITS = 1_000_000
_NAME = r"[^\W\d]\w*"
_BIT = re.compile(rf"\s*({_NAME})\s*(?:\[\s*(\d{{1,9}})\s*\])?\s*")
_COMPARED = re.compile(rf"\s*({_NAME})\s*(?:\[\s*(\d{{1,9}})\s*\])?\s*(==|!=|<=|>=|<|>)\s*(\d{{1,400}})\s*")


@dataclass(frozen=True, slots=True)
class Registers:
    """Registers in order of declaration.

    Attributes:
        names: Their names, all different.
        sizes: Their numbers of bits.
    """

    names: tuple[str, ...] = ()
    sizes: tuple[int, ...] = ()

    @classmethod
    def read(cls, given: Any) -> Registers:
        """Reads registers: a mapping from names to sizes, pairs of these, or a number of bits, for a register c.

        Raises:
            CircuitError: A name or a size is wrong.
            SizeLimitError: There are more than a million bits.
        """
        if isinstance(given, Registers):
            return given
        if isinstance(given, int) and not isinstance(given, bool):
            given = {"c": given} if given else {}
        pairs = (
            list(given.items()) if isinstance(given, Mapping) else list(given) if isinstance(given, Sequence) else None
        )
        if pairs is None or not all(isinstance(pair, (tuple, list)) and len(pair) == 2 for pair in pairs):
            raise CircuitError(
                f"bits must be names of registers with their sizes, such as {{'c': 2}}, got {given!r:.64}"
            )
        for name, size in pairs:
            if not isinstance(name, str) or not re.fullmatch(_NAME, name):
                raise CircuitError(f"the name of a register must be a word, such as 'c', got {name!r:.40}")
            if isinstance(size, bool) or not isinstance(size, int) or size < 1:
                raise CircuitError(f"register '{name}' must have a whole number of bits from 1, got {size!r:.40}")
        names = tuple(name for name, _ in pairs)
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise CircuitError(f"register '{twice}' is declared twice; give each name once")
        if sum(size for _, size in pairs) > MAX_BITS:
            raise SizeLimitError(
                f"the registers have {sum(size for _, size in pairs)} bits; at most {MAX_BITS} are allowed"
            )
        return cls(names, tuple(size for _, size in pairs))

    @property
    def num_bits(self) -> int:
        """Number of all bits."""
        return sum(self.sizes)

    @property
    def results(self) -> Registers:
        """The registers without those of working bits."""
        shown = [(name, size) for name, size in self if not name.startswith("_")]
        return Registers(tuple(name for name, _ in shown), tuple(size for _, size in shown))

    @property
    def result_bits(self) -> tuple[int, ...]:
        """The bits of `results`."""
        return tuple(bit for name in self.results.names for bit in self.bits_of(name))

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[tuple[str, int]]:
        return iter(zip(self.names, self.sizes, strict=True))

    def bits_of(self, name: str) -> tuple[int, ...]:
        """The bits of a register.

        Raises:
            CircuitError: There is none of this name.
        """
        if name not in self.names:
            known = ", ".join(self.names[:6]) or "none"
            raise CircuitError(f"the circuit has no register '{name:.40}'; its registers are {known}")
        place = self.names.index(name)
        start = (0, *accumulate(self.sizes))[place]
        return tuple(range(start, start + self.sizes[place]))

    def read_bits(self, given: Any) -> tuple[int, ...]:
        """Reads a bit, "c[0]", or a register, "c", or numbers of bits.

        Raises:
            CircuitError: There is no such bit.
        """
        if isinstance(given, str):
            found = _BIT.fullmatch(given)
            if found is None:
                raise CircuitError(f"a bit is named such as 'c[0]', and a register 'c', got {given[:40]!r}")
            bits = self.bits_of(found[1])
            if found[2] is None:
                return bits
            if int(found[2]) >= len(bits):
                raise CircuitError(
                    f"register '{found[1]}' has {len(bits)} bits, numbered from 0; there is no {given[:40]}"
                )
            return (bits[int(found[2])],)
        numbers = tuple(given) if isinstance(given, Sequence) else (given,)
        if any(isinstance(each, str) for each in numbers):
            return tuple(bit for each in numbers for bit in self.read_bits(each))
        for number in numbers:
            if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < self.num_bits:
                raise CircuitError(f"the circuit has {self.num_bits} bits, numbered from 0; there is no {number!r:.40}")
        return numbers

    def read_condition(self, given: Any) -> Condition:
        """Reads a condition: "c[0]", "!c[0]", "c == 5", "c[0] ^ c[1]", several joined by "and" or by "or".

        Pairs such as ("c", 5) are comparisons of a register or a bit with a number.

        Raises:
            CircuitError: It is not a condition, or a bit does not exist.
        """
        if isinstance(given, (conditions.Compare, conditions.Parity, conditions.AllOf)):
            self.read_bits(given.bits)
            return given
        if isinstance(given, (bool, int)) and given in (0, 1):
            return conditions.AllOf((), not given)
        if isinstance(given, tuple) and len(given) == 2 and isinstance(given[1], int):
            return _compare(self.read_bits(given[0]), "==", int(given[1]))
        if not isinstance(given, str):
            raise CircuitError(f"a condition is text such as 'c[0]' or 'c == 5', or a pair ('c', 5), got {given!r:.40}")
        for pattern, negated in ((r"\|\||\bor\b", True), (r"&&|\band\b", False)):
            words = re.split(pattern, given)
            if len(words) > 1:
                parts = tuple(self.read_condition(word) for word in words)
                return (
                    conditions.AllOf(tuple(_negation(part) for part in parts), True)
                    if negated
                    else conditions.AllOf(parts)
                )
        text = given.strip()
        negated = text.startswith("!")
        text = text.removeprefix("!")
        compared = _COMPARED.fullmatch(text)
        if compared is not None:
            bits = self.read_bits(compared[1] if compared[2] is None else f"{compared[1]}[{compared[2]}]")
            found: Condition = _compare(bits, compared[3], int(compared[4]))
        elif "^" in text:
            found = conditions.Parity(tuple(bit for word in text.split("^") for bit in self.read_bits(word)))
        else:
            found = _compare(self.read_bits(text), "!=", 0)
        return _negation(found) if negated else found


def _compare(bits: tuple[int, ...], comparison: str, value: int) -> Condition:
    if comparison not in conditions.COMPARE or value < 0:
        raise CircuitError(f"bits are compared with a whole number from 0 by ==, !=, <, <=, > or >=, got {value}")
    return conditions.Compare(bits, cast("Comparison", comparison), value)


def _negation(condition: Condition) -> Condition:
    opposite: dict[str, Comparison] = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
    if isinstance(condition, conditions.Compare):
        return conditions.Compare(condition.bits, opposite[condition.comparison], condition.value)
    if isinstance(condition, conditions.Parity):
        return conditions.Parity(condition.bits, 1 - condition.flipped)
    return conditions.AllOf(condition.parts, not condition.negated)

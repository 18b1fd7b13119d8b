"""Recipes: the computation that remains once the choices are made.

While a network of all amplitudes is simplified, most of its tensors come to depend on no choice, or on so few that a
table over all their values is small. A tensor that depends on more is not computed: a recipe records the few small
steps to take once the choices are made.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

import numpy as np

from taizhang._types import ComplexArray
from taizhang.network.choice import Choice
from taizhang.network.einsum import einsum


class Lookup(NamedTuple):
    """A table of arrays, selected by choices.

    Attributes:
        table: One axis for each choice, then those of the array.
        choices: The choices that select an array.
    """

    table: ComplexArray
    choices: tuple[Choice, ...]


class Contract(NamedTuple):
    """Contracts one or two earlier arrays, given with the labels of their axes."""

    operands: tuple[tuple[int, tuple[int, ...]], ...]
    output: tuple[int, ...]


class Pick(NamedTuple):
    """Takes one value of an axis of an earlier array: that of a choice, or a constant where there is none."""

    operand: int
    axis: int
    choice: Choice | None
    value: int = 0


class Reverse(NamedTuple):
    """Reverses an axis of an earlier array: where a choice is 1, or always where there is none."""

    operand: int
    axis: int
    choice: Choice | None


Entry: TypeAlias = Lookup | Contract | Pick | Reverse


@dataclass(slots=True)
class Recipe:
    """Entries, each of which makes one array out of the choices and the arrays before it."""

    entries: list[Entry] = field(default_factory=list)

    def add(self, entry: Entry) -> int:
        """Adds an entry; returns its number."""
        self.entries.append(entry)
        return len(self.entries) - 1

    def dependence(self) -> list[frozenset[Choice]]:
        """For each entry the choices that it depends on."""
        dependences: list[frozenset[Choice]] = []
        for entry in self.entries:
            if isinstance(entry, Lookup):
                dependences.append(frozenset(entry.choices))
            elif isinstance(entry, Contract):
                dependences.append(frozenset[Choice]().union(*(dependences[number] for number, _ in entry.operands)))
            else:
                dependences.append(dependences[entry.operand] | (set() if entry.choice is None else {entry.choice}))
        return dependences

    def run(self, chosen: Mapping[Choice, int]) -> tuple[list[ComplexArray], list[int]]:
        """Computes every entry.

        Args:
            chosen: The value of each choice.

        Returns:
            The arrays, and for each the exponent e such that its value is the array times 2**e.
        """
        arrays: list[ComplexArray] = []
        exponents: list[int] = []
        for entry in self.entries:
            exponent = 0
            if isinstance(entry, Lookup):
                array = entry.table[tuple([chosen[choice] for choice in entry.choices])]
            elif isinstance(entry, Contract):
                operands = [(arrays[number], labels) for number, labels in entry.operands]
                array, exponent = normalise(einsum(operands, entry.output))
                exponent += sum(exponents[number] for number, _ in entry.operands)
            else:
                array, exponent = arrays[entry.operand], exponents[entry.operand]
                value = None if entry.choice is None else chosen[entry.choice]
                if isinstance(entry, Pick):
                    array = array.take(entry.value if value is None else value, axis=entry.axis)
                elif value is None or value == 1:
                    array = np.flip(array, entry.axis)
            arrays.append(array)
            exponents.append(exponent)
        return arrays, exponents


def normalise(array: ComplexArray) -> tuple[ComplexArray, int]:
    """Divides an array by the power of two that brings its largest modulus into [0.5, 1).

    Returns:
        The array and the exponent; the array itself and 0 if it is zero or not finite.

    Example:
        >>> normalise(np.array([12.0]))
        (array([0.75]), 4)
    """
    largest = float(np.abs(array).max(initial=0.0))
    if largest == 0.0 or not math.isfinite(largest):
        return array, 0
    exponent = math.frexp(largest)[1]
    if abs(exponent) > 1000:  # 2**-exponent would not be a normal number
        half = exponent // 2
        return array * 2.0**-half * 2.0 ** (half - exponent), exponent
    return array * 2.0**-exponent, exponent


class ScaledProduct:
    """A product of complex numbers that neither overflows nor underflows.

    Attributes:
        mantissa: The product is mantissa * 2**exponent.
        exponent: See `mantissa`.
    """

    __slots__ = ("exponent", "mantissa")

    def __init__(self, mantissa: complex = 1.0, exponent: int = 0) -> None:
        self.mantissa = complex(mantissa)
        self.exponent = exponent
        self._renormalise()

    def multiply(self, factor: complex, exponent: int = 0) -> None:
        """Multiplies by factor * 2**exponent."""
        self.exponent += exponent
        self.mantissa *= factor
        self._renormalise()

    def _renormalise(self) -> None:
        size = max(abs(self.mantissa.real), abs(self.mantissa.imag))
        if size != 0.0 and not 1e-4 < size <= 1.0 and math.isfinite(size):
            shift = math.frexp(size)[1]
            self.exponent += shift
            real, imag = math.ldexp(self.mantissa.real, -shift), math.ldexp(self.mantissa.imag, -shift)
            self.mantissa = complex(real, imag)

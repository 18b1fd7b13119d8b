"""Observables: sums of Pauli products with complex coefficients.

Letter Z on qubit 5 acts on qubit 5 of the circuit. The terms are merged, without zeros, and sorted by product, so equal
observables have equal terms in the same order, and sums over them the same rounding.
"""

from __future__ import annotations

import cmath
import math
import numbers
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from taizhang._checks import check_type, describe, read_integer
from taizhang.circuit.observable_text import parse_terms, print_terms
from taizhang.circuit.pauli_product import (
    PauliProduct,
    ProductReader,
    check_qubit,
    products_commute,
    reduce_letters,
    show_product,
)
from taizhang.errors import CircuitError, SizeLimitError, UsageError

PauliTerm: TypeAlias = tuple[PauliProduct, complex]
"""A Pauli product and its coefficient."""

MAX_TERMS = 10_000_000
_SHOWN_TERMS = 6
# Commutators that are smaller than this share of their terms' sizes are rounding.
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Observable:
    """A sum of Pauli products with complex coefficients; an immutable, hashable value.

    `len(observable)` is the number of terms, iteration gives them, `print(observable)` writes text that reads as the
    same observable. Observables are added, subtracted and multiplied, with each other and with numbers.

    Attributes:
        terms: Pairs (product, coefficient). A product is a tuple of pairs (qubit, letter) by ascending qubit, the
            identity is (). Sorted by product; no product occurs twice, no coefficient is 0.

    Args:
        value: Text such as "0.5 X3 - 2 Z0 Z7", a number for a multiple of the identity, or an observable.

    Raises:
        CircuitFileError: The text is not a sum of Pauli products; the error has the column.
        CircuitError: A coefficient is not finite.
        SizeLimitError: More than ten million terms or a hundred million characters.
        UsageError: `value` has another type.

    Example:
        >>> Observable("Z0 Z1 - 2 X3 + Z0 Z1")
        Observable('2 Z0 Z1 - 2 X3')
        >>> Observable("X0") * Observable("Y0")
        Observable('1j Z0')
        >>> (Observable("X0 X1") + 0.5).terms
        (((), (0.5+0j)), (((0, 'X'), (1, 'X')), (1+0j)))
    """

    terms: tuple[PauliTerm, ...]

    # NumPy's numbers and arrays leave products with an observable to it.
    __array_ufunc__ = None

    def __init__(self, value: str | complex | Observable) -> None:
        if isinstance(value, str):
            terms = _sum_terms(parse_terms(value))
        elif isinstance(value, Observable):
            terms = value.terms
        elif isinstance(value, numbers.Complex):
            terms = _sum_terms([((), complex(value))])
        else:
            raise UsageError(
                f"an Observable is made from text such as 'Z0 Z1' or from a number, got {describe(value)}; "
                "Observable.from_terms takes pairs of a product and its coefficient"
            )
        object.__setattr__(self, "terms", terms)

    @classmethod
    def from_terms(cls, terms: Iterable[tuple[Iterable[tuple[int, str]], complex]]) -> Observable:
        """Builds an observable from its terms.

        Args:
            terms: Pairs (product, coefficient). A product is a sequence of pairs (qubit, letter) in any order, letters
                I, X, Y, Z; letters on one qubit are multiplied from left to right.

        Returns:
            The sum, with like terms merged and zeros dropped.

        Raises:
            CircuitError: A letter or a qubit is not allowed, or a coefficient is not finite.
            SizeLimitError: More than ten million terms.
            UsageError: A product or a coefficient has the wrong type.

        Example:
            >>> Observable.from_terms([(((0, "X"), (0, "Y")), 2), ((), 1), (((4, "Z"), (1, "X")), 0.5)])
            Observable('1 + 2j Z0 + 0.5 X1 Z4')
        """
        return cls._of(_checked_terms(terms))

    @classmethod
    def _of(cls, terms: Iterable[PauliTerm]) -> Observable:
        """Builds an observable from terms whose products are reduced."""
        made = object.__new__(cls)
        object.__setattr__(made, "terms", _sum_terms(terms))
        return made

    @property
    def constant(self) -> complex:
        """Coefficient of the identity."""
        return self.terms[0][1] if self.terms and not self.terms[0][0] else 0j

    @property
    def is_hermitian(self) -> bool:
        """Whether all coefficients are real, exactly."""
        return not any(coefficient.imag for _, coefficient in self.terms)

    @property
    def is_diagonal(self) -> bool:
        """Whether every product consists of letters Z."""
        return all(letter == "Z" for product, _ in self.terms for _, letter in product)

    @property
    def num_qubits(self) -> int:
        """Number of qubits of the smallest circuit that has all qubits of the observable: 1 + the largest."""
        return max((product[-1][0] + 1 for product, _ in self.terms if product), default=0)

    @property
    def qubits(self) -> tuple[int, ...]:
        """The qubits on which it acts, ascending."""
        return tuple(sorted({qubit for product, _ in self.terms for qubit, _ in product}))

    @property
    def norm1(self) -> float:
        """Sum of the absolute values of the coefficients."""
        return math.fsum(abs(coefficient) for _, coefficient in self.terms)

    def adjoint(self) -> Observable:
        """Returns the Hermitian adjoint: the same products, with conjugated coefficients."""
        return Observable._of((product, coefficient.conjugate()) for product, coefficient in self.terms)

    def commutes_with(self, other: Observable) -> bool:
        """Whether two observables commute, up to rounding of their coefficients.

        Raises:
            SizeLimitError: Their numbers of terms multiply to more than ten million.
            UsageError: `other` is not an Observable.

        Example:
            >>> Observable("X0 X1 + Z0 Z1").commutes_with(Observable("Y0 Y1")), X(0).commutes_with(Y(0))
            (True, False)
        """
        check_type(other, Observable, name="other")
        _check_size(len(self.terms) * len(other.terms), "the commutator")
        found: dict[PauliProduct, complex] = {}
        sizes: dict[PauliProduct, float] = {}
        # Products that do not commute anticommute: their commutator is twice their product.
        for first, left in self.terms:
            for second, right in other.terms:
                if not products_commute(first, second):
                    product, phase = reduce_letters((*first, *second))
                    value = left * right * phase
                    found[product] = found.get(product, 0) + value
                    sizes[product] = sizes.get(product, 0) + abs(value)
        return all(abs(value) <= _ROUNDING * sizes[product] for product, value in found.items())

    def check_qubits(self, num_qubits: int) -> None:
        """Checks that a circuit has all qubits of the observable.

        Args:
            num_qubits: Number of qubits of the circuit.

        Raises:
            CircuitError: It does not have them.

        Example:
            >>> Observable("Z0 Z12").check_qubits(10)
            Traceback (most recent call last):
            ...
            taizhang.errors.CircuitError: the observable has Z12, but the circuit has 10 qubits, numbered 0 to 9; ...
        """
        if self.num_qubits <= num_qubits:
            return
        last = next(product[-1] for product, _ in self.terms if product and product[-1][0] >= num_qubits)
        numbered = f", numbered 0 to {num_qubits - 1}" if num_qubits > 1 else ", numbered 0" if num_qubits else ""
        raise CircuitError(
            f"the observable has {show_product((last,))}, but the circuit has {num_qubits} "
            f"qubit{'' if num_qubits == 1 else 's'}{numbered}; use letters on these qubits only"
        )

    def __add__(self, other: Observable | complex) -> Observable:
        added = _operand(other)
        return NotImplemented if added is None else Observable._of((*self.terms, *added.terms))

    __radd__ = __add__

    def __neg__(self) -> Observable:
        return Observable._of((product, -coefficient) for product, coefficient in self.terms)

    def __pos__(self) -> Observable:
        return self

    def __sub__(self, other: Observable | complex) -> Observable:
        taken = _operand(other)
        return NotImplemented if taken is None else self + -taken

    def __rsub__(self, other: complex) -> Observable:
        return -self + other

    def __mul__(self, other: Observable | complex) -> Observable:
        if isinstance(other, numbers.Complex):
            factor = complex(other)
            return Observable._of((product, coefficient * factor) for product, coefficient in self.terms)
        if not isinstance(other, Observable):
            return NotImplemented
        _check_size(len(self.terms) * len(other.terms), "the product")
        return Observable._of(_multiply_terms(self.terms, other.terms))

    def __rmul__(self, other: complex) -> Observable:
        return self * other

    def __truediv__(self, other: complex) -> Observable:
        if not isinstance(other, numbers.Complex):
            return NotImplemented
        divisor = complex(other)
        if divisor == 0:
            raise CircuitError("an observable cannot be divided by 0; give another number")
        return Observable._of((product, coefficient / divisor) for product, coefficient in self.terms)

    def __pow__(self, exponent: int) -> Observable:
        times = read_integer(exponent, name="the exponent of an observable")
        if times < 0:
            raise CircuitError(f"the exponent of an observable must be 0 or more, got {times}")
        result, square = Observable(1), self
        while times:
            if times & 1:
                result = result * square
            times >>= 1
            square = square * square if times else square
        return result

    def __len__(self) -> int:
        return len(self.terms)

    def __iter__(self) -> Iterator[PauliTerm]:
        return iter(self.terms)

    def __str__(self) -> str:
        return print_terms(self.terms)

    def __repr__(self) -> str:
        shown = print_terms(self.terms[:_SHOWN_TERMS])
        if (more := len(self.terms) - _SHOWN_TERMS) > 0:
            shown += f" … {more} more"
        return f"Observable('{shown if len(shown) <= 200 else f'{shown[:180]} …'}')"


def _operand(value: object) -> Observable | None:
    if isinstance(value, Observable):
        return value
    return Observable(complex(value)) if isinstance(value, numbers.Complex) else None


def _multiply_terms(first: Iterable[PauliTerm], second: tuple[PauliTerm, ...]) -> Iterator[PauliTerm]:
    for left, left_coefficient in first:
        for right, right_coefficient in second:
            product, phase = reduce_letters((*left, *right))
            yield product, left_coefficient * right_coefficient * phase


def _checked_terms(terms: Iterable[tuple[Iterable[tuple[int, str]], complex]]) -> Iterator[PauliTerm]:
    reader = ProductReader()
    for term in terms:
        try:
            given, number = term
        except (TypeError, ValueError):
            raise UsageError(f"a term must be a pair of a product and its coefficient, got {term!r:.64}") from None
        product, phase = reader.read(given)
        if type(number) is not complex and not isinstance(number, numbers.Complex):
            where = show_product(product)[:40] or "the identity"
            raise UsageError(f"the coefficient of {where} must be a number, got {describe(number)}")
        coefficient = complex(number)
        _check_finite(product, coefficient)
        yield product, coefficient * phase


def _sum_terms(terms: Iterable[PauliTerm]) -> tuple[PauliTerm, ...]:
    """Merges like terms in their order, drops zeros and sorts the rest by product."""
    merged: dict[PauliProduct, complex] = {}
    for product, coefficient in terms:
        # Adding 0 makes -0.0 to 0.0, so that equal observables have equal bits.
        merged[product] = merged.get(product, 0j) + coefficient
        if len(merged) > MAX_TERMS:
            _check_size(len(merged), "an observable")
    for product, coefficient in merged.items():
        _check_finite(product, coefficient)
    return tuple(sorted((term for term in merged.items() if term[1]), key=_product_of))


def _check_finite(product: PauliProduct, coefficient: complex) -> None:
    if not cmath.isfinite(coefficient):
        where = show_product(product)[:40] or "the identity"
        raise CircuitError(f"the coefficient of {where} must be finite, got {coefficient}")


def _product_of(term: PauliTerm) -> PauliProduct:
    return term[0]


def _check_size(num_terms: int, what: str) -> None:
    if num_terms > MAX_TERMS:
        raise SizeLimitError(f"{what} may have at most {MAX_TERMS:,} terms, got {num_terms:,}; use fewer terms")


def X(qubit: int) -> Observable:  # noqa: N802 - the letter of the field
    """Returns the Pauli matrix X on a qubit.

    Example:
        >>> X(3) + Z(0) * Z(7)
        Observable('Z0 Z7 + X3')
    """
    return _letter("X", qubit)


def Y(qubit: int) -> Observable:  # noqa: N802 - the letter of the field
    """Returns the Pauli matrix Y on a qubit.

    Example:
        >>> Y(0) * Y(0)
        Observable('1')
    """
    return _letter("Y", qubit)


def Z(qubit: int) -> Observable:  # noqa: N802 - the letter of the field
    """Returns the Pauli matrix Z on a qubit.

    Example:
        >>> 0.5 * (1 - Z(0))
        Observable('0.5 - 0.5 Z0')
    """
    return _letter("Z", qubit)


def I(qubit: int = 0) -> Observable:  # noqa: E743, N802 - the letter of the field
    """Returns the identity, which is the same on every qubit.

    Example:
        >>> I(3) == Observable(1)
        True
    """
    check_qubit(qubit)
    return Observable(1)


def _letter(letter: str, qubit: int) -> Observable:
    return Observable._of([(((check_qubit(qubit), letter),), 1 + 0j)])

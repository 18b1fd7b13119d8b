"""Products of Pauli matrices, as sorted tuples of (qubit, letter).

The identity is the empty tuple. Two different letters on one qubit multiply to the third with a phase of i or -i, so
every product of letters is a phase times a sorted product in which each qubit occurs once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from taizhang._checks import describe, read_integer
from taizhang.circuit.circuit import MAX_QUBITS
from taizhang.errors import CircuitError, UsageError

PauliProduct: TypeAlias = tuple[tuple[int, str], ...]
"""Pairs (qubit, letter) by ascending qubit, each qubit once, letters X, Y and Z."""

# Powers of i.
_PHASES = (1 + 0j, 1j, -1 + 0j, -1j)
# The product of two letters as (power of i, letter).
_TIMES = {
    ("", "X"): (0, "X"),
    ("", "Y"): (0, "Y"),
    ("", "Z"): (0, "Z"),
    ("X", "X"): (0, ""),
    ("Y", "Y"): (0, ""),
    ("Z", "Z"): (0, ""),
    ("X", "Y"): (1, "Z"),
    ("Y", "Z"): (1, "X"),
    ("Z", "X"): (1, "Y"),
    ("Y", "X"): (3, "Z"),
    ("Z", "Y"): (3, "X"),
    ("X", "Z"): (3, "Y"),
}


def reduce_letters(letters: Sequence[tuple[int, str]]) -> tuple[PauliProduct, complex]:
    """Multiplies letters, from left to right.

    Args:
        letters: Pairs (qubit, letter), letters I, X, Y and Z, any qubit any number of times.

    Returns:
        The product and its phase, one of 1, i, -1, -i.

    Example:
        >>> reduce_letters([(3, "X"), (0, "X"), (0, "Y")])
        (((0, 'Z'), (3, 'X')), 1j)
    """
    if _ascends(letters):
        return tuple(letters), _PHASES[0]
    ordered = sorted(letters)
    if _ascends(ordered):
        return tuple(ordered), _PHASES[0]
    found: dict[int, str] = {}
    power = 0
    for qubit, letter in letters:
        if letter == "I":
            continue
        turn, found[qubit] = _TIMES[found.get(qubit, ""), letter]
        power += turn
    return tuple(sorted((qubit, letter) for qubit, letter in found.items() if letter)), _PHASES[power % 4]


def _ascends(letters: Sequence[tuple[int, str]]) -> bool:
    """Whether the qubits ascend and no letter is I."""
    last = -1
    for qubit, letter in letters:
        if qubit <= last or letter == "I":
            return False
        last = qubit
    return True


class ProductReader:
    """Checks products and reduces them; each pair (qubit, letter) that it meets is checked and kept once."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, str], tuple[int, str]] = {}

    def read(self, given: Iterable[tuple[int, str]]) -> tuple[PauliProduct, complex]:
        """Returns a product and its phase.

        Args:
            given: Pairs (qubit, letter), multiplied from left to right.

        Raises:
            UsageError: It is not made of such pairs.
            CircuitError: A letter is not I, X, Y or Z, or a qubit is not from 0 to 99,999.
        """
        if isinstance(given, str) or not isinstance(given, Iterable):
            raise UsageError(f"a Pauli product must be a tuple of pairs such as (0, 'Z'), got {describe(given)}")
        return reduce_letters([self._pair(pair) for pair in given])

    def _pair(self, given: tuple[int, str]) -> tuple[int, str]:
        try:
            number, letter = given
        except (TypeError, ValueError):
            raise UsageError(f"a Pauli product must consist of pairs such as (0, 'Z'), got {given!r:.64}") from None
        if type(number) is int and type(letter) is str and (number, letter) in self._known:
            return self._known[number, letter]
        qubit = check_qubit(number)
        if not isinstance(letter, str) or letter not in ("I", "X", "Y", "Z"):
            raise CircuitError(f"the letter on qubit {qubit} must be I, X, Y or Z, got {letter!r:.40}")
        pair = (qubit, str(letter))
        return self._known.setdefault(pair, pair)


def check_qubit(given: int) -> int:
    """Returns the number of a qubit.

    Raises:
        UsageError: It is not a whole number.
        CircuitError: It is not from 0 to 99,999.
    """
    qubit = read_integer(given, name="a qubit of an observable")
    if not 0 <= qubit < MAX_QUBITS:
        raise CircuitError(f"a qubit of an observable must be from 0 to {MAX_QUBITS - 1}, got {qubit!s:.40}")
    return qubit


def products_commute(first: PauliProduct, second: PauliProduct) -> bool:
    """Whether two products commute: they differ on an even number of their common qubits.

    Example:
        >>> products_commute(((0, "X"), (1, "X")), ((0, "Z"), (1, "Z")))
        True
    """
    letters = dict(first)
    return sum(letters.get(qubit, letter) != letter for qubit, letter in second) % 2 == 0


def show_product(product: PauliProduct) -> str:
    """Returns a product as text, the identity as "".

    Example:
        >>> show_product(((0, "Z"), (7, "X")))
        'Z0 X7'
    """
    return " ".join([f"{letter}{qubit}" for qubit, letter in product])

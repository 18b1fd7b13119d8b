"""Sums of Pauli products as text, such as `0.5 X3 - 2 Z0 Z7`.

    sum  = [sign] term {sign term}
    term = [number ['*']] {letter digits}, not empty
    number: `2`, `.5`, `1e-3`, `2j`, `(0.5+2j)`; letters I, X, Y, Z

A number alone is the constant. The text is read term by term with one regular expression, in time linear in its length.
"""

from __future__ import annotations

import cmath
import re
from collections.abc import Iterable, Iterator

from taizhang._native import excerpt
from taizhang.circuit.circuit import MAX_QUBITS
from taizhang.circuit.pauli_product import PauliProduct, reduce_letters, show_product
from taizhang.errors import CircuitFileError, SizeLimitError

MAX_CHARACTERS = 100_000_000

_REAL = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_COMPLEX = rf"\(\s*(?:[+-]\s*)?{_REAL}j?(?:\s*[+-]\s*{_REAL}j)?\s*\)"
_TERM = re.compile(
    rf"\s*(?P<sign>[+-]?)\s*(?P<number>(?:{_REAL}j?|{_COMPLEX})?)\s*(?P<times>\*?)\s*"
    r"(?P<product>(?:[IXYZ][0-9]+\s*)*)"
)
_LETTER = re.compile("[IXYZ][0-9]+")
_WORD = re.compile(r"[A-Za-z]+")
_MOST_DIGITS = len(str(MAX_QUBITS - 1))
_MOST_NUMBER_CHARACTERS = 1000


def parse_terms(text: str) -> Iterator[tuple[PauliProduct, complex]]:
    """Yields the terms of a sum, with their products reduced, in the order of the text.

    Raises:
        CircuitFileError: The text is not a sum; the error has the column.
        SizeLimitError: The text has more than 100 million characters.

    Example:
        >>> list(parse_terms("0.5 X3 + 2 Z0 Z7"))
        [(((3, 'X'),), (0.5+0j)), (((0, 'Z'), (7, 'Z')), (2+0j))]
    """
    if len(text) > MAX_CHARACTERS:
        raise SizeLimitError(
            f"the text of an observable has {len(text):,} characters; at most {MAX_CHARACTERS:,} are allowed, split it "
            "into several sums"
        )
    if not text.strip():
        raise _error(text, 0, "the observable is empty; write a sum of Pauli products such as 'Z0 Z1 - 0.5 X3'")
    known = _Letters()
    place, end = 0, len(text)
    while place < end:
        found = _TERM.match(text, place)
        if found is None:  # pragma: no cover - every part may be empty
            raise _error(text, place, "a term must be a Pauli product such as Z0 X3")
        sign, number, times, letters = found.groups()
        if not (sign or place == 0) or not (letters or (number and not times)) or (times and not number):
            raise _explain(text, found)
        coefficient = _number(text, found, number) if number else 1 + 0j
        try:
            product, phase = reduce_letters([known[token] for token in _LETTER.findall(letters)])
        except ValueError:
            raise _qubit_error(text, found, known) from None
        yield product, (-coefficient if sign == "-" else coefficient) * phase
        place = found.end()


def _number(text: str, found: re.Match[str], number: str) -> complex:
    if len(number) > _MOST_NUMBER_CHARACTERS:
        reason = f"a number must have at most {_MOST_NUMBER_CHARACTERS} characters, got {len(number)}"
        raise _error(text, found.start("number"), reason)
    value = complex("".join(number.split()) if number[0] == "(" else number)
    # A literal such as 1e999 is infinite.
    if not cmath.isfinite(value):
        raise _error(text, found.start("number"), f"the number must be finite, got {_shorten(number)}")
    return value


class _Letters(dict[str, tuple[int, str]]):
    """Pairs (qubit, letter) of the letters that were met, such as (12, "Z") of "Z12"; each is made once."""

    def __missing__(self, token: str) -> tuple[int, str]:
        digits = token[1:].lstrip("0") or "0"
        if len(digits) > _MOST_DIGITS:
            raise ValueError(digits)
        pair = self[token] = (int(digits), token[0])
        return pair


def _qubit_error(text: str, found: re.Match[str], known: _Letters) -> CircuitFileError:
    """Returns the error of the first letter of a term whose qubit is not allowed."""
    for match in _LETTER.finditer(text, found.start("product"), found.end("product")):
        try:
            known[match[0]]
        except ValueError as error:
            reason = f"the qubit must be from 0 to {MAX_QUBITS - 1}, got {_shorten(str(error))}"
            return _error(text, match.start(), reason)
    raise ValueError(f"all qubits of {_shorten(found[0])} are allowed")  # pragma: no cover


def _explain(text: str, found: re.Match[str]) -> CircuitFileError:
    """Returns the error of a place at which the text does not go on as a sum."""
    sign, number, times, letters = found.groups()
    # Stage 1: parts of a term in the wrong order.
    if number and not sign and found.start() > 0:
        reason = f"a further term must begin with + or -, got {_shorten(number)}; numbers come before their products"
        return _error(text, found.start("number"), reason)
    if times and not number:
        return _error(text, found.start("times"), "'*' must come between a number and a product; write 2 * Z0")
    if letters and not sign:  # pragma: no cover - letters would have belonged to the term before
        return _error(text, found.start("product"), "a further term must begin with + or -")
    # Stage 2: the end of the text, and letters that are none.
    place = found.end()
    rest = text[place : place + 40]
    wanted = "a product such as Z0 X3" if times else "a number or a product such as Z0 X3"
    if not rest:
        return _error(text, place, f"{wanted} must follow '{times or sign}', got the end of the text")
    if rest[0] in "IXYZ":
        return _error(text, place, f"letter {rest[0]} must be followed by the number of its qubit, such as {rest[0]}0")
    if word := _WORD.match(rest):
        if word[0].lower() in ("nan", "inf", "infinity"):
            return _error(text, place, f"the number must be finite, got {word[0]}")
        advice = "; write it as a capital" if rest[0] in "ixyz" else ""
        return _error(text, place, f"the letter must be I, X, Y or Z, got {rest[0]}{advice}")
    # Stage 3: signs and other characters.
    if rest[0] == "(":
        return _error(text, place, "a number in parentheses must be complex, such as (0.5+2j)")
    wanted = (
        f"{wanted} must follow '{times or sign}'" if times or sign else "the sum must go on with +, - or I, X, Y, Z"
    )
    return _error(text, place, f"{wanted}, got {rest[0]!r}")


def _error(text: str, place: int, reason: str) -> CircuitFileError:
    """Returns an error at a place of the text, with the part of the text around it."""
    start = max(0, place - 60)
    shown = text[start : place + 60]
    offset = len(shown[: place - start].encode("utf-8", "replace"))
    return CircuitFileError(reason, column=place + 1, excerpt=excerpt(shown.encode("utf-8", "replace"), offset))


def _shorten(text: str) -> str:
    return text if len(text) <= 24 else f"{text[:20]}…"


def print_terms(terms: Iterable[tuple[PauliProduct, complex]]) -> str:
    """Returns terms as text that `parse_terms` reads as the same terms.

    Example:
        >>> print_terms([(((3, "X"),), 0.5), (((0, "Z"), (7, "Z")), -2), (((1, "Y"),), 0.5 + 2j)])
        '0.5 X3 - 2 Z0 Z7 + (0.5+2j) Y1'
    """
    parts: list[str] = []
    for product, coefficient in terms:
        sign, number = _show_number(complex(coefficient))
        letters = show_product(product)
        factor = "" if number == "1" and letters else number
        parts += [sign, " ".join([factor, letters]).strip()]
    if not parts:
        return "0"
    start = "-" if parts[0] == "-" else ""
    return start + " ".join(parts[1:])


def _show_number(value: complex) -> tuple[str, str]:
    """Returns the sign and the rest of a number."""
    if value.imag and value.real:
        return "+", repr(value)
    part, unit = (value.imag, "j") if value.imag else (value.real, "")
    return ("-" if part < 0 else "+"), repr(abs(part)).removesuffix(".0") + unit

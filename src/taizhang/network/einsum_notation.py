"""NumPy's notation for Einstein sums: subscripts as text, or lists of indices beside the arrays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from taizhang._checks import describe
from taizhang.errors import UsageError

Array = npt.NDArray[Any]
Terms = list[tuple[Hashable, ...]]


def read_einsum(operands: Sequence[Any]) -> tuple[Terms, tuple[Hashable, ...], list[Array]]:
    """Reads the arguments of `numpy.einsum`.

    Args:
        operands: The subscripts and the arrays; or arrays, each followed by a list of its indices, and perhaps a list
            of those of the result.

    Returns:
        The indices of each array, of the result, and the arrays. An axis of size 1 whose index has another size
        elsewhere, which NumPy repeats, is left out of its array.

    Raises:
        UsageError: The notation is not NumPy's, or does not fit the arrays.

    Example:
        >>> read_einsum(("...a,ab", np.ones((3, 2)), np.ones((2, 2))))[:2]
        ([(('...', 1), 'a'), ('a', 'b')], (('...', 1), 'b'))
    """
    if not operands:
        raise UsageError("einsum takes subscripts and arrays, got nothing")
    terms, output, arrays = _of_text(operands) if isinstance(operands[0], str) else _of_lists(operands)
    # Stage 1: an ellipsis stands for the axes that have no index of their own, counted from the last.
    named, most = [], 0
    for number, (term, array) in enumerate(zip(terms, arrays, strict=True)):
        if term.count("...") > 1:
            raise UsageError(f"the subscripts of array {number} have more than one ellipsis")
        missing = array.ndim - len(term) + ("..." in term)
        if missing < 0 or (missing > 0 and "..." not in term):
            raise UsageError(
                f"array {number} has {array.ndim} axes, but {len(term) - ('...' in term)} indices are given"
            )
        expanded: list[Hashable] = []
        for name in term:
            expanded += [("...", place) for place in range(missing, 0, -1)] if name == "..." else [name]
        named.append(tuple(expanded))
        most = max(most, missing if "..." in term else 0)
    ellipsis = [("...", place) for place in range(most, 0, -1)]
    # Stage 2: the result; without one, the indices that occur once, in order.
    if output is None:
        counts = Counter(name for term in named for name in term if not isinstance(name, tuple))
        result = (*ellipsis, *sorted((name for name, count in counts.items() if count == 1), key=_order))
    else:
        result = tuple(part for name in output for part in (ellipsis if name == "..." else [name]))
        known = {name for term in named for name in term}
        for name in result:
            if name not in known:
                raise UsageError(f"the result has the index {name!r:.20}, which no array has")
        if len(set(result)) != len(result):
            raise UsageError("the result has an index twice; each may be there once")
    left, kept = _repeated(named, arrays)
    return left, result, kept


def _repeated(terms: Terms, arrays: Sequence[Array]) -> tuple[Terms, list[Array]]:
    """Leaves out axes of size 1 whose index has another size elsewhere."""
    sizes: dict[Hashable, int] = {}
    for number, (term, array) in enumerate(zip(terms, arrays, strict=True)):
        for name, size in zip(term, array.shape, strict=True):
            known = sizes.get(name, 1)
            if known != 1 and size not in (1, known):
                raise UsageError(f"index {name!r:.20} has size {known} and, on array {number}, size {size}")
            sizes[name] = size if known == 1 else known
    left, kept = [], []
    for term, array in zip(terms, arrays, strict=True):
        stays = [size == sizes[name] for name, size in zip(term, array.shape, strict=True)]
        left.append(tuple(name for name, stay in zip(term, stays, strict=True) if stay))
        kept.append(array if all(stays) else array[tuple(slice(None) if stay else 0 for stay in stays)])
    return left, kept


def _order(name: Hashable) -> tuple[int, str]:
    return (name, "") if isinstance(name, int) else (0, str(name))


def _of_text(operands: Sequence[Any]) -> tuple[list[list[Hashable]], list[Hashable] | None, list[Array]]:
    text = operands[0].replace(" ", "")
    inputs, arrow, result = text.partition("->")
    terms = [_letters(part) for part in inputs.split(",")]
    arrays = [_array(given) for given in operands[1:]]
    if len(terms) != len(arrays):
        raise UsageError(f"the subscripts are of {len(terms)} arrays, but {len(arrays)} are given")
    return terms, _letters(result) if arrow else None, arrays


def _letters(text: str) -> list[Hashable]:
    parts: list[Hashable] = []
    rest = text
    while rest:
        if rest.startswith("..."):
            parts.append("...")
            rest = rest[3:]
        elif rest[0].isalpha():
            parts.append(rest[0])
            rest = rest[1:]
        else:
            raise UsageError(f"subscripts are letters, commas, '...' and '->', got {rest[0]!r} in {text[:40]!r}")
    return parts


def _of_lists(operands: Sequence[Any]) -> tuple[list[list[Hashable]], list[Hashable] | None, list[Array]]:
    given = list(operands)
    output = _list(given.pop()) if len(given) % 2 else None
    terms = [_list(each) for each in given[1::2]]
    return terms, output, [_array(each) for each in given[::2]]


def _list(given: Any) -> list[Hashable]:
    if isinstance(given, str) or not isinstance(given, (list, tuple)):
        raise UsageError(f"the indices of an array are a list, got {describe(given)}")
    return ["..." if each is Ellipsis else each for each in given]


def _array(given: Any) -> Array:
    array = np.asarray(given)
    if not (np.issubdtype(array.dtype, np.number) or array.dtype == np.bool_):
        raise UsageError(f"einsum takes arrays of numbers, got {describe(given)}")
    return array

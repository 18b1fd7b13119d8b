"""Clauses: real functions of a few bits, as arrays with an axis of length 2 for each variable."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from taizhang._checks import read_integer
from taizhang.circuit.circuit import MAX_QUBITS
from taizhang.errors import ProblemError, SizeLimitError

MAX_CLAUSE_VARIABLES = 20


@dataclass(frozen=True, slots=True, repr=False)
class Clause:
    """A function of some variables; an immutable, hashable value.

    Attributes:
        variables: The variables, ascending, each once.
        entries: Bytes of the float64 values.
        values: The values, float64, shape (2,) * len(variables): `values[b0, b1]` where the first variable is b0 and
            the second is b1. Read-only.
    """

    variables: tuple[int, ...]
    entries: bytes

    @property
    def values(self) -> npt.NDArray[np.float64]:
        """The values."""
        return np.frombuffer(self.entries, dtype=np.float64).reshape((2,) * len(self.variables))

    @classmethod
    def of(cls, variables: tuple[int, ...], *values: float) -> Clause:
        """Returns a clause of checked variables, ascending, and finite values, the last variable the fastest.

        Example:
            >>> Clause.of((0, 2), 0, 1, 2, 3)
            Clause((0, 2), [[0.0, 1.0], [2.0, 3.0]])
        """
        # Adding 0 makes -0.0 to 0.0, so that equal clauses have equal bytes.
        return cls(variables, struct.pack(f"{len(values)}d", *[value + 0.0 for value in values]))

    def __repr__(self) -> str:
        return f"Clause({self.variables}, {self.values.tolist()!r:.80})"


def read_clause(variables: Iterable[int], values: npt.ArrayLike, *, called: str = "") -> Clause:
    """Checks a clause and puts its variables in ascending order.

    Args:
        variables: Numbers of its variables, from 0, each once, in any order.
        values: Real numbers, shape (2,) * number of variables, axes in the order of `variables`.
        called: How errors call it; by default by its variables.

    Raises:
        ProblemError: A variable is not allowed or occurs twice, or the array has the wrong shape or is not of finite
            real numbers.
        SizeLimitError: More than 20 variables.

    Example:
        >>> read_clause((2, 0), [[0, 1], [2, 3]])
        Clause((0, 2), [[0.0, 2.0], [1.0, 3.0]])
    """
    # Stage 1: the variables.
    if isinstance(variables, (str, bytes)) or not isinstance(variables, Iterable):
        raise ProblemError(f"the variables of a clause must be a tuple such as (0, 1), got {variables!r:.40}")
    numbers = tuple(read_variable(variable) for variable in variables)
    name = called or f"clause {numbers!s:.80}"
    if len(set(numbers)) != len(numbers):
        twice = next(number for number in numbers if numbers.count(number) > 1)
        raise ProblemError(f"{name} has variable {twice} twice; its variables must differ")
    if len(numbers) > MAX_CLAUSE_VARIABLES:
        raise SizeLimitError(
            f"{name} has {len(numbers)} variables; at most {MAX_CLAUSE_VARIABLES} are allowed, split it into several"
        )
    # Stage 2: the values.
    array = _read_values(values, name)
    shape = (2,) * len(numbers)
    if array.shape != shape:
        raise ProblemError(
            f"{name} must have an array of shape {shape}, one axis for each variable, got shape {array.shape}"
        )
    if not np.all(np.isfinite(array)):
        raise ProblemError(f"the values of {name} must be finite, got {array[~np.isfinite(array)].flat[0]}")
    order = sorted(range(len(numbers)), key=numbers.__getitem__)
    return Clause(tuple(sorted(numbers)), (array.transpose(order) + 0.0).tobytes())


def read_variable(given: Any, *, called: str = "a variable") -> int:
    """Returns the number of a variable.

    Raises:
        ProblemError: It is not a whole number from 0 to 99,999.
    """
    number = read_integer(given, name=called, error=ProblemError)
    if not 0 <= number < MAX_QUBITS:
        raise ProblemError(f"{called} must be from 0 to {MAX_QUBITS - 1}, got {number!s:.40}")
    return number


def _read_values(values: npt.ArrayLike, name: str) -> npt.NDArray[np.float64]:
    try:
        array = np.asarray(values)
    except (ValueError, OverflowError, RecursionError):
        raise ProblemError(
            f"the values of {name} must be an array with an axis of length 2 for each variable"
        ) from None
    if array.dtype.kind not in "biuf":
        raise ProblemError(f"the values of {name} must be real numbers, got an array of {array.dtype}")
    return np.asarray(array, dtype=np.float64)


def walsh_coefficients(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Returns the coefficients of the products of Z in diagonal operators.

    Args:
        values: Their diagonals, shape (number, 2**k), the first variable the slowest bit.

    Returns:
        Shape (number, 2**k): column s holds the coefficients of the product of Z on the variables whose bit in s is 1.

    Example:
        >>> walsh_coefficients(np.array([[0.0, 1.0, 1.0, 0.0]])).tolist()
        [[0.5, 0.0, 0.0, -0.5]]
    """
    number, size = values.shape
    for axis in range(size.bit_length() - 1):
        pairs = values.reshape(number, 2**axis, 2, -1)
        zero, one = pairs[:, :, :1], pairs[:, :, 1:]
        values = np.concatenate(((zero + one) / 2, (zero - one) / 2), axis=2)
    return values.reshape(number, size)

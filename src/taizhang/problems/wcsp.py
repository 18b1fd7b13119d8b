"""Weighted constraint satisfaction: a cost that is a sum of clauses, each a function of a few bits.

MaxCut, MAX-SAT, QUBO and Ising problems are of this form; `taizhang.problems.constructors` makes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from taizhang._checks import describe, read_integer
from taizhang.circuit.bitstring import read_bitstring
from taizhang.circuit.bitstring_lists import as_array
from taizhang.circuit.circuit import MAX_QUBITS
from taizhang.circuit.observable import Observable, PauliTerm
from taizhang.errors import ProblemError, SizeLimitError
from taizhang.problems.clause import Clause, read_clause, walsh_coefficients

Clauses: TypeAlias = (
    Mapping[tuple[int, ...], npt.ArrayLike] | Iterable[Clause] | Iterable[tuple[Iterable[int], npt.ArrayLike]]
)
"""What a `Wcsp` is made of."""

MAX_CLAUSES = 10_000_000
MAX_ENUMERATED = 24
# Elements of the largest intermediate array when costs are computed.
_CHUNK_ELEMENTS = 1 << 22


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Wcsp:
    """A weighted constraint satisfaction problem; an immutable, hashable value.

    The cost of an assignment of bits to the variables is the sum of the clauses' values and an offset. Variable k is
    qubit k of circuits and character k of bitstrings.

    Attributes:
        num_variables: Number of variables.
        clauses: The clauses, sorted by their variables, no two of the same variables.
        offset: The part of the cost that depends on no variable.
        maximise: Whether the largest cost is the best, or the smallest.

    Args:
        clauses: A mapping from a tuple of variables to an array of shape (2,) * number of variables, or pairs of the
            two, or clauses of another problem. Arrays of the same variables are added; that of () is the offset.
        num_variables: Number of variables; by default 1 + the largest in a clause.
        maximise: Whether the largest cost is the best.

    Raises:
        ProblemError: A clause is not well formed (the message says which), or has a variable beyond `num_variables`.
        SizeLimitError: A clause has more than 20 variables, or there are more than 10 million clauses.

    Example:
        >>> problem = Wcsp({(0, 1): [[0, 1], [1, 0]], (2,): [0, 3]})
        >>> problem.cost("011"), problem.best_by_enumeration()
        (4.0, ('011', 4.0))
        >>> problem.observable()
        Observable('2 - 0.5 Z0 Z1 - 1.5 Z2')
    """

    num_variables: int
    clauses: tuple[Clause, ...]
    offset: float
    maximise: bool

    def __init__(
        self,
        clauses: Clauses,
        *,
        num_variables: int | None = None,
        maximise: bool = True,
    ) -> None:
        merged = _merge(clauses)
        offset = float(np.frombuffer(merged.pop((), bytes(8)))[0])
        least = max((variables[-1] + 1 for variables in merged), default=0)
        number = least if num_variables is None else read_integer(num_variables, name="num_variables")
        if not least <= number <= MAX_QUBITS:
            reason = f"clauses have variable {least - 1}" if number < least else f"at most {MAX_QUBITS} are allowed"
            raise ProblemError(f"num_variables is {number}, but {reason}; give another number, or leave it out")
        kept = (Clause(variables, entries) for variables, entries in sorted(merged.items()))
        object.__setattr__(self, "num_variables", number)
        object.__setattr__(self, "clauses", tuple(kept))
        object.__setattr__(self, "offset", offset)
        object.__setattr__(self, "maximise", bool(maximise))

    def cost(self, bits: str | Sequence[str] | Sequence[int] | npt.NDArray[np.integer]) -> Any:
        """Returns the cost of assignments.

        Args:
            bits: One bitstring, variable 0 first, as text or as numbers; or many, as a list of texts or an array of
                shape (shots, num_variables), such as `tz.sample` gives.

        Returns:
            A float for one assignment; for many an array of float64 of shape (shots,).

        Raises:
            CircuitError: A bit is neither 0 nor 1.
            ProblemError: The number of bits is not that of the variables.
            UsageError: `bits` has another type.

        Example:
            >>> Wcsp({(0, 1): [[0, 1], [1, 0]]}).cost(["00", "01"])
            array([0., 1.])
        """
        rows, single = _read_bits(bits)
        if rows.shape[1] != self.num_variables:
            raise ProblemError(
                f"the assignment has {rows.shape[1]} bits, but the problem has {self.num_variables} variables; give "
                "one bit for each"
            )
        costs = np.full(len(rows), self.offset)
        for variables, tables in self._tables():
            places = 1 << np.arange(variables.shape[1])[::-1]
            step = max(1, _CHUNK_ELEMENTS // max(1, variables.size))
            for start in range(0, len(rows), step):
                chosen = rows[start : start + step][:, variables] @ places
                costs[start : start + step] += tables[np.arange(len(tables)), chosen].sum(axis=1)
        return float(costs[0]) if single else costs

    def _tables(self) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]]:
        """Yields the clauses of each size: variables, shape (number, k), and values, shape (number, 2**k)."""
        by_size: dict[int, list[Clause]] = {}
        for clause in self.clauses:
            by_size.setdefault(len(clause.variables), []).append(clause)
        for size, alike in sorted(by_size.items()):
            variables = np.array([clause.variables for clause in alike], dtype=np.int64)
            yield variables, np.frombuffer(b"".join(clause.entries for clause in alike)).reshape(len(alike), 2**size)

    def observable(self) -> Observable:
        """Returns the cost as an observable of products of Z: on a basis state it is the cost of its bits."""
        return Observable.from_terms(self._pauli_terms())

    def _pauli_terms(self) -> Iterator[PauliTerm]:
        yield (), complex(self.offset)
        for variables, tables in self._tables():
            names, last = variables.tolist(), variables.shape[1] - 1
            coefficients = walsh_coefficients(tables)
            rows, columns = np.nonzero(coefficients)
            found = zip(rows.tolist(), columns.tolist(), coefficients[rows, columns].tolist(), strict=True)
            for row, column, coefficient in found:
                chosen = (name for place, name in enumerate(names[row]) if column >> (last - place) & 1)
                yield tuple((name, "Z") for name in chosen), coefficient

    def enumerate_costs(self) -> npt.NDArray[np.float64]:
        """Returns the costs of all assignments.

        Returns:
            float64, shape (2**num_variables,); entry k is that of the bitstring that is k in binary.

        Raises:
            SizeLimitError: More than 24 variables.
        """
        number = self.num_variables
        if number > MAX_ENUMERATED:
            raise SizeLimitError(
                f"all assignments of {number} variables are too many; at most {MAX_ENUMERATED} variables are allowed, "
                "take the best of samples instead"
            )
        costs = np.full((2,) * number, self.offset)
        for clause in self.clauses:
            shape = [1] * number
            for variable in clause.variables:
                shape[variable] = 2
            costs += clause.values.reshape(shape)
        return costs.reshape(-1)

    def best_by_enumeration(self) -> tuple[str, float]:
        """Returns the best assignment of all, and its cost; of several equal ones the first in binary order.

        Raises:
            SizeLimitError: More than 24 variables.
        """
        costs = self.enumerate_costs()
        best = int(np.argmax(costs) if self.maximise else np.argmin(costs))
        bitstring = f"{best:0{self.num_variables}b}" if self.num_variables else ""
        return bitstring, self.cost(bitstring)

    def __len__(self) -> int:
        return len(self.clauses)

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        largest = max((len(clause.variables) for clause in self.clauses), default=0)
        aim = "maximise" if self.maximise else "minimise"
        return f"Wcsp of {self.num_variables} variables, {len(self)} clauses of at most {largest}, to {aim}"


def _merge(clauses: Clauses) -> dict[tuple[int, ...], bytes]:
    """Adds the values of clauses of the same variables; returns their bytes by variables."""
    if isinstance(clauses, (str, bytes)) or not isinstance(clauses, Iterable):
        raise ProblemError(
            f"clauses must be a mapping such as {{(0, 1): [[0, 1], [1, 0]]}}, got {describe(clauses)}; a file is read "
            "by read_problem"
        )
    merged: dict[tuple[int, ...], bytes] = {}
    for given in clauses.items() if isinstance(clauses, Mapping) else clauses:
        clause = given if isinstance(given, Clause) else _read_pair(given)
        known = merged.get(clause.variables)
        merged[clause.variables] = clause.entries if known is None else _add(known, clause)
        if len(merged) > MAX_CLAUSES:
            raise SizeLimitError(f"a problem may have at most {MAX_CLAUSES:,} clauses; give fewer")
    return merged


def _read_pair(given: Any) -> Clause:
    try:
        variables, values = given
    except (TypeError, ValueError):
        raise ProblemError(f"a clause must be a pair of its variables and its values, got {given!r:.40}") from None
    return read_clause(variables, values)


def _add(known: bytes, clause: Clause) -> bytes:
    with np.errstate(over="ignore", invalid="ignore"):
        total = np.frombuffer(known) + np.frombuffer(clause.entries)
    if not np.all(np.isfinite(total)):
        raise ProblemError(
            f"the values of the clauses of {clause.variables!s:.80} add up to more than a float can hold; give smaller "
            "ones"
        )
    return total.tobytes()


def _read_bits(bits: Any) -> tuple[npt.NDArray[np.int64], bool]:
    """Returns assignments as an array of shape (number, variables), and whether there was a single one."""
    if isinstance(bits, np.ndarray) and bits.ndim == 2 and bits.dtype.kind in "biu":
        rows = np.asarray(bits, dtype=np.int64)
        if np.any(rows >> 1):
            raise ProblemError(f"the bits of an assignment must be 0 or 1, got {rows[rows >> 1 != 0].flat[0]}")
        return rows, False
    if isinstance(bits, (list, tuple)) and bits and not isinstance(bits[0], (int, np.integer, np.bool_)):
        texts = [read_bitstring(row, name=f"assignment {number}") for number, row in enumerate(bits)]
        return as_array(texts).astype(np.int64), False
    return as_array([read_bitstring(bits, name="the assignment")]).astype(np.int64), True

"""The distinct bitstrings of a list, and the qubits at which they differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Bits = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DistinctRows:
    """The distinct bitstrings of a list.

    Attributes:
        bits: The distinct ones, sorted; 0 at open qubits. Shape (num_rows, num_qubits).
        row_of: For each bitstring of the list its row in `bits`, shape (len(list),).
        varying: Qubits at which they differ, ascending.

    Example:
        >>> rows = DistinctRows.of(np.array([[0, 1, 1], [0, 0, 1], [0, 1, 1]], dtype=np.uint8))
        >>> rows.bits.tolist(), rows.row_of.tolist(), rows.varying
        ([[0, 0, 1], [0, 1, 1]], [1, 0, 1], (1,))
    """

    bits: Bits
    row_of: npt.NDArray[np.intp]
    varying: tuple[int, ...]

    @classmethod
    def of(cls, bits: Bits, open_qubits: Sequence[int] = ()) -> DistinctRows:
        """Finds the distinct rows of an array.

        Args:
            bits: Zeros and ones, shape (number, num_qubits).
            open_qubits: Qubits whose bits are ignored.
        """
        closed = bits.astype(np.uint8)
        closed[:, list(open_qubits)] = 0
        packed = np.packbits(closed, axis=1)
        keys = packed.view(np.dtype((np.void, packed.shape[1]))).reshape(-1) if packed.size else np.zeros(len(bits))
        _, first, row_of = np.unique(keys, return_index=True, return_inverse=True)
        distinct = closed[first]
        varying = np.flatnonzero(distinct.min(axis=0, initial=1) != distinct.max(axis=0, initial=0))
        return cls(
            bits=distinct,
            row_of=np.asarray(row_of, dtype=np.intp).reshape(-1),
            varying=tuple(varying.tolist()) if len(distinct) > 1 else (),
        )

    def __len__(self) -> int:
        return len(self.bits)

    @property
    def in_order(self) -> bool:
        """Whether the list has no repetitions and is sorted."""
        return len(self.row_of) == len(self) and bool(np.all(self.row_of == np.arange(len(self))))

"""Collects the arrays of all contractions of a run, as its folder keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from taizhang._types import ComplexArray
from taizhang._units import human_bytes
from taizhang.errors import SizeLimitError
from taizhang.execute.members import Members

MOST_ARRAY_BYTES = 4 << 30
"""Limit on the arrays of all contractions of one plan: they are held in memory while the folder is written."""

NO_ROWS: npt.NDArray[np.uint8] = np.empty((0, 0, 0), dtype=np.uint8)
"""The rows of contractions that have none."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GatheredMembers:
    """The data that a plan is contracted for.

    Attributes:
        arrays: For each contraction the arrays of the network; the same objects where they do not depend on it.
        exponents: For each contraction the power of two that its value is multiplied by.
        rows: Digits of the rows, as bits, eight to a byte, shape (contractions, rows, bytes); empty where there are no
            rows.
    """

    arrays: Sequence[tuple[ComplexArray, ...]]
    exponents: Sequence[int]
    rows: npt.NDArray[np.uint8]


def gather(members: Members) -> GatheredMembers:
    """Makes the arrays, exponents and rows of all members.

    Raises:
        SizeLimitError: They are larger than a run keeps.
    """
    arrays: list[tuple[ComplexArray, ...]] = []
    exponents: list[int] = []
    rows: list[npt.NDArray[np.uint8]] = []
    num_bytes = 0
    for number in range(len(members)):
        member_arrays, exponent = members.arrays_of(number)
        digits = members.rows_of(number)
        arrays.append(member_arrays)
        exponents.append(exponent)
        if digits is not None:
            rows.append(np.packbits(digits, axis=1))
            num_bytes += rows[-1].nbytes
        num_bytes += sum(
            array.nbytes for array, first in zip(member_arrays, arrays[0], strict=True) if array is not first
        )
        if num_bytes > MOST_ARRAY_BYTES:
            raise SizeLimitError(
                f"the arrays of the contractions need more than {human_bytes(MOST_ARRAY_BYTES)}, the limit for a run; "
                "make several smaller runs"
            )
    return GatheredMembers(arrays=arrays, exponents=exponents, rows=np.stack(rows) if rows else NO_ROWS)

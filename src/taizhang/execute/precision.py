"""Choice of arithmetic for networks whose tensors have elements of very different magnitudes.

Elements of a tensor that are more than 2**126 times smaller than its largest are 0 in complex64, those more than
2**1022 times smaller in complex128. They, or products of such elements, may be the whole result. So

- a small network is contracted with an exponent for every element (`wide_range`) where elements of its tensors are far
  apart, or where the processor reports an underflow;
- a large network whose elements are far apart is contracted in complex128, if the elements of each tensor fit that;
- otherwise an error names the tensor.

In large networks of tensors whose elements differ by less than 2**24, losses are treated as rounding errors.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from taizhang._types import DtypeName
from taizhang.errors import NumericalError
from taizhang.execute import wide_range
from taizhang.execute.contraction import Contraction
from taizhang.plan.plan import Plan
from taizhang.program.program import count_of

NEAR_BITS = 24
"""Tensors whose elements differ by less than 2 to this power are ignored."""

HELD_BITS: dict[DtypeName, int] = {"complex64": 100, "complex128": 996}
"""Elements that differ by less than 2 to this power keep all their digits, with some room for sums of products."""

DOUBLE_BITS = 64
"""A large network with a tensor whose elements differ by more than 2 to this power is contracted in complex128."""

FEW_MULTIPLY_ADDS, MANY_MULTIPLY_ADDS = 1 << 20, 1 << 24
"""Most work done with an exponent for every element: where the engine may be accurate, and where it is not."""

MOST_STEPS = 20_000
"""Most steps, over all slices, that are done with an exponent for every element: each is several NumPy calls."""


def are_far_apart(spans: Sequence[int], dtype: DtypeName) -> bool:
    """Whether products of elements may underflow in a type while others of their tensors do not."""
    return sum(span for span in spans if span > NEAR_BITS) > HELD_BITS[dtype]


def least_dtype(spans: Sequence[int], dtype: DtypeName) -> DtypeName:
    """The requested type, or complex128 where the elements of a tensor are too far apart for complex64."""
    return "complex128" if are_far_apart(spans, dtype) and max(spans) > DOUBLE_BITS else dtype


def is_small(plan: Plan, slices: range, spans: Sequence[int], memory_bytes: int) -> bool:
    """Whether some slices can be contracted with an exponent for every element, in seconds and within the memory."""
    allowed = MANY_MULTIPLY_ADDS if max(spans) > DOUBLE_BITS else FEW_MULTIPLY_ADDS
    steps = max(plan.shape.num_tensors, 1) * count_of(slices)
    return (
        not plan.shape.row_indices
        and steps <= MOST_STEPS
        and plan.cost.multiply_adds_naive // plan.num_slices * count_of(slices) <= allowed
        and wide_range.BYTES_PER_TERM * wide_range.most_terms(plan.shape, plan) <= memory_bytes
    )


def check_held(spans: Sequence[int], dtype: DtypeName) -> None:
    """Raises where the elements of a tensor are too far apart for a type.

    Raises:
        NumericalError: A tensor is out of range; the message names it.
    """
    for number, span in enumerate(spans):
        if span > HELD_BITS[dtype]:
            raise NumericalError(
                f"the elements of tensor {number} differ by a factor of 2^{span}, more than {dtype} holds within one "
                "tensor, and the network is too large for slower arithmetic; rescale the tensors along their common "
                "indices so that the elements of each are of similar size"
            )


def contract_wide(
    arrays: Sequence[np.typing.NDArray[np.generic]], exponent: int, plan: Plan, slices: range
) -> Contraction:
    """Contracts slices of a small network with an exponent for every element.

    Raises:
        NumericalError: An input is not finite, or elements of the value are further apart than complex128 can hold.
    """
    started = time.perf_counter()
    mantissa, exponent = wide_range.sum_of_slices(plan, arrays, slices, exponent=exponent)
    return Contraction(
        mantissa=mantissa,
        exponent=exponent,
        dtype="complex128",
        slices_done=count_of(slices),
        multiply_adds=plan.cost.multiply_adds_naive // plan.num_slices * count_of(slices),
        seconds=time.perf_counter() - started,
        peak_bytes=wide_range.BYTES_PER_TERM * wide_range.most_terms(plan.shape, plan),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeGuard:
    """Protects the contraction of one network whose elements may be far apart from underflow.

    Attributes:
        spans: Result of `element_spans` for its arrays.
        dtype: The requested type.
    """

    spans: tuple[int, ...]
    dtype: DtypeName

    @property
    def least_dtype(self) -> DtypeName:
        """The type in which the engine contracts the network."""
        return least_dtype(self.spans, self.dtype)

    def contract(
        self,
        arrays: Sequence[np.typing.NDArray[np.generic]],
        exponent: int,
        plan: Plan,
        slices: range,
        *,
        memory_bytes: int,
        underflow: bool = False,
    ) -> Contraction | None:
        """Contracts the network with an exponent for every element, where that is needed and can be done.

        Args:
            arrays: Its arrays.
            exponent: Power of two to multiply the value by.
            plan: Its plan.
            slices: The slices to sum.
            memory_bytes: Memory for it.
            underflow: Whether a number underflowed when the engine contracted it.

        Returns:
            The contraction; None if that of the engine is accurate.

        Raises:
            NumericalError: Neither gives an accurate value; the message names the tensor.
        """
        if not (underflow or are_far_apart(self.spans, self.dtype)):
            return None
        if is_small(plan, slices, self.spans, memory_bytes):
            return contract_wide(arrays, exponent, plan, slices)
        check_held(self.spans, self.least_dtype)
        return None

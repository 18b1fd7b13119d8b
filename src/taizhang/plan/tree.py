"""Contraction trees: the order in which a network is contracted.

The order is kept in static-single-assignment form, the form in which other tools exchange it: tensors are numbered
from 0, step k contracts two numbers and makes number `num_tensors + k`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from taizhang._checks import describe
from taizhang.errors import PlanError


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ContractionTree:
    """A complete binary tree over the tensors of a network.

    Attributes:
        num_tensors: Number of leaves.
        ssa_path: The pairs contracted, in order; `max(num_tensors - 1, 0)` of them.

    Raises:
        PlanError: The path is not a complete binary tree over the tensors.

    Example:
        >>> ContractionTree(num_tensors=3, ssa_path=((0, 1), (3, 2))).ssa_path
        ((0, 1), (3, 2))
    """

    num_tensors: int
    ssa_path: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        needed = max(self.num_tensors - 1, 0)
        if len(self.ssa_path) != needed:
            raise PlanError(
                f"the path has {len(self.ssa_path)} steps; a network of {self.num_tensors} tensors needs {needed}"
            )
        used: set[int] = set()
        for step, pair in enumerate(self.ssa_path):
            for number in pair:
                if not 0 <= number < self.num_tensors + step:
                    raise PlanError(f"step {step} of the path contracts {number}, which does not exist by then")
                if number in used:
                    raise PlanError(f"step {step} of the path contracts {number}, which was contracted before")
                used.add(number)

    def __repr__(self) -> str:
        return f"<ContractionTree: {self.num_tensors} tensor{'' if self.num_tensors == 1 else 's'}>"

    @classmethod
    def from_pairs(cls, num_tensors: int, pairs: Iterable[Iterable[int]]) -> ContractionTree:
        """Builds a tree from any nested sequence of pairs, as JSON holds it.

        Raises:
            PlanError: An entry is not a pair of integers, or the path is not complete.
        """
        if not isinstance(pairs, Iterable):
            raise PlanError(f"the path must be a sequence of pairs of tensor numbers, got {describe(pairs)}")
        path: list[tuple[int, int]] = []
        for step, pair in enumerate(pairs):
            numbers = tuple(pair) if isinstance(pair, Iterable) else (pair,)
            if len(numbers) != 2 or any(isinstance(n, bool) or not hasattr(n, "__index__") for n in numbers):
                raise PlanError(f"step {step} of the path must be a pair of tensor numbers, got {numbers!r:.64}")
            path.append((int(numbers[0]), int(numbers[1])))
        return cls(num_tensors=num_tensors, ssa_path=tuple(path))

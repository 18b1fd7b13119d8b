"""The stem of a contraction tree: the long expensive chain that the rest of the tree joins as branches.

A good tree for a circuit is mostly one chain: a large tensor absorbs one small subtree after the other, with nearly all
the work. The stem is traced from the last step downwards, always to the operand whose subtree has the most work. Where
two such chains meet, the lighter one is a branch that can be examined as a stem itself.

Source: Huang et al., arXiv:2005.06787.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from taizhang.plan.cost import StepCost, step_costs
from taizhang.plan.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class StemStep:
    """One step along a stem, which absorbs one branch.

    Attributes:
        step: Position of the step in the plan's path.
        multiply_adds: Complex multiply-adds of the step, over all its runs.
        runs: Number of its runs over all slices.
        width: log2 of the elements of its result, in one slice.
        whole_width: The same if nothing were sliced.
        branch: Number of the absorbed tensor.
        branch_width: log2 of the elements of the absorbed tensor, in one slice.
        branch_tensors: Number of the network's tensors in the branch.
        branch_multiply_adds: Complex multiply-adds of all steps of the branch, over all their runs.
        touched: Positions in `plan.sliced_indices` of the indices on the tensors of this step.
        depends_on: The same for the indices on any tensor of the network below this step.
    """

    step: int
    multiply_adds: int
    runs: int
    width: float
    whole_width: float
    branch: int
    branch_width: float
    branch_tensors: int
    branch_multiply_adds: int
    touched: tuple[int, ...]
    depends_on: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stem:
    """A chain of steps that starts at a tensor of the network.

    Attributes:
        steps: The steps, in the order in which they run.
        joins: Where it ends: the number of another stem and the position of the step there that absorbs it; None for
            the stem that ends with the result.
    """

    steps: tuple[StemStep, ...]
    joins: tuple[int, int] | None = None

    @property
    def multiply_adds(self) -> int:
        """Complex multiply-adds of the steps of the stem, without its branches."""
        return sum(step.multiply_adds for step in self.steps)


def stems_of(plan: Plan, *, most: int = 1, least_share: float = 0.0) -> tuple[Stem, ...]:
    """Finds the stem of a plan, and its heaviest branches as stems.

    Args:
        plan: The plan.
        most: Largest number of stems to return, ≥ 1.
        least_share: Branches with a smaller share of the plan's work are ignored.

    Returns:
        The stem, then branches of the stems before, the heaviest first.

    Example:
        >>> from taizhang.network.network import NetworkShape
        >>> shape = NetworkShape.from_names(["ab", "bc", "cd", "de"], "ae", dict.fromkeys("abcde", 2))
        >>> (stem,) = stems_of(Plan.from_ssa_path(shape, [(1, 2), (4, 0), (5, 3)]))
        >>> [(step.step, step.branch) for step in stem.steps]
        [(0, 2), (1, 0), (2, 3)]
    """
    tree = _Tree(plan)
    if not tree.steps:
        return (Stem(steps=()),)
    stems = [Stem(steps=tree.chain(tree.num_tensors + len(tree.steps) - 1))]
    total = sum(tree.work_of_step(step) for step in range(len(tree.steps)))
    known: set[int] = set()
    while len(stems) < most:
        branches = [
            (step.branch_multiply_adds, -number, -place)
            for number, stem in enumerate(stems)
            for place, step in enumerate(stem.steps)
            if step.branch >= tree.num_tensors and step.branch not in known
        ]
        if not branches or max(branches)[0] < least_share * total:
            break
        _, number, place = max(branches)
        branch = stems[-number].steps[-place].branch
        known.add(branch)
        stems.append(Stem(steps=tree.chain(branch), joins=(-number, -place)))
    return tuple(stems)


class _Tree:
    """A plan's tree with figures of every tensor, inputs and results, by number."""

    def __init__(self, plan: Plan) -> None:
        self.num_tensors = plan.tree.num_tensors
        self.steps = step_costs(plan.shape, plan.tree, plan.sliced_indices)
        self.whole_steps = step_costs(plan.shape, plan.tree) if plan.sliced_indices else self.steps
        self.work = [0] * self.num_tensors
        self.tensors = [1] * self.num_tensors
        for number, step in enumerate(self.steps):
            self.work.append(self.work_of_step(number) + self.work[step.left] + self.work[step.right])
            self.tensors.append(self.tensors[step.left] + self.tensors[step.right])
        # For each sliced index, how many inputs below a tensor have it, and how many inputs and outputs in all.
        self.below = [[int(index in term) for index in plan.sliced_indices] for term in plan.shape.inputs]
        terms = (*plan.shape.inputs, plan.shape.output)
        self.uses = [sum(index in term for term in terms) for index in plan.sliced_indices]
        for step in self.steps:
            pair = zip(self.below[step.left], self.below[step.right], strict=True)
            self.below.append([left + right for left, right in pair])

    def work_of_step(self, step: int) -> int:
        return self.steps[step].runs * self.steps[step].multiply_adds

    def chain(self, top: int) -> tuple[StemStep, ...]:
        """Returns the stem that ends with tensor `top`, a result."""
        chain = []
        while top >= self.num_tensors:
            step = self.steps[top - self.num_tensors]
            stem, branch = sorted((step.left, step.right), key=self._weight, reverse=True)
            chain.append(self._stem_step(top, step, branch))
            top = stem
        return tuple(reversed(chain))

    def _weight(self, number: int) -> tuple[int, int, int]:
        return self.work[number], self.tensors[number], -number

    def _stem_step(self, top: int, step: StepCost, branch: int) -> StemStep:
        here = self.below[top]
        operands = (self.below[step.left], self.below[step.right])
        places = range(len(here))
        return StemStep(
            step=top - self.num_tensors,
            multiply_adds=self.work_of_step(top - self.num_tensors),
            runs=step.runs,
            width=math.log2(step.out_elements or 1),
            whole_width=math.log2(self.whole_steps[top - self.num_tensors].out_elements or 1),
            branch=branch,
            branch_width=math.log2((step.left_elements if branch == step.left else step.right_elements) or 1),
            branch_tensors=self.tensors[branch],
            branch_multiply_adds=self.work[branch],
            touched=tuple(k for k in places if any(0 < counts[k] < self.uses[k] for counts in operands)),
            depends_on=tuple(k for k in places if here[k]),
        )

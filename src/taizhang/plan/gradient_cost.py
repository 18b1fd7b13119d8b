"""The cost of a value together with its derivatives by all inputs: every step, then the same backwards.

For a step C = Σ A·B the backward steps are Ā = Σ C̄·B and B̄ = Σ C̄·A: the same work each, with the roles of the indices
exchanged. They run in every slice, and every intermediate is kept until it has been used the second time.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from taizhang.plan.cost import StepCost


def gradient_steps(steps: Sequence[StepCost], num_tensors: int, wanted: Collection[int]) -> tuple[StepCost, ...]:
    """Returns the steps of a plan, then the backward ones for the derivatives by some of its inputs.

    Args:
        steps: The result of `step_costs`.
        num_tensors: Number of inputs.
        wanted: The inputs.
    """
    # Stage 1: tensors on the way to a wanted input.
    needed = set(wanted)
    for number, step in enumerate(steps):
        if step.left in needed or step.right in needed:
            needed.add(num_tensors + number)

    # Stage 2: the backward steps, each run in every slice.
    most_runs = max((step.runs for step in steps), default=1)
    result = list(steps)
    for number in reversed(range(len(steps))):
        step = steps[number]
        if num_tensors + number not in needed:
            continue
        # The derivative of the value by itself is 1, so those by the operands of the last step are copies.
        work = step.multiply_adds if number < len(steps) - 1 else 0
        if step.left in needed:
            result.append(
                replace(
                    step,
                    runs=most_runs,
                    multiply_adds=work,
                    columns=step.summed,
                    summed=step.columns,
                    left_elements=step.out_elements,
                    out_elements=step.left_elements,
                )
            )
        if step.right in needed:
            result.append(
                replace(
                    step,
                    runs=most_runs,
                    multiply_adds=work,
                    rows=step.summed,
                    summed=step.rows,
                    right_elements=step.out_elements,
                    out_elements=step.right_elements,
                )
            )
    return tuple(result)

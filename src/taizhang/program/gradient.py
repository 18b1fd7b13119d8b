"""Compilation of a plan to a program that also computes the derivatives of the value by the inputs.

Reverse mode along the tree: for a step C = Σ A·B the derivatives of the value are Ā = Σ C̄·B and B̄ = Σ C̄·A, again
pair contractions, without conjugates, as the value is a polynomial of the elements. An index of A alone that the step
sums is one of Ā that the product does not depend on. So a program has its steps, then the same backwards, two for one;
every intermediate is kept until it has been used the second time. Steps for inputs whose derivatives are not wanted are
left out.
"""

from __future__ import annotations

import math
from collections.abc import Collection

from taizhang._types import DtypeName
from taizhang.errors import PlanError
from taizhang.plan.plan import Plan
from taizhang.program.axis_orders import choose_orders
from taizhang.program.blocks import NO_BLOCKS
from taizhang.program.lower import ArenaLayout, contiguous, input_places
from taizhang.program.program import ONE, Adjoint, Mode, Place, Program, Step
from taizhang.program.tree_facts import Pair, walk


def lower_gradient(plan: Plan, *, wanted: Collection[int], dtype: DtypeName = "complex64") -> Program:
    """Compiles a plan for a network without open indices, of at least two tensors.

    Args:
        plan: The plan.
        wanted: The inputs by whose elements to differentiate.
        dtype: Type of all elements.

    Returns:
        The program; its adjoints are those of the wanted inputs, in order.

    Raises:
        PlanError: The network has open indices, fewer than two tensors, or an index of size 0.
    """
    shape, sliced = plan.shape, plan.sliced_indices
    if shape.output or shape.row_indices or shape.num_tensors < 2 or shape.is_empty:
        raise PlanError("a gradient needs a network of two or more tensors whose value is a number")

    # Stage 1: the steps of the value, then the same backwards.
    facts = walk(shape, plan.tree.ssa_path, sliced)
    orders = choose_orders(shape, sliced, facts, (), NO_BLOCKS)
    indices, lengths = list(facts.indices), list(facts.lengths)
    order_of = list(orders.indices)
    top = len(sliced)
    backwards, adjoint_of = _backward_pairs(facts.pairs, shape.num_tensors, frozenset(wanted), len(indices))
    for _, _, of, _ in backwards:
        indices.append(indices[of])
        lengths.append(lengths[of])
        order_of.append(order_of[of])

    # Stage 2: places. Derivatives are laid out like the tensors they belong to, without gaps.
    steps = [(pair.number, (pair.a, pair.b), pair.level) for pair in facts.pairs]
    steps += [(number, (a, b), top) for a, b, _, number in backwards]
    arena = ArenaLayout(steps, lengths)
    places, slice_strides, input_elements = input_places(shape, sliced, orders)
    for number in range(shape.num_tensors, len(indices)):
        strides, length = contiguous(order_of[number], facts.sizes)
        places.append(Place("arena", arena.offsets[number], order_of[number], strides, length))

    # Stage 3: the steps with their loops.
    strides_of = [dict(zip(place.indices, place.strides, strict=True)) for place in places]

    def step(a: int, b: int, out: int, level: int) -> Step:
        of_a, of_b, of_out = strides_of[a], strides_of[b] if b != ONE else {}, strides_of[out]
        touched = sorted({*of_a, *of_b, *of_out})
        modes = [
            Mode(facts.sizes[i], of_a.get(i, 0), of_b.get(i, 0), of_out.get(i, 0))
            for i in touched
            if facts.sizes[i] != 1
        ]
        work = math.prod([mode.size for mode in modes]) if b != ONE else 0
        traffic = lengths[a] + (lengths[b] if b != ONE else 0) + lengths[out]
        return Step(a, b, out, tuple(modes), (), -1, level, work, traffic)

    sliced_axes = tuple(
        tuple((axis, sliced.index(i)) for axis, i in enumerate(term) if i in sliced) for term in shape.inputs
    )
    return Program(
        dtype=dtype,
        input_shapes=tuple(tuple(shape.sizes[index] for index in term) for term in shape.inputs),
        axis_orders=orders.axes,
        places=tuple(places),
        steps=tuple(step(a, b, number, level) for number, (a, b), level in steps),
        result=facts.pairs[-1].number,
        output_shape=(),
        slice_sizes=tuple(shape.sizes[index] for index in sliced),
        sliced_axes=sliced_axes,
        slice_strides=tuple(map(tuple, slice_strides)),
        output_axes=(),
        output_slice_strides=(0,) * len(sliced),
        input_elements=input_elements,
        arena_elements=arena.length,
        shared_elements=arena.shared,
        sliced_elements=arena.sliced,
        block_elements=0,
        adjoints=tuple(
            Adjoint(
                adjoint_of[number],
                number,
                tuple((facts.sizes[i], strides_of[number][i]) for i in order_of[number]),
            )
            for number in sorted(wanted)
        ),
    )


def _backward_pairs(
    pairs: list[Pair], num_inputs: int, wanted: frozenset[int], first_number: int
) -> tuple[list[tuple[int, int, int, int]], dict[int, int]]:
    """Returns the backward steps and the number of the derivative of each tensor.

    A step is (first operand, second operand, tensor it is the derivative by, number of its output).
    """
    # A derivative is needed on the way to a wanted input.
    needed = set(wanted)
    for pair in pairs:
        if pair.a in needed or pair.b in needed:
            needed.add(pair.number)
    adjoint_of = {pairs[-1].number: ONE}
    steps: list[tuple[int, int, int, int]] = []
    for pair in reversed(pairs):
        if pair.number not in needed:
            continue
        outer = adjoint_of[pair.number]
        for of, other in ((pair.a, pair.b), (pair.b, pair.a)):
            if of in needed:
                operands = (other, ONE) if outer == ONE else (outer, other)
                number = first_number + len(steps)
                steps.append((*operands, of, number))
                adjoint_of[of] = number
    return steps, adjoint_of

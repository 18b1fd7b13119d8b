"""Compiles a plan: from a tree and sliced indices to a `Program` of plain steps.

The decision that matters for speed is the axis order of each intermediate. Every index is summed at exactly one step
of the tree, its death. All tensors order their axes by death, the soonest to die slowest, the longest to live fastest:
then the indices that a step sums are the slow ones of both operands in the same order, the indices that stay are the
fast ones, and data is read and written in long runs. One exception: the few fastest axes of a large output, which fill
the lanes of a vector, are all taken from one operand (the larger), so that no vector has to be put together from two.

Small inputs are laid out the same way when they are loaded; sliced indices are their slowest axes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from taizhang._types import DtypeName
from taizhang.errors import PlanError
from taizhang.network.network import NetworkShape
from taizhang.plan.plan_file import Plan
from taizhang.program.buffers import Lifetime, assign_offsets, rounded_up
from taizhang.program.program import ONE, Mode, Place, Program, Step

LANE_ELEMENTS = 32
"""Fastest axes of a large output, together of at least this many elements, come from one operand."""

LARGE_ELEMENTS = 1 << 12
"""Outputs with fewer elements are ordered by death alone."""

LARGE_INPUT_ELEMENTS = 1 << 20
"""Inputs with more elements keep their axis order."""


class _Pair(NamedTuple):
    """One step before axis orders are known; `a` is the operand with more elements."""

    number: int
    a: int
    b: int
    level: int


class _Facts(NamedTuple):
    """What the tree says of its tensors, by tensor number; sliced indices are gone."""

    indices: list[frozenset[int]]
    death: list[int]
    pairs: list[_Pair]


def lower(plan: Plan, *, dtype: DtypeName = "complex64") -> Program:
    """Compiles a plan.

    Args:
        plan: The plan.
        dtype: Type of all elements.

    Returns:
        The program, whose steps do what the plan says, with every shared step at its level.

    Raises:
        PlanError: A sliced index is on no tensor.
    """
    shape = plan.shape
    sliced = plan.sliced_indices
    absent = set(sliced).difference(*shape.inputs)
    if absent:
        name = shape.index_names[min(absent)]
        raise PlanError(f"index '{name}' is sliced but on no tensor; leave it out of sliced_indices")
    facts = _facts(shape, plan.tree.ssa_path, sliced)
    lengths = [math.prod(shape.sizes[index] for index in indices) for indices in facts.indices]
    axis_orders = _input_orders(shape, sliced, facts.death)
    orders = _orders(shape, sliced, facts, lengths, axis_orders)
    places, slice_strides, input_elements = _places(shape, sliced, axis_orders, orders)
    offsets, arena, shared, reached = _arena(shape.num_tensors, facts, lengths)
    outputs = sorted(zip((pair.number for pair in facts.pairs), offsets, strict=True))
    for number, offset in outputs:
        order = orders[number]
        places.append(Place("arena", offset, order, _contiguous(order, shape.sizes), lengths[number]))
    full_strides = dict(zip(shape.output, _contiguous(shape.output, shape.sizes), strict=True))
    return Program(
        shape_sha256=shape.sha256(),
        dtype=dtype,
        input_shapes=tuple(tuple([shape.sizes[index] for index in term]) for term in shape.inputs),
        axis_orders=axis_orders,
        places=tuple(places),
        steps=tuple(_steps(shape.sizes, facts, lengths, places)),
        result=len(places) - 1 if places else ONE,
        output_shape=tuple(shape.sizes[index] for index in shape.output),
        slice_sizes=tuple(shape.sizes[index] for index in sliced),
        slice_strides=tuple(tuple(strides) for strides in slice_strides),
        output_axes=tuple((shape.sizes[i], full_strides[i]) for i in shape.output if i not in sliced),
        output_strides=tuple(full_strides.get(index, 0) for index in sliced),
        input_elements=input_elements,
        arena_elements=arena,
        shared_elements=shared,
        sliced_elements=reached,
    )


def _facts(shape: NetworkShape, path: Sequence[tuple[int, int]], sliced: Sequence[int]) -> _Facts:
    """Walks the path once: indices of every tensor, the step at which each index dies, the level of each step."""
    position = {index: number for number, index in enumerate(sliced)}
    gone = frozenset(sliced)
    indices = [frozenset(term) - gone for term in shape.inputs]
    level = [max((1 + position[index] for index in term if index in position), default=0) for term in shape.inputs]
    holders = [0] * shape.num_indices
    for term in [*indices, frozenset(shape.output) - gone]:
        for index in term:
            holders[index] += 1
    death = [len(path)] * shape.num_indices
    size_of = [math.prod([shape.sizes[index] for index in term]) for term in indices]
    steps = list(path) if shape.num_tensors != 1 else [(0, ONE)]
    pairs = []
    for step, (left, right) in enumerate(steps):
        a, b = (left, right) if right == ONE or size_of[left] >= size_of[right] else (right, left)
        b_indices = indices[b] if b != ONE else frozenset()
        kept = set()
        for index in indices[a] | b_indices:
            others = holders[index] - (index in indices[a]) - (index in b_indices)
            holders[index] = others + 1
            if others:
                kept.add(index)
            else:
                death[index] = step
        number = len(indices)
        indices.append(frozenset(kept))
        size_of.append(math.prod([shape.sizes[index] for index in kept]))
        level.append(max(level[a], level[b] if b != ONE else 0))
        pairs.append(_Pair(number, a, b, level[number]))
    pairs.sort(key=lambda pair: pair.level)
    return _Facts(indices, death, pairs)


def _input_orders(shape: NetworkShape, sliced: Sequence[int], death: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    """For each input its axes, slowest first: sliced ones, then by death; large inputs are left as they are."""
    rank = [(step, index) for index, step in enumerate(death)]
    for position, index in enumerate(sliced):
        rank[index] = (-1, position)
    orders = []
    for term in shape.inputs:
        axes = range(len(term))
        if math.prod([shape.sizes[index] for index in term]) > LARGE_INPUT_ELEMENTS:
            orders.append(tuple(axes))
        else:
            orders.append(tuple(sorted(axes, key=lambda axis: rank[term[axis]])))
    return tuple(orders)


def _orders(
    shape: NetworkShape,
    sliced: Sequence[int],
    facts: _Facts,
    lengths: Sequence[int],
    axis_orders: Sequence[Sequence[int]],
) -> list[tuple[int, ...]]:
    """The indices of every tensor in axis order, slowest first."""
    gone = frozenset(sliced)
    orders: list[tuple[int, ...]] = [()] * len(facts.indices)
    for number, axes in enumerate(axis_orders):
        ordered = [shape.inputs[number][axis] for axis in axes]
        orders[number] = tuple(dict.fromkeys(index for index in ordered if index not in gone))
    rank = [(step, index) for index, step in enumerate(facts.death)]
    root = len(facts.indices) - 1
    for pair in facts.pairs:
        number = pair.number
        if number == root:
            orders[number] = tuple(index for index in shape.output if index not in gone)
            continue
        by_death = sorted(facts.indices[number], key=rank.__getitem__)
        if lengths[number] >= LARGE_ELEMENTS:
            lanes = _lanes(shape.sizes, orders, facts.indices, pair)
            by_death = [index for index in by_death if index not in lanes] + lanes
        orders[number] = tuple(by_death)
    return orders


def _lanes(
    sizes: Sequence[int], orders: Sequence[Sequence[int]], indices: Sequence[frozenset[int]], pair: _Pair
) -> list[int]:
    """The fastest indices of a large output: the fastest ones kept of the operand that keeps more."""

    def kept_alone(operand: int, other: int) -> list[int]:
        others = indices[other] if other != ONE else frozenset()
        return [index for index in orders[operand] if index in indices[pair.number] and index not in others]

    own_a = kept_alone(pair.a, pair.b)
    own_b = kept_alone(pair.b, pair.a) if pair.b != ONE else []
    own = own_a if math.prod(sizes[index] for index in own_a) >= math.prod(sizes[index] for index in own_b) else own_b
    lanes: list[int] = []
    while own and math.prod(sizes[index] for index in lanes) < LANE_ELEMENTS:
        lanes.insert(0, own.pop())
    return lanes


def _arena(num_inputs: int, facts: _Facts, lengths: Sequence[int]) -> tuple[list[int], int, int, int]:
    """Offsets of the outputs of steps, in order of execution; lengths of the arena, its shared part, its sliced part.

    The output of a step that a step of higher level reads is kept until the end, since the higher ones loop.
    """
    pairs = facts.pairs
    if not pairs:
        return [], 0, 0, 0
    when = {pair.number: step for step, pair in enumerate(pairs)}
    last = [len(pairs)] * len(pairs)
    for step, pair in enumerate(pairs):
        for operand in (pair.a, pair.b):
            if operand >= num_inputs and pairs[when[operand]].level == pair.level:
                last[when[operand]] = step
    lifetimes = [Lifetime(step, last[step], lengths[pair.number]) for step, pair in enumerate(pairs)]
    slices_differ = pairs[-1].level > 0
    kept = [step for step, pair in enumerate(pairs) if slices_differ and pair.level == 0 and last[step] == len(pairs)]
    offsets, arena = assign_offsets(lifetimes, bottom=kept)
    shared = sum(rounded_up(lifetimes[step].num_elements) for step in kept)
    ends = [offsets[step] + rounded_up(lengths[pair.number]) for step, pair in enumerate(pairs) if pair.level > 0]
    return offsets, arena, shared, max(ends, default=0)


def _places(
    shape: NetworkShape,
    sliced: Sequence[int],
    axis_orders: Sequence[Sequence[int]],
    orders: Sequence[tuple[int, ...]],
) -> tuple[list[Place], list[list[tuple[int, int]]], int]:
    """Places of the inputs; for each sliced index the inputs that have it, with its stride; elements of all inputs."""
    position = {index: number for number, index in enumerate(sliced)}
    slice_strides: list[list[tuple[int, int]]] = [[] for _ in sliced]
    places = []
    end = 0
    for number, (term, axes) in enumerate(zip(shape.inputs, axis_orders, strict=True)):
        stride, by_index = 1, dict.fromkeys(term, 0)
        for axis in reversed(axes):
            by_index[term[axis]] += stride
            stride *= shape.sizes[term[axis]]
        for index, step in by_index.items():
            if index in position:
                slice_strides[position[index]].append((number, step))
        places.append(Place("input", end, orders[number], tuple(by_index[index] for index in orders[number]), stride))
        end += rounded_up(stride)
    return places, slice_strides, end


def _contiguous(order: Sequence[int], sizes: Sequence[int]) -> tuple[int, ...]:
    """Strides of a tensor whose axes, slowest first, have `order`."""
    strides, stride = [0] * len(order), 1
    for axis in range(len(order) - 1, -1, -1):
        strides[axis] = stride
        stride *= sizes[order[axis]]
    return tuple(strides)


def _steps(sizes: Sequence[int], facts: _Facts, lengths: Sequence[int], places: Sequence[Place]) -> list[Step]:
    """The steps, once every tensor has its place."""
    strides = [dict(zip(place.indices, place.strides, strict=True)) for place in places]
    nothing: dict[int, int] = {}
    steps = []
    for block, (number, a, b, level) in enumerate(facts.pairs):
        in_a, in_b, in_out = strides[a], strides[b] if b != ONE else nothing, strides[number]
        modes, touched = [], 1
        for index in {**in_a, **in_b}:
            size = sizes[index]
            if size != 1:
                touched *= size
                modes.append(Mode(size, in_a.get(index, 0), in_b.get(index, 0), in_out.get(index, 0)))
        traffic = lengths[a] + (lengths[b] if b != ONE else 0) + lengths[number]
        steps.append(Step(a, b, number, tuple(modes), (), block, level, touched if b != ONE else 0, traffic))
    return steps

"""Compilation of a plan: from a tree and sliced indices to a `Program` of plain steps."""

from __future__ import annotations

import math
from collections.abc import Sequence

from taizhang._types import DtypeName
from taizhang.errors import PlanError
from taizhang.network.network import NetworkShape
from taizhang.plan.plan import Plan
from taizhang.program.axis_orders import AxisOrders, choose_orders
from taizhang.program.blocks import Block, BlockLimits, find_blocks, order_with_blocks
from taizhang.program.buffers import Lifetime, assign_offsets, round_up
from taizhang.program.program import ONE, ROW, Mode, Place, Program, RowPick, Step
from taizhang.program.tree_facts import TreeFacts, walk

DEFAULT_LIMITS = BlockLimits()


def lower(plan: Plan, *, dtype: DtypeName = "complex64", limits: BlockLimits = DEFAULT_LIMITS) -> Program:
    """Compiles a plan.

    Args:
        plan: The plan.
        dtype: Type of all elements.
        limits: Which consecutive steps become blocks.

    Returns:
        The program, with every shared step at its level.

    Raises:
        PlanError: A sliced index is on no tensor.
    """
    shape, sliced = plan.shape, plan.sliced_indices
    gone = frozenset(sliced)
    absent = gone.difference(*shape.inputs)
    if absent:
        name = shape.index_names[min(absent)]
        raise PlanError(f"index '{name}' is sliced but on no tensor; leave it out of sliced_indices")
    if shape.is_empty:
        return _without_terms(plan, dtype)

    # Stage 1: steps, blocks and axis orders.
    facts = walk(shape, plan.tree.ssa_path, sliced)
    blocks = find_blocks(facts, facts.sizes, limits)
    facts = facts._replace(pairs=order_with_blocks(facts.pairs, blocks))
    orders = choose_orders(shape, sliced, facts, blocks, limits)

    # Stage 2: places of inputs and outputs.
    places, slice_strides, input_elements = _input_places(shape, sliced, orders)
    arena = _Arena(shape.num_tensors, facts, blocks)
    for number in range(shape.num_tensors, len(facts.indices)):
        order = orders.indices[number]
        strides, length = _contiguous(order, facts.sizes)
        offset = arena.offsets.get(number)
        places.append(Place("block" if offset is None else "arena", offset or 0, order, strides, length))

    # Stage 3: the layout of the value, and the program.
    row_axis = (shape.num_indices,) if shape.row_indices else ()
    result_axes = (*row_axis, *shape.output)
    full_strides = dict(zip(result_axes, _contiguous(result_axes, facts.sizes)[0], strict=True))
    return Program(
        dtype=dtype,
        input_shapes=tuple([tuple([shape.sizes[index] for index in term]) for term in shape.inputs]),
        axis_orders=orders.axes,
        places=tuple(places),
        steps=tuple(_steps(shape, facts, blocks, orders, places)),
        result=len(places) - 1 if places else ONE,
        output_shape=shape.value_shape,
        slice_sizes=tuple([shape.sizes[index] for index in sliced]),
        sliced_axes=tuple(
            [tuple([(axis, sliced.index(i)) for axis, i in enumerate(term) if i in gone]) for term in shape.inputs]
        ),
        slice_strides=tuple([tuple(strides) for strides in slice_strides]),
        output_axes=tuple([(facts.sizes[i], full_strides[i]) for i in result_axes if i not in gone]),
        output_slice_strides=tuple([full_strides.get(index, 0) for index in sliced]),
        input_elements=input_elements,
        arena_elements=arena.length,
        shared_elements=arena.shared,
        sliced_elements=arena.sliced,
        block_elements=_block_elements(facts, blocks, places),
        num_rows=shape.num_rows,
        row_sizes=tuple([shape.sizes[index] for index in shape.row_indices]),
    )


def _without_terms(plan: Plan, dtype: DtypeName) -> Program:
    """Returns the program of a network with an index of size 0: it reads nothing and has no steps."""
    shape, sliced = plan.shape, plan.sliced_indices
    return Program(
        dtype=dtype,
        input_shapes=tuple(tuple(shape.sizes[index] for index in term) for term in shape.inputs),
        axis_orders=(),
        places=(),
        steps=(),
        result=ONE,
        output_shape=shape.value_shape,
        slice_sizes=tuple(shape.sizes[index] for index in sliced),
        sliced_axes=((),) * shape.num_tensors,
        slice_strides=((),) * len(sliced),
        output_axes=(),
        output_slice_strides=(0,) * len(sliced),
        input_elements=0,
        arena_elements=0,
        shared_elements=0,
        sliced_elements=0,
        block_elements=0,
    )


def _input_places(
    shape: NetworkShape, sliced: Sequence[int], orders: AxisOrders
) -> tuple[list[Place], list[list[tuple[int, int]]], int]:
    """Returns the places of the inputs; for each sliced index its inputs and strides; elements of all inputs."""
    position = {index: number for number, index in enumerate(sliced)}
    slice_strides: list[list[tuple[int, int]]] = [[] for _ in sliced]
    places = []
    end = 0
    for number, (term, axes) in enumerate(zip(shape.inputs, orders.axes, strict=True)):
        stride, by_index = 1, dict.fromkeys(term, 0)
        for axis in reversed(axes):
            by_index[term[axis]] += stride
            stride *= shape.sizes[term[axis]]
        for index, step in by_index.items():
            if index in position:
                slice_strides[position[index]].append((number, step))
        order = orders.indices[number]
        places.append(Place("input", end, order, tuple([by_index[index] for index in order]), stride))
        end += round_up(stride)
    return places, slice_strides, end


class _Arena:
    """Offsets of the outputs of steps that are not inside a block, by tensor number, and the length of the arena.

    The output of a step that a step of higher level reads is kept until the end, since the higher ones are repeated.
    The steps of a block count as one moment.
    """

    def __init__(self, num_inputs: int, facts: TreeFacts, blocks: Sequence[Block]) -> None:
        inside = {pair.number for block in blocks for pair in block.pairs[:-1]}
        level_of = {pair.number: pair.level for pair in facts.pairs}
        time, first, last = 0, dict[int, int](), dict[int, int]()
        kept_for_all = set()
        for pair in facts.pairs:
            for operand in (pair.a, pair.b):
                if operand in first:
                    if level_of[operand] == pair.level:
                        last[operand] = time
                    elif level_of[operand] == 0:
                        kept_for_all.add(operand)
            if pair.number not in inside:
                first[pair.number] = time
                time += 1
        numbers = list(first)
        lifetimes = [Lifetime(first[n], last.get(n, time), facts.lengths[n]) for n in numbers]
        bottom = [k for k, number in enumerate(numbers) if number in kept_for_all]
        offsets, self.length = assign_offsets(lifetimes, bottom=bottom)
        self.offsets = dict(zip(numbers, offsets, strict=True))
        self.shared = sum(round_up(lifetimes[k].num_elements) for k in bottom)
        ends = [self.offsets[n] + round_up(facts.lengths[n]) for n in numbers if level_of[n] > 0]
        self.sliced = max(ends, default=0)


def _contiguous(order: Sequence[int], sizes: Sequence[int]) -> tuple[tuple[int, ...], int]:
    """Returns strides and length of a contiguous tensor whose axes, slowest first, have `order`."""
    strides, stride = [], 1
    for index in reversed(order):
        strides.append(stride)
        stride *= sizes[index]
    return tuple(strides[::-1]), stride


def _block_elements(facts: TreeFacts, blocks: Sequence[Block], places: Sequence[Place]) -> int:
    """Counts the elements of the pieces inside a block: two places, used in turn, for the largest of any block."""
    largest = [0, 0]
    for block in blocks:
        for turn, pair in enumerate(block.pairs[:-1]):
            largest[turn % 2] = max(largest[turn % 2], places[pair.number].num_elements)
    return 2 * round_up(max(largest))


def _steps(
    shape: NetworkShape, facts: TreeFacts, blocks: Sequence[Block], orders: AxisOrders, places: Sequence[Place]
) -> list[Step]:
    """Makes the steps, once every tensor has its place."""
    sizes = facts.sizes
    strides = [dict(zip(place.indices, place.strides, strict=True)) for place in places]
    block_of = {pair.number: number for number, block in enumerate(blocks) for pair in block.pairs}
    steps = []
    for number, a, b, level, by_rows in facts.pairs:
        block = block_of.get(number, -1)
        in_a, in_b, in_out = strides[a], strides[b] if b != ONE else {}, strides[number]
        modes: list[Mode] = []
        touched = 1
        looped = orders.loops[block] if block >= 0 else frozenset()
        for index in facts.indices[a].union(facts.indices[b]) if b != ONE else facts.indices[a]:
            size = sizes[index]
            if size != 1:
                touched *= size
                if index not in looped and not (by_rows and index in facts.row_like):
                    modes.append(Mode(size, in_a.get(index, 0), in_b.get(index, 0), in_out.get(index, 0)))
        outer = strides[blocks[block].pairs[-1].number] if looped else {}
        loops = [
            Mode(sizes[index], in_a.get(index, 0), in_b.get(index, 0), in_out.get(index, 0))
            for index in sorted(looped, key=lambda index: -outer[index])
        ]
        traffic = facts.lengths[a] + (facts.lengths[b] if b != ONE else 0) + facts.lengths[number]
        pick = None
        if by_rows:
            touched = math.prod([mode.size for mode in modes]) * shape.num_rows
            pick = _row_pick(shape, facts, places, (a, b, number))
        work = touched if b != ONE else 0
        steps.append(Step(a, b, number, tuple(modes), tuple(loops), block, level, work, traffic, pick))
    return steps


def _row_pick(shape: NetworkShape, facts: TreeFacts, places: Sequence[Place], numbers: tuple[int, int, int]) -> RowPick:
    """Returns where the rows lie of a step that looks up rows."""
    position = {index: number for number, index in enumerate(shape.row_indices)}
    position[shape.num_indices] = ROW

    def axes_of_rows(number: int) -> tuple[tuple[int, int], ...]:
        if number == ONE:
            return ()
        place = places[number]
        axes = zip(place.indices, place.strides, strict=True)
        return tuple((position[index], stride) for index, stride in axes if index in facts.row_like)

    def row_elements(number: int) -> int:
        place = places[number]
        axes = zip(place.indices, place.strides, strict=True)
        return 1 + sum([(facts.sizes[index] - 1) * stride for index, stride in axes if index not in facts.row_like])

    a, b, out = numbers
    return RowPick(axes_of_rows(a), axes_of_rows(b), row_elements(a), row_elements(out))

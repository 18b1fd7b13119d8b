"""Plans for a number compiled in the core: values of many sets of arrays, and derivatives by the inputs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.strategies import direct_value, filled, network_shapes, plans, qubit_networks

from taizhang.errors import PlanError
from taizhang.execute.number_program import NumberProgram
from taizhang.network.network import NetworkShape, TensorNetwork
from taizhang.plan.plan import Plan


@st.composite
def closed_networks(draw):
    """Networks of two or more tensors without open indices: hyperindices, repeated indices, sizes from 1, scalars."""
    shape = draw(network_shapes(min_tensors=2, max_tensors=7, max_size=3))
    return filled(replace(shape, output=()), draw(st.integers(0, 1 << 32)))


def _closed(network):
    return TensorNetwork.from_shape(replace(network.shape, output=()), network.arrays)


@st.composite
def planned(draw, given=None, max_sliced=3):
    network = draw(closed_networks() if given is None else given)
    return network, draw(plans(network, max_sliced))


def load(program, arrays):
    """The elements of all inputs as the program places them."""
    padded = [*arrays, np.zeros(1)]
    flat = [np.asarray(array).reshape(-1) for array in padded]
    pairs = zip(program.tensors.tolist(), program.places.tolist(), strict=True)
    return np.array([flat[tensor][place] for tensor, place in pairs], dtype=program.dtype)


def unload(program, elements, shape):
    """The array of each input from elements in that order."""
    arrays = [np.zeros([shape.sizes[index] for index in term], dtype=np.complex128) for term in shape.inputs]
    for tensor, place, element in zip(program.tensors, program.places, elements, strict=True):
        if tensor < len(arrays):
            arrays[tensor].reshape(-1)[place] = element
    return arrays


def run(plan, arrays, wanted, dtype="complex128", **options):
    """The value, and the derivative by each input."""
    program = NumberProgram(plan, wanted=wanted, dtype=dtype)
    how = {"threads": 1, "workers": 1, "inline": True, **options}
    values, adjoints = program.run(load(program, arrays)[np.newaxis], **how)
    return values[0], unload(program, adjoints[0], plan.shape) if len(wanted) else []


def check(network, plan, wanted, tolerance=1e-12, dtype="complex128"):
    value, adjoints = run(plan, network.arrays, wanted, dtype)
    direct, bound = direct_value(network)
    assert abs(value - direct) <= tolerance * bound
    rng = np.random.default_rng(0)
    for number in range(network.shape.num_tensors):
        array = network.arrays[number]
        if number in wanted:
            # The value is linear in each tensor: its derivative in a direction is the value with that in its place.
            direction = rng.normal(size=array.shape) + 1j * rng.normal(size=array.shape)
            arrays = [*network.arrays[:number], direction, *network.arrays[number + 1 :]]
            slope, size = direct_value(TensorNetwork.from_shape(network.shape, arrays))
            assert abs((adjoints[number] * direction).sum() - slope) <= tolerance * size
        elif len(wanted):
            assert not np.any(adjoints[number])


@settings(max_examples=80)
@given(case=planned(), data=st.data())
def test_derivatives_are_values_with_a_direction_in_place_of_the_tensor(case, data):
    network, plan = case
    everything = list(range(network.shape.num_tensors))
    check(network, plan, data.draw(st.one_of(st.just(everything), st.lists(st.sampled_from(everything), unique=True))))


@settings(max_examples=10)
@given(case=planned(qubit_networks(max_indices=16, max_tensors=6).map(_closed)))
def test_derivatives_of_larger_tensors(case):
    network, plan = case
    check(network, plan, range(network.shape.num_tensors))


@settings(max_examples=20)
@given(case=planned())
def test_single_precision_is_close(case):
    network, plan = case
    check(network, plan, range(network.shape.num_tensors), tolerance=1e-5, dtype="complex64")


@settings(max_examples=20)
@given(case=planned(), threads=st.integers(1, 3), workers=st.integers(1, 3))
def test_threads_and_workers_do_not_change_a_bit(case, threads, workers):
    network, plan = case
    wanted = range(network.shape.num_tensors)
    one = run(plan, network.arrays, wanted)
    several = run(plan, network.arrays, wanted, threads=threads, workers=workers, inline=False)
    assert one[0].tobytes() == several[0].tobytes()
    assert [array.tobytes() for array in one[1]] == [array.tobytes() for array in several[1]]


@settings(max_examples=20)
@given(case=planned(), count=st.integers(1, 4), workers=st.integers(1, 3))
def test_many_sets_in_one_call_are_the_same_as_one_by_one(case, count, workers):
    network, plan = case
    program = NumberProgram(plan, wanted=range(network.shape.num_tensors), dtype="complex128")
    sets = np.array([load(program, [(number + 1) * array for array in network.arrays]) for number in range(count)])
    values, adjoints = program.run(sets, threads=1, workers=workers, inline=False)
    alone = [program.run(elements[np.newaxis], threads=1, workers=1, inline=True) for elements in sets]
    assert values.tobytes() == b"".join(value.tobytes() for value, _ in alone)
    assert adjoints.tobytes() == b"".join(adjoint.tobytes() for _, adjoint in alone)


@settings(max_examples=60)
@given(case=planned())
def test_multiply_adds_without_derivatives_are_those_of_the_plan(case):
    _, plan = case
    assert NumberProgram(plan, dtype="complex128").multiply_adds == plan.cost.multiply_adds_executed


@settings(max_examples=30)
@given(case=planned(max_sliced=0))
def test_value_and_derivatives_take_at_most_three_times_the_work(case):
    network, plan = case
    program = NumberProgram(plan, dtype="complex64", wanted=range(network.shape.num_tensors))
    assert program.multiply_adds <= 3 * plan.cost.multiply_adds_executed


@pytest.mark.parametrize(
    "shape",
    [
        NetworkShape(inputs=((0,), (0, 1)), output=(1,), sizes=(2, 2)),
        NetworkShape(inputs=((0,),), output=(), sizes=(2,)),
        NetworkShape(inputs=((0,), (0,)), output=(), sizes=(0,)),
    ],
)
def test_only_numbers_have_derivatives(shape):
    from_shape = TensorNetwork.from_shape(shape, [np.ones([shape.sizes[i] for i in term]) for term in shape.inputs])
    plan = plan_of(from_shape)
    with pytest.raises(PlanError, match="two or more tensors whose value is a number"):
        NumberProgram(plan, dtype="complex64", wanted=[0])


def plan_of(network):
    path = [(0, 1)] if network.shape.num_tensors > 1 else []
    return Plan.from_ssa_path(network, path, [])

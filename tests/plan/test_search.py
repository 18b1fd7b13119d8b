"""The search for plans."""

from __future__ import annotations

import json
import math
import runpy
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.shared_data import needs_shared_data, shared_path
from tests.strategies import network_shapes, shapes_of_rows

import taizhang as tz
from taizhang import _native
from taizhang.errors import MemoryLimitError, UsageError
from taizhang.network.network import NetworkShape
from taizhang.plan.cost import cost_of, step_costs
from taizhang.plan.objective import predicted_seconds
from taizhang.plan.rates import assumed_rates
from taizhang.plan.search import SearchInterrupted, SearchProgress, search, slice_further
from taizhang.plan.tree import ContractionTree


def lattice(side: int, *, size: int = 2) -> NetworkShape:
    """A square lattice of tensors, closed."""
    names: dict[tuple[int, int, str], int] = {}
    inputs = []
    for row in range(side):
        for column in range(side):
            term = []
            for r, c, way in (
                (row, column, "right"),
                (row, column - 1, "right"),
                (row, column, "down"),
                (row - 1, column, "down"),
            ):
                inside = r >= 0 and c >= 0 and (c + 1 < side if way == "right" else r + 1 < side)
                if inside:
                    term.append(names.setdefault((r, c, way), len(names)))
            inputs.append(tuple(term))
    return NetworkShape(inputs=tuple(inputs), output=(), sizes=(size,) * len(names))


@settings(deadline=None, max_examples=60)
@given(network_shapes(max_tensors=12), st.integers(0, 3))
def test_any_network_is_planned(shape, seed) -> None:
    plan = search(shape, trials=1, seed=seed)
    assert plan.cost == cost_of(shape, plan.tree, plan.sliced_indices)
    assert plan.sliced_indices == ()


@settings(deadline=None, max_examples=60)
@given(network_shapes(min_tensors=3, max_tensors=12), st.integers(2, 6))
def test_a_width_is_kept_to_or_refused(shape, width) -> None:
    try:
        plan = search(shape, trials=1, width=width)
    except MemoryLimitError:
        pytest.fail("slicing every index makes any intermediate one element")
    assert plan.cost.width <= width + 1e-9


def test_a_lattice_is_contracted_along_its_side() -> None:
    plan = search(lattice(8), trials=24)
    assert plan.cost.width <= 8
    assert plan.cost.log10_multiply_adds_naive < 4.5


def test_a_width_below_the_side_of_a_lattice_is_reached_by_slicing() -> None:
    plan = search(lattice(12), width=8, trials=2)
    assert plan.cost.width <= 8
    assert plan.num_slices > 1


def test_memory_is_kept_to() -> None:
    free = search(lattice(16), trials=1)
    limit = free.cost.peak_bytes // 8
    plan = search(lattice(16), memory_bytes=limit, trials=1)
    assert plan.cost.peak_bytes <= limit


def test_memory_too_small_for_the_inputs_is_a_clear_error() -> None:
    with pytest.raises(MemoryLimitError, match=r"inputs and result take .*; allow more memory"):
        search(lattice(6), memory_bytes=100, trials=1)


def test_small_networks_are_planned_in_milliseconds() -> None:
    shape = lattice(7)
    search(shape)
    best = min(timed(shape) for _ in range(15))
    assert best < 0.03


def timed(shape: NetworkShape) -> float:
    started = time.perf_counter()
    search(shape, threads=2)
    return time.perf_counter() - started


def test_a_given_time_is_kept_to() -> None:
    started = time.perf_counter()
    search(lattice(14), width=8, seconds=0.5, threads=2)
    assert 0.3 < time.perf_counter() - started < 1.5


def test_progress_is_shown_and_the_search_stops_when_asked() -> None:
    seen: list[SearchProgress] = []
    started = time.perf_counter()
    plan = search(
        lattice(20), width=10, seconds=60, progress=seen.append, should_stop=lambda: time.perf_counter() - started > 0.3
    )
    assert time.perf_counter() - started < 5
    assert plan.cost.width <= 10
    assert seen
    assert seen[-1].seconds_left is not None


def test_an_error_of_the_progress_function_comes_through() -> None:
    def fail(_: SearchProgress) -> None:
        raise KeyError("from progress")

    with pytest.raises(KeyError, match="from progress"):
        search(lattice(20), width=10, seconds=20, progress=fail)


@pytest.mark.parametrize(
    "options",
    [{"trials": 0}, {"seconds": -1.0}, {"threads": 0}, {"seed": -1}, {"width": -2.0}, {"memory_bytes": 0},
     {"seconds": 1.0, "trials": 1}],
)  # fmt: skip
def test_wrong_options_are_refused(options) -> None:
    with pytest.raises(UsageError, match=r"must be|give one of them"):
        search(lattice(3), **options)


@settings(deadline=None, max_examples=60)
@given(shapes_of_rows(min_tensors=2, max_tensors=12), st.sampled_from([3, 5, math.inf]))
def test_native_figures_are_those_of_the_definition(shape, width) -> None:
    proposal = _native.search_plan(
        shape, width=width, look=None,
        memory_elements=math.inf, seconds=None, trials=1, seed=0, threads=1, log2_per_element=-math.inf,
        charge_per_second=1e9, seconds_per_element=1e-9,
    )  # fmt: skip
    assert proposal is not None
    proposal = proposal.plans[0]
    peak = proposal.peak_elements
    tree = ContractionTree(num_tensors=shape.num_tensors, ssa_path=tuple(proposal.ssa_path))
    cost = cost_of(shape, tree, proposal.sliced_indices)
    inputs_and_result = cost.peak_bytes / 8 - peak
    assert proposal.fits or shape.row_indices  # which cannot be sliced
    assert proposal.log2_multiply_adds == pytest.approx(math.log2(cost.multiply_adds_naive), abs=1e-3)
    assert proposal.log2_executed == pytest.approx(math.log2(cost.multiply_adds_executed), abs=1e-3)
    assert proposal.width == pytest.approx(cost.width, abs=1e-3)
    assert inputs_and_result == pytest.approx(fixed_elements(shape, cost.num_slices), rel=1e-3, abs=0.5 + 1e-3 * peak)


def test_native_figures_hold_for_hundreds_of_slices() -> None:
    shape = ladder(200)
    free = search(shape, trials=1)
    plan = slice_further(free, memory_bytes=2**30, width=3.0)
    assert len(plan.sliced_indices) > 128
    proposal = _native.slice_plan(
        shape,
        ssa_path=plan.tree.ssa_path,
        sliced_indices=plan.sliced_indices,
        width=3.0,
        memory_elements=1e9,
        log2_per_element=-math.inf,
    )
    cost = cost_of(
        shape,
        ContractionTree(num_tensors=shape.num_tensors, ssa_path=tuple(proposal.ssa_path)),
        proposal.sliced_indices,
    )
    assert proposal.fits
    assert proposal.width == cost.width <= 3.0
    assert proposal.log2_multiply_adds == pytest.approx(math.log2(cost.multiply_adds_naive), abs=1e-2)
    assert proposal.log2_executed == pytest.approx(math.log2(cost.multiply_adds_executed), abs=1e-2)
    assert proposal.peak_elements == cost.peak_bytes / 8 - fixed_elements(shape, cost.num_slices)


def ladder(length: int) -> NetworkShape:
    """Two rails joined by rungs, all indices of size 4."""
    rails = [
        [name for name in (f"{rail}{place - 1}", f"{rail}{place}") if name not in (f"{rail}-1", f"{rail}{length - 1}")]
        for rail in "ab"
        for place in range(length)
    ]
    terms = [[*rail, f"rung{number % length}"] for number, rail in enumerate(rails)]
    return NetworkShape.from_names(terms, [], {name: 4 for term in terms for name in term})


def random_gates(num_wires: int, num_gates: int) -> NetworkShape:
    """Gates on two wires each, drawn at random, between given states."""
    rng = np.random.default_rng(0)
    wire = list(range(num_wires))
    inputs: list[tuple[int, ...]] = [(index,) for index in wire]
    fresh = num_wires
    for _ in range(num_gates):
        first, second = rng.choice(num_wires, size=2, replace=False)
        inputs.append((wire[first], wire[second], fresh, fresh + 1))
        wire[first], wire[second] = fresh, fresh + 1
        fresh += 2
    inputs += [(index,) for index in wire]
    return NetworkShape(inputs=tuple(inputs), output=(), sizes=(2,) * fresh)


@pytest.mark.parametrize(("num_wires", "num_gates", "megabytes"), [(40, 1500, 64), (20, 2500, 1), (60, 800, 2)])
def test_deep_networks_are_planned_in_time_and_fit(num_wires, num_gates, megabytes) -> None:
    shape = random_gates(num_wires, num_gates)
    started = time.perf_counter()
    plan = search(shape, memory_bytes=megabytes << 20, seconds=0.5)
    assert time.perf_counter() - started < 6  # alone on a machine it takes a second
    assert plan.cost.peak_bytes <= megabytes << 20
    assert plan.cost == cost_of(shape, plan.tree, plan.sliced_indices)


def test_a_deep_network_fits_where_only_single_numbers_do() -> None:
    shape = random_gates(12, 300)
    most = (fixed_elements(shape, 2) + 2 * shape.num_tensors) * 8
    plan = search(shape, memory_bytes=most, trials=1)
    assert plan.cost.peak_bytes <= most


# Indices a, b and c of size 256 between three tensors that share k; its slices share nothing but their sum.
SLICES_FOR_NOTHING = NetworkShape(inputs=((0, 1, 3), (1, 2, 3), (2, 0, 3)), output=(), sizes=(256, 256, 256, 64))


def test_of_plans_that_take_about_as_long_the_one_of_least_memory_is_taken() -> None:
    fast = search(SLICES_FOR_NOTHING, trials=4, objective="multiply_adds")
    assert fast.num_slices == 1
    spared = search(SLICES_FOR_NOTHING, trials=4)
    assert spared.num_slices > 1
    assert spared.cost.peak_bytes < fast.cost.peak_bytes
    assert spared.predicted_seconds <= 1.1 * fast.predicted_seconds


def test_memory_that_comes_slowly_is_predicted() -> None:
    slow = replace(assumed_rates(), fresh_seconds_per_byte=1e-6)
    shape = lattice(16)
    usual, spared = (search(shape, trials=8, machine=machine) for machine in (assumed_rates(), slow))
    steps = step_costs(shape, usual.tree, usual.sliced_indices)
    taken = predicted_seconds(steps, slow, peak_bytes=usual.cost.peak_bytes)
    assert spared.predicted_seconds <= 1.1 * taken
    assert taken - predicted_seconds(steps, slow) == pytest.approx(1e-6 * usual.cost.peak_bytes)


def test_a_plan_is_sliced_further_without_another_search() -> None:
    free = search(lattice(16), trials=4)
    assert slice_further(free, memory_bytes=free.cost.peak_bytes).sliced_indices == free.sliced_indices
    plan = slice_further(free, memory_bytes=free.cost.peak_bytes // 4)
    assert plan.cost.peak_bytes <= free.cost.peak_bytes // 4
    assert plan.cost == cost_of(lattice(16), plan.tree, plan.sliced_indices)
    assert slice_further(free, memory_bytes=free.cost.peak_bytes, width=5).cost.width <= 5
    with pytest.raises(MemoryLimitError, match="allow more memory"):
        slice_further(free, memory_bytes=8)


def fixed_elements(shape: NetworkShape, num_slices: int) -> int:
    inputs = sum(math.prod(shape.sizes[index] for index in term) for term in shape.inputs)
    return inputs + (2 if num_slices > 1 else 1) * math.prod(shape.value_shape)


@pytest.mark.parametrize("objective", ["seconds", "multiply_adds"])
def test_either_objective_finds_a_plan(objective) -> None:
    assert search(lattice(10), trials=16, objective=objective).cost.log10_multiply_adds_naive < 5.5


@needs_shared_data
@pytest.mark.parametrize("name", ["syc_m12", "grcs_7x7_d40", "qaoa_n120_p4"])
def test_costs_agree_with_an_independent_count(name) -> None:
    network = json.loads(shared_path("networks", f"{name}.json").read_text())
    plan_cost = runpy.run_path(str(shared_path("tools", "plan_cost.py")))["plan_cost"]
    shape = NetworkShape.from_names(network["inputs"], network["output"], network["size_dict"])
    plan = search(shape, width=24, seconds=1.0, threads=2)
    counted = plan_cost(
        network["inputs"], network["output"], network["size_dict"], plan.tree.ssa_path, plan.sliced_names
    )
    assert counted["log10_multiply_adds_naive"] == pytest.approx(plan.cost.log10_multiply_adds_naive)
    assert counted["log10_multiply_adds_shared"] == pytest.approx(plan.cost.log10_multiply_adds_shared)
    assert counted["width"] == plan.cost.width <= 24
    assert counted["num_slices"] == plan.num_slices


def interrupt_search(monkeypatch, *, found_plan=True):
    """Lets the native search end as it does on Ctrl-C."""
    native = _native.search_plan

    def interrupted(*arguments, **options):
        interrupt = KeyboardInterrupt()
        interrupt.found = native(*arguments, **options) if found_plan else None
        raise interrupt

    monkeypatch.setattr(_native, "search_plan", interrupted)


def test_an_interrupt_carries_the_best_plan_so_far(monkeypatch):
    shape = tz.AmplitudeNetwork(tz.grid_circuit(4, 4, 16, seed=1)).shape
    uninterrupted = search(shape, trials=2, seed=3)
    interrupt_search(monkeypatch)
    with pytest.raises(SearchInterrupted) as caught:
        search(shape, trials=2, seed=3)
    assert caught.value.plan.tree == uninterrupted.tree
    assert caught.value.plan.cost == uninterrupted.cost
    with pytest.raises(KeyboardInterrupt):
        tz.plan(shape, trials=2, seed=3)


def test_an_interrupt_carries_no_plan_that_does_not_fit(monkeypatch):
    shape = tz.AmplitudeNetwork(tz.grid_circuit(4, 4, 16, seed=1)).shape
    interrupt_search(monkeypatch)
    with pytest.raises(SearchInterrupted) as caught:
        search(shape, trials=1, memory_bytes=64)
    assert caught.value.plan is None


def test_an_interrupt_before_there_is_a_plan_is_one(monkeypatch):
    interrupt_search(monkeypatch, found_plan=False)
    with pytest.raises(SearchInterrupted) as caught:
        search(tz.AmplitudeNetwork(tz.grid_circuit(3, 3, 8, seed=1)).shape, trials=1)
    assert caught.value.plan is None

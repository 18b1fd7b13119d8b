"""The predicted run time of plans."""

from __future__ import annotations

import math

import pytest
from tests.plan.test_search import ladder, lattice

from taizhang.plan.objective import seconds_of_runs
from taizhang.plan.rates import assumed_rates, measured_rates
from taizhang.plan.search import search


def test_more_slices_than_a_float_counts_are_predicted_to_take_for_ever():
    """A ladder of 1,000 rungs that must be sliced to tensors of eight elements."""
    shape = ladder(1000)
    plan = search(shape, width=3.0, trials=1, machine=measured_rates(1))
    assert plan.num_slices > 10**309
    assert 1e280 < plan.predicted_seconds < math.inf
    assert str(plan)


def test_memory_is_touched_for_the_first_time_in_the_first_run_only():
    machine = assumed_rates()
    plan = search(lattice(6), trials=1, machine=machine)
    touching = machine.fresh_seconds_per_byte * plan.cost.peak_bytes
    once, often = (
        seconds_of_runs(plan.predicted_seconds, runs, machine, peak_bytes=plan.cost.peak_bytes) for runs in (1, 10)
    )
    assert once == pytest.approx(plan.predicted_seconds)
    assert often == pytest.approx(10 * plan.predicted_seconds - 9 * touching)

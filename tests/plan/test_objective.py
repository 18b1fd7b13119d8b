"""What a plan is expected to take."""

from __future__ import annotations

import math

from taizhang.network.network import NetworkShape
from taizhang.plan.machine import measured_machine
from taizhang.plan.search import search


def test_more_slices_than_a_float_counts_are_predicted_to_take_for_ever():
    """A ladder of 1,000 rungs that must be cut to pieces of eight elements."""
    length = 1000
    rails = [
        [name for name in (f"{rail}{place - 1}", f"{rail}{place}") if name not in (f"{rail}-1", f"{rail}{length - 1}")]
        for rail in "ab"
        for place in range(length)
    ]
    terms = [[*rail, f"rung{number % length}"] for number, rail in enumerate(rails)]
    sizes = {name: 4 for term in terms for name in term}
    shape = NetworkShape.from_names(terms, [], sizes)
    plan = search(shape, width=3.0, trials=1, machine=measured_machine(1))
    assert plan.num_slices > 10**309
    assert 1e280 < plan.predicted_seconds < math.inf
    assert str(plan)

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taizhang.plots.scale import Scale, clip, ticks

NUMBERS = st.floats(-1e6, 1e6)


@given(NUMBERS, st.floats(1e-6, 1e6), st.integers(2, 12))
def test_ticks_are_within_the_range_evenly_spaced_and_not_too_many(low, length, most):
    high = low + length
    values = ticks(low, high, most=most)
    assert len(values) <= most + 1
    # Ticks are rounded numbers: they may be off by the spacing of floats of their size.
    slack = 1e-6 * length + 4 * math.ulp(max(abs(low), abs(high)))
    assert all(low - slack <= value <= high + slack for value in values)


@given(st.floats(1e-9, 1e9), st.floats(1.01, 1e12))
def test_logarithmic_scales_have_few_ticks_within_their_range(low, factor):
    scale = Scale.logarithmic(low, low * factor)
    assert len(scale.ticks) <= 9
    assert all(-1e-6 <= scale.share(value) <= 1 + 1e-6 for value, _ in scale.ticks)
    assert (scale.share(low), scale.share(scale.high)) == pytest.approx((0, 1))


def test_values_that_have_no_logarithm_lie_far_below():
    assert Scale.logarithmic(1, 10).share(0) < -1000


@given(st.lists(st.tuples(st.floats(-3, 3), st.floats(-3, 3)), min_size=2, max_size=12))
def test_a_clipped_line_lies_in_the_box_and_on_the_line(points):
    for part in clip(points, -1, -1, 1, 1):
        for x, y in part:
            assert max(abs(x), abs(y)) <= 1 + 1e-9
            assert min(_distance((x, y), a, b) for a, b in pairwise(points)) < 1e-9
    inside = [point for point in points if max(map(abs, point)) <= 1]
    kept = {point for part in clip(points, -1, -1, 1, 1) for point in part}
    assert set(inside) <= kept


def test_a_line_inside_the_box_stays_one_part():
    line = [(0.1 * k, math.sin(k)) for k in range(-9, 10)]
    assert clip(line, -1, -1, 1, 1) == [tuple(line)]


def _distance(point, a, b):
    """Distance of a point from a line segment."""
    (px, py), (ax, ay), (bx, by) = point, a, b
    length = (bx - ax) ** 2 + (by - ay) ** 2
    t = 0.0 if length == 0 else min(max(((px - ax) * (bx - ax) + (py - ay) * (by - ay)) / length, 0.0), 1.0)
    return math.dist(point, (ax + t * (bx - ax), ay + t * (by - ay)))

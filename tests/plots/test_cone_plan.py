"""Drawings of the plans of expectation values."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest

import taizhang as tz
from taizhang.plots.cone_plan import MOST_SHAPES, cone_plan_figure, headline
from taizhang.plots.picture import Words
from taizhang.plots.style import text_width
from taizhang.tasks.cone_plan import ConeFigures, ConePlan


def plan_of(shapes, *, num_known=0):
    return ConePlan(
        num_products=sum(shape.num_products for shape in shapes) + num_known,
        num_known=num_known,
        shapes=tuple(shapes),
        predicted_seconds=90.0,
        predicted_bytes=1 << 20,
        planning_seconds=1.0,
    )


def shape(multiply_adds=1000, num_cones=2, num_products=10):
    return ConeFigures(
        num_cones=num_cones,
        num_products=num_products,
        num_qubits=6,
        multiply_adds=multiply_adds,
        width=4.0,
        predicted_seconds=1e-3,
    )


def words_of(plan, tmp_path):
    """The words in the picture."""
    tz.plot_plan(plan, tmp_path / "plan.svg")
    root = ElementTree.fromstring((tmp_path / "plan.svg").read_text(encoding="utf-8"))
    return " ".join(node.text for node in root.iter("{http://www.w3.org/2000/svg}text"))


@pytest.mark.parametrize(("ending", "start"), [("png", b"\x89PNG"), ("svg", b"<svg"), ("pdf", b"%PDF")])
def test_a_plan_is_drawn_in_the_format_of_the_ending(tmp_path, ending, start):
    plan = tz.plan(tz.grid_circuit(3, 3, 8, seed=5), observables=["Z0 Z1", "X4"], trials=1)
    tz.plot_plan(plan, tmp_path / f"plan.{ending}")
    assert (tmp_path / f"plan.{ending}").read_bytes().startswith(start)


def test_the_picture_shows_work_and_sharing(tmp_path):
    words = words_of(plan_of([shape(10**6), shape(), shape()], num_known=7), tmp_path)
    assert "37 Pauli products, 6 different light cones, 10^6.30 multiply-adds, 1 min 30 s predicted" in words
    assert "Work: 1 of 3 shapes has 90 % of it" in words
    assert "Sharing: 30 products from 6 contractions; 7 more are known without work" in words


def test_a_tooltip_says_what_a_bar_is(tmp_path):
    tz.plot_plan(plan_of([shape()]), tmp_path / "plan.svg")
    assert "10 products, 2 different cones of 6 qubits, 10^3.00 multiply-adds each" in (
        tmp_path / "plan.svg"
    ).read_text(encoding="utf-8")


def test_without_work_there_is_nothing_to_draw_but_words(tmp_path):
    plan = tz.plan(tz.Circuit(2).h(0).cx(0, 1), observables="Z0 Z1 + X0 X1")
    assert "2 Pauli products, without any work" in words_of(plan, tmp_path)
    assert len(cone_plan_figure(plan).panels) == 1


def test_shapes_with_little_work_are_left_out_if_there_are_many(tmp_path):
    plan = plan_of([shape(10**6 - number) for number in range(MOST_SHAPES + 5)])
    assert "the 5 shapes with least work are left out" in words_of(plan, tmp_path)


@pytest.mark.parametrize("count", [1, 2, 3, 40, 1000])
@pytest.mark.parametrize("width", [320, 960])
def test_words_stay_inside_the_picture(count, width):
    plan = plan_of([shape(10**5 + number) for number in range(count)])
    picture = cone_plan_figure(plan).picture(width)
    for item in picture.items:
        if isinstance(item, Words) and item.anchor == "start":
            assert item.at[0] + 0.8 * text_width(item.text, item.size) <= width, item.text
        if isinstance(item, Words):
            assert 0 <= item.at[1] <= picture.height


def test_the_headline_counts_one():
    assert headline(plan_of([shape(num_cones=1, num_products=1)])).startswith(
        "Plan: 1 Pauli product, 1 different light cone, "
    )

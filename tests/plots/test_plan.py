"""Drawings of plans of any size."""

from __future__ import annotations

import itertools
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest

import taizhang as tz
from taizhang.plots.picture import Path, Words
from taizhang.plots.plan import plan_figure, plan_svg, plot_plan
from taizhang.plots.style import text_width
from taizhang.plots.svg import to_svg

CHAIN = tz.NetworkShape.from_names(["ab", "bc", "cd", "de"], "ae", dict.fromkeys("abcde", 4))
PLAN = tz.Plan.from_ssa_path(CHAIN, [(0, 1), (4, 2), (5, 3)], sliced_indices=("b", "d"))


def words_of(plan, tmp_path):
    """The words in the picture."""
    plot_plan(plan, tmp_path / "plan.svg")
    root = ElementTree.fromstring((tmp_path / "plan.svg").read_text(encoding="utf-8"))
    return " ".join(node.text for node in root.iter("{http://www.w3.org/2000/svg}text"))


@pytest.mark.parametrize(("ending", "start"), [("png", b"\x89PNG"), ("svg", b"<svg"), ("pdf", b"%PDF")])
def test_a_plan_is_drawn_in_the_format_of_the_ending(tmp_path, ending, start):
    path = tmp_path / f"plan.{ending}"
    tz.plot_plan(PLAN, str(path))
    assert path.read_bytes().startswith(start)


def test_the_picture_shows_the_cost_of_the_plan(tmp_path):
    words = words_of(replace(PLAN, predicted_seconds=90.0), tmp_path)
    assert "multiply-adds in 16 slices" in words
    assert "1 min 30 s predicted" in words
    assert "3 of 3 steps are the stem and do 100 % of the work" in words
    assert "Sliced indices: 2" in words


def test_the_picture_shows_the_progress_of_the_search(tmp_path):
    improved = replace(PLAN, planning_seconds=4.0, history=((0.5, 4.0), (2.0, 3.0)))
    assert "10 times less work than the first plan, found after 2.0 s of 4.0 s" in words_of(improved, tmp_path)
    steady = replace(PLAN, planning_seconds=1.0, history=((0.5, 4.0),))
    assert "the first plan stayed the best" in words_of(steady, tmp_path)
    slimmer = replace(PLAN, planning_seconds=1.0, history=((0.5, 4.0), (0.6, 4.301)))
    assert "2 times more work than the first plan, but faster or smaller" in words_of(slimmer, tmp_path)


def test_a_plan_made_elsewhere_has_no_search_to_draw(tmp_path):
    assert "Search: not recorded with this plan" in words_of(PLAN, tmp_path)


def test_a_plan_without_slices_has_no_panel_for_them(tmp_path):
    assert "Sliced indices" not in words_of(tz.Plan.from_ssa_path(CHAIN, PLAN.tree.ssa_path), tmp_path)


def test_a_plan_without_steps_is_drawn(tmp_path):
    single = tz.NetworkShape.from_names(["a"], "a", {"a": 2})
    assert "nothing to contract" in words_of(tz.Plan.from_ssa_path(single, []), tmp_path)


def test_a_large_tree_with_many_slices_is_drawn(tmp_path):
    side = [f"i{k}" for k in range(400)]
    terms = [(a, b, f"c{k % 30}") for k, (a, b) in enumerate(itertools.pairwise(side))]
    sizes = dict.fromkeys((*side, *(f"c{k}" for k in range(30))), 2)
    shape = tz.NetworkShape.from_names(terms, (), sizes)
    path = [(0, 1)] + [(k, 397 + k) for k in range(2, 399)]
    plan = tz.Plan.from_ssa_path(shape, path, [f"c{k}" for k in range(30)])
    assert "30" in words_of(plan, tmp_path)


def test_an_unknown_ending_is_refused(tmp_path):
    with pytest.raises(tz.UsageError, match=r"\.png, \.svg or \.pdf"):
        plot_plan(PLAN, tmp_path / "plan.docx")


def test_a_missing_matplotlib_is_reported_with_the_remedy(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(tz.MissingPackageError, match=r"pip install 'taizhang\[plot\]'"):
        plot_plan(PLAN, tmp_path / "plan.png")
    plot_plan(PLAN, tmp_path / "plan.svg")  # needs no package


def test_names_from_files_are_escaped_in_svg():
    odd = tz.NetworkShape.from_names([("a", '<b>&"'), ('<b>&"', "c")], ("a", "c"), {"a": 2, '<b>&"': 2, "c": 2})
    plan = tz.Plan.from_ssa_path(odd, [(0, 1)], sliced_indices=('<b>&"',))
    svg = to_svg(plan_figure(plan).picture())
    assert "<b>" not in svg
    assert '<b>&"' in [node.text for node in ElementTree.fromstring(svg).iter() if node.text]


@pytest.mark.parametrize("width", [320, 400, 720, 1600])
def test_nothing_lies_outside_the_picture_at_any_width(width):
    picture = plan_figure(replace(PLAN, planning_seconds=4.0, history=((0.5, 4.0), (2.0, 3.0)))).picture(width)
    for item in picture.items:
        if isinstance(item, Path):
            points = [point for part in item.parts for point in part]
        else:
            points = [item.at] if isinstance(item, Words) else item.at
        assert all(0 <= x <= width and 0 <= y <= picture.height for x, y in points)
        if isinstance(item, Words) and item.anchor == "start":
            assert item.at[0] + text_width(item.text, item.size) <= width + 1


def test_the_small_picture_for_notebooks_is_light():
    svg = plan_svg(PLAN)
    ElementTree.fromstring(svg)
    assert "prefers-color-scheme" in svg
    assert "prefers-color-scheme" not in plan_svg(PLAN, style=False)
    assert len(plan_svg(PLAN, style=False)) < 8000


def test_a_long_stem_has_a_small_picture():
    names = [f"i{k}" for k in range(3001)]
    shape = tz.NetworkShape.from_names(itertools.pairwise(names), ("i0", "i3000"), dict.fromkeys(names, 2))
    long = tz.Plan.from_ssa_path(shape, [(0, 1)] + [(k, 2998 + k) for k in range(2, 3000)])
    svg = plan_svg(long)
    assert "2,999 of 2,999 steps are the stem" in svg
    assert len(svg) < 12_000


def test_a_plan_of_one_step_has_a_title_of_its_own(tmp_path):
    pair = tz.NetworkShape.from_names(["ab", "bc"], "ac", dict.fromkeys("abc", 2))
    assert "Width of the only step" in words_of(tz.Plan.from_ssa_path(pair, [(0, 1)]), tmp_path)

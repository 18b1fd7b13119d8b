import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest
from tests.execute.test_profile import ARITHMETIC, BLOCKED, MOVING, ROOFLINE, SMALL, run_of

import taizhang as tz
from taizhang.plan.stem import stems_of

PROFILE = tz.Profile.of_runs([run_of(ARITHMETIC._replace(on_stem=True), MOVING, BLOCKED, SMALL)], ROOFLINE)


def words_of(profile, tmp_path):
    tz.plot_profile(profile, tmp_path / "roofline.svg")
    root = ElementTree.fromstring((tmp_path / "roofline.svg").read_text(encoding="utf-8"))
    return " ".join(node.text for node in root.iter("{http://www.w3.org/2000/svg}text"))


@pytest.mark.parametrize(("ending", "start"), [("png", b"\x89PNG"), ("svg", b"<svg"), ("pdf", b"%PDF")])
def test_a_profile_is_drawn_in_the_format_of_the_ending(tmp_path, ending, start):
    path = tmp_path / f"roofline.{ending}"
    tz.plot_profile(PROFILE, path)
    assert path.read_bytes().startswith(start)


def test_steps_are_named_by_sizes_role_and_share_of_the_time(tmp_path):
    words = words_of(PROFILE, tmp_path)
    assert "step 0: 1024 × 1024 × 1024, stem: 44.4 % of the time, 0.50 of the roofline" in words
    assert "step 2: 1024 × 4 × 4, branch: 11.1 % of the time" in words
    assert "memory, 10.0 GB/s" in words


def test_a_profile_without_work_is_drawn(tmp_path):
    assert "roofline" in words_of(replace(PROFILE, steps=()), tmp_path)


def test_a_real_profile_names_the_stem_of_its_plan():
    circuit = tz.grid_circuit(4, 4, 20, seed=1)
    plan = tz.plan(circuit, trials=1, seed=0)
    profile = tz.profile(circuit, "0" * 16, plan=plan, threads=1)
    stem = [step.step for step in profile.steps if step.on_stem]
    assert stem
    assert len(stem) < len(profile.steps)
    # The stem of the plan, found by other code on the tree, does the same work as the steps named here.
    expected = sum(step.multiply_adds for step in stems_of(plan)[0].steps)
    assert sum(step.work.flops for step in profile.steps if step.on_stem) == 8 * expected


def test_an_unknown_ending_is_refused(tmp_path):
    with pytest.raises(tz.UsageError, match=r"\.png, \.svg or \.pdf"):
        tz.plot_profile(PROFILE, tmp_path / "roofline.docx")


def test_a_missing_matplotlib_is_reported_with_the_remedy(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(tz.MissingPackageError, match=r"pip install 'taizhang\[plot\]'"):
        tz.plot_profile(PROFILE, tmp_path / "roofline.png")

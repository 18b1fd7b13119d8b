import sys

import pytest
from tests.results.test_profile import ARITHMETIC, BLOCKED, MOVING, ROOFLINE, SMALL, run_of

import taizhang as tz

PROFILE = tz.Profile.of_runs([run_of(ARITHMETIC, MOVING, BLOCKED, SMALL)], ROOFLINE)


@pytest.mark.parametrize(("ending", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_a_profile_is_drawn_in_the_format_of_the_ending(tmp_path, ending, start):
    path = tmp_path / f"roofline.{ending}"
    PROFILE.plot(path)
    assert path.read_bytes().startswith(start)


def test_an_unknown_ending_is_refused(tmp_path):
    with pytest.raises(tz.UsageError, match=r"\.png, \.svg or \.pdf"):
        PROFILE.plot(tmp_path / "roofline.docx")


def test_a_missing_matplotlib_is_told_with_the_remedy(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(tz.MissingPackageError, match="pip install matplotlib"):
        PROFILE.plot(tmp_path / "roofline.png")

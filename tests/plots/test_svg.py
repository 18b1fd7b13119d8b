import xml.etree.ElementTree as ElementTree

from hypothesis import given
from hypothesis import strategies as st

from taizhang.plots.picture import Discs, Path, Picture, Words
from taizhang.plots.style import PALETTE, dark_rules
from taizhang.plots.svg import to_svg

TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")))


@given(TEXT, TEXT, TEXT)
def test_any_text_is_escaped(title, words, note):
    items = (
        Words(at=(5, 5), text=words),
        Path(parts=(((0, 0), (1, 1)),), stroke="ink", note=note),
        Discs(at=((1, 1),), radii=(2,), fill="blue", notes=(note,)),
    )
    svg = to_svg(Picture(width=10, height=10, title=title, items=items))
    root = ElementTree.fromstring(svg)
    assert root.get("aria-label") == title
    assert [node.text or "" for node in root if node.tag.endswith("text")] == [words]
    assert {node.tag.rpartition("}")[2] for node in root.iter()} <= {
        "svg", "style", "rect", "text", "path", "g", "circle", "title",
    }  # fmt: skip


def test_every_colour_has_a_dark_counterpart():
    rules = dark_rules()
    for name, (light, dark) in PALETTE.items():
        assert light != dark
        assert f".tz-f-{name}{{fill:{dark}}}" in rules
        assert f".tz-s-{name}{{stroke:{dark}}}" in rules


def test_nothing_is_fetched_and_no_script_runs():
    svg = to_svg(Picture(width=10, height=10, title="t", items=(Words(at=(5, 5), text="w"),)))
    assert svg.count("http") == 1  # the name of the namespace
    assert "script" not in svg
    assert "url(" not in svg

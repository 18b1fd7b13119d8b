"""The version is that of Cargo.toml, wherever it is written."""

import re
from pathlib import Path

import taizhang as tz

ROOT = Path(__file__).parents[1]
PLACES = {
    "CITATION.cff": r"^version: (\S+)",
    "packaging/recipe.yaml": r'^  version: "([^"]+)"',
    "CHANGELOG.md": r"^## (\S+)",
}


def test_one_version_everywhere():
    (version,) = re.findall(r'^version = "([^"]+)"', (ROOT / "Cargo.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert tz.__version__ == version
    for name, pattern in PLACES.items():
        found = re.search(pattern, (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE)
        assert found is not None, name
        assert found[1] == version, name

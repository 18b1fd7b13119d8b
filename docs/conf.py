"""Configuration of the documentation site: `./dev docs` builds it in build/site, with warnings as errors."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import taizhang

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from reference_pages import write_pages  # noqa: E402

_properties: dict[str, list[str]] = {}

project = "Taizhang"
author = "The Taizhang developers"
copyright = "The Taizhang developers"
release = version = taizhang.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_click"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
exclude_patterns = ["_build"]
autodoc_member_order = "bysource"
autodoc_typehints = "none"
napoleon_use_rtype = False
napoleon_use_ivar = True
napoleon_attr_annotations = False

html_theme = "furo"
html_title = f"Taizhang {release}"
html_theme_options = {"navigation_with_keys": True}


def _as_restructured(text: str) -> str:
    """A line of a docstring with its plain characters escaped, and names in backticks as code."""
    escaped = []
    for number, part in enumerate(re.split(r"(`[^`]+`)", text)):
        if number % 2:
            escaped.append(f"`{part}`")
        else:
            escaped.append(re.sub(r"(?<=\w)_(?!\w)", r"\\_", re.sub(r"([*|\\])", r"\\\1", part)))
    return "".join(escaped)


def _escape_docstring(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Docstrings are plain text with Google's sections: what looks like markup in them is escaped."""
    if what in ("property", "attribute"):
        _properties[name] = lines[:]
    example = False
    for number, line in enumerate(lines):
        if line.lstrip().startswith(">>>"):
            example = True
        elif not line.strip():
            example = False
        elif not example:
            lines[number] = _as_restructured(line)


def _restore_property(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """The text of a property as it was: Napoleon takes what stands before a colon for its type."""
    if name in _properties:
        lines[:] = [_as_restructured(line) for line in _properties[name]] + [""]


def setup(app: Any) -> None:
    """Writes the generated pages, and connects what reads docstrings."""
    write_pages(HERE / "reference")
    app.connect("autodoc-process-docstring", _escape_docstring, priority=1)
    app.connect("autodoc-process-docstring", _restore_property, priority=900)

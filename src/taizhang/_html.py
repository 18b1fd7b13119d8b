"""HTML of values for notebooks: the text that `print` shows, and a picture if there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taizhang._lazy import lazy_module

if TYPE_CHECKING:
    import html
else:
    html = lazy_module("html")


def card(text: str, picture: str = "") -> str:
    """Returns a text as HTML.

    Args:
        text: Its first line becomes the heading, the others keep their columns. May contain any characters.
        picture: An `<svg>` element to show below.

    Returns:
        A `<div>` element.

    Example:
        >>> card("one < two").count("one &lt; two")
        1
    """
    heading, _, rest = text.partition("\n")
    body = f'<pre style="margin:0;overflow-x:auto">{html.escape(rest)}</pre>' if rest else ""
    shown = f'<div style="max-width:100%;overflow-x:auto;margin-top:.5em">{picture}</div>' if picture else ""
    return f'<div class="taizhang"><strong>{html.escape(heading)}</strong>{body}{shown}</div>'

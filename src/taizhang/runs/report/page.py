"""The HTML of a report: style for light and dark schemes, script, and elements with every string escaped.

The script adds copy buttons, and reloads the page while the run goes on. A content security policy allows this script
and this style alone, by their hashes: a run folder may come from an untrusted source, and nothing in it can run or be
fetched.
"""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Iterable, Sequence

from taizhang.plots.figure import Figure
from taizhang.plots.style import dark_rules
from taizhang.plots.svg import to_svg

WIDE, NARROW = 860, 368
"""Widths of figures in pixels, for pages and for phones."""

RELOAD_SECONDS = 30

STYLE = """
:root { color-scheme: light dark; --ink: #1f2328; --grey: #636a73; --paper: #fff; --soft: #f3f5f7; --line: #d8dde3; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ed; --grey: #a3abb5; --paper: #16191e; --soft: #22272f; --line: #3a424d; } }
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, 'DejaVu Sans', sans-serif; color: var(--ink); background: var(--paper);
  max-width: 892px; margin: 0 auto; padding: 1em 16px 3em; overflow-wrap: anywhere; }
h1 { font-size: 1.5em; line-height: 1.25; margin: 0.6em 0 0.2em; }
h2 { font-size: 1.15em; margin: 2em 0 0.5em; padding-top: 0.6em; border-top: 1px solid var(--line); }
table { border-collapse: collapse; max-width: 100%; } td, th { text-align: left; padding: 3px 18px 3px 0;
  vertical-align: top; } th { color: var(--grey); font-weight: 600; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; } .scroll td, .scroll th { overflow-wrap: normal; }
td.number, th { white-space: nowrap; }
code, pre { font: 13px/1.5 ui-monospace, 'DejaVu Sans Mono', monospace; }
code { background: var(--soft); border-radius: 4px; padding: 1px 4px; overflow-wrap: anywhere; }
pre { background: var(--soft); border-radius: 6px; padding: 10px 12px; overflow-x: auto; }
.lead, .note { color: var(--grey); } .result { font-size: 1.15em; }
meter { width: 100%; height: 14px; display: block; }
button { font: 12px system-ui, sans-serif; color: var(--ink); background: var(--paper); cursor: pointer;
  border: 1px solid var(--line); border-radius: 5px; padding: 1px 8px; margin-left: 8px; }
button:hover { background: var(--soft); }
svg { display: block; max-width: 100%; height: auto; margin: 0.8em 0; }
.narrow { display: none; }
@media (max-width: 640px) { .wide { display: none; } .narrow { display: block; } td, th { padding-right: 12px; } }
""" + dark_rules()

SCRIPT = """
document.querySelectorAll('[data-copy]').forEach(function (place) {
  var button = document.createElement('button');
  button.type = 'button';
  button.textContent = 'Copy';
  button.addEventListener('click', function () {
    var text = place.textContent;
    function copied() {
      button.textContent = 'Copied';
      setTimeout(function () { button.textContent = 'Copy'; }, 1500);
    }
    function byHand() {
      var range = document.createRange();
      range.selectNodeContents(place);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      if (document.execCommand('copy')) copied();
    }
    if (navigator.clipboard) navigator.clipboard.writeText(text).then(copied, byHand);
    else byHand();
  });
  place.after(button);
});
var seconds = Number(document.documentElement.dataset.reload);
if (seconds) setInterval(function () {
  if (!document.hidden && getSelection().isCollapsed) location.reload();
}, 1000 * seconds);
"""


def page(title: str, body: Iterable[str], *, reload_seconds: int = 0) -> str:
    """Returns the HTML of a page.

    Args:
        title: Title of the window.
        body: Parts of the HTML body.
        reload_seconds: Time after which the page reloads itself; 0 for never.
    """
    policy = f"default-src 'none'; style-src {_hash(STYLE)}; script-src {_hash(SCRIPT)}; base-uri 'none'"
    reloading = f' data-reload="{reload_seconds}"' if reload_seconds else ""
    without_script = (
        f'<noscript><meta http-equiv="refresh" content="{reload_seconds}"></noscript>' if reload_seconds else ""
    )
    return (
        f'<!doctype html><html lang="en"{reloading}><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{safe(title)}</title>{without_script}<style>{STYLE}</style></head>"
        f"<body>{''.join(body)}<script>{SCRIPT}</script></body></html>\n"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def safe(text: object) -> str:
    """Escapes any text for the page."""
    return html.escape(str(text))


def copyable(text: object) -> str:
    """Text with a copy button."""
    return f"<code data-copy>{safe(text)}</code>"


def table(
    rows: Iterable[Sequence[object]],
    *,
    head: Sequence[str] = (),
    numbers: Sequence[int] = (),
    copies: Sequence[int] = (),
) -> str:
    """A table; columns in `numbers` are aligned to the right, those in `copies` have copy buttons."""

    def cell(tag: str, column: int, text: object) -> str:
        kind = ' class="number"' if column in numbers else ""
        return f"<{tag}{kind}>{copyable(text) if tag == 'td' and column in copies else safe(text)}</{tag}>"

    lines = [f"<tr>{''.join(cell('th', column, text) for column, text in enumerate(head))}</tr>"] if head else []
    lines += [f"<tr>{''.join(cell('td', column, text) for column, text in enumerate(row))}</tr>" for row in rows]
    return f'<div class="scroll"><table>{"".join(lines)}</table></div>'


def drawing(figure: Figure) -> str:
    """A figure, laid out for wide and for narrow pages."""
    wide, narrow = (to_svg(figure.picture(width), style=False) for width in (WIDE, NARROW))
    return f'<div class="wide">{wide}</div><div class="narrow">{narrow}</div>'

"""Circuits as SVG: self-contained, without scripts, in light and dark colour schemes.

A tooltip on each gate shows its name, angles and qubits. Wide circuits are broken into bands, one below the other.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from taizhang.circuit.operation import Operation
from taizhang.plots.circuit_columns import Columns
from taizhang.plots.circuit_symbols import CONTROL, CROSS, TARGET, angles_text, num_controls, symbols

_BAND_WIDTH = 1500
_GAP = 24
_COMPACT_FROM = 400
"""Drawings of more operations than this have smaller rows, and show angles in tooltips only."""

_STYLE = (
    ".tzc{background:#fff;font:12px system-ui,'DejaVu Sans',sans-serif}.tzc path{fill:none;stroke:#1f2328}"
    ".tzc .w{stroke:#a3abb5}.tzc text{fill:#1f2328;text-anchor:middle;dominant-baseline:central}"
    ".tzc .n{text-anchor:start}.tzc .q{text-anchor:end;fill:#636a73}.tzc .a{font-size:9px}"
    ".tzc rect,.tzc .t{fill:#fff;stroke:#1f2328}.tzc .m{fill:#dcecf6}.tzc .c{fill:#1f2328}"
    "@media(prefers-color-scheme:dark){.tzc{background:#16191e}.tzc path,.tzc rect,.tzc .t{stroke:#e6e9ed}"
    ".tzc .w{stroke:#636a73}"
    ".tzc text,.tzc .c{fill:#e6e9ed}.tzc .q{fill:#a3abb5}.tzc rect,.tzc .t{fill:#16191e}.tzc .m{fill:#2d5876}}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Style:
    """Sizes in pixels."""

    row: float
    box: float
    letter: float
    angles: bool

    def box_width(self, symbol: str, angles: str) -> float:
        """Width of the box of a symbol with angles below it."""
        return max(self.letter * len(symbol) + 10, 5.4 * len(angles) + 6, 18.0)

    def width(self, operation: Operation) -> float:
        """Width of the widest symbol of an operation."""
        angles = angles_text(operation) if self.angles else ""
        return max(self.box_width(symbol, angles) for symbol in symbols(operation, angles=False))


def circuit_svg(drawn: Columns) -> str:
    """Draws a circuit as an SVG document.

    Args:
        drawn: Its operations in columns.

    Returns:
        An `<svg>` element.
    """
    compact = sum(map(len, drawn.columns)) > _COMPACT_FROM
    style = (
        _Style(row=22, box=17, letter=8.0, angles=False) if compact else _Style(row=34, box=26, letter=8.2, angles=True)
    )
    margin = 16.0 + 8 * len(str(max(drawn.rows - 1, 0)))
    widths = [max(map(style.width, operations)) + 6 for operations in drawn.columns]
    bands = list(_bands(widths, _BAND_WIDTH - margin - 12))
    height_of_band = drawn.rows * style.row + _GAP
    notes = list(drawn.notes()) if drawn.rows else ["no qubits", *drawn.notes()]
    width = max([margin + sum(widths[first:last]) + 12 for first, last in bands] + [9.0 * len(note) for note in notes])
    height = (height_of_band * len(bands) if drawn.rows else 0) + 20 * len(notes) + 4
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="tzc" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" role="img" aria-label="quantum circuit"><style>{_STYLE}</style>'
    ]
    for number, (first, last) in enumerate(bands if drawn.rows else ()):
        parts.append(f'<g transform="translate(0 {number * height_of_band + 4:g})">')
        parts.extend(_wires(drawn.rows, margin, margin + sum(widths[first:last]) + 6, style))
        left = margin + 6
        for column in range(first, last):
            middle = left + widths[column] / 2
            for operation in drawn.columns[column]:
                parts.extend(_operation(operation, middle, drawn.rows, style))
            left += widths[column]
        parts.append("</g>")
    for number, note in enumerate(reversed(notes)):
        parts.append(f'<text class="n" x="8" y="{height - 12 - 20 * number:g}">{html.escape(note)}</text>')
    parts.append("</svg>")
    return "".join(parts)


def _bands(widths: Sequence[float], room: float) -> Iterator[tuple[int, int]]:
    """Splits columns into bands that fit the room."""
    first, used = 0, 0.0
    for number, width in enumerate(widths):
        if used + width > room and number > first:
            yield first, number
            first, used = number, 0.0
        used += width
    yield first, len(widths)


def _wires(rows: int, left: float, right: float, style: _Style) -> Iterator[str]:
    """The lines of all qubits with their numbers."""
    heights = [(qubit + 0.5) * style.row for qubit in range(rows)]
    yield f'<path class="w" d="{"".join(f"M{left:g} {y:g}H{right:g}" for y in heights)}"/>'
    for qubit, y in enumerate(heights):
        yield f'<text class="q" x="{left - 6:g}" y="{y:g}">{qubit}</text>'


def _operation(operation: Operation, x: float, rows: int, style: _Style) -> Iterator[str]:
    """An operation: the line that joins its qubits, and a symbol on each that is shown."""
    title = "".join(letter if letter.isprintable() else "?" for letter in repr(operation)[:200])
    yield f"<g><title>{html.escape(title)}</title>"
    first, last = min(operation.qubits), max(operation.qubits)
    if last > first:
        end = rows * style.row + 6 if last >= rows else (last + 0.5) * style.row
        yield f'<path d="M{x:g} {(first + 0.5) * style.row:g}V{end:g}"/>'
    targets_from = num_controls(operation)
    several = len(operation.qubits) - targets_from > 1
    for number, (qubit, symbol) in enumerate(zip(operation.qubits, symbols(operation, angles=False), strict=True)):
        if qubit < rows:
            angles = angles_text(operation) if style.angles and number == targets_from else ""
            yield _symbol(symbol, angles, x, (qubit + 0.5) * style.row, several, style)
    yield "</g>"


def _symbol(symbol: str, angles: str, x: float, y: float, several: bool, style: _Style) -> str:
    """The symbol of one qubit."""
    if symbol == CONTROL:
        return f'<circle class="c" cx="{x:g}" cy="{y:g}" r="3.5"/>'
    if symbol == TARGET:
        radius = 0.3 * style.box + 1
        cross = f"M{x - radius:g} {y:g}h{2 * radius:g}M{x:g} {y - radius:g}v{2 * radius:g}"
        return f'<circle class="t" cx="{x:g}" cy="{y:g}" r="{radius:g}"/><path d="{cross}"/>'
    if symbol == CROSS:
        return f'<path d="M{x - 4:g} {y - 4:g}l8 8m0-8l-8 8"/>'
    width = style.box_width(symbol, angles)
    box = f'<rect x="{x - width / 2:g}" y="{y - style.box / 2:g}" width="{width:g}" height="{style.box:g}" rx="2"'
    box += ' class="m"/>' if several else "/>"
    if not angles:
        return f'{box}<text x="{x:g}" y="{y:g}">{html.escape(symbol)}</text>'
    small = f'<text class="a" x="{x:g}" y="{y + 7:g}">{html.escape(angles)}</text>'
    return f'{box}<text x="{x:g}" y="{y - 5:g}">{html.escape(symbol)}</text>{small}'

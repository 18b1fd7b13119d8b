"""Drawings of circuits, as text and as SVG."""

from __future__ import annotations

import shutil
from typing import Literal

from taizhang.circuit.circuit import Circuit
from taizhang.errors import UsageError
from taizhang.plots.circuit_columns import arrange
from taizhang.plots.circuit_svg import circuit_svg
from taizhang.plots.circuit_text import LEAST_WIDTH, circuit_text

Kind = Literal["text", "svg"]

_TERMINAL = (120, 24)
"""Columns and lines where there is no terminal."""


class TextDrawing(str):
    """Text of several lines, which an interactive session shows as it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


class SvgDrawing(str):
    """An SVG document, which a notebook shows as a picture."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<SVG of {len(self):,} characters>"

    def _repr_svg_(self) -> str:
        return str(self)


def draw(circuit: Circuit, kind: Kind = "text", *, width: int | None = None) -> str:
    """Draws a circuit.

    Args:
        circuit: The circuit.
        kind: `"text"` or `"svg"`.
        width: Characters in a line of text; by default the width of the terminal.

    Returns:
        The drawing, with a note of what is left out: text shows at most 100 qubits and 400 columns of gates, SVG 200
        qubits and 10,000 operations.

    Raises:
        UsageError: The kind is unknown, or the width is too small.
    """
    if kind == "text":
        if width is not None and width < LEAST_WIDTH:
            raise UsageError(f"width must be at least {LEAST_WIDTH}, got {width}")
        room = shutil.get_terminal_size(_TERMINAL).columns if width is None else width
        columns = arrange(circuit, most_qubits=100, most_columns=400, most_operations=10_000)
        return TextDrawing(circuit_text(columns, width=max(room, LEAST_WIDTH)))
    if kind == "svg":
        return SvgDrawing(circuit_svg(arrange(circuit, most_qubits=200, most_columns=2_000, most_operations=10_000)))
    raise UsageError(f"kind must be 'text' or 'svg', got {kind!r:.64}")


def summary(circuit: Circuit) -> str:
    """Draws a circuit as `print` shows it: at most 20 qubits and 40 columns of gates."""
    columns = arrange(circuit, most_qubits=20, most_columns=40, most_operations=1_000)
    room = shutil.get_terminal_size(_TERMINAL).columns
    return circuit_text(columns, width=max(room, LEAST_WIDTH))


def html(circuit: Circuit) -> str:
    """Draws a circuit for a notebook."""
    return f'<div style="max-width:100%;overflow-x:auto">{draw(circuit, "svg")}</div>'

"""Circuits as text: a line for each qubit, wrapped to the width of the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from taizhang.circuit.operation import Operation
from taizhang.plots.circuit_columns import Columns
from taizhang.plots.circuit_symbols import TARGET, symbols

LEAST_WIDTH = 20


def circuit_text(drawn: Columns, *, width: int) -> str:
    """Draws a circuit as text.

    Args:
        drawn: Its operations in columns.
        width: Largest number of characters in a line, ≥ `LEAST_WIDTH`.

    Returns:
        Lines of at most `width` characters, without a line break at the end.
    """
    if drawn.rows == 0:
        return "\n".join(("(no qubits)", *drawn.notes()))
    labels = [f"{qubit}: " for qubit in range(drawn.rows)]
    margin = max(map(len, labels))
    blocks = [_column(operations, drawn.rows, width - margin - 4) for operations in drawn.columns]
    lines: list[str] = []
    for number, (first, last) in enumerate(_bands([len(block[0]) for block in blocks], width - margin - 3)):
        if number:
            lines.append("")
        is_first, is_last = first == 0, last == len(blocks)
        for row in range(2 * drawn.rows - (drawn.hidden_qubits == 0)):
            wire = row % 2 == 0
            label = labels[row // 2].rjust(margin) if wire else " " * margin
            start, end = ("─" if is_first else "«", "" if is_last else "»") if wire else (" ", " ")
            lines.append((label + start + "".join(block[row] for block in blocks[first:last]) + end).rstrip())
    return "\n".join((*lines, *(note[:width] for note in drawn.notes())))


def _bands(widths: Sequence[int], room: int) -> Iterator[tuple[int, int]]:
    """Splits columns into bands that fit the room; returns one band even if there are no columns."""
    first, used = 0, 0
    for number, width in enumerate(widths):
        if used + width > room and number > first:
            yield first, number
            first, used = number, 0
        used += width
    yield first, len(widths)


def _column(operations: Sequence[Operation], rows: int, most: int) -> list[str]:
    """Draws a column: for each qubit the line of its wire and the line below, all of the same length."""
    marks: dict[int, str] = {}
    crossed: set[int] = set()
    for operation in operations:
        for qubit, symbol in zip(operation.qubits, symbols(operation), strict=True):
            text = "X" if symbol == TARGET else symbol
            marks[2 * qubit] = text if len(text) <= most else f"{text[: most - 1]}…"
        first, last = min(operation.qubits), min(max(operation.qubits), rows)
        crossed.update(range(2 * first + 1, 2 * last))
    width = max(len(text) for row, text in marks.items() if row < 2 * rows)
    lines = []
    for row in range(2 * rows):
        fill = " " if row % 2 else "─"
        text = marks.get(row) or (("│" if row % 2 else "┼") if row in crossed else fill)
        before = (width - len(text)) // 2
        lines.append(f"{fill * before}{text}{fill * (width - len(text) - before)}{fill}")
    return lines

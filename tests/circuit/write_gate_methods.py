"""Writes `taizhang/circuit/gate_methods.py` from the gate table: `python -m tests.circuit.write_gate_methods`.

The methods are written out, so that editors, type checkers and documentation see them; a test compares the file with
what this makes.
"""

from __future__ import annotations

import inspect
import keyword
from collections.abc import Iterator
from pathlib import Path

from taizhang.circuit.gate_table import NAMES, RECORDS

FILE = Path(__file__).parents[2] / "src" / "taizhang" / "circuit" / "gate_methods.py"

HEAD = '''"""A method of circuits for each gate of the table; written by `tests/circuit/write_gate_methods.py`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from taizhang.circuit.circuit import Circuit
    from taizhang.circuit.parameter import Angle


class GateMethods:
    """Adds gates by their names: `circuit.h(0).cx(0, 1).rz(1, 0.3)`.

    Each method returns the circuit with one more gate at its end. Qubits come first, controls before targets, then
    angles in radians, numbers or expressions of parameters. The methods have the names of
    `taizhang.circuit.gate_table`; `Circuit.append` also takes gates with any number of controls, such as `c7x`, and
    gates given by their matrices.
    """

    __slots__ = ()

    def _append_named(self, name: str, qubits: Sequence[int], parameters: Sequence[Angle]) -> Circuit:
        raise NotImplementedError
'''


def method_names() -> list[str]:
    """Names that can be methods, in the order of the table; all of them but `is` and OpenQASM's `CX` and `U`."""
    rows = list(RECORDS)
    names = [name for name in NAMES if name.isidentifier() and not keyword.iskeyword(name) and name.islower()]
    return sorted(names, key=lambda name: rows.index(NAMES[name][0]))


def qubit_names(controls: int, targets: int) -> list[str]:
    control_names = ["control"] if controls == 1 else [f"control_{number + 1}" for number in range(controls)]
    if targets == 0:
        return control_names
    if targets == 1:
        return [*control_names, "target" if controls else "qubit"]
    return [*control_names, *(f"qubit_{number + 1}" for number in range(targets))]


def tuple_of(names: list[str]) -> str:
    return f"({', '.join(names)}{',' if len(names) == 1 else ''})"


def method(name: str) -> Iterator[str]:
    base, controls = NAMES[name]
    record = RECORDS[base]
    qubits = qubit_names(controls, record.num_targets)
    angles = [parameter.lstrip("_") for parameter in inspect.signature(record.matrix).parameters]
    arguments = "".join([*(f", {qubit}: int" for qubit in qubits), *(f", {angle}: Angle" for angle in angles)])
    about = (inspect.getdoc(record.matrix) or "").splitlines()[0]
    if controls:
        about = f"`{base}` with {'one control' if controls == 1 else f'{controls} controls'}."
    elif name != base:
        about = f"another name of `{base}`."
    elif len(about) > 80:
        about = f"{about.partition(':' if ':' in about else ',')[0]}."
    yield f"    def {name}(self{arguments}) -> Circuit:"
    yield f'        """Appends `{name}`: {about}"""'
    yield f'        return self._append_named("{name}", {tuple_of(qubits)}, {tuple_of(angles)})'


def source() -> str:
    """The whole file."""
    return HEAD + "".join("\n" + "\n".join(method(name)) + "\n" for name in method_names())


if __name__ == "__main__":
    FILE.write_text(source(), encoding="utf-8")

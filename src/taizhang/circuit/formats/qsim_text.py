"""qsim's text: reading and writing.

`time gate qubits parameters`, one operation on a line, after a first line with the number of qubits; `c` and qubits
before a gate are controls, `m` measures. The format is that of github.com/quantumlib/qsim. Its `x_1_2`, `y_1_2` and
`hz_1_2` are rotations by π/2, its `p` is a global phase, and its `cp φ` puts exp(-iφ) on |11>.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Iterator
from functools import lru_cache

from taizhang.circuit.circuit import Circuit, Operation
from taizhang.circuit.formats.rewriting import rewrite
from taizhang.circuit.formats.timed_text import GateWord, TimedTextReader, timed_lines
from taizhang.circuit.gates import RECORDS, Gate, GateRecord, gate
from taizhang.errors import CircuitError


def read_qsim(text: str | bytes, *, source: str | None = None) -> Circuit:
    """Reads a circuit in qsim's text.

    Measurements are accepted where nothing follows on their qubits, and left out of the circuit.

    Args:
        text: The whole text.
        source: Name of the file, for errors.

    Returns:
        The circuit.

    Raises:
        CircuitFileError: Something is wrong with the text, at the line and column given.

    Example:
        >>> read_qsim("2" + chr(10) + "0 h 0" + chr(10) + "1 fs 0 1 1.5 0.5").operations
        (h 0, fsim(1.5, 0.5) 0 1)
    """
    return TimedTextReader(text, _WORDS, kind="qsim", source=source).read()


def write_qsim(circuit: Circuit) -> str:
    """Writes a circuit in qsim's text, every operation as early as its qubits allow.

    Single-target gates that qsim lacks are written as rotations and a phase, others by their definitions.

    Args:
        circuit: Any circuit, except for gates given by a matrix on two or more targets.

    Returns:
        The text.

    Raises:
        CircuitError: A gate cannot be written.

    Example:
        >>> print(write_qsim(Circuit(2).append("h", 0).append("cx", 0, 1)), end="")
        2
        0 h 0
        1 cnot 0 1
    """
    steps = ((step.qubits, _line(step)) for operation in circuit.operations for step in _in_qsim_gates(operation))
    return "".join(timed_lines(circuit.num_qubits, steps))


def _word(record: GateRecord, num_controls: int) -> GateWord:
    def make(*angles: float) -> Gate:
        return Gate(record.name, tuple(record.qsim_sign * angle for angle in angles), num_controls)

    def constant() -> Gate:
        return fixed

    fixed = Gate(record.name, (0.0,) * record.num_parameters, num_controls)
    return GateWord(
        make=make if record.num_parameters else constant,
        num_qubits=record.num_targets + num_controls,
        num_parameters=record.num_parameters,
    )


def _words() -> dict[bytes, GateWord]:
    words = {
        word.encode(): _word(record, num_controls)
        for record in RECORDS.values()
        for num_controls, word in enumerate(record.qsim)
        if word
    }
    words[b"cx"] = words[b"cnot"]
    words[b"c"] = GateWord(make=lambda: gate("id"), num_qubits=0, num_parameters=0)
    return words


_WORDS = _words()


@lru_cache(maxsize=65536)
def _spelling(chosen: Gate) -> tuple[str, int] | None:
    """Returns the gate's word and how many of its controls the word takes, or None."""
    if chosen.entries is not None:
        return None
    names = RECORDS[chosen.name].qsim
    for taken in range(min(chosen.num_controls, len(names) - 1), -1, -1):
        # A global phase has no qubits, so qsim cannot put it under `c`.
        if names[taken] and (chosen.name != "gphase" or chosen.num_controls == 0):
            return names[taken], taken
    return None


def _line(operation: Operation) -> str:
    """Returns the operation's line without its time."""
    chosen = operation.gate
    spelling = _spelling(chosen)
    if spelling is None:
        raise CircuitError(f"gate '{chosen.label}' cannot be written in qsim's text; write OpenQASM 3 instead")
    word, taken = spelling
    sign = RECORDS[chosen.name].qsim_sign
    outside = chosen.num_controls - taken
    controls = ["c", *map(str, operation.qubits[:outside])] if outside else []
    angles = [repr(sign * angle) for angle in chosen.parameters]
    return " ".join([*controls, word, *map(str, operation.qubits[outside:]), *angles])


def _in_qsim_gates(operation: Operation) -> Iterator[Operation]:
    """Yields operations that qsim has and that together equal the given one."""
    chosen, controls = operation.gate, operation.qubits[: operation.gate.num_controls]
    if _spelling(chosen) is not None:
        yield operation
        return
    if chosen.num_targets > 1:
        for simpler in rewrite(operation):
            yield from _in_qsim_gates(simpler)
        return
    if chosen.num_targets == 0:
        angle = cmath.phase(complex(chosen.matrix[0, 0]))
        yield from _phase(angle, controls)
        return
    if chosen.name == "p":
        yield from _phase(chosen.parameters[0], operation.qubits)
        return
    phase, before, middle, after = _euler_angles(chosen)
    yield from _phase(phase, controls)
    for name, angle in (("rz", before), ("ry", middle), ("rz", after)):
        if angle != 0.0:
            yield Operation(gate(name, angle).controlled(len(controls)), operation.qubits)


def _phase(angle: float, qubits: tuple[int, ...]) -> Iterator[Operation]:
    """Yields a phase on the states in which all these qubits are 1."""
    if angle == 0.0:
        return
    if len(qubits) >= 2:
        yield Operation(gate("p", angle).controlled(len(qubits) - 1), qubits)
        return
    yield Operation(gate("gphase", angle / 2 if qubits else angle), ())
    if qubits:
        yield Operation(gate("rz", angle), qubits)


def _euler_angles(chosen: Gate) -> tuple[float, float, float, float]:
    """Returns phase, before, middle, after: the gate is exp(i phase) rz(after) ry(middle) rz(before)."""
    (a, b), (c, d) = chosen.matrix.tolist()
    phase = cmath.phase(a * d - b * c) / 2
    middle = 2 * math.atan2(abs(c), abs(a))
    if abs(c) < 1e-12:
        return phase, 2 * (cmath.phase(d) - phase), 0.0, 0.0
    half_sum = cmath.phase(d) - phase if abs(a) >= 1e-12 else 0.0
    half_difference = cmath.phase(c) - phase
    return phase, half_sum - half_difference, middle, half_sum + half_difference

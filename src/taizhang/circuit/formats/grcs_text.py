"""GRCS text: reading and writing.

The format of Google's random circuits (Boixo et al., arXiv:1608.00263; Markov et al., arXiv:1807.10749): a first line
with the number of qubits, then `cycle gate qubits`. Gates: `h`, `t`, `x_1_2` and `y_1_2` (rotations by π/2), `cz`, and
`is` (iSWAP).
"""

from __future__ import annotations

from taizhang.circuit.circuit import Circuit, Operation
from taizhang.circuit.formats.timed_text import GateWord, TimedTextReader, timed_lines
from taizhang.circuit.gates import Gate, gate
from taizhang.errors import CircuitError

_WORDS_AND_GATES: dict[str, Gate] = {
    word: gate(word) for word in ("h", "t", "x_1_2", "y_1_2", "hz_1_2", "x", "y", "z", "s", "cz", "is")
} | {"cx": gate("cx"), "cnot": gate("cx"), "id1": gate("id")}
_SPELLINGS = {chosen: word for word, chosen in reversed(_WORDS_AND_GATES.items())}


def _word(chosen: Gate) -> GateWord:
    return GateWord(make=lambda: chosen, num_qubits=chosen.num_qubits, num_parameters=0)


_WORDS = {word.encode(): _word(chosen) for word, chosen in _WORDS_AND_GATES.items()}


def read_grcs(text: str | bytes, *, source: str | None = None) -> Circuit:
    """Reads a circuit in GRCS text.

    Args:
        text: The whole text.
        source: Name of the file, for errors.

    Returns:
        The circuit.

    Raises:
        CircuitFileError: Something is wrong with the text, at the line and column given.

    Example:
        >>> read_grcs("2" + chr(10) + "0 h 0" + chr(10) + "1 cz 0 1").operations
        (h 0, cz 0 1)
    """
    return TimedTextReader(text, _WORDS, kind="GRCS", source=source).read()


def write_grcs(circuit: Circuit) -> str:
    """Writes a circuit in GRCS text, every operation as early as its qubits allow.

    Args:
        circuit: A circuit of GRCS gates.

    Returns:
        The text.

    Raises:
        CircuitError: A gate is not one of GRCS.

    Example:
        >>> print(write_grcs(Circuit(1).append("h", 0).append("t", 0)), end="")
        1
        0 h 0
        1 t 0
    """
    return "".join(timed_lines(circuit.num_qubits, ((step.qubits, _line(step)) for step in circuit.operations)))


def _line(operation: Operation) -> str:
    word = _SPELLINGS.get(operation.gate)
    if word is None:
        raise CircuitError(
            f"gate '{operation.gate.label}' cannot be written in GRCS text, whose gates are "
            f"{', '.join(_WORDS_AND_GATES)}; write qsim's text or OpenQASM instead"
        )
    return " ".join([word, *map(str, operation.qubits)])

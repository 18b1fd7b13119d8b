"""Symbols of gates in drawings of circuits: one for each qubit of an operation."""

from __future__ import annotations

import math
from fractions import Fraction

from taizhang.circuit.classical import Conditional, Measure, Reset
from taizhang.circuit.gates import Gate
from taizhang.circuit.operation import Action, Operation
from taizhang.circuit.parameter import Angle, ParameterExpression
from taizhang.circuit.parametric_gate import SymbolicGate

CONTROL, TARGET, CROSS = "●", "⊕", "×"

_NAMES = {
    "sdg": "S†",
    "tdg": "T†",
    "sx": "√X",
    "sxdg": "√X†",
    "x_1_2": "X½",
    "y_1_2": "Y½",
    "hz_1_2": "W½",
    "iswap": "iSwap",
    "iswapdg": "iSwap†",
    "fsim": "fSim",
    "id": "I",
    "id2": "I",
    "ecr": "ECR",
    "dcx": "DCX",
    "dcxdg": "DCX†",
    "rccx": "RCCX",
    "rc3x": "RC3X",
    "rc3xdg": "RC3X†",
}
_EXCHANGEABLE = frozenset(("swap", "iswap", "iswapdg", "fsim", "rxx", "ryy", "rzz", "id2"))
_LONGEST_NAME = 16
_LONGEST_EXPRESSION = 40


def angle_text(angle: Angle) -> str:
    """Formats an angle with three digits, or as a fraction of π if it is one; an expression term by term.

    Example:
        >>> [angle_text(angle) for angle in (0.5, math.pi / 2, -3 * math.pi / 4, 2 * math.pi, 0.0, 1e-7)]
        ['0.5', 'π/2', '-3π/4', '2π', '0', '1e-07']
        >>> from taizhang.circuit.parameter import Parameter
        >>> angle_text(2 * Parameter("gamma") - Parameter("beta") / 3 + math.pi / 2)
        '-0.333*beta + 2*gamma + π/2'
    """
    if isinstance(angle, ParameterExpression):
        terms = [_term_text(factor, name) for name, factor in angle.terms]
        written = " + ".join([*terms, angle_text(angle.constant)] if angle.constant else terms).replace("+ -", "- ")
        return written if len(written) <= _LONGEST_EXPRESSION else f"{written[: _LONGEST_EXPRESSION - 1]}…"
    turns = angle / math.pi
    if angle and abs(turns) <= 64:
        fraction = Fraction(turns).limit_denominator(16)
        if fraction and math.isclose(float(fraction), turns, rel_tol=1e-9):
            over = f"/{fraction.denominator}" if fraction.denominator > 1 else ""
            count = {1: "", -1: "-"}.get(fraction.numerator, str(fraction.numerator))
            return f"{count}π{over}"
    return f"{angle:.3g}"


def _term_text(factor: float, name: str) -> str:
    return {1.0: name, -1.0: f"-{name}"}.get(factor, f"{factor:.3g}*{name}")


def name_text(operation: Operation) -> str:
    """The name of an operation's gate without its controls, printable and short."""
    gate = operation.any_gate
    if gate.entries is not None:
        name = "".join(letter if letter.isprintable() else "?" for letter in gate.name) or "unitary"
        return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
    return _NAMES.get(gate.name, gate.name[0].upper() + gate.name[1:])


def angles_text(operation: Operation) -> str:
    """The angles of a gate, or the numbers of a channel, separated by commas; empty if there are none."""
    parameters = getattr(operation.action, "parameters", ())
    if isinstance(operation.action, (Gate, SymbolicGate)):
        return ",".join(map(angle_text, operation.action.parameters))
    return ",".join(f"{number:.3g}" for number in parameters)


def symbols(operation: Operation, *, angles: bool = True) -> tuple[str, ...]:
    """Returns the symbol on each qubit of an operation, in the order of its qubits.

    Args:
        operation: An operation on at least one qubit.
        angles: Whether to include the angles.

    Returns:
        `CONTROL` for each control, and for both qubits of a controlled Z; `TARGET` for a controlled X; `CROSS` for the
        qubits of a swap; for any other gate its name, with the number of the target if targets are not exchangeable.
        Channels have their names, a measurement its bit, a reset |0⟩; what is under a condition is followed by it.

    Example:
        >>> from taizhang.circuit.gates import gate
        >>> symbols(Operation(gate("ccx"), (0, 1, 2)))
        ('●', '●', '⊕')
        >>> symbols(Operation(gate("rzx", 0.5), (0, 1)))
        ('Rzx(0.5):0', 'Rzx:1')
    """
    action = operation.action
    if isinstance(action, Conditional):
        inner = symbols(Operation(action.action, operation.qubits), angles=angles)
        return (*inner[:-1], f"{inner[-1]} if {action.condition}")
    if not isinstance(action, (Gate, SymbolicGate)):
        return _symbols_beyond_gates(action, angles=angles)
    gate = operation.any_gate
    controls, targets = gate.num_controls, gate.num_targets
    known = gate.name if gate.entries is None else ""
    drawn: tuple[str, ...]
    if known == "swap":
        drawn = (CROSS, CROSS)
    elif controls and known == "x":
        drawn = (TARGET,)
    elif controls and known == "z":
        drawn = (CONTROL,)
    else:
        name = name_text(operation)
        first = f"{name}({angles_text(operation)})" if angles and gate.parameters else name
        drawn = (first, *(name for _ in range(targets - 1)))
        if targets > 1 and known not in _EXCHANGEABLE:
            drawn = tuple(f"{text}:{number}" for number, text in enumerate(drawn))
    return (CONTROL,) * controls + drawn


def _symbols_beyond_gates(action: Action, *, angles: bool) -> tuple[str, ...]:
    """The symbols of a measurement, a reset or a channel."""
    if isinstance(action, Measure):
        return (f"M→bit {action.bit}",)
    if isinstance(action, Reset):
        return ("|0⟩",)
    name = _NAMES.get(action.label, action.label[0].upper() + action.label[1:])
    name = name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
    numbers = ",".join(f"{number:.3g}" for number in getattr(action, "parameters", ())) if angles else ""
    first = f"{name}({numbers})" if numbers else name
    return (first, *(name for _ in range(action.num_qubits - 1)))


def num_controls(operation: Operation) -> int:
    """Controls of an operation, also under a condition; 0 for what is not a gate."""
    action = operation.action
    if isinstance(action, Conditional):
        return num_controls(Operation(action.action, operation.qubits))
    return action.num_controls if isinstance(action, (Gate, SymbolicGate)) else 0

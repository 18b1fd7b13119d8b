"""Symbols of Cirq circuits as parameters here, and the other way round.

An expression of sympy is a sum of symbols times numbers if its derivatives are numbers; then it is kept. Powers of
gates are read as rotations, with the phase in which the two differ: X**t is exp(iπt/2) times a rotation by πt.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

from taizhang._optional import optional_module
from taizhang.circuit.circuit import Operation
from taizhang.circuit.formats.rewriting import rewrite
from taizhang.circuit.gates import gate
from taizhang.circuit.parameter import Angle, Parameter, ParameterExpression
from taizhang.circuit.parametric_gate import ParametricGate
from taizhang.errors import CircuitError

_ERRORS = (TypeError, ValueError, ArithmeticError, AttributeError, RecursionError)
# Powers of gates: the gate that turns by π times the exponent, and how much of this angle is a phase in addition.
_POWERS = {
    "XPowGate": ("rx", 0.5),
    "YPowGate": ("ry", 0.5),
    "ZPowGate": ("p", 0.0),
    "CZPowGate": ("cp", 0.0),
    "XXPowGate": ("rxx", 0.5),
    "YYPowGate": ("ryy", 0.5),
    "ZZPowGate": ("rzz", 0.5),
    "MSGate": ("rxx", 0.5),
}
_ROTATIONS = {"Rx": "rx", "Ry": "ry", "Rz": "rz"}
# Gates of the table that are written with symbols, and the classes that they become.
_WRITTEN = {
    **{ours: theirs for theirs, ours in _ROTATIONS.items()},
    "rxx": "XXPowGate",
    "ryy": "YYPowGate",
    "rzz": "ZZPowGate",
    "p": "ZPowGate",
    "fsim": "FSimGate",
    "gphase": "GlobalPhaseGate",
}


def angle_of(value: Any, name: str) -> Angle:
    """Returns an angle of Cirq as a number or an expression.

    Args:
        value: A number, or an expression of sympy.
        name: Name of its operation, with its quotes.

    Raises:
        CircuitError: It is not a real number, nor a sum of symbols times real numbers; or a name is not allowed.
    """
    try:
        terms, constant = _affine_form(value)
    except _ERRORS as error:
        raise CircuitError(
            f"{name} of the Cirq circuit has the angle {value!s:.64}, which is not a sum of symbols times real "
            "numbers; bind its symbols first (cirq.resolve_parameters), or give it a symbol of its own"
        ) from error
    return gather(terms, constant)


def gather(terms: Sequence[tuple[str, float]], constant: float) -> Angle:
    """Returns the sum of parameters times numbers and a number."""
    total = sum((Parameter(name) * factor for name, factor in terms), ParameterExpression((), constant))
    return total if total.terms else total.constant


def parametric_operations(cirq: Any, plain: Any, qubits: tuple[int, ...], name: str) -> list[Operation] | None:
    """Returns operations equal to one of Cirq's with symbols, or None where there are none for its gate.

    Args:
        cirq: The package.
        plain: The operation.
        qubits: Its qubits here.
        name: Its name in errors, with its quotes.
    """
    kind = plain.gate
    written = type(kind).__name__
    if type(kind) is not getattr(cirq, written, None):
        return None
    if written in _ROTATIONS:
        return [Operation(gate(_ROTATIONS[written], angle_of(kind._rads, name)), qubits)]
    if written == "FSimGate":
        return [Operation(gate("fsim", angle_of(kind.theta, name), angle_of(kind.phi, name)), qubits)]
    if written == "GlobalPhaseGate":
        return [Operation(gate("gphase", angle_of(_exponent_of(kind.coefficient), name)), ())]
    if written not in (*_POWERS, "CXPowGate", "ISwapPowGate"):
        return None
    turn = angle_of(kind.exponent, name) * math.pi
    shift = turn * kind.global_shift
    if written == "CXPowGate":
        steps = [Operation(gate("crx", turn), qubits), Operation(gate("p", turn / 2), qubits[:1])]
    elif written == "ISwapPowGate":
        steps = [Operation(gate("fsim", turn / -2, 0), qubits)]
    else:
        base, part = _POWERS[written]
        steps, shift = [Operation(gate(base, turn), qubits)], shift + turn * part
    # A shift of -1/2 makes a rotation of the power: then there is no phase but for rounding.
    factors = [factor for _, factor in shift.terms] if isinstance(shift, ParameterExpression) else [shift]
    return [*steps, Operation(gate("gphase", shift), ())] if any(factors) else steps


def in_cirq_gates(step: Operation) -> Iterator[Operation]:
    """Yields an operation, or simpler ones where it has parameters and Cirq has no gate for it."""
    chosen = step.action
    if not isinstance(chosen, ParametricGate) or chosen.name in _WRITTEN:
        yield step
    elif chosen.name == "u":
        theta, phi, lam = chosen.parameters
        parts = (gate("p", lam), gate("ry", theta), gate("p", phi))
        yield from (Operation(part.controlled(chosen.num_controls), step.qubits) for part in parts)
    else:
        yield from chain.from_iterable(map(in_cirq_gates, rewrite(step)))


def symbolic_gate(cirq: Any, chosen: ParametricGate) -> Any:
    """Returns the gate of Cirq for one that `in_cirq_gates` yields, its parameters as symbols."""
    sympy = _sympy()
    angles = [_to_sympy(angle) for angle in chosen.parameters]
    if chosen.name == "fsim":
        converted = cirq.FSimGate(*angles)
    elif chosen.name == "gphase":
        converted = cirq.GlobalPhaseGate(sympy.exp(sympy.I * angles[0]))
    elif chosen.name == "p":
        converted = cirq.ZPowGate(exponent=angles[0] / sympy.pi)
    elif chosen.name in _ROTATIONS.values():
        converted = getattr(cirq, chosen.name)(angles[0])
    else:
        converted = getattr(cirq, _WRITTEN[chosen.name])(exponent=angles[0] / sympy.pi, global_shift=-0.5)
    return converted.controlled(chosen.num_controls) if chosen.num_controls else converted


def _to_sympy(angle: Angle) -> Any:
    if not isinstance(angle, ParameterExpression):
        return angle
    sympy = _sympy()
    return sum((factor * sympy.Symbol(name) for name, factor in angle.terms), sympy.Float(angle.constant))


def _sympy() -> Any:
    return optional_module("sympy", package="sympy", what_for="exchanging circuits with Cirq", extra="cirq")


def _exponent_of(coefficient: Any) -> Any:
    """Returns the angle of a phase that is written as a power."""
    sympy = _sympy()
    base, exponent = coefficient.as_base_exp()
    return sympy.expand(exponent * sympy.log(base) / sympy.I)


@lru_cache(maxsize=4096)
def _affine_form(value: Any) -> tuple[tuple[tuple[str, float], ...], float]:
    """Returns names with their factors, and the number, of an expression; raises where it has another form."""
    symbols = sorted(getattr(value, "free_symbols", ()), key=str)
    if not symbols:
        return (), _real(value)
    terms = tuple((str(symbol), _real(value.diff(symbol))) for symbol in symbols)
    constant = _real(value.subs(dict.fromkeys(symbols, 0)))
    # Derivatives are numbers for steps, too: compare at another place.
    place = {symbol: 0.37 + 0.61 * number for number, symbol in enumerate(symbols)}
    expected = constant + sum(factor * place[symbol] for (_, factor), symbol in zip(terms, symbols, strict=True))
    if not math.isclose(_real(value.subs(place)), expected, rel_tol=1e-9, abs_tol=1e-9):
        raise ValueError("it has another form")
    return terms, constant


def _real(value: Any) -> float:
    """Returns a number without symbols and without an imaginary part."""
    if getattr(value, "free_symbols", ()):
        raise ValueError("it has symbols")
    number = complex(value)
    if number.imag:
        raise ValueError("it is not real")
    return number.real

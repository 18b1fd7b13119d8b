"""Parameters of Qiskit circuits as parameters here, and the other way round.

A parameter expression of Qiskit is a sum of parameters times numbers if its derivatives are numbers; then it is kept.
"""

from __future__ import annotations

from typing import Any

from taizhang.circuit.parameter import Angle, Parameter, ParameterExpression
from taizhang.errors import CircuitError

_ERRORS = (TypeError, ValueError, ArithmeticError, RuntimeError, AttributeError)


def angle_of(value: Any, what: str) -> Angle:
    """Returns an angle of Qiskit as a number or an expression.

    Args:
        value: A number, or a `ParameterExpression` of Qiskit.
        what: What it is, for errors.

    Raises:
        CircuitError: It is not a real number, nor a sum of parameters times real numbers; or a name is not allowed.
    """
    symbols = getattr(value, "parameters", ())
    if not symbols:
        return number_of(value, what)
    try:
        terms = [(symbol.name, _real(value.gradient(symbol))) for symbol in symbols]
        constant = _real(value.bind(dict.fromkeys(symbols, 0)))
    except _ERRORS as error:
        raise CircuitError(
            f"{what} is {value}, which is not a sum of parameters times real numbers; bind its parameters first, or "
            "give it a parameter of its own"
        ) from error
    return sum((Parameter(name) * factor for name, factor in terms), ParameterExpression((), constant))


def number_of(value: Any, what: str) -> float:
    """Returns a real number.

    Raises:
        CircuitError: It is not one, or has parameters without values.
    """
    try:
        return float(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise CircuitError(f"{what} is {value}, which is not a number; bind all parameters first") from error


def to_qiskit_angle(angle: Angle, parameter_class: Any, known: dict[str, Any]) -> Any:
    """Returns an angle for Qiskit.

    Args:
        angle: A number or an expression.
        parameter_class: `qiskit.circuit.Parameter`.
        known: The parameters made so far, by name; new ones are added.
    """
    if not isinstance(angle, ParameterExpression):
        return angle
    total: Any = angle.constant
    for name, factor in angle.terms:
        if name not in known:
            known[name] = parameter_class(name)
        total = total + (known[name] if factor == 1 else factor * known[name])
    return total


def _real(value: Any) -> float:
    """Returns a number without parameters and without an imaginary part."""
    if getattr(value, "parameters", ()):
        raise ValueError("it has parameters")
    number = complex(value)
    if number.imag:
        raise ValueError("it is not real")
    return number.real

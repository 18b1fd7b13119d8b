"""Parameters of circuits: named angles without a value yet, and affine expressions of them.

An expression is a sum of parameters times numbers, plus a number: `2*gamma - 0.5`. Such expressions are closed under
all that circuits do with angles (inverses, integer powers), their derivatives are numbers, and they cover what circuits
of Qiskit, Cirq and OpenQASM 3 use in practice. Anything else, such as a product of two parameters, is refused.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import NoReturn, TypeAlias

from taizhang.errors import CircuitError

MAX_NAME_LENGTH = 256

_INDEXED_NAME = re.compile(r"(\w+)(?:\[[0-9]+\])?")
_LARGEST_SHOWN_WHOLE = 1e15


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class ParameterExpression:
    """A sum of parameters times numbers, plus a number; immutable and hashable.

    Expressions are made from `Parameter` by `+`, `-`, `*` and `/` with numbers, and by `+` and `-` with one another.

    Attributes:
        terms: Names of parameters with their coefficients, sorted by name; no coefficient is zero.
        constant: The number that is added.

    Raises:
        CircuitError: A name is not allowed, the names are not in order, or a number is zero or not finite.

    Example:
        >>> gamma, beta = Parameter("gamma"), Parameter("beta")
        >>> 2 * (gamma - beta / 4) - 0.5
        -0.5*beta + 2*gamma - 0.5
        >>> (2 * gamma - 0.5).value_of({"gamma": 1.5})
        2.5
    """

    terms: tuple[tuple[str, float], ...]
    constant: float = 0.0

    # NumPy numbers and arrays leave operators with an expression to the expression.
    __array_ufunc__ = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "terms", tuple((name, float(coefficient)) for name, coefficient in self.terms))
        object.__setattr__(self, "constant", float(self.constant))
        names = self.parameters
        for name in names:
            check_name(name)
        if list(names) != sorted(set(names)) or not all(coefficient for _, coefficient in self.terms):
            raise CircuitError(
                f"the terms of an expression must be in order of names, each once and none zero, got {self.terms!r:.64}"
            )
        if not all(map(math.isfinite, (self.constant, *(coefficient for _, coefficient in self.terms)))):
            raise CircuitError(f"the numbers of an expression must be finite, got {self}; give smaller ones")

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of its parameters, sorted."""
        return tuple(name for name, _ in self.terms)

    def value_of(self, values: Mapping[str, float]) -> float:
        """Returns its value where its parameters have these values.

        Args:
            values: A finite number for each of its parameters, by name; others are ignored.

        Raises:
            CircuitError: A parameter has no value, or the result is not finite.

        Example:
            >>> (Parameter("a") / 2 + 1).value_of({"a": 3.0})
            2.5
        """
        missing = next((name for name in self.parameters if name not in values), None)
        if missing is not None:
            raise CircuitError(f"the parameter '{missing}' has no value; give a number for it")
        return self.bind(values).constant

    def bind(self, values: Mapping[str, float]) -> ParameterExpression:
        """Returns the expression with values for some of its parameters.

        Args:
            values: Finite numbers by name; those of other parameters are ignored.

        Raises:
            CircuitError: The result is not finite.

        Example:
            >>> (Parameter("a") + 2 * Parameter("b")).bind({"b": 0.25})
            a + 0.5
        """
        bound = self.constant
        for name, coefficient in self.terms:
            if name in values:
                bound += coefficient * values[name]
        if not math.isfinite(bound):
            raise CircuitError(f"the expression {self} is not finite for the values given; give finite, smaller ones")
        return ParameterExpression(tuple(term for term in self.terms if term[0] not in values), bound)

    # Arithmetic

    def __add__(self, other: float | ParameterExpression) -> ParameterExpression:
        if isinstance(other, ParameterExpression):
            sums = dict(self.terms)
            for name, coefficient in other.terms:
                sums[name] = sums.get(name, 0.0) + coefficient
            return _expression(sums.items(), self.constant + other.constant)
        number = _number(other)
        return NotImplemented if number is None else ParameterExpression(self.terms, self.constant + number)

    __radd__ = __add__

    def __sub__(self, other: float | ParameterExpression) -> ParameterExpression:
        if isinstance(other, ParameterExpression):
            return self + -other
        number = _number(other)
        return NotImplemented if number is None else self + -number

    def __rsub__(self, other: float) -> ParameterExpression:
        return -self + other

    def __mul__(self, other: float | ParameterExpression) -> ParameterExpression:
        if isinstance(other, ParameterExpression):
            if other.terms and self.terms:
                self._refuse(f"{_factor(self)} * {_factor(other)}")
            return self * other.constant if self.terms else other * self.constant
        number = _number(other)
        if number is None:
            return NotImplemented
        return _expression(((name, factor * number) for name, factor in self.terms), self.constant * number)

    __rmul__ = __mul__

    def __truediv__(self, other: float | ParameterExpression) -> ParameterExpression:
        if isinstance(other, ParameterExpression):
            if other.terms:
                self._refuse(f"{_factor(self)} / {_factor(other)}")
            return self / other.constant
        number = _number(other)
        if number is None:
            return NotImplemented
        if number == 0:
            raise CircuitError(f"the expression {self} was divided by zero; divide by another number")
        return _expression(((name, factor / number) for name, factor in self.terms), self.constant / number)

    def __rtruediv__(self, other: float) -> ParameterExpression:
        if self.terms:
            self._refuse(f"{other!r:.32} / {_factor(self)}")
        return ParameterExpression((), float(other)) / self.constant

    def __neg__(self) -> ParameterExpression:
        return ParameterExpression(tuple((name, -factor) for name, factor in self.terms), -self.constant)

    def __pos__(self) -> ParameterExpression:
        return self

    def __pow__(self, other: object) -> NoReturn:
        self._refuse(f"{_factor(self)} ** {other!r:.32}")

    def __rpow__(self, other: object) -> NoReturn:
        self._refuse(f"{other!r:.32} ** {_factor(self)}")

    def __abs__(self) -> NoReturn:
        self._refuse(f"abs({self})")

    def __float__(self) -> float:
        if self.terms:
            raise CircuitError(
                f"the expression {self} is not a number yet, and angles may only be sums of parameters times numbers; "
                "give its parameters values first"
            )
        return self.constant

    def _refuse(self, shown: str) -> NoReturn:
        raise CircuitError(
            f"{shown:.200} is not a sum of parameters times numbers, which is all that angles may be; "
            "give it a parameter of its own"
        )

    # Equality: a parameter equals the expression of one term.

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ParameterExpression):
            return NotImplemented
        return self.terms == other.terms and self.constant == other.constant

    def __hash__(self) -> int:
        return hash((self.terms, self.constant))

    def __repr__(self) -> str:
        written = ""
        for factor, name in ((factor, name) for name, factor in self.terms):
            scale = "" if abs(factor) == 1 else f"{_text(abs(factor))}*"
            written += _sign(factor, first=not written) + scale + name
        if self.constant or not written:
            written += _sign(self.constant, first=not written) + _text(abs(self.constant))
        return written


class Parameter(ParameterExpression):
    """A named angle that has no value yet.

    Parameters of one name are the same parameter.

    Args:
        name: Letters, digits and _, not beginning with a digit; an index may follow, as in `theta[3]`.

    Raises:
        CircuitError: The name is not allowed.

    Example:
        >>> Parameter("gamma"), -Parameter("theta[3]") / 2
        (gamma, -0.5*theta[3])
    """

    __slots__ = ()

    def __init__(self, name: str) -> None:
        super().__init__(((check_name(name), 1.0),))

    @property
    def name(self) -> str:
        """Its name."""
        return self.terms[0][0]

    def __reduce__(self) -> tuple[type[Parameter], tuple[str]]:
        return Parameter, (self.name,)


Angle: TypeAlias = float | ParameterExpression
"""An angle of a gate, in radians."""


def check_name(name: object) -> str:
    """Returns the name of a parameter if it is allowed.

    Raises:
        CircuitError: It is not.

    Example:
        >>> check_name("2x")
        Traceback (most recent call last):
        ...
        taizhang.errors.CircuitError: the name of a parameter must be of letters, digits and _, not beginning with a \
digit, with at most an index as in theta[3], got '2x'; choose another
    """
    found = _INDEXED_NAME.fullmatch(name) if isinstance(name, str) and len(name) <= MAX_NAME_LENGTH else None
    if found is None or not found[1].isidentifier():
        raise CircuitError(
            "the name of a parameter must be of letters, digits and _, not beginning with a digit, with at most an "
            f"index as in theta[3], got {name!r:.64}; choose another"
        )
    return found[0]


def check_values(values: Mapping[str, float] | Sequence[float], names: Sequence[str]) -> dict[str, float]:
    """Returns values of parameters by name.

    Args:
        values: Finite numbers by name, of all parameters or of some; or one for each of them, in order.
        names: Names of the parameters.

    Raises:
        CircuitError: A name is unknown, a sequence has the wrong length, or a value is not a finite number.

    Example:
        >>> check_values([0.5, 1], ["gamma", "beta"])
        {'gamma': 0.5, 'beta': 1.0}
    """
    if isinstance(values, Mapping):
        known = set(names)
        unknown = next((name for name in values if name not in known), None)
        if unknown is not None:
            shown = ", ".join([*names[:6], "…"] if len(names) > 6 else names)
            those = f"those are {shown}" if names else "the circuit has none"
            raise CircuitError(f"{unknown!r:.64} is not a parameter without a value; {those}")
        named = dict(values)
    else:
        given = _listed(values)
        if len(given) != len(names):
            raise CircuitError(
                f"values must be {len(names)} numbers, one for each parameter in order, or a mapping from names to "
                f"numbers, got {len(given)} values"
            )
        named = dict(zip(names, given, strict=True))
    return {name: _finite(name, value) for name, value in named.items()}


def _listed(values: Sequence[float]) -> list[float]:
    if isinstance(values, (str, bytes)) or not hasattr(values, "__iter__"):
        raise CircuitError(
            f"values must be numbers in order, or a mapping from names of parameters to numbers, got {values!r:.64}"
        )
    return list(values)


def _finite(name: str, value: float) -> float:
    number = _number(value)
    if number is None or not math.isfinite(number):
        raise CircuitError(f"the value of the parameter '{name}' must be a finite number, got {value!r:.64}")
    return number


def as_angle(expression: ParameterExpression) -> Angle:
    """Returns an expression, or its number where it has no parameters.

    Example:
        >>> as_angle(Parameter("a") - Parameter("a") + 0.5)
        0.5
    """
    return expression if expression.terms else expression.constant


def _expression(terms: Iterable[tuple[str, float]], constant: float) -> ParameterExpression:
    """Returns the expression of terms in any order, those that are zero left out."""
    return ParameterExpression(tuple(sorted(term for term in terms if term[1])), constant)


def _number(given: object) -> float | None:
    return float(given) if isinstance(given, Real) else None


def _factor(expression: ParameterExpression) -> str:
    """An expression as it is written within a product."""
    return repr(expression) if isinstance(expression, Parameter) else f"({expression})"


def _sign(number: float, *, first: bool) -> str:
    if first:
        return "-" if number < 0 else ""
    return " - " if number < 0 else " + "


def _text(number: float) -> str:
    """A number that is not negative: as an integer where it is one."""
    return str(int(number)) if number.is_integer() and number < _LARGEST_SHOWN_WHOLE else repr(number)

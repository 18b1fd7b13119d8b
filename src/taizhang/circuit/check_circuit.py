"""Type check of circuit arguments, with a hint how to convert what is not a Circuit."""

from __future__ import annotations

from os import PathLike, fspath

from taizhang._checks import check_type
from taizhang.circuit.circuit import Circuit
from taizhang.circuit.operation import missing_values

_CONVERTERS = {"qiskit": "from_qiskit(circuit)", "cirq": "from_cirq(circuit)"}


def check_circuit(given: object, *, name: str = "circuit", parametric: bool = False) -> Circuit:
    """Returns `given` if it is a Circuit whose parameters have values.

    Args:
        given: What was given.
        name: Name of the argument, for messages.
        parametric: Whether parameters may be without values.

    Raises:
        UsageError: It has another type; the message says how to convert it.
        CircuitError: Parameters have no values.

    Example:
        >>> check_circuit("bell.qasm")
        Traceback (most recent call last):
        ...
        taizhang.errors.UsageError: circuit must be a Circuit, got a str; read_circuit("bell.qasm") makes one
    """
    if not isinstance(given, Circuit):
        return check_type(given, Circuit, name=name, hint=how_to_make_one(given))
    names = () if parametric else given.parameters
    if names:
        raise missing_values(names)
    return given


def how_to_make_one(given: object) -> str:
    """Returns how to convert something to a circuit, as the end of a sentence; empty if unknown."""
    if isinstance(given, (str, PathLike)):
        return f'; read_circuit("{short_path(given)}") makes one'
    package = type(given).__module__.partition(".")[0]
    if package in _CONVERTERS:
        return f"; {_CONVERTERS[package]} makes one"
    return "; plan() and contract() take networks" if package == "taizhang" else ""


def short_path(given: str | PathLike[str]) -> str:
    """Returns a path shortened to fit a sentence."""
    text = fspath(given)
    return text if len(text) <= 40 else f"…{text[-39:]}"

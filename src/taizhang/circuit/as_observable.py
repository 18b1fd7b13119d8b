"""Observables from anything that means one: text, numbers, and the operators of other packages."""

from __future__ import annotations

import numbers
from typing import Any

from taizhang._checks import describe
from taizhang._lazy import lazy_module
from taizhang.circuit.observable import Observable
from taizhang.errors import UsageError

qiskit_observable: Any = lazy_module("taizhang.adapters.qiskit_observable")
cirq_observable: Any = lazy_module("taizhang.adapters.cirq_observable")
openfermion_observable: Any = lazy_module("taizhang.adapters.openfermion_observable")
pennylane_observable: Any = lazy_module("taizhang.adapters.pennylane_observable")


def as_observable(value: Any, *, name: str = "observable") -> Observable:
    """Returns the observable that a value means.

    Packages are recognised by the modules of the value's classes, and none is imported for it.

    Args:
        value: An Observable, text such as "0.5 X3 - 2 Z0 Z7", a number, or an operator of Qiskit, Cirq (on line
            qubits), OpenFermion or PennyLane (on wires that are numbers).
        name: Name of the argument in errors.

    Returns:
        The observable.

    Raises:
        UsageError: The value is something else.
        CircuitError: It is not a sum of Pauli products on numbered qubits.

    Example:
        >>> as_observable("Z0 Z1"), as_observable(2)
        (Observable('Z0 Z1'), Observable('2'))
    """
    if isinstance(value, Observable):
        return value
    if isinstance(value, str):
        return Observable(value)
    if isinstance(value, numbers.Complex):
        return Observable(complex(value))
    packages = {kind.__module__.partition(".")[0] for kind in type(value).__mro__}
    if "qiskit" in packages:
        made: Observable = qiskit_observable.observable_from_qiskit(value)
    elif "cirq" in packages:
        made = cirq_observable.observable_from_cirq(value)
    elif "openfermion" in packages:
        made = openfermion_observable.observable_from_openfermion(value)
    elif "pennylane" in packages:
        made = pennylane_observable.observable_from_pennylane(value)
    else:
        raise UsageError(
            f"{name} must be an Observable, text such as 'Z0 Z1', a number, or an operator of Qiskit, Cirq, "
            f"OpenFermion or PennyLane, got {describe(value)}"
        )
    return made

"""Observables from and to Cirq.

Cirq's qubits have names, not numbers, so their order must be given, as `from_cirq` takes it or by the circuit itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from taizhang._checks import check_type, describe
from taizhang._optional import optional_module
from taizhang.circuit.observable import Observable, PauliTerm
from taizhang.errors import CircuitError, UsageError


def observable_from_cirq(operator: Any, *, qubits: Any = None) -> Observable:
    """Makes an observable from a `cirq.PauliSum` or `cirq.PauliString`.

    Args:
        operator: Without free symbols.
        qubits: The Cirq qubit of each position, as `from_cirq` takes its `qubit_order`, or the Cirq circuit, whose
            qubits are then in Cirq's own order, as for `from_cirq`. By default `cirq.LineQubit(k)` is qubit k, which
            is the order of `from_cirq` for circuits that use all of `cirq.LineQubit.range(n)`.

    Returns:
        The observable.

    Raises:
        MissingPackageError: Cirq is not installed.
        UsageError: `operator` is something else.
        CircuitError: A qubit has no position, or a coefficient is not a number.

    Example:
        >>> import cirq
        >>> a, b = cirq.NamedQubit("a"), cirq.NamedQubit("b")
        >>> observable_from_cirq(0.5 * cirq.Z(a) * cirq.X(b) + 2, qubits=[b, a])
        Observable('2 + 0.5 X0 Z1')
    """
    cirq = _import()
    if isinstance(operator, cirq.PauliString):
        strings: Iterable[Any] = [operator]
    elif isinstance(operator, cirq.PauliSum):
        strings = operator
    else:
        raise UsageError(f"observable_from_cirq takes a cirq.PauliSum or PauliString, got {describe(operator)}")
    return Observable.from_terms(_terms(cirq, strings, _places(cirq, operator, qubits)))


def _places(cirq: Any, operator: Any, qubits: Any) -> dict[Any, int]:
    """Returns the position of each qubit."""
    if qubits is None:
        for qubit in operator.qubits:
            if not isinstance(qubit, cirq.LineQubit):
                raise CircuitError(
                    f"the qubit {qubit} of the Cirq operator has no number; give the order of the qubits, or the "
                    "circuit, as `qubits`"
                )
        return {qubit: qubit.x for qubit in operator.qubits}
    ordered = sorted(qubits.all_qubits()) if isinstance(qubits, cirq.AbstractCircuit) else list(qubits)
    places = {qubit: place for place, qubit in enumerate(ordered)}
    if len(places) != len(ordered):
        twice = next(qubit for qubit in ordered if ordered.count(qubit) > 1)
        raise CircuitError(f"qubit {twice} is in `qubits` twice; name every qubit once")
    for qubit in operator.qubits:
        if qubit not in places:
            raise CircuitError(f"qubit {qubit} of the Cirq operator is not in `qubits`; name every qubit there")
    return places


def _terms(cirq: Any, strings: Iterable[Any], places: dict[Any, int]) -> Iterator[PauliTerm]:
    letters = {cirq.X: "X", cirq.Y: "Y", cirq.Z: "Z"}
    for string in strings:
        try:
            coefficient = complex(string.coefficient)
        except (TypeError, ValueError):
            raise CircuitError(
                f"the coefficient {string.coefficient!s:.40} of the Cirq operator must be a number; resolve its "
                "symbols first (cirq.resolve_parameters)"
            ) from None
        yield tuple((places[qubit], letters[pauli]) for qubit, pauli in string.items()), coefficient


def observable_to_cirq(observable: Observable, *, qubits: Sequence[Any] | None = None) -> Any:
    """Makes a `cirq.PauliSum` from an observable.

    Args:
        observable: Any observable.
        qubits: The Cirq qubit of each position; by default `cirq.LineQubit(k)` of qubit k, as `to_cirq` has them.

    Returns:
        Cirq's sum.

    Raises:
        MissingPackageError: Cirq is not installed.
        UsageError: `observable` is not an Observable.
        CircuitError: `qubits` does not have all its qubits.
    """
    check_type(observable, Observable, name="observable")
    cirq = _import()
    if qubits is not None:
        observable.check_qubits(len(qubits))
    letters = {"X": cirq.X, "Y": cirq.Y, "Z": cirq.Z}
    return cirq.PauliSum.from_pauli_strings(
        cirq.PauliString(
            {(cirq.LineQubit(qubit) if qubits is None else qubits[qubit]): letters[name] for qubit, name in product},
            coefficient=coefficient,
        )
        for product, coefficient in observable
    )


def _import() -> Any:
    return optional_module("cirq", package="cirq-core", what_for="exchanging observables with Cirq", extra="cirq")

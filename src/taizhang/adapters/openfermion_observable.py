"""Observables from and to OpenFermion. Qubit k of an operator is qubit k here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from taizhang._checks import check_type, describe
from taizhang._optional import optional_module
from taizhang.circuit.observable import Observable, PauliTerm
from taizhang.errors import CircuitError, UsageError


def observable_from_openfermion(operator: Any) -> Observable:
    """Makes an observable from an `openfermion.QubitOperator`.

    Args:
        operator: Without free symbols.

    Returns:
        The observable; qubit k of the operator is qubit k.

    Raises:
        MissingPackageError: OpenFermion is not installed.
        UsageError: `operator` is something else; operators on fermions are first mapped to qubits.
        CircuitError: A coefficient is not a finite number.

    Example:
        >>> from openfermion import QubitOperator
        >>> observable_from_openfermion(QubitOperator("X0 Z3", 0.5) + 2)
        Observable('2 + 0.5 X0 Z3')
    """
    openfermion = _import()
    if not isinstance(operator, openfermion.QubitOperator):
        advice = ""
        if isinstance(operator, (openfermion.FermionOperator, openfermion.InteractionOperator)):
            advice = "; map it to qubits first, such as by openfermion.jordan_wigner"
        raise UsageError(
            f"observable_from_openfermion takes an openfermion.QubitOperator, got {describe(operator)}{advice}"
        )
    return Observable.from_terms(_terms(operator))


def _terms(operator: Any) -> Iterator[PauliTerm]:
    for product, given in operator.terms.items():
        try:
            yield product, complex(given)
        except (TypeError, ValueError):
            raise CircuitError(
                f"the coefficient {given!s:.40} of the OpenFermion operator must be a number; give its symbols values"
            ) from None


def observable_to_openfermion(observable: Observable) -> Any:
    """Makes an `openfermion.QubitOperator` from an observable.

    Args:
        observable: Any observable.

    Returns:
        OpenFermion's operator; qubit k is qubit k.

    Raises:
        MissingPackageError: OpenFermion is not installed.
        UsageError: `observable` is not an Observable.
    """
    check_type(observable, Observable, name="observable")
    operator = _import().QubitOperator()
    operator.terms = dict(observable)
    return operator


def _import() -> Any:
    return optional_module(
        "openfermion", package="openfermion", what_for="exchanging observables with OpenFermion", extra="openfermion"
    )

"""Observables from and to PennyLane. Wires are labels; those that are whole numbers are qubits of these numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import index
from typing import Any

from taizhang._checks import check_type, describe
from taizhang._optional import optional_module
from taizhang.circuit.observable import Observable, PauliTerm
from taizhang.errors import CircuitError, UsageError


def observable_from_pennylane(operator: Any, *, wires: Sequence[Any] | None = None) -> Observable:
    """Makes an observable from a PennyLane operator.

    Args:
        operator: A `PauliSentence`, a `PauliWord`, or an operator that PennyLane writes as one (its `pauli_rep`), such
            as sums and products of Pauli operators and `qml.Hamiltonian`.
        wires: The wire of each position, such as `device.wires`. By default wire k is qubit k.

    Returns:
        The observable.

    Raises:
        MissingPackageError: PennyLane is not installed.
        UsageError: `operator` is something else.
        CircuitError: It is not a sum of Pauli products, a wire has no position, or a coefficient is not a number.

    Example:
        >>> import pennylane as qml
        >>> observable_from_pennylane(0.5 * qml.X(0) @ qml.Z(3) + 2 * qml.I())
        Observable('2 + 0.5 X0 Z3')
        >>> observable_from_pennylane(qml.X("a") @ qml.Z("b"), wires=["b", "a"])
        Observable('Z0 X1')
    """
    qml = _import()
    if isinstance(operator, qml.pauli.PauliWord):
        sentence: Any = {operator: 1.0}
    elif isinstance(operator, qml.pauli.PauliSentence):
        sentence = operator
    elif isinstance(operator, qml.operation.Operator):
        sentence = operator.pauli_rep
        if sentence is None:
            raise CircuitError(
                f"the PennyLane operator {operator.name} is not a sum of Pauli products; make one of it by "
                "qml.pauli_decompose"
            )
    else:
        raise UsageError(
            "observable_from_pennylane takes a PennyLane operator, PauliSentence or PauliWord, "
            f"got {describe(operator)}"
        )
    return Observable.from_terms(_terms(sentence, _Places(wires)))


class _Places:
    """Position of each wire."""

    def __init__(self, wires: Sequence[Any] | None) -> None:
        ordered = None if wires is None else list(wires)
        self._places = None if ordered is None else {wire: place for place, wire in enumerate(ordered)}
        if ordered is not None and self._places is not None and len(self._places) != len(ordered):
            twice = next(wire for wire in ordered if ordered.count(wire) > 1)
            raise CircuitError(f"wire {twice!r:.40} is in `wires` twice; name every wire once")

    def __getitem__(self, wire: Any) -> int:
        if self._places is not None:
            if wire not in self._places:
                raise CircuitError(
                    f"wire {wire!r:.40} of the PennyLane operator is not in `wires`; name every wire there"
                )
            return self._places[wire]
        try:
            return index(wire)
        except TypeError:
            raise CircuitError(
                f"wire {wire!r:.40} of the PennyLane operator has no number; give the order of the wires as `wires`"
            ) from None


def _terms(sentence: Any, places: _Places) -> Iterator[PauliTerm]:
    for word, given in sentence.items():
        try:
            coefficient = complex(given)
        except (TypeError, ValueError):
            raise CircuitError(
                f"the coefficient {given!s:.40} of the PennyLane operator must be a number; give a single one"
            ) from None
        yield tuple((places[wire], letter) for wire, letter in word.items()), coefficient


def observable_to_pennylane(observable: Observable, *, wires: Sequence[Any] | None = None) -> Any:
    """Makes a `pennylane.pauli.PauliSentence` from an observable.

    Args:
        observable: Any observable.
        wires: The wire of each position; by default wire k of qubit k.

    Returns:
        PennyLane's sentence; its `operation()` is what `qml.expval` takes.

    Raises:
        MissingPackageError: PennyLane is not installed.
        UsageError: `observable` is not an Observable.
        CircuitError: `wires` does not have all its qubits.
    """
    check_type(observable, Observable, name="observable")
    pauli = _import().pauli
    if wires is not None:
        observable.check_qubits(len(wires))
    return pauli.PauliSentence(
        {
            pauli.PauliWord({(qubit if wires is None else wires[qubit]): letter for qubit, letter in product}): (
                coefficient if coefficient.imag else coefficient.real
            )
            for product, coefficient in observable
        }
    )


def _import() -> Any:
    return optional_module(
        "pennylane", package="pennylane", what_for="exchanging observables with PennyLane", extra="pennylane"
    )

"""Observables from and to Qiskit.

Qubit k of a Qiskit operator is qubit k here. Qiskit writes a label with qubit 0 last: "ZII" is Z on qubit 2.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from taizhang._checks import check_type, describe
from taizhang._optional import optional_module
from taizhang.circuit.observable import Observable, PauliTerm
from taizhang.errors import CircuitError, UsageError

_LETTERS = {(True, False): "X", (True, True): "Y", (False, True): "Z"}


def observable_from_qiskit(operator: Any) -> Observable:
    """Makes an observable from a `qiskit.quantum_info.SparsePauliOp`.

    Args:
        operator: A `SparsePauliOp`, `Pauli` or `SparseObservable`, without free parameters.

    Returns:
        The observable; qubit k of the operator, which is letter k from the right of its labels, is qubit k.

    Raises:
        MissingPackageError: Qiskit is not installed.
        UsageError: `operator` is something else.
        CircuitError: A coefficient has a free parameter or is not finite.

    Example:
        >>> from qiskit.quantum_info import SparsePauliOp
        >>> observable_from_qiskit(SparsePauliOp(["ZII", "IXY"], [1, 0.5]))
        Observable('0.5 Y0 X1 + Z2')
    """
    information = _import()
    sparse = getattr(information, "SparseObservable", None)
    if sparse is not None and isinstance(operator, sparse):
        operator = information.SparsePauliOp.from_sparse_observable(operator)
    elif isinstance(operator, information.Pauli):
        operator = information.SparsePauliOp(operator)
    if not isinstance(operator, information.SparsePauliOp):
        raise UsageError(
            f"observable_from_qiskit takes a qiskit SparsePauliOp, Pauli or SparseObservable, got {describe(operator)}"
        )
    return Observable.from_terms(_terms(operator))


def _terms(operator: Any) -> Iterator[PauliTerm]:
    paulis = operator.paulis
    for flips, phases, given in zip(paulis.x, paulis.z, operator.coeffs, strict=True):
        try:
            coefficient = complex(given)
        except (TypeError, ValueError):
            raise CircuitError(
                f"the coefficient {given!s:.40} of the Qiskit operator must be a number; bind its parameters first"
            ) from None
        qubits = np.flatnonzero(flips | phases).tolist()
        yield tuple((qubit, _LETTERS[bool(flips[qubit]), bool(phases[qubit])]) for qubit in qubits), coefficient


def observable_to_qiskit(observable: Observable, *, num_qubits: int | None = None) -> Any:
    """Makes a `qiskit.quantum_info.SparsePauliOp` from an observable.

    Args:
        observable: Any observable.
        num_qubits: Number of qubits of the operator, which must be that of the Qiskit circuit. By default the least
            that the observable needs, and at least 1.

    Returns:
        Qiskit's operator; qubit k is qubit k.

    Raises:
        MissingPackageError: Qiskit is not installed.
        UsageError: `observable` is not an Observable.
        CircuitError: It acts on a qubit beyond `num_qubits`.
    """
    check_type(observable, Observable, name="observable")
    number = max(1, observable.num_qubits) if num_qubits is None else num_qubits
    observable.check_qubits(number)
    terms = [
        ("".join(letter for _, letter in product), [qubit for qubit, _ in product], coefficient)
        for product, coefficient in observable
    ]
    return _import().SparsePauliOp.from_sparse_list(terms or [("", [], 0.0)], num_qubits=number)


def _import() -> Any:
    return optional_module(
        "qiskit.quantum_info", package="qiskit", what_for="exchanging observables with Qiskit", extra="qiskit"
    )

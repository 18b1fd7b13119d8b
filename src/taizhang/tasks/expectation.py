"""The question for expectation values of observables: sums of Pauli products in the state that a circuit makes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from taizhang._lazy import lazy_module
from taizhang._types import ComplexArray
from taizhang._units import counted
from taizhang.circuit.circuit import Circuit
from taizhang.circuit.observable import Observable
from taizhang.errors import PlanError
from taizhang.network.cones import cone_networks, fixed_gates
from taizhang.observer import Observer, Silent
from taizhang.plan.plan import Plan
from taizhang.settings import Settings
from taizhang.tasks.assembly import PartialValues, Values
from taizhang.tasks.cone_work import ConeWork, Weights, prepare_cones, products_of
from taizhang.tasks.records import MOST_RECORDED
from taizhang.tasks.work import Work

if TYPE_CHECKING:
    from taizhang.tasks import doubled_work
    from taizhang.tasks.doubled_work import DoubledWork
else:
    doubled_work = lazy_module("taizhang.tasks.doubled_work")

_LONGEST_TEXT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectationTask:
    """The question for the expectation values of some observables.

    Attributes:
        circuit: The circuit; only gates in the light cones of the products cost anything.
        observables: The observables.
        given: Values of classical bits: the traces with the products are then of the part of the state that belongs to
            them, not normalised.
    """

    circuit: Circuit
    observables: tuple[Observable, ...]
    given: tuple[tuple[int, int], ...] = ()

    def prepare(
        self,
        settings: Settings,
        *,
        plan: Plan | None = None,
        observer: Observer | None = None,
        piece_seconds: float | None = None,
    ) -> Work[Any]:
        """Builds the networks and searches their plans; arguments and errors are those of `Task.prepare`.

        Raises:
            CircuitError: An observable acts on a qubit that the circuit does not have.
            PlanError: A plan was given.
        """
        if plan is not None:
            raise PlanError("expectation values have a plan for each shape of a light cone; leave `plan` out")
        return self.prepare_cones(settings, observer=observer).work

    def prepare_cones(self, settings: Settings, *, observer: Observer | None = None) -> ConeWork | DoubledWork:
        """Does what `prepare` does, and returns the networks as well."""
        watch = observer or Silent()
        watch.stage("build")
        started = time.perf_counter()
        for observable in self.observables:
            observable.check_qubits(self.circuit.num_qubits)
        products = products_of(self.observables)

        def assembly_of(placed: Weights) -> ExpectationAssembly:
            return ExpectationAssembly.of(self.observables, placed, len(products))

        if self.given or not self.circuit.is_unitary:
            doubled_work.warn_of_loops(self.circuit, settings, watch)
            cones = doubled_work.DoubledCones.of(self.circuit, list(products), dict(self.given))
            return doubled_work.prepare_doubled(
                cones,
                Weights.of(self.observables, products, cones),
                settings,
                assembly_of=assembly_of,
                circuit=self.circuit,
                observer=watch,
                build_started=started,
            )
        networks = cone_networks(
            self.circuit.num_qubits, fixed_gates(self.circuit), list(products), threads=settings.threads
        )
        weights = Weights.of(self.observables, products, networks)
        table = networks.tensors.table(np.zeros(0))
        return prepare_cones(
            networks,
            table,
            weights,
            settings,
            assembly_of=assembly_of,
            circuit=self.circuit,
            observer=watch,
            build_started=started,
        )


def shorten(observable: Observable) -> str:
    """The text of an observable for tables and messages."""
    text = str(observable) if len(observable) <= 64 else repr(observable)[len("Observable('") : -2]
    return text if len(text) <= _LONGEST_TEXT else f"{text[: _LONGEST_TEXT - 1]}…"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ExpectationValues:
    """Expectation values.

    Attributes:
        texts: The observables as text; long ones shortened.
        values: complex128, shape (observables,).
        hermitian: Whether each observable is Hermitian; then its value is real.
        num_cones: Number of different products.
        num_distinct: Number of different networks that were contracted.
    """

    texts: tuple[str, ...]
    values: ComplexArray
    hermitian: tuple[bool, ...]
    num_cones: int
    num_distinct: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectationAssembly:
    """Adds up the values of the products of each observable.

    Attributes:
        texts: The observables as text.
        hermitian: Whether each is Hermitian.
        weights: The weight of each contraction in each observable.
        num_products: Number of different products.
    """

    kind: ClassVar[str] = "expectation"

    texts: tuple[str, ...]
    hermitian: tuple[bool, ...]
    weights: Weights
    num_products: int

    @classmethod
    def of(cls, observables: Sequence[Observable], weights: Weights, num_products: int) -> ExpectationAssembly:
        """The assembly of observables whose contractions have these weights."""
        return cls(
            texts=tuple(map(shorten, observables)),
            hermitian=tuple(observable.is_hermitian for observable in observables),
            weights=weights,
            num_products=num_products,
        )

    def to_json(self) -> Mapping[str, Any]:
        """The fields as JSON."""
        return {
            "observables": list(self.texts),
            "hermitian": list(self.hermitian),
            "weights": self.weights.to_json(),
            "num_products": self.num_products,
        }

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> ExpectationAssembly:
        """Reads the output of `to_json`."""
        weights = Weights.from_json(fields["weights"])
        texts, hermitian = tuple(map(str, fields["observables"])), tuple(map(bool, fields["hermitian"]))
        if not len(texts) == len(hermitian) == len(weights.constants):
            raise ValueError("the observables and their weights differ in number")
        return cls(texts=texts, hermitian=hermitian, weights=weights, num_products=int(fields["num_products"]))

    def description(self) -> str:
        """The question in words."""
        return f"{counted(len(self.texts), 'expectation value')} of {counted(self.num_products, 'Pauli product')}"

    def answer(self, values: Values) -> ExpectationValues:
        """The expectation values."""
        flat = np.concatenate([np.zeros(0, dtype=np.complex128), *(part.reshape(-1) for part in values)])
        return ExpectationValues(
            texts=self.texts,
            values=self.weights.sums(flat),
            hermitian=self.hermitian,
            num_cones=self.num_products,
            num_distinct=len(flat),
        )

    def plain(self, answer: ExpectationValues) -> Any:
        """The values: float64, or complex128 where an observable is not Hermitian; shape (observables,)."""
        return answer.values.real.copy() if all(self.hermitian) else answer.values

    def so_far(self, known: PartialValues) -> None:
        """None: a part of the products is not an estimate of the sum."""

    def stopping_rule(self) -> None:
        """None: all contractions are needed."""

    def rows(self, answer: ExpectationValues) -> Iterator[tuple[str, str]]:
        """Each observable with its value, unless there are many."""
        if len(answer.texts) <= MOST_RECORDED:
            for text, value, hermitian in zip(answer.texts, answer.values, answer.hermitian, strict=True):
                yield text, f"{value.real:.10g}" if hermitian else f"{value:.10g}"

    def record(self, answer: ExpectationValues) -> Mapping[str, Any]:
        """The values, unless there are many."""
        return {"values": value_records(answer)} if len(answer.texts) <= MOST_RECORDED else {}


def value_records(answer: ExpectationValues, errors: Sequence[float] | None = None) -> list[dict[str, Any]]:
    """The values as `--json` prints them."""
    return [
        {"observable": text, "value": float(value.real), "imag": float(value.imag) if not hermitian else 0.0}
        for text, value, hermitian in zip(answer.texts, answer.values, answer.hermitian, strict=True)
    ]

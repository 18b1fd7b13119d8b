"""The questions for outcome probabilities and reduced states of a few qubits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from taizhang._types import ComplexArray
from taizhang.circuit.circuit import Circuit
from taizhang.network.density import reduced_network
from taizhang.observer import Observer, Silent
from taizhang.plan.plan import Plan
from taizhang.settings import Settings
from taizhang.tasks.assembly import PartialValues, Values
from taizhang.tasks.contraction import ContractionTask
from taizhang.tasks.records import MOST_RECORDED, complex_fields
from taizhang.tasks.work import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class ReducedStateTask:
    """The question for the state of some qubits, or for the probabilities of their outcomes.

    Attributes:
        circuit: The circuit; only gates in the light cone of the qubits cost anything.
        qubits: The qubits: for a state the first is the slowest bit of rows and columns; for probabilities they are
            the axes.
        probabilities: Whether only the probabilities are computed.
    """

    circuit: Circuit
    qubits: tuple[int, ...]
    probabilities: bool = False

    def prepare(
        self,
        settings: Settings,
        *,
        plan: Plan | None = None,
        observer: Observer | None = None,
        piece_seconds: float | None = None,
    ) -> Work[Any]:
        """Builds the network and searches the plan; arguments and errors are those of `Task.prepare`.

        Raises:
            CircuitError: A qubit is not in the circuit, or given twice.
        """
        (observer or Silent()).stage("build")
        network = reduced_network(self.circuit, self.qubits, probabilities=self.probabilities)
        work = ContractionTask(network=network, of_circuit=True).prepare(settings, plan=plan, observer=observer)
        return replace(
            work,
            assembly=ReducedStateAssembly(qubits=self.qubits, probabilities=self.probabilities),
            circuit=self.circuit,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReducedStateAssembly:
    """Assembles the state, or the probabilities, from one contraction.

    Attributes:
        qubits: The qubits.
        probabilities: Whether only the probabilities are computed.
    """

    kind: ClassVar[str] = "reduced-state"

    qubits: tuple[int, ...]
    probabilities: bool

    def to_json(self) -> Mapping[str, Any]:
        """The fields as JSON."""
        return {"qubits": list(self.qubits), "probabilities": self.probabilities}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> ReducedStateAssembly:
        """Reads the output of `to_json`."""
        return cls(qubits=tuple(map(int, fields["qubits"])), probabilities=bool(fields["probabilities"]))

    def description(self) -> str:
        """The question in words."""
        what = "outcome probabilities" if self.probabilities else "the reduced state"
        return f"{what} of qubits {', '.join(map(str, self.qubits))}"

    def answer(self, values: Values) -> Any:
        """The probabilities, float64, shape (2,) * qubits; or the density matrix, shape (2**qubits, 2**qubits)."""
        value: ComplexArray = values[0].reshape(-1)
        if self.probabilities:
            return np.maximum(value.real.astype(np.float64), 0.0).reshape((2,) * len(self.qubits))
        return value.reshape(1 << len(self.qubits), -1)

    def plain(self, answer: Any) -> Any:
        """The answer itself."""
        return answer

    def so_far(self, known: PartialValues) -> None:
        """None: a part of the slices is not a useful estimate."""

    def stopping_rule(self) -> None:
        """None: the contraction is needed."""

    def rows(self, answer: Any) -> Iterator[tuple[str, str]]:
        """The probability of each outcome, or the elements of the matrix, unless there are many."""
        if answer.size <= MOST_RECORDED:
            for place, value in np.ndenumerate(answer):
                yield "".join(map(str, place)) if self.probabilities else ", ".join(map(str, place)), f"{value:.8g}"

    def record(self, answer: Any) -> Mapping[str, Any]:
        """The elements, unless there are many."""
        if answer.size > MOST_RECORDED:
            return {}
        if self.probabilities:
            return {"qubits": list(self.qubits), "probabilities": answer.tolist()}
        return {"qubits": list(self.qubits), "values": complex_fields(answer)}

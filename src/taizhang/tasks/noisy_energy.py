"""Expectation values of circuits with channels, measurements, resets or conditions as functions of their parameters.

A value is linear in the superoperator of each gate, so its derivative by an angle of a gate is the value with the
derivative of that superoperator in its place: a network of the same shape. Superoperators are trigonometric polynomials
of their angles, of which a few points tell the derivative exactly.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from taizhang._types import ComplexArray
from taizhang.circuit.circuit import Circuit
from taizhang.circuit.gates import Gate, gate
from taizhang.circuit.observable import Observable
from taizhang.circuit.operation import Operation
from taizhang.circuit.parameter import Parameter, ParameterExpression
from taizhang.circuit.parametric_gate import ParametricGate, SymbolicGate
from taizhang.errors import CircuitError
from taizhang.network.doubled import Question, needed_operations
from taizhang.network.superoperators import Differential, superoperator
from taizhang.observer import Observer, Silent
from taizhang.settings import Settings
from taizhang.tasks.cone_work import Weights, products_of
from taizhang.tasks.doubled_work import DoubledCones, DoubledWork, prepare_doubled
from taizhang.tasks.expectation import ExpectationAssembly, ExpectationTask, ExpectationValues
from taizhang.tasks.solve import solve

# Superoperators of gates have frequencies up to 4 halves in each angle: so many points tell them apart.
_POINTS = 17


@dataclass(frozen=True, slots=True)
class _Occurrence:
    """An angle of a gate that depends on parameters.

    Attributes:
        place: Number of the operation.
        angle: Number of the angle.
        factors: By which the angle changes with each parameter, by number.
    """

    place: int
    angle: int
    factors: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NoisyEnergyProgram:
    """Values and derivatives of observables at any values of the parameters.

    Attributes:
        names: Names of the parameters.
        angles: Values that they have already, or none.
        cones: The networks and plans at some values.
        build_seconds: Time that making these took.
    """

    names: tuple[str, ...]
    angles: npt.NDArray[np.float64]
    cones: DoubledWork
    build_seconds: float
    circuit: Circuit = field(repr=False)
    observables: tuple[Observable, ...] = field(repr=False)
    settings: Settings = field(repr=False)

    @classmethod
    def prepare(
        cls, circuit: Circuit, observables: Sequence[Observable], settings: Settings, observer: Observer | None = None
    ) -> NoisyEnergyProgram:
        """Names the angles where they have no names, and searches plans.

        Raises:
            CircuitError: An observable acts on a qubit that the circuit does not have, or a gate under a condition has
                parameters.
            MemoryLimitError: A network does not fit in the memory limit.
        """
        watch = observer or Silent()
        watch.stage("build")
        started = time.perf_counter()
        for observable in observables:
            observable.check_qubits(circuit.num_qubits)
        given, angles = (circuit, np.zeros(0)) if circuit.parameters else _named(circuit)
        names = given.parameters
        # Any values: plans depend on shapes only.
        bound = given.bind(angles.tolist() if len(angles) else [0.3 + 0.7 * k for k in range(len(names))])
        products = products_of(observables)
        networks = DoubledCones.of(bound, list(products), {})
        cones = prepare_doubled(
            networks,
            Weights.of(observables, products, networks),
            settings,
            assembly_of=lambda placed: ExpectationAssembly.of(observables, placed, len(products)),
            circuit=bound,
            observer=watch,
            build_started=started,
        )
        return cls(
            names=names,
            angles=angles,
            cones=cones,
            build_seconds=time.perf_counter() - started,
            circuit=given,
            observables=tuple(observables),
            settings=settings,
        )

    def values(self, point: npt.NDArray[np.float64], observer: Observer | None = None) -> ExpectationValues:
        """Computes the observables at a point, shape (parameters,)."""
        task = ExpectationTask(circuit=self.circuit.bind(point.tolist()), observables=self.observables)
        answer: ExpectationValues = solve(task, self.settings, observer=observer).answer
        return answer

    def values_and_gradients(
        self, point: npt.NDArray[np.float64], observer: Observer | None = None
    ) -> tuple[ComplexArray, ComplexArray]:
        """Computes the observables and their derivatives by all parameters.

        Returns:
            complex128, shapes (observables,) and (observables, parameters).
        """
        # Stage 1: what each product depends on.
        bound = self.circuit.bind(point.tolist())
        steps = [Operation(step.action, step.qubits) for step in bound.operations]
        bound = Circuit(bound.num_qubits, steps, bits=bound.registers)
        number_of = {id(step): place for place, step in enumerate(steps)}
        needed = {
            product: {number_of[id(step)] for step in needed_operations(bound, Question(letters=dict(product)))}
            for product in products_of(self.observables)
            if product
        }
        # Stage 2: for each angle the values with its gate differentiated.
        gradients: ComplexArray = np.zeros((len(self.observables), len(self.names)), dtype=np.complex128)
        found = list(self._occurrences())
        watch = observer or Silent()
        for done, occurrence in enumerate(found):
            concerned = tuple(_part(observable, needed, occurrence.place) for observable in self.observables)
            if not any(len(observable.terms) for observable in concerned):
                continue
            step = steps[occurrence.place]
            moved = [*steps]
            moved[occurrence.place] = Operation(_differential(step.gate, occurrence.angle), step.qubits)
            changed = Circuit(bound.num_qubits, moved, bits=bound.registers)
            slopes = solve(ExpectationTask(circuit=changed, observables=concerned), self.settings).answer.values
            for number, factor in occurrence.factors:
                gradients[:, number] += factor * slopes
            watch.contracting(done + 1, len(found))
        return self.values(point).values, gradients

    def _occurrences(self) -> Iterator[_Occurrence]:
        number_of = {name: number for number, name in enumerate(self.names)}
        for place, step in enumerate(self.circuit.operations):
            action = step.action
            if not isinstance(action, SymbolicGate):
                continue
            if not isinstance(action, ParametricGate):
                raise CircuitError(
                    f"'{action.label}' has parameters in its diagonal, and these have no derivatives in circuits with "
                    "channels; write it with rotations"
                )
            for number, angle in enumerate(action.parameters):
                if isinstance(angle, ParameterExpression) and angle.terms:
                    factors = tuple((number_of[name], factor) for name, factor in angle.terms)
                    yield _Occurrence(place, number, factors)


def _part(observable: Observable, needed: Mapping[tuple[tuple[int, str], ...], set[int]], place: int) -> Observable:
    """The products of an observable that depend on an operation."""
    terms = [(product, value) for product, value in observable.terms if place in needed.get(product, ())]
    return Observable.from_terms(terms)


def _named(circuit: Circuit) -> tuple[Circuit, npt.NDArray[np.float64]]:
    """The circuit with every angle of its gates as a parameter, and their values."""
    values: list[float] = []
    steps: list[Operation] = []
    for step in circuit.operations:
        action = step.action
        # The angle of `u0` is a duration.
        if isinstance(action, Gate) and action.parameters and action.entries is None and action.name != "u0":
            first = len(values)
            values += map(float, action.parameters)
            angles = tuple(Parameter(f"theta{first + place}") for place in range(len(action.parameters)))
            named = ParametricGate(action.name, angles, action.num_controls)
            steps.append(Operation(named, step.qubits))
        else:
            steps.append(step)
    return Circuit(circuit.num_qubits, steps, bits=circuit.registers), np.array(values, dtype=np.float64)


def _differential(made: Gate, number: int) -> Differential:
    """The derivative of a gate's superoperator by one of its angles, from its values at equal distances."""
    points = 4 * math.pi * np.arange(_POINTS) / _POINTS
    values = []
    for shift in points:
        angles = list(made.parameters)
        angles[number] += shift
        moved = gate(made.name, *angles)
        values.append(superoperator(moved.controlled(made.num_controls) if made.num_controls else moved))
    # Frequencies are multiples of a half.
    spectrum = np.fft.fft(np.array(values), axis=0) / _POINTS
    halves = np.fft.fftfreq(_POINTS, 1 / _POINTS) / 2
    slope = np.tensordot(1j * halves, spectrum, (0, 0))
    return Differential(np.ascontiguousarray(slope).tobytes(), made.num_qubits)

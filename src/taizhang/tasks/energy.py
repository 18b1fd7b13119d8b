"""Expectation values as functions of a circuit's parameters, with their derivatives.

Networks, plans and programs are made once; for other values of the parameters only the elements of the tensors change.
The derivatives by the elements of all tensors come from the contraction itself, run backwards
(`execute/number_program.py`); those by the parameters follow by the chain rule (`network/cone_tensors.py`).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from taizhang._resources import needed_bytes, peak_resident_bytes
from taizhang._types import ComplexArray
from taizhang._units import human_seconds
from taizhang.circuit.circuit import Circuit
from taizhang.circuit.observable import Observable
from taizhang.errors import TimeLimitError
from taizhang.execute.cone_members import ConeBatch, ConeMembers
from taizhang.execute.gradient_program import compile_gradient
from taizhang.execute.prepare import planning_rates
from taizhang.network.cones import cone_networks, parametric_gates
from taizhang.observer import Observer, Silent
from taizhang.settings import Settings
from taizhang.tasks.cone_work import ConeWork, Weights, prepare_cones, products_of
from taizhang.tasks.expectation import ExpectationAssembly, ExpectationValues
from taizhang.tasks.solve import contract_work

# Time for the table of all tensors and the chain rule, and for each parameter; measured.
_SECONDS_OF_CHAIN_RULE = 3e-4
_SECONDS_A_PARAMETER = 7e-7

Point = npt.NDArray[np.float64]


@dataclass(slots=True, eq=False)
class EnergyProgram:
    """Some observables in the state of a circuit, as functions of its parameters.

    Attributes:
        names: The parameters.
        angles: Their values where the parameters are the angles of a circuit without named ones; otherwise empty.
        cones: The networks, with plans and programs for the values.
        settings: The common options.
        build_seconds: Time spent on networks and plans.
    """

    names: tuple[str, ...]
    angles: Point
    cones: ConeWork
    settings: Settings
    build_seconds: float
    _batches: list[ConeBatch] | None = field(default=None, init=False)
    _seconds: list[float] = field(default_factory=list, init=False)

    @classmethod
    def prepare(
        cls, circuit: Circuit, observables: Sequence[Observable], settings: Settings, observer: Observer | None = None
    ) -> EnergyProgram:
        """Builds the networks and searches a plan for each shape.

        Raises:
            CircuitError: An observable acts on a qubit that the circuit does not have.
            MemoryLimitError: A light cone does not fit in the memory limit.
        """
        watch = observer or Silent()
        watch.stage("build")
        started = time.perf_counter()
        for observable in observables:
            observable.check_qubits(circuit.num_qubits)
        products = products_of(observables)
        gates, names, angles = parametric_gates(circuit)
        networks = cone_networks(
            circuit.num_qubits, gates, list(products), num_parameters=len(names), threads=settings.threads
        )
        cones = prepare_cones(
            networks,
            # Elements for any values of the parameters: plans depend on shapes only.
            networks.tensors.table(angles if len(angles) else np.zeros(len(names))),
            Weights.of(observables, products, networks),
            settings,
            assembly_of=lambda placed: ExpectationAssembly.of(observables, placed, len(products)),
            circuit=circuit,
            observer=watch,
            build_started=started,
        )
        return cls(
            names=names, angles=angles, cones=cones, settings=settings, build_seconds=time.perf_counter() - started
        )

    def values(self, point: Point, observer: Observer | None = None) -> ExpectationValues:
        """Computes the observables.

        Args:
            point: A value of each parameter, shape (parameters,).
            observer: Receives progress updates.
        """
        work = self.cones.with_table(self.cones.networks.tensors.table(point))
        values, _ = contract_work(work, observer or Silent())
        answer: ExpectationValues = work.assembly.answer(values)
        return answer

    def values_and_gradients(self, point: Point, observer: Observer | None = None) -> tuple[ComplexArray, ComplexArray]:
        """Computes the observables and their derivatives by all parameters.

        Args:
            point: A value of each parameter, shape (parameters,).
            observer: Receives progress updates.

        Returns:
            complex128, shapes (observables,) and (observables, parameters).

        Raises:
            MemoryLimitError: The derivatives do not fit in the memory.
            TimeLimitError: They are predicted to take longer than the limit.
        """
        # Stage 1: programs, made on the first call.
        watch = observer or Silent()
        batches = self.gradient_batches()
        if self.gradient_seconds > self.settings.time_limit_seconds:
            raise TimeLimitError(
                f"the derivatives are predicted to take {human_seconds(self.gradient_seconds)}, but the time limit is "
                f"{human_seconds(self.settings.time_limit_seconds)}; allow more memory, or raise time_limit"
            )
        watch.stage("run")
        watch.predicted(self.gradient_seconds)

        # Stage 2: values and derivatives by the elements of the table, weighted for each observable.
        networks, weights = self.cones.networks, self.cones.weights
        table = networks.tensors.table(point)
        count = len(weights.constants)
        values: ComplexArray = np.zeros(len(networks.cones), dtype=np.complex128)
        adjoints: list[ComplexArray] = [np.zeros(len(table) + 1, dtype=np.complex128) for _ in range(count)]
        dense: list[ComplexArray] = [weights.dense(number, len(networks.cones)) for number in range(count)]
        free = self.settings.free_bytes()
        for done, (numbers, batch, seconds) in enumerate(
            zip(networks.cones_of_shape, batches, self._seconds, strict=True)
        ):
            cones = list(numbers)
            values[cones] = batch.run(
                table,
                seconds=seconds,
                threads=self.settings.threads,
                free_bytes=free,
                weights=[row[cones] for row in dense],
                sums=adjoints,
            )
            watch.contracting(done + 1, len(batches))

        # Stage 3: the chain rule.
        gradients = [networks.tensors.gradient(point, sums[:-1]) for sums in adjoints]
        return weights.sums(values), np.array(gradients, dtype=np.complex128).reshape(count, len(self.names))

    def gradient_batches(self) -> list[ConeBatch]:
        """The programs for values with derivatives, one for each shape; made on the first call.

        Raises:
            MemoryLimitError: One does not fit in the memory limit.
        """
        if self._batches is None:
            machine = planning_rates(self.settings)
            batches: list[ConeBatch] = []
            for planned in self.cones.work.plans:
                if isinstance(planned.members, ConeMembers):
                    depends = self.cones.networks.tensors.depends[planned.members.sources].any(axis=0)
                    program = compile_gradient(
                        planned.ready.plan, np.flatnonzero(depends).tolist(), self.settings, advice="use fewer layers"
                    )
                    batches.append(planned.members.batch_of(program))
            self._batches = batches
            self._seconds = [
                len(batch) * batch.program.predicted_seconds(machine) + batch.overhead_seconds for batch in batches
            ]
        return self._batches

    @property
    def gradient_seconds(self) -> float:
        """Predicted time of values and derivatives."""
        self.gradient_batches()
        return _SECONDS_OF_CHAIN_RULE + _SECONDS_A_PARAMETER * len(self.names) + sum(self._seconds)

    def gradient_bytes(self) -> int:
        """Predicted peak memory of the process while it computes values and derivatives."""
        batches = self.gradient_batches()
        held = max((batch.peak_bytes(self.settings.threads) for batch in batches), default=0)
        # The derivatives by the elements of the table, for each observable.
        sums = 16 * (len(self.cones.weights.constants) + 2) * int(self.cones.networks.tensors.starts[-1])
        return max(peak_resident_bytes(), needed_bytes() + held + sums)

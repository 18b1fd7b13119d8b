"""Expectation values as functions of a circuit's parameters, with their derivatives.

Networks, plans and programs are made once; for other values of the parameters only the elements of the tensors change.
The derivatives by the elements of all tensors come from the contraction itself, run backwards (`program/gradient.py`);
those by the parameters follow by the chain rule (`network/cone_tensors.py`).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from taizhang._resources import needed_bytes
from taizhang._types import ComplexArray
from taizhang._units import human_bytes, human_seconds
from taizhang.circuit.circuit import Circuit
from taizhang.circuit.observable import Observable
from taizhang.errors import MemoryLimitError, TimeLimitError
from taizhang.execute.cone_members import ConeBatch, ConeMembers
from taizhang.execute.native_backend import NativeProgram
from taizhang.execute.prepare import planning_rates
from taizhang.network.cones import cone_networks, parametric_gates
from taizhang.observer import Observer, Silent
from taizhang.plan.cost import step_costs
from taizhang.plan.gradient_cost import gradient_steps
from taizhang.plan.objective import predicted_seconds
from taizhang.plan.plan import Plan
from taizhang.plan.search import slice_further
from taizhang.program.gradient import lower_gradient
from taizhang.settings import Settings
from taizhang.tasks.cone_work import ConeWork, Weights, prepare_cones, products_of
from taizhang.tasks.expectation import ExpectationAssembly, ExpectationValues, shorten
from taizhang.tasks.solve import contract_work

Point = npt.NDArray[np.float64]

# How often a plan is sliced further when its derivatives do not fit in the memory.
_MEMORY_ATTEMPTS = 24


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
    _gradient_seconds: float = field(default=0.0, init=False)

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
            assembly_of=lambda placed: ExpectationAssembly(
                texts=tuple(map(shorten, observables)),
                hermitian=tuple(observable.is_hermitian for observable in observables),
                weights=placed,
                num_products=len(products),
            ),
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
        if self._gradient_seconds > self.settings.time_limit_seconds:
            raise TimeLimitError(
                f"the derivatives are predicted to take {human_seconds(self._gradient_seconds)}, but the time limit is "
                f"{human_seconds(self.settings.time_limit_seconds)}; allow more memory, or raise time_limit"
            )
        watch.stage("run")
        watch.predicted(self._gradient_seconds)

        # Stage 2: values and derivatives by the elements of the table, weighted for each observable.
        networks, weights = self.cones.networks, self.cones.weights
        table = networks.tensors.table(point)
        count = len(weights.constants)
        values: ComplexArray = np.zeros(len(networks.cones), dtype=np.complex128)
        adjoints: list[ComplexArray] = [np.zeros(len(table) + 1, dtype=np.complex128) for _ in range(count)]
        dense: list[ComplexArray] = [weights.dense(number, len(networks.cones)) for number in range(count)]
        for done, (numbers, batch) in enumerate(zip(networks.cones_of_shape, batches, strict=True)):
            cones = list(numbers)
            values[cones] = batch.run(
                table,
                threads=self.settings.threads,
                free_bytes=self.settings.free_bytes(),
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
            networks = self.cones.networks
            seconds, batches = 0.0, []
            for planned in self.cones.work.plans:
                if isinstance(planned.members, ConeMembers):
                    wanted = self._wanted(planned.members)
                    plan, program = self._compile(planned.ready.plan, wanted)
                    batches.append(ConeBatch(program, planned.members, networks.tensors.starts))
                    seconds += len(planned.members) * self._predict(plan, wanted)
            self._batches, self._gradient_seconds = batches, seconds
        return self._batches

    @property
    def gradient_seconds(self) -> float:
        """Predicted time of values and derivatives; 0 before the first call of `gradient_batches`."""
        return self._gradient_seconds

    def _wanted(self, members: ConeMembers) -> list[int]:
        """The tensors of a shape that depend on parameters in any of its cones."""
        depends = self.cones.networks.tensors.depends
        return np.flatnonzero(depends[members.sources].any(axis=0)).tolist()

    def _compile(self, plan: Plan, wanted: list[int]) -> tuple[Plan, NativeProgram]:
        """Compiles the derivatives of a plan, sliced further until they fit in the memory."""
        free = self.settings.free_bytes()
        allowed = plan.cost.peak_bytes
        for _ in range(_MEMORY_ATTEMPTS):
            program = lower_gradient(plan, wanted=wanted, dtype=self.settings.dtype)
            if program.memory_bytes() <= free:
                return plan, NativeProgram(program)
            allowed = int(0.9 * allowed * min(1.0, free / program.memory_bytes()))
            try:
                plan = slice_further(
                    plan, memory_bytes=max(allowed, 1), width=self.settings.width, objective=self.settings.objective
                )
            except MemoryLimitError:
                break
        raise MemoryLimitError(
            f"derivatives need {human_bytes(needed_bytes() + program.memory_bytes())}, but the memory limit is "
            f"{human_bytes(self.settings.memory_bytes)}; allow more memory, or use fewer layers",
            needed_bytes=program.memory_bytes(),
        )

    def _predict(self, plan: Plan, wanted: list[int]) -> float:
        steps = step_costs(plan.shape, plan.tree, plan.sliced_indices)
        backwards = gradient_steps(steps, plan.shape.num_tensors, wanted)
        return predicted_seconds(
            backwards, planning_rates(self.settings), self.settings.dtype, peak_bytes=plan.cost.peak_bytes
        )

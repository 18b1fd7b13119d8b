"""Sums of expectation values of Pauli products as work: a plan for each shape, a contraction for each light cone."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from taizhang._resources import needed_bytes, peak_resident_bytes
from taizhang._types import ComplexArray
from taizhang._units import human_bytes
from taizhang.circuit.circuit import Circuit
from taizhang.circuit.observable import Observable
from taizhang.errors import MemoryLimitError
from taizhang.execute.cone_members import ConeMembers
from taizhang.execute.members import GivenMembers
from taizhang.execute.prepare import CompiledPlan, planning_rates, prepare_plan, prepare_small_plan
from taizhang.network.cones import ConeNetworks, Letters
from taizhang.network.network import NetworkShape
from taizhang.observer import Observer
from taizhang.plan.rates import MachineRates
from taizhang.settings import Settings
from taizhang.tasks.assembly import Assembly
from taizhang.tasks.work import PlannedMembers, Work


def products_of(observables: Sequence[Observable]) -> dict[Letters, int]:
    """Numbers the different products of some observables, without the identity."""
    numbers: dict[Letters, int] = {}
    for observable in observables:
        for product, _ in observable.terms:
            if product:
                numbers.setdefault(product, len(numbers))
    return numbers


class ValuesOfProducts(Protocol):
    """Which number is the value of each product."""

    @property
    def cone_of(self) -> npt.NDArray[np.intp]:
        """For each product its number; -1 where the value is the sign."""

    @property
    def signs(self) -> npt.NDArray[Any]:
        """For each product the factor of that number."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Weights:
    """Sums as constants, and a weight for each number that is computed.

    Attributes:
        constants: complex128, shape (sums,).
        places: For each sum the numbers that are in it, ascending.
        factors: For each sum the weight of each of these.
    """

    constants: ComplexArray
    places: tuple[npt.NDArray[np.intp], ...]
    factors: tuple[ComplexArray, ...]

    @classmethod
    def of(
        cls, observables: Sequence[Observable], products: Mapping[Letters, int], networks: ValuesOfProducts
    ) -> Weights:
        """The weights of the cones in the values of observables."""
        constants, places, factors = [], [], []
        for observable in observables:
            # Stage 1: coefficients by product; products whose value is known are constants.
            terms = [(products[product], coefficient) for product, coefficient in observable.terms if product]
            numbers = np.array([number for number, _ in terms], dtype=np.intp)
            signed = np.array([value for _, value in terms], dtype=np.complex128) * networks.signs[numbers]
            cones = networks.cone_of[numbers]
            constants.append(observable.constant + signed[cones == -1].sum())
            # Stage 2: products with equal networks together.
            present = cones >= 0
            different, place = np.unique(cones[present], return_inverse=True)
            together = np.zeros(len(different), dtype=np.complex128)
            np.add.at(together, place.reshape(-1), signed[present])
            places.append(different.astype(np.intp))
            factors.append(together)
        return cls(constants=np.array(constants, dtype=np.complex128), places=tuple(places), factors=tuple(factors))

    def __eq__(self, other: object) -> bool:
        return self.to_json() == other.to_json() if isinstance(other, Weights) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # like arrays

    def moved(self, place_of: npt.NDArray[np.intp]) -> Weights:
        """The same weights where number k is now at place `place_of[k]`."""
        orders = [np.argsort(place_of[places], kind="stable") for places in self.places]
        return Weights(
            constants=self.constants,
            places=tuple(place_of[places][order] for places, order in zip(self.places, orders, strict=True)),
            factors=tuple(factors[order] for factors, order in zip(self.factors, orders, strict=True)),
        )

    def sums(self, values: ComplexArray) -> ComplexArray:
        """The sums, complex128, added in double precision and in a fixed order."""
        sums = [
            constant + (values[places] * factors).sum()
            for constant, places, factors in zip(self.constants, self.places, self.factors, strict=True)
        ]
        return np.array(sums, dtype=np.complex128)

    def dense(self, number: int, length: int) -> ComplexArray:
        """The weights of one sum as an array of `length` numbers."""
        weights = np.zeros(length, dtype=np.complex128)
        weights[self.places[number]] = self.factors[number]
        return weights

    def to_json(self) -> list[dict[str, Any]]:
        """The sums as JSON."""
        return [
            {
                "constant": [constant.real, constant.imag],
                "places": places.tolist(),
                "real": factors.real.tolist(),
                "imag": factors.imag.tolist(),
            }
            for constant, places, factors in zip(self.constants.tolist(), self.places, self.factors, strict=True)
        ]

    @classmethod
    def from_json(cls, fields: Sequence[Mapping[str, Any]]) -> Weights:
        """Reads the output of `to_json`."""
        constants = [complex(*map(float, row["constant"])) for row in fields]
        places = tuple(np.array(row["places"], dtype=np.intp) for row in fields)
        factors = tuple(
            np.array(row["real"], dtype=np.float64) + 1j * np.array(row["imag"], dtype=np.float64) for row in fields
        )
        if any(len(some) != len(weights) or (some < 0).any() for some, weights in zip(places, factors, strict=True)):
            raise ValueError("a sum has places and weights that do not fit")
        return cls(constants=np.array(constants, dtype=np.complex128), places=places, factors=factors)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ConeWork:
    """The work for some sums of light cones.

    Attributes:
        networks: The networks.
        work: Plans, members and assembly.
        weights: The weights by number of the cone.
        order: For each contraction of the work the number of its cone.
    """

    networks: ConeNetworks
    work: Work[Any]
    weights: Weights
    order: npt.NDArray[np.intp]

    def with_table(self, table: ComplexArray) -> Work[Any]:
        """The same work with other elements of the tensors."""
        plans = []
        for planned in self.work.plans:
            if isinstance(planned.members, ConeMembers):
                members = planned.members.with_table(table)
                plans.append(replace(planned, members=members, together=members))
            else:
                plans.append(planned)
        return replace(self.work, plans=tuple(plans))


def prepare_cones(
    networks: ConeNetworks,
    table: ComplexArray,
    weights: Weights,
    settings: Settings,
    *,
    assembly_of: Callable[[Weights], Assembly[Any]],
    circuit: Circuit | None,
    observer: Observer,
    build_started: float,
) -> ConeWork:
    """Searches a plan for each shape.

    Args:
        networks: The networks.
        table: The elements of their tensors.
        weights: The weights of the cones in the sums.
        settings: The common options.
        assembly_of: Makes the assembly from the weights by number of the contraction.
        circuit: The circuit, for a run folder to keep.
        observer: Receives progress updates.
        build_started: When building began, by `time.perf_counter`.

    Raises:
        MemoryLimitError: A cone does not fit in the memory limit.
    """
    build_seconds = time.perf_counter() - build_started
    order = np.array([number for cones in networks.cones_of_shape for number in cones], dtype=np.intp)
    place_of = np.zeros(len(order), dtype=np.intp)
    place_of[order] = np.arange(len(order))
    planned = []
    machine = planning_rates(settings, observer)
    observer.stage("plan")
    for number, shape in enumerate(networks.shapes):
        ready = _plan_cone(networks, number, shape, settings, observer, machine)
        members = ConeMembers(networks, number, table, plan=ready.plan, dtype=settings.dtype)
        planned.append(PlannedMembers(ready=ready, members=members, together=members))
    if not planned:
        # All values are known: a network without tensors stands for them.
        ready = prepare_plan(NetworkShape(inputs=((),), output=(), sizes=()), settings, observer)
        one = np.ones((), dtype=np.complex128)
        planned.append(PlannedMembers(ready=ready, members=GivenMembers([((one,), 0)])))
    work: Work[Any] = Work(
        plans=tuple(planned),
        assembly=assembly_of(weights.moved(place_of)),
        predicted_seconds=sum(part.predicted_seconds for part in planned),
        predicted_bytes=max(peak_resident_bytes(), *(_peak_bytes(part, settings.threads) for part in planned)),
        settings=settings,
        build_seconds=build_seconds,
        value_dtype="complex128",
        circuit=circuit,
    )
    return ConeWork(networks=networks, work=work, weights=weights, order=order)


def _peak_bytes(planned: PlannedMembers, threads: int) -> int:
    """Most memory that the process will hold while it contracts the cones of one shape."""
    if planned.together is not None and planned.is_instant:
        return needed_bytes() + planned.together.peak_bytes(threads)
    return planned.ready.predicted_bytes


def _plan_cone(
    networks: ConeNetworks,
    number: int,
    shape: NetworkShape,
    settings: Settings,
    observer: Observer,
    machine: MachineRates,
) -> CompiledPlan:
    """Searches the plan of one shape.

    Raises:
        MemoryLimitError: It does not fit in the memory limit.
    """
    try:
        return prepare_small_plan(shape, settings, observer, machine)
    except MemoryLimitError as error:
        cones = networks.cones_of_shape[number]
        qubits = max(networks.cones[cone].num_qubits for cone in cones)
        needed = "" if error.needed_bytes is None else f" and needs {human_bytes(error.needed_bytes)}"
        raise MemoryLimitError(
            f"a light cone of {qubits} qubits{needed} is too wide for the memory limit of "
            f"{human_bytes(settings.memory_bytes)}; allow more memory, use fewer layers, or start a long run "
            "(--directory RUN)",
            needed_bytes=error.needed_bytes,
        ) from None

"""Questions about circuits with channels, measurements, resets and conditions as work."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from taizhang._types import ComplexArray, DtypeName
from taizhang.circuit import blocks
from taizhang.circuit.circuit import Circuit
from taizhang.errors import LoopWarning, MemoryLimitError, NumericalError
from taizhang.execute.members import Arrays, GivenMembers
from taizhang.execute.native_backend import RowDigits
from taizhang.execute.prepare import planning_rates, prepare_plan, prepare_small_plan
from taizhang.network.cones import Letters
from taizhang.network.doubled import Question, build_doubled, needed_operations
from taizhang.network.network import NetworkShape, TensorNetwork, array_shape
from taizhang.network.simplify import simplify
from taizhang.observer import Observer
from taizhang.plan.cost import BYTES_PER_ELEMENT
from taizhang.settings import Settings
from taizhang.tasks.assembly import Assembly
from taizhang.tasks.cone_work import Weights
from taizhang.tasks.contraction import ContractionAssembly
from taizhang.tasks.solve import contract_work
from taizhang.tasks.work import PlannedMembers, Work

# Imaginary parts and negative probabilities up to these are rounding errors.
ROUNDING: Mapping[DtypeName, float] = {"complex64": 1e-4, "complex128": 1e-9}


LEAST_LEFT: Mapping[DtypeName, float] = {"complex64": 1e-7, "complex128": 1e-12}
"""Least probability of an unfinished loop that is reported."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubledCone:
    """A network for one Pauli product or several equal ones.

    Attributes:
        num_products: Products whose network it is.
        num_qubits: Qubits that its operations act on.
    """

    num_products: int
    num_qubits: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DoubledCones:
    """The networks of some Pauli products.

    Attributes:
        cones: The different networks.
        networks: The same with their arrays.
        cones_of_shape: For each shape the numbers of its networks.
        shapes: The shapes.
        cone_of: For each product the number of its network.
        signs: For each product 1: its value is that of its network.
    """

    cones: tuple[DoubledCone, ...]
    networks: tuple[TensorNetwork, ...]
    cones_of_shape: tuple[tuple[int, ...], ...]
    shapes: tuple[NetworkShape, ...]
    cone_of: npt.NDArray[np.intp]
    signs: npt.NDArray[np.float64]

    @classmethod
    def of(cls, circuit: Circuit, products: Sequence[Letters], given: Mapping[int, int]) -> DoubledCones:
        """Builds and simplifies the networks of products, where bits have given values; equal ones are kept once."""
        numbers: dict[object, int] = {}
        by_shape: dict[str, list[int]] = {}
        networks: list[TensorNetwork] = []
        counts, qubits, cone_of = [], [], []
        for product in products:
            question = Question(letters=dict(product), fixed_bits=given)
            network = simplify(build_doubled(circuit, question))
            digest = network.shape.sha256()
            key = (digest, network.exponent, *(array.tobytes() for array in network.arrays))
            number = numbers.setdefault(key, len(networks))
            if number == len(networks):
                networks.append(network)
                by_shape.setdefault(digest, []).append(number)
                counts.append(0)
                qubits.append(len({q for step in needed_operations(circuit, question) for q in step.qubits}))
            counts[number] += 1
            cone_of.append(number)
        return cls(
            cones=tuple(DoubledCone(num_products=c, num_qubits=q) for c, q in zip(counts, qubits, strict=True)),
            networks=tuple(networks),
            cones_of_shape=tuple(map(tuple, by_shape.values())),
            shapes=tuple(networks[numbers[0]].shape for numbers in by_shape.values()),
            cone_of=np.array(cone_of, dtype=np.intp),
            signs=np.ones(len(cone_of)),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DoubledWork:
    """The work for sums of Pauli products.

    Attributes:
        networks: The networks.
        work: Plans, members and assembly.
    """

    networks: DoubledCones
    work: Work[Any]


def prepare_doubled(
    networks: DoubledCones,
    weights: Weights,
    settings: Settings,
    *,
    assembly_of: Callable[[Weights], Assembly[Any]],
    circuit: Circuit,
    observer: Observer,
    build_started: float,
) -> DoubledWork:
    """Searches a plan for each shape; arguments are those of `prepare_cones`.

    Raises:
        MemoryLimitError: A network does not fit in the memory limit.
    """
    build_seconds = time.perf_counter() - build_started
    order = np.array([number for cones in networks.cones_of_shape for number in cones], dtype=np.intp)
    place_of = np.zeros(len(order), dtype=np.intp)
    place_of[order] = np.arange(len(order))
    machine = planning_rates(settings, observer)
    observer.stage("plan")
    planned = []
    for numbers, shape in zip(networks.cones_of_shape, networks.shapes, strict=True):
        ready = prepare_small_plan(shape, settings, observer, machine)
        chosen = [networks.networks[number] for number in numbers]
        members = GivenMembers([(network.arrays, network.exponent) for network in chosen])
        planned.append(PlannedMembers(ready=ready, members=members))
    if not planned:
        ready = prepare_plan(NetworkShape(inputs=((),), output=(), sizes=()), settings, observer)
        planned.append(PlannedMembers(ready=ready, members=GivenMembers([((np.ones((), np.complex128),), 0)])))
    work: Work[Any] = Work(
        plans=tuple(planned),
        assembly=assembly_of(weights.moved(place_of)),
        predicted_seconds=sum(part.predicted_seconds for part in planned),
        predicted_bytes=max(part.ready.predicted_bytes for part in planned),
        settings=settings,
        build_seconds=build_seconds,
        value_dtype="complex128",
        circuit=circuit,
    )
    return DoubledWork(networks=networks, work=work)


class RowMembers:
    """One network, computed for a list of joint values of its row indices."""

    def __init__(self, network: TensorNetwork, rows: RowDigits) -> None:
        self._network, self._rows = network, rows

    def __len__(self) -> int:
        return 1

    def arrays_of(self, number: int) -> tuple[Arrays, int]:
        """The arrays of the network."""
        return self._network.arrays, self._network.exponent

    def rows_of(self, number: int) -> RowDigits | None:
        """The rows."""
        return self._rows


def answer_question(
    circuit: Circuit,
    question: Question,
    settings: Settings,
    observer: Observer,
    *,
    rows: npt.NDArray[np.uint8] | None = None,
    row_bits: Sequence[int] = (),
) -> ComplexArray:
    """Contracts the network of a question.

    Args:
        circuit: The circuit.
        question: What is asked.
        settings: The common options.
        observer: Receives progress updates.
        rows: Joint values of some bits, uint8, shape (rows, bits): the answer is given for each.
        row_bits: These bits.

    Returns:
        complex128; the axes of the network's output, after one for the rows, if there are any.

    Raises:
        MemoryLimitError: The network does not fit in the memory limit.
        TimeLimitError: It is predicted to take longer than the limit.
    """
    observer.stage("build")
    started = time.perf_counter()
    if rows is None:
        network = simplify(build_doubled(circuit, question))
        return _contract(network, None, settings, observer, started)
    # The rows' bits are the last of the output.
    asked = Question(
        letters=question.letters,
        kets=question.kets,
        outcomes=question.outcomes,
        bits=(*question.bits, *row_bits),
        fixed_bits=question.fixed_bits,
        fixed_qubits=question.fixed_qubits,
    )
    return answer_rows(simplify(build_doubled(circuit, asked)), len(row_bits), rows, settings, observer, started)


def answer_rows(
    network: TensorNetwork,
    count: int,
    rows: npt.NDArray[np.uint8],
    settings: Settings,
    observer: Observer,
    started: float,
) -> ComplexArray:
    """Contracts a network whose last `count` output indices have the joint values of some rows.

    Args:
        network: The network, simplified.
        count: Number of those indices.
        rows: The values, uint8, shape (rows, count).
        settings: The common options.
        observer: Receives progress updates.
        started: When building it began, by `time.perf_counter`.

    Returns:
        complex128; an axis for the rows, then those of the other output indices.
    """
    shape = network.shape
    if len(rows) >= 2**count:
        dense = _contract(network, None, settings, observer, started)
        return np.moveaxis(dense[(..., *rows.T.astype(np.intp))], -1, 0) if count else dense[np.newaxis]
    of_rows = TensorNetwork.from_shape(shape_of_rows(shape, count, len(rows)), network.arrays, network.exponent)
    return _contract(of_rows, np.ascontiguousarray(rows, dtype=np.uint8), settings, observer, started)


def shape_of_rows(shape: NetworkShape, count: int, num_rows: int) -> NetworkShape:
    """A network whose last `count` output indices are row indices."""
    kept = len(shape.output) - count
    return NetworkShape(
        inputs=shape.inputs,
        output=shape.output[:kept],
        sizes=shape.sizes,
        index_names=shape.index_names,
        row_indices=shape.output[kept:],
        num_rows=num_rows,
    )


def seconds_of_rows(
    circuit: Circuit, bits: Sequence[int], before: Sequence[int], num_rows: int, settings: Settings, observer: Observer
) -> float:
    """Predicts the time of joint probabilities of bits with rows of those before them; infinite if they do not fit.

    Args:
        circuit: The circuit.
        bits: The bits that are open.
        before: The bits whose values the rows are.
        num_rows: Number of rows.
        settings: The common options.
        observer: Receives progress updates.
    """
    observer.stage("build")
    shape = simplify(build_doubled(circuit, Question(bits=(*bits, *before)))).shape
    if num_rows < 2 ** len(before):
        shape = shape_of_rows(shape, len(before), num_rows)
    try:
        return prepare_plan(shape, settings, observer).plan.predicted_seconds
    except MemoryLimitError:
        return math.inf


class OpenBits:
    """A circuit's network with many bits open, simplified once, of which some are then summed.

    Args:
        circuit: The circuit.
        bits: The bits, in order.
    """

    def __init__(self, circuit: Circuit, bits: Sequence[int]) -> None:
        self._network = simplify(build_doubled(circuit, Question(bits=tuple(bits))))

    @property
    def num_elements(self) -> int:
        """Elements of its tensors."""
        return sum(array.size for array in self._network.arrays)

    def joint(self, rows: npt.NDArray[np.uint8], count: int, settings: Settings, observer: Observer) -> ComplexArray:
        """Values of rows of the first bits with all values of the next `count`; the others are summed.

        Returns:
            complex128, shape (rows, 2, 2, …).
        """
        observer.stage("build")
        started = time.perf_counter()
        shape, before = self._network.shape, rows.shape[1]
        summed = shape.output[before + count :]
        tensors: list[Any] = [*zip(self._network.arrays, shape.inputs, strict=True)]
        tensors += [(np.ones(2), (index,)) for index in summed]
        output = (*shape.output[before : before + count], *shape.output[:before])
        network = simplify(TensorNetwork(tensors, output=output))
        return answer_rows(network, before, rows, settings, observer, started) * 2.0**self._network.exponent


def _contract(
    network: TensorNetwork, rows: RowDigits | None, settings: Settings, observer: Observer, started: float
) -> ComplexArray:
    shape = tuple(network.shape.value_shape)
    held = prod(shape) * BYTES_PER_ELEMENT["complex128"]
    settings = settings.setting_aside(
        held, f"an answer of {prod(shape):,} numbers", "allow more memory, or ask for fewer qubits or bits"
    )
    build_seconds = time.perf_counter() - started
    ready = prepare_plan(network.shape, settings, observer)
    members = GivenMembers([(network.arrays, network.exponent)]) if rows is None else RowMembers(network, rows)
    planned = PlannedMembers(ready=ready, members=members)
    work = Work(
        plans=(planned,),
        assembly=ContractionAssembly(shape=shape, dtype=settings.dtype),
        predicted_seconds=planned.predicted_seconds,
        predicted_bytes=ready.predicted_bytes + held,
        settings=settings,
        build_seconds=build_seconds,
        value_dtype="complex128",
    )
    values, _ = contract_work(work, observer)
    return values[0].reshape(array_shape(shape))


def real_parts(values: ComplexArray, dtype: DtypeName, what: str, *, positive: bool) -> npt.NDArray[np.float64]:
    """The real parts of numbers that must be real, and perhaps not negative.

    Raises:
        NumericalError: An imaginary part or a negative number is more than a rounding error.
    """
    allowed = ROUNDING[dtype]
    if values.size and float(np.abs(values.imag).max()) > allowed:
        raise NumericalError(
            f"{what} must be real, but one has the imaginary part {np.abs(values.imag).max():.3g}; use dtype complex128"
        )
    real: npt.NDArray[np.float64] = np.ascontiguousarray(values.real)
    if positive and real.size and float(real.min()) < -allowed:
        raise NumericalError(f"{what} must be at least 0, but one is {real.min():.3g}; use dtype complex128")
    return np.maximum(real, 0.0) if positive else real


def warn_of_loops(circuit: Circuit, settings: Settings, observer: Observer) -> None:
    """Warns where a part of the probability has not left a loop after the turns that were written out.

    Warns:
        LoopWarning: There is such a part, of more than 1e-12.
    """
    if blocks.UNFINISHED not in circuit.registers.names:
        return
    left = 0.0
    for bit in circuit.registers.bits_of(blocks.UNFINISHED):
        found = answer_question(circuit, Question(fixed_bits={bit: 1}), settings, observer)
        left += float(real_parts(found.reshape(1), settings.dtype, "probabilities", positive=True)[0])
    if left > LEAST_LEFT[settings.dtype]:
        warnings.warn(
            LoopWarning(
                f"{left:.4g} of the probability has not left a loop after the turns that were written out, and is "
                "counted as if it had; raise max_turns (--max-turns)"
            ),
            stacklevel=2,
        )

"""The derivatives of a network's value by the elements of all its tensors.

The value is a polynomial of the elements, so derivatives are those of a holomorphic function: nothing is conjugated.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from taizhang._types import ComplexArray, DtypeName
from taizhang.errors import NumericalError
from taizhang.execute.cone_members import ConeBatch
from taizhang.execute.gradient_program import compile_gradient
from taizhang.execute.inputs import scaled
from taizhang.execute.number_program import NumberProgram
from taizhang.execute.precision import are_far_apart, check_held, least_dtype
from taizhang.execute.prepare import check_time, planning_rates, search_plan
from taizhang.execute.scaled_value import scaled_value
from taizhang.network.network import NetworkShape, TensorNetwork
from taizhang.network.spans import element_spans
from taizhang.observer import Observer, Silent
from taizhang.plan.plan import Plan
from taizhang.settings import Settings
from taizhang.tasks.contraction import ContractionTask
from taizhang.tasks.solve import solve

# Derivatives that are all smaller than this are computed again with the value scaled to about 1.
_SMALLEST = 1e-200
# Bytes for each element of the inputs: table and derivatives in double precision, copies and places.
_BYTES_PER_ELEMENT = 96


@dataclass(frozen=True, slots=True, eq=False)
class _Inputs:
    """The tensors of a network whose value is a number, scaled.

    Attributes:
        table: The elements of all tensors in row-major order, then a zero; of size about 1.
        starts: For each tensor its first element in the table; then the place of the zero.
        exponents: For each tensor the power of two to multiply its elements by.
    """

    table: ComplexArray
    starts: npt.NDArray[np.intp]
    exponents: list[int]

    @classmethod
    def of(cls, arrays: list[npt.NDArray[np.generic]], dtype: DtypeName) -> _Inputs:
        """Scales arrays.

        Raises:
            NumericalError: An element is not finite.
        """
        starts = np.cumsum([0, *(array.size for array in arrays)], dtype=np.intp)
        table: ComplexArray = np.zeros(int(starts[-1]) + 1, dtype=dtype)
        exponents = []
        for number, array in enumerate(arrays):
            elements, exponent = scaled(array, number)
            table[starts[number] : starts[number + 1]] = elements.reshape(-1)
            exponents.append(exponent)
        return cls(table, starts, exponents)


def network_gradient(
    network: TensorNetwork,
    cotangent: npt.NDArray[np.generic],
    settings: Settings,
    *,
    plan: Plan | None = None,
    observer: Observer | None = None,
) -> tuple[ComplexArray, ...]:
    """Computes the derivatives of the value, times the cotangent and summed, by all elements of all tensors.

    Args:
        network: The network, without rows.
        cotangent: A number for each element of the value, in its shape.
        settings: The common options.
        plan: A plan for the network; searched if not given.
        observer: Receives progress updates.

    Returns:
        For each tensor an array of its shape; of the settings' type, or complex128 where that cannot hold it.

    Raises:
        PlanError: The plan is for another network.
        MemoryLimitError: The derivatives do not fit in the memory.
        TimeLimitError: They are predicted to take longer than the limit.
        NumericalError: A NaN or an infinity appeared, or a derivative is outside the range of complex128.
    """
    # Stage 1: the type, and the memory for the derivatives and what they are made from, places and copies included.
    if network.shape.is_empty or not network.arrays:
        return tuple(np.zeros(array.shape, dtype=settings.dtype) for array in network.arrays)
    arrays = [*network.arrays, cotangent]
    spans = element_spans(arrays)
    settings = replace(settings, dtype=least_dtype(spans, settings.dtype))
    if are_far_apart(spans, settings.dtype):
        check_held(spans, settings.dtype)
    elements = sum(array.size for array in arrays)
    settings = settings.setting_aside(
        _BYTES_PER_ELEMENT * elements, f"a gradient by {elements:,} elements", "allow more memory"
    )

    # Stage 2: the network whose value is a number, with the cotangent as its last tensor; its plan and program.
    watch = observer or Silent()
    closed = _closed_plan(network.shape, plan, settings, watch)
    wanted = list(range(len(network.arrays)))
    program = compile_gradient(closed, wanted, settings, advice="keep fewer indices")
    seconds = program.predicted_seconds(planning_rates(settings))
    check_time(seconds, settings)
    watch.stage("run")
    watch.predicted(seconds)

    # Stage 3: the derivatives.
    inputs = _Inputs.of(arrays, settings.dtype)
    found, power = _derivatives(program, inputs, closed, arrays, settings, seconds, watch)
    return tuple(
        scaled_value(
            found[inputs.starts[number] : inputs.starts[number + 1]].reshape(array.shape),
            network.exponent + power - inputs.exponents[number],
            settings.dtype,
        )
        for number, array in enumerate(network.arrays)
    )


def _closed_plan(shape: NetworkShape, plan: Plan | None, settings: Settings, observer: Observer) -> Plan:
    """A plan for a network with a tensor over its open indices added.

    A given plan for the network is followed by the product with that tensor.

    Raises:
        PlanError: The given plan is for another network.
        MemoryLimitError: No plan fits.
    """
    closed = replace(shape, inputs=(*shape.inputs, shape.output), output=())
    if plan is None:
        machine = planning_rates(settings, observer)
        observer.stage("plan")
        return search_plan(closed, settings.planning_bytes(), settings, observer, machine)
    count = shape.num_tensors
    plan = plan.for_network(shape)
    moved = [[number + (number >= count) for number in pair] for pair in plan.tree.ssa_path]
    last = 2 * count - 1 if count > 1 else 0
    names = [shape.index_names[index] for index in plan.sliced_indices]
    return Plan.from_ssa_path(closed, [*moved, [last, count]], names, dtype=settings.dtype)


def _derivatives(
    program: NumberProgram,
    inputs: _Inputs,
    plan: Plan,
    arrays: Sequence[npt.NDArray[np.generic]],
    settings: Settings,
    seconds: float,
    observer: Observer,
) -> tuple[ComplexArray, int]:
    """Derivatives by the elements of the table, and the power of two to multiply them by.

    Where they leave the range of floats, they are computed again with the last tensor scaled so that the value is
    about 1.

    Raises:
        NumericalError: They leave the range even so.
    """

    def tick(done: int) -> bool:
        observer.contracting(done, program.num_parts(1))
        return True

    def run(exponent: int) -> ComplexArray:
        sums: ComplexArray = np.zeros(len(inputs.table), dtype=np.complex128)
        batch = ConeBatch(program, np.arange(program.num_inputs)[np.newaxis], inputs.starts)
        batch.run(
            inputs.table,
            seconds=seconds,
            threads=settings.threads,
            free_bytes=settings.free_bytes(),
            tick=tick,
            weights=[np.ones(1, dtype=np.complex128)],
            sums=[sums],
            exponent=exponent,
        )
        return sums

    scale = sum(inputs.exponents)
    found = problem = None
    try:
        found = run(0)
    except NumericalError as error:
        problem = error
    if found is not None and np.abs(found).max() > _SMALLEST:
        return found, scale
    task = ContractionTask(network=TensorNetwork.from_shape(plan.shape, arrays))
    try:
        value, power = complex(solve(task, settings, plan=plan).answer), 0
    except NumericalError as error:
        if error.mantissa is None or error.exponent is None:
            raise
        value, power = complex(np.asarray(error.mantissa).reshape(())), int(np.asarray(error.exponent))
    if value != 0:
        power += math.frexp(abs(value))[1]
        return run(scale - power), power
    if found is None:
        raise problem or NumericalError("derivatives are outside the range of complex128")
    return found, scale

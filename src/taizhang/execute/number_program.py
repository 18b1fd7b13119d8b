"""Plans for a number, run for many sets of arrays in one call, with the derivatives by the arrays' elements.

They are compiled in the core (`taizhang_core::lower`): for small networks, of which an energy has thousands, that takes
microseconds. Contractions that take long, or have open indices or rows, have a `NativeProgram`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection

import numpy as np
import numpy.typing as npt

from taizhang import _native
from taizhang._types import ComplexArray, DtypeName
from taizhang.errors import MemoryLimitError, NumericalError, PlanError, StoppedError, TaizhangError
from taizhang.plan.cost import BYTES_PER_ELEMENT
from taizhang.plan.objective import seconds_of_step
from taizhang.plan.plan import Plan
from taizhang.plan.rates import MachineRates

# Parts that the slices of one set of arrays are cut into, at most.
MOST_PARTS = 8


class NumberProgram:
    """A plan for a network of two or more tensors without open indices, compiled; immutable.

    Args:
        plan: The plan.
        dtype: Type of all numbers.
        wanted: The inputs by whose elements to differentiate.

    Raises:
        PlanError: The network has open indices, fewer than two tensors, or no elements.

    Attributes:
        dtype: Type of all numbers.
        num_inputs: Number of tensors.
        num_slices: Number of slices whose sum is the value.
        tensors: For each element of a set of arrays the tensor that it belongs to; the number after the last tensor for
            elements that are not read. Shape (elements,).
        places: The place of the element in its tensor, in row-major order; shape (elements,).
        arena_bytes: Bytes of the intermediates of one slice.
        has_derivatives: Whether it has derivatives.
    """

    __slots__ = (
        "_engine",
        "_figures",
        "arena_bytes",
        "dtype",
        "has_derivatives",
        "num_inputs",
        "num_slices",
        "places",
        "tensors",
    )

    def __init__(self, plan: Plan, *, dtype: DtypeName, wanted: Collection[int] = ()) -> None:
        shape = plan.shape
        if shape.output or shape.row_indices or shape.num_tensors < 2 or shape.is_empty:
            raise PlanError("a gradient needs a network of two or more tensors whose value is a number")
        self._engine, layout = _native.Engine.of_plan(
            shape.inputs, shape.sizes, plan.tree.ssa_path, plan.sliced_indices, sorted(wanted), dtype
        )
        self.dtype: DtypeName = dtype
        self.num_inputs = shape.num_tensors
        self.num_slices = layout.num_slices
        self.tensors: npt.NDArray[np.intp] = layout.tensors.astype(np.intp)
        self.places: npt.NDArray[np.intp] = layout.places.astype(np.intp)
        self.has_derivatives = bool(wanted)
        self.arena_bytes = BYTES_PER_ELEMENT[dtype] * layout.arena_elements
        self._figures = Counter({tuple(figures): count for figures, count in layout.figures})

    @property
    def multiply_adds(self) -> int:
        """Complex multiply-adds of one set of arrays, over all slices."""
        return sum(count * work * runs for (_, _, _, work, _, runs), count in self._figures.items())

    def predicted_seconds(self, machine: MachineRates) -> float:
        """Predicts the time of one set of arrays on one machine, all slices."""
        return sum(
            count * runs * seconds_of_step(rows, columns, summed, work, moved, machine, self.dtype)
            for (rows, columns, summed, work, moved, runs), count in self._figures.items()
        )

    def num_parts(self, count: int) -> int:
        """Parts that the work for `count` sets of arrays is cut into, which may run at once."""
        return count * min(self.num_slices, MOST_PARTS)

    def peak_bytes(self, count: int, *, workers: int, threads: int) -> int:
        """Bytes that `run` holds at once for `count` sets of arrays, without these."""
        workspace = BYTES_PER_ELEMENT[self.dtype] * self._engine.workspace_len(threads)
        return workers * (self.arena_bytes + workspace) + self._engine.batch_bytes(count)

    def run(
        self,
        elements: ComplexArray,
        *,
        threads: int,
        workers: int,
        inline: bool,
        tick: Callable[[int], bool] | None = None,
        exponent: int = 0,
    ) -> tuple[ComplexArray, ComplexArray]:
        """Runs all slices of many sets of arrays.

        Args:
            elements: As `tensors` and `places` say; of `dtype`, shape (sets, elements).
            threads: Threads of each worker.
            workers: Parts that run at once.
            inline: Run on the calling thread.
            tick: Called about ten times a second with the number of parts done; the run stops when it returns False.
            exponent: Power of two to multiply the last input of each set by.

        Returns:
            The values, complex128, shape (sets,); and the derivatives by each of `elements`, complex128, shape
            (sets, elements), 0 for those of inputs that are not wanted; shape (sets, 0) if none is.

        Raises:
            NumericalError: A result is not finite.
            MemoryLimitError: The system could not allocate memory.
            StoppedError: `tick` stopped it.
        """
        exponents = [*[0] * (self.num_inputs - 1), exponent]
        try:
            values, adjoints = self._engine.run_batch(
                elements.reshape(-1), exponents, threads=threads, workers=workers, inline=inline, tick=tick
            )
        except _native.EngineStopped:
            raise StoppedError("the contraction was stopped before its end; run it again for its value") from None
        except _native.EngineNotFinite as error:
            raise NumericalError(
                f"slice {error.args[0]} gave a NaN, an infinity or a derivative beyond the range of complex128; "
                "check the network's arrays"
            ) from None
        except MemoryError as error:
            raise MemoryLimitError(
                f"the system could not allocate {error.args[0]} bytes; make a plan for a lower memory limit"
            ) from None
        except _native.EngineBroken as error:
            raise TaizhangError(f"the compiled core failed ({error}); please report this with the network") from None
        return values, adjoints.reshape(len(elements), -1)

"""The light cones of one shape as members of a plan: their arrays come from the table of all tensors.

Contracting many small networks one by one takes more time outside the core than in it. So the elements of all of them
are gathered from the table by a list of places, which is made once, and contracted in one call.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from taizhang._types import ComplexArray, DtypeName
from taizhang.errors import MemoryLimitError
from taizhang.execute.members import Arrays
from taizhang.execute.native_backend import RowDigits
from taizhang.execute.number_program import NumberProgram
from taizhang.network.cones import ConeNetworks
from taizhang.plan.plan import Plan

# Elements gathered for one call.
_MAX_GATHERED = 1 << 22
# Work predicted to take less runs on the calling thread.
_INLINE_SECONDS = 2e-3
# Time of a call outside of the core, and for each element gathered: of values, and with derivatives. Measured.
_SECONDS_A_CALL = (5e-5, 1.2e-4)
_SECONDS_AN_ELEMENT = (8e-9, 3e-8)


class ConeMembers:
    """The cones of one shape, with the elements of their tensors.

    Args:
        networks: All cones.
        shape: Number of the shape.
        table: All tensors, from `networks.tensors.table`.
        plan: The plan of the shape.
        dtype: Type of all numbers.

    Attributes:
        sources: For each cone and tensor the number of its source, shape (cones, tensors).
        table: All tensors.
    """

    def __init__(
        self, networks: ConeNetworks, shape: int, table: ComplexArray, *, plan: Plan, dtype: DtypeName
    ) -> None:
        self._networks = networks
        self._plan, self._dtype = plan, dtype
        self.sources: npt.NDArray[np.int64] = np.stack(
            [networks.cones[number].sources for number in networks.cones_of_shape[shape]]
        )
        self._arrays: dict[int, ComplexArray] = {}
        self.table = table

    def with_table(self, table: ComplexArray) -> ConeMembers:
        """The same cones with other elements."""
        members = object.__new__(ConeMembers)
        members.__dict__.update(self.__dict__, _arrays={}, table=table)
        # The program is the same for all tables.
        members.__dict__["batch"] = self.batch
        return members

    def __len__(self) -> int:
        return len(self.sources)

    def arrays_of(self, number: int) -> tuple[Arrays, int]:
        """The arrays of a cone; equal tensors are the same object."""
        return tuple([self._array(source) for source in self.sources[number].tolist()]), 0

    def rows_of(self, number: int) -> RowDigits | None:
        """None: there are no rows."""
        return None

    @functools.cached_property
    def batch(self) -> ConeBatch:
        """The program for the values of all cones in one call."""
        return self.batch_of(NumberProgram(self._plan, dtype=self._dtype))

    @property
    def overhead_seconds(self) -> float:
        """Predicted time of `values` outside of the core."""
        return self.batch.overhead_seconds

    def peak_bytes(self, threads: int) -> int:
        """Bytes that `values` holds at once."""
        return self.batch.peak_bytes(threads)

    def values(self, *, seconds: float, threads: int, free_bytes: int) -> ComplexArray:
        """The values of all cones, in one call; see `ConeBatch.run`."""
        return self.batch.run(self.table, seconds=seconds, threads=threads, free_bytes=free_bytes)

    def batch_of(self, program: NumberProgram) -> ConeBatch:
        """A program for all cones in one call."""
        return ConeBatch(program, self.sources, self._networks.tensors.starts)

    def _array(self, source: int) -> ComplexArray:
        array = self._arrays.get(source)
        if array is None:
            start, end = self._networks.tensors.starts[source : source + 2].tolist()
            elements = self.table[start:end]
            array = self._arrays[source] = elements.reshape((2,) * (len(elements).bit_length() - 1))
        return array


class ConeBatch:
    """A program that is run for all cones of its shape at once; immutable.

    Args:
        program: The program, compiled.
        sources: For each cone and tensor the number of its source, shape (cones, tensors).
        starts: For each source its first element in the table, then the length of the table.
    """

    def __init__(self, program: NumberProgram, sources: npt.NDArray[np.int64], starts: npt.NDArray[np.intp]) -> None:
        self.program = program
        self._sources = sources
        self._starts = starts

    def __len__(self) -> int:
        return len(self._sources)

    @property
    def overhead_seconds(self) -> float:
        """Predicted time of a run outside of the core."""
        elements, kind = len(self) * len(self.program.tensors), int(self.program.has_derivatives)
        return _SECONDS_A_CALL[kind] + _SECONDS_AN_ELEMENT[kind] * elements

    def peak_bytes(self, threads: int) -> int:
        """Bytes that a run holds at once, beside the table."""
        count = self._cones_at_once
        workers = self._workers(count, threads)
        # Places, elements and weighted derivatives of what is gathered.
        gathered = count * len(self.program.tensors) * 40
        return gathered + self.program.peak_bytes(count, workers=workers, threads=threads // workers)

    def run(
        self,
        table: ComplexArray,
        *,
        seconds: float,
        threads: int,
        free_bytes: int,
        tick: Callable[[int], bool] | None = None,
        weights: Sequence[ComplexArray] = (),
        sums: Sequence[ComplexArray] = (),
        exponent: int = 0,
    ) -> ComplexArray:
        """Contracts all cones.

        Args:
            table: All tensors.
            seconds: Predicted time.
            threads: Threads to use.
            free_bytes: Bytes that may be used.
            tick: Called about ten times a second with the number of parts done; the run stops when it returns False.
            weights: For a program with derivatives, lists of a weight for each cone.
            sums: For each list of weights an array like the table with one more element; the derivatives of the
                weighted sum of the values are added to it.
            exponent: Power of two to multiply the last tensor of each cone by.

        Returns:
            The value of each cone, complex128, shape (cones,).

        Raises:
            MemoryLimitError: The memory does not suffice.
            StoppedError: `tick` returned False.
        """
        # Stage 1: as many threads as the memory allows.
        inline = seconds < _INLINE_SECONDS
        threads = 1 if inline or self.peak_bytes(threads) > free_bytes else threads
        if self.peak_bytes(threads) > free_bytes:
            raise MemoryLimitError(
                "a light cone does not fit in the memory that is left; allow more memory",
                needed_bytes=self.peak_bytes(threads),
            )
        # Stage 2: some cones at a time. Gaps between tensors read the zero at the end.
        padded = np.append(table, 0)
        values: ComplexArray = np.empty(len(self), dtype=np.complex128)
        for first in range(0, len(self), self._cones_at_once):
            some = slice(first, min(first + self._cones_at_once, len(self)))
            places = self._places(some)
            workers = self._workers(len(places), threads)
            values[some], adjoints = self.program.run(
                padded[places].astype(self.program.dtype, copy=False),
                threads=threads // workers,
                workers=workers,
                inline=inline,
                tick=tick,
                exponent=exponent,
            )
            if not adjoints.size:
                continue
            for weight, total in zip(weights, sums, strict=True):
                weighted = (adjoints * weight[some, np.newaxis]).reshape(-1)
                total.real += np.bincount(places.reshape(-1), weighted.real, minlength=len(total))
                total.imag += np.bincount(places.reshape(-1), weighted.imag, minlength=len(total))
        return values

    @property
    def _cones_at_once(self) -> int:
        return min(len(self), max(1, _MAX_GATHERED // max(len(self.program.tensors), 1)))

    def _places(self, some: slice) -> npt.NDArray[np.intp]:
        """For some cones and each element of the program's inputs its place in the table."""
        starts = self._starts[self._sources[some]]
        padded = np.concatenate([starts, np.full((len(starts), 1), self._starts[-1])], axis=1)
        return np.asarray(padded[:, self.program.tensors] + self.program.places)

    def _workers(self, count: int, threads: int) -> int:
        return threads if self.program.num_parts(count) >= threads else 1

"""The light cones of one shape as members of a plan: their arrays come from the table of all tensors.

Contracting many small networks one by one takes more time outside the core than in it. So the elements of all of them
are gathered from the table by one list of places, which is made once, and contracted in one call.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from taizhang._types import ComplexArray
from taizhang.errors import MemoryLimitError
from taizhang.execute.contraction import Progress
from taizhang.execute.members import Arrays
from taizhang.execute.native_backend import NativeProgram, RowDigits
from taizhang.network.cones import ConeNetworks
from taizhang.program.program import Program

# Elements gathered for one call.
_MAX_GATHERED = 1 << 22
# Work predicted to take less runs on the calling thread.
_INLINE_SECONDS = 2e-3


class ConeMembers:
    """The cones of one shape, with the elements of their tensors.

    Args:
        networks: All cones.
        shape: Number of the shape.
        table: All tensors, from `networks.tensors.table`.
    """

    def __init__(self, networks: ConeNetworks, shape: int, table: ComplexArray) -> None:
        self._networks = networks
        self._shape = shape
        self._sources = np.stack([networks.cones[number].sources for number in networks.cones_of_shape[shape]])
        self._arrays: dict[int, ComplexArray] = {}
        # By program; each holds its program, so that no number can be that of another one.
        self._batches: dict[int, ConeBatch] = {}
        self.table = table

    def with_table(self, table: ComplexArray) -> ConeMembers:
        """The same cones with other elements."""
        members = object.__new__(ConeMembers)
        members._networks, members._shape, members._sources = self._networks, self._shape, self._sources
        members._arrays, members._batches, members.table = {}, self._batches, table
        return members

    def __len__(self) -> int:
        return len(self._sources)

    def arrays_of(self, number: int) -> tuple[Arrays, int]:
        """The arrays of a cone; equal tensors are the same object."""
        return tuple([self._array(source) for source in self._sources[number].tolist()]), 0

    def rows_of(self, number: int) -> RowDigits | None:
        """None: there are no rows."""
        return None

    def contract_together(
        self, program: NativeProgram, *, threads: int, free_bytes: int, progress: Progress | None
    ) -> ComplexArray | None:
        """The values of all cones, in one call; None where the memory does not suffice."""
        batch = self._batches.get(id(program))
        if batch is None:
            batch = self._batches[id(program)] = ConeBatch(program, self, self._networks.tensors.starts)
        if batch.peak_bytes(threads) > free_bytes:
            return None
        values = batch.run(self.table, threads=threads, free_bytes=free_bytes)
        if progress is not None:
            progress(len(self), len(self))
        return values

    def _array(self, source: int) -> ComplexArray:
        array = self._arrays.get(source)
        if array is None:
            start, end = self._networks.tensors.starts[source : source + 2].tolist()
            elements = self.table[start:end]
            array = self._arrays[source] = elements.reshape((2,) * (len(elements).bit_length() - 1))
        return array

    @property
    def sources(self) -> npt.NDArray[np.int64]:
        """For each cone and tensor the number of its source, shape (cones, tensors)."""
        return self._sources


class ConeBatch:
    """A compiled program, run for all cones of its shape at once; immutable.

    Args:
        program: The program, compiled.
        members: The cones.
        starts: For each source its first element in the table, then the length of the table.
    """

    def __init__(self, program: NativeProgram, members: ConeMembers, starts: npt.NDArray[np.intp]) -> None:
        self.program = program
        self._length = int(starts[-1])
        # For each element of the program's inputs its tensor and its place in that; gaps belong to no tensor.
        self._tensor, self._within = _layout(program.program)
        self._starts = starts
        self._members = members

    @property
    def cones_at_once(self) -> int:
        """Cones whose elements are gathered for one call."""
        return max(1, _MAX_GATHERED // max(len(self._tensor), 1))

    def peak_bytes(self, threads: int) -> int:
        """Bytes that a run holds at once, beside the table."""
        count = min(len(self._members), self.cones_at_once)
        gathered = count * len(self._tensor) * 40
        workers = self._workers(count, threads)
        return gathered + self.program.batch_bytes(count, workers=workers, threads=threads // workers)

    def run(
        self,
        table: ComplexArray,
        *,
        threads: int,
        free_bytes: int,
        tick: Callable[[int], bool] | None = None,
        weights: Sequence[ComplexArray] = (),
        sums: Sequence[ComplexArray] = (),
    ) -> ComplexArray:
        """Contracts all cones.

        Args:
            table: All tensors.
            threads: Threads to use.
            free_bytes: Bytes that may be used.
            tick: Called about ten times a second with the number of parts done; the run stops when it returns False.
            weights: For a program with derivatives, lists of a weight for each cone.
            sums: For each list of weights an array like the table with one more element; the derivatives of the
                weighted sum of the values are added to it.

        Returns:
            The value of each cone, complex128, shape (cones,).

        Raises:
            MemoryLimitError: The memory does not suffice.
            StoppedError: `tick` returned False.
        """
        if self.peak_bytes(threads) > free_bytes:
            threads = 1
            if self.peak_bytes(threads) > free_bytes:
                raise MemoryLimitError(
                    "the derivatives do not fit in the memory that is left; allow more memory",
                    needed_bytes=self.peak_bytes(threads),
                )
        # Gaps between tensors read the zero at the end.
        padded = np.append(table, 0)
        values = np.empty(len(self._members), dtype=np.complex128)
        for first in range(0, len(self._members), self.cones_at_once):
            some = slice(first, min(first + self.cones_at_once, len(self._members)))
            places = self._places(some)
            elements = padded[places].astype(self.program.program.dtype, copy=False)
            count = len(elements)
            workers = self._workers(count, threads)
            inline = count * self.program.slice_seconds * self.program.program.num_slices < _INLINE_SECONDS
            found, adjoints = self.program.run_batch(
                elements.reshape(-1),
                threads=1 if inline else threads // workers,
                workers=1 if inline else workers,
                inline=inline,
                tick=tick,
            )
            values[some] = found
            if not adjoints.size:
                continue
            adjoints = adjoints.reshape(count, -1)
            for weight, total in zip(weights, sums, strict=True):
                weighted = (adjoints * weight[some, np.newaxis]).reshape(-1)
                flat = places.reshape(-1)
                total.real += np.bincount(flat, weighted.real, minlength=len(total))
                total.imag += np.bincount(flat, weighted.imag, minlength=len(total))
        return values

    def _places(self, some: slice) -> npt.NDArray[np.intp]:
        """For some cones and each element of the program's inputs its place in the table."""
        starts = self._starts[self._members.sources[some]]
        padded = np.concatenate([starts, np.full((len(starts), 1), self._length)], axis=1)
        return padded[:, self._tensor] + self._within

    def _workers(self, count: int, threads: int) -> int:
        parts = count * min(self.program.program.num_slices, 8)
        return threads if parts >= threads else 1


def _layout(program: Program) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """For each element of a program's inputs its tensor and its place in that tensor, in row-major order.

    Elements in gaps between tensors have the number after the last tensor, and place 0.
    """
    tensor = np.full(program.input_elements, program.num_inputs, dtype=np.intp)
    within = np.zeros(program.input_elements, dtype=np.intp)
    patterns: dict[tuple[tuple[int, ...], tuple[int, ...]], npt.NDArray[np.intp]] = {}
    for number, (shape, axes) in enumerate(zip(program.input_shapes, program.axis_orders, strict=True)):
        pattern = patterns.get((shape, axes))
        if pattern is None:
            length = 2 ** len(shape)
            pattern = patterns[shape, axes] = np.arange(length).reshape(shape).transpose(axes).reshape(-1)
        offset = program.places[number].offset
        tensor[offset : offset + len(pattern)] = number
        within[offset : offset + len(pattern)] = pattern
    return tensor, within

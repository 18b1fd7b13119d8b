"""A job: all that a worker needs to compute any piece of a run. It is sent once; then piece numbers suffice.

The job holds the arrays of the network rather than the circuit, so that machines whose linear algebra rounds
differently start from the same bits.
"""

from __future__ import annotations

import hashlib
import io
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from taizhang._types import ComplexArray
from taizhang.errors import RunError
from taizhang.execute.contraction import compile_plan
from taizhang.execute.inputs import LoadedInputs
from taizhang.execute.native_backend import NativeProgram, RowDigits
from taizhang.execute.slice_sums import SliceSums
from taizhang.network.network import NetworkShape
from taizhang.plan.plan import Plan
from taizhang.program.program import Program
from taizhang.runs.manifest import Manifest, PlanRecord
from taizhang.runs.partial_sum import ZERO_EXPONENT, PartialSum
from taizhang.runs.pieces import Piece

MOST_LOADED = 8
"""Inputs of this many contractions are kept loaded."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlanData:
    """A plan of a run, with the arrays of its contractions.

    Attributes:
        plan: How to contract the networks.
        elements: All arrays, complex128, one after another: those that are the same for all contractions in order of
            their tensors, then for each contraction those that vary.
        rows: Digits of the rows, as bits, eight to a byte, shape (contractions, rows, bytes); empty where there are no
            rows.
    """

    plan: Plan
    elements: npt.NDArray[np.complex128]
    rows: npt.NDArray[np.uint8]

    def arrays_of(self, contraction: int, record: PlanRecord) -> tuple[ComplexArray, ...]:
        """The arrays of one contraction, in order; `contraction` counts from 0 within the plan."""
        varying = frozenset(record.varying_tensors)
        shapes = [tuple(self.plan.shape.sizes[index] for index in term) for term in self.plan.shape.inputs]
        lengths = [int(np.prod(shape, dtype=np.int64)) for shape in shapes]
        varying_length = sum(lengths[number] for number in varying)
        shared_at, varying_at = 0, len(self.elements) - varying_length * (record.num_contractions - contraction)
        arrays = []
        for number, (shape, length) in enumerate(zip(shapes, lengths, strict=True)):
            start = varying_at if number in varying else shared_at
            arrays.append(np.asarray(self.elements[start : start + length]).reshape(shape))
            if number in varying:
                varying_at += length
            else:
                shared_at += length
        return tuple(arrays)

    def rows_of(self, contraction: int, record: PlanRecord) -> RowDigits | None:
        """The rows of one contraction, shape (rows, digits of each); None where there are none."""
        if not record.num_rows:
            return None
        return np.unpackbits(self.rows[contraction], axis=1, count=record.row_length)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Job:
    """What a run computes.

    Attributes:
        manifest: What the run is.
        plans: Its plans, with the arrays of their contractions.
    """

    manifest: Manifest
    plans: tuple[PlanData, ...]

    def compile(self) -> tuple[NativeProgram, ...]:
        """Compiles the plans for the instructions that the run computes with.

        Raises:
            RunError: This machine lacks these instructions, or compiles a plan to another program.
        """
        return tuple(self._compile(number) for number in range(len(self.plans)))

    def _compile(self, number: int) -> NativeProgram:
        manifest = self.manifest
        try:
            compiled = compile_plan(self.plans[number].plan, dtype=manifest.dtype, simd_level=manifest.simd_level)
        except ValueError as error:
            raise RunError(
                f"the run computes with {manifest.simd_level} instructions, which this machine lacks ({error}); "
                "for machines of different kinds make the run with TAIZHANG_SIMD=portable or avx2 in the environment"
            ) from None
        if program_sha256(compiled.program) != manifest.plans[number].program_sha256:
            raise RunError(
                "this version of taizhang compiles the plan to another program than the version that made the run "
                f"({manifest.made.get('taizhang', 'unknown')}), so results would differ; go on with that version"
            )
        return compiled

    def to_bytes(self) -> bytes:
        """The job as bytes, for workers that cannot read the folder."""
        plans = [data.plan.to_dict() for data in self.plans]
        head = json.dumps({"manifest": json.loads(self.manifest.to_bytes()), "plans": plans}).encode()
        arrays: dict[str, Any] = {"head": np.frombuffer(head, dtype=np.uint8)}
        for number, data in enumerate(self.plans):
            arrays |= {f"elements{number}": data.elements, f"rows{number}": data.rows}
        stream = io.BytesIO()
        np.savez(stream, **arrays)
        return stream.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> Job:
        """Reads what `to_bytes` wrote."""
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            head = json.loads(arrays["head"].tobytes())
            plans = tuple(
                PlanData(plan=Plan.from_dict(plan), elements=arrays[f"elements{number}"], rows=arrays[f"rows{number}"])
                for number, plan in enumerate(head["plans"])
            )
        return cls(manifest=Manifest.from_dict(head["manifest"], "the job sent to this worker"), plans=plans)


def flat_arrays(
    shape: NetworkShape, arrays: Sequence[Sequence[npt.NDArray[Any]]]
) -> tuple[tuple[int, ...], npt.NDArray[np.complex128]]:
    """Puts the arrays of all contractions of a plan one after another, as `PlanData.elements` has them.

    Args:
        shape: The network.
        arrays: For each contraction the arrays of the network; the same object where one does not depend on it.

    Returns:
        Which tensors vary, and the elements.
    """
    first = arrays[0]
    varying = tuple(
        number for number in range(shape.num_tensors) if any(member[number] is not first[number] for member in arrays)
    )
    shared = [first[number] for number in range(shape.num_tensors) if number not in frozenset(varying)]
    parts = [*shared, *(member[number] for member in arrays for number in varying)]
    flat = [np.asarray(part, dtype=np.complex128).reshape(-1) for part in parts]
    return varying, np.concatenate([np.empty(0, dtype=np.complex128), *flat])


def program_sha256(program: Program) -> str:
    """Hash of a compiled plan: equal hashes, on the same SIMD level, give equal bits."""
    return hashlib.sha256(repr(program).encode()).hexdigest()


class PieceRunner:
    """Computes pieces of a job. Threads may share it.

    Args:
        job: The job.
        threads: Threads for each piece.
        memory_bytes: Memory for each piece.
        compiled: The plans, compiled; by default as the run computes with them.

    Raises:
        RunError: This machine cannot compute the bits of the run.
    """

    def __init__(
        self, job: Job, *, threads: int, memory_bytes: int, compiled: Sequence[NativeProgram] | None = None
    ) -> None:
        self.job = job
        self.sums = tuple(
            SliceSums(program, threads=threads, memory_bytes=memory_bytes) for program in compiled or job.compile()
        )
        self._loaded: OrderedDict[int, LoadedInputs] = OrderedDict()
        self._lock = threading.Lock()

    def compute(self, piece: Piece, *, should_stop: Callable[[], bool] | None = None) -> PartialSum:
        """Adds the slices of a piece.

        Raises:
            StoppedError: `should_stop` returned True.
            NumericalError: A NaN or an infinity appeared.
            MemoryLimitError: The piece does not fit in the memory.
        """
        record, data = self.job.manifest.plans[piece.plan], self.job.plans[piece.plan]
        first = self.job.manifest.layout.contractions_of_plan(piece.plan).start
        mantissas = np.empty((len(piece.contractions), record.elements), dtype=np.complex128)
        exponents = np.empty(len(piece.contractions), dtype=np.int64)
        for row, contraction in enumerate(piece.contractions):
            inputs, digits = self._inputs(piece.plan, contraction), data.rows_of(contraction - first, record)
            total = self.sums[piece.plan].sum_of(inputs, piece.slices, digits=digits, should_stop=should_stop)
            mantissas[row] = total.mantissa.reshape(-1)
            exponents[row] = ZERO_EXPONENT if total.exponent is None else total.exponent
        return PartialSum(mantissas=mantissas, exponents=exponents)

    def _inputs(self, plan: int, contraction: int) -> LoadedInputs:
        with self._lock:
            if contraction not in self._loaded:
                first = self.job.manifest.layout.contractions_of_plan(plan).start
                arrays = self.job.plans[plan].arrays_of(contraction - first, self.job.manifest.plans[plan])
                self._loaded[contraction] = self.sums[plan].load(arrays)
                while len(self._loaded) > MOST_LOADED:
                    self._loaded.popitem(last=False)
            return self._loaded[contraction]

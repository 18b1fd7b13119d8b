"""A job: all that a worker needs to compute any piece of a run. It is sent once; then piece numbers suffice.

The job holds the arrays of the network rather than the circuit, so that machines whose linear algebra rounds otherwise
start from the same bits.
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
from taizhang.plan.plan_file import Plan
from taizhang.program.program import Program
from taizhang.runs.manifest import Manifest
from taizhang.runs.partial_sum import ZERO_EXPONENT, PartialSum
from taizhang.runs.pieces import Piece

# Inputs of so many contractions are kept loaded.
MOST_LOADED = 8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Job:
    """What is computed.

    Attributes:
        manifest: What the run is.
        plan: How to contract the network.
        elements: All arrays, complex128, one after another: those that are the same for all bitstrings in order of
            their tensors, then for each contraction those that vary.
        rows: Bits at the row qubits, eight to a byte, shape (contractions, rows, bytes); empty where there are no rows.
    """

    manifest: Manifest
    plan: Plan
    elements: npt.NDArray[np.complex128]
    rows: npt.NDArray[np.uint8]

    def arrays_of(self, amplitude: int) -> tuple[ComplexArray, ...]:
        """The arrays of the network of one contraction, in order."""
        varying = frozenset(self.manifest.varying_tensors)
        shapes = [tuple(self.plan.shape.sizes[index] for index in term) for term in self.plan.shape.inputs]
        lengths = [int(np.prod(shape, dtype=np.int64)) for shape in shapes]
        own = sum(lengths[number] for number in varying)
        shared_at, own_at = 0, len(self.elements) - own * (self.manifest.num_amplitudes - amplitude)
        arrays = []
        for number, (shape, length) in enumerate(zip(shapes, lengths, strict=True)):
            start = own_at if number in varying else shared_at
            arrays.append(np.asarray(self.elements[start : start + length]).reshape(shape))
            if number in varying:
                own_at += length
            else:
                shared_at += length
        return tuple(arrays)

    def digits_of(self, amplitude: int) -> RowDigits | None:
        """The bits at the row qubits of one contraction, shape (rows, row qubits); None where there are no rows."""
        if not self.manifest.num_rows:
            return None
        return np.unpackbits(self.rows[amplitude], axis=1, count=len(self.manifest.row_qubits))

    def compile(self) -> NativeProgram:
        """Compiles the plan, for the instructions that the run computes with.

        Raises:
            RunError: This machine lacks them, or compiles the plan to something else.
        """
        manifest = self.manifest
        try:
            compiled = compile_plan(self.plan, dtype=manifest.dtype, simd_level=manifest.simd_level)
        except ValueError as error:
            raise RunError(
                f"the run computes with {manifest.simd_level} instructions, which this machine lacks ({error}); "
                "make runs for mixed machines with TAIZHANG_SIMD=portable, or avx2, in the environment"
            ) from None
        if program_sha256(compiled.program) != manifest.program_sha256:
            raise RunError(
                "this version of taizhang compiles the plan otherwise than the one that made the run "
                f"({manifest.made.get('taizhang', 'unknown')}), so bits would differ; go on with that version"
            )
        return compiled

    def to_bytes(self) -> bytes:
        """The job as bytes, to be sent to workers that do not see the folder."""
        head = json.dumps({"manifest": json.loads(self.manifest.to_bytes()), "plan": self.plan.to_dict()}).encode()
        stream = io.BytesIO()
        np.savez(stream, head=np.frombuffer(head, dtype=np.uint8), elements=self.elements, rows=self.rows)
        return stream.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> Job:
        """Reads what `to_bytes` gave."""
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            head = json.loads(arrays["head"].tobytes())
            elements, rows = arrays["elements"], arrays["rows"]
        manifest = Manifest.from_dict(head["manifest"], "the job sent to this worker")
        return cls(manifest=manifest, plan=Plan.from_dict(head["plan"]), elements=elements, rows=rows)


def flat_arrays(
    shape: NetworkShape, arrays: Sequence[Sequence[npt.NDArray[Any]]]
) -> tuple[tuple[int, ...], npt.NDArray[np.complex128]]:
    """Puts the arrays of all contractions one after another, as `Job.elements` has them.

    Args:
        shape: The network.
        arrays: For each contraction those of the network; the same object where they do not depend on it.

    Returns:
        Which tensors vary, and the elements.
    """
    first = arrays[0]
    varying = tuple(
        number for number in range(shape.num_tensors) if any(own[number] is not first[number] for own in arrays)
    )
    shared = [first[number] for number in range(shape.num_tensors) if number not in frozenset(varying)]
    parts = [*shared, *(own[number] for own in arrays for number in varying)]
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

    Raises:
        RunError: This machine cannot compute the bits of the run.
    """

    def __init__(self, job: Job, *, threads: int, memory_bytes: int, compiled: NativeProgram | None = None) -> None:
        self.job = job
        self.sums = SliceSums(compiled or job.compile(), threads=threads, memory_bytes=memory_bytes)
        self._loaded: OrderedDict[int, LoadedInputs] = OrderedDict()
        self._lock = threading.Lock()

    def compute(self, piece: Piece, *, should_stop: Callable[[], bool] | None = None) -> PartialSum:
        """Adds the slices of a piece.

        Raises:
            StoppedError: `should_stop` said so.
            NumericalError: A NaN or an infinity appeared.
            MemoryLimitError: It does not fit in the memory.
        """
        mantissas = np.empty((len(piece.amplitudes), self.job.manifest.elements), dtype=np.complex128)
        exponents = np.empty(len(piece.amplitudes), dtype=np.int64)
        for row, amplitude in enumerate(piece.amplitudes):
            inputs, digits = self._inputs(amplitude), self.job.digits_of(amplitude)
            total = self.sums.sum_of(inputs, piece.slices, digits=digits, should_stop=should_stop)
            mantissas[row] = total.mantissa.reshape(-1)
            exponents[row] = ZERO_EXPONENT if total.exponent is None else total.exponent
        return PartialSum(mantissas=mantissas, exponents=exponents)

    def _inputs(self, amplitude: int) -> LoadedInputs:
        with self._lock:
            if amplitude not in self._loaded:
                self._loaded[amplitude] = self.sums.load(self.job.arrays_of(amplitude))
                while len(self._loaded) > MOST_LOADED:
                    self._loaded.popitem(last=False)
            return self._loaded[amplitude]

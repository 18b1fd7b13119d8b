"""Checks a run: hashes of all files, checksums of all sums, and some pieces computed again.

The sums of some pieces, chosen by the identity of the run, are kept for this. A few of them, drawn at random, are
computed once more and compared bit by bit, and once in double precision, which shows the rounding errors of single
precision. The outcome includes a record of the result that others can check.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from taizhang._random import stream
from taizhang._units import counted
from taizhang.errors import LimitError, RunBusyError, RunError, RunStorageError
from taizhang.execute.contraction import compile_plan
from taizhang.runs.coordinator import done_ranges
from taizhang.runs.folder import RunFolder, describe_environment
from taizhang.runs.job import Job, PieceRunner
from taizhang.runs.ledger import VERIFICATION, Ledger
from taizhang.runs.lock import STOPPED, CoordinatorLock, read_heartbeat
from taizhang.runs.partial_sum import PartialSum
from taizhang.runs.report.history import SESSION, WORKER
from taizhang.runs.run import is_complete
from taizhang.runs.values import values_of

TOLERANCE = {"complex64": 1e-3, "complex128": 1e-9}
"""Relative difference up to which pieces agree where bits cannot be compared."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Verification:
    """The outcome of checking a run.

    Attributes:
        pieces: The pieces that were computed again.
        same_bits: Whether they were compared bit by bit, or to a tolerance, on a machine that computes other bits.
        relative_error: Root of the mean square of the relative rounding errors of the pieces; None if not measured.
        standard_error: Expected rounding error of an amplitude of the run, if the errors of its pieces are independent;
            None if not measured, or if the run is not complete.
        remark: What could not be checked within the memory limit, and why; None if nothing.
        record: The record that `-o` writes.
    """

    pieces: tuple[int, ...]
    same_bits: bool
    relative_error: float | None
    standard_error: float | None
    remark: str | None
    record: dict[str, Any]

    def __str__(self) -> str:
        how = "the same bits" if self.same_bits else "the same to rounding, on other hardware"
        lines = [
            f"All files and sums match their checksums; {counted(len(self.pieces), 'piece')} computed again: {how}, "
            + ", ".join(map(str, self.pieces))
        ]
        if self.relative_error is not None:
            lines.append(f"Rounding errors of the pieces, to double precision: {self.relative_error:.1e}, relative")
        if self.standard_error is not None:
            lines.append(f"Rounding error of an amplitude: {self.standard_error:.1e}, one standard error")
        if self.remark is not None:
            lines.append(self.remark)
        return "\n".join(lines)

    def __repr__(self) -> str:
        error = "" if self.relative_error is None else f", relative rounding error {self.relative_error:.1e}"
        same = "same bits" if self.same_bits else "same to rounding"
        return f"<Verification: {len(self.pieces)} pieces computed again, {same}{error}>"


def verify(
    folder: RunFolder,
    *,
    pieces: int = 3,
    seed: int = 0,
    precise: bool = True,
    threads: int,
    memory_bytes: int,
    stop: Callable[[], bool] | None = None,
) -> Verification:
    """Checks a run, complete or not.

    Args:
        folder: The run.
        pieces: Largest number of pieces to compute again.
        seed: Seed of the choice of pieces.
        precise: Compute them in double precision as well.
        threads: Threads to use.
        memory_bytes: Memory to use.
        stop: Called often; the check stops when it returns True.

    Raises:
        RunDamagedError: A file or a sum fails its checksum.
        RunError: A piece computed again gives another value.
    """
    # Stage 1: the hashes of all files and the checksums of all sums; choose the pieces.
    job, layout = folder.job(), folder.manifest.layout
    with Ledger(folder.ledger_path, folder.manifest) as ledger:
        num_groups = ledger.groups_wanted()
        nodes = [node for node in ledger.nodes() if node.group < num_groups]
        for node in nodes:
            ledger.sum_of(node)
        kept = ledger.samples()
        count = min(pieces, len(kept))
        chosen = (
            sorted(int(n) for n in stream(seed, "verify").choice(len(kept), size=count, replace=False)) if kept else []
        )
        recorded = {kept[number]: ledger.sample(kept[number]) for number in chosen}
        sessions, workers = ledger.records(SESSION), ledger.records(WORKER)
    # Stage 2: compute the pieces again and compare.
    runner, same_bits = _runner(job, threads, memory_bytes)
    errors: list[tuple[float, float]] = []
    for number, total in recorded.items():
        again = runner.compute(layout.piece(number), should_stop=stop)
        _compare(folder, number, total, again, same_bits=same_bits)
    # Stage 3: their rounding errors, from double precision.
    remark: str | None = None
    if precise and folder.manifest.dtype == "complex64":
        try:
            exact = _double_runner(job, threads, memory_bytes)
            for number, total in recorded.items():
                again = exact.compute(layout.piece(number), should_stop=stop)
                errors.append(_error(total, again, folder))
        except LimitError as error:  # it takes twice the memory of the run; the errors measured so far are kept
            missing = counted(len(recorded) - len(errors), "piece")
            remark = f"Rounding errors of {missing} could not be measured: {error}"
    relative = math.sqrt(sum(square for square, _ in errors) / len(errors)) if errors else None
    absolute = None
    if errors and is_complete(folder):
        mean_square = sum(square for _, square in errors) / len(errors)
        absolute = math.sqrt(max(plan.parts_per_group for plan in layout.plans) * mean_square)
    # Stage 4: the record.
    done = sum(len(entry) for entry in done_ranges(nodes, layout))
    record = _record(folder, tuple(recorded), same_bits, relative, absolute, done, layout.first_piece_of(num_groups))
    if remark is not None:
        record["remark"] = remark
    record["sessions"] = [sessions[key] for key in sorted(sessions)]
    record["workers"] = workers
    verification = Verification(
        pieces=tuple(recorded),
        same_bits=same_bits,
        relative_error=relative,
        standard_error=absolute,
        remark=remark,
        record=record,
    )
    _record_verification(folder, verification)
    return verification


def _runner(job: Job, threads: int, memory_bytes: int) -> tuple[PieceRunner, bool]:
    """A runner for the pieces, and whether it gives the same bits as the run."""
    try:
        return PieceRunner(job, threads=threads, memory_bytes=memory_bytes), True
    except RunError:  # other instructions, or another version of the compiler of plans
        compiled = [compile_plan(data.plan, dtype=job.manifest.dtype) for data in job.plans]
        return PieceRunner(job, threads=threads, memory_bytes=memory_bytes, compiled=compiled), False


def _double_runner(job: Job, threads: int, memory_bytes: int) -> PieceRunner:
    compiled = [compile_plan(data.plan, dtype="complex128") for data in job.plans]
    return PieceRunner(job, threads=threads, memory_bytes=memory_bytes, compiled=compiled)


def _compare(folder: RunFolder, number: int, total: PartialSum, again: PartialSum, *, same_bits: bool) -> None:
    if same_bits and total.to_bytes() == again.to_bytes():
        return
    if not same_bits:
        square, _ = _error(total, again, folder)
        if math.sqrt(square) <= TOLERANCE[folder.manifest.dtype]:
            return
    raise RunError(
        f"piece {number} of '{folder.path}' gives another value when it is computed again, so a machine that worked on "
        "the run computes wrongly; make the run again on other machines"
    )


def _error(total: PartialSum, exact: PartialSum, folder: RunFolder) -> tuple[float, float]:
    """Mean square error of the values of a piece: relative to their mean square, and absolute."""
    minus = PartialSum(mantissas=-total.mantissas, exponents=total.exponents)
    common = int(exact.exponents.max())
    error = exact.plus(minus).values(-common)
    values = exact.values(-common)
    mean, size = float(np.mean(np.abs(error) ** 2)), float(np.mean(np.abs(values) ** 2))
    power = 2 * (common + int(folder.exponents().max()))
    return (mean / size if size else 0.0), math.ldexp(mean, max(power, -1074))


def _record(
    folder: RunFolder,
    pieces: Sequence[int],
    same_bits: bool,
    relative: float | None,
    absolute: float | None,
    done: int,
    num_pieces: int,
) -> dict[str, Any]:
    """The record of a verified run: what was computed, with what, and the answer if the run is complete."""
    manifest, assembly = folder.manifest, folder.assembly()
    plans = [folder.plan(number) for number in range(len(manifest.plans))]
    record: dict[str, Any] = {
        "format": "taizhang-run-record",
        "version": 1,
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "identity": manifest.identity,
        "sha256": dict(manifest.files),
        "program_sha256": [plan.program_sha256 for plan in manifest.plans],
        "dtype": manifest.dtype,
        "simd_level": manifest.simd_level,
        "task": assembly.kind,
        "description": assembly.description(),
        "num_contractions": manifest.layout.num_contractions,
        "num_slices": [plan.num_slices for plan in manifest.plans],
        "num_pieces": num_pieces,
        "pieces_done": done,
        "plan_seeds": [plan.seed for plan in plans],
        "plan_trials": [plan.trial for plan in plans],
        "made": dict(manifest.made),
        "verified_with": describe_environment(),
        "verified_pieces": list(pieces),
        "same_bits": same_bits,
        "relative_rounding_error": relative,
        "standard_error": absolute,
        "coordinator": read_heartbeat(folder.path),
    }
    if done == num_pieces:
        values = values_of(folder)
        digest = hashlib.sha256()
        for plan_values in values:
            digest.update(plan_values.astype("<c16").tobytes())
        record["values_sha256"] = digest.hexdigest()
        record.update(assembly.record(assembly.answer(values)))
    return record


def _record_verification(folder: RunFolder, verification: Verification) -> None:
    """Records the verification in the ledger, unless a coordinator is at work or the folder cannot be written."""
    fields = {
        "at": time.time(),
        "pieces": list(verification.pieces),
        "same_bits": verification.same_bits,
        "relative_error": verification.relative_error,
        "standard_error": verification.standard_error,
    }
    with contextlib.suppress(RunBusyError, RunStorageError):
        before = read_heartbeat(folder.path).get("state", STOPPED)
        lock = CoordinatorLock(folder.path)
        try:
            with Ledger(folder.ledger_path, folder.manifest, write=True) as ledger:
                ledger.commit(records=[(VERIFICATION, "last", fields)])
        finally:
            lock.release(before if before != "running" else STOPPED)

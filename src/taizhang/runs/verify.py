"""Checks a run: hashes of all files, checksums of all sums, and some pieces computed again.

Some pieces, chosen by the identity of the run when it was made, have their sums kept apart. A few of them, drawn at
random, are computed once more and compared bit by bit; and once in double precision, which tells how large the rounding
errors of single precision are. What comes out is a record of the result that others can check.
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
from taizhang.runs.folder import RunFolder, made_with
from taizhang.runs.history import SESSION, WORKER
from taizhang.runs.job import Job, PieceRunner
from taizhang.runs.ledger import VERIFICATION, Ledger
from taizhang.runs.lock import STOPPED, CoordinatorLock, read_sign
from taizhang.runs.partial_sum import PartialSum
from taizhang.runs.run import is_complete
from taizhang.runs.values import values_of

TOLERANCE = {"complex64": 1e-3, "complex128": 1e-9}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Verification:
    """What checking a run found.

    Attributes:
        pieces: The pieces that were computed again.
        same_bits: Whether they were compared bit by bit; else, on a machine that computes otherwise, to a tolerance.
        relative_error: Root of the mean square of the relative rounding errors of the pieces; None if not measured.
        standard_error: What an amplitude of the run is expected to be off by through rounding, if the errors of its
            pieces are independent; None if not measured, or if the run is not complete.
        remark: What could not be checked within the memory limit, and why; None if nothing.
        record: What `-o` writes.
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
            f"All files and sums are as they were written; {counted(len(self.pieces), 'piece')} computed again: {how}, "
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
        pieces: How many pieces to compute again, at most.
        seed: Which ones.
        precise: Compute them in double precision as well.
        threads: Threads to use.
        memory_bytes: Memory to use.
        stop: Says True to stop.

    Raises:
        RunDamagedError: A file or a sum is not what it was.
        RunError: A piece computed again gives another value.
    """
    job, layout = folder.job(), folder.manifest.layout
    with Ledger(folder.ledger_path, folder.manifest) as ledger:
        wanted = ledger.groups_wanted()
        nodes = [node for node in ledger.nodes() if node.group < wanted]
        for node in nodes:
            ledger.sum_of(node)
        kept = ledger.samples()
        count = min(pieces, len(kept))
        chosen = (
            sorted(int(n) for n in stream(seed, "verify").choice(len(kept), size=count, replace=False)) if kept else []
        )
        recorded = {kept[number]: ledger.sample(kept[number]) for number in chosen}
        sessions, workers = ledger.records(SESSION), ledger.records(WORKER)
    runner, same_bits = _runner(job, threads, memory_bytes)
    errors: list[tuple[float, float]] = []
    for number, total in recorded.items():
        again = runner.compute(layout.piece(number), should_stop=stop)
        _compare(folder, number, total, again, same_bits=same_bits)
    remark: str | None = None
    if precise and folder.manifest.dtype == "complex64":
        try:
            exact = _double_runner(job, threads, memory_bytes)
            for number, total in recorded.items():
                again = exact.compute(layout.piece(number), should_stop=stop)
                errors.append(_error(total, again, folder))
        except LimitError as error:  # twice the memory of the run; all that was found so far stands
            missing = counted(len(recorded) - len(errors), "piece")
            remark = f"Rounding errors of {missing} could not be measured: {error}"
    relative = math.sqrt(sum(own for own, _ in errors) / len(errors)) if errors else None
    absolute = None
    if errors and is_complete(folder):
        mean_square = sum(own for _, own in errors) / len(errors)
        absolute = math.sqrt(max(plan.parts_per_group for plan in layout.plans) * mean_square)
    done = sum(len(entry) for entry in done_ranges(nodes, layout))
    record = _record(folder, tuple(recorded), same_bits, relative, absolute, done, layout.first_piece_of(wanted))
    if remark is not None:
        record["remark"] = remark
    record["sessions"] = [sessions[key] for key in sorted(sessions)]
    record["workers"] = workers
    found = Verification(
        pieces=tuple(recorded),
        same_bits=same_bits,
        relative_error=relative,
        standard_error=absolute,
        remark=remark,
        record=record,
    )
    _keep(folder, found)
    return found


def _runner(job: Job, threads: int, memory_bytes: int) -> tuple[PieceRunner, bool]:
    """What computes the pieces again, and whether with the same bits."""
    try:
        return PieceRunner(job, threads=threads, memory_bytes=memory_bytes), True
    except RunError:  # other hardware, or another version
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
        "the run computes wrongly; make the run anew, elsewhere"
    )


def _error(total: PartialSum, exact: PartialSum, folder: RunFolder) -> tuple[float, float]:
    """Mean square of the error of a piece's numbers: relative to the mean square of the numbers, and absolute."""
    minus = PartialSum(mantissas=-total.mantissas, exponents=total.exponents)
    common = int(exact.exponents.max())
    wrong = exact.plus(minus).values(-common)
    right = exact.values(-common)
    mean, size = float(np.mean(np.abs(wrong) ** 2)), float(np.mean(np.abs(right) ** 2))
    power = 2 * (common + int(folder.exponents().max()))
    return (mean / size if size else 0.0), math.ldexp(mean, max(power, -1074))


def _record(
    folder: RunFolder,
    pieces: Sequence[int],
    same_bits: bool,
    relative: float | None,
    absolute: float | None,
    done: int,
    wanted: int,
) -> dict[str, Any]:
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
        "num_pieces": wanted,
        "pieces_done": done,
        "plan_seeds": [plan.seed for plan in plans],
        "plan_trials": [plan.trial for plan in plans],
        "made": dict(manifest.made),
        "verified_with": made_with(),
        "verified_pieces": list(pieces),
        "same_bits": same_bits,
        "relative_rounding_error": relative,
        "standard_error": absolute,
        "coordinator": read_sign(folder.path),
    }
    if done == wanted:
        values = values_of(folder)
        digest = hashlib.sha256()
        for own in values:
            digest.update(own.astype("<c16").tobytes())
        record["values_sha256"] = digest.hexdigest()
        record.update(assembly.record(assembly.answer(values)))
    return record


def _keep(folder: RunFolder, found: Verification) -> None:
    """Records the verification in the run, if nobody is at work on it and the folder can be written."""
    told = {
        "at": time.time(),
        "pieces": list(found.pieces),
        "same_bits": found.same_bits,
        "relative_error": found.relative_error,
        "standard_error": found.standard_error,
    }
    with contextlib.suppress(RunBusyError, RunStorageError):
        before = read_sign(folder.path).get("state", STOPPED)
        lock = CoordinatorLock(folder.path)
        try:
            with Ledger(folder.ledger_path, folder.manifest, write=True) as ledger:
                ledger.commit(records=[(VERIFICATION, "last", told)])
        finally:
            lock.release(before if before != "running" else STOPPED)

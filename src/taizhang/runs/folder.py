"""The folder of a run: everything needed to continue it, on this or another machine.

run.json         the manifest: how the work is cut, hashes (written last: where it exists, the rest does)
task.json        the question: how the answer is assembled from the values of the contractions
plan-K.json      plan K, from 0: how to contract networks of one shape
arrays-K.npy     the arrays of these networks, complex128
rows-K.npy       for each contraction of plan K the digits of its rows, if it has rows
exponents.npy    for each contraction the power of two that its value is multiplied by
ledger.sqlite    sums of the pieces done, and the history of the run
coordinator.*    lock and heartbeat of the coordinator
workers/ inbox/  tasks of the workers that share the folder, and the sums they submit
circuit.qasm     the circuit, for people; left out where OpenQASM has no words for it

A folder that holds only plan-so-far.json was interrupted while the run was made: the same command continues from it.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import platform
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import psutil

import taizhang
from taizhang._units import human_bytes
from taizhang.circuit.formats.openqasm_writer import write_openqasm3
from taizhang.errors import (
    CircuitError,
    InputError,
    RunDamagedError,
    RunError,
    RunFolderError,
    SizeLimitError,
    UsageError,
)
from taizhang.execute.native_backend import NativeProgram, RowDigits
from taizhang.execute.slice_sums import SliceSums
from taizhang.plan.plan import Plan
from taizhang.runs import manifest as manifest_file
from taizhang.runs.gather import NO_ROWS, GatheredMembers, gather
from taizhang.runs.job import Job, PlanData, flat_arrays, program_sha256
from taizhang.runs.ledger import Ledger
from taizhang.runs.manifest import Manifest, PlanRecord
from taizhang.runs.pieces import PlanLayout, cut
from taizhang.runs.storage import sha256_of, sync_folder, write_whole, writing
from taizhang.tasks.assembly import Assembly
from taizhang.tasks.registry import assembly_from_bytes, assembly_to_bytes
from taizhang.tasks.work import PlannedMembers, Work

TASK, CIRCUIT, EXPONENTS, LEDGER = "task.json", "circuit.qasm", "exponents.npy", "ledger.sqlite"
WORKERS, INBOX = "workers", "inbox"

MEASURED_SECONDS = 0.5
"""The rate is measured on the first slices, for at least this long."""

MOST_ELEMENTS = 1 << 25
"""Largest number of elements in the value of a contraction that a run keeps: half a GiB."""

MAPPED_BYTES = 256 << 20
"""Arrays larger than this stay on the disk until they are needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFolder:
    """An existing run folder.

    Attributes:
        path: The folder.
        manifest: What the run is.
    """

    path: Path
    manifest: Manifest

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> RunFolder:
        """Opens a run folder, reading nothing but its manifest.

        Raises:
            RunError: There is no run in it.
            RunDamagedError: The manifest fails its checksum.
        """
        return cls(path=Path(path), manifest=Manifest.read(Path(path)))

    @property
    def ledger_path(self) -> Path:
        """Where the ledger is."""
        return self.path / LEDGER

    def check_files(self) -> None:
        """Compares every fixed file with its hash in the manifest.

        Raises:
            RunDamagedError: One differs or is missing; the message names it.
        """
        for name, expected in self.manifest.files.items():
            try:
                actual = sha256_of(self.path / name)
            except FileNotFoundError:
                raise RunDamagedError(_is_missing(self.path / name)) from None
            if actual != expected:
                raise RunDamagedError(_differs(self.path / name))

    def job(self) -> Job:
        """The job of the run, for workers; all files are checked first.

        Raises:
            RunDamagedError: A file fails its checksum.
        """
        self.check_files()
        plans = []
        for number, record in enumerate(self.manifest.plans):
            path = self.path / _arrays_name(number)
            large = path.stat().st_size > MAPPED_BYTES
            elements = np.load(path, mmap_mode="r" if large else None, allow_pickle=False)
            rows = np.load(self.path / _rows_name(number), allow_pickle=False) if record.num_rows else NO_ROWS
            plans.append(PlanData(plan=self.plan(number), elements=elements, rows=rows))
        return Job(manifest=self.manifest, plans=tuple(plans))

    def plan(self, number: int = 0) -> Plan:
        """A plan of the run."""
        return Plan.load(self.path / _plan_name(number))

    def assembly(self) -> Assembly[Any]:
        """How the answer is assembled from the values of the contractions.

        Raises:
            RunDamagedError: The file fails its checksum.
        """
        path = self.path / TASK
        try:
            content = path.read_bytes()
            if hashlib.sha256(content).hexdigest() != self.manifest.files.get(TASK):
                raise RunDamagedError(_differs(path))
            return assembly_from_bytes(content)
        except FileNotFoundError:
            raise RunDamagedError(_is_missing(path)) from None
        except InputError as error:
            raise RunDamagedError(f"'{path}' cannot be used: {error}") from None

    def exponents(self) -> npt.NDArray[np.int64]:
        """The powers of two that the values are multiplied by, shape (contractions,)."""
        exponents: npt.NDArray[np.int64] = np.load(self.path / EXPONENTS, allow_pickle=False)
        return exponents


def make_run(
    path: str | os.PathLike[str],
    work: Work[Any],
    *,
    simd_level: str,
    memory_bytes: int,
    piece_seconds: float = 10.0,
    slices_per_piece: int | None = None,
) -> RunFolder:
    """Makes a run folder atomically.

    Args:
        path: The folder; it may exist if it is empty.
        work: The work; its plans are compiled.
        simd_level: Instructions that they were compiled for.
        memory_bytes: Memory for measuring the rate.
        piece_seconds: How long a piece should take one thread.
        slices_per_piece: A power of two, instead of the number that follows from the measured rate.

    Raises:
        RunError: The folder is not empty.
        RunStorageError: It cannot be written.
        SizeLimitError: The values, or the arrays, are too large for a run.
    """
    # Stage 1: the content of all files, with the rate of each plan measured on its first slices.
    target = Path(path)
    check_new(target)
    files: dict[str, bytes] = {TASK: assembly_to_bytes(work.assembly)}
    if work.circuit is not None:
        # Of matrices on three and more qubits OpenQASM knows nothing; the run needs only its arrays.
        with contextlib.suppress(CircuitError):
            files[CIRCUIT] = write_openqasm3(work.circuit).encode()
    records: list[PlanRecord] = []
    exponents: list[int] = []
    for number, planned in enumerate(work.plans):
        gathered = gather(planned.members)
        exponents += gathered.exponents
        record, elements = _record(planned, gathered, memory_bytes, piece_seconds, slices_per_piece)
        records.append(record)
        files[_plan_name(number)] = planned.ready.plan.to_bytes()
        files[_arrays_name(number)] = _npy(elements)
        if len(gathered.rows):
            files[_rows_name(number)] = _npy(gathered.rows)
    files[EXPONENTS] = _npy(np.array(exponents, dtype=np.int64))
    # Stage 2: write them to a folder beside the target. The manifest comes last: it has the hashes of the others.
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    with writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        partial.mkdir()
        try:
            for name, content in files.items():
                write_whole(partial / name, content)
            manifest = Manifest(
                dtype=_program_of(work.plans[0]).program.dtype,
                simd_level=simd_level,
                plans=tuple(records),
                files={name: sha256_of(partial / name) for name in files},
                made={"at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), **describe_environment()},
            )
            for name in (WORKERS, INBOX):
                (partial / name).mkdir()
            Ledger.create(partial / LEDGER, manifest)
            write_whole(partial / manifest_file.NAME, manifest.to_bytes())
            # Stage 3: move it to its place at once. A folder can replace only an empty one.
            (target / manifest_file.KEPT_PLAN).unlink(missing_ok=True)
            partial.replace(target)
            sync_folder(target.parent)
        except BaseException:
            with contextlib.suppress(OSError):
                shutil.rmtree(partial)
            raise
    return RunFolder(path=target, manifest=manifest)


def _record(
    planned: PlannedMembers,
    gathered: GatheredMembers,
    memory_bytes: int,
    piece_seconds: float,
    slices_per_piece: int | None,
) -> tuple[PlanRecord, npt.NDArray[np.complex128]]:
    """Measures the rate of a plan and cuts its contractions into pieces; returns the arrays as well."""
    compiled, count = _program_of(planned), len(planned.members)
    if compiled.program.output_elements > MOST_ELEMENTS:
        raise SizeLimitError(
            f"each contraction has {compiled.program.output_elements} amplitudes, but a run keeps at most "
            f"{MOST_ELEMENTS}; leave fewer qubits open, or ask for fewer bitstrings"
        )
    if planned.slices.start:
        raise UsageError(
            f"the slices of a run in a folder must start at 0, got {planned.slices.start}; compute other slices "
            "without a folder"
        )
    num_slices, row_length = len(planned.slices), len(compiled.program.row_sizes)
    digits = np.unpackbits(gathered.rows[0], axis=1, count=row_length) if len(gathered.rows) else None
    seconds, measured = _measure(compiled, gathered.arrays[0], digits, num_slices, memory_bytes)
    layout = cut(
        compiled.program,
        num_contractions=count,
        num_slices=num_slices,
        slices=measured,
        seconds=seconds,
        piece_seconds=piece_seconds,
    )
    if slices_per_piece is not None:
        layout = PlanLayout(num_contractions=count, num_slices=num_slices, slices_per_piece=slices_per_piece)
    varying, elements = flat_arrays(planned.ready.plan.shape, gathered.arrays)
    record = PlanRecord(
        num_contractions=count,
        num_slices=num_slices,
        slices_per_piece=layout.slices_per_piece,
        contractions_per_piece=layout.contractions_per_piece,
        program_sha256=program_sha256(compiled.program),
        seconds_per_slice=seconds / measured,
        varying_tensors=varying,
        num_rows=planned.ready.plan.shape.num_rows,
        row_length=row_length,
        elements=compiled.program.output_elements,
    )
    return record, elements


def _program_of(planned: PlannedMembers) -> NativeProgram:
    """The compiled plan. Raises where it cannot be run, before a run is made."""
    program = planned.ready.program
    if program is None:
        raise RunError("the plan cannot be run on this machine; search longer for one, or allow more memory")
    return program


def _plan_name(number: int) -> str:
    return f"plan-{number}.json"


def _arrays_name(number: int) -> str:
    return f"arrays-{number}.npy"


def _rows_name(number: int) -> str:
    return f"rows-{number}.npy"


def _is_missing(path: Path) -> str:
    return f"'{path}' is missing; restore it from a copy, or make the run again"


def _differs(path: Path) -> str:
    return (
        f"'{path}' is damaged: its sha256 is not the one in {manifest_file.NAME}; restore it from a copy, or make the "
        "run again"
    )


def check_new(path: str | os.PathLike[str]) -> Plan | None:
    """Checks that a run can be made in a folder.

    Returns:
        The plan that `keep_plan` left there, if it did.

    Raises:
        RunError: The folder is not empty.
    """
    target = Path(path)
    if (target / manifest_file.NAME).exists():
        raise RunFolderError(
            f"'{target}' holds a run already; go on with it by 'taizhang resume {target}', or give another directory"
        )
    if target.exists() and not target.is_dir():
        raise RunFolderError(f"'{target}' is not a folder; give a directory that is new or empty")
    names = [entry.name for entry in target.iterdir()] if target.exists() else []
    if names == [manifest_file.KEPT_PLAN]:
        return Plan.load(target / manifest_file.KEPT_PLAN)
    if names:
        raise RunFolderError(f"'{target}' is not empty; give a directory that is new or empty")
    return None


def keep_plan(path: str | os.PathLike[str], plan: Plan) -> None:
    """Saves a plan in the folder of a run that is not made yet, for the next attempt to make it.

    Raises:
        RunStorageError: It cannot be written.
    """
    target = Path(path)
    with writing(target):
        target.mkdir(parents=True, exist_ok=True)
        plan.save(target / manifest_file.KEPT_PLAN)


def discard_plan(path: str | os.PathLike[str]) -> None:
    """Removes the plan that `keep_plan` saved, and the folder if nothing else is in it."""
    target = Path(path)
    with contextlib.suppress(OSError):
        (target / manifest_file.KEPT_PLAN).unlink()
        target.rmdir()


def describe_environment() -> dict[str, str]:
    """Versions and hardware, for people and for records."""
    return {
        "taizhang": taizhang.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": str(psutil.cpu_count(logical=True)),
        "memory": human_bytes(psutil.virtual_memory().total),
        "host": platform.node(),
    }


def _processor() -> str:
    if sys.platform.startswith("linux"):
        with contextlib.suppress(OSError):
            for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    return platform.processor()


def _measure(
    compiled: NativeProgram, arrays: Sequence[Any], digits: RowDigits | None, num_slices: int, memory_bytes: int
) -> tuple[float, int]:
    """Seconds that the first slices took one thread, and how many they were: a power of two, or all."""
    sums = SliceSums(compiled, threads=1, memory_bytes=memory_bytes)
    inputs = sums.load(arrays)
    slices = 1
    while True:
        started = time.perf_counter()
        sums.sum_of(inputs, range(slices), digits=digits)
        seconds = time.perf_counter() - started
        if seconds >= MEASURED_SECONDS / 2 or slices == num_slices:
            return seconds, slices
        slices = min(2 * slices, num_slices)


def _npy(array: npt.NDArray[Any]) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    return stream.getvalue()

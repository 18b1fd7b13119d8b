"""The folder of a run: everything that is needed to go on with it, on this or another machine.

run.json         the manifest: what is computed, how it is cut, hashes (written last, so it says that the rest is there)
circuit.qasm     the circuit, OpenQASM 3
bitstrings.txt   what was asked for, one a line
plan.json        how to contract the network
arrays.npy       the arrays of the network, complex128
exponents.npy    for each contraction the power of two that its value is multiplied by
rows.npy         for each contraction of many bitstrings the bits at which these differ
counts.npy       how often each bitstring came, where it is samples that are compared
ledger.sqlite    sums of what is done, and how it went
coordinator.*    who coordinates the run
workers/ inbox/  what workers that share the folder are told, and what they hand in
"""

from __future__ import annotations

import contextlib
import io
import os
import platform
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import psutil

import taizhang
from taizhang._units import human_bytes
from taizhang.circuit.circuit import Circuit
from taizhang.circuit.openqasm_writer import write_openqasm3
from taizhang.circuit.read import read_circuit
from taizhang.errors import RunDamagedError, RunFolderError, SizeLimitError
from taizhang.execute.native_backend import NativeProgram, RowDigits
from taizhang.execute.slice_sums import SliceSums
from taizhang.plan.plan_file import Plan
from taizhang.runs import manifest as manifest_file
from taizhang.runs.contractions import NO_ROWS, Contractions
from taizhang.runs.job import Job, flat_arrays, program_sha256
from taizhang.runs.ledger import Ledger
from taizhang.runs.manifest import AMPLITUDES, Manifest
from taizhang.runs.pieces import Layout, cut
from taizhang.runs.storage import sha256_of, sync_folder, write_whole, writing

CIRCUIT, BITSTRINGS, PLAN = "circuit.qasm", "bitstrings.txt", "plan.json"
ARRAYS, EXPONENTS, ROWS, COUNTS, LEDGER = "arrays.npy", "exponents.npy", "rows.npy", "counts.npy", "ledger.sqlite"
WORKERS, INBOX = "workers", "inbox"
KEPT_PLAN = "plan-so-far.json"
"""All that the folder of a run holds which was interrupted while it was prepared."""

MEASURED_SECONDS = 0.5
"""The rate is measured on the first slices, for at least so long."""

MOST_ELEMENTS = 1 << 25
"""Largest value of a bitstring that a run keeps: half a GiB."""

MAPPED_BYTES = 256 << 20
"""Arrays larger than this stay on the disk until they are needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFolder:
    """A run folder that is there.

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
            RunDamagedError: The manifest is not what it was.
        """
        return cls(path=Path(path), manifest=Manifest.read(Path(path)))

    @property
    def ledger_path(self) -> Path:
        """Where the ledger is."""
        return self.path / LEDGER

    def check_files(self) -> None:
        """Compares every fixed file with the hash that the manifest has of it.

        Raises:
            RunDamagedError: One differs or is missing; the message names it.
        """
        for name, wanted in self.manifest.files.items():
            try:
                found = sha256_of(self.path / name)
            except FileNotFoundError:
                raise RunDamagedError(
                    f"'{self.path / name}' is missing; restore it from a copy, or make the run anew"
                ) from None
            if found != wanted:
                raise RunDamagedError(
                    f"'{self.path / name}' is damaged: its sha256 is not the one in {manifest_file.NAME}; restore it "
                    "from a copy, or make the run anew"
                )

    def job(self) -> Job:
        """The job of the run, for workers; all files are checked first.

        Raises:
            RunDamagedError: A file is not what it was.
        """
        self.check_files()
        large = (self.path / ARRAYS).stat().st_size > MAPPED_BYTES
        elements = np.load(self.path / ARRAYS, mmap_mode="r" if large else None, allow_pickle=False)
        rows = np.load(self.path / ROWS, allow_pickle=False) if self.manifest.num_rows else NO_ROWS
        return Job(manifest=self.manifest, plan=self.plan(), elements=elements, rows=rows)

    def plan(self) -> Plan:
        """The plan of the run."""
        return Plan.load(self.path / PLAN)

    def circuit(self) -> Circuit:
        """The circuit of the run."""
        return read_circuit(self.path / CIRCUIT)

    def bitstrings(self) -> tuple[str, ...]:
        """The bitstrings asked for, qubit 0 first."""
        return tuple((self.path / BITSTRINGS).read_text(encoding="ascii").split("\n")[:-1])

    def exponents(self) -> npt.NDArray[np.int64]:
        """The powers of two that the values are multiplied by, shape (contractions,)."""
        exponents: npt.NDArray[np.int64] = np.load(self.path / EXPONENTS, allow_pickle=False)
        return exponents

    def counts(self) -> npt.NDArray[np.int64]:
        """How often each bitstring came, where it is samples that are compared; shape (bitstrings,)."""
        counts: npt.NDArray[np.int64] = np.load(self.path / COUNTS, allow_pickle=False)
        return counts


def make_run(
    path: str | os.PathLike[str],
    circuit: Circuit,
    bitstrings: Sequence[str],
    *,
    contractions: Contractions,
    open_qubits: Sequence[int],
    row_qubits: Sequence[int],
    plan: Plan,
    compiled: NativeProgram,
    simd_level: str,
    memory_bytes: int,
    task: Mapping[str, Any] = AMPLITUDES,
    counts: Sequence[int] | None = None,
    num_slices: int | None = None,
    piece_seconds: float = 10.0,
    slices_per_piece: int | None = None,
) -> RunFolder:
    """Makes a run folder, whole or not at all.

    Args:
        path: The folder; it may exist if it is empty.
        circuit: The circuit.
        bitstrings: What is asked for, all of the right length.
        contractions: What the plan is to be contracted for.
        open_qubits: Qubits left open.
        row_qubits: Qubits at which the bitstrings of one contraction may differ; none where each has its own.
        plan: A plan for it.
        compiled: The plan, compiled.
        simd_level: For which instructions it was compiled.
        memory_bytes: Memory for measuring the rate.
        task: What is made of the amplitudes.
        counts: How often each bitstring came, where it is samples that are compared.
        num_slices: Add up only so many first slices of the plan.
        piece_seconds: How long a piece should take one thread.
        slices_per_piece: A power of two, instead of what the rate asks for.

    Raises:
        RunError: There is something in the folder.
        RunStorageError: It cannot be written.
        SizeLimitError: The value of a bitstring is too large for a run.
    """
    target = Path(path)
    check_new(target)
    if compiled.program.output_elements > MOST_ELEMENTS:
        raise SizeLimitError(
            f"each contraction has {compiled.program.output_elements} amplitudes; a run keeps at most {MOST_ELEMENTS}, "
            "so leave fewer qubits open, or ask for fewer bitstrings"
        )
    found = contractions
    varying, elements = flat_arrays(plan.shape, found.arrays)
    wanted = compiled.program.num_slices if num_slices is None else num_slices
    digits = np.unpackbits(found.rows[0], axis=1, count=len(row_qubits)) if len(found.rows) else None
    seconds, measured = _measure(compiled, found.arrays[0], digits, wanted, memory_bytes)
    layout = cut(
        compiled.program,
        num_amplitudes=len(found.arrays),
        num_slices=wanted,
        slices=measured,
        seconds=seconds,
        piece_seconds=piece_seconds,
    )
    if slices_per_piece is not None:
        layout = Layout(num_amplitudes=len(found.arrays), num_slices=wanted, slices_per_piece=slices_per_piece)
    files = {
        CIRCUIT: write_openqasm3(circuit).encode(),
        BITSTRINGS: "".join(f"{bits}\n" for bits in bitstrings).encode("ascii"),
        ARRAYS: _npy(elements),
        EXPONENTS: _npy(np.array(found.exponents, dtype=np.int64)),
    }
    if len(found.rows):
        files[ROWS] = _npy(found.rows)
    if counts is not None:
        files[COUNTS] = _npy(np.array(counts, dtype=np.int64))
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    with writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        partial.mkdir()
        try:
            for name, content in files.items():
                write_whole(partial / name, content)
            plan.save(partial / PLAN)
            manifest = Manifest(
                num_qubits=circuit.num_qubits,
                open_qubits=tuple(open_qubits),
                num_amplitudes=len(found.arrays),
                num_slices=layout.num_slices,
                slices_per_piece=layout.slices_per_piece,
                amplitudes_per_piece=layout.amplitudes_per_piece,
                dtype=compiled.program.dtype,
                simd_level=simd_level,
                program_sha256=program_sha256(compiled.program),
                seconds_per_slice=seconds / measured,
                varying_tensors=varying,
                files={name: sha256_of(partial / name) for name in (*files, PLAN)},
                made={"at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), **made_with()},
                task=task,
                num_bitstrings=len(bitstrings),
                row_qubits=tuple(row_qubits),
                num_rows=plan.shape.num_rows,
                elements=compiled.program.output_elements,
            )
            for name in (WORKERS, INBOX):
                (partial / name).mkdir()
            Ledger.create(partial / LEDGER, manifest)
            write_whole(partial / manifest_file.NAME, manifest.to_bytes())
            (target / KEPT_PLAN).unlink(missing_ok=True)
            partial.replace(target)
            sync_folder(target.parent)
        except BaseException:
            with contextlib.suppress(OSError):
                shutil.rmtree(partial)
            raise
    return RunFolder(path=target, manifest=manifest)


def check_new(path: str | os.PathLike[str]) -> Plan | None:
    """Checks that a run can be made in a folder.

    Returns:
        The plan that `keep_plan` left there, if it did.

    Raises:
        RunError: There is something in it.
    """
    target = Path(path)
    if (target / manifest_file.NAME).exists():
        raise RunFolderError(
            f"'{target}' holds a run already; go on with it by 'taizhang resume {target}', or give another directory"
        )
    if target.exists() and not target.is_dir():
        raise RunFolderError(f"'{target}' is not a folder; give a directory that is new or empty")
    held = [entry.name for entry in target.iterdir()] if target.exists() else []
    if held == [KEPT_PLAN]:
        return Plan.load(target / KEPT_PLAN)
    if held:
        raise RunFolderError(f"'{target}' is there and not empty; give a directory that is new or empty")
    return None


def keep_plan(path: str | os.PathLike[str], plan: Plan) -> None:
    """Keeps a plan in the folder of a run that is not made yet, for the next attempt at making it.

    Raises:
        RunStorageError: It cannot be written.
    """
    target = Path(path)
    with writing(target):
        target.mkdir(parents=True, exist_ok=True)
        plan.save(target / KEPT_PLAN)


def discard_plan(path: str | os.PathLike[str]) -> None:
    """Removes the plan that `keep_plan` kept, and the folder if nothing else is in it."""
    target = Path(path)
    with contextlib.suppress(OSError):
        (target / KEPT_PLAN).unlink()
        target.rmdir()


def made_with() -> dict[str, str]:
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
    """Seconds that some first slices took one thread, and how many they were: a power of two, or all."""
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

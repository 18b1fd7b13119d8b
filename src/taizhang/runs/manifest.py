"""The manifest of a run, `run.json`: what is computed, how it is cut, and the hashes of everything that matters.

Its own sha256 is in it and is the identity of the run: every partial sum is checked against that. It says which
compiled program and SIMD level the run computes with, since the bits of a result depend on both.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, get_args

from taizhang._types import DtypeName
from taizhang.errors import RunDamagedError, RunError, RunFolderError
from taizhang.runs.pieces import Layout

FORMAT, VERSION = "taizhang-run", 2
NAME = "run.json"
MAX_BYTES = 1 << 24

XEB, SAMPLES = "xeb", "samples"
AMPLITUDES: Mapping[str, Any] = {"kind": "amplitudes"}
SINCE_VERSION_2 = ("task", "num_bitstrings", "row_qubits", "num_rows", "elements")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a run is. All of it is fixed when the run is made.

    Attributes:
        num_qubits: Qubits of the circuit.
        open_qubits: Qubits left open.
        num_amplitudes: Contractions: each gives an amplitude, a batch of them, or those of many bitstrings.
        num_slices: Slices of the plan.
        slices_per_piece: How many a piece has.
        amplitudes_per_piece: How many contractions a piece has; more than 1 only where it has all slices.
        dtype: Type that is computed in.
        simd_level: Instructions that are computed with.
        program_sha256: Hash of the compiled plan.
        seconds_per_slice: Measured with one thread when the run was made.
        varying_tensors: Tensors whose arrays differ between the contractions.
        files: sha256 of each file that is fixed.
        made: When, where and with what the run was made; for people.
        task: What is made of the amplitudes: `kind`, and what belongs to it, in words and numbers.
        num_bitstrings: Bitstrings asked for; by default one for each contraction.
        row_qubits: Qubits at which the bitstrings of one contraction differ; none where each has its own.
        num_rows: Bitstrings of one contraction; 0 where there are no row qubits, or all their values are computed.
        elements: Numbers in the value of each contraction; by default one for each value of the open qubits.
        version: Of the format.
        identity: sha256 of all the above.
    """

    num_qubits: int
    open_qubits: tuple[int, ...]
    num_amplitudes: int
    num_slices: int
    slices_per_piece: int
    amplitudes_per_piece: int
    dtype: DtypeName
    simd_level: str
    program_sha256: str
    seconds_per_slice: float
    varying_tensors: tuple[int, ...]
    files: Mapping[str, str]
    made: Mapping[str, str]
    task: Mapping[str, Any] = field(default_factory=lambda: AMPLITUDES)
    num_bitstrings: int = 0
    row_qubits: tuple[int, ...] = ()
    num_rows: int = 0
    elements: int = 0
    version: int = VERSION
    identity: str = ""

    def __post_init__(self) -> None:
        if not self.num_bitstrings:
            object.__setattr__(self, "num_bitstrings", self.num_amplitudes)
        if not self.elements:
            object.__setattr__(self, "elements", 1 << len(self.open_qubits))
        if not self.identity:
            object.__setattr__(self, "identity", self._sha256())

    @property
    def layout(self) -> Layout:
        """How the work is cut into pieces."""
        return Layout(
            num_amplitudes=self.num_amplitudes,
            num_slices=self.num_slices,
            slices_per_piece=self.slices_per_piece,
            amplitudes_per_piece=self.amplitudes_per_piece,
        )

    def to_bytes(self) -> bytes:
        """The manifest as its file holds it."""
        told = {"format": FORMAT, "version": self.version, **self._told(), "identity": self.identity}
        return (json.dumps(told, indent=1) + "\n").encode()

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Reads the manifest of a run folder.

        Raises:
            RunError: There is no run in the folder, or it is of a later version.
            RunDamagedError: The manifest is not what it was.
        """
        path = folder / NAME
        try:
            if path.stat().st_size > MAX_BYTES:
                raise _damaged(path)
            told = json.loads(path.read_bytes())
        except FileNotFoundError:
            raise RunFolderError(
                f"'{folder}' is not a run folder: it has no {NAME}; make one with 'taizhang run CIRCUIT TASK "
                "--directory RUN'"
            ) from None
        except (ValueError, RecursionError):
            raise _damaged(path) from None
        return cls.from_dict(told, str(path))

    @classmethod
    def from_dict(cls, told: object, path: str) -> Manifest:
        """Makes a manifest of what `to_bytes` wrote; `path` names it in errors.

        Raises:
            RunError: It is of a later version.
            RunDamagedError: It is not what it was.
        """
        if not isinstance(told, dict) or told.get("format") != FORMAT:
            raise _damaged(path)
        version = told.get("version")
        if version not in range(1, VERSION + 1):
            raise RunError(
                f"'{path}' is of version {str(version)[:16]}, and this program reads versions up to {VERSION}; "
                "use the version of taizhang that made it"
            )
        try:
            new = SINCE_VERSION_2 if version == 1 else ()
            known = {entry.name: told[entry.name] for entry in fields(cls) if entry.name not in new}
            for name in ("open_qubits", "varying_tensors", "row_qubits"):
                known[name] = tuple(known.get(name, ()))
            manifest = cls(**known)
            if manifest.identity != manifest._sha256() or manifest.dtype not in get_args(DtypeName):
                raise _damaged(path)
        except (KeyError, TypeError, ValueError):
            raise _damaged(path) from None
        return manifest

    def _told(self) -> dict[str, Any]:
        old = SINCE_VERSION_2 if self.version == 1 else ()
        return {name: value for name, value in asdict(self).items() if name not in ("identity", "version", *old)}

    def _sha256(self) -> str:
        canonical = json.dumps(self._told(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(f"{FORMAT} {self.version} {canonical}".encode()).hexdigest()


def _damaged(path: Path | str) -> RunDamagedError:
    return RunDamagedError(
        f"'{path}' is damaged: it is not what was written when the run was made; restore it from a copy, or make the "
        "run anew"
    )

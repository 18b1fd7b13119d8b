"""The manifest of a run, `run.json`: how the work is cut, and the hashes of all fixed files.

It contains its own sha256, which is the identity of the run: the checksum of every partial sum includes it. It names
the compiled programs and the SIMD level that the run computes with, since the bits of a result depend on both. The
question is in `task.json` beside it.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, get_args

from taizhang._types import DtypeName
from taizhang.errors import RunDamagedError, RunError, RunFolderError
from taizhang.runs.pieces import Layout, PlanLayout

FORMAT, VERSION = "taizhang-run", 3
NAME = "run.json"
KEPT_PLAN = "plan-so-far.json"
"""The only file of a run that was interrupted while it was made."""

MAX_BYTES = 1 << 24
"""Larger files are not read: they cannot be a manifest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRecord:
    """One plan of a run and how its contractions are cut.

    Attributes:
        num_contractions: Contractions with this plan.
        num_slices: Slices that are summed: the first of the plan, or all.
        slices_per_piece: Number of them in a piece.
        contractions_per_piece: Number of contractions in a piece; more than 1 only where it has all slices.
        program_sha256: Hash of the compiled plan.
        seconds_per_slice: Measured with one thread when the run was made.
        varying_tensors: Tensors whose arrays differ between the contractions.
        num_rows: Rows of each contraction; 0 where it has none.
        row_length: Digits of each row.
        elements: Numbers in the value of each contraction.
    """

    num_contractions: int
    num_slices: int
    slices_per_piece: int
    contractions_per_piece: int
    program_sha256: str
    seconds_per_slice: float
    varying_tensors: tuple[int, ...]
    num_rows: int
    row_length: int
    elements: int

    @property
    def layout(self) -> PlanLayout:
        """How its contractions are cut into pieces."""
        return PlanLayout(
            num_contractions=self.num_contractions,
            num_slices=self.num_slices,
            slices_per_piece=self.slices_per_piece,
            contractions_per_piece=self.contractions_per_piece,
        )


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """Describes a run. All of it is fixed when the run is made.

    Attributes:
        dtype: Type that the run computes in.
        simd_level: Instructions that the run computes with.
        plans: The plans, at least one.
        files: sha256 of each fixed file.
        made: When, where and with which versions the run was made; for people.
        identity: sha256 of all the above.
    """

    dtype: DtypeName
    simd_level: str
    plans: tuple[PlanRecord, ...]
    files: Mapping[str, str]
    made: Mapping[str, str]
    identity: str = ""

    def __post_init__(self) -> None:
        if not self.identity:
            object.__setattr__(self, "identity", self._sha256())

    @functools.cached_property
    def layout(self) -> Layout:
        """How the work is cut into pieces."""
        return Layout(tuple(plan.layout for plan in self.plans))

    def shape_of(self, group: int) -> tuple[int, int]:
        """Shape of the sums of a group: its contractions, and the elements of each."""
        return len(self.layout.contractions_of(group)), self.plans[self.layout.plan_of(group)].elements

    def to_bytes(self) -> bytes:
        """The manifest as its file holds it."""
        document = {"format": FORMAT, "version": VERSION, **self._fields(), "identity": self.identity}
        return (json.dumps(document, indent=1) + "\n").encode()

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Reads the manifest of a run folder.

        Raises:
            RunError: There is no run in the folder, or it has another version.
            RunDamagedError: The manifest fails its checksum.
        """
        path = folder / NAME
        try:
            if path.stat().st_size > MAX_BYTES:
                raise _damage_error(path)
            document = json.loads(path.read_bytes())
        except FileNotFoundError:
            if (folder / KEPT_PLAN).exists():
                raise RunFolderError(
                    f"'{folder}' holds only the plan of a run that was interrupted while it was made; repeat the "
                    "command that makes the run, which continues from this plan"
                ) from None
            raise RunFolderError(
                f"'{folder}' is not a run folder: it has no {NAME}; make one with 'taizhang run CIRCUIT TASK "
                "--directory RUN'"
            ) from None
        except (ValueError, RecursionError):
            raise _damage_error(path) from None
        return cls.from_dict(document, str(path))

    @classmethod
    def from_dict(cls, document: object, path: str) -> Manifest:
        """Makes a manifest from what `to_bytes` wrote; `path` names it in errors.

        Raises:
            RunError: It has another version.
            RunDamagedError: It fails its checksum.
        """
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise _damage_error(path)
        version = document.get("version")
        if version != VERSION:
            raise RunError(
                f"'{path}' is of version {str(version)[:16]}, and this program reads version {VERSION}; use the "
                "version of taizhang that made it"
            )
        try:
            values = {entry.name: document[entry.name] for entry in fields(cls)}
            values["plans"] = tuple(
                PlanRecord(**{**plan, "varying_tensors": tuple(plan["varying_tensors"])}) for plan in values["plans"]
            )
            manifest = cls(**values)
            if manifest.identity != manifest._sha256() or manifest.dtype not in get_args(DtypeName):
                raise _damage_error(path)
        except (KeyError, TypeError, ValueError):
            raise _damage_error(path) from None
        return manifest

    def _fields(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if name != "identity"}

    def _sha256(self) -> str:
        canonical = json.dumps(self._fields(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(f"{FORMAT} {VERSION} {canonical}".encode()).hexdigest()


def _damage_error(path: Path | str) -> RunDamagedError:
    return RunDamagedError(
        f"'{path}' is damaged: its content does not match its sha256; restore it from a copy, or make the run again"
    )

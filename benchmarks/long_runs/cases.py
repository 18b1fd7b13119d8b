"""Circuits, plans and folders for the tests of long runs."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import taizhang as tz
from taizhang.runs.folder import RunFolder
from taizhang.runs.start import start_run
from taizhang.runs.values import values_of
from taizhang.settings import Settings
from taizhang.tasks.amplitudes import AmplitudesTask

Row = tuple[str, str, str]
TAIZHANG = [sys.executable, "-m", "taizhang"]
MEMORY = 2 << 30
BITS = "0" * 36


def hard() -> tuple[tz.Circuit, tz.Plan, str]:
    """A circuit of some CPU seconds, in 1,024 slices."""
    circuit = tz.sycamore_circuit(36, cycles=14, seed=1)
    return circuit, tz.plan(circuit, trials=8, width=18, seed=0), BITS


def easy() -> tuple[tz.Circuit, tz.Plan, str]:
    """A circuit of milliseconds, in 128 slices."""
    circuit = tz.grid_circuit(3, 3, 20, seed=5)
    plan = tz.plan(circuit, trials=1, seed=1)
    names = plan.shape.index_names[::3][:7]
    return circuit, tz.Plan.from_ssa_path(plan.shape, plan.tree.ssa_path, names), "010011100"


def make_run(case: tuple[tz.Circuit, tz.Plan, str], path: Path, slices_per_piece: int | None = None) -> RunFolder:
    """Starts a new run folder."""
    circuit, plan, bits = case
    settings = Settings.checked(trials=1, threads=1)
    task = AmplitudesTask(circuit=circuit, bitstrings=(bits,))
    return start_run(path, task, settings, plan=plan, slices_per_piece=slices_per_piece)


def undisturbed(case: tuple[tz.Circuit, tz.Plan, str]) -> bytes:
    """The bits of an uninterrupted contraction."""
    circuit, plan, bits = case
    return np.complex128(tz.amplitude(circuit, bits, plan=plan)).tobytes()


def is_same(folder: RunFolder, bits: bytes) -> str:
    """Says whether a complete run gives these bits."""
    return "same bits" if values_of(folder)[0].tobytes() == bits else "OTHER BITS"


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A temporary directory."""
    with tempfile.TemporaryDirectory(prefix="taizhang-runs-") as name:
        yield Path(name)

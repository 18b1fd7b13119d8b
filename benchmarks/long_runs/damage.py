"""Files that are cut or changed."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import taizhang as tz
from benchmarks.long_runs.cases import MEMORY, Row, easy, is_same, make_run, scratch, undisturbed
from taizhang.errors import RunDamagedError, RunStorageError, TaizhangError
from taizhang.runs.folder import LEDGER, RunFolder
from taizhang.runs.job import PieceRunner
from taizhang.runs.ledger import Ledger
from taizhang.runs.run import Workforce, continue_run, repair_run
from taizhang.runs.sum_tree import SumTree
from taizhang.runs.values import values_of


def truncations(quick: bool) -> list[Row]:
    """The ledger cut at every byte."""
    case = easy()
    bits = undisturbed(case)
    with scratch() as path:
        folder = half_done(case, path / "run")
        whole = folder.ledger_path.read_bytes()
        counts = {"detected": 0, "harmless": 0, "WRONG": 0}
        for length in range(0, len(whole), 97 if quick else 1):
            folder.ledger_path.write_bytes(whole[:length])
            counts[outcome(folder, bits)] += 1
            clear_sidecars(folder)
        folder.ledger_path.write_bytes(whole[: len(whole) - 5000])
        saved, _ = repair_run(folder)
        continue_run(folder, Workforce(threads=1, memory_bytes=MEMORY))
        repaired = f"; repaired after losing 5,000 bytes: {saved} of 64 pieces saved, "
        figure = f"{sum(counts.values()):,} lengths of {len(whole):,} bytes: {counts_text(counts)}"
        figure += f"{repaired}{is_same(folder, bits)}"
        return [("ledger truncated at every byte", figure, "detected or harmless")]


def bit_flips(quick: bool) -> list[Row]:
    """Random bit flips in all files of a folder."""
    case, chance, times = easy(), random.Random(3), 100 if quick else 1000
    bits = undisturbed(case)
    with scratch() as path:
        folder = half_done(case, path / "run")
        files = sorted(file.relative_to(folder.path) for file in folder.path.rglob("*") if file.is_file())
        files = [file for file in files if (folder.path / file).stat().st_size and not str(file).startswith("inbox")]
        counts = {"detected": 0, "harmless": 0, "WRONG": 0}
        for number in range(times):
            copy = path / "copy"
            shutil.copytree(folder.path, copy)
            shutil.rmtree(copy / "inbox")
            (copy / "inbox").mkdir()
            target = copy / files[number % len(files)]
            content = bytearray(target.read_bytes())
            at = chance.randrange(8 * len(content))
            content[at // 8] ^= 1 << at % 8
            target.write_bytes(content)
            try:
                counts[outcome(RunFolder.open(copy), bits)] += 1
            except TaizhangError:
                counts["detected"] += 1
            shutil.rmtree(copy)
        figure = f"{times} flips in {len(files)} files: {counts_text(counts)}"
        return [("random bit flips in the folder's files", figure, "detected or harmless")]


def half_done(case: tuple[tz.Circuit, tz.Plan, str], path: Path) -> RunFolder:
    """A stopped run of 128 pieces, some of them done out of order."""
    folder = make_run(case, path, 1)
    continue_run(folder, Workforce(threads=1, memory_bytes=MEMORY))
    done = values_of(folder)[0]
    assert done.size == 1
    folder.ledger_path.unlink()
    Ledger.create(folder.ledger_path, folder.manifest)
    runner, layout = PieceRunner(folder.job(), threads=1, memory_bytes=MEMORY), folder.manifest.layout
    tree, order = SumTree(layout.parts_of), list(range(layout.num_pieces))
    random.Random(4).shuffle(order)
    with Ledger(folder.ledger_path, folder.manifest, write=True) as ledger:
        for number in order[: len(order) // 2]:
            total = runner.compute(layout.piece(number))
            ledger.commit([tree.insert(0, number, total)], [(number, total)] if number % 4 == 0 else [])
    return folder


def outcome(folder: RunFolder, bits: bytes) -> str:
    """The outcome of resuming a damaged run."""
    try:
        (values,) = continue_run(folder, Workforce(threads=1, memory_bytes=MEMORY))
    except (RunDamagedError, RunStorageError):
        return "detected"
    return "harmless" if values.tobytes() == bits else "WRONG"


def clear_sidecars(folder: RunFolder) -> None:
    """Removes a journal that a cut file left behind."""
    for file in folder.path.glob(f"{LEDGER}-*"):
        file.unlink()


def counts_text(counts: dict[str, int]) -> str:
    """Counts as words."""
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())

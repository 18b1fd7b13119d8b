"""Recovers a damaged ledger: the rows whose checksums are right are kept."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path
from typing import Any

from taizhang.errors import RunDamagedError
from taizhang.runs.ledger import Ledger, connect_to_read
from taizhang.runs.manifest import Manifest
from taizhang.runs.partial_sum import PartialSum, checksum
from taizhang.runs.sum_tree import Change, Node, top_level


def repair(path: Path, manifest: Manifest) -> tuple[int, int]:
    """Makes a new ledger from the valid rows of a damaged one, which is kept beside it under another name.

    A row is valid if its checksum is right; what is lost is computed again.

    Args:
        path: The ledger.
        manifest: The run that it belongs to.

    Returns:
        Number of pieces saved, and of rows lost (as far as they can be counted).

    Raises:
        RunStorageError: The folder cannot be written.
    """
    fresh = path.with_name(f".{path.name}.{os.getpid()}.partial")
    fresh.unlink(missing_ok=True)
    Ledger.create(fresh, manifest)
    with Ledger(fresh, manifest, write=True) as ledger:
        saved, lost = _salvage(path, manifest, ledger)
    if path.exists():
        path.replace(_unused_name(path))
    for leftover in ("-journal", "-wal", "-shm"):
        path.with_name(path.name + leftover).unlink(missing_ok=True)
    fresh.replace(path)
    return saved, lost


def _salvage(path: Path, manifest: Manifest, ledger: Ledger) -> tuple[int, int]:
    # Stage 1: the rows with a right checksum.
    rows, lost = _readable_rows(path)
    layout, identity = manifest.layout, manifest.identity
    valid: list[tuple[Node, PartialSum]] = []
    for *key, content, recorded in rows:
        try:
            node = Node(*key)
            matches = (
                checksum(identity, "sum", *node, content=content) == recorded and 0 <= node.group < layout.num_groups
            )
            if not (matches and 0 <= node.level <= top_level(layout.parts_of(node.group))):
                raise RunDamagedError("not a row of this run")
            valid.append((node, PartialSum.from_bytes(content, shape=manifest.shape_of(node.group))))
        except (RunDamagedError, TypeError, ValueError):
            lost += 1
    # Stage 2: those that no other valid row covers, the highest nodes first.
    taken: set[Node] = set()
    saved = 0
    for node, total in sorted(valid, key=lambda entry: -entry[0].level):
        levels = range(node.level, top_level(layout.parts_of(node.group)) + 1)
        above = {Node(node.group, level, node.number >> (level - node.level)) for level in levels}
        if not above & taken:
            taken.add(node)
            saved += len(node.parts(layout.parts_of(node.group)))
            ledger.commit([Change((), node, total)])
    return saved, lost


def _readable_rows(path: Path) -> tuple[list[tuple[Any, ...]], int]:
    """All rows of sums that can be read, and how many reads failed.

    A read ends at the first damaged page, so the table is read from both ends.
    """
    readable: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    failed = 0
    for order in ("ASC", "DESC"):
        with contextlib.suppress(sqlite3.Error, OSError), contextlib.closing(connect_to_read(path)) as database:
            database.text_factory = bytes
            columns = "grp, level, number, content, checksum"
            query = f"SELECT {columns} FROM sums ORDER BY grp {order}, level {order}, number {order}"
            rows = database.execute(query)
            while True:
                try:
                    row = rows.fetchone()
                except sqlite3.Error:
                    failed += 1
                    break
                if row is None:
                    break
                readable[row[:3]] = row
    return list(readable.values()), failed


def _unused_name(path: Path) -> Path:
    number = 1
    while (name := path.with_name(f"{path.name}.damaged{number}")).exists():
        number += 1
    return name

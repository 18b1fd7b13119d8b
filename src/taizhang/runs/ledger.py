"""The ledger of a run: the sums of the pieces done, in one SQLite file, each row with a checksum.

Each row is valid by itself: it is the sum over certain pieces of a certain run, or it fails its checksum. So any set of
rows that do not overlap is a correct state of the run, and damage is detected or costs work that is then repeated; it
cannot change a result. A commit is one transaction, on the disk before it returns. Only the coordinator opens the file
for writing, and SQLite keeps its journal beside it without shared memory, so that it works on network file systems.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from taizhang.errors import RunDamagedError, RunError, RunStorageError
from taizhang.runs.manifest import Manifest
from taizhang.runs.partial_sum import PartialSum, checksum
from taizhang.runs.sum_tree import Change, Node, top_level

SCHEMA = """
CREATE TABLE sums (
    grp INTEGER NOT NULL, level INTEGER NOT NULL, number INTEGER NOT NULL, content BLOB NOT NULL,
    checksum BLOB NOT NULL, PRIMARY KEY (grp, level, number)
) WITHOUT ROWID;
CREATE TABLE samples (piece INTEGER PRIMARY KEY, content BLOB NOT NULL, checksum BLOB NOT NULL);
CREATE TABLE records (
    kind TEXT NOT NULL, key TEXT NOT NULL, content TEXT NOT NULL, checksum BLOB NOT NULL, PRIMARY KEY (kind, key)
) WITHOUT ROWID;
"""
IDENTITY = "identity"
TASK, WANTED = "task", "wanted"
VERIFICATION = "verification"
BUSY_SECONDS = 20.0
"""How long a connection waits for another one to release its lock."""


class Ledger:
    """An open ledger; a context manager.

    Args:
        path: The file.
        manifest: The run that it must belong to.
        write: Open it for writing, which one process at a time may do.

    Raises:
        RunError: It is missing.
        RunDamagedError: It is damaged, or belongs to another run.
        RunStorageError: It cannot be written.
    """

    def __init__(self, path: Path, manifest: Manifest, *, write: bool = False) -> None:
        self._path = path
        self._manifest = manifest
        self._identity = manifest.identity
        self._layout = manifest.layout
        if not path.exists():
            raise RunDamagedError(
                f"'{path}' is missing; restore it from a copy, or start from nothing with "
                f"'taizhang resume {path.parent} --repair'"
            )
        with self._translate_errors():
            self._database = _connect(path, write=True) if write else connect_to_read(path)
            try:
                if not write:
                    self._database.execute("BEGIN")  # all reads see one state; a commit waits until this ends
                if self._database.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
                    raise self._damage_error("its structure is broken")
                identity = self.records("run").get(IDENTITY, {}).get("identity")
                if identity != self._identity:
                    raise self._damage_error("it belongs to another run")
            except BaseException:
                self._database.close()
                raise

    @classmethod
    def create(cls, path: Path, manifest: Manifest) -> None:
        """Makes an empty ledger.

        Raises:
            RunStorageError: It cannot be written.
        """
        with (
            _translate_sqlite_errors(path),
            contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database,
        ):
            database.executescript(f"PRAGMA page_size = 4096; {SCHEMA}")
            content = json.dumps({"identity": manifest.identity})
            row = ("run", IDENTITY, content, checksum(manifest.identity, "run", IDENTITY, content=content.encode()))
            database.execute("INSERT INTO records VALUES (?, ?, ?, ?)", row)

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes it; what was committed stays."""
        self._database.close()

    # Reading

    def nodes(self) -> list[Node]:
        """All nodes, in order of the pieces they cover.

        Raises:
            RunDamagedError: Nodes do not belong to this run, or overlap.
        """
        with self._translate_errors():
            rows = self._database.execute(
                "SELECT grp, level, number FROM sums ORDER BY grp, number << level"
            ).fetchall()
        nodes = [Node(*row) for row in rows]
        if any(type(number) is not int for node in nodes for number in node):
            raise self._damage_error("the numbers of a sum are not integers")
        end = (0, 0)
        for node in nodes:
            known = 0 <= node.group < self._layout.num_groups and node.number >= 0 and node.level >= 0
            num_parts = self._layout.parts_of(node.group) if known else 0
            parts = node.parts(num_parts) if known and node.level <= top_level(num_parts) else range(0)
            if not (parts and (node.group, parts.start) >= end):
                raise self._damage_error(f"{node} is not part of this run, or overlaps another node")
            end = (node.group, parts.stop)
        return nodes

    def sum_of(self, node: Node) -> PartialSum:
        """The sum of a node.

        Raises:
            RunDamagedError: It is missing or fails its checksum.
        """
        with self._translate_errors():
            query = "SELECT content, checksum FROM sums WHERE grp = ? AND level = ? AND number = ?"
            row = self._database.execute(query, node).fetchone()
        return self._checked_sum(row, ("sum", *node), node.group)

    def waiting_sums(self) -> Iterator[tuple[Node, PartialSum]]:
        """All nodes below the top, which wait for their siblings, with their sums.

        Raises:
            RunDamagedError: A sum fails its checksum.
        """
        return self._sums("<")

    def complete_sums(self) -> Iterator[tuple[Node, PartialSum]]:
        """The nodes at the top, in order of their groups, with their sums.

        Raises:
            RunDamagedError: A sum fails its checksum.
        """
        return self._sums("=")

    def _sums(self, relation: str) -> Iterator[tuple[Node, PartialSum]]:
        """The nodes whose level is below the top of their group (`<`), or at it (`=`), with their sums."""
        for groups, top in self._tops():
            with self._translate_errors():
                query = (
                    "SELECT grp, level, number, content, checksum FROM sums WHERE grp >= ? AND grp < ? AND "
                    f"level {relation} ? ORDER BY grp, level, number"
                )
                rows = self._database.execute(query, (groups.start, groups.stop, top)).fetchall()
            for group, level, number, content, recorded in rows:
                node = Node(group, level, number)
                yield node, self._checked_sum((content, recorded), ("sum", *node), group)

    def _tops(self) -> Iterator[tuple[range, int]]:
        """For each plan its groups, and the level of the node that covers all pieces of one of them."""
        first = 0
        for plan in self._layout.plans:
            yield range(first, first + plan.num_groups), top_level(plan.parts_per_group)
            first += plan.num_groups

    def groups_wanted(self) -> int:
        """How many groups, from the first on, the result needs: all, unless the stopping rule requires fewer."""
        most = self._layout.num_groups
        recorded = self.records(TASK).get(WANTED, {}).get("groups", most)
        return min(recorded, most) if isinstance(recorded, int) and recorded > 0 else most

    def num_groups_done(self) -> int:
        """Groups among those needed whose sum is complete."""
        needed, done = self.groups_wanted(), 0
        with self._translate_errors():
            query = "SELECT count(*) FROM sums WHERE level = ? AND grp >= ? AND grp < ?"
            for groups, top in self._tops():
                row = self._database.execute(query, (top, groups.start, min(groups.stop, needed))).fetchone()
                done += int(row[0])
        return done

    def samples(self) -> list[int]:
        """Numbers of the pieces whose sums are kept for verification."""
        with self._translate_errors():
            return [row[0] for row in self._database.execute("SELECT piece FROM samples ORDER BY piece")]

    def sample(self, piece: int) -> PartialSum:
        """The sum of a piece that was kept for verification.

        Raises:
            RunDamagedError: It is missing or fails its checksum.
        """
        with self._translate_errors():
            row = self._database.execute("SELECT content, checksum FROM samples WHERE piece = ?", (piece,)).fetchone()
        return self._checked_sum(row, ("sample", piece), self._layout.piece(piece).group)

    def records(self, kind: str) -> dict[str, dict[str, Any]]:
        """All records of one kind, by key.

        Raises:
            RunDamagedError: A record fails its checksum.
        """
        with self._translate_errors():
            query = "SELECT key, content, checksum FROM records WHERE kind = ? ORDER BY key"
            rows = self._database.execute(query, (kind,)).fetchall()
        records = {}
        for key, content, recorded in rows:
            if checksum(self._identity, kind, str(key), content=str(content).encode()) != recorded:
                raise self._damage_error(f"the record '{kind} {key}' fails its checksum")
            records[str(key)] = json.loads(content)
        return records

    # Committing

    def commit(
        self,
        changes: Iterable[Change] = (),
        samples: Iterable[tuple[int, PartialSum]] = (),
        records: Iterable[tuple[str, str, Mapping[str, object] | None]] = (),
    ) -> None:
        """Writes changes in one transaction; when this returns, they are on the disk.

        Args:
            changes: Changes of the sums, in order.
            samples: Pieces whose sums are kept for verification, with these.
            records: Kind, key and content of each record; None as content removes the record.

        Raises:
            RunStorageError: The file cannot be written; nothing was changed.
        """
        removed, added = _net_change(changes)
        identity = self._identity
        with self._translate_errors():
            self._database.execute("BEGIN IMMEDIATE")
            try:
                run = self._database.executemany
                run("DELETE FROM sums WHERE grp = ? AND level = ? AND number = ?", removed)
                rows = (
                    (*node, content := total.to_bytes(), checksum(identity, "sum", *node, content=content))
                    for node, total in added
                )
                run("INSERT INTO sums VALUES (?, ?, ?, ?, ?)", rows)
                kept = (
                    (piece, content := total.to_bytes(), checksum(identity, "sample", piece, content=content))
                    for piece, total in samples
                )
                run("INSERT OR REPLACE INTO samples VALUES (?, ?, ?)", kept)
                for kind, key, fields in records:
                    self._record(kind, key, fields)
                self._database.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    self._database.execute("ROLLBACK")
                raise

    def _record(self, kind: str, key: str, fields: Mapping[str, object] | None) -> None:
        if fields is None:
            self._database.execute("DELETE FROM records WHERE kind = ? AND key = ?", (kind, key))
            return
        content = json.dumps(fields)
        row = (kind, key, content, checksum(self._identity, kind, key, content=content.encode()))
        self._database.execute("INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?)", row)

    def _checked_sum(
        self, row: tuple[bytes, bytes] | None, belongs_to: tuple[str | int, ...], group: int
    ) -> PartialSum:
        name = " ".join(map(str, belongs_to))
        if row is None:
            raise self._damage_error(f"the row '{name}' is missing")
        content, recorded = row
        if not isinstance(content, bytes) or checksum(self._identity, *belongs_to, content=content) != recorded:
            raise self._damage_error(f"the row '{name}' fails its checksum")
        return PartialSum.from_bytes(content, shape=self._manifest.shape_of(group))

    def _damage_error(self, what: str) -> RunDamagedError:
        return _damage_error(self._path, what)

    def _translate_errors(self) -> contextlib.AbstractContextManager[None]:
        return _translate_sqlite_errors(self._path)


def _net_change(changes: Iterable[Change]) -> tuple[list[Node], list[tuple[Node, PartialSum]]]:
    """Combines several changes: nodes added and removed again are not written at all."""
    removed: list[Node] = []
    added: dict[Node, PartialSum] = {}
    for change in changes:
        for node in change.removed:
            if added.pop(node, None) is None:
                removed.append(node)
        added[change.added] = change.sum
    return removed, list(added.items())


def connect_to_read(path: Path) -> sqlite3.Connection:
    """Opens a ledger for reading; a commit that was interrupted by the end of its process is rolled back first."""
    database = _connect(path, write=False)
    try:
        database.execute("PRAGMA schema_version").fetchone()
    except sqlite3.OperationalError as error:
        database.close()
        if "readonly" not in str(error):
            raise
        return _connect(path, write=True)
    return database


def _connect(path: Path, *, write: bool) -> sqlite3.Connection:
    mode = "rw" if write else "ro"
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    database = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=BUSY_SECONDS, check_same_thread=False)
    try:
        database.execute("PRAGMA trusted_schema = OFF")
        database.execute("PRAGMA cell_size_check = ON")
        if write:
            database.execute("PRAGMA journal_mode = TRUNCATE")
            database.execute("PRAGMA synchronous = FULL")
            database.execute("PRAGMA fullfsync = ON")
    except BaseException:
        database.close()
        raise
    return database


@contextlib.contextmanager
def _translate_sqlite_errors(path: Path) -> Iterator[None]:
    """Raises SQLite's errors as `RunDamagedError` or `RunStorageError`."""
    try:
        yield
    except sqlite3.OperationalError as error:
        text = str(error)
        if any(
            word in text
            for word in ("malformed", "not a database", "no such table", "no such column", "schema", "decode")
        ):
            raise _damage_error(path, text) from error
        raise _cannot_write(path, text) from error
    except (sqlite3.Error, OverflowError) as error:
        raise _damage_error(path, str(error)) from error


def _damage_error(path: Path, what: str) -> RunDamagedError:
    return RunDamagedError(
        f"the ledger '{path}' is damaged ({what}); 'taizhang resume {path.parent} --repair' keeps the valid rows and "
        "computes the rest again"
    )


def _cannot_write(path: Path, text: str) -> RunError:
    reasons = {
        "full": "the disk is full; free some space",
        "readonly": "it is on a read-only file system, or this user may not write there; make it writable, or copy it",
        "locked": "another process has locked it; stop that process",
        "unable to open": "it, or the journal beside it, cannot be opened; make the folder writable, or copy it",
    }
    for word, reason in reasons.items():
        if word in text:
            return RunStorageError(
                f"the ledger '{path}' cannot be used: {reason}, then go on with 'taizhang resume {path.parent}'; "
                "what was committed is safe"
            )
    return RunStorageError(
        f"the ledger '{path}' cannot be used ({text}); check the disk, then go on with 'taizhang resume {path.parent}'"
    )

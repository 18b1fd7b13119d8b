import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading

import pytest
from tests.runs.conftest import same_bits

from taizhang.errors import RunDamagedError, RunError, RunStorageError, TaizhangError
from taizhang.runs import ledger as ledger_file
from taizhang.runs.folder import RunFolder
from taizhang.runs.job import PieceRunner
from taizhang.runs.ledger import Ledger
from taizhang.runs.report.status import status_of
from taizhang.runs.run import Workforce, continue_run, repair_run
from taizhang.runs.sum_tree import SumTree

ALONE = Workforce(threads=1, memory_bytes=4 << 30)


@pytest.fixture
def half_done(make_folder):
    """A run with half of its pieces done, in random order."""
    folder = make_folder(slices_per_piece=1)
    layout = folder.manifest.layout
    runner, tree = PieceRunner(folder.job(), threads=1, memory_bytes=4 << 30), SumTree(layout.parts_of)
    order = list(range(layout.num_pieces))
    random.Random(4).shuffle(order)
    with Ledger(folder.ledger_path, folder.manifest, write=True) as ledger:
        done = order[: len(order) // 2]
        ledger.commit([tree.insert(0, number, runner.compute(layout.piece(number))) for number in done])
    return folder


def outcome(folder, undisturbed):
    try:
        values = continue_run(folder, ALONE)
    except (RunDamagedError, RunStorageError):
        return "detected"
    assert same_bits(values[0][0, 0], undisturbed)
    return "harmless"


def test_a_ledger_truncated_anywhere_is_detected(half_done, undisturbed):
    content = half_done.ledger_path.read_bytes()
    chance = random.Random(1)
    outcomes = []
    for length in [0, 1, 16, len(content) - 1, *(chance.randrange(len(content)) for _ in range(40))]:
        half_done.ledger_path.write_bytes(content[:length])
        outcomes.append(outcome(half_done, undisturbed))
    # A cut in bytes that hold nothing is not noticed, and does no harm.
    assert set(outcomes) <= {"detected", "harmless"}
    assert outcomes.count("detected") > 0.9 * len(outcomes)
    half_done.ledger_path.write_bytes(content)
    half_done.ledger_path.unlink()
    assert outcome(half_done, undisturbed) == "detected"
    repair_run(half_done)
    assert outcome(half_done, undisturbed) == "harmless"


def test_flipped_bits_are_detected_or_do_no_harm(half_done, undisturbed, tmp_path):
    files = [path for path in sorted(half_done.path.iterdir()) if path.is_file() and path.stat().st_size]
    chance = random.Random(2)
    outcomes = []
    for number in range(8 * len(files)):
        copy = tmp_path / "copy"
        shutil.copytree(half_done.path, copy)
        target = copy / files[number % len(files)].name
        content = bytearray(target.read_bytes())
        at = chance.randrange(8 * len(content))
        content[at // 8] ^= 1 << at % 8
        target.write_bytes(content)
        try:
            outcomes.append(outcome(RunFolder.open(copy), undisturbed))
        except RunError:
            outcomes.append("detected")
        shutil.rmtree(copy)
    assert outcomes.count("detected") > len(outcomes) // 2


def test_a_row_moved_to_another_place_is_detected(half_done):
    with sqlite3.connect(half_done.ledger_path) as database:
        database.execute("UPDATE sums SET number = number + 1 WHERE number = (SELECT max(number) FROM sums)")
    with pytest.raises(RunDamagedError):
        continue_run(half_done, ALONE)


def test_a_missing_row_is_computed_again(half_done, undisturbed):
    with sqlite3.connect(half_done.ledger_path) as database:
        database.execute("DELETE FROM sums WHERE number = (SELECT max(number) FROM sums)")
    database.close()
    assert outcome(half_done, undisturbed) == "harmless"


def test_repair_keeps_the_valid_rows(half_done, undisturbed):
    with Ledger(half_done.ledger_path, half_done.manifest) as ledger:
        nodes = ledger.nodes()
    done = sum(len(node.parts(half_done.manifest.layout.parts_of(0))) for node in nodes)
    with sqlite3.connect(half_done.ledger_path) as database:
        database.execute("UPDATE sums SET content = zeroblob(24) WHERE level = 0 AND number = ?", (first_leaf(nodes),))
    database.close()
    assert outcome(half_done, undisturbed) == "detected"
    assert repair_run(half_done) == (done - 1, 1)
    assert (half_done.path / "ledger.sqlite.damaged1").exists()
    assert outcome(half_done, undisturbed) == "harmless"


def first_leaf(nodes):
    return min(node.number for node in nodes if node.level == 0)


def test_a_commit_is_all_or_nothing(half_done, undisturbed, monkeypatch):
    with Ledger(half_done.ledger_path, half_done.manifest, write=True) as ledger:
        before = ledger.nodes()
        with pytest.raises(TypeError):
            ledger.commit(records=[("kind", "key", {"good": 1}), ("kind", "key", {"bad": object()})])
        assert ledger.nodes() == before
        assert ledger.records("kind") == {}
    assert outcome(half_done, undisturbed) == "harmless"


def test_a_disk_that_becomes_full_is_reported(half_done, undisturbed, monkeypatch):
    connect = ledger_file._connect

    def small(path, *, write):
        database = connect(path, write=write)
        if write:
            database.execute(f"PRAGMA max_page_count = {os.path.getsize(path) // 4096}")
        return database

    with monkeypatch.context() as patch:
        patch.setattr(ledger_file, "_connect", small)
        ledger = Ledger(half_done.ledger_path, half_done.manifest, write=True)
        with pytest.raises(RunStorageError, match=r"the disk is full; free some space.*taizhang resume"):
            ledger.commit(records=[("big", str(number), {"text": "x" * 4000}) for number in range(20)])
        ledger.close()
    assert outcome(half_done, undisturbed) == "harmless"


def test_a_folder_that_cannot_be_written_is_reported(half_done, monkeypatch):
    def refused(*_, **__):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("taizhang.runs.lock.write_whole", refused)
    with pytest.raises(RunStorageError, match="read-only file system; make it writable"):
        continue_run(half_done, ALONE)


def test_a_manifest_of_a_later_version_is_reported(half_done):
    path = half_done.path / "run.json"
    path.write_text(path.read_text().replace('"version": 3', '"version": 4'))
    with pytest.raises(RunError, match="is of version 4"):
        RunFolder.open(half_done.path)


def test_every_error_of_a_run_is_a_taizhang_error():
    for error in (RunDamagedError, RunStorageError):
        assert issubclass(error, RunError)
        assert issubclass(error, TaizhangError)


def test_numbers_of_another_type_are_detected(half_done):
    with sqlite3.connect(half_done.ledger_path) as database:
        database.execute("UPDATE sums SET level = x'00' WHERE number = (SELECT max(number) FROM sums)")
    database.close()
    with pytest.raises(RunDamagedError):
        continue_run(half_done, ALONE)


KILLED_WHILE_COMMITTING = """
import os, signal, sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.executescript("PRAGMA journal_mode = TRUNCATE; PRAGMA cache_size = 1; BEGIN IMMEDIATE; DELETE FROM sums;")
for number in range(200):
    database.execute("INSERT INTO records VALUES ('x', ?, ?, x'')", (str(number), "x" * 4000))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_process_killed_during_a_commit_leaves_the_previous_state(half_done, undisturbed):
    before = status_of(half_done).pieces_done
    for look_first in (True, False):
        command = [sys.executable, "-c", KILLED_WHILE_COMMITTING, str(half_done.ledger_path)]
        assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
        assert (half_done.path / "ledger.sqlite-journal").stat().st_size > 0
        if look_first:
            assert status_of(half_done).pieces_done == before
    assert outcome(half_done, undisturbed) == "harmless"


def test_a_reader_sees_one_state_while_others_commit(half_done):
    layout = half_done.manifest.layout
    with Ledger(half_done.ledger_path, half_done.manifest) as reader:
        nodes = reader.nodes()
        total = reader.sum_of(nodes[0])
        tree = SumTree(layout.parts_of, reader.waiting_sums())
        done = {piece for node in nodes for piece in node.parts(layout.num_pieces)}
        missing = next(piece for piece in range(layout.num_pieces) if piece not in done)

        def commit():
            with Ledger(half_done.ledger_path, half_done.manifest, write=True) as ledger:
                ledger.commit([tree.insert(0, missing, total)])

        writer = threading.Thread(target=commit)
        writer.start()
        for node in nodes:
            reader.sum_of(node)
    writer.join()
    with Ledger(half_done.ledger_path, half_done.manifest) as reader:
        assert reader.nodes() != nodes

import itertools
import json
import threading

import numpy as np
import pytest
from tests.runs.conftest import same_bits, sliced

import taizhang as tz
from taizhang.errors import RunBusyError, RunDamagedError, RunError, RunStoppedError
from taizhang.runs.folder import RunFolder
from taizhang.runs.ledger import Ledger
from taizhang.runs.lock import CoordinatorLock
from taizhang.runs.report.status import status_of
from taizhang.runs.run import Workforce, continue_run, is_complete


def stop_soon(times=3):
    """A stop function that returns True after `times` calls."""
    calls = itertools.count()
    return lambda: next(calls) >= times


@pytest.mark.parametrize("slices_per_piece", [1, 2, 8, 1 << 20])
@pytest.mark.parametrize("threads", [1, 2, 7])
def test_a_run_gives_the_bits_of_an_undisturbed_contraction(make_folder, undisturbed, slices_per_piece, threads):
    folder = make_folder(slices_per_piece=slices_per_piece)
    values = continue_run(folder, Workforce(threads=threads, memory_bytes=4 << 30))
    assert same_bits(values[0][0, 0], undisturbed)
    assert is_complete(folder)


def test_a_run_stopped_again_and_again_gives_the_same_bits(make_folder, workforce, undisturbed):
    folder = make_folder(slices_per_piece=1)
    for _ in range(100):
        try:
            values = continue_run(folder, workforce, stop=stop_soon())
            break
        except RunStoppedError:
            folder = RunFolder.open(folder.path)
    assert same_bits(values[0][0, 0], undisturbed)


def test_a_complete_run_is_read_and_not_done_again(make_folder, workforce):
    folder = make_folder()
    first = continue_run(folder, workforce)
    before = folder.ledger_path.read_bytes()
    assert same_bits(continue_run(folder, workforce), first)
    assert folder.ledger_path.read_bytes() == before


def test_many_bitstrings_share_a_run(make_folder, circuit, plan, workforce):
    bitstrings = ["010011100", "111111111", "000000000"]
    folder = make_folder(bitstrings)
    expected = tz.amplitudes(circuit, bitstrings, plan=plan, threads=1)
    assert same_bits(continue_run(folder, workforce)[0][:, 0], expected)


def test_short_amplitudes_are_put_together_in_pieces(make_folder, circuit, workforce):
    bitstrings = [f"{number:09b}" for number in range(100)]
    easy = tz.plan(circuit, trials=1)
    folder = make_folder(bitstrings, plan=easy, slices_per_piece=None)
    assert folder.manifest.layout.num_pieces < 100
    assert same_bits(continue_run(folder, workforce)[0][:, 0], tz.amplitudes(circuit, bitstrings, plan=easy, threads=1))


def test_open_qubits_give_a_batch(make_folder, circuit, workforce):
    plan = sliced(tz.plan(circuit, open_qubits=[8, 2], trials=1, seed=1))
    folder = make_folder(["010011100"], open_qubits=[8, 2], plan=plan)
    expected = tz.amplitude_batch(circuit, "010011100", open_qubits=[8, 2], plan=plan, threads=1)
    values = continue_run(folder, workforce)[0].reshape(2, 2).astype(np.complex64)
    assert values.tobytes() == expected.tobytes()


def test_a_moved_folder_goes_on_where_it_was(make_folder, workforce, undisturbed, tmp_path):
    folder = make_folder(slices_per_piece=1)
    with pytest.raises(RunStoppedError, match="taizhang resume"):
        continue_run(folder, workforce, stop=stop_soon())
    moved = folder.path.rename(tmp_path / "elsewhere")
    assert same_bits(continue_run(RunFolder.open(moved), workforce)[0][0, 0], undisturbed)


def test_the_status_reports_pieces_rate_and_the_partial_sum(make_folder, workforce, undisturbed):
    folder = make_folder(slices_per_piece=1)
    assert status_of(folder).state == "waiting"
    with pytest.raises(RunStoppedError):
        continue_run(folder, workforce, stop=stop_soon())
    status = status_of(folder)
    assert status.state == "stopped"
    assert 0 < status.fraction < 1
    assert status.so_far.standard_error > 0
    json.dumps(status.to_dict())
    continue_run(folder, workforce)
    status = status_of(folder)
    assert (status.state, status.fraction, len(status.sessions)) == ("complete", 1.0, 2)
    assert same_bits(status.so_far.value, undisturbed)
    assert "complete" in str(status)


def test_the_ledger_stays_small(make_folder, workforce):
    folder = make_folder(slices_per_piece=1)
    continue_run(folder, workforce)
    with Ledger(folder.ledger_path, folder.manifest) as ledger:
        assert len(ledger.nodes()) == 1


def test_a_second_coordinator_is_refused(make_folder, workforce):
    folder = make_folder()
    lock = CoordinatorLock(folder.path)
    with pytest.raises(RunBusyError, match="is being coordinated by process"):
        continue_run(folder, workforce)
    lock.release("stopped")
    continue_run(folder, workforce)


def test_a_coordinator_whose_run_was_taken_stops(make_folder):
    folder = make_folder()
    lock = CoordinatorLock(folder.path)
    heartbeat = folder.path / "coordinator.json"
    heartbeat.write_text(json.dumps({**json.loads(heartbeat.read_text()), "name": "another"}))
    with pytest.raises(RunBusyError):
        lock.beat("running", now=True)
    lock.release("stopped")


def test_a_folder_that_is_not_empty_is_refused(make_folder, tmp_path):
    make_folder()
    with pytest.raises(RunError, match="holds a run already"):
        make_folder()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thing").touch()
    with pytest.raises(RunError, match="not empty"):
        make_folder(name="other")
    with pytest.raises(RunError, match="is not a run folder"):
        RunFolder.open(tmp_path / "other")


def test_a_missing_file_is_named(make_folder, workforce):
    folder = make_folder()
    (folder.path / "arrays-0.npy").unlink()
    with pytest.raises(RunDamagedError, match=r"arrays-0\.npy"):
        continue_run(folder, workforce)


def test_an_error_in_a_piece_ends_the_run_with_its_message(make_folder, workforce, monkeypatch):
    folder = make_folder()

    def broken(*_, **__):
        raise OSError("the machine is on fire")

    monkeypatch.setattr("taizhang.runs.job.PieceRunner.compute", broken)
    with pytest.raises(RunError, match=r"failed 8 times.*the machine is on fire"):
        continue_run(folder, workforce)
    assert threading.active_count() < 20

"""Samples of a run equal those drawn without one, for any assignment of the work."""

import contextlib
import shutil

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

import taizhang as tz
from taizhang.errors import RunStoppedError, UsageError
from taizhang.runs.folder import RunFolder
from taizhang.runs.ledger import Ledger
from taizhang.runs.report.status import status_of
from taizhang.runs.run import Workforce, continue_run, is_complete
from taizhang.runs.start import start_run
from taizhang.sampling.frugal import FrugalOptions
from taizhang.settings import Settings
from taizhang.tasks.samples import SamplesTask

SHOTS = 150
OPTIONS = {"trials": 2, "seed": 4, "threads": 1}


@pytest.fixture(scope="module")
def chaotic():
    return tz.grid_circuit(4, 4, 24, seed=3)


@pytest.fixture(scope="module")
def fresh(chaotic, tmp_path_factory):
    """A run of many contractions, each for at most sixteen batches, as a template to copy."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("taizhang.execute.amplitude_contractor.MOST_ROWS", 16)
        path = tmp_path_factory.mktemp("fresh") / "run"
        options = FrugalOptions(batch_qubits=4)
        task = SamplesTask(circuit=chaotic, shots=SHOTS, options=options)
        return start_run(path, task, Settings.checked(**OPTIONS), piece_seconds=1e-6)


def copied(folder, path):
    return RunFolder.open(shutil.copytree(folder.path, path))


def drawn(folder, values):
    return folder.assembly().answer(values).bits()


@pytest.fixture(scope="module")
def expected(chaotic):
    return tz.sample(chaotic, SHOTS, method="frugal", batch_qubits=4, **OPTIONS)


@pytest.mark.parametrize(
    "how",
    [
        {"batch_qubits": 4, "per_batch": 2},
        {"batch_qubits": 5, "top": 3},
        {"batch_qubits": 4, "pair_sides": True},
        {"batch_qubits": 4, "top": 2, "fidelity": 0.5},
    ],
)
def test_samples_of_a_run_are_those_without_one(chaotic, tmp_path, how):
    plain = tz.sample(chaotic, SHOTS, method="frugal", **how, **OPTIONS)
    from_run = tz.sample(chaotic, SHOTS, method="frugal", directory=tmp_path / "run", **how, **OPTIONS)
    if "fidelity" in how:  # which slices there are depends on the plan, and so on the number of batches
        assert from_run.shape == plain.shape
    else:
        assert np.array_equal(from_run, plain)
    assert np.array_equal(tz.resume(tmp_path / "run"), from_run)
    assert tz.verify(tmp_path / "run").same_bits
    assert f"{SHOTS} of {SHOTS}" in str(tz.status(tmp_path / "run"))
    assert "writes them" in tz.report(tmp_path / "run").read_text()


@hypothesis_settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(threads=st.integers(1, 5), stops=st.lists(st.integers(1, 5), max_size=4))
def test_law_stops_and_threads_change_no_sample(fresh, expected, tmp_path_factory, threads, stops):
    folder = copied(fresh, tmp_path_factory.mktemp("samples") / "run")
    path = folder.path
    assert folder.manifest.layout.num_contractions > 10
    workforce = Workforce(threads=threads, memory_bytes=4 << 30)
    for stop_after in stops:
        left = iter(range(stop_after))
        with contextlib.suppress(RunStoppedError):
            continue_run(RunFolder.open(path), workforce, stop=lambda left=left: next(left, None) is None)
        assert 0 <= status_of(folder).so_far.drawn <= SHOTS
    assert np.array_equal(drawn(folder, continue_run(RunFolder.open(path), workforce)), expected)


def test_batches_that_are_not_needed_are_left_out(fresh, expected, tmp_path):
    folder = copied(fresh, tmp_path / "run")
    continue_run(folder, Workforce(threads=1, memory_bytes=4 << 30))
    layout, status = folder.manifest.layout, status_of(folder)
    with Ledger(folder.ledger_path, folder.manifest) as ledger:
        wanted = ledger.groups_wanted()
    assert wanted < layout.num_groups
    assert status.num_pieces == status.pieces_done == layout.first_piece_of(wanted)
    assert is_complete(folder)
    # What a repair forgets is computed again.
    with Ledger(folder.ledger_path, folder.manifest, write=True) as ledger:
        ledger.commit(records=[("task", "wanted", None)])
    values = continue_run(folder, Workforce(threads=1, memory_bytes=4 << 30))
    assert np.array_equal(drawn(folder, values), expected)
    with Ledger(folder.ledger_path, folder.manifest) as ledger:
        assert ledger.groups_wanted() == wanted


@pytest.mark.parametrize("method", ["state-vector", "marginals", "gate-by-gate"])
def test_other_methods_are_refused_in_one_sentence(chaotic, tmp_path, method):
    with pytest.raises(UsageError, match=f"method must be frugal or auto with a directory, got {method}"):
        tz.sample(chaotic, 5, method=method, directory=tmp_path / "run")


def test_what_takes_seconds_is_refused(chaotic, tmp_path):
    with pytest.raises(UsageError, match="without a directory"):
        tz.sample(chaotic, 5, batch_qubits=16, directory=tmp_path / "run", **OPTIONS)
    with pytest.raises(UsageError, match="measured while sampling"):
        tz.sample(chaotic, 5, fidelity=0.5, directory=tmp_path / "run", **OPTIONS)
    with pytest.raises(UsageError, match="fewer values than there are batches"):
        tz.sample(tz.grid_circuit(2, 3, 8, seed=1), 500, batch_qubits=3, directory=tmp_path / "run", **OPTIONS)

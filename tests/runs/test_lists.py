"""Runs of many bitstrings, and of the cross entropy of samples."""

import contextlib
import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from tests.runs.conftest import same_bits

import taizhang as tz
from taizhang.circuit.formats.sample_file import CountedBitstrings
from taizhang.errors import RunStoppedError
from taizhang.runs.folder import RunFolder
from taizhang.runs.report.status import status_of
from taizhang.runs.run import Workforce, continue_run
from taizhang.runs.start import start_run
from taizhang.runs.values import values_of
from taizhang.settings import Settings
from taizhang.tasks.amplitudes import AmplitudesTask
from taizhang.tasks.cross_entropy import CrossEntropyTask


def prepare_run(path, circuit, bitstrings, settings, *, open_qubits=(), **more):
    task = AmplitudesTask(circuit=circuit, bitstrings=tuple(bitstrings), open_qubits=tuple(open_qubits))
    return start_run(path, task, settings, **more)


def prepare_xeb_run(path, circuit, samples, settings, **more):
    return start_run(path, CrossEntropyTask(circuit=circuit, samples=samples), settings, **more)


def answer_of(folder, values):
    return folder.assembly().answer(values)


def settings_of(threads=1):
    return Settings.checked(trials=2, threads=threads, memory="4GiB")


@pytest.fixture(scope="module")
def wide():
    """A circuit and many bitstrings, which share contractions."""
    circuit = tz.grid_circuit(4, 4, 16, seed=3)
    random = np.random.default_rng(1)
    bits = random.integers(0, 2, size=(300, 16))
    bitstrings = ["".join(map(str, row)) for row in bits.tolist()]
    return circuit, [*bitstrings, bitstrings[7]]


@pytest.fixture(scope="module")
def sparse_plan(wide):
    """A sparse-state plan of 64 rows, with some indices sliced."""
    circuit, _ = wide
    searched = tz.plan(circuit, bitstrings=[f"{number:016b}" for number in range(0, 64 * 997, 997)], trials=2)
    inner = [name for i, name in enumerate(searched.shape.index_names) if i not in searched.shape.row_indices]
    return tz.Plan.from_ssa_path(searched.shape, searched.tree.ssa_path, inner[::5][:4])


@hypothesis_settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(threads=st.integers(1, 5), log2=st.integers(0, 4), stops=st.lists(st.integers(1, 6), max_size=4), data=st.data())
def test_a_sparse_state_list_has_the_same_bits_as_without_a_run(
    wide, sparse_plan, tmp_path_factory, threads, log2, stops, data
):
    circuit, bitstrings = wide
    requested = bitstrings[: data.draw(st.integers(2, len(bitstrings)))] + bitstrings[-1:]
    path = tmp_path_factory.mktemp("list") / "run"
    folder = prepare_run(path, circuit, requested, settings_of(), plan=sparse_plan, slices_per_piece=1 << log2)
    workforce = Workforce(threads=threads, memory_bytes=4 << 30)
    for stop_after in stops:
        left = iter(range(stop_after))
        with contextlib.suppress(RunStoppedError):
            continue_run(RunFolder.open(path), workforce, stop=lambda left=left: next(left, None) is None)
    values = answer_of(folder, continue_run(RunFolder.open(path), workforce)).values
    assert same_bits(values, tz.amplitudes(circuit, requested, plan=sparse_plan, threads=1))


def test_all_values_of_few_qubits_are_one_contraction(circuit, tmp_path):
    bitstrings = [f"{number:03b}010011" for number in (5, 0, 1, 2, 3, 4, 7, 6, 5)]
    folder = prepare_run(tmp_path / "run", circuit, bitstrings, settings_of())
    assert folder.manifest.layout.num_contractions == 1
    values = answer_of(folder, continue_run(folder, Workforce(threads=2, memory_bytes=4 << 30))).values
    assert same_bits(values, tz.amplitudes(circuit, bitstrings, trials=2, threads=1))


def test_a_batch_for_each_row_has_its_open_qubits(wide, tmp_path):
    circuit, bitstrings = wide
    folder = prepare_run(tmp_path / "run", circuit, bitstrings, settings_of(), open_qubits=[3, 1])
    values = answer_of(folder, continue_run(folder, Workforce(threads=2, memory_bytes=4 << 30))).values
    assert values.shape == (len(bitstrings), 2, 2)
    batch = tz.amplitude_batch(circuit, bitstrings[11], open_qubits=[3, 1], trials=2, threads=1)
    assert np.allclose(values[11], batch, atol=1e-6)


def test_samples_in_a_run_are_compared_as_without_one(wide, tmp_path):
    circuit, bitstrings = wide
    plain = tz.xeb(circuit, bitstrings, trials=2, threads=1)
    xeb = tz.xeb(circuit, bitstrings, directory=tmp_path / "run", trials=2, threads=1)
    # A run computes the amplitudes of its samples alone: it does not judge whether the circuit is chaotic.
    expected = {**plain.to_dict(), "circuit_p_value": None, "chaotic": None}
    for name, figure in xeb.to_dict().items():
        assert figure == (None if expected[name] is None else pytest.approx(expected[name], rel=1e-3))
    assert tz.resume(tmp_path / "run").to_dict() == xeb.to_dict()
    assert tz.verify(tmp_path / "run").same_bits
    assert tz.report(tmp_path / "run").exists()
    assert "of all 301 samples" in str(tz.status(tmp_path / "run"))


def test_the_status_estimates_the_cross_entropy_on_the_way(circuit, tmp_path):
    samples = CountedBitstrings.of(tz.sample(circuit, shots=200, seed=3, method="state-vector"), 9)
    folder = prepare_xeb_run(tmp_path / "run", circuit, samples, settings_of(), piece_seconds=1e-3)
    assert "not known before" in str(status_of(folder))
    seen = iter(range(3))
    workforce = Workforce(threads=1, memory_bytes=4 << 30)
    if folder.manifest.layout.num_pieces > 3:
        with pytest.raises(RunStoppedError):
            continue_run(folder, workforce, stop=lambda: next(seen, None) is None)
        status = status_of(folder)
        assert status.so_far is not None
        json.dumps(status.to_dict())
    xeb = answer_of(folder, continue_run(folder, workforce))
    so_far = status_of(folder).so_far
    assert (so_far.linear_xeb, so_far.num_samples) == (xeb.linear_xeb, 200)
    assert so_far.standard_error == xeb.standard_error


def test_an_estimate_from_part_of_the_slices_is_right_to_its_error(tmp_path):
    circuit = tz.grid_circuit(4, 4, 24, seed=8)
    samples = CountedBitstrings.of(tz.sample(circuit, shots=2000, seed=3, method="state-vector"), 16)
    plan = tz.plan(circuit, bitstrings=samples.bitstrings, trials=2)
    inner = [name for i, name in enumerate(plan.shape.index_names) if i not in plan.shape.row_indices]
    sliced = tz.Plan.from_ssa_path(plan.shape, plan.tree.ssa_path, inner[len(inner) // 3 :][:3])
    folder = prepare_xeb_run(tmp_path / "run", circuit, samples, settings_of(), plan=sliced, slices_per_piece=1)
    assert folder.manifest.plans[0].num_rows == len(samples.bitstrings)
    calls = iter(range(2))
    with pytest.raises(RunStoppedError):
        continue_run(folder, Workforce(threads=1, memory_bytes=4 << 30), stop=lambda: next(calls, None) is None)
    status = status_of(folder)
    if 0 < status.fraction < 1:
        assert status.so_far.part == status.fraction
        assert status.so_far.linear_xeb == pytest.approx(1.0, abs=6 * status.so_far.standard_error)
        assert "of the slices" in str(status)


def test_thousands_of_bitstrings_are_ordinary(circuit, tmp_path):
    circuit = tz.grid_circuit(4, 4, 8, seed=3)
    bitstrings = [f"{(number * 40503) & 0xFFFF:016b}" for number in range(3_000)]
    plan = tz.plan(circuit, trials=1)
    folder = prepare_run(tmp_path / "run", circuit, bitstrings, settings_of(2), plan=plan)
    assert folder.manifest.layout.num_contractions == 3_000
    assert folder.manifest.layout.num_pieces < 300
    continue_run(folder, Workforce(threads=2, memory_bytes=4 << 30))
    assert folder.ledger_path.stat().st_size < 1 << 21
    assert values_of(folder)[0].shape == (3_000, 1)

"""Detector error models: read as Stim reads them, and refused with the line."""

from __future__ import annotations

import numpy as np
import pytest
import stim

import taizhang as tz
from taizhang.problems.syndrome_file import read_shots, write_shots


def flattened(model: stim.DetectorErrorModel) -> list[tuple[float, tuple[int, ...], tuple[int, ...]]]:
    found = []
    for line in model.flattened():
        if line.type != "error":
            continue
        detectors: set[int] = set()
        observables: set[int] = set()
        for target in line.targets_copy():
            if target.is_relative_detector_id():
                detectors ^= {target.val}
            elif target.is_logical_observable_id():
                observables ^= {target.val}
        found.append((line.args_copy()[0], tuple(sorted(detectors)), tuple(sorted(observables))))
    return found


@pytest.mark.parametrize("task", ["surface_code:rotated_memory_x", "repetition_code:memory", "color_code:memory_xyz"])
@pytest.mark.parametrize("decomposed", [False, True])
def test_generated_codes_are_read_as_stim_reads_them(task, decomposed):
    circuit = stim.Circuit.generated(task, distance=3, rounds=20, after_clifford_depolarization=0.01)
    if decomposed and task.startswith("color"):
        decomposed = False
    model = circuit.detector_error_model(decompose_errors=decomposed, flatten_loops=False)
    ours = tz.DetectorModel.from_text(str(model))
    assert ours.num_detectors == model.num_detectors
    assert ours.num_observables == model.num_observables
    assert [tuple(error) for error in ours.errors] == flattened(model)
    theirs = model.get_detector_coordinates()
    assert {d: list(at) for d, at in ours.coordinates.items()} == {d: at for d, at in theirs.items() if at}


def test_every_instruction_is_read():
    text = """
    # a comment
    error[tag \\C](0.1) D0 ^ D1 L0  # another
    ERROR(0) D0
    error(1) L2
    detector(1, 2) D5
    logical_observable L3
    repeat 2 {
        error(0.25) D0 D0 D1
        shift_detectors(0, 1) 2
        repeat 1000000 {
        }
    }
    detector(0, 0, 1) D0
    shift_detectors 3
    error(0.5) D0
    """
    ours = tz.DetectorModel.from_text(text)
    theirs = stim.DetectorErrorModel(text)
    assert (ours.num_detectors, ours.num_observables) == (theirs.num_detectors, theirs.num_observables)
    assert [tuple(error) for error in ours.errors] == flattened(theirs)
    assert ours.coordinates[4] == (0.0, 2.0, 1.0)


def test_what_stim_has_is_taken():
    circuit = stim.Circuit.generated(
        "repetition_code:memory", distance=3, rounds=2, before_round_data_depolarization=0.1
    )
    model = circuit.detector_error_model()
    assert tz.DetectorModel.of(circuit).errors == tz.DetectorModel.of(model).errors
    same = tz.DetectorModel.from_text(str(model))
    assert tz.DetectorModel.of(same) is same


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("error(0.1) D0\nerror D1", "line 2: an error has one probability from 0 to 1, got none"),
        ("error(1.5) D0", "an error has one probability from 0 to 1"),
        ("error(0.1, 0.2) D0", "an error has one probability"),
        ("error(x) D0", "arguments of 'error' must be numbers, got 'x'"),
        ("error(inf) D0", "must be finite"),
        ("error(0.1) X0", "a target must be a detector such as D3 or an observable such as L0, got 'X0'"),
        ("error(0.1) D-1", "a whole number is needed, got '-1'"),
        ("mistake(0.1) D0", "'mistake' is not an instruction"),
        ("0.1 D0", "is not an instruction"),
        ("repeat 3 {\nerror(0.1) D0", "a 'repeat' block is not closed"),
        ("}", "'}' closes no block"),
        ("repeat x {\n}", "'repeat' takes a whole number, got 'x'"),
        ("repeat 3", "'{' belongs to 'repeat'"),
        ("detector(0) L0", "a target must be a detector"),
        ("logical_observable D0", "an observable is written such as L0"),
    ],
)
def test_what_is_malformed_is_refused_with_its_line(text, message):
    with pytest.raises(tz.ProblemError, match=r"line|closed") as raised:
        tz.DetectorModel.from_text(text)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("repeat 1000000 {\nrepeat 1000000 {\nerror(0.1) D0\n}\n}", "more than 20,000,000 instructions"),
        ("error(0.1) D99999999999", "more than 10,000,000 detectors"),
        ("error(0.1) L16", "observable L16; at most 16"),
        ("shift_detectors 10000000\nerror(0.1) D0", "more than 10,000,000 detectors"),
    ],
)
def test_what_is_too_large_is_refused_at_once(text, message):
    with pytest.raises(tz.SizeLimitError, match=message):
        tz.DetectorModel.from_text(text)


def test_a_million_repetitions_are_read():
    model = tz.DetectorModel.from_text("repeat 1000000 {\nshift_detectors 0\n}\nerror(0.1) D0")
    assert len(model.errors) == 1


def test_files(tmp_path):
    with pytest.raises(tz.ProblemError, match="the file cannot be read: No such file"):
        tz.read_detector_model(tmp_path / "none.dem")
    (tmp_path / "binary.dem").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(tz.ProblemError, match="is not text"):
        tz.read_detector_model(tmp_path / "binary.dem")
    (tmp_path / "bad.stim").write_text("NONSENSE 0")
    with pytest.raises(tz.ProblemError, match="Stim does not take the circuit"):
        tz.read_detector_model(tmp_path / "bad.stim")
    (tmp_path / "good.stim").write_text("R 0\nX_ERROR(0.1) 0\nM 0\nDETECTOR rec[-1]\nOBSERVABLE_INCLUDE(0) rec[-1]")
    assert tz.read_detector_model(tmp_path / "good.stim").errors == ((0.1, (0,), (0,)),)


@pytest.mark.parametrize("bits", [1, 7, 8, 9, 33])
@pytest.mark.parametrize("shot_format", ["01", "b8"])
def test_shots_are_read_and_written_as_by_stim(bits, shot_format, tmp_path):
    shots = np.random.default_rng(bits).integers(2, size=(13, bits)).astype(bool)
    path = str(tmp_path / f"shots.{shot_format}")
    stim.write_shot_data_file(data=shots, path=path, format=shot_format, num_detectors=bits)
    np.testing.assert_array_equal(read_shots(path, bits), shots)
    write_shots(path, shots)
    np.testing.assert_array_equal(stim.read_shot_data_file(path=path, format=shot_format, num_detectors=bits), shots)


def test_shots_of_another_length_are_refused(tmp_path):
    path = tmp_path / "shots.01"
    path.write_text("010\n01\n")
    with pytest.raises(tz.ProblemError, match="line 2: a shot must be 3 zeros and ones, got '01' of 2"):
        read_shots(path, 3)
    path.write_text("012\n")
    with pytest.raises(tz.ProblemError, match="line 1: a shot must be 3 zeros and ones"):
        read_shots(path, 3)
    path.write_bytes(b"\x01\x02\x03")
    with pytest.raises(tz.ProblemError, match="3 bytes does not hold shots of 9 bits in 2 bytes each"):
        read_shots(path, 9, shot_format="b8")

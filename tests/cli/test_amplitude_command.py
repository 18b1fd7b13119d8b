import io
import json
import sys

import numpy as np
import pytest

import taizhang as tz
from taizhang.circuit.state_vector import state_vector

PLAN_KEYS = {
    "log10_multiply_adds",
    "log10_multiply_adds_naive",
    "width",
    "num_slices",
    "peak_bytes",
    "predicted_seconds",
    "planning_seconds",
    "num_tensors",
    "num_indices",
}


def exact(path, bitstring):
    return state_vector(tz.read_circuit(path))[int(bitstring, 2)]


def test_amplitudes_of_several_bitstrings_come_with_plan_times_and_memory(run, circuit_file):
    done = run("amplitude", circuit_file, "000000000", "010011100", "--json")
    assert done.status == 0
    report = done.json
    assert [entry["bitstring"] for entry in report["amplitudes"]] == ["000000000", "010011100"]
    for entry in report["amplitudes"]:
        assert complex(entry["re"], entry["im"]) == pytest.approx(exact(circuit_file, entry["bitstring"]), rel=1e-4)
    assert report["plan"].keys() >= PLAN_KEYS
    assert set(report["seconds"]) == {"read", "build", "plan", "run"}
    assert report["peak_bytes"] > 0


def test_double_precision_is_kept_to_the_output(run, circuit_file):
    report = run("amplitude", circuit_file, "110000001", "--dtype", "complex128", "--json").json
    entry = report["amplitudes"][0]
    assert complex(entry["re"], entry["im"]) == pytest.approx(exact(circuit_file, "110000001"), rel=1e-10)


def test_open_qubits_give_all_their_amplitudes(run, circuit_file):
    report = run("amplitude", circuit_file, "--bitstring", "010011100", "--open", "8,2", "--json").json
    assert [entry["bitstring"] for entry in report["amplitudes"]] == [
        "010011100",
        "011011100",
        "010011101",
        "011011101",
    ]
    for entry in report["amplitudes"]:
        assert complex(entry["re"], entry["im"]) == pytest.approx(exact(circuit_file, entry["bitstring"]), rel=1e-4)


@pytest.mark.parametrize("ending", ["npy", "json", "txt"])
def test_amplitudes_can_be_written_to_a_file(run, circuit_file, tmp_path, ending):
    bitstrings = ["000000000", "111111111", "010101010"]
    (tmp_path / "bits.txt").write_text("\n".join(bitstrings) + "\n")
    output = tmp_path / f"amplitudes.{ending}"
    assert run("amplitude", circuit_file, "--bitstrings", tmp_path / "bits.txt", "-o", output).status == 0
    if ending == "npy":
        values = np.load(output, allow_pickle=False)
    elif ending == "json":
        values = [complex(entry["re"], entry["im"]) for entry in json.loads(output.read_text())["amplitudes"]]
    else:
        lines = [line.split() for line in output.read_text().splitlines()]
        assert [line[0] for line in lines] == bitstrings
        values = [complex(float(re), float(im)) for _, re, im in lines]
    np.testing.assert_allclose(values, [exact(circuit_file, bits) for bits in bitstrings], rtol=1e-4)


def test_a_person_sees_amplitude_plan_and_predicted_beside_actual(run, circuit_file):
    done = run("amplitude", circuit_file, "000000000", "-v")
    assert done.status == 0
    assert done.out.startswith("000000000  ")
    assert len(done.out.splitlines()) == 1
    for word in ("multiply-adds", "predicted", "actual", "run time", "peak memory"):
        assert word in done.err


def test_a_kept_plan_is_run_again(run, circuit_file, tmp_path):
    plan = tmp_path / "plan.json"
    assert run("plan", circuit_file, "--bitstring", "000000000", "--trials", 2, "-o", plan).status == 0
    first, second = (run("amplitude", circuit_file, "000000000", "--plan", plan, "--json").json for _ in range(2))
    assert first["amplitudes"] == second["amplitudes"]
    assert first["plan"]["num_slices"] == tz.Plan.load(plan).num_slices


def test_a_circuit_comes_from_standard_input(run, circuit_file, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(circuit_file.read_bytes())))
    assert run("amplitude", "-", "000000000", "--format", "grcs", "--json").status == 0


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["0101"], "9"),
        (["00000000x"], "x"),
        ([], "no bitstring was given"),
        (["000000000", "--memory", "many"], "8GiB"),
        (["000000000", "--plan-time", "soon"], "30s"),
        (["000000000", "--threads", "0"], "threads"),
        (["000000000", "--dtype", "float16"], "complex64 or complex128"),
        (["000000000", "--open", "a,b"], "0,3,17"),
        (["000000000", "--open", "99"], "99"),
        (["000000000", "--plan", "/no/such/plan.json"], "plan.json"),
        (["--bitstrings", "/no/such/file"], "/no/such/file"),
        (["000000000", "--surprise"], "--surprise"),
    ],
)
def test_bad_input_gets_one_sentence_and_status_two(run, circuit_file, words, sentence):
    done = run("amplitude", circuit_file, *words)
    assert done.status == 2
    assert sentence in done.err
    assert done.out == ""
    assert len(done.err.splitlines()) == 1
    assert done.err.startswith("taizhang: ")


def test_too_little_memory_is_reported_before_any_work(run, circuit_file):
    done = run("amplitude", circuit_file, "000000000", "--memory", "1MiB")
    assert done.status == 1
    assert "memory limit is 1.0 MiB" in done.err


def test_a_state_vector_that_cannot_fit_is_refused_before_memory_is_touched(run, tmp_path):
    path = tmp_path / "wide.txt"
    assert run("random", "grid", "--rows", 8, "--columns", 8, "--depth", 4, "-o", path).status == 0
    done = run("amplitude", path, "--open", ",".join(map(str, range(64))))
    assert done.status == 1
    assert "leave fewer qubits open" in done.err


def test_debug_shows_where_an_error_came_from(run, circuit_file):
    assert "Traceback" in run("amplitude", circuit_file, "01", "--debug").err
    assert "Traceback" not in run("amplitude", circuit_file, "01").err


def test_work_of_years_is_refused_before_it_starts(run, tmp_path):
    path = tmp_path / "deep.txt"
    assert run("random", "grid", "--rows", 7, "--columns", 7, "--depth", 60, "-o", path).status == 0
    done = run("amplitude", path, "0" * 49, "--width", "16", "--trials", "1", "--time-limit", "1h")
    assert done.status == 1
    assert "predicted to take" in done.err
    assert "raise --time-limit" in done.err


def test_a_plan_of_more_slices_than_can_be_counted_is_reported_and_not_run(run, tmp_path):
    path = tmp_path / "huge.txt"
    assert run("random", "grid", "--rows", 10, "--columns", 10, "--depth", 40, "-o", path).status == 0
    narrow = ("--trials", "1", "--width", "8")
    report = run("plan", path, *narrow, "--json").json
    assert report["num_slices"] > 2**64
    done = run("amplitude", path, "0" * 100, *narrow, "--time-limit", "1e14h")
    assert done.status == 1
    assert "predicted to take" in done.err

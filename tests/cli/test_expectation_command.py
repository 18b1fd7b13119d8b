"""`taizhang expectation`, and the plans of expectation values: values, derivatives, refusals."""

from __future__ import annotations

import io
import json
import os
import sys

import numpy as np
import pytest

import taizhang as tz
from taizhang.circuit import observable_file, observable_text
from taizhang.cli import expectation_output

ANSATZ = """OPENQASM 3.0;
include "stdgates.inc";
input float[64] gamma;
input float[64] beta;
qubit[3] q;
h q;
cx q[0], q[1];
rz(2*gamma) q[1];
cx q[0], q[1];
rx(beta) q;
"""
POINT = ("--parameter", "gamma=0.4", "--parameter", "beta=-0.3")
PRECISE = ("--dtype", "complex128")


@pytest.fixture
def bell(tmp_path):
    path = tmp_path / "bell.qasm"
    tz.write_circuit(tz.Circuit(2).h(0).cx(0, 1), path)
    return path


@pytest.fixture
def ansatz(tmp_path):
    path = tmp_path / "ansatz.qasm"
    path.write_text(ANSATZ)
    return path


@pytest.fixture
def listed(tmp_path):
    path = tmp_path / "observables.txt"
    path.write_text("Z0 Z1  # a pair\n\n0.5 X3 - 2 Z0 Z7\n")
    return path


def exact(circuit_file, observable):
    """The value by the state vector."""
    circuit = tz.read_circuit(circuit_file)
    state = tz.state_vector(circuit, dtype="complex128").reshape((2,) * circuit.num_qubits)
    total = 0j
    for product, coefficient in tz.Observable(observable):
        changed = state
        for qubit, letter in product:
            matrix = tz.gate(letter.lower()).matrix
            changed = np.moveaxis(np.tensordot(matrix, changed, axes=([1], [qubit])), 0, qubit)
        total += coefficient * np.vdot(state, changed)
    return total


# Values.


def test_one_observable_is_printed_as_a_number_alone(run, circuit_file):
    done = run("expectation", circuit_file, "0.5 X3 - 2 Z0 Z7 + 0.25", *PRECISE)
    assert (done.status, done.err) == (0, "")
    assert float(done.out) == pytest.approx(exact(circuit_file, "0.5 X3 - 2 Z0 Z7 + 0.25").real, abs=1e-9)


def test_several_are_lines_with_their_values_below_each_other(run, circuit_file):
    asked = ["X3", "Z0 Z7 - 2 Y2", "1"]
    lines = run("expectation", circuit_file, *asked, *PRECISE).out.splitlines()
    first_digits = {len(line) - len(line.split()[-1].lstrip("-")) for line in lines}
    assert len(first_digits) == 1
    for line, text in zip(lines, asked, strict=True):
        assert line.startswith(f"{tz.Observable(text)} ")
        assert float(line.split()[-1]) == pytest.approx(exact(circuit_file, text).real, abs=1e-9)


def test_observables_may_begin_with_a_minus_sign(run, bell):
    for text, value in (("-Z0 Z1", -1), ("- 2 X0 X1", -2), ("-2 X0 X1", -2), ("-.5", -0.5), ("-(1+0j) Y0 Y1", 1)):
        assert float(run("expectation", bell, text, "--seed", 1).out) == pytest.approx(value)
    assert run("expectation", bell, "--seed", "-1", "Z0").status == 2


def test_each_gives_the_products_as_well(run, circuit_file):
    done = run("expectation", circuit_file, "0.5 X3 - 2 Z0 Z7", "Z1", "--each", "--json", *PRECISE)
    values = {each["observable"]: each["value"] for each in done.json["values"]}
    assert list(values) == ["-2 Z0 Z7 + 0.5 X3", "Z0 Z7", "X3", "Z1"]
    assert values["-2 Z0 Z7 + 0.5 X3"] == pytest.approx(0.5 * values["X3"] - 2 * values["Z0 Z7"])
    assert values["X3"] == pytest.approx(exact(circuit_file, "X3").real, abs=1e-9)


def test_observables_of_a_file_or_of_standard_input_are_those_of_the_words(run, circuit_file, listed, monkeypatch):
    words = run("expectation", circuit_file, "Z0 Z1", "0.5 X3 - 2 Z0 Z7").out
    assert run("expectation", circuit_file, "--observables", listed).out == words
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(listed.read_bytes())))
    assert run("expectation", circuit_file, "--observables", "-").out == words
    done = run("expectation", "-", "--observables", "-")
    assert (done.status, done.out) == (2, "")
    assert "standard input cannot be both" in done.err


def test_json_has_the_keys_that_scripts_read(run, circuit_file):
    report = run("expectation", circuit_file, "Z0 Z1", "Z4", "--json").json
    assert set(report) == {"values", "plan", "cones", "distinct_cones", "seconds", "peak_bytes"}
    assert [set(each) for each in report["values"]] == [{"observable", "value", "imag"}] * 2
    assert set(report["seconds"]) == {"read", "plan", "run"}
    keys = {"log10_multiply_adds", "width", "peak_bytes", "predicted_seconds", "planning_seconds", "distinct_cones"}
    assert keys <= set(report["plan"])
    assert report["cones"] == 2
    assert report["distinct_cones"] == report["plan"]["distinct_cones"]


def test_python_gives_the_same_bits(run, circuit_file):
    asked = ["Z0 Z1", "0.5 X3 - 2 Z0 Z7"]
    report = run("expectation", circuit_file, *asked, "--json", "--trials", 2).json
    here = tz.expectation(tz.read_circuit(circuit_file), asked, trials=2)
    assert [each["value"] for each in report["values"]] == here.tolist()


def test_what_is_not_hermitian_has_an_imaginary_part_and_a_warning(run, bell):
    done = run("expectation", bell, "X0 Y0 Z1", "Z0 Z1")
    assert done.status == 0
    assert done.out.splitlines()[0].split() == ["1j", "Z0", "Z1", "0", "+1i"]
    assert done.err == "taizhang: warning: '1j Z0 Z1' is not Hermitian, so its value may have an imaginary part\n"
    record = run("expectation", bell, "X0 Y0 Z1", "--json").json["values"][0]
    assert record == {"observable": "1j Z0 Z1", "value": pytest.approx(0), "imag": pytest.approx(1)}


def test_measurements_at_the_end_change_nothing(run, bell, tmp_path):
    path = tmp_path / "measured.qasm"
    path.write_text(bell.read_text() + "creg c[2];\nmeasure q -> c;\n")
    assert run("expectation", path, "X0 X1").out == run("expectation", bell, "X0 X1").out


def test_values_are_written_as_an_array_as_records_or_as_lines(run, circuit_file, tmp_path):
    asked = ["Z0 Z1", "X4"]
    values = [each["value"] for each in run("expectation", circuit_file, *asked, "--json").json["values"]]
    done = run("expectation", circuit_file, *asked, "-o", tmp_path / "v.npy")
    assert done.out == f"2 expectation values written to {tmp_path / 'v.npy'}\n"
    assert np.load(tmp_path / "v.npy").tolist() == values
    assert run("expectation", circuit_file, *asked, "-o", tmp_path / "v.json", "--json").json["values"] == []
    assert [each["value"] for each in json.loads((tmp_path / "v.json").read_text())["values"]] == values
    run("expectation", circuit_file, *asked, "-o", tmp_path / "v.txt")
    assert [float(line) for line in (tmp_path / "v.txt").read_text().splitlines()] == values


def test_a_plan_is_shown_where_it_is_asked_for(run, circuit_file):
    assert run("expectation", circuit_file, "Z0 Z1").err == ""
    shown = run("expectation", circuit_file, "Z0 Z1", "-v").err
    assert "Plan for 1 Pauli product" in shown
    assert "predicted" in shown
    assert "in all: read" in shown


# Derivatives.


def test_a_gradient_by_named_parameters(run, ansatz):
    asked = "Z0 Z1 + 0.5 Y2"
    done = run("expectation", ansatz, asked, *POINT, "--gradient", *PRECISE)
    value, gradient = tz.Energy(tz.read_circuit(ansatz), asked, dtype="complex128").value_and_gradient([0.4, -0.3])
    first, *lines = done.out.splitlines()
    assert float(first) == pytest.approx(value)
    assert {name: float(shown) for name, shown in map(str.split, lines)} == pytest.approx(
        dict(zip(["gamma", "beta"], gradient, strict=True))
    )
    plain = run("expectation", ansatz, asked, *POINT, *PRECISE)
    assert float(plain.out) == pytest.approx(value)


def test_a_gradient_is_a_difference_of_values(run, ansatz):
    def value(beta):
        words = ["--parameter", "gamma=0.4", "--parameter", f"beta={beta}"]
        return run("expectation", ansatz, "Z0 Z1", *words, *PRECISE, "--json").json["values"][0]["value"]

    record = run("expectation", ansatz, "Z0 Z1", *POINT, *PRECISE, "--gradient", "--json").json["values"][0]
    assert set(record) == {"observable", "value", "imag", "gradient"}
    assert record["gradient"]["beta"] == pytest.approx((value(-0.29) - value(-0.31)) / 0.02, abs=1e-4)


def test_angles_are_the_parameters_of_a_circuit_without_named_ones(run, tmp_path):
    path = tmp_path / "rotation.qasm"
    tz.write_circuit(tz.Circuit(1).ry(0, 0.5).rz(0, 0.25), path)
    words = ["expectation", path, "Z0", "--gradient", "--json", *PRECISE]
    record = run(*words).json["values"][0]
    assert record["gradient"] == pytest.approx({"theta0": -np.sin(0.5), "theta1": 0})
    moved = run(*words, "--parameter", "theta0=1").json["values"][0]
    assert (moved["value"], moved["gradient"]["theta0"]) == pytest.approx((np.cos(1), -np.sin(1)))


def test_long_gradients_are_cut_on_the_screen_and_whole_in_files(run, circuit_file, tmp_path, monkeypatch):
    monkeypatch.setattr(expectation_output, "MOST_DERIVATIVES", 1)
    path = tmp_path / "rotations.qasm"
    circuit = tz.Circuit(2).ry(0, 0.5).ry(1, 0.25).rzz(0, 1, 0.5)
    tz.write_circuit(circuit, path)
    out = run("expectation", path, "Z0", "Z1", "--gradient").out.splitlines()
    assert [line.split()[0] for line in out] == ["Z0", "theta0", "…", "Z1", "theta0", "…"]
    assert out[2] == "  … 2 more; --json or -o gives all"
    run("expectation", path, "Z0", "Z1", "--gradient", "-o", tmp_path / "g.npy", *PRECISE)
    values, gradients = tz.Energy(circuit, ["Z0", "Z1"], dtype="complex128").value_and_gradient()
    np.testing.assert_allclose(np.load(tmp_path / "g.npy"), np.column_stack([values, gradients]), atol=1e-12)
    run("expectation", path, "Z0", "Z1", "--gradient", "-o", tmp_path / "g.txt", *PRECISE)
    np.testing.assert_allclose(np.loadtxt(tmp_path / "g.txt"), np.load(tmp_path / "g.npy"))


def test_a_gradient_of_what_is_not_hermitian_is_refused_before_the_circuit_is_read(run):
    done = run("expectation", "missing.qasm", "X0 Y0", "--gradient")
    assert (done.status, done.out, len(done.err.splitlines())) == (2, "", 1)
    assert "--gradient needs Hermitian observables; Observable('1j Z0') has complex coefficients" in done.err


def test_a_gradient_is_not_computed_in_a_folder(run, bell, tmp_path):
    done = run("expectation", bell, "Z0", "--gradient", "--directory", tmp_path / "RUN")
    assert (done.status, (tmp_path / "RUN").exists()) == (2, False)
    assert "leave --directory out" in done.err


# Bad input.


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Z0 Q1", "the observable, column 4: the letter must be I, X, Y or Z, got Q"),
        ("Z", "the observable, column 1: letter Z must be followed by the number of its qubit"),
        ("0Z", "the observable, column 2: letter Z must be followed by the number of its qubit"),
        ("3 * ", "the observable, column 5: a product such as Z0 X3 must follow '*', got the end of the text"),
        ("", "the observable is empty; write a sum of Pauli products such as 'Z0 Z1 - 0.5 X3'"),
        ("nan Z0", "the observable, column 1: the number must be finite, got nan"),
        ("-Z0 - Q", "the observable, column 7: the letter must be I, X, Y or Z, got Q"),
        ("1e999 Z0", "the observable, column 1: the number must be finite"),
    ],
)
@pytest.mark.parametrize("command", ["expectation", "plan", "run"])
def test_text_that_is_no_observable_is_refused_before_the_circuit_is_read(run, tmp_path, command, text, said):
    words = {
        "expectation": ["missing.qasm", text],
        "plan": ["missing.qasm", "--observable", text],
        "run": ["missing.qasm", "--observable", text, "--directory", tmp_path / "RUN"],
    }[command]
    done = run(command, *words)
    assert (done.status, done.out) == (2, "")
    first, *caret = done.err.splitlines()
    assert said in first
    assert len(caret) <= 2


def test_the_wrong_one_of_several_is_named(run):
    assert "observable 2, column 4" in run("expectation", "missing.qasm", "Z0", "Z0 Q1").err


@pytest.mark.parametrize("command", ["expectation", "plan"])
def test_a_wrong_line_of_a_file_is_named(run, listed, command):
    listed.write_text("Z0\nZ0 Q1\n")
    done = run(command, "missing.qasm", "--observables", listed)
    assert done.status == 2
    assert done.err.splitlines()[0].endswith("line 2, column 4: the letter must be I, X, Y or Z, got Q")


@pytest.mark.parametrize("gradient", [[], ["--gradient"]])
def test_a_qubit_that_the_circuit_does_not_have_is_refused(run, bell, gradient):
    done = run("expectation", bell, "Z0 Z12", *gradient)
    assert (done.status, done.out) == (2, "")
    assert done.err == (
        "taizhang: the observable has Z12, but the circuit has 2 qubits, numbered 0 to 1; use letters on these "
        "qubits only\n"
    )


@pytest.mark.parametrize("gradient", [[], ["--gradient"]])
def test_parameters_are_checked(run, ansatz, gradient):
    def refusal(*words):
        done = run("expectation", ansatz, "Z0", *gradient, *words)
        assert (done.status, done.out, len(done.err.splitlines())) == (2, "", 1)
        return done.err

    assert "the circuit has the parameter beta without a value" in refusal("--parameter", "gamma=0.4")
    assert "parameters gamma and beta without values" in refusal()
    assert "'delta' is not a parameter" in refusal(*POINT, "--parameter", "delta=1")
    assert "more than one value" in refusal(*POINT, "--parameter", "gamma=1")
    assert "such as gamma=0.5, got 'gamma'" in refusal("--parameter", "gamma")


@pytest.mark.parametrize(("command", "words"), [("expectation", ["OBSERVABLE..."]), ("plan", ["--observable TEXT"])])
def test_observables_are_given_in_one_way(run, bell, listed, command, words):
    given = ["Z0"] if command == "expectation" else ["--observable", "Z0"]
    both = run(command, bell, *given, "--observables", listed)
    assert both.status == 2
    assert f"observables were given both as {words[0]} and by --observables" in both.err


def test_an_observable_is_needed(run, bell):
    done = run("expectation", bell)
    assert (done.status, done.out) == (2, "")
    assert done.err == "taizhang: no observable was given; give OBSERVABLE..., such as 'Z0 Z1', or --observables FILE\n"


def test_files_of_observables_that_cannot_be_read_are_named(run, bell, tmp_path):
    done = run("expectation", bell, "--observables", tmp_path / "none.txt")
    assert (done.status, len(done.err.splitlines())) == (2, 1)
    assert "none.txt: the file cannot be read: No such file or directory; check its name" in done.err
    (tmp_path / "empty.txt").write_text("# nothing\n")
    assert "the file holds no observable" in run("expectation", bell, "--observables", tmp_path / "empty.txt").err


def test_endless_text_is_refused_by_a_limit(run, bell, tmp_path, monkeypatch):
    monkeypatch.setattr(observable_file, "MAX_CHARACTERS", 1000)
    monkeypatch.setattr(observable_text, "MAX_CHARACTERS", 1000)
    (tmp_path / "long.txt").write_text("Z0 + " * 400)
    for words in (["--observables", tmp_path / "long.txt"], ["Z0 + " * 400 + "Z1"]):
        done = run("expectation", bell, *words)
        assert (done.status, done.out, len(done.err.splitlines())) == (1, "", 1)
        assert "split it" in done.err
    zeros = os.path.realpath("/dev/zero")
    assert "1,000 characters" in run("expectation", bell, "--observables", zeros).err


@pytest.mark.parametrize("command", ["expectation", "plan"])
def test_a_cone_too_wide_for_the_memory_is_refused_before_the_work(run, tmp_path, command):
    path = tmp_path / "wide.qsim"
    tz.write_circuit(tz.grid_circuit(9, 9, 30, seed=1), path)
    given = ["Z40"] if command == "expectation" else ["--observable", "Z40"]
    done = run(command, path, *given, "--memory", "40MiB", "--trials", 1)
    assert (done.status, done.out, len(done.err.splitlines())) == (1, "", 1)
    assert "qubits is too wide for the memory limit of 40.0 MiB; allow more memory" in done.err


# Plans.


def test_a_plan_of_observables_shows_their_cones(run, circuit_file, listed, tmp_path):
    done = run("plan", circuit_file, "--observables", listed, "--plot", tmp_path / "plan.svg")
    assert done.status == 0
    assert done.out.startswith("Plan for 3 Pauli products\n  cones ")
    assert "run time" in done.out
    assert (tmp_path / "plan.svg").read_text(encoding="utf-8").startswith("<svg")
    report = run("plan", circuit_file, "--observables", listed, "--json", "--trials", 2).json
    asked = tz.read_observables(listed)
    here = tz.plan(tz.read_circuit(circuit_file), observables=asked, trials=2)
    for key in ("log10_multiply_adds", "width", "cones", "distinct_cones", "shapes", "cone_qubits"):
        assert report[key] == here.to_dict()[key]
    words = run("plan", circuit_file, "--observable", "Z0 Z1", "--observable", "0.5 X3 - 2 Z0 Z7", "--json").json
    assert words["cones"] == report["cones"]


def test_what_does_not_go_with_observables_is_refused(run, circuit_file, listed, tmp_path):
    for words in (["--bitstring", "0" * 9], ["--open", "0"], ["-o", tmp_path / "plan.json"]):
        done = run("plan", circuit_file, "--observables", listed, *words)
        assert (done.status, done.out, len(done.err.splitlines())) == (2, "", 1)
        assert "leave" in done.err
    circuit = tz.read_circuit(circuit_file)
    with pytest.raises(tz.UsageError, match="observables need a circuit"):
        tz.plan(circuit, observables="Z0", open_qubits=[0])
    with pytest.raises(tz.UsageError, match="observables need a circuit"):
        tz.plan(tz.AmplitudeNetwork(circuit).shape, observables="Z0")


# Long runs.


def test_a_long_run_gives_the_same_bits(run, circuit_file, tmp_path):
    asked = ["X3", "Z0 Z7 - 2 Y2"]
    fixed = ["--trials", 2, "--memory", "4GiB"]
    here = run("expectation", circuit_file, *asked, *fixed, "--json").json
    kept = run("expectation", circuit_file, *asked, *fixed, "--directory", tmp_path / "RUN", "--json").json
    assert kept["values"] == here["values"]
    assert (kept["cones"], kept["distinct_cones"]) == (here["cones"], here["distinct_cones"])
    for key in ("log10_multiply_adds", "width", "shapes"):
        assert kept["plan"][key] == pytest.approx(here["plan"][key])
    again = run("resume", tmp_path / "RUN", "-o", tmp_path / "v.npy", "--memory", "4GiB")
    assert again.status == 0
    assert np.load(tmp_path / "v.npy").tolist() == [each["value"] for each in here["values"]]
    other = tz.run(
        tz.read_circuit(circuit_file), observables=asked, directory=tmp_path / "OTHER", trials=2, memory="4GiB"
    )
    assert other.tolist() == [each["value"] for each in here["values"]]


def test_run_takes_observables_in_place_of_bitstrings(run, circuit_file, listed, tmp_path):
    done = run("run", circuit_file, "--observables", listed, "--directory", tmp_path / "RUN", "--trials", 1)
    assert done.status == 0
    assert done.out == run("expectation", circuit_file, "--observables", listed, "--trials", 1).out
    assert "2 expectation values of 3 Pauli products" in done.err
    refused = run("run", circuit_file, "0" * 9, "--observables", listed, "--directory", tmp_path / "NEW")
    assert (refused.status, (tmp_path / "NEW").exists()) == (2, False)
    circuit = tz.read_circuit(circuit_file)
    with pytest.raises(tz.UsageError, match="amplitudes or observables"):
        tz.run(circuit, "0" * 9, observables="Z0", directory=tmp_path / "NEW")
    with pytest.raises(tz.UsageError, match="no bitstring was given; give bitstrings, or observables"):
        tz.run(circuit, directory=tmp_path / "NEW")

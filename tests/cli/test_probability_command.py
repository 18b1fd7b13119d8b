"""`taizhang probability`, `probabilities`, and `--noise`, from OpenQASM files."""

from __future__ import annotations

import json

import numpy as np
import pytest

import taizhang as tz

TELEPORT = """OPENQASM 2.0;
include "qelib1.inc";
qreg q[3];
creg a[1];
creg b[1];
creg out[1];
ry(0.7) q[0];
h q[1];
cx q[1],q[2];
cx q[0],q[1];
h q[0];
measure q[0] -> a[0];
measure q[1] -> b[0];
if(b==1) x q[2];
if(a==1) z q[2];
ry(-0.7) q[2];
measure q[2] -> out[0];
"""


@pytest.fixture
def teleport(tmp_path):
    path = tmp_path / "teleport.qasm"
    path.write_text(TELEPORT)
    return path


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "model.json"
    content = {
        "version": 1,
        "after": [{"gate": "cx", "channel": ["depolarizing2", 0.1]}],
        "readout": [{"p01": 0.1, "p10": 0.2}],
    }
    path.write_text(json.dumps(content))
    return path


def test_probabilities_of_the_classical_bits(run, teleport):
    done = run("probabilities", teleport, "--json")
    assert [row["bits"] for row in done.json["probabilities"]] == ["0 0 0", "0 1 0", "1 0 0", "1 1 0"]
    assert all(row["probability"] == pytest.approx(0.25, abs=1e-5) for row in done.json["probabilities"])
    shown = run("probabilities", teleport)
    assert len(shown.out.splitlines()) == 4
    of_qubit = run("probabilities", teleport, "--qubits", "2", "--least", 1e-6, "--json")
    assert of_qubit.json["probabilities"] == [{"bits": "0", "probability": pytest.approx(1, abs=1e-5)}]


def test_probability_of_some_values(run, teleport, model):
    done = run("probability", teleport, "0 1 0", "111", "--json", "--dtype", "complex128")
    assert done.json["probabilities"] == [
        {"bits": "0 1 0", "probability": pytest.approx(0.25)},
        {"bits": "1 1 1", "probability": pytest.approx(0, abs=1e-9)},
    ]
    noisy = run("probability", teleport, "010", "--noise", model, "--json", "--dtype", "complex128")
    circuit = tz.read_noise_model(model).apply(tz.read_circuit(teleport, final_measurements=True))
    assert noisy.json["probabilities"][0]["probability"] == pytest.approx(
        tz.probability(circuit, "010", dtype="complex128"), abs=1e-10
    )


def test_circuits_that_end_in_measurements_have_their_bits(run, tmp_path):
    path = tmp_path / "final.qasm"
    path.write_text('OPENQASM 3; include "stdgates.inc"; qubit[2] q; bit[2] c; x q[0]; c[1] = measure q[0];')
    assert run("probabilities", path).out.split() == ["01", "1"]
    # The measurement is left out of what is about the state.
    assert run("amplitude", path, "10").out.startswith("1")
    assert tz.read_circuit(path).is_unitary
    assert tz.read_circuit(path, final_measurements=True).num_bits == 2


def test_samples_are_classical_bits(run, teleport, tmp_path):
    done = run("sample", teleport, "--shots", 20, "--seed", 3)
    lines = done.out.splitlines()
    assert len(lines) == 20
    assert all(len(line) == 5 and line.endswith(" 0") for line in lines)
    as_json = run("sample", teleport, "--shots", 20, "--seed", 3, "--json").json
    assert as_json["samples"] == lines
    assert as_json["shots"] == 20
    assert run("sample", teleport, "--shots", 20, "--seed", 3, "-o", tmp_path / "s.txt").out == ""
    assert (tmp_path / "s.txt").read_text().splitlines() == lines


def test_expectation_values_with_noise(run, teleport, model):
    done = run("expectation", teleport, "Z2", "X2", "--noise", model, "--json", "--dtype", "complex128")
    circuit = tz.read_noise_model(model).apply(tz.read_circuit(teleport))
    expected = tz.expectation(circuit, ["Z2", "X2"], dtype="complex128")
    assert [row["value"] for row in done.json["values"]] == pytest.approx(expected.tolist(), abs=1e-10)
    assert done.json["plan"]["predicted_seconds"] > 0


def test_long_runs_of_noisy_circuits(run, teleport, model, tmp_path):
    words = ["expectation", teleport, "Z2", "X0 X2", "--noise", model, "--trials", 1, "--memory", "4GiB"]
    here = run(*words)
    kept = run(*words, "--directory", tmp_path / "RUN")
    assert (kept.status, kept.out) == (0, here.out)
    assert run("resume", tmp_path / "RUN", "--memory", "4GiB").out == here.out


def test_a_loop_that_was_not_left_is_reported_once(run, tmp_path):
    path = tmp_path / "loop.qasm"
    path.write_text(
        'OPENQASM 3.0; include "stdgates.inc"; qubit q; bit c; c = 1; while (c) { reset q; h q; c = measure q; }'
    )
    for words in (("expectation", path, "Z0"), ("probabilities", path), ("sample", path, "--shots", 3)):
        assert run(*words, "--max-turns", 4).err.count("has not left a loop") == 1


def test_long_runs_of_probabilities(run, teleport, model, tmp_path):
    words = ["probability", teleport, "000", "110", "111", "--noise", model, "--trials", 1, "--memory", "4GiB"]
    here = run(*words, "--json")
    kept = run(*words, "--directory", tmp_path / "RUN", "--json")
    found = [each["probability"] for each in here.json["probabilities"]] if "probabilities" in here.json else here.json
    assert kept.status == 0
    assert kept.json["probabilities"] == pytest.approx(list(found))
    again = run("resume", tmp_path / "RUN", "--memory", "4GiB", "--json")
    assert again.json["probabilities"] == kept.json["probabilities"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("probability", "CIRCUIT", "00"), "the values of the classical bits must be 3 zeros and ones, got '00'"),
        (("probability", "CIRCUIT"), "Missing argument 'BITS...'"),
        (("probabilities", "CIRCUIT", "--qubits", "5"), "qubit 5 is not in the circuit"),
        (("probabilities", "CIRCUIT", "--least", "3"), "--least must be a probability from 0 to 1, got 3"),
        (("amplitude", "CIRCUIT", "000"), "probability and expectation take circuits with channels"),
        (("sample", "CIRCUIT", "--shots", "3", "--method", "frugal"), "is sampled with the methods"),
        (("expectation", "CIRCUIT", "Z0", "--gradient", "--noise", "MODEL"), "--gradient is of circuits without noise"),
        (("expectation", "CIRCUIT", "Z0", "--noise", "CIRCUIT"), "is not JSON"),
    ],
)
def test_bad_input(run, teleport, model, words, said):
    done = run(*({"CIRCUIT": teleport, "MODEL": model}.get(word, word) for word in words))
    assert done.status == 2
    assert said in done.err
    assert len(done.err.splitlines()) == 1


def test_trajectories(run, tmp_path, model):
    path = tmp_path / "bell.qasm"
    path.write_text('OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; h q[0]; cx q[0],q[1];')
    words = ["expectation", path, "Z0 Z1", "X0 X1", "--noise", model, "--method", "trajectories", "--seed", 2]
    done = run(*words, "--trajectories", 500, "--json")
    exact = run("expectation", path, "Z0 Z1", "X0 X1", "--noise", model, "--json")
    for ours, other in zip(done.json["values"], exact.json["values"], strict=True):
        assert abs(ours["value"] - other["value"]) < 5 * ours["standard_error"]
    assert done.json["trajectories"] == 500
    shown = run(*words, "--target-error", 0.02)
    assert "±" in shown.out
    assert "different choices of operators" in shown.err
    bounded = run(*words[:-4], "--exhaustive-to", 0.05, "--json")
    for ours, other in zip(bounded.json["values"], exact.json["values"], strict=True):
        assert abs(ours["value"] - other["value"]) <= ours["bound"] <= 0.05
    assert "bounds that hold" in run(*words[:-4], "--exhaustive-to", 0.05).err
    assert "method exact: the exact network is predicted to take" in exact.err
    run(*words, "--trajectories", 500, "-o", tmp_path / "values.npy")
    assert np.load(tmp_path / "values.npy").shape == (2, 2)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--trajectories", "5"), "--trajectories and --target-error are of --method trajectories"),
        (("--method", "trajectories", "--gradient"), "trajectories have no gradient and no folder"),
        (("--method", "trajectories", "--trajectories", "0"), "--trajectories must be from 1"),
        (("--method", "trajectories", "--target-error", "-2"), "--target-error must be a positive number"),
    ],
)
def test_bad_words_of_trajectories(run, tmp_path, words, said):
    path = tmp_path / "bell.qasm"
    path.write_text('OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; h q[0]; cx q[0],q[1];')
    done = run("expectation", path, "Z0", *words)
    assert done.status == 2
    assert said in done.err

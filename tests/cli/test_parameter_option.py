"""`--parameter NAME=VALUE`: values for the parameters of a circuit, in every command that computes with it."""

from __future__ import annotations

import pytest

import taizhang as tz

TEXT = """OPENQASM 3.0;
include "stdgates.inc";
input float[64] gamma;
input float[64] beta;
qubit[2] q;
h q;
cx q[0], q[1];
rz(2*gamma) q[1];
cx q[0], q[1];
rx(beta) q;
"""


@pytest.fixture
def ansatz(tmp_path):
    path = tmp_path / "ansatz.qasm"
    path.write_text(TEXT)
    return path


@pytest.fixture
def samples(tmp_path):
    path = tmp_path / "samples.txt"
    path.write_text("00\n11\n")
    return path


def test_an_amplitude_takes_values(run, ansatz):
    done = run("amplitude", ansatz, "01", "--parameter", "gamma=0.5", "--parameter", "beta=-1e-1", "--json")
    expected = tz.amplitude(tz.read_circuit(ansatz).bind([0.5, -0.1]), "01")
    (found,) = done.json["amplitudes"]
    assert complex(found["re"], found["im"]) == pytest.approx(expected)


def commands(ansatz, samples, tmp_path):
    run_folder = tmp_path / "run"
    return {
        "amplitude": ["amplitude", ansatz, "00"],
        "sample": ["sample", ansatz, "--shots", 3],
        "plan": ["plan", ansatz],
        "xeb": ["xeb", ansatz, samples],
        "marginals": ["marginals", ansatz, "--qubits", "0"],
        "run": ["run", ansatz, "00", "--directory", run_folder, "--prepare"],
    }


@pytest.mark.parametrize("name", ["amplitude", "sample", "plan", "xeb", "marginals", "run"])
def test_each_command_refuses_missing_values_and_takes_them(run, ansatz, samples, tmp_path, name):
    words = commands(ansatz, samples, tmp_path)[name]
    refused = run(*words, "--parameter", "gamma=0.5")
    assert (refused.status, refused.out) == (2, "")
    assert refused.err == (
        "taizhang: the circuit has the parameter beta without a value; give it with circuit.bind, or --parameter "
        "NAME=VALUE\n"
    )
    assert run(*words, "--parameter", "gamma=0.5", "--parameter", "beta=1").status == 0


def test_a_run_keeps_the_values(run, ansatz, tmp_path):
    values = ["--parameter", "gamma=0.5", "--parameter", "beta=1"]
    started = run("run", ansatz, "00", "--directory", tmp_path / "run", "--json", *values)
    at_once = run("amplitude", ansatz, "00", "--json", *values)
    assert started.json["amplitudes"] == at_once.json["amplitudes"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["gamma"], "--parameter must be a name and a number, such as gamma=0.5, got 'gamma'"),
        (["gamma=pi"], "--parameter must be a name and a number, such as gamma=0.5, got 'gamma=pi'"),
        (["gamma=nan"], "--parameter must be a name and a number, such as gamma=0.5, got 'gamma=nan'"),
        (["=1"], "--parameter must be a name and a number, such as gamma=0.5, got '=1'"),
        (["gamma=1", "gamma=2"], "--parameter gives gamma more than one value; give one"),
        (["delta=1"], "'delta' is not a parameter without a value; those are gamma, beta"),
    ],
)
def test_wrong_values_are_refused_in_one_sentence(run, ansatz, given, message):
    done = run("amplitude", ansatz, "00", *(word for value in given for word in ("--parameter", value)))
    assert done.status == 2
    assert message in done.err
    assert len(done.err.splitlines()) == 1


def test_a_circuit_without_parameters_takes_none(run, circuit_file):
    done = run("plan", circuit_file, "--parameter", "gamma=1")
    assert "'gamma' is not a parameter without a value; the circuit has none" in done.err
    assert "need a CIRCUIT" in run("plan", "--network", circuit_file, "--parameter", "gamma=1").err


def test_drawing_and_inspecting_need_no_values(run, ansatz):
    assert "Rz(2*gamma)" in run("draw", ansatz).out
    assert run("inspect", ansatz, "--json").json["parameters"] == ["gamma", "beta"]
    assert run("inspect", ansatz).out.startswith("2 qubits, 7 gates, depth 5, 2 parameters without values\n")

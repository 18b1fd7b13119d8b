"""`taizhang marginals`: the probabilities of a few qubits, here and as a long run."""

from __future__ import annotations

import json

import numpy as np
import pytest

import taizhang as tz

QUBITS = (7, 2, 5)


@pytest.fixture
def expected(circuit_file):
    amplitudes = tz.state_vector(tz.read_circuit(circuit_file), dtype="complex128").reshape((2,) * 9)
    kept = (abs(amplitudes) ** 2).transpose(*QUBITS, *(q for q in range(9) if q not in QUBITS))
    return kept.reshape(2, 2, 2, -1).sum(axis=-1)


def test_probabilities_are_those_of_the_state_vector(run, circuit_file, expected):
    done = run("marginals", circuit_file, "--qubits", "7,2,5", "--trials", 2)
    assert done.status == 0
    rows = dict(line.split() for line in done.out.splitlines())
    assert list(rows) == [f"{outcome:03b}" for outcome in range(8)]
    np.testing.assert_allclose([float(shown) for shown in rows.values()], expected.reshape(-1), atol=1e-6)


def test_a_file_holds_them_as_an_array(run, circuit_file, expected, tmp_path):
    done = run("marginals", circuit_file, "--qubits", "7,2,5", "--trials", 2, "-o", tmp_path / "p.npy", "--json")
    assert done.status == 0
    assert "probabilities" not in done.json
    np.testing.assert_allclose(np.load(tmp_path / "p.npy"), expected, atol=1e-6)


def test_a_long_run_gives_the_same(run, circuit_file, expected, tmp_path):
    words = ["marginals", circuit_file, "--qubits", "7,2,5", "--trials", 2, "--memory", "4GiB"]
    here = run(*words)
    kept = run(*words, "--directory", tmp_path / "RUN")
    assert (kept.status, kept.out) == (0, here.out)
    again = run("resume", tmp_path / "RUN", "--json", "--memory", "4GiB")
    assert json.loads(again.out)["qubits"] == list(QUBITS)
    np.testing.assert_allclose(again.json["probabilities"], expected, atol=1e-6)
    python = tz.marginal_probabilities(
        tz.read_circuit(circuit_file), QUBITS, directory=tmp_path / "OTHER", trials=2, memory="4GiB"
    )
    np.testing.assert_allclose(python, expected, atol=1e-6)


@pytest.mark.parametrize(
    ("qubits", "said"),
    [
        ("", "names no qubit"),
        ("0,0", "qubit 0 is given twice"),
        ("9", "qubit 9 is not in the circuit; its qubits are 0 to 8"),
        ("a", "must be qubit numbers with commas between"),
        (",".join(map(str, range(11))), "11 qubits have too many outcomes to print; give -o FILE.npy"),
    ],
)
def test_wrong_qubits_are_refused_in_one_sentence(run, circuit_file, qubits, said):
    done = run("marginals", circuit_file, "--qubits", qubits)
    assert done.status > 0
    assert said in done.err
    assert len(done.err.splitlines()) == 1

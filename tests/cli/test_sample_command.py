import numpy as np

import taizhang as tz


def test_samples_are_lines_of_bits_and_the_reason_is_reported(run, circuit_file, tmp_path):
    output = tmp_path / "samples.txt"
    done = run("sample", circuit_file, "--shots", 50, "--seed", 3, "-o", output)
    assert done.status == 0
    lines = output.read_text().split("\n")
    assert lines[-1] == ""
    assert len(lines) == 51
    expected = tz.sample(tz.read_circuit(circuit_file), shots=50, seed=3)
    assert [[int(bit) for bit in line] for line in lines[:-1]] == expected.tolist()
    assert done.err.startswith("method ")


def test_json_has_method_fidelity_and_cross_entropy(run, circuit_file, tmp_path):
    output = tmp_path / "samples.npy"
    report = run("sample", circuit_file, "--shots", 20, "--method", "state-vector", "--json", "-o", output).json
    assert report["shots"] == 20
    assert report["method"] == "state-vector"
    assert report["fidelity"] == 1
    assert isinstance(report["linear_xeb"], float)
    assert set(report["seconds"]) == {"read", "prepare", "run"}
    assert np.load(output, allow_pickle=False).shape == (20, 9)


def test_bad_options_get_one_sentence(run, circuit_file):
    for words in (["--shots", 0], ["--shots", 5, "--fidelity", 2], ["--shots", 5, "--method", "guess"], []):
        done = run("sample", circuit_file, *words)
        assert done.status == 2
        assert len(done.err.splitlines()) == 1


def test_pairs_of_sides_are_announced(run, tmp_path):
    circuit = tmp_path / "chaotic.qsim"
    tz.write_circuit(tz.sycamore_circuit(12, cycles=10, seed=1), circuit)
    done = run("sample", circuit, "--shots", 20, "--pair-sides", "--batch-qubits", 3, "-o", tmp_path / "s.txt")
    assert done.status == 0
    assert "their bits are not" in done.err

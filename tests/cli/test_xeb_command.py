import pytest


def test_samples_of_the_circuit_itself_have_cross_entropy_one(run, circuit_file, tmp_path):
    samples = tmp_path / "samples.txt"
    assert run("sample", circuit_file, "--shots", 400, "--seed", 1, "-o", samples).status == 0
    told = run("xeb", circuit_file, samples, "--json").json
    expected = run("sample", circuit_file, "--shots", 400, "--seed", 1, "--method", "state-vector", "--json").json
    assert told.keys() >= {"linear_xeb", "standard_error", "log_xeb", "num_samples"}
    assert told["num_samples"] == 400
    assert told["linear_xeb"] == pytest.approx(expected["linear_xeb"], abs=6 * told["standard_error"])
    assert told["linear_xeb"] > 0.5


def test_people_are_told_in_a_few_lines(run, circuit_file, tmp_path):
    (tmp_path / "counts.json").write_text('{"000000000": 3, "111111111": 2}')
    done = run("xeb", circuit_file, tmp_path / "counts.json")
    assert done.status == 0
    assert "linear XEB" in done.out
    assert "5, of which 2 different" in done.out


def test_bad_samples_get_one_sentence_with_the_line(run, circuit_file, tmp_path):
    (tmp_path / "bad.txt").write_text("000000000\n0000\n")
    done = run("xeb", circuit_file, tmp_path / "bad.txt")
    assert done.status == 2
    assert "line 2" in done.err
    assert len(done.err.splitlines()) == 1

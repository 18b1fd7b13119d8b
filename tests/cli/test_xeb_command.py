import numpy as np
import pytest

from taizhang.cli import xeb_display
from taizhang.cli.xeb_display import XebDisplay
from taizhang.tasks import cross_entropy
from taizhang.tasks.xeb import Xeb


def test_samples_of_the_circuit_itself_have_cross_entropy_one(run, circuit_file, tmp_path):
    samples = tmp_path / "samples.txt"
    assert run("sample", circuit_file, "--shots", 400, "--seed", 1, "-o", samples).status == 0
    report = run("xeb", circuit_file, samples, "--json").json
    expected = run("sample", circuit_file, "--shots", 400, "--seed", 1, "--method", "state-vector", "--json").json
    assert report.keys() >= {"linear_xeb", "standard_error", "log_xeb", "num_samples"}
    assert report["num_samples"] == 400
    assert report["linear_xeb"] == pytest.approx(expected["linear_xeb"], abs=6 * report["standard_error"])
    assert report["linear_xeb"] > 0.5


def test_figures_are_printed_in_a_few_lines(run, circuit_file, tmp_path):
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


def test_an_interruption_gives_the_figures_so_far_and_of_how_many(run, circuit_file, tmp_path, monkeypatch):
    samples = tmp_path / "samples.txt"
    samples.write_text("".join(f"{number:09b}\n" for number in range(40)))
    monkeypatch.setattr(cross_entropy, "_portion", lambda *_: 10)

    def estimated(display, xeb, done):
        if done == 20:
            raise KeyboardInterrupt

    monkeypatch.setattr(XebDisplay, "estimated", estimated)
    done = run("xeb", circuit_file, samples)
    assert done.status == 130
    assert "20, of which 20 different" in done.out
    assert "first 20 of 40 different bitstrings" in done.err


def test_long_work_is_announced_and_estimated_in_lines(capsys, monkeypatch):
    monkeypatch.setattr(xeb_display, "_SECONDS_BETWEEN_LINES", 0.0)
    with XebDisplay(5) as display:
        display.predicted(3600)
        display.contracting(2, 5)
        display.estimated(Xeb.of_amplitudes(np.full(2, 0.5), [1, 1], 2), 2)
    report = capsys.readouterr().err
    assert "5 different bitstrings are predicted to take 60 min" in report or "1 h" in report
    assert "2 of 5 bitstrings: linear XEB 0.0000" in report

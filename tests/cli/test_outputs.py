"""Files that commands write: checked before the work, and nothing is lost where writing fails after it."""

import json
import os

import numpy as np
import pytest

import taizhang as tz
from taizhang.cli import sample_output
from taizhang.network.network_file import write_arrays

full = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the system has no /dev/full")


@pytest.fixture
def files(tmp_path, run, circuit_file):
    """A circuit, a network with its arrays, samples, and a complete run of the circuit."""
    network = tz.TensorNetwork([(np.arange(6.0).reshape(2, 3), ("a", "b")), (np.ones(3), ("b",))], ("a",))
    tz.write_network(network.shape, tmp_path / "n.json")
    write_arrays(network, tmp_path / "n.npz")
    (tmp_path / "s.txt").write_text("0" * 9 + "\n" + "1" * 9 + "\n")
    tz.run(tz.read_circuit(circuit_file), "0" * 9, directory=tmp_path / "RUN", trials=1, threads=1)
    return tmp_path


def commands(files, circuit):
    """Every command that writes a file, and the option that names it."""
    bits, quick = "0" * 9, ("--trials", 1)
    yield "-o", ("plan", circuit, *quick)
    yield "--plot", ("plan", circuit, *quick)
    yield "-o", ("amplitude", circuit, bits, *quick)
    yield "--plot", ("amplitude", circuit, bits, *quick, "--profile")
    yield "-o", ("sample", circuit, "--shots", 3)
    yield "--plot", ("xeb", circuit, files / "s.txt", *quick)
    yield "-o", ("contract", files / "n.json", files / "n.npz")
    yield "--plot", ("contract", files / "n.json", files / "n.npz", "--profile")
    yield "-o", ("run", circuit, bits, "--directory", files / "NEW", *quick)
    yield "-o", ("resume", files / "RUN")
    yield "-o", ("verify", files / "RUN")
    yield "-o", ("report", files / "RUN")
    yield "-o", ("random", "grid", "--rows", 2, "--columns", 2, "--depth", 4)


def test_every_command_refuses_a_file_that_it_could_not_write_before_it_works(run, files, circuit_file):
    endings = {"plan": ".json", "verify": ".json", "report": ".html", "contract": ".npy", "random": ".qsim"}
    before = sorted(files.rglob("*"))
    for option, words in commands(files, circuit_file):
        ending = ".png" if option == "--plot" else endings.get(words[0], ".txt")
        (files / f"folder{ending}").mkdir(exist_ok=True)
        for name, said in ((f"none/out{ending}", "does not exist; make it"), (f"folder{ending}", "is a folder")):
            done = run(*words, option, files / name)
            assert (done.status, done.out, len(done.err.splitlines())) == (2, "", 1), (words, done)
            assert said in done.err
            assert f"of {option} " in done.err
        (files / f"folder{ending}").rmdir()
    assert sorted(files.rglob("*")) == before


@pytest.mark.parametrize(
    ("words", "ending"),
    [(("amplitude", "0" * 9), ".xyz"), (("sample", "--shots", 3), ".json"), (("plan",), ".gif")],
)
def test_an_unknown_ending_is_refused_with_those_that_are_known(run, circuit_file, words, ending):
    option = "--plot" if words[0] == "plan" else "-o"
    done = run(words[0], circuit_file, *words[1:], option, f"out{ending}")
    assert (done.status, done.out) == (2, "")
    assert ".npy" in done.err or ".png" in done.err


@full
def test_what_cannot_be_written_after_the_work_is_printed(run, files, circuit_file):
    lost = "taizhang: the file '/dev/full' could not be written: no space left on device; the result is on standard"
    amplitude = ("amplitude", circuit_file, "0" * 9, "--trials", 1)
    value = run(*amplitude, "--json").json["amplitudes"]
    done = run(*amplitude, "-o", "/dev/full")
    assert (done.status, done.out.split()[0]) == (1, "0" * 9)
    assert lost in done.err
    assert run(*amplitude, "-o", "/dev/full", "--json").json["amplitudes"] == value
    plan = run("plan", circuit_file, "--trials", 1, "-o", "/dev/full")
    assert plan.status == 1
    assert lost in plan.err
    (files / "printed.json").write_text(plan.out)
    assert tz.Plan.load(files / "printed.json").shape == tz.AmplitudeNetwork(tz.read_circuit(circuit_file)).shape
    for words, shown in (
        (("sample", circuit_file, "--shots", 3, "--seed", 1), None),
        (("contract", files / "n.json", files / "n.npz"), "3"),
        (("resume", files / "RUN"), "0" * 9),
        (("verify", files / "RUN"), '"taizhang-run-record"'),
    ):
        done = run(*words, "-o", "/dev/full")
        assert done.status == 1, done
        assert lost in done.err
        assert done.out
        assert shown is None or shown in done.out
    assert json.loads(run("verify", files / "RUN", "-o", "/dev/full", "--json").out)
    assert not os.path.isfile("/dev/full")


def test_a_disk_that_fills_while_samples_come_loses_none(tmp_path, run, circuit_file, monkeypatch):
    bits = np.arange(40, dtype=np.uint8).reshape(10, 4) % 2
    opened = type(tmp_path).open
    calls = iter(range(100))

    def failing(self, mode="r", **others):
        if "b" in mode and self.name == "s.txt" and next(calls) == 2:
            raise OSError(28, "No space left on device", str(self))
        return opened(self, mode, **others)

    monkeypatch.setattr(type(tmp_path), "open", failing)
    portions = [bits[k : k + 2] for k in range(0, 10, 2)]
    written = sample_output.write_samples(portions, str(tmp_path / "s.txt"), as_json=True)
    assert written.saved.problem == "no space left on device"
    kept = (tmp_path / "s.txt").read_text().split()
    assert [*kept, *written.listed] == ["".join(map(str, row)) for row in bits.tolist()]
    assert len(kept) == 4


def test_samples_are_in_the_json_object_up_to_ten_thousand(run, tmp_path, circuit_file):
    report = run("sample", circuit_file, "--shots", 7, "--seed", 3, "--json").json
    lines = run("sample", circuit_file, "--shots", 7, "--seed", 3).out.split()
    assert report["samples"] == lines
    assert report["shots"] == 7
    many = run("sample", circuit_file, "--shots", 10_003, "--json")
    assert len(many.json["samples"]) == 10_000
    assert many.err.startswith("taizhang: the JSON object will hold the first 10,000 of 10,003 samples; -o FILE keeps")
    kept = run("sample", circuit_file, "--shots", 7, "--seed", 3, "--json", "-o", tmp_path / "s.txt")
    assert "samples" not in kept.json
    assert (tmp_path / "s.txt").read_text().split() == lines


def test_a_precise_check_that_does_not_fit_is_left_out_with_a_word(run, files, monkeypatch):
    def refuse(*_: object) -> None:
        raise tz.MemoryLimitError("32.0 GiB are needed, but the limit is 16.0 GiB")

    monkeypatch.setattr("taizhang.runs.verify._double_runner", refuse)
    done = run("verify", files / "RUN")
    assert done.status == 0
    assert "1 piece computed again: the same bits, 0" in done.out
    assert "Rounding errors of 1 piece could not be measured: 32.0 GiB are needed" in done.out
    assert "not be measured" in run("verify", files / "RUN", "--json").json["remark"]


def test_python_checks_the_path_of_a_report(files):
    with pytest.raises(tz.UsageError, match=r"the folder '.*none' of path does not exist"):
        tz.report(files / "RUN", files / "none" / "r.html")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("plan", "c.txt", "-o", "c.txt"), "-o 'c.txt' is a file that the command reads as CIRCUIT; name another"),
        (("amplitude", "c.txt", "0" * 9, "-o", "./c.txt"), "reads as CIRCUIT"),
        (("sample", "c.txt", "--shots", 3, "-o", "link.txt"), "reads as CIRCUIT"),
        (("amplitude", "c.txt", "--bitstrings", "b.txt", "-o", "b.txt"), "reads as --bitstrings"),
        (("xeb", "c.txt", "b.svg", "--plot", "b.svg"), "reads as SAMPLES"),
        (("plan", "c.txt", "-o", "new.svg", "--plot", "new.svg"), "writes as -o"),
    ],
)
def test_what_is_read_is_not_written_over(run, circuit_file, tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    content = circuit_file.read_bytes()
    (tmp_path / "c.txt").write_bytes(content)
    (tmp_path / "link.txt").symlink_to("c.txt")
    for name in ("b.txt", "b.svg"):
        (tmp_path / name).write_text("000000000\n")
    done = run(*words)
    assert (done.status, done.out) == (2, "")
    assert said in done.err
    assert (tmp_path / "c.txt").read_bytes() == content
    assert not (tmp_path / "new.svg").exists()


def test_a_loop_of_links_and_a_link_to_nowhere_are_refused(run, circuit_file, tmp_path):
    (tmp_path / "a.txt").symlink_to("b.txt")
    (tmp_path / "b.txt").symlink_to("a.txt")
    looped = run("amplitude", circuit_file, "0" * 9, "-o", tmp_path / "a.txt")
    assert (looped.status, len(looped.err.splitlines())) == (2, 1)
    (tmp_path / "far.txt").symlink_to(tmp_path / "none" / "x.txt")
    nowhere = run("amplitude", circuit_file, "0" * 9, "-o", tmp_path / "far.txt")
    assert nowhere.status == 2
    assert "does not exist" in nowhere.err
    (tmp_path / "near.txt").symlink_to(tmp_path / "made.txt")
    assert run("amplitude", circuit_file, "0" * 9, "-o", tmp_path / "near.txt").status == 0
    assert (tmp_path / "made.txt").read_text().startswith("0" * 9)


def test_the_shell_is_not_offered_what_only_python_can_give(run, circuit_file):
    done = run("sample", circuit_file, "--shots", 3, "--seed", "None")
    assert "--seed must be a whole number from 0 to 2^63 - 1, got 'None'" in done.err

"""Messages about options: misspelt, of the wrong type, too many threads."""

import pytest

from taizhang._resources import usable_cores


@pytest.fixture
def bell(tmp_path):
    path = tmp_path / "bell.qasm"
    path.write_text('OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[2];\nh q[0];\ncx q[0],q[1];\n')
    return path


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--memory", "lots"), "--memory must be an amount of memory, a number with a unit such as 8GiB or 500MB"),
        (("--plan-time", "soon"), "--plan-time must be a length of time, a number with a unit such as 30s, 10m or 2h,"),
        (("--time-limit", "soon"), "--time-limit must be a length of time"),
        (("--threads", "0"), "--threads must be a whole number from 1 to 4096, got 0"),
        (("--threads", "two"), "--threads must be a whole number from 1 to 4096, got 'two'"),
        (("--seed", "x"), "--seed must be a whole number from 0"),
        (("--dtype", "float32"), "--dtype must be complex64 or complex128, got 'float32'"),
        (("--objective", "flops"), "--objective must be seconds or multiply-adds, got 'flops'"),
        (("--width", "wide"), "--width must be a number from 0 to 62"),
        (("--trials", "1", "--plan-time", "1s"), "both --plan-time and --trials were given; give one of them"),
    ],
)
def test_an_option_that_cannot_be_is_named_by_its_flag(run, bell, words, said):
    done = run("amplitude", bell, "00", *words)
    assert (done.status, done.out, len(done.err.splitlines())) == (2, "", 1)
    assert said in done.err


def test_options_of_samples_are_named_by_their_flags(run, bell):
    done = run("sample", bell, "--shots", 3, "--per-batch", 3, "--top", 1)
    assert (done.status, done.err) == (2, "taizhang: both --per-batch and --top were given; give one of them\n")
    assert (
        "--fidelity must be a number above 0 and up to 1, got 2.0"
        in run("sample", bell, "--shots", 3, "--fidelity", 2).err
    )


def test_memory_takes_the_units_of_kubernetes_and_slurm(run, bell):
    for size in ("2G", "2Gi", "2GiB", "2048M", "2gb"):
        assert run("amplitude", bell, "00", "--memory", size, "--json").status == 0


def test_more_threads_than_cores_are_warned_of(run, bell):
    more = run("amplitude", bell, "00", "--threads", usable_cores() + 1, "--json")
    assert more.status == 0
    assert f"--threads is {usable_cores() + 1}, but this process may use {usable_cores()} core" in more.err
    assert "--threads" not in run("amplitude", bell, "00", "--threads", usable_cores(), "--json").err


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (("resume", "RUN"), "--dtype"),
        (("resume", "RUN"), "--seed"),
        (("work", "RUN"), "--trials"),
        (("work", "RUN"), "--workers"),
        (("verify", "RUN"), "--width"),
        (("verify", "RUN"), "--plan-time"),
        (("status", "RUN"), "--threads"),
        (("report", "RUN"), "--memory"),
        (("inspect", "c.qasm"), "--seed"),
        (("plan", "c.qasm"), "--time-limit"),
        (("doctor",), "--threads"),
        (("random", "grid"), "--threads"),
    ],
)
def test_a_command_refuses_an_option_that_it_does_not_read(run, words, option):
    done = run(*words, option, 1)
    assert (done.status, done.out, len(done.err.splitlines())) == (2, "", 1)
    assert f"No such option '{option}'" in done.err


def test_help_shows_options_in_groups(run):
    shown = run("run", "--help").out
    headings = [line[:-1] for line in shown.splitlines() if line.endswith(":") and not line.startswith(" ")]
    assert headings == ["Task", "Run", "Workers", "Limits", "Plan", "Numbers", "Output", "Other"]
    assert run("resume", "--help").out.count("--threads") == 1
    assert "--plan-time" not in run("resume", "--help").out


def test_advice_names_options_as_the_command_line_has_them(run, bell):
    late = run("amplitude", bell, "00", "--time-limit", 0)
    assert late.status == 1
    assert "plan longer (--plan-time), or raise --time-limit" in late.err
    assert "_" not in late.err.split("taizhang: ")[1]
    fewer = run("sample", bell, "--shots", 5, "--per-batch", 2, "--batch-qubits", 2, "--method", "frugal")
    assert "leave fewer open (--batch-qubits)" in fewer.err

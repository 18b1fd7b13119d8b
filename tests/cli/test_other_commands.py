import json
import sys

import numpy as np
import pytest

import taizhang as tz
from taizhang import _native
from taizhang.network.network_file import write_arrays

NETWORK = tz.TensorNetwork(
    [(np.arange(6.0).reshape(2, 3), ("a", "b")), (np.ones((3, 4)), ("b", "c")), (np.arange(4.0), ("c",))], ()
)


@pytest.fixture
def network_files(tmp_path):
    tz.write_network(NETWORK.shape, tmp_path / "n.json")
    write_arrays(NETWORK, tmp_path / "n.npz")
    return tmp_path / "n.json", tmp_path / "n.npz"


def test_help_names_every_command(run):
    done = run("--help")
    assert done.status == 0
    for name in ("inspect", "plan", "amplitude", "contract", "random", "doctor"):
        assert name in done.out


def test_version_is_reported(run):
    assert run("--version").out.strip() == f"taizhang {tz.__version__}"


def test_an_unknown_command_is_named(run):
    done = run("simulate")
    assert (done.status, len(done.err.splitlines())) == (2, 1)
    assert "simulate" in done.err


def test_inspect_counts_gates_and_shows_the_network(run, circuit_file):
    report = run("inspect", circuit_file, "--json").json
    circuit = tz.read_circuit(circuit_file)
    assert report["num_qubits"] == 9
    assert report["gate_counts"] == circuit.gate_counts()
    assert report["network_after"]["num_tensors"] <= report["network_before"]["num_tensors"]
    assert "9 qubits" in run("inspect", circuit_file).out


def test_inspect_says_what_is_wrong_with_a_file(run, tmp_path):
    (tmp_path / "bad.qasm").write_text("OPENQASM 2.0;\nqreg q[2];\nfoo q[0];\n")
    done = run("inspect", tmp_path / "bad.qasm")
    assert done.status == 2
    assert "line 3" in done.err
    assert "foo" in done.err


def test_a_missing_file_is_named(run, tmp_path):
    done = run("inspect", tmp_path / "none.qsim")
    assert done.status == 2
    assert "none.qsim" in done.err


def test_plan_of_a_circuit_is_reported_and_kept(run, circuit_file, tmp_path):
    done = run("plan", circuit_file, "--bitstring", "0" * 9, "-o", tmp_path / "plan.json", "--json")
    assert done.status == 0
    plan = tz.Plan.load(tmp_path / "plan.json")
    assert done.json["num_slices"] == plan.num_slices
    assert done.json["num_tensors"] == plan.shape.num_tensors


def test_plan_of_a_network_honours_a_width(run, network_files, tmp_path):
    path = tmp_path / "grid.json"
    tz.write_network(tz.AmplitudeNetwork(tz.grid_circuit(4, 4, 16, seed=1)).shape, path)
    wide = run("plan", "--network", path, "--trials", 2, "--json").json
    narrow = run("plan", "--network", path, "--trials", 2, "--width", wide["width"] - 2, "--json").json
    assert narrow["width"] <= wide["width"] - 2
    assert narrow["num_slices"] > wide["num_slices"]


@pytest.mark.parametrize("available", [1 << 20, 1 << 40])
def test_a_width_alone_plans_by_multiply_adds_whatever_the_memory(run, tmp_path, monkeypatch, available):
    monkeypatch.setattr("taizhang.settings.default_memory", lambda: available)
    path = tmp_path / "grid.json"
    tz.write_network(tz.AmplitudeNetwork(tz.grid_circuit(6, 6, 40, seed=1)).shape, path)
    words = ("plan", "--network", path, "--trials", 4, "--width", 40, "--json")
    wide = run(*words).json
    assert wide["num_slices"] == 1
    assert wide["peak_bytes"] > 300 << 20
    assert run(*words, "--objective", "multiply-adds").json["log10_multiply_adds"] == wide["log10_multiply_adds"]


def test_an_unknown_objective_is_refused(run, network_files):
    done = run("plan", "--network", network_files[0], "--objective", "flops")
    assert done.status == 2
    assert "multiply-adds" in done.err
    with pytest.raises(tz.UsageError, match="seconds or multiply_adds"):
        tz.plan(NETWORK, objective="flops")


def test_plan_wants_a_circuit_or_a_network_but_not_both(run, circuit_file, network_files):
    for words in ([], [circuit_file, "--network", network_files[0]]):
        done = run("plan", *words)
        assert done.status == 2
        assert "either a CIRCUIT or --network" in done.err


def test_contract_gives_the_value_and_what_it_took(run, network_files):
    report = run("contract", *network_files, "--json").json
    assert report["value"]["re"] == pytest.approx(15 * 6)
    assert report["value"]["im"] == 0
    assert report["slices_done"] == 1
    assert report["multiply_adds"] > 0


def test_slices_of_a_plan_made_elsewhere_add_up(run, network_files, tmp_path):
    tz.Plan.from_ssa_path(NETWORK, [(0, 1), (3, 2)], sliced_indices=("b",)).save(tmp_path / "plan.json")
    words = ["contract", *network_files, "--plan", tmp_path / "plan.json", "--json", "--slices"]
    parts = [run(*words, part).json for part in ("0:1", "1:3")]
    assert [part["slices_done"] for part in parts] == [1, 2]
    assert sum(part["value"]["re"] for part in parts) == pytest.approx(90)


def test_an_array_result_is_written_to_a_file(run, tmp_path):
    network = tz.TensorNetwork([(np.eye(3), ("a", "b")), (np.arange(3.0), ("b",))], ("a",))
    tz.write_network(network.shape, tmp_path / "n.json")
    write_arrays(network, tmp_path / "n.npz")
    assert run("contract", tmp_path / "n.json", tmp_path / "n.npz", "-o", tmp_path / "out.npy").status == 0
    np.testing.assert_allclose(np.load(tmp_path / "out.npy"), np.arange(3))


def test_a_nan_is_refused(run, tmp_path):
    network = tz.TensorNetwork([(np.array([1.0, np.nan]), ("a",)), (np.ones(2), ("a",))], ())
    tz.write_network(network.shape, tmp_path / "n.json")
    write_arrays(network, tmp_path / "n.npz")
    done = run("contract", tmp_path / "n.json", tmp_path / "n.npz")
    assert done.status == 1
    assert "NaN" in done.err


def test_a_plan_for_another_network_is_refused(run, circuit_file, network_files, tmp_path):
    tz.Plan.from_ssa_path(NETWORK, [(0, 1), (3, 2)]).save(tmp_path / "plan.json")
    done = run("amplitude", circuit_file, "0" * 9, "--plan", tmp_path / "plan.json")
    assert done.status == 2
    assert "plan this network again" in done.err


# GRCS text has no fSim gate, which Sycamore's circuits are made of.
@pytest.mark.parametrize(
    ("kind", "ending"),
    [("grid", "qsim"), ("grid", "qasm"), ("grid", "txt"), ("sycamore", "qsim"), ("sycamore", "qasm")],
)
def test_random_circuits_are_written_in_every_format_and_read_again(run, tmp_path, kind, ending):
    path = tmp_path / f"c.{ending}"
    size = ["--rows", 2, "--columns", 3, "--depth", 6] if kind == "grid" else ["--qubits", 12, "--cycles", 4]
    assert run("random", kind, *size, "--seed", 3, "-o", path).status == 0
    first = path.read_bytes()
    assert run("random", kind, *size, "--seed", 3, "-o", path).status == 0
    assert path.read_bytes() == first
    assert run("inspect", path).status == 0


def test_doctor_reports_cores_rates_and_memory(run):
    report = run("doctor", "--json").json
    assert report["cores"] >= 1
    assert report["available_bytes"] > 0
    assert report["simd_level"] in _native.simd_levels()


def test_plan_draws_what_it_found(run, circuit_file, tmp_path):
    assert run("plan", circuit_file, "--trials", 1, "--plot", tmp_path / "plan.png").status == 0
    assert (tmp_path / "plan.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("ending", ["png", "pdf"])
def test_a_missing_matplotlib_is_wrong_usage_with_the_remedy(run, circuit_file, tmp_path, monkeypatch, ending):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    (tmp_path / "samples.txt").write_text("000000000\n")
    picture = tmp_path / f"picture.{ending}"
    for words in (
        ["plan", circuit_file, "--plan-time", "1h"],
        ["xeb", circuit_file, tmp_path / "samples.txt"],
        ["amplitude", circuit_file, "0" * 9, "--profile"],
    ):
        done = run(*words, "--plot", picture)
        assert (done.status, done.out, len(done.err.splitlines())) == (2, "", 1)
        assert "pip install 'taizhang[plot]'" in done.err
        assert not picture.exists()


def test_pictures_as_svg_need_no_matplotlib(run, circuit_file, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert run("plan", circuit_file, "--trials", 1, "--plot", tmp_path / "plan.svg").status == 0
    assert (tmp_path / "plan.svg").read_text(encoding="utf-8").startswith("<svg")


def test_plan_refuses_an_unknown_ending_before_it_searches(run, circuit_file, tmp_path):
    done = run("plan", circuit_file, "--plan-time", "1h", "--plot", tmp_path / "plan.docx")
    assert (done.status, len(done.err.splitlines())) == (2, 1)
    assert ".png, .svg or .pdf" in done.err


def test_a_plan_for_a_list_of_bitstrings_serves_it(run, circuit_file, tmp_path):
    listed, plan = tmp_path / "bitstrings.txt", tmp_path / "plan.json"
    listed.write_text("".join(f"{number:09b}\n" for number in range(0, 512, 11)))
    done = run("plan", circuit_file, "--bitstrings", listed, "-o", plan, "--trials", 2)
    assert done.status == 0
    assert json.loads(plan.read_text())["num_rows"] == 47
    report = run("amplitude", circuit_file, "--bitstrings", listed, "--plan", plan, "--json").json["amplitudes"]
    single = run("amplitude", circuit_file, report[5]["bitstring"], "--json").json["amplitudes"][0]
    assert report[5]["re"] == pytest.approx(single["re"], abs=1e-6)
    assert report[5]["im"] == pytest.approx(single["im"], abs=1e-6)


@pytest.mark.parametrize("words", [[], ["--json"], ["-o", "value.npy"]])
def test_a_value_beyond_every_float_is_reported_with_its_size(run, tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    huge = np.full(2, 1e300)
    network = tz.TensorNetwork([(huge, "a"), (huge, "a")])
    tz.write_network(network.shape, "n.json")
    np.savez("n.npz", *network.arrays)
    done = run("contract", "n.json", "n.npz", *words)
    assert (done.status, done.out) == (1, "")
    assert "the value is +2.000000e+600 +0i" in done.err
    assert not (tmp_path / "value.npy").exists()


def test_an_array_beyond_single_precision_is_written_in_double(run, tmp_path):
    network = tz.TensorNetwork([(np.full(2, 1e30), "a"), (np.full(2, 1e30), "a")], output="a")
    tz.write_network(network.shape, tmp_path / "n.json")
    np.savez(tmp_path / "n.npz", *network.arrays)
    assert run("contract", tmp_path / "n.json", tmp_path / "n.npz", "-o", tmp_path / "v.npy").status == 0
    np.testing.assert_allclose(np.load(tmp_path / "v.npy"), [1e60, 1e60], rtol=1e-6)

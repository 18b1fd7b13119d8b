import json
import os
import signal
import subprocess
import sys
import time
import webbrowser

import pytest

import taizhang as tz


@pytest.fixture
def sliced_plan(circuit_file, tmp_path):
    plan = tz.plan(tz.read_circuit(circuit_file), trials=1, seed=1)
    path = tmp_path / "plan.json"
    tz.Plan.from_ssa_path(plan.shape, plan.tree.ssa_path, plan.shape.index_names[:6]).save(path)
    return path


def test_a_run_prints_what_amplitude_prints(run, circuit_file, sliced_plan, tmp_path):
    folder = tmp_path / "run"
    asked = (circuit_file, "010011100", "--plan", sliced_plan, "--threads", 2)
    done = run("run", *asked, "--directory", folder)
    assert done.status == 0
    assert done.out == run("amplitude", *asked).out
    assert run("resume", folder).out == done.out
    report = run("resume", folder, "--json").json
    assert report.keys() >= {"amplitudes", "plan", "seconds", "peak_bytes"}
    assert run("resume", folder, "-o", tmp_path / "out.npy").status == 0
    assert run("status", folder, "--json").json["state"] == "complete"
    assert run("verify", folder, "-o", tmp_path / "record.json").status == 0
    assert json.loads((tmp_path / "record.json").read_text())["same_bits"] is True
    assert run("report", folder).status == 0
    assert (folder / "report.html").read_text().startswith("<!doctype html>")
    assert run("work", folder).status == 0
    again = run("run", *asked, "--directory", folder)
    assert again.status == 2
    assert "taizhang resume" in again.err


def test_amplitude_with_a_directory_is_a_run(run, circuit_file, sliced_plan, tmp_path):
    asked = (circuit_file, "--bitstring", "010011100", "--plan", sliced_plan)
    done = run("amplitude", *asked, "--directory", tmp_path / "run")
    assert done.out == run("amplitude", *asked).out
    assert run("status", tmp_path / "run", "--json").json["state"] == "complete"
    refused = run("amplitude", *asked, "--directory", tmp_path / "other", "--profile")
    assert refused.status == 2


def test_a_damaged_ledger_is_reported_and_repaired(run, circuit_file, sliced_plan, tmp_path):
    folder = tmp_path / "run"
    done = run("run", circuit_file, "010011100", "--plan", sliced_plan, "--directory", folder)
    ledger = folder / "ledger.sqlite"
    ledger.write_bytes(ledger.read_bytes()[:5000])
    refused = run("resume", folder)
    assert refused.status == 1
    assert "--repair" in refused.err
    assert run("resume", folder, "--repair").out == done.out
    assert (folder / "ledger.sqlite.damaged1").exists()


def test_a_terminated_run_says_how_to_go_on_and_exits_with_130(circuit_file, tmp_path, run):
    circuit = tmp_path / "hard.qsim"
    assert run("random", "sycamore", "--qubits", 30, "--cycles", 14, "-o", circuit).status == 0
    plan = tz.plan(tz.read_circuit(circuit), trials=1, width=14)
    plan.save(tmp_path / "plan.json")
    folder = tmp_path / "run"
    asked = ("--plan", tmp_path / "plan.json", "--directory", folder, "--piece-time", "100ms", "--threads", 1)
    assert run("run", circuit, "0" * 30, *asked, "--prepare").status == 0
    command = [sys.executable, "-m", "taizhang", "resume", str(folder), "--threads", "1"]
    for number in (signal.SIGTERM, signal.SIGINT):
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 60
        before = run("status", folder, "--json").json["pieces_done"]
        while run("status", folder, "--json").json["pieces_done"] <= before and time.monotonic() < deadline:
            time.sleep(0.05)
        os.kill(process.pid, number)
        began = time.monotonic()
        _, report = process.communicate(timeout=30)
        assert time.monotonic() - began < 10
        assert process.returncode == 130
        assert "pieces are done and committed; go on with 'taizhang resume" in report
    status = run("status", folder, "--json").json
    assert status["state"] == "stopped"
    assert 0 < status["pieces_done"] < status["num_pieces"]


def test_cross_entropy_with_a_directory_is_a_run(run, circuit_file, tmp_path):
    samples, folder = tmp_path / "samples.txt", tmp_path / "run"
    assert run("sample", circuit_file, "--shots", 50, "--method", "state-vector", "-o", samples).status == 0
    done = run("xeb", circuit_file, samples, "--directory", folder)
    assert done.status == 0
    assert done.out.splitlines()[-1].startswith("samples          50, of which")
    assert run("resume", folder).out == done.out
    assert run("resume", folder, "--json").json["num_samples"] == 50
    assert run("status", folder, "--json").json["xeb"]["num_samples"] == 50


def test_samples_with_a_directory_are_a_run(run, tmp_path):
    circuit, folder = tmp_path / "grid.txt", tmp_path / "run"
    run("random", "grid", "--rows", 4, "--columns", 4, "--depth", 24, "--seed", 3, "-o", circuit)
    asked = ("sample", circuit, "--shots", 40, "--seed", 2, "--trials", 2, "--batch-qubits", 4)
    done = run(*asked, "--directory", folder)
    assert done.status == 0
    assert done.out == run(*asked, "--method", "frugal").out
    assert run("resume", folder).out == done.out
    assert run("resume", folder, "-o", tmp_path / "samples.npy").status == 0
    report = run("resume", folder, "--json").json
    assert (report["shots"], report["method"]) == (40, "frugal")
    assert run("status", folder, "--json").json["samples"] == 40
    refused = run("sample", circuit, "--shots", 4, "--method", "marginals", "--directory", tmp_path / "other")
    assert (refused.status, len(refused.err.splitlines())) == (2, 1)


@pytest.mark.parametrize("available", [True, False])
def test_a_report_is_shown_in_a_browser(run, circuit_file, sliced_plan, tmp_path, monkeypatch, available):
    folder, shown = tmp_path / "a run", []
    monkeypatch.setattr(webbrowser, "open", lambda address: shown.append(address) or available)
    run("run", circuit_file, "010011100", "--plan", sliced_plan, "--directory", folder, "--prepare")
    done = run("report", folder, "--open")
    assert done.status == 0
    assert shown == [(folder / "report.html").as_uri()]
    assert ("no browser was found" in done.err) is not available
    assert "data-reload" in (folder / "report.html").read_text().split("<style>")[0]
    assert run("report", folder, "-o", tmp_path / "copy.html").status == 0
    assert "data-reload" not in (tmp_path / "copy.html").read_text().split("<style>")[0]
    assert len(shown) == 1
